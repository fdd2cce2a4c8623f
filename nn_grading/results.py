"""What a run leaves: a result file and a feedback page for each submission, and the table of grades.

Files are written beside their place and then moved there, so that a killed run leaves whole files only. A
result file holds no times and no paths: equal submissions, catalogue and secret give equal bytes.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from nn_grading import notebook
from nn_grading.course import Assignment, Course, catalogue_version, fingerprint
from nn_grading.grade import Job, Record

ODD_NAMES = "backslashreplace"  # a folder's name that is no UTF-8 must not spoil the tables for all others
DIGEST = ',\n "digest": "'  # stands before the digest of all that stands before it
COLUMNS = ("student", "assignment", "exercise", "score", "max_score", "status", "mistake")


@dataclass(frozen=True, slots=True)
class Place:
    """A submission's place among the submitted folders; a run holds one for each, so they are small."""

    student: str
    assignment: str
    submitted: Path  # the same for all

    @property
    def folder(self) -> Path:
        """The folder that holds the notebook."""
        return self.submitted / self.student / self.assignment


def find_submissions(
    submitted: Path, course: Course, assignment: str | None = None, student: str | None = None
) -> tuple[list[Place], list[str]]:
    """Return the submissions, by assignment and student, and the folders that no assignment is named like."""
    places, strange = [], []
    known = {name: name for name in course.assignments}  # one text for all
    for person in sorted(submitted.iterdir(), key=lambda p: p.name):
        if student is not None and person.name != student:
            continue
        try:
            folders = sorted(person.iterdir(), key=lambda p: p.name)
        except NotADirectoryError:
            continue
        except OSError as error:
            strange.append(f"{person.name} ({error.strerror})")
            continue
        for folder in folders:
            if folder.name in known and not person.name.startswith("."):  # be it a folder or not
                if assignment in (None, folder.name):
                    places.append(Place(person.name, known[folder.name], submitted))
            elif folder.name in known or (_visible(person, folder) and _may_be_folder(folder)):
                strange.append(f"{person.name}/{folder.name}")
    # By assignment, so that a worker meets one chapter's exercises after another.
    return sorted(places, key=lambda p: (p.assignment, p.student)), strange


def _visible(*paths: Path) -> bool:
    return not any(path.name.startswith(".") for path in paths)


def _may_be_folder(path: Path) -> bool:
    try:
        return path.is_dir() or path.is_symlink()
    except OSError:  # it is looked at again when it is read
        return True


def job_of(place: Place) -> Job:
    """Return the job of grading what lies at a place: its bytes, or why they cannot be had."""
    try:
        path, remarks = notebook.find(place.folder, place.assignment)
        return Job(place.student, place.assignment, notebook.content(path), tuple(remarks))
    except notebook.UnreadableError as error:
        return Job(place.student, place.assignment, None, unreadable=str(error))
    except OSError as error:
        return Job(place.student, place.assignment, None, unreadable=f"it cannot be read: {error.strerror}")


@dataclass(frozen=True)
class Order:
    """What is to be graded: the submission at a place; of the one with this key `only` these exercises."""

    place: Place
    only: frozenset[str] | None = None
    key: str = ""

    def job(self) -> Job:
        """Return the job, with what lies at the place now; where that has changed, all of it is graded."""
        job = job_of(self.place)
        return replace(job, only=self.only) if self.only is not None and job.key == self.key else job


class Results:
    """The folder OUT."""

    def __init__(self, out: Path, ran: str, limits: str) -> None:
        self.out = out
        self.ran = ran
        self.limits = limits

    def result_path(self, student: str, assignment: str) -> Path:
        """Return where a submission's result lies."""
        return self.out / "results" / student / f"{assignment}.json"

    def load(self, student: str, assignment: str) -> Record | None:
        """Return a submission's result; None if there is none, or none that is whole."""
        try:
            return whole(self.result_path(student, assignment).read_text("ascii"))
        except (OSError, ValueError):
            return None

    def order(
        self, place: Place, assignment: Assignment, secret_name: str
    ) -> tuple[Order | None, Record | None]:
        """Return what is still to be graded at a place, if anything, and the result that is there already."""
        record = self.load(place.student, place.assignment)
        about = (secret_name, self.ran, self.limits)
        if record is None or (record["secret"], record["ran"], record["limits"]) != about:
            return Order(place), None
        key = job_of(place).key
        if record["submission"] != key:
            return Order(place), None
        done = {
            row["exercise"]
            for row in record["exercises"]
            if row["fingerprint"] == fingerprint(row["exercise"])
        }
        missing = frozenset(exercise.name for exercise in assignment.exercises) - done
        return Order(place, missing, key) if missing else None, record

    def write(self, record: Record) -> None:
        """Write one submission's result and feedback page."""
        from nn_grading import feedback

        student, assignment = record["student"], record["assignment"]
        write(self.out / "feedback" / student / f"{assignment}.html", feedback.page(record))
        write(self.result_path(student, assignment), as_json(record))

    def write_times(self, record: Record, times: dict[str, float]) -> None:
        """Add a line on how long a submission took; apart from its result, which is the same every time."""
        path = self.out / "times.csv"
        with path.open("a", encoding="utf-8", errors=ODD_NAMES, newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            if file.tell() == 0:
                table.writerow(("student", "assignment", "exercise", "seconds"))
            for name, seconds in times.items():
                table.writerow((record["student"], record["assignment"], name, f"{seconds:.6f}"))

    def records(self, places: Iterable[Place]) -> Iterator[Record]:
        """Yield the results of submissions, one at a time."""
        for place in places:
            record = self.load(place.student, place.assignment)
            if record is not None:
                yield record

    def write_grades(self, places: Iterable[Place]) -> Iterator[Record]:
        """Write grades.csv from the result files, in a fixed order, and yield each result on the way."""
        path = self.out / "grades.csv"
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with draft.open("w", encoding="utf-8", errors=ODD_NAMES, newline="") as file:
                table = csv.writer(file, lineterminator="\n")
                table.writerow(COLUMNS)
                for record in self.records(sorted(places, key=lambda p: (p.student, p.assignment))):
                    table.writerows(_lines_of(record))
                    yield record
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise


def _lines_of(record: Record) -> Iterator[tuple[str, ...]]:
    """Yield a result's lines of grades.csv."""
    for row in record["exercises"]:
        points = f"{row['score']:g}", f"{row['max_score']:g}"
        yield record["student"], record["assignment"], row["exercise"], *points, row["status"], row["mistake"]


def as_json(record: Record) -> str:
    """Return a record as JSON with a line for each field and each exercise, and a digest of these lines."""
    fields = []
    for name, value in record.items():
        text = json.dumps(value)
        if name == "exercises":
            text = "[\n  " + ",\n  ".join(map(json.dumps, value)) + "\n ]"
        fields.append(f' "{name}": {text}')
    return _sealed("{\n" + ",\n".join(fields))


def finished(
    record: Record,
    before: Record | None,
    assignment: Assignment,
    results: Results,
    secret_name: str,
) -> Record:
    """Return the whole result: new rows, rows that were there and still hold, in the assignment's order."""
    rows = {}
    if before is not None and before["submission"] == record["submission"]:
        rows = {row["exercise"]: row for row in before["exercises"]}
    rows |= {row["exercise"]: row for row in record["exercises"]}
    return {
        "student": record["student"],
        "assignment": record["assignment"],
        "submission": record["submission"],
        "catalogue": catalogue_version(assignment),
        "secret": secret_name,
        "ran": results.ran,
        "limits": results.limits,
        "remarks": record["remarks"],
        "score": round(sum(rows[e.name]["score"] for e in assignment.exercises), 2),
        "max_score": sum(rows[e.name]["max_score"] for e in assignment.exercises),
        "exercises": [rows[exercise.name] for exercise in assignment.exercises],
    }


def crashed(job: Job, assignment: Assignment, message: str) -> Record:
    """Return the record of a submission that ended the process that graded it."""
    from nn_grading.grade import row

    only = job.only
    rows = [
        row(e, "crashed", message=message) for e in assignment.exercises if only is None or e.name in only
    ]
    return {
        "student": job.student,
        "assignment": job.assignment,
        "submission": job.key,
        "remarks": list(job.remarks),
        "exercises": rows,
        "times": {},
    }


def whole(text: str) -> Record | None:
    """Return the record that `as_json` made this text of; None where a letter of it is another."""
    return json.loads(text) if text == _sealed(text.rpartition(DIGEST)[0]) else None


def _sealed(text: str) -> str:
    """Return the JSON text of a result with the digest that tells whether it is whole."""
    return f'{text}{DIGEST}{hashlib.sha256(text.encode()).hexdigest()[:16]}"\n}}\n'


def write(path: Path, text: str) -> None:
    """Write a file so that its place holds the old one or the new one, never a part."""
    data = text.encode("utf-8", errors="surrogateescape" if path.suffix == ".json" else "replace")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            draft.write_bytes(data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(data)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
