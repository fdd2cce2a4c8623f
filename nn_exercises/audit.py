"""Audit the catalogue: right answers pass, wrong ones fail with their own names, no mutant survives."""

from __future__ import annotations

from dataclasses import dataclass, field

from nn_exercises.checking import check_exercise, result_of
from nn_exercises.exercise import Exercise
from nn_exercises.judge import NOTEBOOK_SEED, judge, prepare
from nn_exercises.mistakes import agree, what_it_does
from nn_exercises.mutate import mutants

MUTANT_LIMIT = 1.0  # seconds for one mutant: some never end


@dataclass
class Report:
    """What the audit of one exercise found; everything listed in `faults` must be mended."""

    exercise: Exercise
    told_apart: int = 0
    alike: list[tuple[str, str]] = field(default_factory=list)  # mistakes with identical outputs on all cases
    variants: int = 0
    mutants: int = 0
    killed: int = 0
    equivalent: int = 0
    faults: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """Return one line."""
        return (
            f"{self.exercise.name}: {self.told_apart} of {len(self.exercise.mistakes)} mistakes told apart, "
            f"{self.variants} of {len(self.exercise.variants)} variants accepted, "
            f"{self.killed} of {self.mutants} mutants killed, {self.equivalent} equivalent"
        )


def audit(exercise: Exercise, seed: int = NOTEBOOK_SEED) -> Report:
    """Audit one exercise."""
    report = Report(exercise)
    _right_answers(exercise, seed, report)
    _mistakes(exercise, seed, report)
    if exercise.mutants:
        _mutants(exercise, seed, report)
    return report


def stub(*args: object, **kwargs: object) -> None:
    """Do what an untouched answer cell does."""
    raise NotImplementedError


def _right_answers(exercise: Exercise, seed: int, report: Report) -> None:
    result = check_exercise(exercise.reference, exercise, seed)
    if not result.passed or result.score != result.max_score:
        report.faults.append(f"the reference is rejected: {result.text()}")
    result = check_exercise(stub, exercise, seed)
    if result.score != 0 or result.status != "not_attempted":
        report.faults.append(f"the stub gets {result.score} points and the status {result.status}")
    for k, variant in enumerate(exercise.variants):
        result = check_exercise(variant, exercise, seed)
        if result.passed:
            report.variants += 1
        else:
            report.faults.append(f"variant {k + 1} is rejected: {result.text()}")


def _mistakes(exercise: Exercise, seed: int, report: Report) -> None:
    prepared = prepare(exercise, seed)
    keys = [m.key for m in exercise.mistakes]
    for key in sorted({k for k in keys if keys.count(k) > 1}):
        report.faults.append(f"two mistakes have the key {key!r}")
    for index, mistake in enumerate(exercise.mistakes):
        outcomes, _ = what_it_does(prepared, index)
        result = result_of(prepared, outcomes)
        if result.passed:
            report.faults.append(f"the mistake {mistake.key!r} is accepted")
        elif result.mistake == mistake.key:
            report.told_apart += 1
        elif result.mistake in keys and _same_outputs(prepared, index, keys.index(result.mistake)):
            report.alike.append((mistake.key, result.mistake))
        else:
            report.faults.append(f"the mistake {mistake.key!r} is named {result.mistake!r}: {result.message}")


def _same_outputs(prepared, a: int, b: int) -> bool:
    (mine, judged), (theirs, other) = what_it_does(prepared, a), what_it_does(prepared, b)
    return all(map(agree, mine, judged.verdicts, theirs, other.verdicts))


def _mutants(exercise: Exercise, seed: int, report: Report) -> None:
    prepared = prepare(exercise, seed)
    used = set()
    for mutant in mutants(exercise):
        report.mutants += 1
        outcomes = prepared.run(mutant.code, time_limit=MUTANT_LIMIT)
        if not judge(prepared, outcomes).passed:
            report.killed += 1
        elif mutant.text in exercise.equivalents:
            report.equivalent += 1
            used.add(mutant.text)
        else:
            report.faults.append(f"a mutant survives ({mutant.kind}):  {mutant.text}")
    for text in sorted(set(exercise.equivalents) - used):
        report.faults.append(f"listed as an equivalent mutant, but it is none:  {text}")
