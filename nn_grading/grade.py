"""Grade one submission: read it, run what each answer needs in the sandbox, judge the outcomes out here."""

from __future__ import annotations

import hashlib
import signal
import socket
import time
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from nn_exercises import EXERCISES, run
from nn_exercises import judge as judging
from nn_exercises.checking import result_of, right, with_hint
from nn_exercises.exercise import Exercise
from nn_grading import names, notebook, protocol, wire
from nn_grading.course import Assignment, Course, fingerprint
from nn_grading.sandbox import Sandbox
from nn_grading.worker import NOT_ENOUGH_MEMORY

STATUSES = ("unreadable", "not_attempted", "not_allowed", "crashed", "timeout", "error", "failed", "passed")
LARGEST_REPLY = 32 * 2**20
ATTEMPTS = 3  # runs of an answer whose process is killed, by itself or from outside
GRACE = 1.0  # seconds in which the worker may still report that the time was up

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


@dataclass(frozen=True)
class Script:
    """An exercise's calls for one seed, ready to be sent, and the reference's outcomes as they arrive."""

    prepared: judging.Prepared
    calls: bytes
    functions: tuple[run.Fn, ...]
    expected: tuple[Any, ...]
    due: tuple[bytes, bytes]  # the whole reply of an answer that does what the reference does, to the bit
    told: dict[bytes, Any] = field(default_factory=dict)  # results of wrong answers, by all that decides them

    def load(self, messages: Any) -> list[run.Outcome]:
        """Return the outcomes of a reply; one that equals the reference's to the bit *is* the reference's."""
        known = zip(messages, self.expected, self.prepared.expected, strict=True)
        return [
            outcome if message == like else wire.load_outcome(message) for message, like, outcome in known
        ]


@lru_cache(maxsize=512)
def script_of(name: str, seed: int) -> Script:
    """Return the script of an exercise for one seed (remembered)."""
    prepared = judging.prepare(EXERCISES[name], seed)
    functions: list[run.Fn] = []
    calls = [
        [
            [wire.dump_value(a, functions) for a in call.args],
            [[k, wire.dump_value(v, functions)] for k, v in call.kwargs.items()],
        ]
        for call in prepared.calls
    ]
    data = protocol.encode({"calls": calls, "again": list(prepared.again)})
    due = protocol.halves(
        protocol.encode({"outcomes": [wire.dump_outcome(outcome) for outcome in prepared.expected]})
    )
    expected = protocol.decode(*due)["outcomes"]
    return Script(prepared, data, tuple(functions), tuple(expected), due)


class EndedError(Exception):
    """The worker ended before it answered; `status` and `message` say how.

    `killed` is True where something outside may have killed it: then the answer is run again.
    """

    def __init__(self, status: str, message: str, killed: bool = False) -> None:
        super().__init__(message)
        self.status, self.message, self.killed = status, message, killed


def grade(course: Course, job: Job, box: Sandbox, limits: Limits) -> Record:
    """Return the record of a submission: one row for each exercise, whatever happens."""
    started, computed = time.perf_counter(), time.process_time() + box.cpu
    assignment = course.assignments[job.assignment]
    todo = [e for e in assignment.exercises if job.only is None or e.name in job.only]
    remarks: list[str] = list(job.remarks)
    times: dict[str, float] = {}
    try:
        if job.data is None:
            raise notebook.UnreadableError(job.unreadable)
        submission = notebook.read(job.data, job.remarks)
        remarks = [*submission.remarks, *_remarks(submission, assignment)]
        rows = _grade_all(course, job, submission, assignment, todo, box, limits, times)
    except notebook.UnreadableError as error:
        rows = [row(e, "unreadable", message=f"The notebook could not be read: {error}.") for e in todo]
    return {
        "student": job.student,
        "assignment": job.assignment,
        "remarks": remarks,
        "exercises": rows,
        "times": {
            "total": time.perf_counter() - started,
            "cpu": max(time.process_time() + box.cpu - computed, 0.0),
            **times,
        },
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
    times: dict[str, float],
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
    line = _Line(box)
    rows = []
    try:
        for exercise in todo:
            began = time.perf_counter()
            seed = course.seed(job.student, job.assignment, exercise.name, job.data)
            rows.append(_grade_one(exercise, book, places.get(exercise.name), seed, line, limits))
            times[exercise.name] = time.perf_counter() - began
    finally:
        line.close()
    return rows


def _grade_one(
    exercise: Exercise, book: names.Notebook, test_cell: int | None, seed: int, line: _Line, limits: Limits
) -> Record:
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
    best: Record | None = None
    for reading in _unlike(own):
        found = _grade_reading(exercise, reading, seed, line, limits)
        if best is None or found["score"] > best["score"]:
            best = found
        if best["status"] == "passed":
            break
    return best


def _unlike(readings: list[names.Reading]) -> list[names.Reading]:
    """Return the readings that run different code: a helper may stand twice, word for word."""
    texts = [[piece.statement.text for piece in reading.pieces] for reading in readings]
    return readings[:1] if all(text == texts[0] for text in texts) else readings


def _grade_reading(
    exercise: Exercise, reading: names.Reading, seed: int, line: _Line, limits: Limits
) -> Record:
    if reading.refused:
        modules = ", ".join(f"`{name}`" for name in reading.refused[:5])
        message = (
            f"The answer uses {modules}. Official grading has NumPy and Python's standard library: "
            "write the computation out."
        )
        return row(exercise, "not_allowed", message=message, mistake="not_allowed")
    script = script_of(exercise.name, seed)
    for attempt in range(ATTEMPTS):
        try:
            data, asked = line.run(exercise, reading, script, limits.seconds(exercise))
            result = _result(exercise, script, data, asked, line)
            break
        except EndedError as end:
            if not end.killed or attempt == ATTEMPTS - 1:
                return row(exercise, end.status, message=end.message)
    if isinstance(result, dict):
        return result
    status, message = result.status, result.message
    if status == "timeout":
        message = f"The time limit of {limits.seconds(exercise):g} seconds for all calls together ended it."
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


def _result(
    exercise: Exercise, script: Script, data: tuple[bytes, bytes], asked: list[dict[str, int]], line: _Line
) -> Any:
    """Return the Result for a worker's reply, or a row where it did not come to calls."""
    prepared = script.prepared
    if data == script.due and exercise.make_marks is None:
        if all(_with_count(o, n) is o for o, n in zip(prepared.expected, asked, strict=True)):
            return right(exercise)
    try:
        reply = protocol.decode(*data)
        if isinstance(reply, dict) and isinstance(reply.get("problem"), dict):
            return _problem(exercise, reply["problem"])
        outcomes = script.load(reply["outcomes"])
        if len(outcomes) != len(prepared.calls):
            raise wire.WireError(f"{len(outcomes)} outcomes for {len(prepared.calls)} calls")
    except (protocol.ProtocolError, KeyError, TypeError, ValueError) as error:
        line.close(kill=True)
        raise EndedError("crashed", f"The worker's report could not be read ({error}).") from None
    if any(o.error is not None and o.error.type == "MemoryError" for o in outcomes):
        raise EndedError("crashed", "The answer used more memory than it may.")
    if all(o.error is not None and o.error.type == "ModuleNotFoundError" for o in outcomes):
        message = f"{outcomes[0].error.message}. Official grading has NumPy and Python's standard library."
        return row(exercise, "not_allowed", message=message, mistake="not_allowed")
    outcomes = [_with_count(o, n) for o, n in zip(outcomes, asked, strict=True)]
    equal = all(outcome is like for outcome, like in zip(outcomes, prepared.expected, strict=True))
    facts = None if equal else line.facts()
    return _told(script, data, asked, outcomes, facts)


TELL = 64  # results to remember of one script


def _told(
    script: Script, data: tuple[bytes, bytes], asked: Any, outcomes: list[run.Outcome], facts: Any
) -> Any:
    """Return what is to be said of these outcomes; the class's favourite mistakes are diagnosed once."""
    key = hashlib.blake2b(b"\0".join([*data, repr(asked).encode(), repr(facts).encode()])).digest()
    if key not in script.told:
        if len(script.told) >= TELL:
            script.told.pop(next(iter(script.told)))
        script.told[key] = result_of(script.prepared, outcomes, facts)
    return script.told[key]


def _with_count(outcome: run.Outcome, served: dict[str, int]) -> run.Outcome:
    """Return the outcome with the calls that were really made of each callable, whatever the worker says."""
    if all(0 <= outcome.asked.get(name, 0) <= count for name, count in served.items()) and (
        set(outcome.asked) <= set(served) or not any(outcome.asked.values())
    ):
        return outcome
    return run.Outcome(
        **{f: getattr(outcome, f) for f in run.Outcome.__dataclass_fields__} | {"asked": served}
    )


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


# ---------------------------------------------------------------- the line to the worker


class _Line:
    """The line to one submission's child; a new child is forked where the last one ended."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.socket: socket.socket | None = None

    def close(self, kill: bool = False) -> int:
        if self.socket is None:
            return 0
        line, self.socket = self.socket, None
        return self.box.finish(line, kill)

    def run(
        self, exercise: Exercise, reading: names.Reading, script: Script, seconds: float
    ) -> tuple[tuple[bytes, bytes], list[dict[str, int]]]:
        """Return the worker's reply, and how often each call asked each callable; or raise `EndedError`."""
        functions = script.functions
        order = {
            "name": exercise.name,
            "pieces": [[p.cell, p.statement.line, p.statement.text, 0] for p in reading.pieces],
            "time_limit": seconds,
            "patience": exercise.patience,
        }
        asked: list[dict[str, int]] = [{} for _ in script.prepared.calls]
        if self.socket is None:
            self.socket = self.box.open()
        deadline = time.monotonic() + seconds * exercise.patience + GRACE
        latest = deadline + seconds  # whatever the answer asks for
        try:
            protocol.send_encoded(self.socket, protocol.encode(order) + script.calls, deadline)
            while True:
                data = protocol.receive_encoded(
                    self.socket, deadline, LARGEST_REPLY, protocol.LARGEST_TEXT
                )
                if not data[0].startswith(b',{"ask":', data[0].find(b"]") + 1):
                    return data, asked
                reply = protocol.decode(*data)
                began = time.monotonic()
                protocol.send(self.socket, _answer(reply, functions, asked), deadline)
                # The limit counts the student's own time.
                deadline = min(deadline + time.monotonic() - began, latest)
        except protocol.TooLateError:
            self.close(kill=True)
            raise EndedError("timeout", f"The time limit of {seconds:g} seconds ended it.") from None
        except protocol.ClosedError:
            raise self._ended() from None
        except (protocol.ProtocolError, wire.WireError) as error:
            self.close(kill=True)
            raise EndedError("crashed", f"The worker's report could not be read ({error}).") from None

    def facts(self) -> run.Facts | None:
        """Return what the worker says about the answer's code; None if it does not say."""
        if self.socket is None:
            return None
        try:
            deadline = time.monotonic() + GRACE
            protocol.send(self.socket, {"facts": True}, deadline)
            return wire.load_facts(protocol.receive(self.socket, deadline, 2**20)["facts"])
        except (protocol.TooLateError, protocol.ProtocolError, wire.WireError, KeyError, TypeError):
            self.close(kill=True)
            return None

    def _ended(self) -> EndedError:
        code = self.close(kill=True)
        if code == NOT_ENOUGH_MEMORY:
            return EndedError("crashed", "The answer used more memory than it may.")
        how = f"was ended by signal {-code}" if code < 0 else f"ended itself with exit code {code}"
        return EndedError("crashed", f"The process that ran this answer {how}.", code == -signal.SIGKILL)


def _answer(
    request: dict[str, Any], functions: tuple[run.Fn, ...], asked: list[dict[str, int]]
) -> dict[str, Any]:
    """Compute what a callable of the exercise gives for a student's arguments, and count the question."""
    try:
        fn, count = functions[request["ask"]], asked[request["call"]]
        args = [run.unpack(wire.load_node(a)) for a in request["args"]]
        kwargs = {str(k): run.unpack(wire.load_node(v)) for k, v in request["kwargs"]}
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise wire.WireError(f"no question: {error}") from None
    count[fn.name] = count.get(fn.name, 0) + 1
    if count[fn.name] > run.MAX_ASKED:
        raise wire.WireError(f"{fn.name} was asked more than {run.MAX_ASKED} times")
    try:
        return {"value": wire.dump_value(fn.f(*args, **kwargs), [])}
    except Exception as error:
        kind = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
        return {"raised": kind, "message": str(error)[: run.MAX_TEXT]}
