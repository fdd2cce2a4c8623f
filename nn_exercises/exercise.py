"""The words in which an exercise is stated: what is right, and which mistakes people make.

An entry of the catalogue is a reference function under the decorator `exercise`, its cases, the wrong
answers that real people write (each with the message that helps them), and a few right answers written
differently. *How* answers are run, compared and diagnosed is the engine's business and never an entry's.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nn_exercises.run import Fn, Rng

__all__ = ["POINTS", "Case", "Exercise", "Fn", "Loss", "Mistake", "Problem", "Rng", "case", "exercise"]

POINTS = {"easy": 2.0, "medium": 4.0, "hard": 6.0, "project": 12.0}


@dataclass(frozen=True)
class Problem:
    """What a property check found wrong: `key` names the mistake, `message` tells the reader."""

    key: str
    message: str


@dataclass(frozen=True)
class Case:
    """One call of the answer.

    Parameters
    ----------
    *args, **kwargs
        What the function is called with: arrays, numbers, strings, None, lists, tuples and dicts of them,
        `Rng` for a generator, `Fn` for a callable. The engine calls with copies.
    group
        Partial credit follows groups: "values" (the heart; without it nothing counts), "shape", "edge",
        "stability", "errors", "purity".
    note
        What is special here, as the card says it: "one sample", "z exactly 0", "non-square W".
    raises
        The exception type that is due instead of a value.
    check
        A property, where many answers are right: `check(value, case) -> Problem | None`, called with the
        returned value. Without it the value is compared with the reference's.
    rtol, atol
        Tolerances other than the engine's, for cases that are about small terms.
    quiet
        True where a NumPy warning (overflow, invalid, divide) is a fault, because stability is the point.
    """

    args: tuple
    kwargs: dict[str, Any]
    group: str
    note: str
    raises: type[Exception] | None
    check: Callable[[Any, Case], Problem | None] | None
    rtol: float | None
    atol: float | None
    quiet: bool


def case(
    *args: Any,
    group: str = "values",
    note: str = "",
    raises: type[Exception] | None = None,
    check: Callable[[Any, Case], Problem | None] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    quiet: bool = False,
    **kwargs: Any,
) -> Case:
    """Return a `Case`: the positional and unnamed keyword arguments go to the answer."""
    return Case(args, kwargs, group, note, raises, check, rtol, atol, quiet)


@dataclass(frozen=True)
class Mistake:
    """A wrong answer that people write: `code` behaves as theirs does, `message` leads to the fix."""

    key: str
    message: str
    code: Callable


@dataclass(frozen=True)
class Loss:
    """What a returned gradient is the gradient of: the card then shows what nudging an entry does to it."""

    output: int | None  # which returned value is the gradient; None where it is the only one
    parameter: str  # with respect to which argument
    f: Callable  # called with the exercise's own arguments, returns the loss
    what: str = "the loss"


@dataclass
class Exercise:
    """One graded exercise. Its name is the nbgrader grade_id, the key in EXERCISES and the test id."""

    name: str
    chapter: str
    difficulty: str
    points: float
    aim: str  # one sentence, under the heading
    hints: tuple[str, str, str]  # from a nudge to nearly there; Markdown
    reference: Callable  # its signature and docstring are the stub's
    make_cases: Callable[[np.random.Generator], Iterator[Case]] | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    variants: list[Callable] = field(default_factory=list)
    any_number: bool = False  # integers and floats are equally good (never booleans)
    either: tuple[int, ...] = ()  # returned values that may be a list, a tuple or an array
    repeat: bool = True  # call again with equal inputs, to see state kept between calls
    time_limit: float | None = None  # seconds for all cases together, other than the engine's
    patience: float = 1.0  # above 1 the limit counts the processor's seconds; by clock, this many times that
    mutants: bool = True  # the audit mutates the reference; False where one run takes seconds
    make_marks: Callable | None = None
    losses: list[Loss] = field(default_factory=list)
    equivalents: dict[str, str] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """The line that a student starts from, e.g. `def step(z):`."""
        return f"def {self.name}{inspect.signature(self.reference)}:"

    def cases(self, make: Callable) -> Callable:
        """Decorate the generator function `make(rng)` that yields the exercise's cases."""
        self.make_cases = make
        return make

    def mistake(self, key: str, message: str) -> Callable:
        """Decorate a wrong answer; `key` is a few words, `message` what to tell its author."""

        def keep(code: Callable) -> Callable:
            self.mistakes.append(Mistake(key, message, code))
            return code

        return keep

    def variant(self, code: Callable) -> Callable:
        """Decorate a right answer that is written differently: it must score full marks."""
        self.variants.append(code)
        return code

    def marks(self, f: Callable) -> Callable:
        """Decorate `marks(values, cases) -> (share, Problem | None)`, which judges all cases together.

        `values` holds what was returned in each case, None where the call failed; `share`, 0 to 1, is the
        part of the points. It replaces the credit by groups.
        """
        self.make_marks = f
        return f

    def gradient_of(self, parameter: str, output: int | None = None, what: str = "the loss") -> Callable:
        """Decorate the loss whose gradient with respect to `parameter` the answer's `output` is.

        The loss is called with the exercise's own arguments. A wrong gradient is then shown with evidence:
        which entry, what nudging that entry does to the loss (or to `what`), and what the answer claims.
        """

        def keep(f: Callable) -> Callable:
            self.losses.append(Loss(output, parameter, f, what))
            return f

        return keep

    def equivalent(self, mutant: str, reason: str) -> None:
        """Record that an automatic mutant, as the audit prints it, is as right as the reference, and why."""
        self.equivalents[mutant] = reason


def exercise(
    *,
    chapter: str,
    difficulty: str,
    aim: str,
    hints: tuple[str, str, str],
    points: float | None = None,
    any_number: bool = False,
    either: tuple[int, ...] = (),
    repeat: bool = True,
    time_limit: float | None = None,
    patience: float = 1.0,
    mutants: bool = True,
) -> Callable[[Callable], Exercise]:
    """Decorate a reference answer: it becomes the `Exercise` of its name.

    Parameters
    ----------
    chapter
        The chapter's folder, "02_perceptron".
    difficulty
        "easy", "medium", "hard" or "project"; it fixes the points unless `points` is given.
    aim
        One sentence under the heading.
    hints
        Three, from a nudge to nearly there, in Markdown; never the whole answer.
    any_number
        True where integers and floats are equally good. Otherwise floats are due where the reference returns
        floats, integers where it returns integers.
    either
        Positions of returned values that may be a list, a tuple or an array, at every depth below.
    repeat
        False for an exercise whose calls take seconds: they are then made once only.
    time_limit
        Seconds for all cases together, where the usual ten do not fit.
    patience
        Above 1 for an answer that honestly needs most of its time: the limit then counts the seconds that the
        processor spends on it, and by the clock it may take this many times as long.
    mutants
        False where one run of the reference takes seconds: the audit then leaves its mutants out, and known
        mistakes are not run against a reader's answer.
    """

    def state(reference: Callable) -> Exercise:
        worth = POINTS[difficulty] if points is None else points
        return Exercise(
            reference.__name__,
            chapter,
            difficulty,
            worth,
            aim,
            hints,
            reference,
            any_number=any_number,
            either=either,
            repeat=repeat,
            time_limit=time_limit,
            patience=patience,
            mutants=mutants,
        )

    return state
