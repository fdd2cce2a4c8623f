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
from collections.abc import Sequence
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
        plain = (task for task in tasks if task.exercise.make_marks is None and task.reading.plain)
        first = next(plain, None)
        if first is None:
            return set()
        found: set[Task] = set()
        try:
            self._begin()
            found |= self._right([first])
            if found:  # else the submission needs a process of its own anyway, and the rest is left to that
                found |= self._right(list(plain))
        except (EndedError, SandboxError, protocol.ProtocolError, protocol.TooLateError):
            self.line.close(kill=True)
        return found

    def _begin(self) -> None:
        """Have the child forget the submission before; after many of them start another one."""
        if self.served == MOST:
            self.line.close()
        self.served = 1 if self.line.socket is None else self.served + 1
        protocol.send(self.line.opened(), {"plain": True}, time.monotonic() + SECONDS)

    def _right(self, tasks: Sequence[Task]) -> set[Task]:
        """Return the right ones of some tasks.

        Those that ask for more than what is known are run one by one, up to the first that is wrong.
        """
        replies = self.line.together(tasks, known=True)
        found = {task for task, reply in replies.items() if _is_right(task, reply)}
        left = [task for task in tasks if task not in found]
        if self.line.socket is None or not all(task.functions for task in left):
            return found
        for task in left:
            if not _is_right(task, self.line.run(replace(task, seconds=SECONDS))):
                break
            found.add(task)
        return found

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
