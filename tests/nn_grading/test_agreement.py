"""Honest work gets the same points here, in the reader's notebook and in stock nbgrader.

NN_AGREEMENT=300 sets how many generated submissions are compared with the notebook's own check, NN_STOCK=300
how many with stock nbgrader, NN_SOLUTIONS=1 has stock nbgrader run every solution notebook; the defaults
keep the suite short.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
from pathlib import Path

import making
import pytest

from nn_exercises import EXERCISES

COUNT = int(os.environ.get("NN_AGREEMENT", "24"))
CHAPTERS = sorted({exercise.chapter for exercise in EXERCISES.values()})
STOCK = int(os.environ.get("NN_STOCK", "8"))
STOCK_CHAPTERS = ["01_neuron", "02_perceptron", "05_forward_propagation", "03_multilayer_perceptron"]
SLOW = {"train_digits"}  # trains for seconds; the test of the capstone's solution covers it


def grades_of(out: Path) -> dict[tuple[str, str], float]:
    with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {(row["student"], row["exercise"]): float(row["score"]) for row in csv.DictReader(file)}


def in_the_notebook(document: dict) -> dict[str, float]:
    """Return the points that a reader's own Run All shows, cell by cell; an exception is worth nothing."""
    scope: dict = {"__name__": "__main__"}
    points = {}
    for cell in document["cells"]:
        if cell["cell_type"] != "code":
            continue
        marks = cell["metadata"].get("nbgrader", {})
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            if marks.get("grade"):
                try:
                    points[marks["grade_id"]] = float(eval(cell["source"], scope))
                except Exception:
                    points[marks["grade_id"]] = 0.0
            else:
                with contextlib.suppress(Exception):
                    exec(cell["source"], scope)
    return points


@pytest.mark.slow
def test_generated_submissions_agree_with_the_notebooks_own_check(tmp_path, grade_cli):
    chapters = [name for name in CHAPTERS if not SLOW & {e.name for e in making.of_chapter(name)}]
    documents = {f"s{n:03d}": making.mixed(chapters[n % len(chapters)], n) for n in range(COUNT)}
    for number, (student, document) in enumerate(documents.items()):
        making.hand_in(tmp_path / "submitted", student, chapters[number % len(chapters)], document)
    done = grade_cli(tmp_path / "submitted", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    official = grades_of(tmp_path / "out")
    differ = {
        (student, name): (official[student, name], points)
        for student, document in documents.items()
        for name, points in in_the_notebook(document).items()
        if official[student, name] != points
    }
    assert not differ


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapters_solution_gets_full_marks(name, tmp_path, grade_cli):
    built = making.ROOT / "solutions" / name / f"{name}.ipynb"
    document = json.loads(built.read_text(encoding="utf-8")) if built.is_file() else making.chapter(name)
    making.hand_in(tmp_path / "submitted", "ann", name, document)
    done = grade_cli(tmp_path / "submitted", "--out", tmp_path / "out", "--time-limit", 60)
    assert done.returncode == 0
    expected = {("ann", exercise.name): exercise.points for exercise in making.of_chapter(name)}
    assert grades_of(tmp_path / "out") == expected


def stock_scores(work: Path, names: list[str]) -> dict[tuple[str, str], float]:
    """Return what stock nbgrader gives to the submissions in `work`, by student and exercise."""
    from nbgrader.api import Gradebook

    (work / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'c'\n")
    limit = "--ExecutePreprocessor.timeout=900"
    for name in names:
        for words in (["generate_assignment", name], ["autograde", name, limit]):
            making.nbgrader(work, *words)
    with Gradebook(f"sqlite:///{work / 'gradebook.db'}", "c") as book:
        return {
            (submission.student.id, grade.name): grade.auto_score
            for name in names
            for submission in book.assignment_submissions(name)
            for page in submission.notebooks
            for grade in page.grades
            if grade.auto_score is not None
        }


@pytest.mark.slow
def test_stock_nbgrader_gives_the_same(tmp_path, grade_cli):
    pytest.importorskip("nbgrader", reason="nbgrader is not installed")
    names = STOCK_CHAPTERS if STOCK >= 2 * len(STOCK_CHAPTERS) else STOCK_CHAPTERS[:2]
    for name in names:
        making.hand_in(tmp_path / "source", ".", name, making.chapter(name))
    for number in range(STOCK):
        name = names[number % len(names)]
        making.hand_in(tmp_path / "submitted", f"s{number:03d}", name, making.mixed(name, number))
    done = grade_cli(tmp_path / "submitted", "--out", tmp_path / "out")
    assert done.returncode == 0
    official, stock = grades_of(tmp_path / "out"), stock_scores(tmp_path, names)
    kept = os.environ.get("NN_AGREEMENT_TABLE")
    if kept:
        rows = [[*key, official.get(key), stock.get(key)] for key in sorted(official.keys() | stock.keys())]
        Path(kept).write_text(json.dumps(rows, indent=0) + "\n")
    assert official == stock
    assert 0 < sum(official.values()) < sum(EXERCISES[name].points for _, name in official)


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAPTERS if os.environ.get("NN_SOLUTIONS") else CHAPTERS[:2])
def test_stock_nbgrader_gives_a_solution_full_marks(name, tmp_path):
    """The chapters as they are written; by default the first two, with NN_SOLUTIONS=1 all (minutes)."""
    pytest.importorskip("nbgrader", reason="nbgrader is not installed")
    built = making.ROOT / "solutions" / name / f"{name}.ipynb"
    document = json.loads(built.read_text(encoding="utf-8"))
    making.hand_in(tmp_path / "source", ".", name, document)
    making.hand_in(tmp_path / "submitted", "ann", name, document)
    expected = {("ann", exercise.name): exercise.points for exercise in making.of_chapter(name)}
    assert stock_scores(tmp_path, [name]) == expected
