"""Calls and outcomes as messages, and back: plain data, whitelisted dtypes, nothing that could run.

Both sides use this file: in the worker it lies beside `run.py` (nn_exercises' executing part), without the
packages around them. What comes from the worker is checked item by item before it becomes a value again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np

try:
    from nn_exercises import run
except ImportError:  # in the worker
    import run

NUMBERS = ("|b1", "|i1", "|u1", *(o + k for o in "<>" for k in "i2 i4 i8 u2 u4 u8 f2 f4 f8 c8 c16".split()))
DTYPES = {name: np.dtype(name) for name in NUMBERS}  # what an array may hold
NAMES = {dtype: name for name, dtype in DTYPES.items()}
MOST_ITEMS = run.MAX_ITEMS + 100  # values in one outcome's value
MOST_BYTES = 2 * 2**24  # of arrays in it
LONGEST_EMPTY = 100_000  # along one axis of an array that holds nothing
SHORT = 256  # bytes of an array that travel as a text: what lies beside the text costs each message more
STATUSES = ("returned", "raised", "timeout", "skipped")
CONTAINERS = ("list", "tuple", "iterator", "dict")
AGAIN = ("again", "reseeded", "later")  # fields of an outcome that mostly hold the value once more
SAME = "same"  # stands for the value there


class WireError(ValueError):
    """What came from the worker is no outcome."""


def _text(value: Any, longest: int = run.MAX_TEXT) -> str:
    if not isinstance(value, str):
        raise WireError("a text is due")
    return value[:longest]


# ---------------------------------------------------------------- values: the arguments of calls


def dump_value(value: Any, functions: list[run.Fn]) -> Any:
    """Return an argument as a message; an `Fn` becomes its place in `functions`, which it joins."""
    if value is None or isinstance(value, bool | int | str) or type(value) is float:
        return value
    if isinstance(value, np.ndarray):
        return ["array", *_dump_array(value)]
    if isinstance(value, np.generic):
        return ["scalar", *_dump_array(np.asarray(value))]
    if isinstance(value, run.Rng):
        return ["rng", value.seed]
    if isinstance(value, run.Fn):
        functions.append(value)
        return ["fn", len(functions) - 1, value.name, value.f.__doc__]
    if isinstance(value, tuple | list):
        return [type(value).__name__, *(dump_value(v, functions) for v in value)]
    if isinstance(value, dict):
        return ["dict", *([dump_value(k, functions), dump_value(v, functions)] for k, v in value.items())]
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    raise TypeError(f"an argument of a call cannot be a {type(value).__name__}")


def dump_arguments(args: tuple, kwargs: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return what a callable is asked about as messages."""
    dumped = [dump_node(run.pack(a)) for a in args]
    return dumped, [[k, dump_node(run.pack(v))] for k, v in kwargs.items()]


def question(index: int, args: list[Any], kwargs: list[Any]) -> str:
    """Return a short name for what a callable is asked, the same for the same numbers."""
    return hashlib.blake2b(repr((index, args, kwargs)).encode(), digest_size=8).hexdigest()


def load_value(message: Any, remote: Callable[[int, str, str | None], run.Fn] | None = None) -> Any:
    """Return the argument that a message stands for; `remote` makes the callables.

    With `remote` arrays are read-only: they belong to a call, and each time that is made it gets copies.
    """
    if not isinstance(message, list):
        return message
    kind, rest = message[0], message[1:]
    if kind == "array":
        array = _load_array(rest)
        return array.copy(order="K") if remote is None else array
    if kind == "scalar":
        return _load_array(rest)[()]
    if kind == "rng":
        return run.Rng(rest[0])
    if kind == "fn" and remote is not None:
        return remote(*rest)
    if kind == "tuple":
        return tuple(load_value(item, remote) for item in rest)
    if kind == "list":
        return [load_value(item, remote) for item in rest]
    if kind == "dict":
        return {load_value(k, remote): load_value(v, remote) for k, v in rest}
    if kind == "complex":
        return complex(*rest)
    raise WireError(f"no value is called {kind!r}")


def _dump_array(array: np.ndarray) -> list[Any]:
    name = NAMES.get(array.dtype)
    if name is None and array.dtype.kind in "fc":  # long doubles differ from machine to machine
        array = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    order = "F" if array.ndim > 1 and array.flags.fnc else "C"
    data = array.tobytes(order)
    return [name or array.dtype.str, list(array.shape), order, data.hex() if len(data) <= SHORT else data]


def _load_array(message: list[Any]) -> np.ndarray:
    name, shape, order, data = message
    dtype = DTYPES.get(name) if type(name) is str else None
    if type(shape) is not list or len(shape) > 32:
        raise WireError("a shape is a short list of counts")
    for n in shape:
        if type(n) is not int or n < 0:
            raise WireError("a shape is a short list of counts")
    try:
        if type(data) is str:
            data = bytes.fromhex(data)
        if dtype is None or type(data) is not bytes:
            raise WireError("an array is named by a numeric dtype and raw bytes")
        array = np.ndarray(shape, dtype, data, 0, None, "F" if order == "F" else "C")
    except (ValueError, TypeError, OverflowError) as error:
        raise WireError(str(error)) from None
    if array.nbytes != len(data):
        raise WireError(f"an array of {array.nbytes} bytes comes with {len(data)}")
    if not data and max(shape, default=0) > LONGEST_EMPTY:
        raise WireError("an empty array is very long")
    # The byte of a truth value may hold more than 0 and 1.
    return array.view(np.uint8) != 0 if name == "|b1" else array


# ---------------------------------------------------------------- outcomes: what the worker reports


def dump_node(node: run.Node | None) -> Any:
    """Return packed data as a message."""
    if node is None:
        return None
    data = node.data
    if node.kind in ("array", "scalar"):
        data = _dump_array(data)
    elif node.kind == "dict":
        data = [[dump_node(k), dump_node(v)] for k, v in data]
    elif node.kind in CONTAINERS:
        data = [dump_node(item) for item in data]
    elif node.kind == "complex":
        data = [data.real, data.imag]
    return [node.kind, data, node.name]


def load_node(message: Any, depth: int = 0, left: list[int] | None = None) -> run.Node | None:
    """Return the packed data of a message, checked; WireError if it is not what `dump_node` writes.

    `left` holds how many values and how many bytes of arrays it may still hold.
    """
    if message is None:
        return None
    left = [MOST_ITEMS, MOST_BYTES] if left is None else left
    left[0] -= 1
    if left[0] < 0:
        raise WireError("a value has too many entries")
    if not (isinstance(message, list) and len(message) == 3 and depth <= run.MAX_DEPTH + 2):
        raise WireError("a value has a kind, data and a name")
    kind, data, name = message
    name = _text(name, 200)
    if kind in ("array", "scalar"):
        if not (isinstance(data, list) and len(data) == 4):
            raise WireError("an array has a dtype, a shape, an order and bytes")
        array = _load_array(data)
        left[1] -= array.nbytes
        if left[1] < 0:
            raise WireError("a value is too large")
        if kind == "scalar" and array.ndim:
            raise WireError("a scalar has no shape")
        return run.Node(kind, array, name)
    if kind in CONTAINERS:
        if not isinstance(data, list):
            raise WireError(f"a {kind} holds a list of items")
        if kind == "dict":
            pairs = [pair for pair in data if isinstance(pair, list) and len(pair) == 2]
            items = tuple((_node(k, depth, left), _node(v, depth, left)) for k, v in pairs)
            return run.Node(kind, items, name)
        return run.Node(kind, tuple(_node(item, depth, left) for item in data), name)
    if kind == "complex" and isinstance(data, list) and [type(x) for x in data] == [float, float]:
        return run.Node(kind, complex(*data), name)
    plain = {"none": type(None), "bool": bool, "int": int, "float": float, "text": str, "other": type(None)}
    if kind not in plain or type(data) is not plain[kind]:
        raise WireError(f"no value is called {kind!r}")
    if kind == "int" and data.bit_length() > 1024:
        raise WireError("an integer is too long")
    return run.Node(kind, data[: run.MAX_TEXT] if kind == "text" else data, name)


def _node(message: Any, depth: int, left: list[int] | None = None) -> run.Node:
    node = load_node(message, depth + 1, left)
    if node is None:
        raise WireError("an item is missing")
    return node


def dump_outcome(outcome: run.Outcome) -> dict[str, Any]:
    """Return an outcome as a message: what it holds beyond the defaults."""
    value = outcome.value
    message = {}
    for name, held in vars(outcome).items():
        if held:  # most outcomes are a value alone; nodes are always truthy, and no `==` ever meets an array
            message[name] = SAME if held is value and name in AGAIN else FIELDS[name][0](held)
    return message


def load_outcome(message: Any) -> run.Outcome:
    """Return the outcome of a message, checked; WireError if it is none."""
    try:
        if not (isinstance(message, dict) and message.keys() <= FIELDS.keys() and "status" in message):
            raise WireError("an outcome has a status and other fields of that class")
        found: dict[str, Any] = {}
        for name, (_, load) in FIELDS.items():
            if name in message:
                held = message[name]
                found[name] = found["value"] if name in AGAIN and held == SAME else load(held)
        outcome = run.Outcome(**found)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as wrong:
        raise WireError(f"not an outcome: {wrong}") from None
    if (outcome.status == "returned") != (outcome.value is not None):
        raise WireError("an outcome has a value where something was returned")
    if outcome.value is None and any((outcome.again, outcome.later, outcome.reseeded)):
        raise WireError("an outcome is looked at again where something was returned")
    if (outcome.status == "raised") != (outcome.error is not None):
        raise WireError("an outcome has an error where one was raised")
    return outcome


def _status(message: Any) -> str:
    if not isinstance(message, str) or message not in STATUSES:
        raise WireError("an outcome has a status")
    return message


def _dump_error(error: run.Error | None) -> Any:
    return error and [error.type, list(error.kinds), error.message, error.line, error.text, error.inside]


def _load_error(message: Any) -> run.Error | None:
    if message is None:
        return None
    kind, kinds, text, line, source, inside = message
    return run.Error(
        _text(kind, 80),
        tuple(_text(k, 80) for k in kinds[:16]),
        _text(text),
        line if type(line) is int and 0 <= line < 10**6 else None,
        _text(source, 200),
        inside is True,
    )


def _counts(message: Any) -> dict[str, int]:
    counts = [(_text(n, 80), c) for n, c in message.items() if type(c) is int and 0 <= c < 2**31]
    return dict(counts[:50])


def _dump_nodes(nodes: tuple[run.Node | None, ...]) -> list[Any]:
    return [dump_node(node) for node in nodes]


def _truths(message: Any) -> tuple[bool, ...]:
    return tuple(item is True for item in message[:50])


# How each field of an outcome travels, and how it is checked on arrival; what is empty need not travel.
FIELDS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "status": (str, _status),
    "value": (dump_node, load_node),
    "error": (_dump_error, _load_error),
    "after": (_dump_nodes, lambda message: tuple(load_node(item) for item in message[:50])),
    "warnings": (
        lambda pairs: [list(pair) for pair in pairs],
        lambda message: tuple((_text(category, 80), _text(text)) for category, text in message[:8]),
    ),
    "printed": (str, _text),
    "asked": (dict, _counts),
    "again": (dump_node, load_node),
    "reseeded": (dump_node, load_node),
    "later": (dump_node, load_node),
    "drew": (list, _truths),
}


def dump_facts(facts: run.Facts) -> list[Any]:
    """Return facts as a message."""
    parameters = facts.parameters
    defaults = [[name, dump_node(value)] for name, value in facts.defaults]
    return [facts.name, parameters and list(parameters), list(facts.globals_read), facts.keeps, defaults]


def load_facts(message: Any) -> run.Facts:
    """Return the facts of a message, checked; WireError if it holds none."""
    try:
        name, parameters, globals_read, keeps, defaults = message
        return run.Facts(
            _text(name, 80),
            None if parameters is None else tuple(_text(p, 80) for p in parameters[:50]),
            tuple(_text(g, 80) for g in globals_read[:50]),
            keeps is True,
            tuple((_text(n, 80), _node(value, 0)) for n, value in defaults[:50]),
        )
    except (TypeError, ValueError) as wrong:
        raise WireError(f"no facts: {wrong}") from None
