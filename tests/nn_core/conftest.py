"""What the tests of nn_core share."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of what is tested.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def rng():
    return np.random.default_rng(20)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed: its values are not compared")
