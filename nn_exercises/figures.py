"""Detectors on the numbers: what single operation turns the right result into the given one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from nn_exercises.compare import OF_VALUE, close, near, near_each
from nn_exercises.crowd import Crowd
from nn_exercises.look import Diagnosis, Look
from nn_exercises.run import Node

Arrays = list[tuple[int, np.ndarray, np.ndarray]]  # case, due, given


def values(look: Look) -> Diagnosis | None:
    """Report a factor, a sign, a missing argument, another order, a simple function of the right result."""
    return _values(look, least=2)


def values_of_one(look: Look) -> Diagnosis | None:
    """Report the same where one case alone is wrong: less sure, so it comes later."""
    alone = sum(i in look.comparable for i in look.of_kind(*OF_VALUE)) < 2  # else `values` has looked at it
    return _values(look, least=1) if alone else None


def _values(look: Look, least: int) -> Diagnosis | None:
    failing = [i for i in look.of_kind(*OF_VALUE) if i in look.comparable]
    if (
        len(failing) < min(least, len(look.comparable))
        or not failing
        or len(failing) < 0.75 * len(look.faults)
    ):
        return None
    parts = (
        sorted({look.faults[i].path[0] for i in failing if look.faults[i].path})
        if look.part_names
        else [None]
    )
    found = []
    for part in parts:
        pairs = _pairs(look, failing, part)
        what = look.part_name(() if part is None else (part,)) or "The result"
        result = _explain(look, pairs, what) if pairs else None
        if result is None:
            return None
        found.append(result)
    if not found:
        return None
    key, message, i = found[0]
    if len({k for k, *_ in found}) == 1 and len(found) > 1 and len(found) == len(look.part_names):
        message = message.replace(look.part_name((0,)), "Every returned value", 1)
    return look.made(key, message, i)


def _pairs(look: Look, failing: list[int], part: int | None) -> Arrays:
    """Return due and given of every case that has numbers of one shape, the right ones too.

    What explains the wrong cases must not contradict the right ones.
    """
    if ("pairs", part) not in look.found:  # `values` and `entries` ask
        look.found["pairs", part] = _pairs_of(look, failing, part)
    return look.found["pairs", part]


def _pairs_of(look: Look, failing: list[int], part: int | None) -> Arrays:
    found, wrong = [], False
    for i in (*failing, *(i for i in look.comparable if i not in look.faults)):
        pair = look.arrays(i, part)
        if pair is None or pair[0].shape != pair[1].shape:
            if i in failing:
                return []
            continue
        found.append((i, *pair))
        wrong = wrong or not close(*pair)
    return found if wrong else []


def _explain(look: Look, pairs: Arrays, what: str) -> tuple[str, str, int] | None:
    i = look.first if any(k == look.first for k, *_ in pairs) else pairs[0][0]
    for test in (_factor, _moved, _term, _simple, _rearranged):
        found = test(look, pairs, what)
        if found:
            return (*found, i)
    return None


def _factor(look: Look, pairs: Arrays, what: str) -> tuple[str, str] | None:
    """Recognise the right numbers times something."""
    ratios = []
    for i, e, g in pairs:
        if close(e, g) and close(0 * e, e):
            continue  # nothing times anything
        k = np.abs(e).argmax()
        largest = e.ravel()[k]
        ratio = float(g.ravel()[k] / largest) if largest else 0.0
        if ratio == 0 or not close(e * ratio, g) or not _finite((e, g)):
            return None
        ratios.append((i, ratio))
    if not ratios:
        return None
    if all(abs(r + 1) < 1e-4 for _, r in ratios):
        return "sign", f"{what} has the wrong sign: every entry is the negative of what is due."
    for words, value in _constants():
        if all(abs(r / value - 1) < 2e-4 for _, r in ratios):
            return (
                "factor",
                f"{what} is {words} what is due, in every case: a constant factor is too much or missing.",
            )
    found = _factor_of_a_case([look.symbols(i) for i, _ in ratios], [r for _, r in ratios])
    if found:
        return "factor", f"{what} is {found}"
    if len(ratios) > 2 and np.ptp([r for _, r in ratios]) < 1e-3 * abs(ratios[0][1]):
        return (
            "factor",
            f"{what} is {ratios[0][1]:.4g} times what is due, in every case: a constant factor is wrong.",
        )
    return None


SMALL = 1e-100  # below, powers leave what a float holds
POWERS = (
    (1, "{} times"),
    (-1, "1/{} of"),
    (2, "{} squared times"),
    (-0.5, "1/√({}) times"),
    (0.5, "√({}) times"),
    (-2, "1/({})² of"),
)


def _factor_of_a_case(cases: list[dict[str, float]], ratios: list[float]) -> str:
    """Return which of the numbers that cases are made of is the factor in each, in words; "" for none."""
    first, ratio = cases[0], ratios[0]  # nearly all fail there
    powers = [(n, p, words, k**p) for n, k in first.items() if SMALL < k < 1 / SMALL for p, words in POWERS]
    for sign, extra in (
        (1, ""),
        (-1, " and the wrong sign"),
        (2, " and a factor 2"),
        (0.5, " and a factor 1/2"),
    ):
        for name, power, words, number in powers:
            if abs(ratio / (sign * number) - 1) < 2e-4 and _is_power(name, sign, power, cases, ratios):
                kind = "too often" if power > 0 else "once too often in a denominator"
                return (
                    f"{words.format(name)} what is due{extra}: {name} stands there {kind}"
                    f"{_advice(name, power)}."
                )
    for name, number in first.items():
        if number > 1 and abs(ratio * (number - 1) / number - 1) < 2e-4:
            some = [s.get(name, 1.0) for s in cases]
            if len(set(some)) > 1 and all(
                k > 1 and abs(r * (k - 1) / k - 1) < 2e-4 for k, r in zip(some, ratios, strict=True)
            ):
                return f"divided by {name} minus 1. Divide by {name} itself."
    if len({round(r, 9) for r in ratios}) > 1:
        of_sizes = [n for n in first if n.startswith("the number of ")]
        for a, b in itertools.permutations(of_sizes, 2):
            if abs(ratio * first[b] / first[a] - 1) < 2e-4 and all(
                a in s and b in s and abs(r * s[b] / s[a] - 1) < 2e-4
                for s, r in zip(cases, ratios, strict=True)
            ):
                return f"divided by {b} where {a} belongs."
    return ""


def _is_power(
    name: str, sign: float, power: float, cases: list[dict[str, float]], ratios: list[float]
) -> bool:
    """Tell whether the factor of each case is `sign` times a power of one of its numbers."""
    several = len(ratios) > 1  # then the number must differ from case to case, or it may be another one
    some = [s.get(name, 0) for s in cases]
    return (
        all(SMALL < k < 1 / SMALL for k in some)
        and len({round(k, 9) for k in some}) > several
        and all(abs(r / (sign * k**power) - 1) < 2e-4 for k, r in zip(some, ratios, strict=True))
    )


def _advice(name: str, power: float) -> str:
    if "number of" in name:
        return ", or a mean is missing" if power > 0 else ": a mean is taken twice, or where a sum is due"
    return ", or is not divided out" if power > 0 else ", or is missing as a factor"


def _constants() -> Iterator[tuple[str, float]]:
    yield from (
        ("twice", 2.0),
        ("half of", 0.5),
        ("four times", 4.0),
        ("a quarter of", 0.25),
        ("three times", 3.0),
        ("minus twice", -2.0),
        ("minus half of", -0.5),
        ("ln 2 times (a logarithm of another base)", np.log(2)),
        ("1/ln 2 times (a logarithm of base 2)", 1 / np.log(2)),
        ("1/ln 10 times (a logarithm of base 10)", 1 / np.log(10)),
        ("√2 times", np.sqrt(2)),
        ("1/√2 of", 1 / np.sqrt(2)),
        ("π times", np.pi),
        ("a hundred times", 100.0),
        ("a hundredth of", 0.01),
    )


def _moved(look: Look, pairs: Arrays, what: str) -> tuple[str, str] | None:
    """Recognise an updated argument that moves in the right direction, by a multiple of what is due."""
    name = what.strip("`").removesuffix("_new")
    moves = []
    for i, e, g in pairs:
        before = look.arguments(i).get(name)
        if not isinstance(before, int | float | np.number | np.ndarray) or np.shape(before) != e.shape:
            return None
        moves.append((i, e - before, g - before))
    if not any(np.abs(m).max(initial=0) > 1e-3 for _, m, _ in moves):
        return None
    return _factor(look, moves, f"The change of {what}")


def _term(look: Look, pairs: Arrays, what: str) -> tuple[str, str] | None:
    """Recognise a difference that is an argument, or constant."""
    differences = [(i, g - e) for i, e, g in pairs]
    first = differences[0][1]
    shift = float(first.ravel()[0]) if first.size else 0.0
    if not np.isfinite(shift):
        return None
    if shift and all(close(np.full(d.shape, shift), d, 1e-4) for _, d in differences) and len(pairs) > 1:
        return (
            "offset",
            f"{what} is {abs(shift):.4g} too {'large' if shift > 0 else 'small'} everywhere: a constant "
            "is added or missing.",
        )
    for name, factor in _arguments_alike(look, pairs[0][0], first):
        fits = all(_is_argument(look, i, name, factor, d) for i, d in differences[1:])
        if fits and _finite(d for _, d in differences):
            return "term", f"{what} differs from what is due by exactly {name}: {name} {TERMS[factor]}."
    return None


def _finite(several: Iterable[np.ndarray]) -> bool:
    return all(np.isfinite(x).all() for x in several)


TERMS = {  # how often an argument is in a difference
    -1: "is missing",
    1: "is added once too often",
    -2: "has the wrong sign",
    2: "is added two times too often",
}


def _arguments_alike(look: Look, i: int, numbers: np.ndarray) -> list[tuple[str, int]]:
    """Return the arguments of a case that some numbers are: names, and times how much."""
    key = ("terms", i, numbers.shape)
    if key not in look.prepared.remembered:
        terms = [(name, factor) for name in look.arguments(i) for factor in TERMS]
        wanted = [_times(look.arguments(i)[name], factor, numbers.shape) for name, factor in terms]
        look.prepared.remembered[key] = terms, _crowd(wanted)
    terms, crowd = look.prepared.remembered[key]
    return [terms[k] for k in crowd.alike(Node("array", numbers))]


def _crowd(several: Iterable[np.ndarray | None]) -> Crowd:
    return Crowd([None if x is None else Node("array", np.asarray(x)) for x in several])


def _is_argument(look: Look, i: int, name: str, factor: float, numbers: np.ndarray) -> bool:
    wanted = _times(look.arguments(i).get(name), factor, numbers.shape)
    return wanted is not None and close(wanted, numbers)


def _times(value: object, factor: float, shape: tuple[int, ...]) -> np.ndarray | None:
    """Return a multiple of an argument in some shape, None where it has none or is 0."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number | np.ndarray):
        return None
    try:
        wanted = np.broadcast_to(np.asarray(value, dtype=float) * factor, shape)
    except (ValueError, TypeError):
        return None
    return wanted if np.any(wanted) else None


SIMPLE: tuple[tuple[str, str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("zeros", "is 0 everywhere: the computed values never reach the result", lambda e: np.zeros_like(e)),
    ("complement", "is 1 minus what is due", lambda e: 1 - e),
    ("absolute", "is the absolute value of what is due", np.abs),
    ("squared", "is the square of what is due", np.square),
    ("root", "is the square root of what is due", np.sqrt),
    ("inverse", "is 1 divided by what is due", lambda e: 1 / e),
    ("logarithm", "is the logarithm of what is due", np.log),
    ("exponential", "is the exponential of what is due", np.exp),
    ("rounded", "is rounded to whole numbers", np.round),
    ("cut", "is cut off to whole numbers", np.trunc),
    ("rounded", "is rounded down to whole numbers", np.floor),
    ("clipped", "is clipped to the range from 0 to 1", lambda e: np.clip(e, 0, 1)),
    ("clipped", "has its negative entries replaced by 0", lambda e: np.maximum(e, 0)),
    ("sign_only", "is the sign of what is due, its size is lost", np.sign),
    ("cumulative", "is added up along the way (a cumulative sum)", lambda e: np.cumsum(e, axis=0)),
    (
        "shifted",
        "is what is due minus its maximum",
        lambda e: e - e.max(axis=-1, keepdims=True) if e.ndim else e,
    ),
    ("normalised", "is divided by its own sum", lambda e: e / e.sum()),
    ("normalised", "is divided by its own length (normalised)", lambda e: e / np.sqrt((e * e).sum())),
)


def _simple(look: Look, pairs: Arrays, what: str) -> tuple[str, str] | None:
    """Recognise a simple function of the right numbers, or an argument itself."""
    found = next(_simple_words(look, pairs, what), None)  # none fits most answers, and that is seen sooner
    return found if found and _finite(x for _, *both in pairs for x in both) else None


def _simple_words(look: Look, pairs: Arrays, what: str) -> Iterator[tuple[str, str]]:
    i, e, g = pairs[0]
    for k in _simple_functions(look, e).alike(Node("array", g)):
        key, words, f = SIMPLE[k]
        if all(close(f(e), g) for _, e, g in pairs[1:]):
            yield key, f"{what} {words}."
    for name, factor in _arguments_alike(look, i, g):
        if factor == 1 and all(_is_argument(look, i, name, 1, g) for i, _, g in pairs[1:]):
            yield "unchanged", f"{what} is {name} itself, unchanged."
    # Rounding to a few digits: all entries agree with the right ones to that many.
    for digits in (1, 2, 3, 4):
        if all(close(np.round(e, digits), g, 1e-6, 1e-12) for _, e, g in pairs):
            words = f"{digits} decimal{'s' if digits > 1 else ''}"
            yield "rounded", f"{what} is rounded to {words}. Return all digits."


def _simple_functions(look: Look, e: np.ndarray) -> Crowd:
    """Return the simple functions of what is due (remembered)."""
    key = ("simple", e.shape, e.tobytes())
    if key not in look.prepared.remembered:
        look.prepared.remembered[key] = _crowd(f(e) for _, _, f in SIMPLE)
    return look.prepared.remembered[key]


def _rearranged(look: Look, pairs: Arrays, what: str) -> tuple[str, str] | None:
    """Recognise the right numbers in other places."""
    if not all(close(e, g) for _, e, g in pairs if e.size <= 1):
        return None  # a single number has no other place
    pairs = [(i, e, g) for i, e, g in pairs if e.size > 1]
    if all(e.ndim == 2 and e.shape[0] == e.shape[1] and close(e.T, g) for _, e, g in pairs):
        return (
            "transposed",
            f"{what} is the transpose of what is due; only square matrices hide it from the shapes.",
        )
    if all(e.ndim >= 1 and close(e[::-1], g) for _, e, g in pairs):
        return "reversed", f"{what} comes in reverse order."
    if all(e.ndim == 2 and close(e[:, ::-1], g) for _, e, g in pairs):
        return "reversed", f"{what} has its columns in reverse order."
    if all(e.ndim >= 1 and e.shape[0] > 1 and close(np.roll(e, 1, 0), g) for _, e, g in pairs):
        return "shifted_rows", f"{what} is shifted by one entry."
    if all(e.ndim >= 1 and e.shape[0] > 1 and close(np.sort(e, 0), np.sort(g, 0)) for _, e, g in pairs):
        return "permuted", f"{what} has the right rows in another order."
    long = [(e, g) for _, e, g in pairs if e.shape[0] > 1]
    if long and all(close(e, g) for _, e, g in pairs if e.shape[0] <= 1):
        if all(close(e[0], g[0]) and not np.any(g[1:]) for e, g in long):
            return (
                "first_only",
                f"{what} is right in its first row only; the others are still 0. Does the loop return "
                "too early?",
            )
        if all(close(e[-1], g[-1]) and not np.any(g[:-1]) for e, g in long):
            return (
                "last_only",
                f"{what} is right in its last row only: each turn of the loop overwrites the one before.",
            )
        # A loop that skips an end does so in every case; one odd entry there has another reason.
        often = 2 * sum(not close(e, g) for e, g in long) > len(long)
        if often and all(close(e[1:], g[1:]) for e, g in long):
            return "first_wrong", f"{what} is right except for its first row: does a loop start at 1?"
        if often and all(close(e[:-1], g[:-1]) for e, g in long):
            return "last_wrong", f"{what} is right except for its last row: does a loop end one too early?"
        fractions = any((e % 1 != 0).any() for e, _ in long)  # 0/1 results agree in a row by chance
        if fractions and len(long) > 1 and all(close(e[0], g[0]) for e, g in long):
            return (
                "first_only",
                f"{what} is right in its first row only: something that belongs to one row, such as "
                "a maximum or a sum, is kept for the others.",
            )
    return None


def approximate(look: Look) -> Diagnosis | None:
    """Report results that come close everywhere and are not equal: an approximation."""
    failing = [i for i in look.of_kind(*OF_VALUE) if i in look.comparable]
    if not failing or len(failing) < 0.5 * len(look.comparable) or look.speaks or look.exercise.any_number:
        return None
    worst = 0.0
    for part in range(len(look.part_names)) if look.part_names else [None]:
        for i in look.comparable:
            pair = look.arrays(i, part)
            if pair is None or pair[0].shape != pair[1].shape:
                return None
            e, g = pair
            size = float(np.abs(e).max(initial=0))
            off = float(np.abs(e - g).max(initial=0))
            if not np.isfinite(off) or off > NEAR * size:
                return None
            worst = max(worst, off / size if size else 0.0)
    if not 0 < worst:
        return None
    message = (
        f"Your results come close but are not equal, by up to {100 * worst:.1g} %: an approximation. Is "
        "something rounded, is a number added for safety (eps) too large, is a step too coarse, or a small "
        "term left out?"
    )
    return look.made("approximate", message)


def tendency(look: Look) -> tuple[str, str] | None:
    """Return in which direction the wrong numbers are wrong, where it is one and the same throughout."""
    failing = [i for i in look.of_kind(*OF_VALUE) if i in look.comparable]
    if len(failing) < 2 or look.speaks or look.exercise.any_number:
        return None
    parts = {look.faults[i].path[0] for i in failing if look.faults[i].path} if look.part_names else {None}
    if len(parts) != 1:
        return None
    part = next(iter(parts))
    pairs = [p for p in (look.arrays(i, part) for i in failing) if p is not None and p[0].shape == p[1].shape]
    if len(pairs) < len(failing):
        return None
    e, g = (np.concatenate([p[k].ravel() for p in pairs]) for k in (0, 1))
    wrong = ~near(e, g, 1e-4, 1e-6) & np.isfinite(e) & np.isfinite(g)
    if wrong.sum() < 6:
        return None
    e, g, what = e[wrong], g[wrong], look.part_name(() if part is None else (part,)) or "The result"
    same_sign = bool((e * g >= 0).all())
    for key, words, held in (
        ("too_large", "larger in size than what is due", same_sign and (np.abs(g) > np.abs(e)).all()),
        ("too_small", "smaller in size than what is due", same_sign and (np.abs(g) < np.abs(e)).all()),
        ("too_high", "above what is due", (g > e).all()),
        ("too_low", "below what is due", (g < e).all()),
    ):
        if held:
            return key, f"{what} is {words} in every entry that is wrong, but not by a constant factor."
    return None


NEAR = 0.1  # of the largest entry: further off, it is another formula

# What may set the wrong entries apart: words, and the test on the entries of an argument of the same shape.
ENTRY_TESTS: tuple[tuple[str, str, Callable[[np.ndarray], np.ndarray]], ...] = (
    ("negative", "is negative", lambda x: x < 0),
    ("positive", "is positive", lambda x: x > 0),
    ("zero", "is exactly 0", lambda x: x == 0),
    ("not_positive", "is 0 or negative", lambda x: x <= 0),
    ("not_negative", "is 0 or positive", lambda x: x >= 0),
    ("one", "is 1", lambda x: x == 1),
    ("large", "is larger than 1 in size", lambda x: np.abs(x) > 1),
    ("small", "is smaller than 1 in size", lambda x: np.abs(x) < 1),
)


def entries(look: Look) -> Diagnosis | None:
    """Report that the wrong entries are those where an argument is negative, 0, 1, large."""
    failing = [i for i in look.of_kind(*OF_VALUE) if i in look.comparable]
    if not failing or len(failing) < 0.75 * len(look.faults):
        return None
    parts = (
        sorted({look.faults[i].path[0] for i in failing if look.faults[i].path})
        if look.part_names
        else [None]
    )
    part = parts[0] if parts else None
    pairs = [(i, e, g) for i, e, g in _pairs(look, failing, part) if e.size]
    if not pairs:
        return None
    right = near_each([(e, g) for _, e, g in pairs])
    all_right = np.concatenate([held.ravel() for held in right])
    total, wrong = all_right.size, int((~all_right).sum())
    if not wrong or wrong == total:
        return None
    masks = [(i, ~held) for (i, *_), held in zip(pairs, right, strict=True)]
    for name in dict.fromkeys(n for i, _ in masks for n in look.arguments(i)):
        values = [(m, look.arguments(i).get(name)) for i, m in masks]
        fitting = [(m.ravel(), v.ravel()) for m, v in values if _fits_mask(v, m)]
        if sum(int(m.sum()) for m, _ in fitting) < wrong:
            continue
        mask = np.concatenate([m for m, _ in fitting])
        numbers = np.concatenate([v for _, v in fitting], dtype=float, casting="unsafe")
        for key, words, test in ENTRY_TESTS:
            having = test(numbers)
            count = int(having.sum())
            telling = 0 < count <= 0.85 * total  # to be set apart by what nearly all have says nothing
            if telling and wrong >= 0.8 * count and (having | ~mask).all():
                what = look.part_name(() if part is None else (part,)) or "The result"
                message = f"{what} is wrong only in the entries where `{name}` {words}; the others are right."
                return look.made(f"wrong_where_{name}_{key}", message)
    return None


def _fits_mask(value: object, mask: np.ndarray) -> bool:
    return isinstance(value, np.ndarray) and value.shape == mask.shape and value.dtype.kind in "iuf"


def count_wrong(look: Look, i: int, part: int | None) -> str:
    """Return how many entries of a result are wrong, in words; "" where it is a single number."""
    pair = look.arrays(i, part) if i in look.comparable else None
    if pair is None or pair[0].shape != pair[1].shape or pair[0].size < 2:
        return ""
    wrong, size = int((~near(*pair)).sum()), pair[0].size
    if wrong == 1:
        return f"1 of its {size} entries is wrong"
    return f"{wrong} of its {size} entries are wrong" if wrong < size else f"all {size} entries are wrong"
