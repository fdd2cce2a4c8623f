"""Several processes on one machine, each with its own sandbox; a lost one is replaced."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nn_exercises import judge
from nn_exercises.run import state_kept
from nn_grading import protocol, scripts
from nn_grading.course import Course
from nn_grading.grade import Job, Limits, Record, grade
from nn_grading.sandbox import Sandbox, SandboxError

ATTEMPTS = 3  # processes that a submission may take down before it is left as crashed
LARGEST = 64 * 2**20


@dataclass
class Setting:
    """How submissions are graded: the course, the limits, and the kind of sandbox."""

    course: Course
    limits: Limits = field(default_factory=Limits)
    unsafe: bool = False
    fresh: bool = False  # a new sandbox for every submission


class Grader:
    """Grade submissions one after another in this process, in a sandbox that is started when needed."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.box = Sandbox(setting.limits.memory, setting.unsafe)
        self._assignment = ""

    def grade(self, job: Job) -> Record:
        """Return the record of one submission."""
        if job.assignment != self._assignment:
            # Cases and known mistakes of the last chapter are not needed again.
            self._assignment = job.assignment
            forget()
        try:
            with state_kept():
                return grade(self.setting.course, job, self.box, self.setting.limits)
        finally:
            if self.setting.fresh:
                self.box.close()

    def close(self) -> None:
        """End the sandbox."""
        self.box.close()


def forget() -> None:
    """Drop what the engine remembers of cases, references and known mistakes."""
    scripts.script_of.cache_clear()
    judge.forget()


class _Process:
    """One grading process and the job it is at."""

    def __init__(self, setting: Setting, others: list[_Process]) -> None:
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            with contextlib.suppress(BaseException):
                ours.close()
                for other in others:
                    other.line.close()
                _work(setting, theirs)
            os._exit(0)
        theirs.close()
        self.line = ours
        self.job: Job | None = None
        self.late = 0.0

    def give(self, job: Job, seconds: float) -> None:
        self.job = job
        self.late = time.monotonic() + seconds
        with contextlib.suppress(protocol.ClosedError):  # it is found dead when its answer is read
            protocol.send(self.line, _pack(job), time.monotonic() + 60)

    def end(self) -> None:
        self.line.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def _work(setting: Setting, line: socket.socket) -> None:
    """Grade what comes over `line` until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: not longer than the run
    gc.freeze()
    grader = Grader(setting)
    kept = contextlib.ExitStack()
    kept.enter_context(state_kept())  # once: nobody else's random numbers are in this process
    try:
        while True:
            job = _unpack(protocol.receive(line))
            try:
                reply: dict[str, Any] = {"record": grader.grade(job)}
            except SandboxError as error:
                reply = {"fatal": str(error)}
            except Exception:  # a fault of this project: say so, and let the rest go on
                reply = {"fault": traceback.format_exc(limit=-4)}
            protocol.send(line, reply, time.monotonic() + 60)
    except protocol.ClosedError:
        pass
    finally:
        grader.close()


def _pack(job: Job) -> dict[str, Any]:
    return {**vars(job), "remarks": list(job.remarks), "only": None if job.only is None else sorted(job.only)}


def _unpack(message: dict[str, Any]) -> Job:
    only = message["only"]
    return Job(
        **{
            **message,
            "remarks": tuple(message["remarks"]),
            "only": None if only is None else frozenset(only),
        }
    )


def run(setting: Setting, jobs: Iterator[Job], processes: int) -> Iterator[tuple[Job, Record | None]]:
    """Yield each job with its record as it is done; None for a job that took down `ATTEMPTS` processes."""
    jobs = iter(jobs)
    crew: list[_Process] = []
    again: list[Job] = []
    attempts: dict[tuple[str, str], int] = {}
    selector = selectors.DefaultSelector()

    def hire() -> None:
        process = _Process(setting, crew)
        crew.append(process)
        selector.register(process.line, selectors.EVENT_READ, process)

    def dismiss(process: _Process) -> None:
        selector.unregister(process.line)
        crew.remove(process)
        process.end()

    def supply(process: _Process) -> None:
        process.job = None
        job = again.pop() if again else next(jobs, None)
        if job is not None:
            process.give(job, _patience(setting, job))

    try:
        for _ in range(processes):
            hire()
            supply(crew[-1])
            if crew[-1].job is None:
                break
        while any(process.job for process in crew):
            for key, _ in selector.select(1.0):
                process = key.data
                if process not in crew or process.job is None:
                    continue
                job = process.job
                try:
                    reply = protocol.receive(process.line, time.monotonic() + 60, LARGEST)
                except (protocol.ProtocolError, protocol.TooLateError):
                    reply = None
                if reply is None:
                    dismiss(process)
                    hire()
                    yield from _lost(job, attempts, again)
                    supply(crew[-1])
                elif "fault" in reply:
                    supply(process)
                    yield job, {"fault": reply["fault"]}
                elif "fatal" in reply:
                    raise SandboxError(reply["fatal"])
                else:
                    supply(process)
                    yield job, reply["record"]
            for process in [p for p in crew if p.job and time.monotonic() > p.late]:
                job = process.job
                dismiss(process)
                hire()
                yield from _lost(job, attempts, again)
                supply(crew[-1])
    finally:
        for process in list(crew):
            dismiss(process)
        selector.close()


def _lost(job: Job, attempts: dict[tuple[str, str], int], again: list[Job]) -> Iterator[tuple[Job, None]]:
    """Have a lost job done again, or give it up."""
    key = (job.student, job.assignment)
    attempts[key] = attempts.get(key, 0) + 1
    if attempts[key] >= ATTEMPTS:
        yield job, None
    else:
        again.append(job)


def _patience(setting: Setting, job: Job) -> float:
    """Return after how many seconds a process that says nothing is taken for lost."""
    exercises = setting.course.assignments[job.assignment].exercises
    return 120 + 3 * sum(setting.limits.seconds(e) * e.patience for e in exercises)
