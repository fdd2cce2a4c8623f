"""Find the condition under which an answer fails: only for integers, only for one sample, only at ties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn_exercises.judge import signature
from nn_exercises.look import Look, is_number, many, one

CHANCY = ("zeros", "negative", "huge")  # what random inputs have or have not, for no reason


@dataclass(frozen=True)
class Condition:
    """What the failing cases have in common: `phrase` completes "… where"; `otherwise` says the opposite."""

    key: str
    phrase: str
    otherwise: str = ""


@dataclass(frozen=True)
class _Feature:
    condition: Condition
    having: frozenset[int]
    least: float = 0.75  # of the cases that have it, this share must fail

    @property
    def of_shape(self) -> bool:
        """Whether it speaks of sizes and axes."""
        key = self.condition.key
        return key in (
            "hard_coded_size",
            "square",
            "not_square",
            "numbers",
            "arrays",
            "several_axes",
        ) or key.startswith(("one_", "several_", "axes_"))


def condition(
    look: Look,
    failing: Iterable[int],
    among: Iterable[int] | None = None,
    *,
    weak: bool = False,
    shapes_only: bool = False,
) -> Condition | None:
    """Return what sets the failing cases apart from those that are right, or None.

    With `weak`, it is enough that all failing cases have it, and some of the right ones not. With
    `shapes_only` it is sought among the sizes and axes, not among the values.
    """
    cases = look.prepared.cases
    failing = frozenset(failing)
    among = (
        frozenset(i for i, c in enumerate(cases) if c.raises is None) if among is None else frozenset(among)
    )
    if not failing or len(among - failing) < 1:
        return None
    best: tuple[float, Condition] | None = None
    for feature in _features(look, among):
        if shapes_only and not feature.of_shape:
            continue
        having = feature.having & among
        bold = feature.condition.key == "hard_coded_size"  # to say so of a size that fits by chance is unfair
        if bold and weak:
            continue
        chancy = bold or feature.condition.key in CHANCY
        least_right = 3 if chancy else 2 if feature.condition.otherwise else 1
        if len(among) - len(having) < least_right:
            continue  # one case that is right may be so by chance
        if not failing <= having or len(having) == len(among):
            continue
        score = len(failing) / len(having)
        least = 0.4 if weak else 1.0 if bold else feature.least
        if weak and len(among) - len(having) < 2:
            continue
        if score >= least and (best is None or score > best[0] + 1e-9):
            best = (score, feature.condition)
    if best:
        return best[1]
    if weak:
        return None
    notes = list(dict.fromkeys(cases[i].note for i in sorted(failing)))
    if len(notes) <= 2 and all(notes) and len(failing) <= len(among) / 2:
        return Condition("special_case", "the case is this: " + "; or ".join(notes))
    return None


def _features(look: Look, among: frozenset[int]) -> list[_Feature]:
    """Return what some cases may have in common (remembered: no answer changes it)."""
    memory = look.prepared.remembered
    if ("features", among) not in memory:
        memory["features", among] = list(_features_of(look, sorted(among)))
    return memory["features", among]


def _features_of(look: Look, among: list[int]) -> Iterator[_Feature]:
    arguments = {i: look.arguments(i) for i in among}
    yield from _of_sizes(look, among)
    names = list(signature(look.exercise.reference).parameters)
    for name in names:
        values = {i: a[name] for i, a in arguments.items() if name in a}
        yield from _of_argument(look, name, values)
    groups = {i: look.prepared.cases[i].group for i in among}
    yield _Feature(
        Condition("extremes", "the inputs are extreme"), _where(groups, lambda g: g == "stability"), 0.6
    )
    arrays = {i: [v for v in a.values() if isinstance(v, np.ndarray)] for i, a in arguments.items()}
    square = {i: any(v.ndim == 2 and v.shape[0] == v.shape[1] > 1 for v in a) for i, a in arrays.items()}
    if any(square.values()):
        yield _Feature(
            Condition("not_square", "no matrix is square", "a matrix is square"),
            _where(square, lambda s: not s),
            0.9,
        )
        yield _Feature(Condition("square", "a matrix is square"), _where(square, bool), 0.9)


def _where(values: dict[int, Any], test: Callable[[Any], bool]) -> frozenset[int]:
    return frozenset(i for i, v in values.items() if test(v))


def _of_sizes(look: Look, among: list[int]) -> Iterator[_Feature]:
    by_axis: dict[str, dict[int, int]] = {}
    for i in among:
        for axis, size in look.sizes(i).items():
            by_axis.setdefault(axis, {})[i] = size
    for axis, size in by_axis.items():
        if len(set(size.values())) < 2:
            continue
        yield _Feature(
            Condition(f"one_{one(axis)}", f"there is only one {one(axis)}"), _where(size, lambda s: s == 1)
        )
        yield _Feature(
            Condition(
                f"several_{many(axis)}",
                f"there is more than one {one(axis)}",
                f"there is a single {one(axis)}",
            ),
            _where(size, lambda s: s > 1),
            0.9,
        )
        for number in sorted(set(size.values())):
            if number > 1:
                other = _where(size, lambda s, number=number: s != number)
                text = f"the number of {many(axis)} is not {number} (a size may be written into the code)"
                yield _Feature(
                    Condition("hard_coded_size", text, f"there are exactly {number} {many(axis)}"), other, 0.9
                )
    if {"n_samples", "n_features"} <= set(by_axis):
        rows, columns = by_axis["n_samples"], by_axis["n_features"]
        equal = {i: rows[i] == columns[i] for i in rows if i in columns}
        yield _Feature(
            Condition(
                "not_square",
                "there are not as many samples as features",
                "there are as many samples as features",
            ),
            _where(equal, lambda e: not e),
            0.9,
        )


def _of_argument(look: Look, name: str, values: dict[int, Any]) -> Iterator[_Feature]:
    arrays = {i: v for i, v in values.items() if isinstance(v, np.ndarray)}
    kinds = {v.dtype.kind for v in arrays.values()}
    if "f" in kinds and "i" in kinds:
        yield _Feature(
            Condition("integers", f"`{name}` holds integers"), _where(arrays, lambda v: v.dtype.kind in "iu")
        )
    if any(v.dtype == np.float32 for v in arrays.values()):
        yield _Feature(
            Condition("float32", f"`{name}` is float32"), _where(arrays, lambda v: v.dtype == np.float32)
        )
    if arrays and len(arrays) < len(values):
        scalars = frozenset(values) - frozenset(arrays)
        yield _Feature(Condition("numbers", f"`{name}` is a number instead of an array"), scalars)
        yield _Feature(
            Condition("arrays", f"`{name}` is an array", f"`{name}` is a single number"), frozenset(arrays)
        )
    for ndim in sorted({v.ndim for v in arrays.values()}):
        if len({v.ndim for v in arrays.values()}) > 1:
            words = {0: "no axis", 1: "one axis", 2: "two axes (a matrix)"}.get(ndim, f"{ndim} axes")
            yield _Feature(
                Condition(f"axes_{ndim}", f"`{name}` has {words}"),
                _where(arrays, lambda v, n=ndim: v.ndim == n),
            )
    if len({v.ndim for v in arrays.values()}) > 1:
        yield _Feature(
            Condition("several_axes", f"`{name}` has more than one axis", f"`{name}` has one axis"),
            _where(arrays, lambda v: v.ndim > 1),
            0.9,
        )
    plain = {i: v for i, v in arrays.items() if v.dtype.kind in "iuf"}
    yield _Feature(
        Condition("huge", f"`{name}` holds very large numbers"),
        _where(plain, lambda v: bool(v.size and np.abs(v.astype(float)).max() >= 80)),
        0.8,
    )
    yield _Feature(
        Condition("zeros", f"`{name}` is exactly 0 somewhere"),
        _where(plain, lambda v: bool((v == 0).any())),
        0.9,
    )
    yield _Feature(
        Condition("negative", f"`{name}` is negative somewhere"),
        _where(plain, lambda v: bool((v < 0).any())),
        0.9,
    )
    parameter = signature(look.exercise.reference).parameters[name]
    default = parameter.default
    numeric = {i: v for i, v in values.items() if is_number(v)}
    if is_number(default):
        yield _Feature(
            Condition(f"not_default_{name}", f"`{name}` is not {default:g}", f"`{name}` is {default:g}"),
            _where(numeric, lambda v: v != default),
        )
        left_out = _where(
            {i: look.prepared.cases[i] for i in values},
            lambda c: (
                name not in c.kwargs
                and list(signature(look.exercise.reference).parameters).index(name) >= len(c.args)
            ),
        )
        yield _Feature(Condition(f"default_{name}", f"`{name}` is left at its default {default:g}"), left_out)
    if numeric:
        for phrase, key, test in (
            (f"`{name}` is 0", f"zero_{name}", lambda v: v == 0),
            (f"`{name}` is negative", f"negative_{name}", lambda v: v < 0),
            (f"`{name}` is not 1", f"not_one_{name}", lambda v: v != 1),
            (f"`{name}` is larger than 1", f"large_{name}", lambda v: v > 1),
            (f"`{name}` is an integer", f"integer_{name}", lambda v: isinstance(v, int | np.integer)),
        ):
            yield _Feature(Condition(key, phrase), _where(numeric, test), 0.9)
