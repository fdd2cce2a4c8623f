"""The line to one submission's child in the sandbox: what is sent, what comes back, how it ended."""

from __future__ import annotations

import signal
import socket
import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from nn_exercises import run
from nn_grading import protocol, wire
from nn_grading.sandbox import Sandbox
from nn_grading.scripts import Halves
from nn_grading.task import Reply, Task
from nn_grading.worker import NOT_ENOUGH_MEMORY

LARGEST_REPLY = 32 * 2**20
LARGEST_QUESTION = 2**20  # bytes: what an answer asks for is computed out here, at the course's cost
GRACE = 1.0  # seconds in which the worker may still report that the time was up
FACTS_SECONDS = 5.0  # in which it may say what an answer's code looks like, also on a busy machine
# What several answers together may take before they are run one by one: they share one way there and back.
TOGETHER_SECONDS = 1.0
TOGETHER_BYTES = 2**17  # sent; less than a socket holds, so that nobody waits for anybody


class EndedError(Exception):
    """The worker ended before it answered; `status` and `message` say how.

    `killed` is True where something outside may have killed it: then the answer is run again.
    """

    def __init__(self, status: str, message: str, killed: bool = False) -> None:
        super().__init__(message)
        self.status, self.message, self.killed = status, message, killed


class Line:
    """The line to one submission's child; a new child is forked where the last one ended."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.socket: socket.socket | None = None

    def close(self, kill: bool = False) -> int:
        """End the child; return its exit code."""
        if self.socket is None:
            return 0
        line, self.socket = self.socket, None
        return self.box.finish(line, kill)

    def opened(self) -> socket.socket:
        """Return the line to a child that is there, or just forked."""
        if self.socket is None:
            self.socket = self.box.open()
        return self.socket

    def together(self, tasks: Sequence[Task], known: bool = False) -> dict[Task, Reply]:
        """Return the replies to those tasks that can be run in one go: quick ones that ask for nothing.

        With `known`, those that ask are told beforehand what the reference is told; to ask for anything else
        is an error then, and how often an answer asks is what the child says.

        Where anything is out of the ordinary, none is returned but those that are right to the bit, and the
        child is ended.
        """
        chosen, sent = [], bytearray()
        for task in tasks:
            order = task.order(known)
            if len(sent) + len(order) <= TOGETHER_BYTES:
                chosen.append(task)
                sent += order
        replies: dict[Task, Reply] = {}
        try:
            line = self.opened()  # which may take its time: the clock starts after it
            deadline = time.monotonic() + TOGETHER_SECONDS
            protocol.send_encoded(line, bytes(sent), deadline)
            left = LARGEST_REPLY
            for task in chosen:
                asked = None if known and task.functions else _nobody(task)
                reply = Reply(self._reply(task, deadline, left), asked)
                left -= sum(len(half) for halves in reply.data for half in halves)
                replies[task] = reply
        except (protocol.TooLateError, protocol.ProtocolError):
            self.close(kill=True)
            return {task: reply for task, reply in replies.items() if task.is_due(reply)}
        return replies

    def _reply(self, task: Task, deadline: float, largest: int = LARGEST_REPLY) -> list[Halves]:
        """Return the next reply, which is no question."""
        found = [protocol.receive_encoded(self.socket, deadline, largest, protocol.LARGEST_TEXT)]
        if task.own.messages and _starts(found[0], b'{"outcomes":'):
            found.append(protocol.receive_encoded(self.socket, deadline, largest, protocol.LARGEST_TEXT))
        return found

    def run(self, task: Task) -> Reply:
        """Return the worker's reply to one task, whose questions are answered; or raise `EndedError`."""
        seconds, asked = task.seconds, _nobody(task)
        line = self.opened()
        deadline = time.monotonic() + seconds * task.exercise.patience + GRACE
        latest = deadline + seconds  # whatever the answer asks for
        try:
            protocol.send_encoded(line, task.order(), deadline)
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # they are about a student's numbers
                while True:
                    data = self._reply(task, deadline)
                    if not _starts(data[0], b'{"ask":'):
                        return Reply(data, asked)
                    if sum(map(len, data[0])) > LARGEST_QUESTION:
                        raise wire.WireError(f"a question of more than {LARGEST_QUESTION:,} bytes")
                    began = time.monotonic()
                    reply = _answer(protocol.decode(*data[0]), task.functions, asked)
                    protocol.send(line, reply, deadline)
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

    def facts(self, task: Task) -> run.Facts | None:
        """Return what the worker says about an answer's code; None if it does not say."""
        if self.socket is None:
            return None
        try:
            deadline = time.monotonic() + FACTS_SECONDS
            protocol.send(self.socket, {"facts": task.exercise.name}, deadline)
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


def _starts(data: Halves, beginning: bytes) -> bool:
    return data[0].startswith(b"," + beginning, data[0].find(b"]") + 1)


def _nobody(task: Task) -> list[dict[str, int]]:
    return [{} for _ in range(len(task.script.messages) + len(task.own.messages))]


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
        return {"value": wire.dump_value(fn.call(*args, **kwargs), [])}
    except Exception as error:
        kind = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
        return {"raised": kind, "message": str(error)[: run.MAX_TEXT]}
