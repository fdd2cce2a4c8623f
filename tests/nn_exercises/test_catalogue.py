"""The catalogue proves itself: right answers pass, wrong ones fail with their names, no mutant survives."""

import functools
import inspect
import itertools

import numpy as np
import pytest

from nn_exercises import EXERCISES
from nn_exercises.audit import Report, audit, stub
from nn_exercises.checking import check_exercise, result_of
from nn_exercises.exercise import POINTS, Exercise, Fn
from nn_exercises.judge import NOTEBOOK_SEED, generator, prepare
from nn_exercises.mistakes import what_it_does

each_exercise = pytest.mark.parametrize("name", EXERCISES)
OTHER_SEEDS = (1, 20_251)  # official grading draws its cases from seeds of its own


@functools.cache
def audited(name: str) -> Report:
    return audit(EXERCISES[name])


@each_exercise
def test_audit(name):
    assert audited(name).faults == []


@each_exercise
def test_told_apart_or_alike(name):
    report = audited(name)
    assert report.told_apart + len(report.alike) == len(report.exercise.mistakes)


def test_totals(record_property):
    reports = [audited(name) for name in EXERCISES]
    mutants, killed, equivalent = (
        sum(getattr(r, k) for r in reports) for k in ("mutants", "killed", "equivalent")
    )
    told_apart, mistakes = sum(r.told_apart for r in reports), sum(len(r.exercise.mistakes) for r in reports)
    totals = (
        f"in all: {told_apart} of {mistakes} mistakes told apart, {sum(r.variants for r in reports)} "
        f"variants accepted, {killed} of {mutants} mutants killed, {equivalent} shown to be equivalent"
    )
    record_property("report", "\n".join([*(r.summary() for r in reports), totals]))
    assert mutants == killed + equivalent


@each_exercise
@pytest.mark.parametrize("seed", OTHER_SEEDS)
def test_other_seeds(name, seed):
    exercise = EXERCISES[name]
    right = exercise.variants if exercise.mutants else exercise.variants[:1]
    for answer in (exercise.reference, *right):
        result = check_exercise(answer, exercise, seed)
        assert result.passed, result.text()


def named(exercise: Exercise, seed: int) -> dict[str, tuple[float, str | None]]:
    """Return the score of each known mistake and the name it is given."""
    prepared = prepare(exercise, seed)
    results = [result_of(prepared, what_it_does(prepared, i)[0]) for i in range(len(exercise.mistakes))]
    return {m.key: (r.score, r.mistake) for m, r in zip(exercise.mistakes, results, strict=True)}


@each_exercise
def test_mistakes_score_and_are_named_alike_whatever_the_seed(name):
    exercise = EXERCISES[name]
    if exercise.mutants:  # else one run takes seconds
        for seed in OTHER_SEEDS:
            assert named(exercise, seed) == named(exercise, NOTEBOOK_SEED)


@each_exercise
def test_an_early_case_is_drawn(name):
    exercise = EXERCISES[name]
    if not inspect.signature(exercise.reference).parameters:
        pytest.skip("it takes no arguments, so that nothing can be drawn")
    ours, others = (
        [
            repr([a for a in c.args if not isinstance(a, Fn)])
            for c in itertools.islice(exercise.make_cases(generator(exercise, seed)), 8)
            if c.group == "values"
        ]
        for seed in OTHER_SEEDS
    )
    assert ours != others


@each_exercise
def test_stub_scores_nothing(name):
    result = check_exercise(stub, EXERCISES[name])
    assert (result.score, result.status, result.mistake) == (0.0, "not_attempted", None)


@each_exercise
def test_entry_is_complete(name):
    exercise = EXERCISES[name]
    assert len(exercise.hints) == 3 and all(len(h) > 20 for h in exercise.hints)
    assert exercise.aim.endswith((".", "?"))
    assert exercise.reference.__doc__ and exercise.signature.startswith(f"def {name}(")
    assert exercise.points > 0 and (exercise.difficulty in POINTS)
    assert len(exercise.mistakes) >= (3 if exercise.difficulty == "easy" else 6)
    assert len(exercise.variants) >= (3 if exercise.mutants else 1)
    assert len({m.key for m in exercise.mistakes}) == len(exercise.mistakes)
    for mistake in exercise.mistakes:
        assert mistake.message.strip().endswith((".", "?", "!")), mistake.key
        assert len(mistake.message) >= 20, mistake.key


@each_exercise
def test_some_cases_are_of_the_values(name):
    exercise = EXERCISES[name]
    prepared = prepare(exercise)
    assert any(case.group == "values" for case in prepared.cases)


def test_names_and_points_by_chapter():
    chapters = [e.chapter for e in EXERCISES.values()]
    assert chapters == sorted(chapters)
    assert EXERCISES["ready"].points == 1


def test_iris_rows_are_scikit_learns():
    from sklearn.datasets import load_iris

    from nn_exercises.catalogue import chapter_02

    millimetres = np.rint(load_iris().data[:100:5][:, [0, 2]] * 10).astype(int)
    assert np.array_equal(chapter_02.IRIS_X, millimetres)


@each_exercise
def test_cases_follow_the_seed_alone(name):
    exercise = EXERCISES[name]
    kinds = [
        [
            (c.note, c.group, [np.asarray(a).tolist() for a in c.args if isinstance(a, np.ndarray)])
            for c in cases
        ]
        for cases in (
            prepare(exercise).cases,
            exercise.make_cases(np.random.default_rng([NOTEBOOK_SEED, *name.encode()])),
        )
    ]
    assert kinds[0] == kinds[1]
