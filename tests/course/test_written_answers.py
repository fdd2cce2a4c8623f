"""Answers that a person grades: nbgrader keeps them for the grader, and an untouched one gets 0 by itself."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from nn_book.notebook import draft, dumps
from nn_book.text import FRONT_MATTER, Chapter

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "09_short"
TEXT = f"""{FRONT_MATTER}

# 9 Short

<!-- manual: choose_loss points=4 -->
### Written answer: which loss?

A sensor fails now and then. Which loss?

<!-- BEGIN SOLUTION -->
Huber's.

**Mark scheme.** 2 for a robust loss, 2 for the reason.
<!-- END SOLUTION -->
<!-- end -->
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def grades(tmp_path_factory):
    """Return the grade of the written answer of a student who wrote one, and of one who did not."""
    root = tmp_path_factory.mktemp("written")
    (root / "nbgrader_config.py").write_bytes((REPOSITORY / "nbgrader_config.py").read_bytes())
    source = root / "solutions" / NAME / f"{NAME}.ipynb"
    source.parent.mkdir(parents=True)
    source.write_text(dumps(draft(Chapter(root, NAME, TEXT), {}).notebook), "utf-8")

    def nbgrader(*words):
        command = [sys.executable, "-m", "nbgrader", *words]
        result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr[-3000:]

    nbgrader("generate_assignment", NAME)
    for student, answer in (("ada", "Huber's, for its bounded gradient."), ("grace", None)):
        notebook = nbformat.read(root / "chapters" / NAME / f"{NAME}.ipynb", as_version=4)
        cell = next(cell for cell in notebook.cells if cell.id == "choose-loss")
        cell.source = answer or cell.source
        path = root / "grading" / "submitted" / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)
    nbgrader("autograde", NAME)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # for alembic
        with Gradebook(f"sqlite:///{root / 'grading' / 'gradebook.db'}", "nn_textbook") as gradebook:
            found = {name: gradebook.find_grade("choose_loss", NAME, NAME, name) for name in ("ada", "grace")}
            return {
                name: (grade.needs_manual_grade, grade.score, grade.max_score)
                for name, grade in found.items()
            }


def test_answer_waits_for_a_person(grades):
    assert grades["ada"] == (True, 0, 4)


def test_untouched_answer_gets_nothing(grades):
    assert grades["grace"] == (False, 0, 4)
