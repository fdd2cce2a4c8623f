"""Known mistakes: the catalogue's wrong answers, run on the same cases and matched by what they do."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from nn_exercises.compare import alike, numbers
from nn_exercises.crowd import PATIENCE, Crowd, run_all
from nn_exercises.exercise import Case, Mistake
from nn_exercises.judge import Judgement, Prepared, Verdict, judge
from nn_exercises.look import Look
from nn_exercises.run import Call, Node, Outcome, facts_of, run

MISTAKE_LIMIT = 5.0  # seconds for one known mistake
PROBE_LIMIT = 1.0  # seconds for one call of it


def what_it_does(
    prepared: Prepared, index: int, *, again: bool = True
) -> tuple[tuple[Outcome, ...], Judgement]:
    """Return what a known mistake does on the cases, and its verdicts (remembered).

    Without `again` no call is repeated: enough where the answer in question keeps nothing between calls.
    """
    code = prepared.exercise.mistakes[index].code
    again = again or _keeps(code)
    key = ("mistake", index, again)
    if key not in prepared.remembered:
        repeated = prepared.again if again else ()
        outcomes = run(code, prepared.calls, again=repeated, time_limit=MISTAKE_LIMIT, patience=PATIENCE)
        prepared.remembered[key] = tuple(outcomes), judge(prepared, outcomes)
    return prepared.remembered[key]


@functools.cache
def _keeps(code: Callable) -> bool:
    """Tell whether a known mistake keeps something between calls."""
    return facts_of(code).keeps


class Candidates:
    """Functions of which one may do what an answer does, and what they do in single cases (remembered).

    Parameters
    ----------
    calls
        The call of each case.
    codes
        The functions.
    """

    def __init__(self, calls: Sequence[Call], codes: Sequence[Callable]) -> None:
        self.calls, self.codes = calls, codes
        self.all = list(range(len(codes)))
        self._once: dict[int, dict[int, Outcome]] = {}  # by case, then by function
        self._crowds: dict[tuple[int, int | None], Crowd] = {}
        self._stopped: dict[int, list[int]] = {}

    @functools.cached_property
    def keeping(self) -> frozenset[int]:
        """Those that keep something between calls, so that single cases say little of them."""
        return frozenset(k for k, code in enumerate(self.codes) if _keeps(code))

    def tried(self, i: int, among: Sequence[int]) -> list[Outcome]:
        """Return what some of them do in one case."""
        once = self._once.setdefault(i, {})
        new = [k for k in among if k not in once]
        if new:
            outcomes = run_all([self.codes[k] for k in new], self.calls[i], PROBE_LIMIT)
            once.update(zip(new, outcomes, strict=True))
        return [once[k] for k in among]

    def crowd(self, i: int, part: int | None = None) -> Crowd:
        """Return what all of them return in one case, or in one part of it, for comparing."""
        if (i, part) not in self._crowds:
            outcomes = self.tried(i, self.all)
            nodes = [o.value for o in outcomes] if part is None else parts_of(outcomes, part)
            self._crowds[i, part] = Crowd(nodes)
            self._stopped[i] = [k for k, o in enumerate(outcomes) if o.status != "returned"]
        return self._crowds[i, part]

    def like(self, look: Look) -> list[int]:
        """Return which of them may do the same as an answer everywhere: in a few cases they do."""
        found = self.all
        for i in look.probes:
            given = look.outcomes[i]
            if found is self.all and given.status == "returned":
                same = self.crowd(i).alike(given.value)
                stopped = self._stopped[i]
                held = [similar(o, given) for o in self.tried(i, stopped)]
                found = sorted([*same, *itertools.compress(stopped, held)])
            else:
                held = [similar(o, given) for o in self.tried(i, found)]
                found = list(itertools.compress(found, held))
        return found

    def like_in_part(self, probes: Sequence[int], part: int, mine: Sequence[Node | None]) -> list[int]:
        """Return which of them return in a few cases what the answer has in one part of its value."""
        found = self.all
        for i in probes:
            if found is self.all:
                found = self.crowd(i, part).alike(mine[i])
            else:
                some = parts_of(self.tried(i, found), part)
                held = [alike(node, mine[i], kinds=False) for node in some]
                found = list(itertools.compress(found, held))
        return found


def similar(a: Outcome, b: Outcome) -> bool:
    """Tell whether two outcomes have the same numbers, or the same exception."""
    if a.status != b.status:
        return _divided_by_zero(a, b) or _divided_by_zero(b, a)
    return a.error.type == b.error.type if a.status == "raised" else alike(a.value, b.value, kinds=False)


def _divided_by_zero(a: Outcome, b: Outcome) -> bool:
    """Tell whether Python stopped the one where NumPy gave the other infinity or NaN."""
    if (
        a.status != "raised"
        or b.status != "returned"
        or a.error.type not in ("ZeroDivisionError", "OverflowError")
    ):
        return False
    x = numbers(b.value)
    return x is not None and x.dtype.kind == "f" and x.size > 0 and not np.isfinite(x).any()


def agree(a: Outcome, va: Verdict, b: Outcome, vb: Verdict, *, kinds: bool = True) -> bool:
    """Tell whether two answers do the same in one case."""
    if (va.fault is None) != (vb.fault is None) and kinds:
        return False
    if a.status != b.status:
        return _divided_by_zero(a, b)
    if a.status == "raised":
        return a.error.type == b.error.type
    if va.fault is not None and vb.fault is not None and va.fault.kind == vb.fault.kind == "property":
        return va.fault.key == vb.fault.key
    if kinds and _purity_key(va) != _purity_key(vb):
        return False
    if va.fault is None and vb.fault is None:
        return True  # both right, as a property allows or within the tolerance
    if va.fault is not None and vb.fault is not None and va.fault.kind == vb.fault.kind == "unseeded":
        return True
    return alike(a.value, b.value, kinds=kinds)


def _purity_key(v: Verdict) -> tuple[str, str]:
    return (v.purity.kind, v.purity.key) if v.purity else ("", "")


def known(
    look: Look,
    *,
    kinds: bool = True,
    among: Callable[[Case], bool] = lambda case: True,
) -> Mistake | None:
    """Return the first known mistake that does the same as the answer in every case (of those `among`).

    With `kinds` off the numbers count alone: the same mistake, returned as a list or as integers.
    """
    chosen = [i for i, case in enumerate(look.prepared.cases) if among(case)]
    for mistake, pairs in _compared(look):
        some = [pairs[i] for i in chosen]
        if not some or not all(agree(*pair, kinds=kinds) for pair in some):
            continue
        if kinds and len(some) == len(pairs) and _tells(some):
            return mistake
        if any(va.fault and vb.fault and va.fault.kind == vb.fault.kind == "values" for _, va, _, vb in some):
            return mistake
        if (
            kinds
            and len(some) < len(pairs)
            and _tells(some)
            and any(va.fault or va.purity for _, va, _, _ in some)
        ):
            return mistake
    return None


def parts_of(outcomes: Sequence[Outcome], part: int) -> list[Node | None]:
    """Return one of the returned values in each case, None where there is none."""
    nodes = (o.value if o.status == "returned" else None for o in outcomes)
    return [n.data[part] if n and n.kind in ("tuple", "list") and len(n.data) > part else None for n in nodes]


def same_part(mine: Sequence[Node | None], due: Sequence[Node | None], theirs: Callable) -> bool:
    """Tell whether one returned value agrees in every case, and is wrong somewhere.

    `theirs(i)` is asked for that of the other side, case by case until one differs.
    """
    cases = [i for i, (m, d) in enumerate(zip(mine, due, strict=True)) if m is not None and d is not None]
    return (
        bool(cases)
        and all(alike(mine[i], theirs(i), kinds=False) for i in cases)
        and not all(alike(mine[i], due[i], kinds=False) for i in cases)
    )


def wrong_in_part(order: list[int], mine: Sequence[Node], due: Sequence[Node], count: int = 2) -> list[int]:
    """Return the first cases, in an order of them, in which one of the returned values is wrong."""
    wrong = (i for i in order if not alike(mine[i], due[i], kinds=False))
    return list(itertools.islice(wrong, count))


def known_in_part(look: Look, part: int) -> Mistake | None:
    """Return the first known mistake that gives one of the returned values as the answer does."""
    prepared = look.prepared
    if not prepared.exercise.mutants:
        return None
    mine, due = parts_of(look.outcomes, part), parts_of(prepared.expected, part)
    order = sorted(range(len(mine)), key=lambda i: (prepared.cases[i].group != "values", look.size(i), i))
    probes = wrong_in_part([i for i in order if mine[i] is not None and due[i] is not None], mine, due)
    for index in known_ones(prepared).like_in_part(probes, part, mine):
        theirs = parts_of(what_it_does(prepared, index, again=False)[0], part)
        if same_part(mine, due, theirs.__getitem__):
            return prepared.exercise.mistakes[index]
    return None


def nearly_known(look: Look) -> Mistake | None:
    """Return the known mistake that agrees with the answer in most of the cases where either is wrong."""
    best, best_share = None, 0.7
    for mistake, pairs in _compared(look):
        telling = [pair for pair in pairs if pair[1].fault or pair[3].fault]
        same = [
            p
            for p in telling
            if p[1].fault
            and p[3].fault
            and p[0].status == p[2].status == "returned"
            and agree(*p, kinds=False)
        ]
        share = len(same) / max(1, len(telling))
        if len(same) >= 2 and share > best_share:
            best, best_share = mistake, share
    return best


def known_ones(prepared: Prepared) -> Candidates:
    """Return the known mistakes as candidates (remembered)."""
    if "mistakes" not in prepared.remembered:
        codes = [mistake.code for mistake in prepared.exercise.mistakes]
        prepared.remembered["mistakes"] = Candidates(prepared.calls, codes)
    return prepared.remembered["mistakes"]


def _compared(look: Look) -> Iterator[tuple[Mistake, list]]:
    """Yield each known mistake that may be meant, with the outcomes and verdicts of both in every case."""
    if not look.exercise.mutants:
        return  # one run takes seconds: the exercise's own marks must name the mistake
    mine = look.judgement.verdicts
    if "may be" not in look.found:  # several detectors ask
        ones = known_ones(look.prepared)
        look.found["may be"] = sorted(ones.keeping.union(ones.like(look)))
    again = any(v.purity or (v.fault and v.fault.kind == "unseeded") for v in mine)
    for index in look.found["may be"]:
        theirs, verdicts = what_it_does(look.prepared, index, again=again)
        pairs = list(zip(look.outcomes, mine, theirs, verdicts.verdicts, strict=True))
        yield look.exercise.mistakes[index], pairs


def _tells(pairs: list[tuple[Outcome, Verdict, Outcome, Verdict]]) -> bool:
    """Tell whether the agreement means something: not where both merely stop with an error everywhere."""
    if any(a.status == "returned" for a, *_ in pairs):
        return True
    return all(a.error and b.error and a.error.message == b.error.message for a, _, b, _ in pairs)
