"""The worked examples of CONTRIBUTING.md, done: they are short, they work, and the tests take them up."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nn_book.notebook import split_solution
from nn_book.text import ATTRIBUTES, QUIET_LANGUAGES

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8")
DIFFS = {
    re.search(r"^\+\+\+ b/(\S+)$", diff, re.MULTILINE)[1]: [
        line[1:] for line in diff.split("\n") if line.startswith("+") and not line.startswith("+++")
    ]
    for diff in re.findall(r"^```diff\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
}
ACTIVATION, EXERCISE, TEXT = DIFFS


@pytest.fixture
def copy(tmp_path):
    """Return a copy of the repository's code with the worked examples done."""
    for part in ("nn_core", "nn_exercises", "tests/nn_core", "tests/nn_exercises"):
        shutil.copytree(REPOSITORY / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    for path in (ACTIVATION, EXERCISE):
        with (tmp_path / path).open("a", encoding="utf-8") as file:
            file.write("\n\n" + "\n".join(DIFFS[path]) + "\n")
    return tmp_path


def run(folder, *words):
    result = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    return result.stdout


def test_examples_are_short():
    assert len(DIFFS) == 3
    assert len(DIFFS[ACTIVATION]) < 40
    assert len(DIFFS[EXERCISE]) + len(DIFFS[TEXT]) < 40


def test_examples_follow_the_style(copy):
    run(copy, "ruff", "check", ACTIVATION, EXERCISE)


def passed_of_softsign(folder, tests):
    """Return how many tests pass of those that the page says to run."""
    said = run(folder, "pytest", "-q", "-p", "no:cacheprovider", "-k", "softsign", tests)
    return int(re.search(r"(\d+) passed", said)[1])


@pytest.mark.slow
def test_activation_is_taken_up(copy):
    assert "Then `pytest tests/nn_core -k softsign`" in PAGE
    assert passed_of_softsign(copy, "tests/nn_core/test_activations.py") >= 5


@pytest.mark.slow
def test_exercise_is_taken_up(copy):
    assert "Then `pytest tests/nn_exercises -k softsign`" in PAGE
    assert passed_of_softsign(copy, "tests/nn_exercises/test_catalogue.py") >= 5


@pytest.mark.slow
def test_exercise_can_stand_in_the_text(copy):
    solution = "\n".join(DIFFS[TEXT][1:-1])
    program = "from nn_exercises import EXERCISES, check; print(EXERCISES['softsign'].signature)"
    signature = (
        run(copy, "nn_exercises", "list")
        and subprocess.run(
            [sys.executable, "-c", program], cwd=copy, capture_output=True, text=True, check=True
        ).stdout.strip()
    )
    entry = type("Entry", (), {"name": "softsign", "signature": signature})
    assert split_solution(solution, entry)[0] == signature


def test_every_fence_is_described():
    for language in QUIET_LANGUAGES:
        assert f"```{language} `" in PAGE
    for keys in ATTRIBUTES:
        assert "```python" + "".join(f' {key}="' for key in keys[:1]) in PAGE
