"""Comparing values: what is accepted, what is refused, and what the fault is called."""

import itertools

import numpy as np
import pytest

from nn_exercises.compare import Rules, alike, close, compare, near, near_each, same
from nn_exercises.run import pack


def fault(expected, given, **rules):
    found = compare(pack(expected), pack(given), Rules(**rules))
    return found.kind if found else None


A = np.array([1.0, 2.0, -3.0])


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        (A, A.astype(np.float32)),
        (A, A + 1e-7),
        (A, A * (1 + 5e-5)),
        (A, np.asfortranarray(A)),
        (A, A[::-1][::-1]),
        (2.0, 2),
        (2.0, np.float32(2)),
        (2.0, np.array(2.0)),
        (np.float64(2), 2.0),
        (3, np.int64(3)),
        (np.array([1, 2]), np.array([1, 2], dtype=np.int8)),
        (np.array([1, 2]), np.array([1, 2], dtype=np.uint8)),
        ((A, 1.0), (A, 1)),
        (np.inf, np.inf),
        (np.array([np.nan, 1]), np.array([np.nan, 1])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (np.array([1e-9]), np.array([0.0])),
        ("relu", "relu"),
    ],
)
def test_accepted(expected, given):
    assert fault(expected, given) is None


@pytest.mark.parametrize(
    ("expected", "given", "kind"),
    [
        (A, None, "none"),
        (A, A.tolist(), "structure"),
        (A, tuple(A), "structure"),
        (A, A[:, None], "shape"),
        (A, A[:2], "shape"),
        (1.0, np.array([1.0]), "shape"),
        (A, A > 0, "boolean"),
        (1.0, True, "boolean"),
        (1.0, np.True_, "boolean"),
        (A, A.astype(int), "integer"),
        (2.0, np.int64(2), "integer"),
        (np.array([1, 2]), np.array([1.0, 2.0]), "fraction"),
        (3, 3.0, "fraction"),
        (A, A + 0j, "complex"),
        (A, np.array([1.0, np.nan, -3.0]), "nan"),
        (A, np.array([1.0, np.inf, -3.0]), "values"),
        (A, A + 1e-3, "values"),
        (A, -A, "values"),
        (23860, 23859, "values"),
        (np.array([1, 2]), np.array([1, 3]), "values"),
        ((A, 1.0), [A, 1.0], "structure"),
        ((A, 1.0), A, "count"),
        ((A, 1.0), (A,), "count"),
        ((A, 1.0), (A, 1.0, 2), "count"),
        ((A, 1.0), (1.0, A), "shape"),
        (A, "text", "text"),
        (A, {"a": 1}, "structure"),
        (A, print, "other"),
        (A, {1.0, 2.0}, "other"),
        (A, np.array([None, 1, 2]), "other"),
        ("relu", "sigmoid", "values"),
        ("relu", 3, "structure"),
    ],
)
def test_refused(expected, given, kind):
    assert fault(expected, given) == kind


def test_matrix_and_masked_arrays_are_refused_other_subclasses_pass():
    class Mine(np.ndarray):
        pass

    assert fault(A, A.view(Mine)) is None
    assert fault(A, np.ma.masked_array(A, [False, True, False])) == "matrix"
    with pytest.warns(PendingDeprecationWarning):
        assert fault(A[None], np.matrix(A)) == "matrix"


def test_tolerance_follows_the_largest_entry_and_can_be_tightened():
    big = np.array([1e6, 1e-3])
    assert fault(big, big + np.array([0, 0.5])) is None
    assert fault(big, big + np.array([0, 0.5]), rtol=1e-9, atol=1e-9) == "values"


def test_any_number_takes_integers_and_floats_but_no_booleans():
    ones = np.array([0, 1])
    assert fault(ones, ones.astype(float), any_number=True) is None
    assert fault(A, np.array([1, 2, -3]), any_number=True) is None
    assert fault(ones, ones == 1, any_number=True) == "boolean"


def test_either_takes_lists_tuples_and_arrays_in_that_place_only():
    due = (A, [3, 2, 0])
    for given in ([3, 2, 0], (3, 2, 0), np.array([3, 2, 0]), np.array([3.0, 2.0, 0.0]), [np.int64(3), 2, 0]):
        assert fault(due, (A, given), either=(1,)) is None
    assert fault(due, (A.tolist(), [3, 2, 0]), either=(1,)) == "structure"
    assert fault(due, (A, [3, 2]), either=(1,)) == "length"
    assert fault(due, (A, [3, 2, 1]), either=(1,)) == "values"


def test_a_wrong_form_is_told_before_a_wrong_number():
    assert fault((A, A), (A + 1, A.tolist())) == "structure"


def test_same_is_exact_about_kinds():
    assert same(pack(A), pack(A.copy()))
    assert not same(pack(A), pack(A.astype(np.float32)))
    assert not same(pack(A), pack(A.tolist()))
    assert not same(pack([1]), pack((1,)))
    assert not same(pack(A), pack(A + 1e-15), 0.0)
    lost = np.array([1.0, np.nan])
    assert same(pack(lost), pack(lost.copy()), 0.0) and same(pack(np.nan), pack(np.nan), 0.0)


def test_alike_without_kinds_looks_at_numbers_alone():
    assert alike(pack(A), pack(A.tolist()), kinds=False) and not alike(pack(A), pack(A.tolist()))
    assert alike(pack((A, 1.0)), pack([A, 1]), kinds=False)
    assert not alike(pack(A), pack(A + 1), kinds=False)


EDGES = [0.0, 1.0, 1 + 5e-5, 1 + 5e-3, -1.0, 1e-9, 1e12, np.inf, -np.inf, np.nan, 1e308]


@pytest.mark.parametrize("atol", [None, 0.0, 1e-6])
def test_a_few_numbers_are_close_where_numpy_says_so(atol):
    rows = [np.array(row) for row in itertools.product(EDGES, repeat=2)]
    for e, g in itertools.product(rows, repeat=2):
        assert close(e, g, atol=atol) == bool(near(e, g, atol=atol).all()), (e, g)
    assert close(np.zeros(0), np.zeros(0), atol=atol)


@pytest.mark.parametrize("last", EDGES)
def test_several_pairs_at_a_stroke_are_near_where_each_alone_is(last):
    due = [np.array([[1.0, 2.0], [1e12, last]]), np.array(3.0), np.array([1.0, 1e-9])]
    for off in (0.0, 1e-7, 1e-4, 1e-3, 1.0, np.nan):
        pairs = [(e, e + off) for e in due]
        for held, (e, g) in zip(near_each(pairs), pairs, strict=True):
            assert held.shape == e.shape
            assert (held == near(e, g)).all()
    assert near_each([]) == []
