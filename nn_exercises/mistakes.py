"""Known mistakes: the catalogue's wrong answers, run on the same cases and matched by what they do."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from nn_exercises.compare import alike, numbers
from nn_exercises.exercise import Case, Mistake
from nn_exercises.judge import Judgement, Prepared, Verdict, judge
from nn_exercises.run import Node, Outcome, facts_of, run

MISTAKE_LIMIT = 5.0  # seconds for one known mistake
PROBE_LIMIT = 1.0  # seconds for one call of it
PATIENCE = 20.0  # seconds of the processor are meant: on a busy machine the diagnosis is the same


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


def candidate(prepared: Prepared, code: Callable, outcomes: Sequence[Outcome], probes: Sequence[int]) -> bool:
    """Tell in a few calls whether `code` may do the same as the answer: whether it does on the probes."""
    return all(similar(once(prepared, code, i), outcomes[i]) for i in probes)


_latest: tuple[Sequence[Outcome], dict[Callable, bool]] = ((), {})


def _may_be(prepared: Prepared, code: Callable, outcomes: Sequence[Outcome], probes: Sequence[int]) -> bool:
    """Tell the same as `candidate` (remembered for the latest answer: several detectors ask)."""
    global _latest
    latest = _latest
    if latest[0] is not outcomes:
        latest = _latest = (outcomes, {})
    known_of = latest[1]
    if code not in known_of:
        known_of[code] = candidate(prepared, code, outcomes, probes)
    return known_of[code]


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


def once(prepared: Prepared, code: Callable, i: int) -> Outcome:
    """Return what a candidate does in one case (remembered)."""
    if ("once", code, i) not in prepared.remembered:
        prepared.remembered["once", code, i] = run(
            code, [prepared.calls[i]], time_limit=PROBE_LIMIT, patience=PATIENCE
        )[0]
    return prepared.remembered["once", code, i]


def probes_for(prepared: Prepared, judgement: Judgement, count: int = 3) -> list[int]:
    """Return the cases that tell candidates apart at the least cost: compared by value, failing, small."""
    comparable = [
        i
        for i, v in enumerate(judgement.verdicts)
        if prepared.cases[i].check is None
        and prepared.cases[i].raises is None
        and not (v.fault and v.fault.kind in ("timeout", "property", "unseeded"))
    ]
    failing = [i for i in comparable if judgement.verdicts[i].fault]
    special = [prepared.cases[i].group != "values" for i in range(len(prepared.cases))]
    return sorted(failing or comparable, key=lambda i: (special[i], size_of(prepared.cases[i].args), i))[
        :count
    ]


def size_of(value: object) -> int:
    """Return how many numbers an argument holds, lists and tuples of arrays included."""
    if isinstance(value, np.ndarray):
        return value.size
    return sum(map(size_of, value)) if isinstance(value, list | tuple) else 1


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
    prepared: Prepared,
    outcomes: Sequence[Outcome],
    judgement: Judgement,
    *,
    kinds: bool = True,
    among: Callable[[Case], bool] = lambda case: True,
) -> Mistake | None:
    """Return the first known mistake that does the same as the answer in every case (of those `among`).

    With `kinds` off the numbers count alone: the same mistake, returned as a list or as integers.
    """
    chosen = [i for i, case in enumerate(prepared.cases) if among(case)]
    for mistake, pairs in _compared(prepared, outcomes, judgement):
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


def same_part(mine: Sequence[Node | None], theirs: Sequence[Node | None], due: Sequence[Node | None]) -> bool:
    """Tell whether one returned value agrees in every case, and is wrong somewhere."""
    known_cases = [
        (m, t, d) for m, t, d in zip(mine, theirs, due, strict=True) if m is not None and d is not None
    ]
    if not known_cases or not all(alike(m, t, kinds=False) for m, t, _ in known_cases):
        return False
    return not all(alike(m, d, kinds=False) for m, _, d in known_cases)


def known_in_part(prepared: Prepared, outcomes: Sequence[Outcome], part: int) -> Mistake | None:
    """Return the first known mistake that gives one of the returned values as the answer does."""
    if not prepared.exercise.mutants:
        return None
    mine, due = parts_of(outcomes, part), parts_of(prepared.expected, part)
    wrong = [
        i
        for i, m in enumerate(mine)
        if m is not None and due[i] is not None and not alike(m, due[i], kinds=False)
    ]
    probes = sorted(
        wrong, key=lambda i: (prepared.cases[i].group != "values", size_of(prepared.cases[i].args), i)
    )[:2]
    for index, mistake in enumerate(prepared.exercise.mistakes):
        tried = parts_of([once(prepared, mistake.code, i) for i in probes], part)
        if all(alike(t, mine[i], kinds=False) for t, i in zip(tried, probes, strict=True)):
            theirs, _ = what_it_does(prepared, index, again=False)
            if same_part(mine, parts_of(theirs, part), due):
                return mistake
    return None


def nearly_known(prepared: Prepared, outcomes: Sequence[Outcome], judgement: Judgement) -> Mistake | None:
    """Return the known mistake that agrees with the answer in most of the cases where either is wrong."""
    best, best_share = None, 0.7
    for mistake, pairs in _compared(prepared, outcomes, judgement):
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


def _compared(
    prepared: Prepared, outcomes: Sequence[Outcome], judgement: Judgement
) -> Iterator[tuple[Mistake, list]]:
    if not prepared.exercise.mutants:
        return  # one run takes seconds: the exercise's own marks must name the mistake
    probes = probes_for(prepared, judgement)
    again = any(v.purity or (v.fault and v.fault.kind == "unseeded") for v in judgement.verdicts)
    for index, mistake in enumerate(prepared.exercise.mistakes):
        code = mistake.code
        if not _may_be(prepared, code, outcomes, probes) and not _keeps(code):
            continue
        theirs, verdicts = what_it_does(prepared, index, again=again)
        yield mistake, list(zip(outcomes, judgement.verdicts, theirs, verdicts.verdicts, strict=True))


def _tells(pairs: list[tuple[Outcome, Verdict, Outcome, Verdict]]) -> bool:
    """Tell whether the agreement means something: not where both merely stop with an error everywhere."""
    if any(a.status == "returned" for a, *_ in pairs):
        return True
    return all(a.error and b.error and a.error.message == b.error.message for a, _, b, _ in pairs)
