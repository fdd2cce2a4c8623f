"""Data sets and the ways to divide them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn_core as nn


def test_real_data():
    X, y = nn.data.load_digits()
    assert X.shape == (1797, 64) and X.min() == 0 and X.max() == 1 and set(y) == set(range(10))
    X, y = nn.data.load_iris()
    assert X.shape == (150, 4) and np.bincount(y).tolist() == [50, 50, 50]
    assert X[0].tolist() == [5.1, 3.5, 1.4, 0.2]


MADE = {
    "moons": lambda n, rng: nn.data.make_moons(n, 0.1, rng),
    "spirals": lambda n, rng: nn.data.make_spirals(n, 3, 0.2, rng),
    "xor": lambda n, rng: nn.data.make_xor(n, 0.1, rng),
}


@pytest.mark.parametrize("make", MADE.values(), ids=list(MADE))
def test_made_data(make):
    X, y = make(101, np.random.default_rng(1))
    assert X.shape == (101, 2) and y.shape == (101,) and y.dtype.kind == "i"
    counts = np.bincount(y)
    assert counts.max() - counts.min() <= 1
    again, other = make(101, np.random.default_rng(1)), make(101, np.random.default_rng(2))
    np.testing.assert_array_equal(X, again[0])
    assert not np.array_equal(X, other[0])


def test_moons_without_noise_are_half_circles():
    X, y = nn.data.make_moons(50, 0, np.random.default_rng(0))
    centers = np.where(y[:, None] == 0, [0, 0], [1, 0.5])
    np.testing.assert_allclose(np.linalg.norm(X - centers, axis=1), 1)


def test_xor_without_noise_is_the_table():
    X, y = nn.data.make_xor(4, 0)
    assert X.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]] and y.tolist() == [0, 1, 1, 0]


@given(st.integers(2, 40), st.floats(0.01, 0.99))
def test_split_keeps_every_sample_and_its_label(n, test_fraction):
    X = np.arange(n)[:, None] * np.ones(2)
    X_train, X_test, y_train, y_test = nn.data.train_test_split(
        X, np.arange(n), test_fraction, np.random.default_rng(0)
    )
    assert sorted([*y_train, *y_test]) == list(range(n)) and len(y_test) >= 1 and len(y_train) >= 1
    np.testing.assert_array_equal(X_train[:, 0], y_train)
    np.testing.assert_array_equal(X_test[:, 1], y_test)
    assert abs(len(y_test) - n * test_fraction) <= 1


@given(st.integers(1, 30), st.integers(1, 40))
def test_minibatches_hold_every_sample_once(n, batch_size):
    X = np.arange(n)[:, None]
    batches = list(nn.data.minibatches(X, np.arange(n), batch_size, np.random.default_rng(0)))
    assert sorted(np.concatenate([y for _, y in batches])) == list(range(n))
    assert all(len(y) == batch_size for _, y in batches[:-1]) and 1 <= len(batches[-1][1]) <= batch_size
    for X_b, y_b in batches:
        np.testing.assert_array_equal(X_b[:, 0], y_b)


def test_minibatches_are_shuffled():
    batches = nn.data.minibatches(np.ones((50, 1)), np.arange(50), 7, np.random.default_rng(0))
    y = np.concatenate([y for _, y in batches])
    assert y.tolist() != list(range(50))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nn.data.make_moons(1), ValueError, "n must be at least 2, got 1"),
        (lambda: nn.data.make_moons(10.0), TypeError, "n must be a whole number"),
        (lambda: nn.data.make_moons(10, -1), ValueError, "noise must"),
        (lambda: nn.data.make_spirals(10, 1), ValueError, "n_classes"),
        (lambda: nn.data.make_xor(10, rng=3), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: nn.data.train_test_split(np.ones((3, 1)), [1, 2], 0.5), ValueError, "got 3 and 2"),
        (lambda: nn.data.train_test_split(np.ones((3, 1)), np.ones(3), 1.0), ValueError, "test_fraction"),
        (lambda: nn.data.train_test_split(np.ones((1, 1)), [1]), ValueError, "X must hold two samples"),
        (lambda: nn.data.minibatches(np.ones((3, 1)), np.ones(3), 0), ValueError, "batch_size"),
        (lambda: nn.data.minibatches(np.ones((3, 1)), 1, 2), ValueError, "y must"),
        (lambda: nn.data.minibatches([[np.nan]], [1], 2), ValueError, "X must not hold NaN"),
        (lambda: nn.data.train_test_split([[1], [2]], [1, np.nan]), ValueError, "y must not hold NaN"),
        (lambda: nn.data.minibatches([[1], [2]], [[1], [1, 2]], 2), ValueError, "y must be an array"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
