"""The result of a check: a number for the gradebook, a sentence for people, a card for the notebook."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from nn_exercises import card as cards


@dataclass(frozen=True)
class Result:
    """What `check` returns.

    Parameters
    ----------
    exercise
        The exercise's name.
    passed
        Whether everything holds.
    score, max_score
        Points, as plain floats.
    mistake
        The key of the named mistake, or None.
    message
        What happened, in plain text.
    hints
        The hints that are open so far.
    status
        passed, failed, not_attempted, error or timeout.
    card
        What the card shows beyond that, as data.
    """

    exercise: str
    passed: bool
    score: float
    max_score: float
    mistake: str | None
    message: str
    hints: tuple[str, ...] = ()
    status: str = "failed"
    card: cards.Card = field(default_factory=lambda: cards.Card(), repr=False)

    def __float__(self) -> float:
        return self.score

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return self.text()

    def text(self) -> str:
        """Return the card as plain text."""
        return cards.as_text(self)

    def html(self) -> str:
        """Return the card as HTML."""
        return cards.as_html(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Give a notebook the card, and its gradebook the bare number; give a terminal the words."""
        if _in_terminal():
            return {"text/plain": self.text()}
        return {"text/plain": f"{self.score:g}", "text/html": self.html()}


def _in_terminal() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is None or type(shell).__name__ == "TerminalInteractiveShell"
