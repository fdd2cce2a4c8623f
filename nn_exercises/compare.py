"""Compare one returned value with the one that is due: structure, shape, kind of number, then the numbers.

Everything here works on the plain data of `run`: an answer's own code is never called.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn_exercises.run import Node

RTOL, ATOL = 1e-4, 1e-6
OF_VALUE = ("values", "nan", "length")  # faults of the numbers; all others are of the form
FEW = 32  # numbers that are sooner compared without NumPy
FLOAT = np.dtype(np.float64)
EXACT = 2.0**53  # up to here a float holds every integer
SEQUENCES = ("list", "tuple", "iterator")


@dataclass(frozen=True)
class Rules:
    """How strictly to compare."""

    rtol: float = RTOL
    atol: float | None = None  # None: 1e-6 times the larger of 1 and the largest expected entry
    any_number: bool = False
    either: tuple[int, ...] = ()


@dataclass(frozen=True)
class Fault:
    """What is wrong with one outcome.

    `kind`: none, other, structure, count, length, text, matrix, boolean, integer, fraction (a float where an
    integer is due), complex, shape, nan, values, property; and from the whole outcome raised, no_error,
    wrong_error, warned, changed, state, unseeded, timeout, missing. `path` leads to the part of the value, as
    (0,) to the first of several returned values.
    """

    kind: str
    text: str
    path: tuple[int, ...] = ()
    given: Any = None
    expected: Any = None
    key: str = ""  # of a property's problem, or the name of a changed argument


def numbers(node: Node) -> np.ndarray | None:
    """Return the numbers of a scalar or array node as an array, else None."""
    if node.kind in ("array", "scalar"):
        return node.data
    if node.kind in ("bool", "int", "float", "complex"):
        x = np.asarray(node.data)
        return x if x.dtype.kind in "biufc" else None  # an integer may be longer than NumPy's
    return None


def name_of(node: Node) -> str:
    """Say what a value is, in a few words."""
    if node.kind == "array":
        return f"{'a ' + node.name if node.name else 'an array'} of shape {node.data.shape}"
    count = len(node.data) if node.kind in (*SEQUENCES, "dict") else 0
    if node.kind in SEQUENCES:
        what = {"list": "a list", "tuple": "a tuple", "iterator": "an iterator"}[node.kind]
        return (
            f"{what} of {count} {'entry' if count == 1 else 'entries'}"
            if count
            else f"an empty {what[2:].strip()}"
        )
    return {
        "none": "None",
        "bool": "a boolean",
        "int": "an integer",
        "float": "a number",
        "complex": "a complex number",
        "text": "text",
        "scalar": "a number",
        "dict": "a dict",
    }.get(node.kind, f"a value of type {node.name}")


def compare(expected: Node, given: Node, rules: Rules = Rules(), path: tuple[int, ...] = ()) -> Fault | None:
    """Return what is wrong with `given`, or None."""
    free = bool(path) and path[0] in rules.either
    if given.kind == "none" and expected.kind != "none":
        what = f"Value {path[0] + 1} is None." if path else "The function returns None."
        return Fault("none", what, path, given, expected)
    if expected.kind == "none":
        return None if given.kind == "none" else Fault("structure", "None is due.", path, given, expected)
    if given.kind == "other":
        return Fault("other", f"The value is {name_of(given)}.", path, given, expected)
    if expected.kind == "text":
        if given.kind != "text":
            return Fault("structure", f"Text is due, not {name_of(given)}.", path, given, expected)
        same = given.data == expected.data
        return (
            None
            if same
            else Fault("values", f"{given.data!r} where {expected.data!r} is due.", path, given, expected)
        )
    if given.kind == "text":
        return Fault("text", "The value is text.", path, given, expected)
    if expected.kind in SEQUENCES:
        return _compare_sequences(expected, given, rules, path, free)
    if expected.kind == "dict":
        return _compare_dicts(expected, given, rules, path)
    if given.kind in SEQUENCES or given.kind == "dict":
        if free and expected.kind == "array" and given.kind != "dict":
            as_list = Node("list", tuple(Node("array", row) for row in expected.data))
            return _compare_sequences(as_list, given, rules, path, free)
        return Fault("structure", f"{name_of(expected)} is due, not {name_of(given)}.", path, given, expected)
    return compare_numbers(expected, given, rules, path, free)


def _compare_sequences(
    expected: Node, given: Node, rules: Rules, path: tuple[int, ...], free: bool
) -> Fault | None:
    if free and given.kind == "array" and given.data.ndim >= 1:
        given = Node("list", tuple(Node("array", np.asarray(v)) for v in given.data))
    if given.kind not in SEQUENCES:
        return Fault(
            "count" if expected.kind == "tuple" and not path else "structure",
            f"{name_of(expected)} is due, not {name_of(given)}.",
            path,
            given,
            expected,
        )
    if len(given.data) != len(expected.data):
        text = f"{len(expected.data)} values are due, not {len(given.data)}."
        kind = "length" if (expected.kind != "tuple" and given.kind == expected.kind) or free else "count"
        return Fault(kind, text, path, given, expected)
    if given.kind != expected.kind and not free:
        return Fault("structure", f"{name_of(expected)} is due, not {name_of(given)}.", path, given, expected)
    worst = None
    for i, (e, g) in enumerate(zip(expected.data, given.data, strict=True)):
        fault = compare(e, g, rules, (*path, i))
        # A wrong type anywhere is told before a wrong number: it is the plainer fault.
        if fault and (worst is None or (worst.kind in OF_VALUE and fault.kind not in OF_VALUE)):
            worst = fault
    return worst


def _compare_dicts(expected: Node, given: Node, rules: Rules, path: tuple[int, ...]) -> Fault | None:
    if given.kind != "dict":
        return Fault("structure", f"A dict is due, not {name_of(given)}.", path, given, expected)
    have = {(k.kind, k.data): v for k, v in given.data if k.kind in ("text", "int")}
    wanted = {(k.kind, k.data): v for k, v in expected.data}
    if set(have) != set(wanted) or len(given.data) != len(expected.data):
        keys = ", ".join(str(k[1]) for k in wanted)
        return Fault("structure", f"A dict with the keys {keys} is due.", path, given, expected)
    faults = (compare(v, have[k], rules, (*path, i)) for i, (k, v) in enumerate(wanted.items()))
    return next((f for f in faults if f), None)


def compare_numbers(
    expected: Node, given: Node, rules: Rules = Rules(), path: tuple[int, ...] = (), free: bool = False
) -> Fault | None:
    """Compare two scalars or arrays: container, shape, kind of number, finiteness, values."""
    if _plain(expected, given):
        if expected.kind == "float" and _close_plain(expected.data, given.data, rules):
            return None
        if expected.kind == given.kind == "int" and expected.data == given.data:
            return None
    e, g = numbers(expected), numbers(given)
    if e is None or g is None:
        return Fault("values", f"{name_of(expected)} is due, not {name_of(given)}.", path, given, expected)
    if given.kind == "array" and given.name in ("matrix", "MaskedArray", "recarray", "chararray"):
        return Fault("matrix", f"A plain array is due, not {given.name}.", path, given, expected)
    if e.shape != g.shape:
        return Fault("shape", f"The shape is {g.shape}, and {e.shape} is due.", path, given, expected)
    kind = _kind_fault(given, e, g, rules.any_number or free)
    if kind:
        return Fault(kind[0], kind[1], path, given, expected)
    if e.size == 0:
        return None
    exact = e.dtype.kind in "iub"
    if exact and g.dtype.kind in "iub":
        if np.array_equal(e, g):
            return None
    else:
        wanted = e.astype(FLOAT, copy=False) if e.dtype.kind != "c" else e
        got = g.astype(FLOAT, copy=False) if g.dtype.kind != "c" else g
        rtol, atol = (0.0, 1e-6) if exact else (rules.rtol, rules.atol)
        if close(wanted, got, rtol, atol):
            return None
        nan = np.isnan(got)
        if nan.any() and (nan & ~np.isnan(wanted)).any():
            return Fault("nan", "NaN (not a number) is among the values.", path, given, expected)
    return Fault("values", "The values differ.", path, given, expected)


def close(e: np.ndarray, g: np.ndarray, rtol: float = RTOL, atol: float | None = None) -> bool:
    """Tell whether numbers agree; without `atol` its scale follows the largest finite expected entry."""
    if e.size <= FEW and e.shape == g.shape and e.dtype == g.dtype == FLOAT:
        return _few_close(e.ravel().tolist(), g.ravel().tolist(), rtol, atol)
    return bool(near(e, g, rtol, atol).all())


def _few_close(due: list[float], given: list[float], rtol: float, atol: float | None) -> bool:
    """Tell the same of a few numbers: Python has met one that differs before NumPy has begun."""
    if atol is None:
        finite = due if math.isfinite(sum(due)) else [x for x in due if math.isfinite(x)]
        atol = ATOL * max(1.0, max(finite), -min(finite)) if finite else ATOL
    for x, y in zip(due, given, strict=True):
        if not (abs(y - x) <= atol + rtol * abs(x) < math.inf or x == y or (x != x and y != y)):
            return False
    return True


def near(e: np.ndarray, g: np.ndarray, rtol: float = RTOL, atol: float | None = None) -> np.ndarray:
    """Return where numbers agree; without `atol` its scale follows the largest finite expected entry.

    That is `np.isclose` with equal_nan, without its preparations where every expected number is finite: they
    take longer than the few numbers of a case, and a diagnosis compares some hundreds.
    """
    with np.errstate(all="ignore"):
        size = np.abs(e)
        largest = float(size.max(initial=0.0))
        if math.isfinite(largest):
            atol = ATOL * max(1.0, largest) if atol is None else atol
            return np.abs(g - e) <= atol + rtol * size
        if atol is None:
            finite = size[np.isfinite(size)]
            atol = ATOL * max(1.0, float(finite.max(initial=0.0)))
        return np.isclose(g, e, rtol=rtol, atol=atol, equal_nan=True)


def near_each(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    """Return `near` of several pairs of float arrays, none of them empty, at a stroke."""
    if not pairs:
        return []
    counts = [e.size for e, _ in pairs]
    ends = list(itertools.accumulate(counts))
    starts = [0, *ends[:-1]]
    due, given = (np.concatenate([pair[k].ravel() for pair in pairs]) for k in (0, 1))
    size = np.abs(due)
    largest = np.maximum.reduceat(size, starts)
    if not np.isfinite(largest).all():
        return [near(e, g) for e, g in pairs]
    with np.errstate(all="ignore"):
        atol = np.repeat(ATOL * np.maximum(largest, 1.0), counts)
        held = np.abs(given - due) <= atol + RTOL * size
    return [held[a:b].reshape(e.shape) for a, b, (e, _) in zip(starts, ends, pairs, strict=True)]


def _plain(a: Node, b: Node) -> bool:
    """Tell whether both are Python's own numbers, finite and exact as floats: then NumPy is not needed."""
    return (
        a.kind in ("int", "float")
        and b.kind in ("int", "float")
        and abs(a.data) <= EXACT
        and abs(b.data) <= EXACT
    )


def _close_plain(e: float, g: float, rules: Rules) -> bool:
    """Tell of two such numbers what `close` tells of arrays."""
    atol = ATOL * max(1.0, abs(e)) if rules.atol is None else rules.atol
    return abs(g - e) <= atol + rules.rtol * abs(e)


def _kind_fault(given: Node, e: np.ndarray, g: np.ndarray, any_number: bool) -> tuple[str, str] | None:
    due, have = e.dtype.kind, g.dtype.kind
    if have == "b" and due != "b":
        return "boolean", "The values are True and False; numbers are due."
    if have == "c" and due != "c":
        return "complex", "The values are complex; real numbers are due."
    if any_number or due not in "fiu" or have not in "fiu" or (due == "f") == (have == "f"):
        return None
    if due == "f":
        # A Python integer is a fine scalar; an integer array, or NumPy's integer, has lost its fractions.
        return None if given.kind == "int" else ("integer", f"The dtype is {g.dtype}; floats are due.")
    return "fraction", f"The values are floats ({g.dtype}); integers are due."


def same(a: Node | None, b: Node | None, rtol: float = 1e-9) -> bool:
    """Tell whether two returned values are one and the same, kinds included."""
    if a is b or a is None or b is None:
        return a is b
    if a.kind != b.kind or a.name != b.name:
        return False
    if a.kind in SEQUENCES:
        return len(a.data) == len(b.data) and all(map(lambda x, y: same(x, y, rtol), a.data, b.data))
    if a.kind == "dict":
        pairs = zip(a.data, b.data, strict=False)
        return len(a.data) == len(b.data) and all(
            same(k, m, rtol) and same(v, w, rtol) for (k, v), (m, w) in pairs
        )
    if a.kind in ("array", "scalar"):
        x, y = a.data, b.data
        if x.dtype != y.dtype or x.shape != y.shape:
            return False
        exact = x.tobytes() == y.tobytes() or bool(np.array_equal(x, y, equal_nan=x.dtype.kind in "fc"))
        return exact or bool(x.dtype.kind == "f" and rtol and close(x, y, rtol, 0.0))
    if a.kind == "float":
        return (
            a.data == b.data
            or (a.data != a.data and b.data != b.data)
            or (bool(rtol) and abs(a.data - b.data) <= rtol * abs(a.data))
        )
    return a.data == b.data


def alike(a: Node | None, b: Node | None, *, kinds: bool = True) -> bool:
    """Tell whether two answers returned the same thing, within the tolerance of comparing.

    With `kinds` off, numbers count alone: a list for an array, integers for floats, are no difference.
    """
    if a is None or b is None:
        return a is b
    if a.kind in SEQUENCES or b.kind in SEQUENCES:
        if not (a.kind in SEQUENCES and b.kind in SEQUENCES):
            if kinds or a.kind == "dict" or b.kind == "dict":
                return False
            x, y = as_array(a), as_array(b)
            return x is not None and y is not None and x.shape == y.shape and close(x, y)
        if (kinds and a.kind != b.kind) or len(a.data) != len(b.data):
            return False
        return all(map(lambda x, y: alike(x, y, kinds=kinds), a.data, b.data))
    if _plain(a, b):
        return _close_plain(a.data, b.data, Rules())
    x, y = numbers(a), numbers(b)
    if x is None or y is None:
        return (
            a.kind == b.kind
            and a.name == b.name
            and (a.data == b.data if a.kind in ("text", "none", "other") else same(a, b, 1e-6))
        )
    if x.shape != y.shape or (kinds and a.name != b.name):
        return False
    if kinds and _family(x, a) != _family(y, b):
        return False
    if x.dtype.kind == "c" or y.dtype.kind == "c":
        return bool(np.allclose(x, y, equal_nan=True))
    return close(x.astype(FLOAT, copy=False), y.astype(FLOAT, copy=False))


def _family(x: np.ndarray, node: Node) -> str:
    kind = "i" if x.dtype.kind == "u" else x.dtype.kind
    return "f" if kind == "i" and node.kind == "int" else kind


def as_array(node: Node) -> np.ndarray | None:
    """Return a node's numbers as one float array, nested lists included, or None."""
    x = numbers(node)
    if x is not None:
        return x.astype(np.float64) if x.dtype.kind in "biuf" else None
    if node.kind in SEQUENCES and node.data:
        parts = [as_array(v) for v in node.data]
        if all(p is not None for p in parts) and len({p.shape for p in parts}) == 1:
            return np.array(parts)
    return None
