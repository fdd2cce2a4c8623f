"""`check` as a reader meets it: whatever the answer does, a result; numbers for the gradebook, words for "
"people."""

import functools
import html.parser
import json
import re
import subprocess
import sys
import types

import numpy as np
import pytest

from nn_exercises import EXERCISES, Result, check, checking, progress
from nn_exercises.checking import check_exercise, with_hint

STEP = EXERCISES["step"]


def step(z):
    return np.where(np.asarray(z) >= 0, 1, 0)


@pytest.fixture(autouse=True)
def fresh_session(monkeypatch):
    monkeypatch.setattr(checking, "_tries", {})
    monkeypatch.setattr(checking, "seen", {})


def test_a_right_answer():
    result = check(step)
    assert result.passed and result.score == float(result) == result.max_score == 2.0
    assert type(result.score) is float and result.mistake is None and result.hints == ()
    assert str(result) == result.message and "Right" in result.text()


def test_a_wrong_answer_is_named_and_gets_partial_credit():
    result = check(lambda z: np.where(np.asarray(z) > 0, 1, 0), name="step")
    assert (result.passed, result.mistake, result.hints) == (False, "strict", STEP.hints[:1])
    assert 0 < result.score < result.max_score and "step(0) = 1" in result.message


def test_unknown_names_raise_with_near_matches():
    with pytest.raises(ValueError, match="softmax"):
        check(step, name="sofmax")
    with pytest.raises(ValueError, match="no exercise is named"):
        check(lambda z: z)


def test_results_cannot_be_changed():
    with pytest.raises(AttributeError):
        check(step).score = 5


@pytest.mark.parametrize(
    "answer",
    [
        functools.partial(lambda z, edge: np.where(np.asarray(z) >= edge, 1, 0), edge=0),
        type("Caller", (), {"__call__": lambda self, z: step(z)})(),
        types.MethodType(lambda self, z: step(z), 1),
        lambda z, *rest, verbose=False: step(z),
        functools.wraps(step)(lambda *args: step(*args)),
        np.vectorize(lambda v: 1 if v >= 0 else 0),
    ],
    ids=["partial", "instance", "method", "defaults", "wrapped", "vectorize"],
)
def test_all_kinds_of_callables_pass(answer):
    assert check(answer, name="step").passed


@pytest.mark.parametrize("thing", [None, 3, "text", np.zeros(3), [step]])
def test_what_is_no_function_gets_a_card(thing):
    result = check(thing, name="step")
    assert (result.score, result.mistake) == (0.0, "not_a_function")
    assert result.hints == ()  # no hint about the exercise is spent on it


def test_a_variable_of_the_exercises_name_is_found(monkeypatch):
    monkeypatch.setitem(globals(), "step", np.zeros(2))
    assert check(globals()["step"]).mistake == "not_a_function"
    monkeypatch.setitem(globals(), "step", lambda z: np.where(np.asarray(z) >= 0, 1, 0))
    assert check(globals()["step"]).passed


def test_the_stub_is_told_from_a_wrong_answer():
    def step(z):
        raise NotImplementedError

    result = check(step)
    assert (result.score, result.status, result.hints) == (0.0, "not_attempted", ())
    assert "Not attempted" in result.text()


def raising(z):
    raise RuntimeError("<b>boom</b>")


def printing(z):
    print("<script>alert(1)</script>")


HOSTILE = {
    "raises": raising,
    "prints": printing,
    "exits": lambda z: sys.exit("bye"),
    "none": lambda z: None,
    "iterator": lambda z: (v for v in np.ravel(z)),
    "set": lambda z: {1, 2},
    "class": lambda z: int,
    "huge": lambda z: np.zeros((3000, 3000)),
    "long list": lambda z: [0] * 100_000,
    "nested": lambda z: [[[[[[[[[[[[1]]]]]]]]]]]],
    "nan": lambda z: np.full(np.shape(z), np.nan),
    "objects": lambda z: np.array([None] * np.size(z)),
    "text": lambda z: "<img src=x onerror=alert(1)>" * 1000,
    "big integer": lambda z: 10**1000,
    "recursion": lambda z: HOSTILE["recursion"](z),
    "bytes": lambda z: b"\x00\xff",
    "surrogate": lambda z: "\ud800",
    "no arguments": lambda: 1,
    "two arguments": lambda z, y: 1,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_whatever_an_answer_does_there_is_a_card(kind, capsys, recwarn):
    result = check(HOSTILE[kind], name="step")
    assert isinstance(result, Result) and result.score == 0 and result.message
    assert "check itself" not in result.message
    page = result.html()
    assert "<script>" not in page and "<img" not in page and "<b>boom" not in page
    page.encode("utf-8", "surrogatepass")
    assert len(page) < 20_000 and len(result.text()) < 10_000
    assert capsys.readouterr() == ("", "") and not recwarn.list


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(
    "name", ["perceptron_fit", "iterate_minibatches", "softmax_cross_entropy", "xor_network"]
)
def test_junk_for_other_exercises(kind, name):
    result = check(lambda *args, **kwargs: HOSTILE[kind](np.zeros(2)), name=name)
    assert not result.passed and "check itself" not in result.message


def test_every_answer_to_the_wrong_exercise_is_refused_without_a_fault_of_ours():
    answers = [e.reference for e in EXERCISES.values() if e.mutants]
    for exercise in [
        EXERCISES[n] for n in ("dense_backward", "adam_step", "softmax", "gradient_check", "ready")
    ]:
        for answer in answers:
            result = check_exercise(answer, exercise)
            if answer is not exercise.reference:
                assert not result.passed or exercise.name == answer.__name__, (exercise.name, answer.__name__)


# ---------------------------------------------------------------- hints


def test_hints_open_one_by_one_with_each_new_attempt():
    attempts = [lambda z: z, lambda z: z + 1, lambda z: z + 2, lambda z: z + 3]
    seen = [len(check(f, name="step").hints) for f in attempts]
    assert seen == [1, 2, 3, 3]
    assert len(check(attempts[-1], name="step").hints) == 3


def test_running_the_same_answer_again_opens_no_hint():
    def wrong(z):
        return z

    assert [len(check(wrong, name="step").hints) for _ in range(3)] == [1, 1, 1]


def test_hints_leave_the_score_alone():
    def wrong(z):
        return np.where(np.asarray(z) > 0, 1, 0)

    plain = check_exercise(wrong, STEP)
    assert {with_hint(plain, STEP, k).score for k in (1, 2, 3)} == {plain.score}


# ---------------------------------------------------------------- what notebooks and people get


class Kernel:
    """Stands for a notebook's shell."""


def test_a_notebook_gets_the_number_and_the_card(monkeypatch):
    fake = types.SimpleNamespace(get_ipython=lambda: Kernel())
    monkeypatch.setitem(sys.modules, "IPython", fake)
    bundle = check(lambda z: np.where(np.asarray(z) > 0, 1, 0), name="step")._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert float(bundle["text/plain"]) == pytest.approx(1.67) and "Partly right" in bundle["text/html"]


def test_a_terminal_gets_words(monkeypatch):
    class TerminalInteractiveShell:
        pass

    fake = types.SimpleNamespace(get_ipython=lambda: TerminalInteractiveShell())
    monkeypatch.setitem(sys.modules, "IPython", fake)
    result = check(step)
    assert set(result._repr_mimebundle_()) == {"text/plain"} and repr(result) == result.text()


class Balance(html.parser.HTMLParser):
    """Counts open elements, collects the text that a screen reader would say."""

    def __init__(self):
        super().__init__()
        self.open, self.said, self.quiet = [], [], 0

    def handle_starttag(self, tag, attrs):
        self.open.append((tag, dict(attrs)))
        self.quiet += dict(attrs).get("aria-hidden") == "true"

    def handle_endtag(self, tag):
        name, attrs = self.open.pop()
        assert name == tag
        self.quiet -= attrs.get("aria-hidden") == "true"

    def handle_data(self, data):
        if not self.quiet:
            self.said.append(data)


@pytest.mark.parametrize("name", EXERCISES)
def test_cards_are_well_formed_and_say_everything_in_words(name):
    exercise = EXERCISES[name]
    if not exercise.mutants:
        pytest.skip("its answers train for seconds")
    for mistake in exercise.mistakes[:4]:
        result = with_hint(check_exercise(mistake.code, exercise), exercise)
        parser = Balance()
        parser.feed(result.html())
        said = "".join(parser.said)
        assert parser.open == []
        assert "Not yet" in said or "Partly right" in said
        assert exercise.name in said and "Hint 1 of 3" in said and "point" in said
        words = re.sub(r"[`*\s]", "", result.message)
        assert words in re.sub(r"[`*\s]", "", said)


def test_cards_are_the_same_on_every_run():
    for name in ("step", "perceptron_fit", "iterate_minibatches"):
        exercise = EXERCISES[name]
        for mistake in exercise.mistakes[:6]:
            pages = {check_exercise(mistake.code, exercise).html() for _ in range(2)}
            assert len(pages) == 1


def test_an_exception_is_shown_with_the_line_of_the_answer(tmp_path):
    file = tmp_path / "answer.py"
    file.write_text("def step(z):\n    half = z / 2\n    return half.missing\n")
    scope = {}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    text = check(scope["step"]).text()
    assert "line 3" in text and "return half.missing" in text and "AttributeError" in text


# ---------------------------------------------------------------- speed and side effects


def test_checks_of_right_answers_stay_small():
    """A check of a right answer takes milliseconds: its work is counted here in calls, not by the clock."""
    calls = dict.fromkeys((name for name, exercise in EXERCISES.items() if exercise.mutants), 0)
    for name in calls:

        def count(frame, event, argument, name=name):
            calls[name] += event in ("call", "c_call")

        exercise = EXERCISES[name]
        check_exercise(exercise.reference, exercise)
        sys.setprofile(count)
        try:
            check_exercise(exercise.reference, exercise)
        finally:
            sys.setprofile(None)
    assert not {name: number for name, number in calls.items() if number > 100_000}
    assert np.median(list(calls.values())) < 10_000


def test_importing_loads_numpy_alone():
    program = "import sys, nn_exercises; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"matplotlib", "typer", "rich", "IPython", "ipywidgets", "sklearn", "nn_core"}


# ---------------------------------------------------------------- progress and command line


def test_progress_reads_saved_notebooks_and_this_session(tmp_path):
    folder = tmp_path / "02_perceptron"
    folder.mkdir()
    output = {"output_type": "execute_result", "data": {"text/plain": ["2"], "text/html": ["<div></div>"]}}
    cell = {
        "cell_type": "code",
        "metadata": {"nbgrader": {"grade_id": "step"}},
        "outputs": [output],
        "source": "",
    }
    (folder / "02_perceptron.ipynb").write_text(json.dumps({"cells": [cell]}))
    (tmp_path / "00_start_here").mkdir()
    (tmp_path / "00_start_here" / "00_start_here.ipynb").write_text("not json")
    check(lambda: 42, name="ready")
    rows = {row[0]: row for row in progress(tmp_path).chapters}
    assert rows["02_perceptron"][1:] == (1, 4, 2.0, 14.0)
    assert rows["00_start_here"][1:] == (1, 1, 1.0, 1.0)
    text = progress(tmp_path).text()
    assert "1 of 4" in text and "2 of 14" in text
    assert "<table>" in progress(tmp_path)._repr_mimebundle_()["text/html"]


def command(*args):
    return subprocess.run(
        [sys.executable, "-m", "nn_exercises", *args], capture_output=True, text=True, timeout=120
    )


def test_list():
    done = command("list")
    assert done.returncode == 0 and all(
        name in done.stdout for name in ("perceptron_fit", "02_perceptron", "hard")
    )


def test_check_a_file(tmp_path):
    file = tmp_path / "answers.py"
    file.write_text(
        "import numpy as np\n\ndef step(z):\n    return np.where(np.asarray(z) > 0, 1, 0)\n\ndef "
        "ready():\n    return 42\n"
    )
    done = command("check", str(file))
    assert done.returncode == 1 and "step: partly right" in done.stdout and "ready: right" in done.stdout
    assert "1 of 2 exercises right" in done.stdout and "Hint 1 of 3" in done.stdout and "<" not in done.stdout


def test_check_a_file_that_is_all_right(tmp_path):
    file = tmp_path / "answers.py"
    file.write_text("ready = lambda: 42\n")
    assert command("check", str(file)).returncode == 0


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def step(z:\n", "SyntaxError"),
        ("x = 1\nimport nowhere_to_be_found\n", "line 2"),
        ("x = 1\n", "none of the exercises"),
        ("exit()\n", "SystemExit"),
    ],
)
def test_check_a_broken_file(tmp_path, source, said):
    file = tmp_path / "answers.py"
    file.write_text(source)
    done = command("check", str(file))
    assert done.returncode == 1 and said in done.stdout and "Traceback" not in done.stdout + done.stderr


def test_audit_of_one_exercise():
    done = command("audit", "ready")
    assert done.returncode == 0 and "3 of 3" in done.stdout
    assert command("audit", "nothing_of_that_name").returncode == 2
