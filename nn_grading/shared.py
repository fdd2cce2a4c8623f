"""One child for the plain answers of many submissions.

A process of its own costs a submission more than its answers do, and code that can do nothing but compute
needs none. What is said here counts only where it is right. Anything else, be it wrong, late or odd, says
nothing: that answer is run again in a process of its submission's own. So the worst that a hole in `plain`
could do, or a bug of Python's that plain code can reach, is to hand right answers from one submission to
another.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from nn_exercises import judge as judging
from nn_grading import protocol
from nn_grading.line import EndedError, Line
from nn_grading.sandbox import Sandbox, SandboxError
from nn_grading.task import Reply, Task

MOST = 256  # submissions of one child
SECONDS = 1.0  # for one answer that asks


class Shared:
    """The line to the child, which is started when there is something to run, and again where it ended."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.line = Line(box)
        self.served = 0

    def right(self, tasks: Sequence[Task]) -> set[Task]:
        """Return those of a submission's tasks that are found right here."""
        plain = [task for task in tasks if task.reading.plain and task.exercise.make_marks is None]
        if not plain:
            return set()
        found: set[Task] = set()
        try:
            self._begin()
            replies = self.line.together(plain, known=True)
            found = {task for task, reply in replies.items() if _is_right(task, reply)}
            left = [task for task in plain if task not in found]
            # Where one that asks for nothing is wrong, the submission needs a process of its own anyway.
            if self.line.socket is not None and all(task.functions for task in left):
                for task in self._asking(left):
                    found.add(task)
        except (EndedError, SandboxError, protocol.ProtocolError, protocol.TooLateError):
            self.line.close(kill=True)
        return found

    def _begin(self) -> None:
        """Have the child forget the submission before; after many of them start another one."""
        if self.served == MOST:
            self.line.close()
        self.served = 1 if self.line.socket is None else self.served + 1
        protocol.send(self.line.opened(), {"plain": True}, time.monotonic() + SECONDS)

    def _asking(self, tasks: Sequence[Task]) -> Iterator[Task]:
        """Yield those that are right of tasks that ask for what is not known, up to the first that is not."""
        for task in tasks:
            reply = self.line.run(replace(task, seconds=SECONDS))
            if not _is_right(task, reply):
                return
            yield task

    def close(self) -> None:
        """End the child and its sandbox."""
        self.line.close(kill=True)
        self.box.close()


def _is_right(task: Task, reply: Reply) -> bool:
    """Tell whether an answer earned all its points, on the set's cases and on the submission's own."""
    if task.is_due(reply):
        return True
    try:
        parts = zip((task.script, task.own), task.outcomes(reply), strict=True)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return all(judging.judge(part.prepared, said).passed for part, said in parts if part.messages)
    except Exception:  # no outcomes, or a fault in judging them: it is told where the answer is run again
        return False
