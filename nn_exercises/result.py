"""The result of a check: a number for the gradebook, a sentence for people, a card for the notebook.

The card says the same as HTML and as plain text. The HTML takes text and background colours from the page
around it and adds transparent tints only, so that it suits light and dark pages alike; colour is never the
only sign; nothing in it changes from run to run.
"""

from __future__ import annotations

import html
import re
import sys
import textwrap
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Card:
    """What a card shows beyond the result's own fields: rows of label and preformatted text."""

    rows: tuple[tuple[str, str], ...] = ()
    groups: tuple[tuple[str, bool], ...] = ()
    hint_number: int = 0
    hints_total: int = 0
    printed: str = ""


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
    card: Card = field(default_factory=Card, repr=False)

    def __float__(self) -> float:
        return self.score

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return self.text()

    def text(self) -> str:
        """Return the card as plain text."""
        return as_text(self)

    def html(self) -> str:
        """Return the card as HTML."""
        return as_html(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Give a notebook the card, and its gradebook the bare number; give a terminal the words."""
        if _in_terminal():
            return {"text/plain": self.text()}
        return {"text/plain": f"{self.score:g}", "text/html": self.html()}


def _in_terminal() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is None or type(shell).__name__ == "TerminalInteractiveShell"


GROUPS = {
    "values": "values",
    "shape": "shapes",
    "edge": "edge cases",
    "stability": "extreme values",
    "errors": "errors that are due",
    "purity": "inputs left alone",
}
STOPPED = "Your function stopped"  # the row that shows an exception
SENTENCES = (STOPPED, "Nudge ")  # how the labels of rows begin that hold words, which must wrap

# A star next to a letter on its inner sides only is stress; in a formula it is a product.
MARKS = re.compile(r"(`[^`]+`|\*\*[^*]+\*\*|(?<![\w*)])\*\w(?:[^*\n]*\w)?\*(?![\w*(]))")

LOOKS = {  # status: sign, word, tint (red, green, blue)
    "passed": ("✓", "Right", "46,125,50"),
    "partial": ("◐", "Partly right", "178,106,0"),
    "failed": ("✗", "Not yet", "190,45,45"),
    "not_attempted": ("○", "Not attempted yet", "110,118,130"),
}


def look_of(result: Result) -> str:
    """Return which of the four looks a result has."""
    if result.passed:
        return "passed"
    if result.status == "not_attempted":
        return "not_attempted"
    return "partial" if result.score > 0 else "failed"


def points_text(result: Result) -> str:
    """Return the points in words."""
    return f"{result.score:g} of {result.max_score:g} point{'s' if result.max_score != 1 else ''}"


def as_text(result: Result, width: int = 80) -> str:
    """Return the card as plain text."""
    sign, word, _ = LOOKS[look_of(result)]
    lines = [f"{sign} {result.exercise}: {word.lower()}, {points_text(result)}"]
    lines += (
        textwrap.wrap(result.message, width, initial_indent="  ", subsequent_indent="  ")
        if result.message
        else []
    )
    for label, text in result.card.rows:
        if "\n" in text or len(label) + len(text) + 4 > width:
            lines += [f"  {label}:", textwrap.indent(text, "      ")]
        else:
            lines.append(f"  {label}: {text}")
    if result.card.groups:
        lines.append(
            "  " + ", ".join(f"{GROUPS.get(g, g)}: {'yes' if ok else 'no'}" for g, ok in result.card.groups)
        )
    if result.card.printed:
        lines += ["  Your function printed:", textwrap.indent(result.card.printed.rstrip(), "      ")]
    if result.hints:
        head = f"  Hint {result.card.hint_number} of {result.card.hints_total}: "
        lines += textwrap.wrap(
            head + result.hints[-1], width, subsequent_indent="    ", replace_whitespace=True
        )
    return "\n".join(lines)


def as_html(result: Result) -> str:
    """Return the card as HTML, with inline styles alone."""
    look = look_of(result)
    sign, word, tint = LOOKS[look]
    label = f"Check of {result.exercise}: {word.lower()}, {points_text(result)}"
    out = [
        f'<div role="group" aria-label="{html.escape(label)}" style="border:1px solid rgba({tint},.45);'
        f"border-left:5px solid rgb({tint});border-radius:6px;background:rgba({tint},.07);padding:.7em 1em;"
        'margin:.4em 0;max-width:46em;line-height:1.5;font-size:1em;overflow-wrap:anywhere;color:inherit">',
        '<div style="display:flex;flex-wrap:wrap;gap:.2em '
        '1em;align-items:baseline;justify-content:space-between">'
        f'<strong><span aria-hidden="true">{sign}</span> {word} '
        '<code style="background:none;color:inherit;font-weight:400">'
        f"{html.escape(result.exercise)}</code></strong>"
        f"<span>{points_text(result)}</span></div>",
    ]
    if result.message:
        out.append(f'<p style="margin:.45em 0">{inline(result.message)}</p>')
    for label, text in result.card.rows:
        # An array's columns must not wrap; an error's sentence must.
        wrap = "pre-wrap" if label.startswith(SENTENCES) else "pre"
        out.append(
            f'<div style="margin:.45em 0"><div style="font-size:.85em;opacity:.85">{html.escape(label)}</div>'
            '<pre style="margin:.1em 0 0;padding:.35em .6em;background:rgba(127,127,127,.13);color:inherit;'
            f'border-radius:4px;overflow-x:auto;white-space:{wrap};font-size:.9em;line-height:1.4">'
            f"{html.escape(text)}</pre></div>"
        )
    if result.card.groups:
        marks = "".join(
            f'<span style="white-space:nowrap"><span aria-hidden="true">{"✓" if ok else "✗"}</span> '
            f"{html.escape(GROUPS.get(g, g))}"
            f'<span style="position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)">: '
            f"{'right' if ok else 'not yet'}</span></span>"
            for g, ok in result.card.groups
        )
        out.append(
            '<div style="display:flex;flex-wrap:wrap;gap:.1em 1.2em;margin:.5em '
            '0;font-size:.9em;position:relative">'
            f"{marks}</div>"
        )
    if result.card.printed:
        out.append(
            '<details style="margin:.4em 0"><summary>What your function printed</summary>'
            '<pre style="margin:.2em 0;overflow-x:auto;color:inherit;background:none;font-size:.9em">'
            f"{html.escape(result.card.printed)}</pre></details>"
        )
    if result.hints:
        out.append(
            f'<details style="margin:.4em 0 0"><summary>Hint {result.card.hint_number} of '
            f"{result.card.hints_total}"
            f'</summary><p style="margin:.3em 0 0">{inline(result.hints[-1])}</p></details>'
        )
    return "".join([*out, "</div>"])


def inline(text: str) -> str:
    """Return a sentence with `code`, **bold** and *stress* as HTML, everything else escaped."""
    return "".join(_marked(part) for part in MARKS.split(text))


def _marked(part: str) -> str:
    if len(part) > 2 and part[0] == part[-1] == "`":
        style = "background:rgba(127,127,127,.13);color:inherit;padding:0 .25em;border-radius:3px"
        return f'<code style="{style}">{html.escape(part[1:-1])}</code>'
    if len(part) > 4 and part.startswith("**") and part.endswith("**"):
        return f"<strong>{html.escape(part[2:-2])}</strong>"
    if len(part) > 2 and part[0] == part[-1] == "*":
        return f"<em>{html.escape(part[1:-1])}</em>"
    return html.escape(part).replace("\n", "<br>")
