"""One answer to run, and what the worker said of it."""

from __future__ import annotations

from dataclasses import dataclass

from nn_exercises import run
from nn_exercises.exercise import Exercise
from nn_grading import names, protocol
from nn_grading.scripts import Halves, Script


@dataclass(frozen=True, eq=False)
class Task:
    """One answer to run: one reading of it, the calls to make, and the time for all of them."""

    exercise: Exercise
    reading: names.Reading
    script: Script
    own: Script
    seconds: float

    def order(self, known: bool = False) -> bytes:
        """Return the messages that have it run; with what callables will say where that is to be known."""
        flags = self.reading.flags
        order = {
            "name": self.exercise.name,
            "pieces": [[p.cell, p.statement.line, p.statement.text, flags] for p in self.reading.pieces],
            "time_limit": self.seconds,
            "patience": self.exercise.patience,
            "own": self.own.messages,
        }
        if known and self.functions:
            return protocol.encode(order | {"known": self.own.known}) + self.script.calls_known
        return protocol.encode(order) + self.script.calls

    @property
    def due(self) -> list[Halves]:
        """The reply of an answer that does what the reference does, to the bit."""
        return [part.due for part in (self.script, self.own) if part.messages]

    def is_due(self, reply: Reply) -> bool:
        """Tell whether a reply is that of the reference, to the bit."""
        if reply.data != self.due or self.exercise.make_marks is not None:
            return False
        expected = (*self.script.prepared.expected, *self.own.prepared.expected)
        return reply.asked is None or all(
            with_count(o, n) is o for o, n in zip(expected, reply.asked, strict=True)
        )

    def outcomes(self, reply: Reply) -> tuple[list[run.Outcome], list[run.Outcome]]:
        """Return what the set's calls did, and what the submission's own one."""
        found = self.script.load(protocol.decode(*reply.data[0])["outcomes"])
        own = self.own.load(protocol.decode(*reply.data[1])["outcomes"] if self.own.messages else [])
        if reply.asked is None:
            return found, own
        counted = [with_count(o, n) for o, n in zip([*found, *own], reply.asked, strict=True)]
        return counted[: len(found)], counted[len(found) :]

    @property
    def functions(self) -> tuple[run.Fn, ...]:
        """The callables that the answer may ask."""
        return self.own.functions or self.script.functions


@dataclass
class Reply:
    """What the worker said: about the set's cases and the submission's own one, or the problem it had.

    `asked` counts for each call how often it asked each callable; None where it could not ask.
    """

    data: list[Halves]
    asked: list[dict[str, int]] | None


def with_count(outcome: run.Outcome, served: dict[str, int]) -> run.Outcome:
    """Return the outcome with the calls that were really made of each callable, whatever the worker says."""
    if all(0 <= outcome.asked.get(name, 0) <= count for name, count in served.items()) and (
        set(outcome.asked) <= set(served) or not any(outcome.asked.values())
    ):
        return outcome
    return run.Outcome(
        **{f: getattr(outcome, f) for f in run.Outcome.__dataclass_fields__} | {"asked": served}
    )
