"""Detectors for answers that stop: exceptions, also the wrong one or none where one is due, and time."""

from __future__ import annotations

from nn_exercises.conditions import condition
from nn_exercises.judge import signature
from nn_exercises.look import Diagnosis, Look

# What to do about an exception: words of its message, and the advice; the first that fits is given.
ADVICE = (
    (
        "non-broadcastable output operand",
        "`+=` and its relatives write into the array on their left, which is too small for the result. "
        "Write a = a + … instead.",
    ),
    (
        "arrays used as indices must be",
        "An index holds integers, or True and False; this one holds other numbers.",
    ),
    (
        "only integers, slices",
        "An index is a whole number; `/` always gives a float, `//` a whole number.",
    ),
    (
        "cannot be interpreted as an integer",
        "A whole number is needed here; `/` always gives a float, `//` a whole number.",
    ),
    (
        "can only concatenate list",
        "`+` joins lists to lists and tuples to tuples alone; `list(…)` makes a list of either.",
    ),
    ("for ^", "In Python `^` is not the power: write `**`."),
    (
        "numpy boolean",
        "True and False cannot be subtracted or given a minus sign: turn them into numbers first.",
    ),
    (
        "'function'",
        "A function stands where its value is meant: call it, with its argument in parentheses.",
    ),
    (
        "truth value of an array",
        "`if` and `and` ask for one True or False; compare all entries at once, for example with `np.where`.",
    ),
    (
        "only 0-dimensional arrays",
        "A function of `math`, or `float(…)`, takes one number; NumPy's takes whole arrays.",
    ),
    (
        "only length-1 arrays",
        "A function of `math`, or `float(…)`, takes one number; NumPy's takes whole arrays.",
    ),
    (
        "math range error",
        "`math` stops where NumPy would overflow; rewrite the formula so that large inputs "
        "are never exponentiated.",
    ),
    (
        "cannot cast ufunc",
        "An integer array cannot take fractions: make a float array instead of changing the "
        "integer one in place.",
    ),
    ("matmul", "The inner sizes of the two factors of `@` must agree: print both shapes."),
    ("not aligned", "The inner sizes of the two factors of a product must agree: print both shapes."),
    ("could not be broadcast", "Print the shapes of both sides: one of them is not what you expect."),
    (
        "object is not callable",
        "A name that should be a function holds something else, or an operator is missing "
        "between a name and a parenthesis.",
    ),
    (
        "cannot reshape array",
        "Take sizes from the array itself (`x.shape`): one that is written into the code fits one case.",
    ),
    ("nonetype", "A value is None: a function called here has no `return`."),
    ("unexpected keyword", "The names of the parameters matter: use those of the signature."),
    ("recursion", "The function calls itself without an end."),
    (
        "iteration over a 0-d array",
        "A number has no entries to loop over; compute with the whole array at once.",
    ),
    ("too many indices", "The array has fewer axes here than your index."),
    ("len() of unsized", "A number has no length; compute with the whole array at once."),
    (
        "object is not subscriptable",
        "A single number cannot be indexed; compute with the whole array at once.",
    ),
)
# The same by the exception's type, where no words of its message are known.
ADVICE_BY_TYPE = {
    "NameError": "Check the spelling; a function may use its parameters, its own variables and imports.",
    "UnboundLocalError": "A variable is used before it has a value on this path.",
    "ZeroDivisionError": "Which divisor is 0 here?",
    "IndexError": "An index runs past the end: check the sizes that the loop uses.",
    "KeyError": "A dict has no such key.",
    "EOFError": "An answer asks nobody: what it needs comes in as arguments.",
    "SystemExit": "A function ends with `return`, not with `exit()`.",
    "ModuleNotFoundError": "NumPy and the standard library are all that an answer needs.",
}


def unfinished(look: Look) -> Diagnosis | None:
    """Report a call that did not come to its end in time."""
    late = [i for i, o in enumerate(look.outcomes) if o.status in ("timeout", "skipped")]
    if not late:
        return None
    seconds = look.prepared.time_limit
    message = (
        f"Your function was stopped after {seconds:g} seconds. Is there a loop that never ends, or one that "
        "does far more work than is needed?"
    )
    return look.made("timeout", message, late[0])


def stopped_everywhere(look: Look) -> Diagnosis | None:
    """Report that every call raised: the signature, a name, a slip."""
    if any(o.status == "returned" for o in look.outcomes):
        return None
    return _stopped(look, list(range(len(look.outcomes))), everywhere=True)


def stopped_sometimes(look: Look) -> Diagnosis | None:
    """Report calls that raised where a value is due."""
    failing = look.of_kind("raised")
    shapes_clash = [i for i in failing if "broadcast" in look.outcomes[i].error.message]
    if look.facts and look.facts.keeps and shapes_clash:
        message = (
            "Your function keeps something between calls (a global variable, or a list, dict or array as "
            "default value): arrays of another shape meet what an earlier call left behind. Everything comes "
            "in as an argument and goes out with `return`."
        )
        return look.made("keeps_state", message, shapes_clash[0])
    return _stopped(look, failing, everywhere=False) if failing else None


def _stopped(look: Look, failing: list[int], *, everywhere: bool) -> Diagnosis:
    i = look.first if look.first in failing else failing[0]
    error = look.outcomes[i].error
    if not error.inside and error.type == "TypeError" and "argument" in error.message:
        known = look.facts is not None and look.facts.parameters is not None
        have = ", ".join(look.facts.parameters) if known else "others"
        due = look.exercise.signature.removeprefix("def ").removesuffix(":")
        if known and look.facts.parameters == tuple(signature(look.exercise.reference).parameters):
            message = (
                f"Your parameters have the right names, but `{due}` cannot be called with them by position: "
                "leave out the `*` before them."
            )
            return look.made("signature", message, i)
        takes = f"({have})" if have else "no arguments"
        message = f"Your function takes {takes}, so it cannot be called as the exercise says: `{due}`."
        return look.made("signature", message, i)
    of_shape = any(w in error.message for w in ("matmul", "broadcast", "aligned", "shape", "out of bounds"))
    where = condition(look, failing, shapes_only=of_shape) if not everywhere else None
    if error.inside and _own_refusal(look, i):
        message = (
            f"Your function raises {error.type} where a value is due: its test for what is not allowed "
            "refuses allowed arguments."
        )
        return look.made("refuses_allowed", message, i)
    place = f" where {where.phrase}" if where else "" if everywhere else " in some cases"
    advice = _advice(error.type, error.message)
    said = error.message.split("\n")[0].rstrip(".")
    said = f": {said}" if 0 < len(said) <= 90 else ""  # the card's row has it all
    message = f"Your function stops with {error.type}{place}{said}."
    key = {"NameError": "unknown_name", "UnboundLocalError": "unknown_name"}.get(error.type, "exception")
    return look.made(
        key + (f"_{where.key}" if where and key == "exception" else ""), f"{message} {advice}".strip(), i
    )


def _own_refusal(look: Look, i: int) -> bool:
    """Tell whether an answer raised by itself what is due elsewhere (NumPy's own errors speak of arrays)."""
    error = look.outcomes[i].error
    due = any(c.raises and c.raises.__name__ in error.kinds for c in look.prepared.cases)
    own = (
        error.text.startswith("raise ") or ": raise " in error.text
        if error.text
        else not any(
            word in error.message
            for word in ("operands", "shape", "array", "dimension", "axis", "sequence", "truth value")
        )
    )
    return due and own


def _advice(kind: str, message: str) -> str:
    text = message.lower()
    return next((advice for words, advice in ADVICE if words in text), ADVICE_BY_TYPE.get(kind, ""))


def wrong_errors(look: Look) -> Diagnosis | None:
    """Report an exception that is due and missing, or another one."""
    missing, other = look.of_kind("no_error"), look.of_kind("wrong_error")
    if len(missing) + len(other) != len(look.faults):
        return None  # other faults go first
    if missing:
        case, value = look.prepared.cases[missing[0]], look.outcomes[missing[0]].value
        message = (
            f"A {case.raises.__name__} is due in the case below "
            f"({case.note or 'the arguments are not allowed'}). Your function returned "
            f"{'None' if value.kind == 'none' else 'a value'}."
        )
        return look.made("no_error", message, missing[0])
    if other:
        case, error = look.prepared.cases[other[0]], look.outcomes[other[0]].error
        message = (
            f"In the case below ({case.note or 'the arguments are not allowed'}) a {case.raises.__name__} is "
            f"due; your function raises {error.type}."
        )
        return look.made("wrong_error", message, other[0])
    return None
