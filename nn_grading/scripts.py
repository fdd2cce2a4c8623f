"""An exercise's calls, ready to be sent, and what the reference does on them.

Making them takes longer than running them, so each exercise has a few secret sets of cases, and a submission
is given one. Besides it is given one case of its own, drawn for it alone, so that nobody is right who has
merely learned a set by heart.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
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
    known: dict[str, Any] = field(default_factory=dict)  # what the reference asks of callables, and is told
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

    @cached_property
    def calls_known(self) -> bytes:
        """The calls, encoded, with what their callables will say."""
        again = list(self.prepared.again)
        return protocol.encode({"calls": self.messages, "again": again, "known": self.known})

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


@dataclass(frozen=True)
class Recorder(run.Fn):
    """A callable that keeps in `known` what it is asked and says; `index` is its place in a script."""

    index: int
    known: dict[str, Any]

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Return what it says."""
        question = wire.question(self.index, *wire.dump_arguments(args, kwargs))
        value = super().call(*args, **kwargs)
        self.known[question] = wire.dump_value(value, [])
        return value


def _recorded(value: Any, places: Iterator[int], known: dict[str, Any]) -> Any:
    """Return an argument whose callables are recorded; they are met in the order of `wire.dump_value`."""
    if isinstance(value, run.Fn):
        return Recorder(value.name, value.f, next(places), known)
    if isinstance(value, tuple | list):
        return type(value)(_recorded(v, places, known) for v in value)
    if isinstance(value, dict):
        return {k: _recorded(v, places, known) for k, v in value.items()}
    return value


def _recorded_call(call: run.Call, places: Iterator[int], known: dict[str, Any]) -> run.Call:
    return run.Call(_recorded(call.args, places, known), _recorded(call.kwargs, places, known))


def _script(
    prepared: judging.Prepared, functions: list[run.Fn], known: dict[str, Any] | None = None
) -> Script:
    messages = [_message(call, functions) for call in prepared.calls]
    outcomes = [wire.dump_outcome(outcome) for outcome in prepared.expected]
    due = protocol.halves(protocol.encode({"outcomes": outcomes}))
    return Script(prepared, messages, tuple(functions), due, known=known or {})


def _message(call: run.Call, functions: list[run.Fn]) -> list[Any]:
    return [
        [wire.dump_value(a, functions) for a in call.args],
        [[k, wire.dump_value(v, functions)] for k, v in call.kwargs.items()],
    ]


NONE = _script(judging.Prepared(None, 0, (), (), (), ()), [])  # no calls at all


def make(exercise: Exercise, seed: int) -> Script:
    """Return the script of an exercise for one seed."""
    script = _script(judging.prepare_once(exercise, seed), [])
    calls = protocol.encode({"calls": script.messages, "again": list(script.prepared.again)})
    known: dict[str, Any] = {}
    if script.functions and exercise.make_marks is None:
        places = itertools.count()
        asking = [_recorded_call(call, places, known) for call in script.prepared.calls]
        run.run(exercise.reference, asking, time_limit=60.0)
    return replace(script, calls=calls, known=known)


@lru_cache(maxsize=512)
def script_of(name: str, seed: int) -> Script:
    """Return the script of an exercise for one seed (remembered)."""
    return make(EXERCISES[name], seed)


def own_cases(drawn: Sequence[tuple[Script, int]]) -> list[Script]:
    """Return a script of one case for each script and seed, drawn for one submission alone.

    It is one of none where all cases of the exercise are fixed.
    """
    cases = [_own_case(script, seed) for script, seed in drawn]
    known: list[dict[str, Any]] = [{} for _ in drawn]
    pairs = [
        (
            script.prepared.exercise.reference,
            _recorded_call(run.Call(case.args, case.kwargs), itertools.count(len(script.functions)), said),
        )
        for (script, _), case, said in zip(drawn, cases, known, strict=True)
        if case is not None
    ]
    outcomes = iter(run.run_several(pairs, time_limit=60.0))
    found = []
    for (script, seed), case, said in zip(drawn, cases, known, strict=True):
        if case is None:
            found.append(NONE)
            continue
        calls = (run.Call(case.args, case.kwargs),)
        own = judging.Prepared(script.prepared.exercise, seed, (case,), calls, (), (next(outcomes),))
        found.append(_script(own, list(script.functions), said))
    return found


def _own_case(script: Script, seed: int) -> Case | None:
    exercise = script.prepared.exercise
    place = script.own_place if exercise.make_marks is None else None
    if place is None:
        return None
    return next(itertools.islice(exercise.make_cases(np.random.default_rng(seed)), place, None))
