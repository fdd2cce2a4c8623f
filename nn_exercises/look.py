"""What a detector may look at: the cases, what was due, what happened; and what it hands back."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn_exercises.compare import SEQUENCES, Fault, as_array
from nn_exercises.exercise import Case, Exercise
from nn_exercises.judge import Judgement, Prepared, signature
from nn_exercises.run import Call, Facts, Outcome

WORDS = {
    "n_samples": "sample",
    "n_features": "feature",
    "n_in": "input",
    "n_inputs": "input",
    "n_out": "output",
    "n_outputs": "output",
    "n_classes": "class",
    "n_units": "unit",
    "n": "sample",
    "n_hidden": "hidden unit",
    "K": "class",
    "m": "entry",
}
PLURALS = {"class": "classes", "entry": "entries"}


@dataclass(frozen=True)
class Diagnosis:
    """One diagnosis: the key and message, the case that shows it, and evidence beyond given and due."""

    key: str | None
    message: str
    case: int | None = None
    given: tuple[str, str] | None = None
    expected: tuple[str, str] | None = None
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Look:
    """Everything about one wrong answer."""

    prepared: Prepared
    outcomes: Sequence[Outcome]
    judgement: Judgement
    facts: Facts | None

    @property
    def exercise(self) -> Exercise:
        """The exercise."""
        return self.prepared.exercise

    @functools.cached_property
    def faults(self) -> dict[int, Fault]:
        """The faults by case, those of purity left out."""
        return {i: v.fault for i, v in enumerate(self.judgement.verdicts) if v.fault}

    @functools.cached_property
    def impure(self) -> dict[int, Fault]:
        """The faults of purity by case."""
        return {i: v.purity for i, v in enumerate(self.judgement.verdicts) if v.purity}

    def of_kind(self, *kinds: str) -> list[int]:
        """Return the cases whose fault is of one of these kinds."""
        if self._kinds.isdisjoint(kinds):
            return []
        return [i for i, f in self.faults.items() if f.kind in kinds]

    @functools.cached_property
    def _kinds(self) -> frozenset[str]:
        return frozenset(f.kind for f in self.faults.values())

    @functools.cached_property
    def first(self) -> int:
        """The case to show: the first that fails, of the values if there is one."""
        order = list(self.faults) or list(self.impure)
        cases = self.prepared.cases
        usual = [i for i in order if cases[i].group == "values"] or order
        return next(
            (i for i in usual if _entries(cases[i]) <= 24), min(usual, key=lambda i: _entries(cases[i]))
        )

    @functools.cached_property
    def part_names(self) -> list[str]:
        """The names of the returned values, as the docstring lists them; [] where there is only one."""
        example = next((o.value for o in self.prepared.expected if o.value is not None), None)
        if example is None or example.kind != "tuple":
            return []
        names = returned_names(self.exercise.reference)
        count = len(example.data)
        return list(names) if len(names) == count else [f"value {k + 1}" for k in range(count)]

    def part_name(self, path: tuple[int, ...]) -> str:
        """Return how to call the part of the value that a path leads to, "" for the whole."""
        if not path or not self.part_names or path[0] >= len(self.part_names):
            return ""
        return f"`{self.part_names[path[0]]}`"

    @functools.cached_property
    def speaks(self) -> bool:
        """Whether words are among the returned values."""
        nodes = [e.value for e in self.prepared.expected if e.value is not None]
        parts = [p for n in nodes for p in (n.data if n.kind in SEQUENCES else (n,))]
        return any(p.kind == "text" for p in parts)

    @functools.cached_property
    def comparable(self) -> list[int]:
        """The cases in which both sides returned a value that is compared with the reference's."""
        return [
            i
            for i, (c, e, o) in enumerate(
                zip(self.prepared.cases, self.prepared.expected, self.outcomes, strict=True)
            )
            if c.raises is None and c.check is None and e.value is not None and o.value is not None
        ]

    @functools.cached_property
    def probes(self) -> list[int]:
        """The cases that tell candidates apart at the least cost: compared by value, failing, small."""
        cases = self.prepared.cases
        comparable = [
            i
            for i, v in enumerate(self.judgement.verdicts)
            if cases[i].check is None
            and cases[i].raises is None
            and not (v.fault and v.fault.kind in ("timeout", "property", "unseeded"))
        ]
        failing = [i for i in comparable if self.judgement.verdicts[i].fault]
        return sorted(failing or comparable, key=lambda i: (cases[i].group != "values", self.size(i), i))[:3]

    @functools.cached_property
    def found(self) -> dict[Any, Any]:
        """What a detector has found out about this answer, and another asks again."""
        return {}

    def size(self, i: int) -> int:
        """Return how many numbers a case's arguments hold."""
        if ("size", i) not in self.prepared.remembered:
            self.prepared.remembered["size", i] = size_of(self.prepared.cases[i].args)
        return self.prepared.remembered["size", i]

    def arrays(self, i: int, part: int | None) -> tuple[np.ndarray, np.ndarray] | None:
        """Return due and given numbers of a case (of one part of a tuple) as float arrays, or None."""
        key = ("arrays", i, part)
        if key not in self.found:
            self.found[key] = self._arrays(i, part)
        return self.found[key]

    def _arrays(self, i: int, part: int | None) -> tuple[np.ndarray, np.ndarray] | None:
        e, g = self.prepared.expected[i].value, self.outcomes[i].value
        if part is not None:
            if e.kind not in SEQUENCES or g.kind not in SEQUENCES or part >= min(len(e.data), len(g.data)):
                return None
            e, g = e.data[part], g.data[part]
        x, y = as_array(e), as_array(g)
        return None if x is None or y is None else (x, y)

    def sizes(self, i: int) -> dict[str, int]:
        """Return a case's sizes by the names of the axes: n_samples -> 5."""
        found: dict[str, int] = {}
        axes = dimensions(self.exercise.reference)
        for name, value in self.arguments(i).items():
            if isinstance(value, np.ndarray) and len(axes.get(name, ())) == value.ndim:
                for axis, size in zip(axes[name], value.shape, strict=True):
                    if not axis.isdigit():
                        found.setdefault(axis, size)
        return found

    def symbols(self, i: int) -> dict[str, float]:
        """Return the numbers that a case is made of, with words for each: its sizes, its scalars."""
        if ("symbols", i) not in self.prepared.remembered:
            self.prepared.remembered["symbols", i] = self._symbols(i)
        return self.prepared.remembered["symbols", i]

    def _symbols(self, i: int) -> dict[str, float]:
        found: dict[str, float] = {f"the number of {many(axis)}": n for axis, n in self.sizes(i).items()}
        for name, value in self.arguments(i).items():
            if isinstance(value, np.ndarray) and value.ndim:
                found[f"the number of entries of {name}"] = value.size
                for axis, word in enumerate(("rows", "columns")[: value.ndim]):
                    found[f"the number of {word} of {name}"] = value.shape[axis]
            elif is_number(value):
                found[f"`{name}`"] = float(value)
                found[f"1 - `{name}`"] = 1.0 - float(value)
        return found

    def arguments(self, i: int) -> dict[str, Any]:
        """Return a case's arguments by parameter name, defaults filled in."""
        if ("arguments", i) not in self.prepared.remembered:
            self.prepared.remembered["arguments", i] = arguments(self.exercise, self.prepared.cases[i])
        return dict(self.prepared.remembered["arguments", i])

    def made(self, key: str | None, message: str, case: int | None = None, **more: Any) -> Diagnosis:
        """Return a diagnosis that shows a case, by default the first failing one."""
        return Diagnosis(key, message, self.first if case is None else case, **more)


def size_of(value: object) -> int:
    """Return how many numbers an argument holds, lists and tuples of arrays included."""
    if isinstance(value, np.ndarray):
        return value.size
    return sum(map(size_of, value)) if isinstance(value, list | tuple) else 1


def _entries(case: Case) -> int:
    return sum(a.size for a in (*case.args, *case.kwargs.values()) if isinstance(a, np.ndarray))


def arguments(exercise: Exercise, case: Case) -> dict[str, Any]:
    """Return a case's arguments by parameter name, defaults filled in."""
    try:
        bound = signature(exercise.reference).bind(*case.args, **case.kwargs)
    except TypeError:
        return {}
    bound.apply_defaults()
    return dict(bound.arguments)


@functools.lru_cache(maxsize=128)
def returned_names(reference: Callable) -> tuple[str, ...]:
    """Return the names under "Returns" in a reference's docstring."""
    doc = inspect.getdoc(reference) or ""
    match = re.search(r"^Returns\n-+\n(.*?)(?=^\w[\w ]*\n-+\n|\Z)", doc, re.M | re.S)
    if not match:
        return ()
    heads = [line.split(" : ")[0] for line in match[1].splitlines() if line and not line[0].isspace()]
    names = (name for head in heads for name in head.split(","))
    return tuple(name.strip() for name in names if re.fullmatch(r"\s*\w+\s*", name))


def with_arguments(case: Case, exercise: Exercise, new: dict[str, Any]) -> Call:
    """Return the call of a case with some arguments replaced, everything passed by position or as it was."""
    names = list(signature(exercise.reference).parameters)
    args = tuple(new.get(n, a) for n, a in zip(names, case.args, strict=False))
    kwargs = {n: new.get(n, a) for n, a in case.kwargs.items()}
    kwargs |= {n: v for n, v in new.items() if n not in kwargs and names.index(n) >= len(case.args)}
    return Call(args, kwargs)


def is_number(value: Any) -> bool:
    """Tell whether an argument is one real number (booleans left out)."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)


@functools.lru_cache(maxsize=128)
def dimensions(reference: Callable) -> dict[str, tuple[str, ...]]:
    """Return the names of each parameter's axes, by the docstring: X -> (n_samples, n_features)."""
    doc = inspect.getdoc(reference) or ""
    found = {}
    for names, shape in re.findall(r"^(\w+(?:, \w+)*) : [^\n(]*\(([^)\n]*)\)", doc, re.M):
        axes = tuple(a.strip() for a in shape.split(",") if a.strip())
        if all(re.fullmatch(r"\w+", a) for a in axes):
            for name in names.split(","):
                found.setdefault(name.strip(), axes)
    return found


def one(axis: str) -> str:
    """Return an axis's word in the singular: n_samples -> sample."""
    return WORDS.get(axis, axis)


def many(axis: str) -> str:
    """Return an axis's word in the plural: n_samples -> samples."""
    word = one(axis)
    return PLURALS.get(word, word if word == axis else word + "s")
