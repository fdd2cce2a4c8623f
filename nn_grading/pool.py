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
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nn_exercises import judge
from nn_exercises.run import state_kept
from nn_grading import protocol, scripts
from nn_grading.course import Course
from nn_grading.grade import Job, Limits, Record, grade
from nn_grading.results import Order, Place
from nn_grading.sandbox import Sandbox, SandboxError
from nn_grading.shared import Shared

AHEAD = 0.1  # seconds; whoever was quicker gets one order more, and need not wait while results are written
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
    """Grade submissions one after another in this process, in sandboxes that are started when needed."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.box = Sandbox(setting.limits.memory, setting.unsafe)
        self.shared = None if setting.fresh else Shared(Sandbox(setting.limits.memory, setting.unsafe))
        self._assignment = ""

    def grade(self, job: Job) -> Record:
        """Return the record of one submission."""
        if job.assignment != self._assignment:
            # Cases and known mistakes of the last chapter are not needed again.
            self._assignment = job.assignment
            forget()
        try:
            with state_kept():
                return grade(self.setting.course, job, self.box, self.setting.limits, self.shared)
        finally:
            if self.setting.fresh:
                self.box.close()

    def close(self) -> None:
        """End the sandboxes."""
        self.box.close()
        if self.shared is not None:
            self.shared.close()


def forget() -> None:
    """Drop what the engine remembers of cases, references and known mistakes."""
    scripts.script_of.cache_clear()
    judge.forget()


class _Process:
    """One grading process, the order it is at, and maybe one that lies there already."""

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
        self.orders: deque[Order] = deque()
        self.began = 0.0  # when it came to the first of them
        self.quick = False  # whether it was with the last one

    def give(self, order: Order) -> None:
        if not self.orders:
            self.began = time.monotonic()
        self.orders.append(order)
        with contextlib.suppress(protocol.ClosedError):  # it is found dead when its answer is read
            protocol.send(self.line, _pack(order), time.monotonic() + 60)

    def done(self) -> Order:
        """Return the order that it is at and has done."""
        now = time.monotonic()
        self.quick, self.began = now - self.began < AHEAD, now
        return self.orders.popleft()

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
            job = _unpack(protocol.receive(line)).job()
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


def _pack(order: Order) -> dict[str, Any]:
    place = order.place
    only = None if order.only is None else sorted(order.only)
    return {"place": [place.student, place.assignment, str(place.submitted)], "only": only, "key": order.key}


def _unpack(message: dict[str, Any]) -> Order:
    student, assignment, submitted = message["place"]
    only = message["only"]
    place = Place(student, assignment, Path(submitted))
    return Order(place, None if only is None else frozenset(only), message["key"])


def run(setting: Setting, orders: Iterator[Order], processes: int) -> Iterator[tuple[Order, Record | None]]:
    """Yield each order with its record as it is done; None for one that took down `ATTEMPTS` processes."""
    orders = iter(orders)
    crew: list[_Process] = []
    again: list[Order] = []
    attempts: dict[Place, int] = {}
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
        while len(process.orders) < 1 + process.quick:
            order = again.pop() if again else next(orders, None)
            if order is None:
                break
            process.give(order)

    def replace(process: _Process) -> Iterator[tuple[Order, None]]:
        """Have a lost process's work done by another one."""
        dismiss(process)
        hire()
        lost, *left = process.orders
        again.extend(left)
        yield from _lost(lost, attempts, again)
        supply(crew[-1])

    try:
        for _ in range(processes):
            hire()
            supply(crew[-1])
            if not crew[-1].orders:
                break
        while any(process.orders for process in crew):
            for key, _ in selector.select(1.0):
                process = key.data
                if process not in crew or not process.orders:
                    continue
                try:
                    reply = protocol.receive(process.line, time.monotonic() + 60, LARGEST)
                except (protocol.ProtocolError, protocol.TooLateError):
                    reply = None
                if reply is None:
                    yield from replace(process)
                elif "fatal" in reply:
                    raise SandboxError(reply["fatal"])
                else:
                    order = process.done()
                    supply(process)
                    yield order, {"fault": reply["fault"]} if "fault" in reply else reply["record"]
            now = time.monotonic()
            for process in [p for p in crew if p.orders and now > p.began + _patience(setting, p.orders[0])]:
                yield from replace(process)
    finally:
        for process in list(crew):
            dismiss(process)
        selector.close()


def _lost(order: Order, attempts: dict[Place, int], again: list[Order]) -> Iterator[tuple[Order, None]]:
    """Have a lost order done again, or give it up."""
    attempts[order.place] = attempts.get(order.place, 0) + 1
    if attempts[order.place] >= ATTEMPTS:
        yield order, None
    else:
        again.append(order)


def _patience(setting: Setting, order: Order) -> float:
    """Return after how many seconds a process that says nothing is taken for lost."""
    exercises = setting.course.assignments[order.place.assignment].exercises
    return 120 + 3 * sum(setting.limits.seconds(e) * e.patience for e in exercises)
