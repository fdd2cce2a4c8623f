"""A student's feedback page: what was earned, the card of each exercise, the next hint, never an answer."""

from __future__ import annotations

from functools import lru_cache

from nn_exercises.result import Card, Result
from nn_grading.grade import Record
from nn_grading.page import clean, escape, frame

WORDS = {
    "unreadable": "could not be read",
    "not_attempted": "not attempted",
    "not_allowed": "not allowed",
    "crashed": "crashed",
    "timeout": "ran out of time",
    "error": "stopped with an error",
    "failed": "not yet right",
    "passed": "right",
}


def page(record: Record) -> str:
    """Return the feedback page of a submission."""
    rows = record["exercises"]
    table = "".join(
        f'<tr><td><a href="#{row["exercise"]}"><code>{row["exercise"]}</code></a></td>'
        f'<td class="n">{row["score"]:g} of {row["max_score"]:g}</td><td>{WORDS[row["status"]]}</td></tr>'
        for row in rows
    )
    remarks = "".join(f"<li>{escape(text)}</li>" for text in record["remarks"])
    parts = "".join(f'<section id="{row["exercise"]}">{_card(result_of(row))}</section>' for row in rows)
    body = (
        f'<p class="soft">{escape(record["assignment"])}</p><h1>Feedback for {escape(record["student"])}</h1>'
        f'<p class="total">{record["score"]:g} of {record["max_score"]:g} points</p>'
        '<div class="wide"><table><thead><tr><th scope="col">exercise</th>'
        '<th scope="col" class="n">points</th>'
        f'<th scope="col"></th></tr></thead><tbody>{table}</tbody></table></div>'
        + (f"<h2>About the file</h2><ul>{remarks}</ul>" if remarks else "")
        + f"<h2>Exercise by exercise</h2>{parts}"
        + f"<p><small>Catalogue {record['catalogue']}, {escape(record['ran'])}."
        " Answers that a person marks are "
        "not on this page.</small></p>"
    )
    return frame(f"{record['assignment']}: feedback for {record['student']}", body)


@lru_cache(maxsize=256)
def _card(result: Result) -> str:
    """Return a card as HTML (remembered: what is right looks the same for everybody)."""
    return result.html()


def result_of(row: Record) -> Result:
    """Return the result that a row of a record holds, for its card; a student's texts are in it."""
    card = row["card"]
    return Result(
        row["exercise"],
        row["status"] == "passed",
        row["score"],
        row["max_score"],
        row["mistake"] or None,
        clean(card["message"]),
        tuple(card["hints"]),
        row["status"],
        Card(
            tuple((clean(label), clean(text)) for label, text in card["rows"]),
            tuple((group, held) for group, held in card["groups"]),
            card["hint_number"],
            card["hints_total"],
            card["printed"],
        ),
    )
