"""One build of the site for all tests of this folder, whichever processes run them."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nn_book.complaints import BookError
from nn_book.npm import npm_packages
from nn_book.site import build_site

from . import serving

SECONDS = 900  # a build takes half a minute; a machine may have much else to do


def once(folder: Path, make: Callable[[], str]) -> str:
    """Return what `make` returns; of several processes the first calls it, the others wait until it has."""
    made = folder / "made"
    try:
        folder.mkdir()
    except FileExistsError:
        for _ in range(2 * SECONDS):
            if made.exists():
                return made.read_text("utf-8")
            time.sleep(0.5)
        raise TimeoutError(f"{folder.name}: another process of this run has not made it") from None
    said = make()
    (folder / "being-written").write_text(said, "utf-8")
    (folder / "being-written").rename(made)
    return said


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A folder that all processes of this run know; tests/conftest.py removes it at the end."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "web"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def npm(shared):
    def install():
        try:
            npm_packages(serving.ROOT)
        except BookError as error:
            return f"What the site takes from npm cannot be had: {error}"
        return ""

    reason = once(shared / "npm", install)
    if reason:
        pytest.skip(reason)
    return npm_packages(serving.ROOT)


@pytest.fixture(scope="session")
def no_runtime(shared):
    """Why there is no Pyodide runtime; empty where there is one."""
    return once(shared / "runtime", serving.fetch_runtime)


@pytest.fixture(scope="session")
def runtime(no_runtime):
    if no_runtime:
        pytest.skip(no_runtime)
    return serving.RUNTIME, serving.HYPOTHESIS


@pytest.fixture(scope="session")
def site(npm, no_runtime, shared):
    """The whole site, with the runtime in it where that can be had."""

    def build():
        try:
            build_site(
                serving.ROOT,
                pyodide=None if no_runtime else serving.RUNTIME,
                out=shared / "site" / "site",
            )
        except BookError as error:
            return str(error)
        return ""

    complaint = once(shared / "site", build)
    assert not complaint, complaint
    return shared / "site" / "site"


@pytest.fixture(scope="session")
def address(site):
    with serving.serve(site) as where:
        yield where
