"""Write values, calls and code for people: short, exact enough, the same on every machine."""

from __future__ import annotations

import numpy as np

from nn_exercises.compare import SEQUENCES
from nn_exercises.run import Fn, Node, Rng, pack

WIDTH = 76


def show(value: object, width: int = WIDTH) -> str:
    """Return a value of a case, or a `Node`, as short text."""
    if isinstance(value, Fn):
        return value.name
    if isinstance(value, Rng):
        return f"default_rng({value.seed})"
    if isinstance(value, list | tuple) and any(isinstance(v, Fn | Rng) for v in value):
        inner = ", ".join(show(v, width) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return show_node(value if isinstance(value, Node) else pack(value), width)


def show_node(node: Node, width: int = WIDTH) -> str:
    """Return a `Node` as short text: at most six significant digits, long arrays shortened."""
    if node.kind == "none":
        return "None"
    if node.kind == "other":
        return f"<{node.name}>"
    if node.kind == "text":
        return repr(node.data[:60] + "…" if len(node.data) > 60 else node.data)
    if node.kind in ("bool", "int", "complex"):
        return repr(node.data)
    if node.kind == "float":
        return show_number(node.data)
    if node.kind == "scalar" or (node.kind == "array" and node.data.ndim == 0):
        x = node.data[()]
        return show_number(float(x)) if node.data.dtype.kind == "f" else str(x)
    if node.kind == "array":
        return _show_array(node.data, width) + (f" ({node.name})" if node.name else "")
    if node.kind == "dict":
        inner = ", ".join(f"{show_node(k)}: {show_node(v, 30)}" for k, v in node.data[:6])
        return "{" + inner + (", …}" if len(node.data) > 6 else "}")
    if node.kind in SEQUENCES:
        items = [show_node(v, width) for v in node.data[:8]] + (["…"] if len(node.data) > 8 else [])
        one = ", ".join(items)
        if "\n" in one or len(one) > width:
            one = ",\n ".join(item.replace("\n", "\n ") for item in items)
        if node.kind == "tuple":
            return f"({one}{',' if len(node.data) == 1 else ''})"
        return f"[{one}]" if node.kind == "list" else f"iterator over [{one}]"
    return str(node.data)


def show_number(x: float) -> str:
    """Return a float with at most six significant digits, still a float to the eye."""
    text = f"{x:.6g}"
    return text if any(c in text for c in ".en") else text + ".0"


def _show_array(x: np.ndarray, width: int) -> str:
    shape = "×".join(map(str, x.shape))
    if x.size == 0:
        return f"empty array of shape {x.shape}"
    if x.dtype.kind == "f":
        with np.errstate(all="ignore"):
            x = _significant(x)
    text = _as_text(x, width, precision=6, threshold=36, edgeitems=2)
    if text.count("\n") > 11:
        text = _as_text(x, width, precision=4, threshold=4, edgeitems=1)
    return text + (f"   {shape}" if x.ndim > 1 and x.size > 36 else "")


def _as_text(x: np.ndarray, width: int, **how: int) -> str:
    return np.array2string(
        x, separator=", ", max_line_width=width, suppress_small=False, floatmode="maxprec", **how
    )


def _significant(x: np.ndarray, digits: int = 6) -> np.ndarray:
    """Round to significant digits, so that machines that differ in the last bits print the same."""
    flat = np.array([float(f"{v:.{digits}g}") for v in x.astype(np.float64).ravel()[:2000]])
    return flat.reshape(x.shape) if flat.size == x.size else x


def show_call(name: str, names: list[str], values: list[object]) -> str:
    """Return the call of a case, one argument a line where they do not fit on one."""
    parts = [f"{n} = {show(v)}" for n, v in zip(names, values, strict=False)]
    one = f"{name}({', '.join(parts)})"
    if "\n" not in one and len(one) <= WIDTH:
        return one
    lines = []
    for n, v in zip(names, values, strict=False):
        pad = " " * (len(n) + 3)
        lines.append(f"{n} = " + show(v, WIDTH - len(pad)).replace("\n", "\n" + pad))
    return "\n".join(lines)
