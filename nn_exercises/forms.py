"""Detectors for another form than is due: missing returns, containers, dtypes, shapes, state kept."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

from nn_exercises.compare import SEQUENCES, alike, close, compare, name_of
from nn_exercises.conditions import condition
from nn_exercises.judge import rules_of
from nn_exercises.look import Diagnosis, Look
from nn_exercises.show import show_node

NUMBER_WORDS = (
    "no value",
    "one value",
    "two values",
    "three values",
    "four values",
    "five values",
    "six values",
)
FORMS = ("none", "count", "structure", "text", "other", "matrix")
ORDINALS = ("first", "second", "third", "fourth")


def remembered(look: Look) -> Diagnosis | None:
    """Report an answer that hands out its first call's value again."""
    if not look.facts or not look.facts.keeps or not look.comparable or look.comparable[0] in look.faults:
        return None
    first = look.outcomes[look.comparable[0]].value
    failing = [i for i in look.faults if i in look.comparable]
    if len(failing) < 2 or not all(alike(first, look.outcomes[i].value) for i in failing):
        return None
    message = (
        "Your function returns what its first call returned, whatever it is given: a global variable, or a "
        "list, dict or array as default value, keeps it. Compute the value anew in every call."
    )
    return look.made("keeps_state", message, failing[0])


def containers(look: Look) -> Diagnosis | None:
    """Report None, text, functions, wrong containers, a wrong number or order of values."""
    kinds = Counter(look.faults[i].kind for i in look.of_kind(*FORMS))
    if not kinds:
        return None
    kind = max(FORMS, key=lambda k: kinds[k])
    i = look.first if look.first in look.of_kind(kind) else look.of_kind(kind)[0]
    fault, printed = look.faults[i], look.outcomes[i].printed.strip()
    where = condition(look, look.of_kind(kind))
    place = f" where {where.phrase}" if where else ""
    part = look.part_name(fault.path)
    given, due = fault.given, fault.expected
    if kind == "none":
        if part:
            return look.made("no_return", f"{part} is None{place}. Give it a value on every path.", i)
        what = "shows its result with `print`, but returns" if printed else "returns"
        tail = "End it with `return` and the value." if not where else "One path has no `return`."
        return look.made("no_return", f"Your function {what} nothing (None){place}. {tail}", i)
    if kind == "count":
        return _count(look, i, place)
    if kind == "matrix":
        return look.made(
            "matrix", f"Your function returns {name_of(given)}{place}. Return a plain array (np.array).", i
        )
    if kind == "text":
        return look.made("text", f"{part or 'The value'} is text{place}; numbers are due.", i)
    if kind == "other":
        if given.name == "function":
            message = (
                f"Your function returns a function{place}: the parentheses of a call are missing, or a "
                "value has a function's name."
            )
        elif given.name.startswith("array of dtype str"):
            return look.made(
                "text", f"{part or 'The value'} is an array of texts{place}; numbers are due.", i
            )
        else:
            a = "an" if given.name[:1] in "aeiou" else "a"
            other = f"{name_of(due)} is" if due is not None else "the values that the exercise names are"
            message = f"{part or 'The returned value'} is {a} {given.name}{place}; {other} due."
            if given.name == "coroutine":
                message += " Leave out the `async` before `def`."
        return look.made("wrong_type", message, i)
    if given.kind == "tuple" and len(given.data) > 1 and not part and due.kind not in SEQUENCES:
        return _more_than_due(look, i, place)
    what = f"{part} is" if part else "Your function returns"
    right = given is not None and due is not None and alike(due, given, kinds=False)
    tail = " The numbers are right." if right else ""
    if given.kind in SEQUENCES and due.kind == "array":
        message = (
            f"{what} {name_of(given)}{place}; an array is due, so that "
            f"the next formula can compute with it (np.array).{tail}"
        )
        return look.made("list_not_array", message, i)
    if given.kind == "list" and due.kind == "tuple":
        return look.made("list_not_tuple", f"{what} a list{place}; a tuple is due: `return a, b`.{tail}", i)
    if given.kind == "tuple" and due.kind not in SEQUENCES:
        return look.made(
            "tuple", f"{what} a tuple{place}: {name_of(due)} is due. Is there a comma too many?{tail}", i
        )
    return look.made("wrong_type", f"{what} {name_of(given)}{place}; {name_of(due)} is due.{tail}", i)


def _more_than_due(look: Look, i: int, place: str) -> Diagnosis:
    given, due = look.faults[i].given, look.faults[i].expected
    count = len(given.data)
    rules = rules_of(look.exercise, look.prepared.cases[i])
    right = [k for k, v in enumerate(given.data[: len(ORDINALS)]) if compare(due, v, rules) is None]
    words = NUMBER_WORDS[count] if count < len(NUMBER_WORDS) else f"{count} values"
    tail = f" The {ORDINALS[right[0]]} of yours is right: return it alone." if right else ""
    a = name_of(due) if due.kind != "array" else "one array"
    return look.made("more_than_due", f"Your function returns {words}{place}; {a} is due.{tail}", i)


def order(look: Look) -> Diagnosis | None:
    """Report the right values in another order."""
    names = look.part_names
    cases = [
        i
        for i in look.comparable
        if look.outcomes[i].value.kind == "tuple" and len(look.outcomes[i].value.data) == len(names)
    ]
    if not names or not cases or len(cases) < len(look.comparable) or len(names) > 4:
        return None
    for ranks in itertools.permutations(range(len(names))):
        if ranks == tuple(range(len(names))):
            continue
        if all(_in_order(look, i, ranks) for i in cases):
            return look.made(
                "order", f"The values are right, but in another order. Return {', '.join(names)}."
            )
    return None


def _in_order(look: Look, i: int, ranks: Sequence[int]) -> bool:
    """Tell whether a case's values are right when they are put in another order."""
    due, given = look.prepared.expected[i].value, look.outcomes[i].value.data
    rules = rules_of(look.exercise, look.prepared.cases[i])
    return (
        due.kind == "tuple"
        and len(due.data) == len(given)
        and all(compare(due.data[place], given[k], rules, (place,)) is None for place, k in enumerate(ranks))
    )


def lengths(look: Look) -> Diagnosis | None:
    """Report a list of another length than is due."""
    failing = look.of_kind("length")
    if not failing or len(failing) < 0.5 * len(look.faults):
        return None
    i = look.first if look.first in failing else failing[0]
    fault, where = look.faults[i], condition(look, failing)
    part = look.part_name(fault.path) or "The list"
    place = f" where {where.phrase}" if where else " in this case"
    message = f"{part} has {len(fault.given.data)} entries{place}; {len(fault.expected.data)} are due."
    return look.made("length", message, i)


def texts(look: Look) -> Diagnosis | None:
    """Report a word that is not the one that is due, or is spelled otherwise."""
    failing = [i for i in look.of_kind("values") if look.faults[i].expected.kind == "text"]
    if not failing or len(failing) < 0.5 * len(look.faults):
        return None
    i = look.first if look.first in failing else failing[0]
    spelled = [
        i for i in failing if _letters(look.faults[i].given.data) == _letters(look.faults[i].expected.data)
    ]
    if spelled:
        fault = look.faults[spelled[0]]
        message = (
            f"The answer {fault.given.data[:60]!r} is right but for its spelling. Write "
            f"{fault.expected.data!r}, letter for letter."
        )
        return look.made("spelling", message, spelled[0])
    where = condition(look, failing)
    fault, part = look.faults[i], look.part_name(look.faults[i].path)
    if where:
        message = (
            f"{part or 'The answer'} is {fault.given.data[:60]!r} where {where.phrase}; "
            f"{fault.expected.data!r} is due."
        )
        return look.made(f"wrong_{where.key}", message, i)
    return _mixed_up(look, failing) or look.made(
        None, f"{part or 'The answer'} is {fault.given.data[:60]!r}; {fault.expected.data!r} is due.", i
    )


def _mixed_up(look: Look, failing: list[int]) -> Diagnosis | None:
    """Report which word is most often said for which."""
    pairs = {i: (look.faults[i].given.data, look.faults[i].expected.data) for i in failing}
    (given, due), count = Counter(pairs.values()).most_common(1)[0]
    if count < 2 or not isinstance(given, str):
        return None
    all_due = sum(o.value is not None and o.value.data == due for o in look.prepared.expected)
    message = (
        f"In {count} of the {all_due} cases where {due!r} is due your answer is {given[:60]!r}. What tells "
        "the two apart?"
    )
    return look.made("mixed_up", message, next(i for i, p in pairs.items() if p == (given, due)))


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _count(look: Look, i: int, place: str) -> Diagnosis:
    given, due = look.faults[i].given, look.faults[i].expected
    have = len(given.data) if given.kind in SEQUENCES else 1
    part, names = look.part_name(look.faults[i].path), look.part_names
    if look.faults[i].path:
        entries = "1 entry" if have == 1 else f"{have} entries"
        message = f"{part or 'A part'} has {entries}{place}; {len(due.data)} are due."
        return look.made("length", message, i)
    words = NUMBER_WORDS[have] if have < len(NUMBER_WORDS) else f"{have} values"
    wanted = ", ".join(names) if names else f"{len(due.data)} values"
    if due.kind != "tuple":
        return look.made(
            "length", f"Your function returns {have} entries{place}; {len(due.data)} are due.", i
        )
    single = ""
    if have == 1:
        same = [
            n
            for n, v in zip(names, due.data, strict=False)
            if compare(v, given, rules_of(look.exercise, look.prepared.cases[i])) is None
        ]
        single = f" (it is {same[0]})" if same else ""
    return look.made(
        "missing_value" if have < len(due.data) else "extra_value",
        f"Your function returns {words}{single}{place}. The exercise asks for {wanted}.",
        i,
    )


def number_kinds(look: Look) -> Diagnosis | None:
    """Report booleans, integers or complex numbers where something else is due."""
    for kind in ("boolean", "integer", "fraction", "complex"):
        failing = look.of_kind(kind)
        if not failing or len(failing) < 0.5 * len(look.faults):
            continue
        i = look.first if look.first in failing else failing[0]
        part = look.part_name(look.faults[i].path) or "The value"
        where = condition(look, failing)
        place = f" where {where.phrase}" if where else ""
        e, g = look.faults[i].expected.data, look.faults[i].given.data
        right = np.shape(e) == np.shape(g) and close(
            np.asarray(e, dtype=float), np.asarray(g).real.astype(float)
        )
        message = {
            "boolean": f"{part} holds True and False{place}; numbers are due (`.astype(float)`).",
            "integer": f"{part} is of integer dtype{place}; floats are due. "
            + (
                "An array made `like` an integer input, or filled in place, stays integer and cuts every "
                "fraction off."
                if not right
                else "Compute with floats from the start."
            ),
            "fraction": f"{part} is a float{place}; an integer is due.",
            "complex": f"{part} is complex{place}; real numbers are due.",
        }[kind]
        key = {
            "boolean": "boolean",
            "integer": "integer_dtype",
            "fraction": "float_not_integer",
            "complex": "complex",
        }
        return look.made(key[kind], message, i)
    return None


def impurities(look: Look) -> Diagnosis | None:
    """Report right values with inputs changed, or calls that depend on earlier ones."""
    if not look.impure or (look.faults and not any(f.kind == "state" for f in look.impure.values())):
        return None
    changed = [i for i, f in look.impure.items() if f.kind == "changed"]
    if changed and not look.faults:
        names = list(dict.fromkeys(look.impure[i].key for i in changed))
        i = changed[0]
        fault = look.impure[i]
        where = condition(look, changed) if len(changed) < len(look.comparable) // 2 else None
        place = f" where {where.phrase}" if where and where.key != "special_case" else ""
        message = (
            f"Your function changes the caller's {' and '.join(f'`{n}`' for n in names)}{place} (`+=`, `-=` "
            "and assignment to entries work in place). Compute a new array, or work on a copy."
        )
        return look.made(
            "changes_input",
            message,
            i,
            given=(f"{names[0]} after your function", show_node(fault.given)),
            expected=(f"{names[0]} before", show_node(fault.expected)),
        )
    states = [i for i, f in look.impure.items() if f.kind == "state"]
    if not states:
        return None
    i = states[0]
    if look.impure[i].key == "reused":
        message = (
            "A later call changed the array that an earlier call had returned: your function hands out one "
            "and the same array each time. Make a new one in every call."
        )
        return look.made("reused_array", message, i)
    first_right = i not in look.faults
    if any(o.drew for o in look.prepared.expected):
        message = (
            "Called twice with equal generators, your function gives different values: it draws from "
            "somewhere else. Draw everything from `rng`."
        )
        return look.made("other_randomness", message, i)
    if look.faults and not first_right and not (look.facts and look.facts.keeps):
        message = (
            "Called twice with the same inputs, your function gives different values: it draws random "
            "numbers, or a part of the result is never filled (np.empty). The same inputs must give the same "
            "result."
        )
        return look.made("not_repeatable", message, i)
    message = (
        "Called a second time with the same inputs, your function gives another value: it keeps something "
        "between calls (a global variable, or a list or array as default value), or draws random numbers."
    )
    return look.made(
        "keeps_state",
        message,
        i,
        given=("The second call returned", show_node(look.impure[i].given)),
        expected=("The first call returned", show_node(look.impure[i].expected)),
    )


def unseeded(look: Look) -> Diagnosis | None:
    """Report a generator that is never used."""
    failing = look.of_kind("unseeded")
    if not failing or len(failing) < len(look.faults):
        return None
    message = (
        "Your function never draws from the generator `rng` that it is given: it uses another source, or a "
        "seed of its own. Then nobody can choose or repeat its numbers."
    )
    return look.made("rng_not_used", message, failing[0])


def warned(look: Look) -> Diagnosis | None:
    """Report right values with NumPy's warnings, where calm is the point."""
    failing = look.of_kind("warned")
    if not failing or len(failing) < len(look.faults):
        return None
    message = (
        f"NumPy warns: {look.faults[failing[0]].text}. The values come out right here, but the formula "
        "passes through a number that is too large. Rewrite it so that the exponent is never large and "
        "positive."
    )
    return look.made("overflow_warning", message, failing[0])


def shapes(look: Look) -> Diagnosis | None:
    """Report wrong shapes: a kept or lost axis, a transpose, a broadcast, a reduction too many or too few."""
    failing = look.of_kind("shape")
    if not failing or len(failing) < 0.5 * len(look.faults):
        return None
    i = look.first if look.first in failing else failing[0]
    fault = look.faults[i]
    part = look.part_name(fault.path) or "The value"
    e, g = np.asarray(fault.expected.data, dtype=float), np.asarray(fault.given.data)
    have, due = _shape(g.shape), _shape(e.shape)
    where = condition(look, failing)
    place = f" where {where.phrase}" if where and where.key != "special_case" else ""
    said = f"{part} has shape {have}{place}; {due} is due."
    if g.dtype.kind not in "fiub":
        return look.made("shape", said, i)
    g = g.astype(float)
    if not g.size:
        return look.made("empty", f"{said} It is empty.", i)
    if g.size == e.size and close(e.ravel(), g.ravel()):
        if g.ndim == 1 and e.ndim == 0:
            return look.made(
                "extra_axis", f"{said} The number is right, but it comes as an array of one entry.", i
            )
        if g.ndim > e.ndim:
            return look.made(
                "extra_axis",
                f"{said} The numbers are right, with one axis too many (a kept axis, or a "
                "column where a flat array is due).",
                i,
            )
        return look.made("lost_axis", f"{said} The numbers are right, but an axis is lost.", i)
    if g.T.shape == e.shape and close(e, g.T):
        return look.made("transposed", f"{said} It is the transpose of the right result.", i)
    if e.ndim == 0:
        return _not_reduced(look, i, said, float(e), g)
    if g.ndim == 0:
        return look.made(
            "reduced_too_far",
            f"{said} Everything has become one number: a sum, mean or maximum needs an `axis`.",
            i,
        )
    if g.ndim == 2 and e.ndim == 1 and g.shape == (e.size, e.size):
        return look.made(
            "broadcast",
            f"{said} A column (n, 1) met a flat array (n,), and broadcasting filled a whole matrix.",
            i,
        )
    if g.ndim == e.ndim == 1 and abs(g.size - e.size) == 1:
        return look.made(
            "one_off", f"{said} There is one entry too {'many' if g.size > e.size else 'few'}.", i
        )
    if 0 < len(g) < len(e) and g.ndim == e.ndim and g.shape[1:] == e.shape[1:] and close(e[: len(g)], g):
        rows = (
            "The first one is there, and right" if len(g) == 1 else f"The first {len(g)} are there, and right"
        )
        return look.made("first_only", f"{said} {rows}: does a `return` inside the loop end it too early?", i)
    if g.ndim < e.ndim and any(
        close(e.mean(axis=a), g) or close(e.sum(axis=a), g)
        for a in range(e.ndim)
        if np.delete(e.shape, a).tolist() == list(g.shape)
    ):
        return look.made("reduced_too_far", f"{said} One axis has been summed or averaged away.", i)
    if g.ndim > e.ndim:
        for a in range(g.ndim):
            if np.delete(g.shape, a).tolist() == list(e.shape):
                for word, value in (("sum", g.sum(axis=a)), ("mean", g.mean(axis=a))):
                    if close(e, value):
                        return look.made("not_reduced", f"{said} A {word} over one axis is missing.", i)
    if g.shape == e.shape[::-1]:
        return look.made("transposed_shape", f"{said} The two axes are exchanged.", i)
    for name, value in look.arguments(i).items():
        if isinstance(value, np.ndarray) and value.shape == g.shape:
            return look.made("shape", f"{said} It has the shape of {name}.", i)
    return look.made("shape", said, i)


def _not_reduced(look: Look, i: int, said: str, e: float, g: np.ndarray) -> Diagnosis:
    for word, value in (("mean", g.mean()), ("sum", g.sum()), ("maximum", g.max()), ("minimum", g.min())):
        if close(np.asarray(e), np.asarray(value)):
            return look.made("not_reduced", f"{said} The {word} of its entries would be right.", i)
    return look.made(
        "not_reduced", f"{said} One number is due: a sum or mean over all entries is missing.", i
    )


def _shape(shape: tuple[int, ...]) -> str:
    return str(shape) if shape else "() (one number)"
