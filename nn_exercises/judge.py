"""Judge what an answer did: a verdict for every case, then points by groups of cases.

A pure function of data: the exercise, its cases, what the reference did and what the answer did.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nn_exercises.compare import Fault, Rules, compare, name_of, numbers, same
from nn_exercises.exercise import Case, Exercise
from nn_exercises.run import Call, Node, Outcome, Rng, pack, run, unpack

NOTEBOOK_SEED = 2026  # the notebook's cases are always these; official grading has its own seeds
TIME_LIMIT = 10.0  # seconds for all calls of one answer
MOST_ENTRIES = 1_000_000  # of a value that is judged by what can be done with it
AGAIN = 4  # calls that are made twice


@dataclass(frozen=True)
class Prepared:
    """An exercise with its cases drawn from one seed, and what the reference does on them."""

    exercise: Exercise
    seed: int
    cases: tuple[Case, ...]
    calls: tuple[Call, ...]
    again: tuple[int, ...]
    expected: tuple[Outcome, ...]
    remembered: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)  # by the diagnosis

    @property
    def time_limit(self) -> float:
        """Seconds for all calls of one answer."""
        return self.exercise.time_limit or TIME_LIMIT

    @functools.cached_property
    def changeable(self) -> tuple[bool, ...]:
        """Whether each case has arguments that an answer could change."""
        return tuple(any(_mutable(a) for a in (*c.args, *c.kwargs.values())) for c in self.cases)

    def run(self, function: Any, *, time_limit: float | None = None) -> list[Outcome]:
        """Run an answer on the cases, in this process."""
        limit = self.time_limit if time_limit is None else time_limit
        return run(function, self.calls, again=self.again, time_limit=limit, patience=self.exercise.patience)


@dataclass(frozen=True)
class Verdict:
    """One case's verdict: `fault` counts for the case's group, `purity` for the group of that name."""

    fault: Fault | None
    purity: Fault | None = None


@dataclass(frozen=True)
class Judgement:
    """All verdicts, the groups that hold, and the score."""

    verdicts: tuple[Verdict, ...]
    groups: dict[str, bool]
    score: float
    attempted: bool

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong anywhere."""
        return self.attempted and all(self.groups.values())


def generator(exercise: Exercise, seed: int) -> np.random.Generator:
    """Return the generator that draws the cases of an exercise from a seed."""
    return np.random.default_rng([seed, *exercise.name.encode()])


def prepare_once(exercise: Exercise, seed: int) -> Prepared:
    """Draw the cases of an exercise from a seed and run the reference on them."""
    cases = tuple(exercise.make_cases(generator(exercise, seed)))
    calls = tuple(Call(c.args, c.kwargs) for c in cases)
    again = _spread(cases) if exercise.repeat else ()
    if exercise.make_marks is not None:  # judged without an expected value, and the reference takes seconds
        return Prepared(exercise, seed, cases, calls, again, tuple(Outcome("skipped") for _ in calls))
    expected = run(exercise.reference, calls, again=again, time_limit=60.0)
    return Prepared(exercise, seed, cases, calls, again, tuple(expected))


@functools.lru_cache(maxsize=128)
def _prepare(key: _ByIdentity, seed: int) -> Prepared:
    return prepare_once(key.exercise, seed)


@dataclass(frozen=True)
class _ByIdentity:
    exercise: Exercise

    def __hash__(self) -> int:
        return id(self.exercise)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and self.exercise is other.exercise


def prepare(exercise: Exercise, seed: int = NOTEBOOK_SEED) -> Prepared:
    """Draw the cases of an exercise from a seed and run the reference on them (remembered)."""
    return _prepare(_ByIdentity(exercise), seed)


def forget() -> None:
    """Forget all prepared cases, and with them what the diagnosis remembers."""
    _prepare.cache_clear()


def _spread(cases: Sequence[Case]) -> tuple[int, ...]:
    """Choose the calls to make twice: those with generators first, then a few over the whole list."""
    usable = [i for i, c in enumerate(cases) if c.raises is None]
    random = [
        i for i in usable if any(isinstance(a, Rng) for a in (*cases[i].args, *cases[i].kwargs.values()))
    ]
    step = max(1, len(usable) // AGAIN)
    return tuple(dict.fromkeys([*random[:AGAIN], *usable[::step][:AGAIN]]))


def judge(prepared: Prepared, outcomes: Sequence[Outcome]) -> Judgement:
    """Return the verdict on every case, and the points."""
    exercise = prepared.exercise
    if exercise.make_marks is not None:
        return _judge_together(prepared, outcomes)
    ignores = _ignores_generators(prepared.expected, outcomes)
    verdicts = tuple(
        _verdict(exercise, c, e, o, ignores=ignores)
        for c, e, o in zip(prepared.cases, prepared.expected, outcomes, strict=True)
    )
    attempted = _attempted(outcomes)
    groups: dict[str, bool] = {}
    for c, v, changeable in zip(prepared.cases, verdicts, prepared.changeable, strict=True):
        groups[c.group] = groups.get(c.group, True) and v.fault is None
        if changeable or v.purity:
            groups["purity"] = groups.get("purity", True) and v.purity is None
    score = _score(groups) * exercise.points if attempted else 0.0
    score = min(max(round(float(score), 2), 0.0), float(exercise.points))
    return Judgement(verdicts, groups, score, attempted)


def _attempted(outcomes: Sequence[Outcome]) -> bool:
    return not all(o.error is not None and o.error.type == "NotImplementedError" for o in outcomes)


def _judge_together(prepared: Prepared, outcomes: Sequence[Outcome]) -> Judgement:
    """Judge an exercise whose points depend on all cases together."""
    exercise = prepared.exercise
    stopped = [_stopped(o) for o in outcomes]
    values = [None if s else unpack(o.value) for s, o in zip(stopped, outcomes, strict=True)]
    try:
        share, problem = exercise.make_marks(values, prepared.cases)
    except Exception as e:
        share, problem = 0.0, None
        stopped = [
            s or Fault("structure", f"The value could not be used ({type(e).__name__}: {e}).")
            for s in stopped
        ]
    fault = Fault("property", problem.message, key=problem.key) if problem else None
    verdicts = tuple(Verdict(s or fault) for s in stopped)
    share = float(min(max(share, 0.0), 1.0))
    passed = share == 1.0 and not any(v.fault for v in verdicts)
    attempted = _attempted(outcomes)
    score = round(share * exercise.points, 2) if attempted else 0.0
    return Judgement(verdicts, {"values": passed}, score, attempted)


def _stopped(o: Outcome) -> Fault | None:
    if o.status in ("timeout", "skipped"):
        return Fault("timeout", "The time was up.")
    if o.status == "raised":
        return Fault("raised", f"{o.error.type}: {o.error.message}")
    if o.value is None or o.value.kind in ("none", "other"):
        value = Node("other", name="missing value") if o.value is None else o.value
        return Fault("none" if value.kind == "none" else "other", "There is no value.", (), value)
    if _entries(o.value) > MOST_ENTRIES:
        value = Node("other", name=f"value of more than {MOST_ENTRIES:,} numbers")
        return Fault("other", "The value is far too large.", (), value)
    return None


def _score(groups: dict[str, bool]) -> float:
    """Return the fraction of the points: half for the values, the other groups share the rest."""
    if not groups.get("values", False):
        return 0.0
    others = [held for name, held in groups.items() if name != "values"]
    return 1.0 if all(others) else 0.5 + 0.5 * sum(others) / len(others)


def _mutable(value: Any) -> bool:
    return isinstance(value, np.ndarray | list | dict)


def rules_of(exercise: Exercise, case: Case) -> Rules:
    """Return how strictly a case of an exercise is compared."""
    rtol = Rules.rtol if case.rtol is None else case.rtol
    return _rules(rtol, case.atol, exercise.any_number, exercise.either)


_rules = functools.lru_cache(maxsize=64)(Rules)  # a few, asked for in every case


def _ignores_generators(expected: Sequence[Outcome], outcomes: Sequence[Outcome]) -> bool:
    """Tell whether other seeds never change what the answer returns, though they change what is due.

    One such case proves nothing: two shuffles of five rows agree once in 120 times.
    """
    pairs = [
        (e, o)
        for e, o in zip(expected, outcomes, strict=True)
        if e.reseeded is not None and o.reseeded is not None and not same(e.value, e.reseeded)
    ]
    return bool(pairs) and all(same(o.value, o.reseeded) for _, o in pairs)


def _verdict(
    exercise: Exercise, case: Case, expected: Outcome, given: Outcome, *, ignores: bool = False
) -> Verdict:
    if given is expected:  # official grading hands in the reference's own outcome where all bits agree
        return Verdict(None)
    if given.status in ("timeout", "skipped"):
        return Verdict(Fault("timeout", "The time was up."))
    purity = _purity(exercise, case, expected, given)
    if case.raises is not None:
        return Verdict(_raised_as_due(case, given), purity)
    if given.status == "raised":
        return Verdict(Fault("raised", f"{given.error.type}: {given.error.message}"), purity)
    if given.value is None:
        return Verdict(Fault("missing", "There is no value."), purity)
    if case.check is not None:
        fault = _property(exercise, case, expected, given.value)
    elif expected.value is None:
        fault = Fault("missing", "The reference has no value here.")
    else:
        fault = compare(expected.value, given.value, rules_of(exercise, case))
    if fault is None and any(expected.drew):
        ignored = ignores and given.reseeded is not None and same(given.value, given.reseeded)
        if ignored or not any(given.drew):
            fault = Fault("unseeded", "The function never draws from the generator it was given.")
    if fault is None and case.quiet:
        loud = next((w for w in given.warnings if w[0] == "RuntimeWarning"), None)
        if loud:
            fault = Fault("warned", loud[1])
    return Verdict(fault, purity)


def _raised_as_due(case: Case, given: Outcome) -> Fault | None:
    due = case.raises.__name__
    if given.status == "returned":
        return Fault("no_error", f"A {due} is due; the function returned {name_of(given.value)}.")
    if due not in given.error.kinds and given.error.type != due:
        return Fault("wrong_error", f"A {due} is due; {given.error.type} was raised.")
    return None


def _property(exercise: Exercise, case: Case, expected: Outcome, value: Node) -> Fault | None:
    like = expected.value
    if like is not None and _entries(value) > 1_000 + 100 * _entries(like):
        # A check may look at every row, and takes its time outside the limit.
        return Fault("structure", "The value is far larger than the one that is due.", (), value, like)
    if value.kind in ("none", "other") and like is not None and like.kind != "none":
        return compare(like, value, rules_of(exercise, case))
    if not _finite(value) and (like is None or _finite(like)):
        return Fault("nan", "NaN or infinity is among the values.", (), value, like)
    try:
        problem = case.check(unpack(value), case)
    except Exception as e:
        shape = compare(like, value, rules_of(exercise, case)) if like is not None else None
        if shape is not None and shape.kind != "values":
            return shape
        return Fault("structure", f"The value could not be used ({type(e).__name__}: {e}).", (), value, like)
    if problem is None:
        return None
    return Fault("property", problem.message, (), value, like, problem.key)


def _entries(node: Node) -> int:
    """Return how many numbers, texts and so on a value holds."""
    if node.kind in ("tuple", "list", "iterator"):
        return len(node.data) + sum(map(_entries, node.data))
    x = numbers(node)
    return 1 if x is None else x.size


def _finite(node: Node) -> bool:
    if node.kind in ("tuple", "list", "iterator"):
        return all(_finite(n) for n in node.data)
    x = numbers(node)
    return x is None or x.dtype.kind not in "fc" or bool(np.isfinite(x).all())


@functools.lru_cache(maxsize=256)
def signature(reference: Callable) -> inspect.Signature:
    """Return a reference's signature (remembered: a diagnosis asks for it hundreds of times)."""
    return inspect.signature(reference)


def argument_names(exercise: Exercise, case: Case) -> list[str]:
    """Return the parameter name of each argument of a case, in the order of args, then kwargs."""
    names = list(signature(exercise.reference).parameters)
    return [*names[: len(case.args)], *case.kwargs]


def _purity(exercise: Exercise, case: Case, expected: Outcome, given: Outcome) -> Fault | None:
    """Return what the answer changed, or remembered from earlier calls."""
    before = (*case.args, *case.kwargs.values()) if given.after else ()
    names = argument_names(exercise, case) if given.after else ()
    for name, value, after in zip(names, before, given.after, strict=False):
        if after is not None and not same(pack(value), after, 0.0):
            return Fault("changed", f"The caller's {name} was changed.", (), after, pack(value), name)
    if (
        given.again is not None
        and not same(given.value, given.again)
        and (expected.again is None or same(expected.value, expected.again))
    ):
        return Fault(
            "state", "A second call with equal inputs gave another value.", (), given.again, given.value
        )
    if given.later is not None and not same(given.value, given.later, 0.0):
        return Fault(
            "state",
            "A later call changed what an earlier one returned.",
            (),
            given.later,
            given.value,
            "reused",
        )
    return None
