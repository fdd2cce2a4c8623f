"""What all tests share: one Chromium for a file's tests; what was measured is shown at the end of the run."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def chromium():
    """One headless Chromium for the tests of a file.

    It ends with the file: while playwright's synchronous interface is open its event loop counts as running,
    and then nothing else in this process, a notebook for example, could start one.
    """
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: the page is not looked at")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def pytest_sessionfinish(session):
    """Remove the site that tests/web built, 90 MB, when the last of this run's processes is done."""
    if not hasattr(session.config, "workerinput"):
        shutil.rmtree(session.config._tmp_path_factory.getbasetemp() / "web", ignore_errors=True)


def pytest_terminal_summary(terminalreporter):
    """Print what tests recorded with `record_property("report", text)`, whichever process ran them."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "report":
                terminalreporter.write_line(text)
