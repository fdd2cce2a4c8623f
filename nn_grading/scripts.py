"""An exercise's calls, ready to be sent, and what the reference does on them.

Making them takes longer than running them, so each exercise has a few secret sets of cases, and a submission
is given one. Besides it is given one case of its own, drawn for it alone, so that nobody is right who has
merely learned a set by heart.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from nn_exercises import EXERCISES, run
from nn_exercises import judge as judging
from nn_exercises.exercise import Case, Exercise
from nn_grading import protocol, wire

LOOKED_AT = 8  # cases among which one is sought that differs from seed to seed

Halves = tuple[bytes, bytes]  # a message as `protocol.decode` takes it


@dataclass(frozen=True)
class Script:
    """Calls as messages, and the reference's outcomes as they arrive."""

    prepared: judging.Prepared
    messages: list[Any]
    functions: tuple[run.Fn, ...]
    due: Halves  # the whole reply of an answer that does what the reference does, to the bit
    calls: bytes = b""  # the calls, encoded
    told: dict[bytes, Any] = field(default_factory=dict)  # results of wrong answers, by all that decides them

    @cached_property
    def expected(self) -> list[Any]:
        """The reference's outcomes as messages."""
        return protocol.decode(*self.due)["outcomes"]

    @cached_property
    def own_place(self) -> int | None:
        """The case that a submission's own one is drawn as, None where no ordinary one differs by seed.

        It is an early one that is not large.
        """
        exercise = self.prepared.exercise
        others = exercise.make_cases(judging.generator(exercise, self.prepared.seed + 1))
        sizes = {
            place: len(protocol.encode(wire.dump_outcome(self.prepared.expected[place])))
            for place, (case, like) in enumerate(zip(others, self.messages[:LOOKED_AT], strict=False))
            if case.group == "values"
            and case.raises is None
            and _message(run.Call(case.args, case.kwargs), []) != like
        }
        return next((place for place in sizes if sizes[place] <= 2 * min(sizes.values())), None)

    def load(self, messages: Any) -> list[run.Outcome]:
        """Return the outcomes of a reply; one that equals the reference's to the bit *is* the reference's."""
        known = zip(messages, self.expected, self.prepared.expected, strict=True)
        return [
            outcome if message == like else wire.load_outcome(message) for message, like, outcome in known
        ]

    def with_own(self, own: Script) -> judging.Prepared:
        """Return the cases of the set and a submission's own ones together."""
        a, b = self.prepared, own.prepared
        joined = {name: getattr(a, name) + getattr(b, name) for name in ("cases", "calls", "expected")}
        return replace(a, **joined, remembered={})


def _script(prepared: judging.Prepared, functions: list[run.Fn]) -> Script:
    messages = [_message(call, functions) for call in prepared.calls]
    outcomes = [wire.dump_outcome(outcome) for outcome in prepared.expected]
    due = protocol.halves(protocol.encode({"outcomes": outcomes}))
    return Script(prepared, messages, tuple(functions), due)


def _message(call: run.Call, functions: list[run.Fn]) -> list[Any]:
    return [
        [wire.dump_value(a, functions) for a in call.args],
        [[k, wire.dump_value(v, functions)] for k, v in call.kwargs.items()],
    ]


NONE = _script(judging.Prepared(None, 0, (), (), (), ()), [])  # no calls at all


def make(exercise: Exercise, seed: int) -> Script:
    """Return the script of an exercise for one seed."""
    script = _script(judging.prepare_once(exercise, seed), [])
    calls = {"calls": script.messages, "again": list(script.prepared.again)}
    return replace(script, calls=protocol.encode(calls))


@lru_cache(maxsize=512)
def script_of(name: str, seed: int) -> Script:
    """Return the script of an exercise for one seed (remembered)."""
    return make(EXERCISES[name], seed)


def own_cases(drawn: Sequence[tuple[Script, int]]) -> list[Script]:
    """Return a script of one case for each script and seed, drawn for one submission alone.

    It is one of none where all cases of the exercise are fixed.
    """
    cases = [_own_case(script, seed) for script, seed in drawn]
    calls = [None if case is None else run.Call(case.args, case.kwargs) for case in cases]
    pairs = [
        (script.prepared.exercise.reference, c) for (script, _), c in zip(drawn, calls, strict=True) if c
    ]
    outcomes = iter(run.run_several(pairs, time_limit=60.0))
    found = []
    for (script, seed), case, call in zip(drawn, cases, calls, strict=True):
        if call is None:
            found.append(NONE)
            continue
        own = judging.Prepared(script.prepared.exercise, seed, (case,), (call,), (), (next(outcomes),))
        found.append(_script(own, list(script.functions)))
    return found


def _own_case(script: Script, seed: int) -> Case | None:
    exercise = script.prepared.exercise
    place = script.own_place if exercise.make_marks is None else None
    if place is None:
        return None
    return next(itertools.islice(exercise.make_cases(np.random.default_rng(seed)), place, None))
