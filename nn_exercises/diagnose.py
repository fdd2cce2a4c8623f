"""Name the mistake: known ones first, then general ones, then the plain evidence.

A detector takes a `Look` and returns a `Diagnosis` or None; the first that returns one is believed. So their
order matters: what stops a reader comes before what merely puts numbers wrong, and a listed mistake, whose
message was written by a person for exactly that, before a general one.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nn_exercises import figures, forms, replay, stops
from nn_exercises.compare import OF_VALUE, close
from nn_exercises.conditions import condition
from nn_exercises.exercise import Loss
from nn_exercises.judge import Judgement, Prepared, argument_names, signature
from nn_exercises.look import Diagnosis, Look, is_number
from nn_exercises.mistakes import known, known_in_part, nearly_known
from nn_exercises.run import Facts, Outcome, give
from nn_exercises.show import show_node, show_number

__all__ = ["Diagnosis", "diagnose"]


def diagnose(
    prepared: Prepared, outcomes: Sequence[Outcome], judgement: Judgement, facts: Facts | None = None
) -> Diagnosis:
    """Return the one diagnosis that helps most."""
    look = Look(prepared, outcomes, judgement, facts)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # wrong values may hold anything, and a notebook shows every warning
        found = next((d for d in (detect(look) for detect in DETECTORS) if d is not None), None)
        return _with_gradient_evidence(look, found or _evidence(look))


def _problem_alone(look: Look) -> Diagnosis | None:
    """Report the property that fails, where nothing else does."""
    return _problem(look) if all(f.kind == "property" for f in look.faults.values()) else None


def _problem(look: Look) -> Diagnosis | None:
    """Report what the exercise's own property check has found."""
    i = next(iter(look.of_kind("property")), None)
    if i is None or look.of_kind("none", "count", "structure", "timeout"):
        return None
    cases = look.prepared.cases
    if cases[i].group != "values" and any(cases[k].group == "values" for k in look.of_kind(*OF_VALUE)):
        return None  # ordinary values are wrong as well: that goes first
    return look.made(look.faults[i].key, look.faults[i].text, i)


def _known(look: Look) -> Diagnosis | None:
    found = known(look)
    return look.made(found.key, found.message) if found else None


def _known_but_for_errors(look: Look) -> Diagnosis | None:
    """Report a known mistake in an answer that, besides, does not raise what is due."""
    due = look.of_kind("no_error", "wrong_error")
    if not due or len(due) == len(look.faults):
        return None
    found = known(look, among=lambda case: case.raises is None)
    if not found:
        return None
    case = look.prepared.cases[due[0]]
    also = f" Besides, a {case.raises.__name__} is due for arguments that are not allowed" + (
        f" ({case.note})." if case.note else "."
    )
    return look.made(found.key, found.message + also)


def _known_in_the_values(look: Look) -> Diagnosis | None:
    """Report a known mistake that agrees on all ordinary cases; the special ones may differ."""
    if not any(look.prepared.cases[i].group == "values" for i in look.faults):
        return None
    found = known(look, among=lambda case: case.group == "values")
    return look.made(found.key, found.message) if found else None


def _known_but_for_form(look: Look) -> Diagnosis | None:
    found = known(look, kinds=False)
    return look.made(found.key, found.message) if found else None


def _global_name(look: Look) -> Diagnosis | None:
    """Report a notebook variable that the answer reads in the place of a parameter."""
    if not look.facts or not look.facts.globals_read or not look.faults:
        return None
    names = [n for n in look.facts.globals_read if not n.isupper() or len(n) == 1]
    if not names:
        return None
    one = len(names) == 1
    message = (
        f"Your function reads {' and '.join(f'`{n}`' for n in names)}, "
        f"{'a variable' if one else 'variables'} of the "
        f"notebook, not {'a parameter' if one else 'parameters'} of its own. The check calls it with other "
        "data: use "
        "the parameters alone."
    )
    return look.made("global_name", message)


def _only_where(look: Look) -> Diagnosis | None:
    """Report the condition under which the values are wrong, where most others are right."""
    failing = list(look.faults)
    where = condition(look, failing, [i for i, c in enumerate(look.prepared.cases) if c.raises is None])
    if where is None:
        return None
    i = failing[0]
    kind = look.faults[i].kind
    wrong = "NaN (not a number) comes out" if kind == "nan" else "the result is wrong"
    most = len(failing) > 0.6 * len(look.prepared.cases)
    message = (
        f"Your function is right only where {where.otherwise}."
        if most and where.otherwise
        else f"Your function is right in the other cases, but {wrong} where {where.phrase}."
    )
    return look.made(f"wrong_{where.key}", message, i)


def _known_in_one_part(look: Look) -> Diagnosis | None:
    """Report a known mistake, or a slip, in one returned value; others may be wrong too."""
    paths = [f.path[0] for f in look.faults.values() if f.path and f.kind in OF_VALUE]
    if not look.part_names or not paths or len(paths) < 0.75 * len(look.faults):
        return None
    for part in sorted(set(paths)):
        found = known_in_part(look, part)
        if found:
            return look.made(found.key, found.message)
        slip = replay.slips_in_part(look, part)
        if slip:
            return slip
    return None


def _nearly_known(look: Look) -> Diagnosis | None:
    found = nearly_known(look)
    return look.made(found.key, f"In most cases your function does this: {found.message}") if found else None


def _one_part(look: Look) -> Diagnosis | None:
    """Report which of several returned values is wrong, where the others are right."""
    names = look.part_names
    paths = {f.path[0] for f in look.faults.values() if f.path}
    if not names or not paths or len(paths) == len(names) or not all(f.path for f in look.faults.values()):
        return None
    right = [f"`{n}`" for k, n in enumerate(names) if k not in paths]
    wrong = [f"`{n}`" for k, n in enumerate(names) if k in paths]
    # A case's path names its first fault: parts before it are right, parts after it may be wrong too.
    sure = [r for r in right if names.index(r.strip("`")) < min(paths)]
    if not sure:
        return None
    message = (
        f"{' and '.join(sure)} {'is' if len(sure) == 1 else 'are'} right in every case; {wrong[0]} is not."
    )
    return look.made(f"wrong_{names[min(paths)]}", message)


def _after_a_change(look: Look) -> Diagnosis | None:
    """Report an argument that is changed in place, where wrong values may come from just that."""
    changed = [i for i, f in look.impure.items() if f.kind == "changed"]
    if not changed or len(changed) < 0.5 * len(look.faults):
        return None
    name = look.impure[changed[0]].key
    message = (
        f"Your function changes the caller's `{name}` in place (`+=`, `-=`, or assignment to "
        "entries), and the lines "
        "after it compute with the changed values. Compute a new array."
    )
    return look.made("changes_input", message, next((i for i in changed if i in look.faults), changed[0]))


def _constant(look: Look) -> Diagnosis | None:
    """Report another value than the one that a function without arguments is asked for."""
    if signature(look.exercise.reference).parameters or not look.of_kind(*OF_VALUE):
        return None
    given = look.faults[look.first].given
    return look.made(
        "other_value", f"Your function returns {show_node(given)}: another value than the exercise asks for."
    )


def _evidence(look: Look) -> Diagnosis:
    """Show one case: the least that a card can do."""
    i = look.first
    note = look.prepared.cases[i].note
    fault = look.faults.get(i) or look.impure[i]
    part = look.part_name(fault.path)
    place = f" ({note})" if note else ""
    if fault.kind == "nan":
        message = (
            f"{part or 'The result'} holds NaN (not a number) or infinity in the case below{place}: "
            "0 divided by 0, the root or logarithm of a negative number, the logarithm of 0, or a number too "
            "large for exp."
        )
        return look.made("nan", message, i)
    how = figures.tendency(look)
    if how is not None:
        return look.made(how[0], f"{how[1]} Compare what you returned with what is due.", i)
    if fault.kind in OF_VALUE:
        wrong = figures.count_wrong(look, i, fault.path[0] if fault.path and look.part_names else None)
        what = (
            f"{part or 'The result'} has the right shape, but {wrong}"
            if wrong
            else f"{part or 'The result'} is wrong"
        )
        return look.made(
            None, f"{what} in the case below{place}. Compare what you returned with what is due.", i
        )
    return look.made(None, f"{fault.text} See the case below{place}.", i)


def _parameters(look: Look) -> Diagnosis | None:
    """Report parameters in another order, or another default, than the signature has."""
    if not look.facts or look.facts.parameters is None:
        return None
    due, have = list(signature(look.exercise.reference).parameters.values()), look.facts.parameters
    names = [p.name for p in due]
    if sorted(have) == sorted(names) and list(have) != names:
        message = f"Your parameters stand in another order than the signature says: `({', '.join(names)})`."
        return look.made("parameter_order", message)
    defaults = dict(look.facts.defaults)
    for p in due:
        mine = defaults.get(p.name)
        if (
            is_number(p.default)
            and mine is not None
            and mine.kind in ("int", "float")
            and mine.data != p.default
        ):
            left_out = {i for i in look.faults if _left_out(look, i, p.name)}
            if left_out == set(look.faults):
                message = (
                    f"The default of `{p.name}` is {show_node(mine)} in your function; the signature says "
                    f"{p.default:g}."
                )
                return look.made("default", message)
    return None


def _left_out(look: Look, i: int, name: str) -> bool:
    case = look.prepared.cases[i]
    return name not in argument_names(look.exercise, case)


def _in_common(look: Look) -> Diagnosis | None:
    """Report what all failing cases have in common, where some right ones have it too."""
    where = condition(look, look.faults, weak=True)
    if where is None:
        return None
    message = f"The result is right in some cases. Those that fail have this in common: {where.phrase}."
    return look.made(f"wrong_{where.key}", message)


DETECTORS = (
    stops.unfinished,
    _parameters,
    _problem_alone,
    _known,
    _known_but_for_errors,
    forms.order,
    forms.unseeded,
    stops.stopped_everywhere,
    forms.impurities,
    forms.remembered,
    forms.containers,
    _known_but_for_form,
    _known_in_the_values,
    forms.number_kinds,
    forms.warned,
    stops.wrong_errors,
    stops.stopped_sometimes,
    forms.shapes,
    figures.values,
    replay.other_arguments,
    figures.values_of_one,
    replay.slips,
    _problem,
    _known_in_one_part,
    _global_name,
    figures.entries,
    _nearly_known,
    forms.lengths,
    forms.texts,
    _only_where,
    _after_a_change,
    _constant,
    figures.approximate,
    _one_part,
    _in_common,
)


# ---------------------------------------------------------------- gradients


def _with_gradient_evidence(look: Look, found: Diagnosis) -> Diagnosis:
    """Add what nudging the worst entry does to the loss, where the exercise says what the loss is."""
    if not look.exercise.losses or found.evidence:
        return found
    order = [found.case] if found.case is not None else []
    for i in dict.fromkeys([*order, *look.faults]):
        for loss in look.exercise.losses:
            rows = _nudged(look, i, loss)
            if rows:
                return replace(found, case=i, evidence=rows)
    return found


def _nudged(look: Look, i: int, loss: Loss) -> tuple[tuple[str, str], ...]:
    if i not in look.comparable or loss.parameter not in look.arguments(i):
        return ()
    pair = look.arrays(i, loss.output)
    x = look.arguments(i)[loss.parameter]
    if (
        pair is None
        or not isinstance(x, np.ndarray)
        or pair[0].shape != pair[1].shape
        or pair[0].shape != x.shape
    ):
        return ()
    due, claimed = pair
    if not due.size or not np.isfinite(claimed).all() or close(claimed, due, 1e-4, 1e-6):
        return ()
    at = np.unravel_index(np.abs(due - claimed).argmax(), due.shape)
    h, x = 1e-5, x.astype(np.float64)
    ends = []
    for step in (h, -h):
        nudged = x.copy()
        nudged[at] += step
        try:
            ends.append(float(loss.f(**{**give(look.arguments(i)), loss.parameter: nudged})))
        except Exception:
            return ()
    slope = (ends[0] - ends[1]) / (2 * h)
    if not np.isclose(slope, due[at], rtol=1e-3, atol=1e-5):
        return ()  # a kink, or rounding: no evidence rather than a false one
    entry = f"{loss.parameter}[{', '.join(str(int(k)) for k in at)}]"
    name = look.part_name(() if loss.output is None else (loss.output,)).strip("`") or "your gradient"
    return (
        (
            f"Nudge {entry} by ±{h:g} and watch {loss.what}",
            f"{loss.what} changes by {show_number(slope)} per unit (central difference)\n"
            f"{name} claims {show_number(float(claimed[at]))}",
        ),
    )
