"""Grade one submission: read it, run what each answer needs in the sandbox, judge the outcomes out here."""

from __future__ import annotations

import hashlib
import time
import traceback
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nn_exercises import judge as judging
from nn_exercises import run
from nn_exercises.checking import result_of, right, with_hint
from nn_exercises.exercise import Exercise
from nn_exercises.result import Result
from nn_grading import names, notebook, protocol, scripts
from nn_grading.course import Assignment, Course, fingerprint
from nn_grading.line import EndedError, Line
from nn_grading.sandbox import Sandbox, SandboxError
from nn_grading.scripts import Script
from nn_grading.shared import Shared
from nn_grading.task import Reply, Task

STATUSES = ("unreadable", "not_attempted", "not_allowed", "crashed", "timeout", "error", "failed", "passed")
ATTEMPTS = 3  # runs of an answer whose process is killed, by itself or from outside

Record = dict[str, Any]


@dataclass(frozen=True)
class Limits:
    """Seconds for one exercise, megabytes for one worker."""

    time: float = 10.0
    memory: int = 1024

    def seconds(self, exercise: Exercise) -> float:
        """Return the time of an exercise; one that has its own limit is scaled as the others are."""
        own = exercise.time_limit or judging.TIME_LIMIT
        return max(own, judging.TIME_LIMIT) * self.time / judging.TIME_LIMIT


@dataclass(frozen=True)
class Job:
    """One submission to grade: the bytes of its notebook, or why there are none."""

    student: str
    assignment: str
    data: bytes | None
    remarks: tuple[str, ...] = ()
    unreadable: str = ""
    only: frozenset[str] | None = None  # the exercises to grade, None for all

    @cached_property
    def key(self) -> str:
        """The hash of what was submitted."""
        data = self.data if self.data is not None else b"unreadable\0" + _bytes(self.unreadable)
        digest = hashlib.sha256(data)
        digest.update(_bytes("\0".join(self.remarks)))
        return digest.hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode(errors="replace")


def grade(course: Course, job: Job, box: Sandbox, limits: Limits, shared: Shared | None = None) -> Record:
    """Return the record of a submission: one row for each exercise, whatever happens.

    Its answers run in a child of its own in `box`, but for plain ones that prove right in the `shared` child.
    """
    started = time.perf_counter()
    assignment = course.assignments[job.assignment]
    todo = [e for e in assignment.exercises if job.only is None or e.name in job.only]
    remarks: list[str] = list(job.remarks)
    times: dict[str, float] = {}
    faults: list[str] = []
    try:
        if job.data is None:
            raise notebook.UnreadableError(job.unreadable)
        submission = notebook.read(job.data, job.remarks)
        remarks = [*submission.remarks, *_remarks(submission, assignment)]
        rows = _grade_all(course, job, submission, assignment, todo, box, limits, shared, times, faults)
    except notebook.UnreadableError as error:
        rows = [row(e, "unreadable", message=f"The notebook could not be read: {error}.") for e in todo]
    return {
        "student": job.student,
        "assignment": job.assignment,
        "submission": job.key,
        "remarks": remarks,
        "exercises": rows,
        "faults": faults,
        "times": {"total": time.perf_counter() - started, **times},
    }


def _remarks(submission: notebook.Submission, assignment: Assignment) -> list[str]:
    """Return what is odd about the course's cells in a submission: edited, deleted."""
    found = []
    present = {cell.grade_id: cell for cell in submission.cells}
    for name, source in assignment.tests.items():
        if name not in present:
            found.append(f"the test cell of {name} was deleted; the course's own counts")
        elif present[name].source.strip() != source.strip():
            found.append(f"the test cell of {name} was edited; the course's own counts")
    return found


def row(exercise: Exercise, status: str, score: float = 0.0, message: str = "", **more: Any) -> Record:
    """Return one exercise's part of a record; `mistake` and parts of the card may be given by name."""
    card = {
        "message": message,
        "hints": [],
        "rows": [],
        "groups": [],
        "hint_number": 0,
        "hints_total": 0,
        "printed": "",
        **more.pop("card", {}),
    }
    return {
        "exercise": exercise.name,
        "score": float(score),
        "max_score": float(exercise.points),
        "status": status,
        "mistake": more.pop("mistake", "") or "",
        "card": card,
        "fingerprint": fingerprint(exercise.name),
    }


# ---------------------------------------------------------------- the answers of one submission


def _grade_all(
    course: Course,
    job: Job,
    submission: notebook.Submission,
    assignment: Assignment,
    todo: list[Exercise],
    box: Sandbox,
    limits: Limits,
    shared: Shared | None,
    times: dict[str, float],
    faults: list[str],
) -> list[Record]:
    tests = {e.name for e in assignment.exercises}
    own = assignment.own_sources
    book = names.Notebook(
        (cell.number, cell.source, cell.source.strip() in own)
        for cell in submission.cells
        # A test cell is the course's, whatever stands in it now.
        if cell.kind == "code" and not (cell.grade_id in tests and not cell.is_solution)
    )
    places = {cell.grade_id: cell.number for cell in submission.cells if cell.grade_id in tests}
    rows: dict[str, Record] = {}
    chosen: list[Exercise] = []  # those that must be run
    readings: list[list[names.Reading]] = []
    for exercise in todo:
        found = _readings(exercise, book, places.get(exercise.name))
        if isinstance(found, dict):
            rows[exercise.name] = found
        else:
            chosen.append(exercise)
            readings.append(found)
    seeds = [course.seeds(job.student, job.assignment, e.name, job.key) for e in chosen]
    tasks = {
        e.name: [Task(e, reading, script, own, limits.seconds(e)) for reading in several]
        for e, several, (script, own) in zip(chosen, readings, _scripts(chosen, seeds), strict=True)
    }
    line = Line(box)
    try:
        began = time.perf_counter()
        first = [several[0] for several in tasks.values() if not several[0].reading.refused]
        known = shared.right(first) if shared else set()
        quick = [task for task in first if task not in known and not task.functions]
        replies = line.together(quick) if len(quick) > 1 else {}
        done = len(known) + len(replies)
        share = (time.perf_counter() - began) / done if done else 0.0
        for name, several in tasks.items():
            began = time.perf_counter()
            try:
                if several[0] in known:
                    rows[name] = _row_of(several[0], right(several[0].exercise))
                else:
                    rows[name] = _best(several, replies.get(several[0]), line)
            except SandboxError:
                raise
            except (
                Exception
            ):  # a fault of this project's, or a report that nobody foresaw: this answer's alone
                faults.append(traceback.format_exc(limit=-4))
                line.close(kill=True)
                message = "Grading this answer failed; the operator was told."
                rows[name] = row(several[0].exercise, "crashed", message=message)
            together = share if several[0] in known or several[0] in replies else 0.0
            times[name] = time.perf_counter() - began + together
    finally:
        line.close()
    return [rows[exercise.name] for exercise in todo]


def _readings(
    exercise: Exercise, book: names.Notebook, test_cell: int | None
) -> list[names.Reading] | Record:
    """Return the ways to read an answer that are worth a run, or the row where there is nothing to run."""
    broken = book.broken_definition(exercise.name)
    try:
        readings = book.readings(exercise.name, test_cell)
    except RecursionError:
        return row(exercise, "error", message="The definitions that this answer uses are nested without end.")
    if broken and all(reading.answer.course for reading in readings):
        number, cell = broken
        where = ("Where", f"cell {number}, line {cell.line}\n{cell.text}")
        message = f"Python cannot read the cell that defines `{exercise.name}`: {cell.message}."
        return row(exercise, "error", message=message, mistake="syntax_error", card={"rows": [where]})
    own = [reading for reading in readings if not reading.answer.course]
    if not own:
        message = (
            "Not attempted: the solution cell is as it was handed out."
            if readings
            else f"Not attempted: no cell defines `{exercise.name}`."
        )
        return row(exercise, "not_attempted", message=message)
    return _unlike(own)


def _unlike(readings: list[names.Reading]) -> list[names.Reading]:
    """Return the readings that run different code: a helper may stand twice, word for word."""
    texts = [[piece.statement.text for piece in reading.pieces] for reading in readings]
    return readings[:1] if all(text == texts[0] for text in texts) else readings


def _scripts(exercises: list[Exercise], seeds: list[tuple[int, int]]) -> list[tuple[Script, Script]]:
    """Return for each exercise the script of its set of cases, and that of the submission's own case."""
    found = [
        scripts.script_of(exercise.name, chosen)
        if exercise.make_marks is None
        # Nothing is expected of it, case by case: all cases are the submission's own.
        else scripts.make(exercise, own)
        for exercise, (chosen, own) in zip(exercises, seeds, strict=True)
    ]
    own = scripts.own_cases([(script, own) for script, (_, own) in zip(found, seeds, strict=True)])
    return list(zip(found, own, strict=True))


def _best(tasks: list[Task], reply: Reply | None, line: Line) -> Record:
    """Return the row of the best reading; of the first one there may be a reply already."""
    best: Record | None = None
    for task in tasks:
        found = _grade_task(task, reply, line)
        reply = None
        if best is None or found["score"] > best["score"]:
            best = found
        if best["status"] == "passed":
            break
    return best


def _grade_task(task: Task, reply: Reply | None, line: Line) -> Record:
    exercise = task.exercise
    if task.reading.refused:
        modules = ", ".join(f"`{name}`" for name in task.reading.refused[:5])
        message = (
            f"The answer uses {modules}. Official grading has NumPy and Python's standard library: "
            "write the computation out."
        )
        return row(exercise, "not_allowed", message=message, mistake="not_allowed")
    for attempt in range(ATTEMPTS):
        try:
            result = _result(task, reply or line.run(task), line)
            break
        except EndedError as end:
            if not end.killed or attempt == ATTEMPTS - 1:
                return row(exercise, end.status, message=end.message)
    return result if isinstance(result, dict) else _row_of(task, result)


def _row_of(task: Task, result: Result) -> Record:
    exercise, status, message = task.exercise, result.status, result.message
    if status == "timeout":
        message = f"The time limit of {task.seconds:g} seconds for all calls together ended it."
    if not result.passed and status != "not_attempted":
        result = with_hint(result, exercise, 1)
    return row(
        exercise,
        status,
        result.score,
        message,
        mistake=result.mistake,
        card={
            "hints": list(result.hints),
            "rows": [list(row) for row in result.card.rows],
            "groups": [list(group) for group in result.card.groups],
            "hint_number": result.card.hint_number,
            "hints_total": result.card.hints_total,
        },
    )


def _result(task: Task, reply: Reply, line: Line) -> Result | Record:
    """Return the Result for a worker's reply, or a row where it did not come to calls."""
    exercise, script, own = task.exercise, task.script, task.own
    if task.is_due(reply):
        return right(exercise)
    try:
        said = protocol.decode(*reply.data[0])
        if isinstance(said, dict) and isinstance(said.get("problem"), dict):
            return _problem(exercise, said["problem"])
        outcomes, more = task.outcomes(reply)
    except (protocol.ProtocolError, LookupError, TypeError, ValueError) as error:
        line.close(kill=True)
        raise EndedError("crashed", f"The worker's report could not be read ({error}).") from None
    if any(o.error is not None and o.error.type == "MemoryError" for o in [*outcomes, *more]):
        raise EndedError("crashed", "The answer used more memory than it may.")
    if all(o.error is not None and o.error.type == "ModuleNotFoundError" for o in outcomes):
        message = f"{outcomes[0].error.message}. Official grading has NumPy and Python's standard library."
        return row(exercise, "not_allowed", message=message, mistake="not_allowed")
    equal = all(outcome is like for outcome, like in zip(outcomes, script.prepared.expected, strict=True))
    facts = None if equal else line.facts(task)
    result = _told(script, reply, outcomes, facts)
    if _falls(own, more, result):
        # What is right on a set that others have met, and wrong on what nobody has, is not right.
        return result_of(script.with_own(own), [*outcomes, *more], facts)
    return result


def _falls(own: Script, outcomes: list[run.Outcome], result: Result) -> bool:
    """Tell whether the case that is a submission's own takes from what it has earned on the shared ones."""
    if all(outcome is like for outcome, like in zip(outcomes, own.prepared.expected, strict=True)):
        return False
    if any(outcome.status in ("timeout", "skipped") for outcome in outcomes):
        return result.status != "timeout"
    if not result.score:
        return False
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        groups = judging.judge(own.prepared, outcomes).groups
    earned = dict(result.card.groups)  # none are listed where all hold
    return any(earned.get(group, True) for group, held in groups.items() if not held)


TELL = 64  # results to remember of one script


def _told(script: Script, reply: Reply, outcomes: list[run.Outcome], facts: Any) -> Result:
    """Return what is to be said of these outcomes; the class's favourite mistakes are diagnosed once."""
    asked = reply.asked[: len(outcomes)]
    about = [*reply.data[0], repr(asked).encode(), repr(facts).encode()]
    key = hashlib.blake2b(b"\0".join(about)).digest()
    if key not in script.told:
        if len(script.told) >= TELL:
            script.told.pop(next(iter(script.told)))
        script.told[key] = result_of(script.prepared, outcomes, facts)
    return script.told[key]


def _problem(exercise: Exercise, problem: dict[str, Any]) -> Record:
    """Return the row of an answer whose definitions already failed."""
    cell = f"cell {problem['cell']}" if isinstance(problem.get("cell"), int) else "a cell"
    if problem.get("status") == "no function":
        message = f"`{exercise.name}` is not a function in this notebook; another value has that name."
        return row(exercise, "error", message=message, mistake="not_a_function")
    if problem.get("status") == "timeout":
        return row(exercise, "timeout", message=f"The time limit ended {cell}, which this answer needs.")
    if problem.get("status") == "memory":
        return row(exercise, "crashed", message=f"{cell.capitalize()} used more memory than it may.")
    kind, text, source = (str(problem.get(key))[:500] for key in ("type", "message", "text"))
    number = problem.get("line")
    where = f"{cell}, line {number}" if isinstance(number, int) else cell
    said = [where, *([source] if source else []), f"{kind}: {text}"]
    status = "not_attempted" if kind == "NotImplementedError" else "error"
    if kind in ("ModuleNotFoundError", "ImportError"):
        status = "not_allowed"
    message = f"{cell.capitalize()}, which this answer needs, stops with an error."
    return row(exercise, status, message=message, card={"rows": [["It stopped", "\n".join(said)]]})
