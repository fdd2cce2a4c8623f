"""One JupyterLab for all browser tests."""

import pytest

from . import lab as labs


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    if labs.CHROMIUM is None:
        pytest.skip("Chromium is not installed: the page is not looked at")
    pytest.importorskip("playwright", reason="playwright is not installed: the page is not looked at")
    server = labs.Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def browser(lab, chromium):
    return chromium
