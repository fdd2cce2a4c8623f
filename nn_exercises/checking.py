"""`check`: run an answer on its exercise's cases, judge it, name the mistake, and make the card."""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nn_exercises.diagnose import Diagnosis, diagnose
from nn_exercises.exercise import Exercise
from nn_exercises.judge import NOTEBOOK_SEED, Judgement, Prepared, argument_names, judge, prepare
from nn_exercises.result import STOPPED, Card, Result
from nn_exercises.run import Facts, Outcome, code_of, facts_of, state_kept
from nn_exercises.show import show, show_call, show_node

seen: dict[str, Result] = {}  # this session's last result of each exercise, for `progress`
_tries: dict[str, tuple[int, object]] = {}  # which hint is open, and for which code


def check(function: Callable, name: str | None = None) -> Result:
    """Check an answer, name its mistake, and show the next hint.

    Parameters
    ----------
    function
        Your function. Its name says which exercise it answers.
    name
        The exercise's name, where the function has another one (a lambda, a partial).

    Returns
    -------
    Result
        Shown as a card in a notebook; `float(result)` is the points, `str(result)` the message.

    Raises
    ------
    ValueError
        If no exercise has that name. Nothing else: whatever the function does is the result's matter.
    """
    from nn_exercises import EXERCISES

    if name is None:
        name = _name_of(function, EXERCISES, sys._getframe(1).f_globals)
    if name not in EXERCISES:
        near = difflib.get_close_matches(str(name), EXERCISES, 3, 0.5)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(
            f'no exercise is named {name!r}.{hint} Give the exercise\'s name: check(f, name="…"); '
            "`python -m nn_exercises list` shows all names"
        )
    exercise = EXERCISES[name]
    try:
        with state_kept():
            result = check_exercise(function, exercise)
        # A hint is about the exercise: no help where a variable has taken the function's name.
        if not result.passed and result.status != "not_attempted" and result.mistake != "not_a_function":
            result = with_hint(result, exercise, _stage(function, exercise))
    except Exception as e:  # a fault of the check is never the reader's: it says so, and the notebook goes on
        message = (
            f"The check itself stopped ({type(e).__name__}: {e}). That is a fault of this book, not of your "
            "function; please report it with your code."
        )
        result = Result(exercise.name, False, 0.0, exercise.points, None, message, status="error")
    seen[name] = result
    return result


def check_exercise(function: Any, exercise: Exercise, seed: int = NOTEBOOK_SEED) -> Result:
    """Check an answer to one exercise, without hints and without remembering anything."""
    if not callable(function):
        message = (
            f"`{exercise.name}` is not a function here but {show(function)[:60]}. Run the cell that defines "
            "the function again, and give other variables other names."
        )
        return Result(exercise.name, False, 0.0, float(exercise.points), "not_a_function", message)
    prepared = prepare(exercise, seed)
    return result_of(prepared, prepared.run(function), facts_of(function))


def result_of(prepared: Prepared, outcomes: Sequence[Outcome], facts: Facts | None = None) -> Result:
    """Return the result for outcomes that were produced here or elsewhere."""
    exercise = prepared.exercise
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        judgement = judge(prepared, outcomes)
    points = float(exercise.points)
    if not judgement.attempted:
        message = (
            "Not attempted yet: the function still raises NotImplementedError. Replace that line by your "
            "answer, run its cell, then this one."
        )
        return Result(exercise.name, False, 0.0, points, None, message, status="not_attempted")
    if judgement.passed:
        return right(exercise, _printed(outcomes))
    diagnosis = diagnose(prepared, outcomes, judgement, facts)
    statuses = {o.status for o in outcomes}
    # Where an answer catches the end of the time, the calls that were left out show it.
    late = bool(statuses & {"timeout", "skipped"})
    status = "timeout" if late else "error" if statuses <= {"raised"} else "failed"
    score = min(judgement.score, points - 0.01)
    return Result(
        exercise.name,
        False,
        score,
        points,
        diagnosis.key,
        diagnosis.message,
        status=status,
        card=_card(prepared, outcomes, judgement, diagnosis),
    )


def right(exercise: Exercise, printed: str = "") -> Result:
    """Return the result of an answer that is right in everything."""
    points = float(exercise.points)
    message = "Right: every case gives what is due."
    card = Card(printed=printed)
    return Result(exercise.name, True, points, points, None, message, status="passed", card=card)


def _card(
    prepared: Prepared, outcomes: Sequence[Outcome], judgement: Judgement, diagnosis: Diagnosis
) -> Card:
    """Return the evidence: the case, what was given, what is due."""
    rows: list[tuple[str, str]] = []
    i = diagnosis.case
    if i is not None:
        case, outcome, expected = prepared.cases[i], outcomes[i], prepared.expected[i]
        names = argument_names(prepared.exercise, case)
        rows.append(
            (
                f"For example: {case.note}" if case.note else "For example",
                _shown(prepared, i, names),
            )
        )
        if outcome.error is not None:
            said = (
                f"{outcome.error.type}: {outcome.error.message}"
                if outcome.error.message
                else outcome.error.type
            )
            if outcome.error.line is not None:
                where = f"line {outcome.error.line}"
                said = f"{where}:  {outcome.error.text}\n{said}" if outcome.error.text else f"{where}\n{said}"
            rows.append((STOPPED, said))
        elif diagnosis.given is not None:
            rows.append(diagnosis.given)
        elif outcome.value is not None:
            rows.append(("Your function returned", show_node(outcome.value)))
        if case.raises is not None:
            rows.append(("Due", case.raises.__name__))
        elif diagnosis.expected is not None:
            rows.append(diagnosis.expected)
        elif case.check is None and expected.value is not None:
            rows.append(("Due", _due(prepared, i)))
    rows += diagnosis.evidence
    groups = tuple(judgement.groups.items()) if judgement.score > 0 else ()
    return Card(tuple(rows), groups, printed=_printed(outcomes))


def _shown(prepared: Prepared, i: int, names: list[str]) -> str:
    """Return the call of a case (remembered: writing arrays out takes longer than comparing them)."""
    if ("shown", i) not in prepared.remembered:
        case = prepared.cases[i]
        text = show_call(prepared.exercise.name, names, [*case.args, *case.kwargs.values()])
        prepared.remembered["shown", i] = text
    return prepared.remembered["shown", i]


def _due(prepared: Prepared, i: int) -> str:
    """Return what is due in a case (remembered)."""
    if ("due", i) not in prepared.remembered:
        prepared.remembered["due", i] = show_node(prepared.expected[i].value)
    return prepared.remembered["due", i]


def _printed(outcomes: Sequence[Outcome]) -> str:
    text = next((o.printed for o in outcomes if o.printed.strip()), "")
    return text if len(text) <= 400 else text[:400] + "…"


def with_hint(result: Result, exercise: Exercise, stage: int = 1) -> Result:
    """Return a failed result with hints open up to `stage`, which counts from 1."""
    stage = min(stage, len(exercise.hints))
    card = Card(**{**vars(result.card), "hint_number": stage, "hints_total": len(exercise.hints)})
    return Result(**{**vars(result), "hints": tuple(exercise.hints[:stage]), "card": card})


def _stage(function: Any, exercise: Exercise) -> int:
    """Return which hint is due: each new attempt in this session opens one more."""
    code = code_of(function)
    print_of = (code.co_code, repr(code.co_consts), code.co_names) if code else repr(type(function))
    stage, before = _tries.get(exercise.name, (0, None))
    if print_of != before:
        stage += 1
    _tries[exercise.name] = (stage, print_of)
    return stage


def _name_of(function: Any, exercises: dict[str, Exercise], scope: dict[str, Any]) -> str:
    """Return the exercise that a function answers: by its own name, else by the variable that holds it."""
    try:
        own = getattr(function, "__name__", None)
    except Exception:
        own = None
    if isinstance(own, str) and own in exercises:
        return own
    held = [n for n in exercises if scope.get(n) is function]
    if held:
        return held[0]
    return own if isinstance(own, str) else show(function)[:60]
