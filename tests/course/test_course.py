"""A course tried as its instructor would: release, three submissions, autograde, feedback, export.

The course's folder holds what a clone of the repository holds, and nbgrader is called from there with nothing
but its own commands. Nothing in it is edited by hand except, as students do, the answers.
"""

import csv
import html
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from nn_exercises import EXERCISES, check

REPOSITORY = Path(__file__).resolve().parents[2]
CHAPTERS = ["00_start_here", "02_perceptron"]
PERCEPTRON = "02_perceptron"
STUDENTS = ["ada", "frank", "grace"]  # right, partly right, untouched

STRICT = "def step(z):\n    return np.where(np.asarray(z) > 0, 1, 0)"
IN_PLACE = """def perceptron_update(x, y, w, b, eta=1.0):
    change = eta * (y - int(np.dot(w, x) + b >= 0))
    w += change * x
    return w, b + change"""
PARTLY = {
    "step": STRICT,
    "perceptron_update": IN_PLACE,
    "mistake_bound": "def mistake_bound(X, y, w, b):\n    return (1",
}

NBVAL = ["--nbval", "--nbval-current-env", "-q", "-c", os.devnull, "--rootdir=.", "-p", "no:cacheprovider"]

pytestmark = pytest.mark.slow


def read(path):
    return nbformat.read(path, as_version=4)


class Course:
    """A course's folder, and nbgrader run in it."""

    def __init__(self, root):
        self.root = root
        shutil.copy(REPOSITORY / "nbgrader_config.py", root)
        for package in ("nn_core", "nn_exercises"):
            shutil.copytree(
                REPOSITORY / package, root / package, ignore=shutil.ignore_patterns("__pycache__")
            )
        for name in CHAPTERS:
            shutil.copytree(REPOSITORY / "solutions" / name, root / "solutions" / name)
        self.environment = {
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(root / "no-settings"),
            "IPYTHONDIR": str(root / "no-ipython"),
            "OPENBLAS_NUM_THREADS": "1",
        }
        # The packages must be found through nbgrader_config.py, as in a course.
        self.environment.pop("PYTHONPATH", None)

    def run(self, *words, folder=None):
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=folder or self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def nbgrader(self, *words):
        result = self.run("nbgrader", *words)
        assert result.returncode == 0, result.stderr[-3000:]
        return result.stdout + result.stderr

    def notebook(self, folder, name):
        return self.root / folder / name / f"{name}.ipynb"

    def submit(self, student, name, answers):
        """Put a student's notebook where nbgrader collects it, with answers by exercise."""
        notebook = read(self.notebook("chapters", name))
        for cell in notebook.cells:
            exercise = cell.metadata.get("nbgrader", {}).get("grade_id", "").removesuffix("_answer")
            if exercise in answers and cell.metadata.nbgrader.solution:
                cell.source = answers[exercise]
        path = self.root / "grading" / "submitted" / student / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Return the course after its whole path: released, submitted, graded, feedback written, exported."""
    course = Course(tmp_path_factory.mktemp("course"))
    for name in CHAPTERS:
        course.nbgrader("generate_assignment", name, "--force")
        right = {
            cell.metadata.nbgrader.grade_id.removesuffix("_answer"): cell.source
            for cell in read(course.notebook("solutions", name)).cells
            if cell.metadata.get("nbgrader", {}).get("solution")
        }
        for student, answers in zip(STUDENTS, [right, PARTLY, {}], strict=True):
            course.submit(student, name, answers)
        course.nbgrader("autograde", name)
        course.nbgrader("generate_feedback", name)
    course.nbgrader("export")
    return course


def scores(course, student, name=PERCEPTRON):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)  # for alembic
        with Gradebook(f"sqlite:///{course.root / 'grading' / 'gradebook.db'}", "nn_textbook") as gradebook:
            notebook = gradebook.find_submission_notebook(name, name, student)
            return {grade.name: grade.score for grade in notebook.grades}


def maximum(name=PERCEPTRON):
    return {key: entry.points for key, entry in EXERCISES.items() if entry.chapter == name}


def test_release_is_the_repositorys(course):
    for name in CHAPTERS:
        path = course.notebook("chapters", name)
        assert path.read_bytes() == (REPOSITORY / "chapters" / name / f"{name}.ipynb").read_bytes()
        assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_right_answers_get_all_points(course):
    for name in CHAPTERS:
        assert scores(course, "ada", name) == maximum(name)


def test_untouched_notebook_gets_nothing(course):
    for name in CHAPTERS:
        assert scores(course, "grace", name) == dict.fromkeys(maximum(name), 0)


def test_partly_right_answers_get_what_check_says(course):
    found = scores(course, "frank")
    space = {}
    exec(f"import numpy as np\n{STRICT}\n{IN_PLACE}", space)
    for name in ("step", "perceptron_update"):
        assert found[name] == check(space[name]).score
        assert 0 < found[name] < EXERCISES[name].points
    assert found["perceptron_fit"] == 0  # untouched
    assert found["mistake_bound"] == 0  # a syntax error costs its own exercise alone


def feedback(course, student, name=PERCEPTRON):
    return (course.root / "grading" / "feedback" / student / name / f"{name}.html").read_text("utf-8")


def test_feedback_shows_the_cards(course):
    space = {}
    exec(f"import numpy as np\n{STRICT}", space)
    message = check(space["step"]).message.split(".")[0]
    assert message in html.unescape(feedback(course, "frank"))
    assert message not in feedback(course, "ada")
    assert "Not attempted" in feedback(course, "grace")


def test_feedback_holds_no_solution(course):
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in read(course.notebook("solutions", PERCEPTRON)).cells
        if "nbgrader" in cell.get("metadata", {})
    }
    body = answers["perceptron_fit_answer"].split("### BEGIN SOLUTION")[1]
    line = max(body.split("\n"), key=len).strip()
    for student in ("frank", "grace"):
        assert line not in html.unescape(feedback(course, student))
        assert "SOLUTION" not in feedback(course, student)


def test_export(course):
    with (course.root / "grading" / "export.csv").open(encoding="utf-8") as file:
        rows = {(row["student_id"], row["assignment"]): row for row in csv.DictReader(file)}
    for name in CHAPTERS:
        total = sum(maximum(name).values())
        assert {float(rows[student, name]["max_score"]) for student in STUDENTS} == {total}
        assert float(rows["ada", name]["score"]) == total
        assert float(rows["grace", name]["score"]) == 0
    assert float(rows["frank", PERCEPTRON]["score"]) == pytest.approx(sum(scores(course, "frank").values()))


def test_validate_solutions(course):
    said = course.nbgrader("validate", *(str(course.notebook("solutions", name)) for name in CHAPTERS))
    assert said.count("Success! Your notebook passes all the tests.") == len(CHAPTERS)


def test_validate_names_unsolved_cells(course):
    said = course.nbgrader("validate", *(str(course.notebook("chapters", name)) for name in CHAPTERS))
    assert "Success" not in said
    for exercise in (exercise for name in CHAPTERS for exercise in maximum(name)):
        assert f"check({exercise})" in said


def test_unsolved_chapter_runs_to_its_end(course):
    """The untouched submission, as autograde ran it: no cell failed, and each unanswered check gave 0."""
    for name in CHAPTERS:
        path = course.root / "grading" / "autograded" / "grace" / name / f"{name}.ipynb"
        cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in cells)
        assert not [output for cell in cells for output in cell.outputs if output.output_type == "error"]
        tests = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
        assert [cell.outputs[0].data["text/plain"] for cell in tests] == ["0"] * len(maximum(name))


def test_nbval_passes_twice(course):
    """The outputs that are recorded come out again, and again."""
    notebooks = [str(course.notebook("solutions", name)) for name in CHAPTERS]
    course.environment["PYTHONPATH"] = str(course.root)
    for _ in range(2):
        result = course.run("pytest", *NBVAL, *notebooks)
        assert result.returncode == 0, result.stdout[-3000:]
