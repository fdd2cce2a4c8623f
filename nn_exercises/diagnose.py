"""Name the mistake: known ones first, then general ones, then the plain evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nn_exercises.judge import Judgement, Prepared
from nn_exercises.run import Facts, Outcome


@dataclass(frozen=True)
class Diagnosis:
    """One diagnosis: the key and message, the case that shows it, and evidence beyond given and due."""

    key: str | None
    message: str
    case: int | None = None
    given: tuple[str, str] | None = None
    expected: tuple[str, str] | None = None
    evidence: tuple[tuple[str, str], ...] = ()


def diagnose(
    prepared: Prepared, outcomes: Sequence[Outcome], judgement: Judgement, facts: Facts | None = None
) -> Diagnosis:
    """Return the one diagnosis that helps most."""
    from nn_exercises.mistakes import known

    i, fault = next((i, v.fault or v.purity) for i, v in enumerate(judgement.verdicts) if v.fault or v.purity)
    found = known(prepared, outcomes, judgement)
    if found:
        return Diagnosis(found.key, found.message, i)
    return Diagnosis(None, fault.text, i)
