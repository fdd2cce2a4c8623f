"""Find the condition under which an answer fails: only for integers, only for one sample, only at ties …"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from nn_exercises.exercise import Case
from nn_exercises.look import Look, arguments


@dataclass(frozen=True)
class Condition:
    """What the failing cases have in common: `phrase` completes "… where"."""

    key: str
    phrase: str


def _arrays(case: Case) -> list[np.ndarray]:
    found = [a for a in (*case.args, *case.kwargs.values()) if isinstance(a, np.ndarray)]
    for a in (*case.args, *case.kwargs.values()):
        if isinstance(a, list | tuple):
            found += [v for v in a if isinstance(v, np.ndarray)]
    return found


def _some(test: Callable[[np.ndarray], bool]) -> Callable[[Case], bool]:
    return lambda case: any(test(a) for a in _arrays(case))


def _integers(case: Case) -> bool:
    floats = [a for a in _arrays(case) if a.dtype.kind == "f"]
    return bool(_arrays(case)) and not floats or any(
        a.dtype.kind in "iu" and not np.isin(a, (0, 1)).all() and len(floats) < len(_arrays(case))
        for a in _arrays(case)[:1]
    )


def _kinds(a: np.ndarray) -> float:
    return float(np.abs(a.astype(float)).max(initial=0.0)) if a.dtype.kind in "iuf" else 0.0


FEATURES: tuple[tuple[str, str, Callable[[Case], bool]], ...] = (
    ("integers", "the inputs are integers", _integers),
    ("float32", "the inputs are float32", _some(lambda a: a.dtype == np.float32)),
    ("numbers", "the input is a single number instead of an array", lambda c: not _arrays(c)),
    ("one_sample", "there is one sample only", _some(lambda a: a.ndim >= 1 and a.shape[0] == 1)),
    ("more_samples", "there is more than one sample",
     lambda c: bool(_arrays(c)) and _arrays(c)[0].ndim >= 1 and _arrays(c)[0].shape[0] > 1),
    ("one_feature", "there is one feature (one column) only", _some(lambda a: a.ndim == 2 and a.shape[1] == 1)),
    ("one_entry", "an array has a single entry", _some(lambda a: a.size == 1)),
    ("vector", "the input has one axis", lambda c: bool(_arrays(c)) and all(a.ndim == 1 for a in _arrays(c))),
    ("matrix_input", "the input is a matrix (two axes)", _some(lambda a: a.ndim == 2)),
    ("three_axes", "the input has three axes", _some(lambda a: a.ndim >= 3)),
    ("not_square", "a matrix is not square", _some(lambda a: a.ndim == 2 and a.shape[0] != a.shape[1])),
    ("square", "a matrix is square", _some(lambda a: a.ndim == 2 and a.shape[0] == a.shape[1] and a.size > 1)),
    ("huge", "the inputs are very large",
     lambda c: any(_kinds(a) >= 80 for a in _arrays(c)) or any(
         isinstance(v, int | float) and abs(v) >= 80 for v in (*c.args, *c.kwargs.values()))),
    ("zeros", "an input is exactly 0", _some(lambda a: a.dtype.kind in "iuf" and bool((a == 0).any()))),
    ("negative", "an input is negative", _some(lambda a: a.dtype.kind in "if" and bool((a < 0).any()))),
    ("extremes", "the inputs are extreme", lambda c: c.group == "stability"),
)


def condition(look: Look, failing: Iterable[int], among: Iterable[int] | None = None) -> Condition | None:
    """Return what sets the failing cases apart from those that are right, or None."""
    cases = look.prepared.cases
    failing = set(failing)
    among = [i for i, c in enumerate(cases) if c.raises is None] if among is None else list(among)
    right = [i for i in among if i not in failing]
    if not right or not failing:
        return None
    best: tuple[float, Condition] | None = None
    for key, phrase, test in (*FEATURES, *_of_parameters(look)):
        having = {i for i in among if test(cases[i])}
        if not failing <= having:
            continue
        score = len(failing) / len(having)
        if best is None or score > best[0] + 1e-9:
            best = (score, Condition(key, phrase))
    if best and best[0] >= 0.75:
        return best[1]
    notes = list(dict.fromkeys(cases[i].note for i in sorted(failing)))
    if len(notes) <= 3 and all(notes) and len(failing) <= len(among) / 2:
        return Condition("special_case", "the case is this: " + "; or ".join(notes))
    if best and best[0] >= 0.5:
        return best[1]
    return None


def _of_parameters(look: Look) -> list[tuple[str, str, Callable[[Case], bool]]]:
    """Return features made of the exercise's own parameters: one that differs from its default."""
    found = []
    for name, parameter in inspect.signature(look.exercise.reference).parameters.items():
        default = parameter.default
        if default is not inspect.Parameter.empty and default is not None:
            def differs(case: Case, name: str = name, default: object = default) -> bool:
                value = arguments(look.exercise, case).get(name)
                return isinstance(value, int | float) and value != default

            found.append((f"not_default_{name}", f"{name} is not its default {default!r}", differs))

            def is_default(case: Case, name: str = name) -> bool:
                given = list(inspect.signature(look.exercise.reference).parameters).index(name) < len(case.args)
                return not given and name not in case.kwargs

            found.append((f"default_{name}", f"{name} is left at its default {default!r}", is_default))
    return found
