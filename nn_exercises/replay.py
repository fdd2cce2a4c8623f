"""Detectors that run the reference again, slightly wrong, and see whether that is what the answer does.

First with other arguments (two exchanged, one ignored, a counter off by one), then as automatic mutants. Only
the trusted side does this: the answer's own code is not needed.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator

import numpy as np

from nn_exercises.compare import OF_VALUE, alike
from nn_exercises.crowd import PATIENCE, Crowd, run_each
from nn_exercises.judge import judge, signature
from nn_exercises.look import Diagnosis, Look, is_number, size_of, with_arguments
from nn_exercises.mistakes import Candidates, agree, parts_of, same_part, wrong_in_part
from nn_exercises.mutate import WORDS, mutants
from nn_exercises.run import Outcome, run

REPLAY_LIMIT = 1.0  # seconds for one replayed call list

Change = tuple[str, str, Callable[[dict], dict | None]]  # key, message, the change (None: not possible there)


def other_arguments(look: Look) -> Diagnosis | None:
    """Report an answer that does what the reference would do with other arguments."""
    failing = [i for i in look.of_kind(*OF_VALUE) if i in look.comparable]
    if not failing or len(failing) < 0.75 * len(look.faults) or look.speaks:
        return None  # words agree by chance
    failing.sort(key=lambda i: _size(look, i))
    changes, crowd = _replays(look, failing[0])
    order = [*failing[1:], *(i for i in look.comparable if i not in look.faults)]
    for k in crowd.alike(look.outcomes[failing[0]].value):  # most candidates fail in the first case
        key, message, change = changes[k]
        if _fits(look, order, change):
            return look.made(key, message)
    return None


def _size(look: Look, i: int) -> int:
    """Return how many numbers a case's arguments hold, defaults included (remembered)."""
    if ("all sizes", i) not in look.prepared.remembered:
        look.prepared.remembered["all sizes", i] = size_of(list(look.arguments(i).values()))
    return look.prepared.remembered["all sizes", i]


def _replays(look: Look, i: int) -> tuple[list[Change], Crowd]:
    """Return the wrong arguments that are possible in a case, and what they lead to (remembered)."""
    example = look.arguments(look.first)
    key = ("replays", i, *map(_kind, example.values()))
    if key not in look.prepared.remembered:
        changed = [(c, c[2](look.arguments(i))) for c in _changes(look, example)]
        possible = [(c, new) for c, new in changed if new is not None]
        outcomes = _replayed(look, i, [new for _, new in possible])
        look.prepared.remembered[key] = [c for c, _ in possible], Crowd([o.value for o in outcomes])
    return look.prepared.remembered[key]


def _kind(value: object) -> str:
    """Return what `_changes` asks of an example."""
    if is_number(value):
        return "integer" if isinstance(value, int | np.integer) else "number"
    return f"array {value.dtype.kind}" if isinstance(value, np.ndarray) else ""


def _fits(look: Look, order: list[int], change: Callable[[dict], dict | None]) -> bool:
    """Tell whether the changed arguments explain some cases."""
    for i in order:
        new = change(look.arguments(i))
        if new is None:
            if i in look.faults:
                return False
            continue
        tried = _replayed(look, i, [new])[0]
        if tried.status != "returned" and i not in look.faults:
            continue  # the changed argument is not allowed there
        if not alike(tried.value, look.outcomes[i].value, kinds=False):
            return False
    return True


def _replayed(look: Look, i: int, several: list[dict]) -> list[Outcome]:
    """Return what the reference does with some arguments of a case replaced, in several ways."""
    calls = [with_arguments(look.prepared.cases[i], look.exercise, new) for new in several]
    return run_each(look.exercise.reference, calls, REPLAY_LIMIT)


def _changes(look: Look, example: dict) -> Iterator[Change]:
    """Yield kinds of wrong arguments for arguments such as those of an example."""
    parameters = signature(look.exercise.reference).parameters
    for name, parameter in parameters.items():
        default, value = parameter.default, example.get(name)
        if default is not inspect.Parameter.empty and is_number(default):
            yield (
                f"ignores_{name}",
                f"Your function does not use `{name}`: the results are those of the default {default:g}.",
                lambda a, n=name, d=default: {n: type(a[n])(d) if is_number(a[n]) else d},
            )
            if 0 < default < 1e-3:
                for number in (1e-5, 1e-6, 1e-7, 1e-10, 1e-12):
                    yield (
                        f"ignores_{name}",
                        f"Your function does not use `{name}`: the results are those of {number:g} "
                        "in its place.",
                        lambda a, n=name, d=number: {n: d},
                    )
        if is_number(value):
            yield from _number_changes(name, isinstance(value, int | np.integer))
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iuf":
            yield from _array_changes(name)
    numeric = [n for n, v in example.items() if is_number(v) or isinstance(v, np.ndarray)]
    for a, b in itertools.combinations(numeric, 2):
        if is_number(example[a]) == is_number(example[b]):
            yield (
                f"exchanged_{a}_{b}",
                f"Your function computes with `{a}` and `{b}` exchanged.",
                lambda v, a=a, b=b: {a: v[b], b: v[a]} if np.shape(v[a]) == np.shape(v[b]) else None,
            )
    for a, b in itertools.permutations(numeric, 2):
        if is_number(example[a]) == is_number(example[b]):
            yield (
                f"{b}_for_{a}",
                f"Your function uses `{b}` in the place of `{a}`.",
                lambda v, a=a, b=b: {a: v[b]} if np.shape(v[a]) == np.shape(v[b]) else None,
            )


def _number_changes(name: str, integer: bool) -> Iterator[tuple[str, str, Callable]]:
    if integer:
        yield (
            f"{name}_off_by_one",
            f"Your results are those of `{name}` one smaller: a count is off by one.",
            lambda a: None if a[name] is None else {name: a[name] - 1},
        )
        yield (
            f"{name}_off_by_one",
            f"Your results are those of `{name}` one larger: a count is off by one.",
            lambda a: None if a[name] is None else {name: a[name] + 1},
        )
    for key, words, f in (
        (
            f"ignores_{name}",
            "Your function does not use `{}`: the results are those of the value 1.",
            lambda x: 1,
        ),
        (f"without_{name}", "`{}` is missing from your results: they are those of the value 0.", lambda x: 0),
        (f"sign_of_{name}", "`{}` enters your results with the wrong sign.", lambda x: -x),
        (
            f"complement_of_{name}",
            "Your results are those of 1 - `{0}` in the place of `{0}`.",
            lambda x: 1 - x,
        ),
        (f"{name}_squared", "`{}` is squared in your results.", lambda x: x * x),
        (f"root_of_{name}", "Your results are those of the square root of `{}`.", lambda x: abs(x) ** 0.5),
        (f"inverse_of_{name}", "Your results are those of 1/`{0}` in the place of `{0}`.", lambda x: 1 / x),
        (f"{name}_doubled", "Your results are those of twice `{}`.", lambda x: 2 * x),
        (f"{name}_halved", "Your results are those of half of `{}`.", lambda x: x / 2),
    ):
        yield key, words.format(name), _number_change(name, f)


def _number_change(name: str, f: Callable) -> Callable[[dict], dict | None]:
    """Return the change of one number, which is none where it is 0, left out, or an array."""
    return lambda a: {name: f(a[name])} if np.ndim(a[name]) == 0 and a[name] else None


def _array_changes(name: str) -> Iterator[tuple[str, str, Callable]]:
    for key, words, f in (
        (
            f"without_{name}",
            "`{}` is missing from your results: they are those of zeros in its place.",
            lambda x: np.zeros_like(x),
        ),
        (
            f"ignores_{name}",
            "Your results do not depend on `{}`: they are those of ones in its place.",
            lambda x: np.ones_like(x),
        ),
        (f"sign_of_{name}", "`{}` enters your results with the wrong sign.", lambda x: -x),
        (
            f"{name}_transposed",
            "Your results are those of the transpose of `{}`.",
            lambda x: x.T.copy() if x.ndim == 2 and x.shape[0] == x.shape[1] else None,
        ),
        (f"{name}_absolute", "Your results are those of the absolute values of `{}`.", np.abs),
        (f"{name}_squared", "`{}` is squared in your results.", np.square),
        (
            f"{name}_truncated",
            "Your results are those of `{}` cut to integers.",
            lambda x: np.trunc(x) if x.dtype.kind == "f" else None,
        ),
        (
            f"first_of_{name}",
            "Your function uses the first entry of `{}` for all.",
            lambda x: np.full_like(x, x.ravel()[0]) if x.size else None,
        ),
        (
            f"mean_of_{name}",
            "Your function uses the mean of `{}` for all of its entries.",
            lambda x: np.full(x.shape, x.mean()) if x.size else None,
        ),
        (f"{name}_reversed", "Your results are those of `{}` in reverse order.", lambda x: x[::-1].copy()),
        (f"{name}_doubled", "`{}` counts twice in your results.", lambda x: 2 * x),
        (f"{name}_halved", "`{}` counts half in your results.", lambda x: x / 2),
        (f"{name}_tenfold", "`{}` counts ten times in your results.", lambda x: 10 * x),
        (f"{name}_tenth", "`{}` counts only a tenth in your results.", lambda x: x / 10),
    ):
        yield key, words.format(name), lambda a, f=f: _changed(a, name, f)


def _changed(values: dict, name: str, f: Callable) -> dict | None:
    value = values[name]
    if is_number(value):  # a single number among arrays
        new = f(np.asarray([float(value)]))
        return None if new is None else {name: float(new[0])}
    if not isinstance(value, np.ndarray):
        return None
    new = f(value)
    return None if new is None else {name: new}


def slips(look: Look) -> Diagnosis | None:
    """Report an answer that does what the reference would do with one small slip in it."""
    if not look.exercise.mutants or look.speaks:
        return None  # words agree by chance
    if not look.probes or all(look.outcomes[i].status == "raised" for i in look.probes):
        return None
    for k in _slipped(look).like(look):
        mutant = mutants(look.exercise)[k]
        outcomes = run(
            mutant.code,
            look.prepared.calls,
            again=look.prepared.again,
            time_limit=REPLAY_LIMIT,
            patience=PATIENCE,
        )
        verdicts = judge(look.prepared, outcomes).verdicts
        if all(
            agree(a, va, b, vb)
            for a, va, b, vb in zip(look.outcomes, look.judgement.verdicts, outcomes, verdicts, strict=True)
        ):
            message = (
                f"Your results are those of the right formula with one slip in it: {WORDS[mutant.kind]}."
            )
            return look.made(mutant.kind, message)
    return None


def _slipped(look: Look) -> Candidates:
    """Return the exercise's mutants as candidates (remembered)."""
    memory = look.prepared.remembered
    if "mutants" not in memory:
        memory["mutants"] = Candidates(look.prepared.calls, [m.code for m in mutants(look.exercise)])
    return memory["mutants"]


def slips_in_part(look: Look, part: int) -> Diagnosis | None:
    """Report one returned value that is what the reference would return with one small slip in it."""
    if not look.exercise.mutants:
        return None
    mine, due = parts_of(look.outcomes, part), parts_of(look.prepared.expected, part)
    order = sorted((i for i in look.comparable if mine[i] is not None), key=lambda i: (look.size(i), i))
    probes = wrong_in_part(order, mine, due)
    slipped = _slipped(look)
    for k in slipped.like_in_part(probes, part, mine):
        mutant = mutants(look.exercise)[k]
        if same_part(mine, due, lambda i, k=k: parts_of(slipped.tried(i, [k]), part)[0]):
            message = f"{look.part_name((part,))} is what comes of the right formula with one slip in it: "
            return look.made(mutant.kind, f"{message}{WORDS[mutant.kind]}.")
    return None
