"""What a test has measured is shown at the end of the run, whichever process ran it."""


def pytest_terminal_summary(terminalreporter):
    """Print what tests recorded with `record_property("report", text)`."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "report":
                terminalreporter.write_line(text)
