"""A pytest plugin for a run under Pyodide: what a browser does not have is skipped, and the reason said."""

import itertools

import pytest

EXERCISES = "tests/nn_exercises"
CALM = ("sigmoid", "elu", "bce_with_logits")  # exercises with a mistake whose only sign is an overflow
WORDS = "test_cards_are_well_formed_and_say_everything_in_words"
OVERFLOWS = ("test_catalogue.py::test_audit", "test_catalogue.py::test_told_apart_or_alike")
# Tests that cannot pass there; a parameter in brackets may be left out. What is listed must exist.
NOT_THERE = {
    "WebAssembly has no floating-point flags: NumPy does not know of an overflow that leaves no trace": [
        f"{EXERCISES}/test_run.py::test_printed_text_warnings_and_errors_are_caught",
        f"{EXERCISES}/test_diagnosis.py::test_overflow_warning_where_calm_is_due",
        *(f"{EXERCISES}/test_catalogue.py::test_other_seeds[1-{name}]" for name in CALM),
        *(f"{EXERCISES}/test_check.py::{WORDS}[{name}]" for name in CALM[:2]),
        *(f"{EXERCISES}/{test}[{name}]" for test, name in itertools.product(OVERFLOWS, CALM)),
    ],
    "a browser's Python has neither alarms nor threads: an answer is ended in its loops, not in a sleep": [
        f"{EXERCISES}/test_run.py::test_a_patient_limit_counts_the_processors_seconds",
        f"{EXERCISES}/test_run.py::test_a_patient_limit_ends_by_the_clock_too",
        f"{EXERCISES}/test_run.py::test_an_earlier_alarm_is_set_again",
    ],
}
# What a test meets on its way: the operating system's words, and ours.
MISSING = {
    "does not support processes": "starts another process, which a browser does not have",
    "can't start new thread": "starts a thread, which a browser's Python does not have",
}


def pytest_collection_modifyitems(config, items):
    """Mark what cannot pass, and refuse names that no test has any more."""
    files = {item.nodeid.partition("::")[0] for item in items}
    found = set()
    for item in items:
        for reason, names in NOT_THERE.items():
            for name in {item.nodeid, item.nodeid.partition("[")[0]} & set(names):
                found.add(name)
                item.add_marker(pytest.mark.skip(reason=reason))
    listed = {name for names in NOT_THERE.values() for name in names if name.partition("::")[0] in files}
    whole = not any("::" in argument for argument in config.args)
    if whole and listed - found:
        raise pytest.UsageError(f"no such test: {sorted(listed - found)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Skip a test that asks for a process or a thread."""
    try:
        return (yield)
    except (OSError, RuntimeError) as error:
        for words, reason in MISSING.items():
            if words in str(error):
                pytest.skip(reason)
        raise
