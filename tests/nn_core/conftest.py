"""What the tests of nn_core share."""

import numpy as np
import pytest


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed: its values are not compared")
