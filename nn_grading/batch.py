"""A whole run: find the submissions, leave out what is done, grade the rest, write what they leave."""

from __future__ import annotations

import contextlib
import csv
import gc
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from nn_grading import course as courses
from nn_grading import pool, report, results, sandbox
from nn_grading.bar import progress
from nn_grading.grade import STATUSES, Limits
from nn_grading.page import clean

TOGETHER = 16  # results that are written one after another
LONGEST_WAIT = 0.25  # seconds after which the next result is written at once


class BadRequestError(Exception):
    """The command's arguments make no sense together, or name what is not there."""


@dataclass(frozen=True)
class Request:
    """The command's arguments."""

    submitted: Path
    out: Path
    assignment: str | None = None
    student: str | None = None
    jobs: int = 1
    scheduler: str | None = None
    gradebook: str | None = None
    time_limit: float = 10.0
    memory_limit: int = 1024
    extra_time: Path | None = None
    dry_run: bool = False
    fresh_worker: bool = False
    unsafe: bool = False


def run(request: Request, out: TextIO) -> int:
    """Grade, tell `out`, and return the exit code: 0, or 1 where the operator must look at something."""
    started = time.monotonic()
    course = courses.load()
    _check(request, course)
    extra = _extra_time(request)
    try:
        found = results.find_submissions(request.submitted, course, request.assignment, request.student)
        places, strange = found
        if not request.dry_run:
            sandbox.probe(request.unsafe)
        ran = sandbox.describe(request.unsafe)
    except (sandbox.SandboxError, OSError) as error:
        print(error, file=out)
        return 1
    try:
        secret = b"dry run" if request.dry_run else courses.secret_of(course.root, request.out)
        run_ = _Run(request, replace(course, secret=secret), ran, places, out)
        if request.dry_run:
            return run_.dry(strange)
        return run_.whole(strange, extra, started)
    except OSError as error:
        print(f"\nStopped: {error}\nWhat is done is kept; start it again to go on.", file=out)
        return 1
    except sandbox.SandboxError as error:
        print(f"\nStopped: {error}", file=out)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What is done is kept; start it again to go on.", file=out)
        return 1


def _check(request: Request, course: courses.Course) -> None:
    if not request.submitted.is_dir():
        raise BadRequestError(
            f"{request.submitted} is no folder; SUBMITTED/<student>/<assignment>/ is expected"
        )
    if request.assignment is not None and request.assignment not in course.assignments:
        known = ", ".join(course.assignments)
        raise BadRequestError(f"no assignment is named {request.assignment!r}; the course has {known}")
    if request.student is not None and not (request.submitted / request.student).is_dir():
        raise BadRequestError(f"{request.submitted} has no folder of a student {request.student!r}")
    if request.out.exists() and not request.out.is_dir():
        raise BadRequestError(f"{request.out} is a file; a folder is expected")
    if request.out.resolve().is_relative_to(request.submitted.resolve()):
        raise BadRequestError(f"{request.out} lies inside {request.submitted}; choose a folder beside it")
    if request.gradebook is not None and "://" not in request.gradebook:
        raise BadRequestError(f"{request.gradebook!r} is no database address; sqlite:///PATH is expected")


def _extra_time(request: Request) -> dict[tuple[str, str], float]:
    if request.extra_time is None:
        return {}
    from nn_grading.lateness import read_extra_time

    try:
        return read_extra_time(request.extra_time)
    except (OSError, ValueError, csv.Error) as error:
        raise BadRequestError(f"--extra-time {request.extra_time}: {error}") from None


@contextlib.contextmanager
def _nothing_is_garbage() -> Iterator[None]:
    """Have Python look for no garbage: in syntax trees of thousands of parts that takes half the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Run:
    """One run over the places of submissions."""

    def __init__(
        self,
        request: Request,
        course: courses.Course,
        ran: str,
        places: list[results.Place],
        told: TextIO,
    ) -> None:
        self.request, self.course, self.places, self.told = request, course, places, told
        limits = f"{request.time_limit:g} s, {request.memory_limit} MB"
        self.out = results.Results(request.out, ran, limits)
        self.secret_name = hashlib.sha256(b"name" + course.secret).hexdigest()[:12]
        self.before: dict[results.Place, results.Record] = {}  # of orders that are under way
        self.done = 0
        self.faults: list[str] = []
        self.differences: list[str] = []

    def todo(self) -> Iterator[results.Order]:
        """Yield what is not done yet; what is done is only counted."""
        for place in self.places:
            assignment = self.course.assignments[place.assignment]
            order, before = self.out.order(place, assignment, self.secret_name)
            if order is None:
                self.done += 1
                continue
            if before is not None:
                self.before[place] = before
            yield order

    def dry(self, strange: list[str]) -> int:
        """Say what a run would do."""
        count = len(self.places)
        done = sum(1 for place in self.places if self.out.load(place.student, place.assignment))
        self._say(f"{count} submissions, {done} of them have results; {self.out.ran}. Nothing was graded.")
        for place in self.places[:20]:
            self._say(f"  {place.student}  {place.assignment}")
        if count > 20:
            self._say(f"  and {count - 20} more")
        self._warn_of(strange)
        return 0

    def whole(self, strange: list[str], extra: dict[tuple[str, str], float], started: float) -> int:
        """Grade, write, sum up; return the exit code."""
        self.request.out.mkdir(parents=True, exist_ok=True)
        self._say(f"{len(self.places)} submissions; {self.out.ran}; {self.out.limits} for one exercise")
        with _nothing_is_garbage():  # once, before processes are forked
            for name in {place.assignment for place in self.places}:
                courses.catalogue_version(self.course.assignments[name])
        graded = self._grade()
        summary = report.Summary()
        for record in self.out.write_grades(self.places):
            summary.add(record)
        look = self._fill_gradebook(extra)
        page = report.page(summary, self.course, self.out.ran, self.differences)
        results.write(self.request.out / "report.html", page)
        self._sum_up(summary, graded, time.monotonic() - started)
        self._warn_of(strange)
        if self.differences:
            self._say(f"look at: {len(self.differences)} marks differ from nbgrader's own run (report.html)")
        for fault in self.faults[:3]:
            self._say(f"a fault of the grader, please report it: {fault}")
        return 1 if look or strange or self.faults else 0

    def _grade(self) -> int:
        request = self.request
        setting = pool.Setting(
            self.course,
            Limits(request.time_limit, request.memory_limit),
            request.unsafe,
            request.fresh_worker,
        )
        orders = self.todo()
        if request.scheduler is None:
            stream = pool.run(setting, orders, min(request.jobs, max(len(self.places), 1)))
        else:
            from nn_grading import cluster

            stream = cluster.run(setting, orders, request.scheduler, request.jobs)
        graded, written = 0, time.monotonic()
        held: list[tuple[results.Order, results.Record | None]] = []
        with progress(len(self.places), self.told) as show:
            try:
                for kept in stream:
                    held.append(kept)
                    graded += 1
                    show(self.done + graded)
                    # One after another they are written in a third of the time: between two submissions
                    # the processor's caches forget this process.
                    if len(held) >= TOGETHER or time.monotonic() - written > LONGEST_WAIT:
                        self._keep(held)
                        written = time.monotonic()
            finally:
                self._keep(held)
            show(self.done + graded)
        return graded

    def _keep(self, held: list[tuple[results.Order, results.Record | None]]) -> None:
        """Write what is held, and empty the list."""
        while held:
            self._write(*held.pop(0))

    def _write(self, order: results.Order, record: results.Record | None) -> None:
        place = order.place
        assignment = self.course.assignments[place.assignment]
        before = self.before.pop(place, None)
        if record is None:
            message = "Grading this submission took the grader down."
            record = results.crashed(order.job(), assignment, message)
        elif "fault" in record:
            self.faults.append(f"{place.student}/{place.assignment}: {record['fault']}")
            message = "Grading this submission failed; the operator was told."
            record = results.crashed(order.job(), assignment, message)
        times = record["times"]
        self.faults += [f"{place.student}/{place.assignment}: {fault}" for fault in record.get("faults", ())]
        record = results.finished(record, before, assignment, self.out, self.secret_name)
        self.out.write(record)
        self.out.write_times(record, times)

    def _fill_gradebook(self, extra: dict[tuple[str, str], float]) -> bool:
        """Bring the gradebook up to the results; True where that failed."""
        if self.request.gradebook is None:
            return False
        from nn_grading import gradebook

        try:
            written, self.differences = gradebook.fill(
                self.request.gradebook, self.course, self.places, self.out, extra
            )
        except gradebook.GradebookError as error:
            self._say(f"The gradebook was not brought up to date: {error}\nStart it again to go on.")
            return True
        self._say(f"gradebook: {written} submissions brought up to date")
        return False

    def _sum_up(self, summary: report.Summary, graded: int, seconds: float) -> None:
        per = f", {seconds / graded * 1000:.0f} ms each" if graded else ""
        self._say(f"{graded} graded, {self.done} were done before; {seconds:.1f} s{per}")
        counts = ", ".join(f"{summary.statuses[s]} {s}" for s in STATUSES if summary.statuses[s])
        self._say(f"exercises: {counts or 'none'}")
        for reason, names in summary.need_a_person().items():
            self._say(f"look at: {reason}: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}")

    def _warn_of(self, strange: list[str]) -> None:
        if strange:
            names = ", ".join(strange[:20]) + (" …" if len(strange) > 20 else "")
            self._say(f"not graded, since no assignment has the folder's name or it cannot be read: {names}")

    def _say(self, text: str) -> None:
        # Names of folders are students' text: a terminal would obey what is in them.
        encoding = self.told.encoding or "utf-8"
        print(clean(text.encode(encoding, "backslashreplace").decode(encoding)), file=self.told, flush=True)
