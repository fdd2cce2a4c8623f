"""Many candidates at a stroke: run them in one frame, and find those that do the same in one comparison.

A diagnosis asks of hundreds of candidates (known mistakes, mutants, other arguments) whether they return what
the answer returned. To open the frame of a run for each, and to compare each alone, takes far longer than
their calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nn_exercises.compare import ATOL, RTOL, SEQUENCES, alike, as_array, numbers
from nn_exercises.run import Call, Node, Outcome, run

PATIENCE = 20.0  # seconds of the processor are meant: on a busy machine the diagnosis is the same

Form = tuple  # the shape of an array, or ("of", …) with the form of each entry of a list or tuple


def run_each(function: Callable, calls: Sequence[Call], limit: float) -> list[Outcome]:
    """Make calls in one frame as if each were made alone, with `limit` seconds of its own."""
    outcomes: list[Outcome] = []
    while len(outcomes) < len(calls):
        some = run(function, calls[len(outcomes) :], time_limit=limit, patience=PATIENCE)
        late = (k for k, o in enumerate(some) if o.status in ("timeout", "skipped"))
        # The one that was late had less time than is its due, unless it was the first: it begins anew.
        outcomes += some[: max(next(late, len(some)), 1)]
    return outcomes


def run_all(codes: Sequence[Callable], call: Call, limit: float) -> list[Outcome]:
    """Make the same call of many functions, each with `limit` seconds of its own."""
    return run_each(_called, [Call((code, *call.args), call.kwargs) for code in codes], limit)


def _called(code: Callable, *args: object, **kwargs: object) -> object:
    return code(*args, **kwargs)


class Crowd:
    """What many candidates returned in one case, laid out for comparing.

    Parameters
    ----------
    nodes
        The returned values, None where there is none.
    """

    def __init__(self, nodes: Sequence[Node | None]) -> None:
        self.nodes = tuple(nodes)
        self.alone: list[int] = []  # words, complex numbers: to be compared one by one
        self.endless: list[int] = []  # infinity or NaN among the numbers: the same
        self.groups: list[tuple[Form, list[int], np.ndarray, np.ndarray]] = []
        of_form: dict[Form, tuple[list[int], list[list[np.ndarray]]]] = {}
        for k, node in enumerate(self.nodes):
            leaves: list[np.ndarray] = []
            form = None if node is None else _laid_out(node, leaves)
            if form is not None:
                members, rows = of_form.setdefault(form, ([], []))
                members.append(k)
                rows.append(leaves)
            elif node is not None:
                self.alone.append(k)
        for form, (members, rows) in of_form.items():
            self._add_group(form, members, rows)

    def _add_group(self, form: Form, members: list[int], rows: list[list[np.ndarray]]) -> None:
        """Stack values of one form, and how far from each number another may be (as in `compare.close`)."""
        values = np.array([_vector(leaves) for leaves in rows])
        within = np.abs(values)
        start = 0
        for leaf in rows[0]:
            size = within[:, start : start + leaf.size]
            size[:] = ATOL * size.max(axis=1, initial=1.0, keepdims=True) + RTOL * size
            start += leaf.size
        finite = np.isfinite(within).all(axis=1)
        self.endless += [k for k, usual in zip(members, finite, strict=True) if not usual]
        usual = [k for k, usual in zip(members, finite, strict=True) if usual]
        if usual:
            self.groups.append((form, usual, values[finite], within[finite]))

    def alike(self, given: Node | None) -> list[int]:
        """Return the places of those that are `compare.alike` to a value, its numbers alone counting."""
        if given is None:
            return [k for k, node in enumerate(self.nodes) if node is None]
        leaves: list[np.ndarray] = []
        form = _laid_out(given, leaves)
        readings = {} if form is None else {form: _vector(leaves)}
        finite = form is not None and (not self.endless or bool(np.isfinite(readings[form]).all()))
        several = given.kind in SEQUENCES
        whole = as_array(given) if several else None
        if whole is not None:  # a list may stand for an array
            readings[whole.shape] = whole.ravel()
        found: list[int] = []
        to_compare = self.alone.copy() if finite else [*self.alone, *self.endless]
        for other, members, values, within in self.groups:
            if other in readings:
                close = (np.abs(readings[other] - values) <= within).all(axis=1)
                found += [members[k] for k in close.nonzero()[0]]
            elif not (several and not _is_several(other)) and (form is None or _may_agree(form, other)):
                to_compare += members
        found += [k for k in to_compare if alike(self.nodes[k], given, kinds=False)]
        return sorted(found)


def _laid_out(node: Node, leaves: list[np.ndarray]) -> Form | None:
    """Return a value's form, and add its arrays to `leaves`; None where it is not made of real numbers."""
    if node.kind in SEQUENCES:
        forms = [_laid_out(item, leaves) for item in node.data]
        return None if None in forms else ("of", *forms)
    x = numbers(node)
    if x is None or x.dtype.kind == "c":
        return None
    leaves.append(x)
    return x.shape


def _vector(leaves: list[np.ndarray]) -> np.ndarray:
    if len(leaves) == 1:
        return leaves[0].ravel().astype(np.float64)
    flat = [leaf.ravel() for leaf in leaves]
    return np.concatenate(flat, dtype=np.float64, casting="unsafe") if flat else np.empty(0)


def _may_agree(a: Form, b: Form) -> bool:
    """Tell whether values of two forms may hold the same numbers: a list may stand for an array."""
    if _is_several(a) and _is_several(b):
        return len(a) == len(b) and all(map(_may_agree, a[1:], b[1:]))
    return _is_several(a) or _is_several(b) or a == b


def _is_several(form: Form) -> bool:
    return form[:1] == ("of",)
