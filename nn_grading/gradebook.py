"""Official scores in nbgrader's gradebook, through nbgrader's own API.

Automatic scores and comments are written; what a person has entered (manual scores, extra credit, manual
comments) is never touched. A submission is one transaction and writing it twice changes nothing. Beside the
database, OUT/autograded/ receives each notebook as nbgrader's formgrader and `generate_feedback` expect it.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook, InvalidEntry, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config
from traitlets.config.loader import ConfigFileNotFound, PyFileConfigLoader

from nn_grading import notebook, results
from nn_grading.course import Assignment, Course
from nn_grading.feedback import result_of
from nn_grading.grade import Record
from nn_grading.page import clean

Extra = dict[tuple[str, str], float]
LARGEST_OUTPUT = 400_000
NO_RESPONSE = "No response."


class GradebookError(Exception):
    """The gradebook could not be brought up to date."""


def fill(
    url: str, course: Course, places: Iterable[results.Place], out: results.Results, extra: Extra
) -> tuple[int, list[str]]:
    """Bring the gradebook at `url` up to the results of `places`.

    Returns
    -------
    (int, list of str)
        How many submissions that were, and the marks that differed from nbgrader's own run, should there have
        been one.
    """
    history = History(out.out / "gradebook.json")
    config = _config(course.root)
    course_id = config.CourseDirectory.get("course_id", "") or "default_course"
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    # For a new database nbgrader calls `alembic` by name; it lies beside this Python, activated or not.
    os.environ["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    )
    try:
        with warnings.catch_warnings(), Gradebook(url, str(course_id)) as book:
            # nbgrader adds objects in an order that SQLAlchemy remarks on; they arrive all the same.
            warnings.simplefilter("ignore", SAWarning)
            known: set[str] = set()
            written, nameless = 0, []
            for place in places:
                if not _can_be_stored(place.student):
                    nameless.append(ascii(place.student))
                    continue
                record = out.load(place.student, place.assignment)
                if record is None:
                    continue
                assignment = course.assignments[place.assignment]
                if assignment.name not in known:
                    _ensure_assignment(book, url, assignment)
                    known.add(assignment.name)
                job = results.job_of(place)
                submission = _read(job)
                _write(book, place, record, assignment, submission, extra, history)
                _penalize(book, url, place, config)
                path = out.out / "autograded" / place.student / place.assignment / f"{place.assignment}.ipynb"
                results.write(path, json.dumps(autograded(record, assignment, submission), indent=1) + "\n")
                written += 1
            if nameless:
                raise GradebookError(
                    f"it cannot hold names that are not UTF-8: {', '.join(nameless[:5])}. Rename these "
                    "folders; the others' marks are in it."
                )
            return written, history.differences()
    except (SQLAlchemyError, InvalidEntry, MissingEntry, ImportError, ValueError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise GradebookError(reason) from None
    finally:
        history.save()


def _can_be_stored(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


class History:
    """What was written to the gradebook before: another automatic score found there is nbgrader's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.known: dict[str, list] = json.loads(path.read_bytes())
        except (OSError, ValueError):
            self.known = {}

    def note(self, where: str, found: float | None, score: float) -> None:
        """Remember that `score` is written where `found` was."""
        written, other = self.known.get(where, (None, None))
        self.known[where] = [score, other if found in (None, written) else found]

    def differences(self) -> list[str]:
        """Return the marks that differ from nbgrader's own run."""
        return [
            f"{where}: {score:g} here, {other:g} there"
            for where, (score, other) in sorted(self.known.items())
            if other is not None and other != score
        ]

    def save(self) -> None:
        """Keep it for the next run."""
        if self.known:
            results.write(self.path, json.dumps(self.known, sort_keys=True) + "\n")


def _config(root: Path) -> Config:
    """Return the course's nbgrader configuration, for the course's id and its late penalty."""
    try:
        return PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    except ConfigFileNotFound:
        return Config()


def _read(job: results.Job) -> notebook.Submission | None:
    if job.data is None:
        return None
    try:
        return notebook.read(job.data)
    except notebook.UnreadableError:
        return None


def _ensure_assignment(book: Gradebook, url: str, assignment: Assignment) -> None:
    """Have nbgrader record the chapter's cells, as `nbgrader generate_assignment` does, unless it has."""
    if not assignment.cells:
        raise GradebookError(f"chapters/{assignment.name} is not built; `make book` builds it")
    book.update_or_create_assignment(assignment.name)
    try:
        have = {cell.name for cell in book.find_notebook(assignment.name, assignment.name).grade_cells}
    except MissingEntry:
        have = None
    if have is None:
        nb = nbformat.v4.new_notebook(cells=[_course_cell(cell) for cell in assignment.cells])
        about = {"notebook": assignment.name, "assignment": assignment.name, "db_url": url}
        SaveCells().preprocess(nb, {"nbgrader": about})
        book.db.expire_all()
        return
    missing = {exercise.name for exercise in assignment.exercises} - have
    if missing:
        raise GradebookError(
            f"it holds an older {assignment.name}, without {', '.join(sorted(missing))}; run nbgrader "
            "generate_assignment, or grade into a new database"
        )


def _course_cell(cell: notebook.Cell) -> NotebookNode:
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    node = make.get(cell.kind, nbformat.v4.new_raw_cell)(cell.source)
    marks = cell.raw.get("metadata", {}).get("nbgrader")
    if marks:
        node.metadata["nbgrader"] = nbformat.from_dict(marks)
    return node


def _write(
    book: Gradebook,
    place: results.Place,
    record: Record,
    assignment: Assignment,
    submission: notebook.Submission | None,
    extra: Extra,
    history: History,
) -> None:
    """Write one submission's automatic scores and comments, in one transaction."""
    try:
        book.find_student(place.student)
    except MissingEntry:
        book.add_student(place.student)
    about: dict[str, Any] = {}
    stamp = _timestamp(place.folder)
    if stamp:
        about["timestamp"] = stamp
    entry = book.update_or_create_submission(place.assignment, place.student, **about)
    seconds = extra.get((place.student, place.assignment), extra.get((place.student, "")))
    if seconds is not None:
        book.grant_extension(place.assignment, place.student, minutes=seconds / 60)
    (page,) = [nb for nb in entry.notebooks if nb.name == assignment.name]
    rows = {row["exercise"]: row for row in record["exercises"]}
    untouched = _untouched(assignment, submission)
    for grade in page.grades:
        old = grade.auto_score
        if grade.name in rows:
            grade.auto_score = rows[grade.name]["score"]
            history.note(f"{place.student}/{place.assignment}/{grade.name}", old, grade.auto_score)
        else:  # marked by a person, unless there is nothing to mark
            grade.auto_score = 0.0 if submission is None or grade.name in untouched else None
        if grade.manual_score is None:
            grade.needs_manual_grade = grade.auto_score is None
        elif grade.auto_score != old:
            grade.needs_manual_grade = True  # a person decided on another score: look again
    for comment in page.comments:
        row = rows.get(comment.name.removesuffix("_answer"))
        if row is not None:
            comment.auto_comment = NO_RESPONSE if row["status"] == "not_attempted" else _comment(row)
        else:
            comment.auto_comment = NO_RESPONSE if comment.name in untouched else None
    book.db.commit()


def _comment(row: Record) -> str:
    name = f" [{row['mistake']}]" if row["mistake"] else ""
    return clean(f"{row['status']}{name}: {row['card']['message']}")  # no database takes half a character


def _timestamp(folder: Path) -> Any:
    """Return when it was handed in, from nbgrader's timestamp.txt; None where that says nothing."""
    try:
        text = notebook.content(folder / "timestamp.txt")[:100].decode().strip()
        return parse_utc(text)
    except (notebook.UnreadableError, UnicodeDecodeError, ValueError, OverflowError):
        return None


def _untouched(assignment: Assignment, submission: notebook.Submission | None) -> set[str]:
    """Return the marked cells that are as they were handed out, or gone."""
    theirs = {} if submission is None else {cell.grade_id: cell.source for cell in submission.cells}
    return {
        cell.grade_id
        for cell in assignment.cells
        if cell.grade_id and cell.is_solution and theirs.get(cell.grade_id, cell.source) == cell.source
    }


def _penalize(book: Gradebook, url: str, place: results.Place, config: Config) -> None:
    """Have nbgrader's own plugin decide on a penalty for lateness."""
    entry = book.find_submission(place.assignment, place.student)
    had = any(nb.late_submission_penalty for nb in entry.notebooks)
    if entry.total_seconds_late > 0 or had:
        book.db.rollback()  # nbgrader opens the database a second time
        about = {"notebook": place.assignment, "assignment": place.assignment, "student": place.student}
        penalties = AssignLatePenalties(config=config)
        penalties.preprocess(nbformat.v4.new_notebook(), {"nbgrader": {**about, "db_url": url}})
        book.db.expire_all()


# ---------------------------------------------------------------- the notebook that formgrader shows


def autograded(
    record: Record, assignment: Assignment, submission: notebook.Submission | None
) -> NotebookNode:
    """Return the submission as nbgrader keeps it after autograding, with the cards as outputs.

    Of the student's outputs, text and PNG pictures stay; HTML and scripts do not: graders look at this page.
    """
    rows = {row["exercise"]: row for row in record["exercises"]}
    course = {cell.grade_id: cell for cell in assignment.cells if cell.grade_id}
    cells, used = [], set()
    for cell in submission.cells if submission else ():
        ours = course.get(cell.grade_id)
        if ours is not None and cell.grade_id not in used:
            used.add(cell.grade_id)
            cells.append(_marked(ours, cell, rows))
        else:
            node = _course_cell(notebook.Cell(cell.number, cell.kind, cell.source))
            if cell.kind == "code":
                node.outputs = _outputs(cell.raw.get("outputs"))
            cells.append(node)
    cells += [_marked(cell, None, rows) for name, cell in course.items() if name not in used]
    for number, node in enumerate(cells):
        node["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def _marked(ours: notebook.Cell, theirs: notebook.Cell | None, rows: dict[str, Record]) -> NotebookNode:
    """Return a cell of nbgrader's: the course's text where it is locked, else the student's."""
    source = theirs.source if theirs is not None and ours.is_solution else ours.source
    node = _course_cell(notebook.Cell(ours.number, ours.kind, source, raw=ours.raw))
    row = rows.get(ours.grade_id)
    if row is not None and ours.kind == "code":
        data = {"text/plain": f"{row['score']:g}", "text/html": result_of(row).html()}
        node.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
        node.execution_count = 1
    elif theirs is not None and ours.kind == "code":
        node.outputs = _outputs(theirs.raw.get("outputs"))
    return node


def _outputs(outputs: Any) -> list[NotebookNode]:
    """Return what may stay of a student's outputs."""
    kept = []
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        data = output.get("data") if isinstance(output.get("data"), dict) else {}
        text, png = _joined(output.get("text", data.get("text/plain"))), _joined(data.get("image/png"))
        if png and len(png) < LARGEST_OUTPUT and _is_png(png):
            picture = {"image/png": png, "text/plain": text[:2000]}
            kept.append(nbformat.v4.new_output("display_data", picture))
        elif text:
            kept.append(nbformat.v4.new_output("stream", name="stdout", text=text[:10_000]))
    return kept[:20]


def _joined(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", value) if isinstance(value, str) else ""


def _is_png(text: str) -> bool:
    try:
        return base64.b64decode(text, validate=True).startswith(b"\x89PNG")
    except (binascii.Error, ValueError):
        return False
