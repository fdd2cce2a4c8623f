"""Data: two real data sets, three made ones, and the ways to divide them.

Rows are samples. Whatever is random takes a ``numpy.random.Generator``, so that equal seeds give equal data.
The real sets come with scikit-learn, which is imported only when one is asked for.
"""

import numpy as np

from nn_core.checks import a_count, a_generator, a_number, as_array, as_floats, same_length


def load_digits():
    """Return X (1797, 64), pixels scaled to 0…1, and y (1797,), digits 0 to 9: 8 × 8 handwritten digits."""
    from sklearn.datasets import load_digits as load

    X, y = load(return_X_y=True)
    return X / 16, y


def load_iris():
    """Return X (150, 4), sepal length and width, petal length and width in cm, and y (150,), 0 to 2.

    Setosa 0, versicolor 1, virginica 2, fifty samples each, in this order. Anderson 1935, Fisher 1936.
    """
    from sklearn.datasets import load_iris as load

    return load(return_X_y=True)


def make_moons(n, noise=0.1, rng=None):
    """Return two interlocking half circles: X (n, 2), y (n,) of 0 and 1, shuffled.

    `noise` is the standard deviation added to both coordinates.
    """
    n, noise, rng = a_count("n", n, 2), a_number("noise", noise, 0), a_generator(rng)
    y = np.arange(n) % 2
    angle = np.empty(n)
    for k in (0, 1):
        angle[y == k] = np.linspace(0, np.pi, (y == k).sum())
    X = np.column_stack([np.cos(angle), np.sin(angle)])
    X[y == 1] = [1.0, 0.5] - X[y == 1]
    X += rng.normal(0, noise, X.shape)
    order = rng.permutation(n)
    return X[order], y[order]


def make_spirals(n, n_classes=3, noise=0.2, rng=None):
    """Return interleaved spiral arms: X (n, 2), y (n,) of 0 … n_classes - 1, shuffled.

    `noise` is the standard deviation of the angle in radians; arms reach from the origin to radius 1.
    """
    n_classes, noise, rng = a_count("n_classes", n_classes, 2), a_number("noise", noise, 0), a_generator(rng)
    n = a_count("n", n, n_classes)
    y = np.arange(n) % n_classes
    X = np.empty((n, 2))
    for k in range(n_classes):
        radius = np.linspace(0, 1, (y == k).sum())
        angle = 2 * np.pi * k / n_classes + 4 * radius + rng.normal(0, noise, radius.size)
        X[y == k] = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    order = rng.permutation(n)
    return X[order], y[order]


def make_xor(n, noise=0.1, rng=None):
    """Return points around the corners of the unit square: X (n, 2), y (n,), 1 where one coordinate is high.

    The first four are the corners 00, 01, 10, 11, then they repeat, each with its own noise.
    """
    n, noise, rng = a_count("n", n), a_number("noise", noise, 0), a_generator(rng)
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])[np.arange(n) % 4]
    return corners + rng.normal(0, noise, (n, 2)), corners[:, 0] ^ corners[:, 1]


def train_test_split(X, y, test_fraction=0.2, rng=None):
    """Return X_train, X_test, y_train, y_test: the samples shuffled, then divided.

    At least one sample goes to either side.
    """
    X, y = samples(X, y)
    test_fraction = a_number("test_fraction", test_fraction, 0, 1, open_low=True, open_high=True)
    if len(X) < 2:
        raise ValueError(f"X must hold two samples or more to be divided, got {len(X)}")
    n_test = min(max(round(len(X) * test_fraction), 1), len(X) - 1)
    order = a_generator(rng).permutation(len(X))
    test, train = order[:n_test], order[n_test:]
    return X[train], X[test], y[train], y[test]


def minibatches(X, y, batch_size, rng=None):
    """Yield one epoch of shuffled batches (X_b, y_b), every sample once, the last batch perhaps smaller."""
    X, y = samples(X, y)
    batch_size = a_count("batch_size", batch_size)
    order = a_generator(rng).permutation(len(X))
    return ((X[rows], y[rows]) for rows in np.split(order, range(batch_size, len(X), batch_size)))


def samples(X, y):
    """Return X and y as arrays of equally many rows; y may hold labels of any kind."""
    X, y = as_floats("X", X, min_ndim=1), as_array("y", y)
    if y.ndim == 0:
        raise ValueError("y must have at least 1 axis, got a single value")
    if y.dtype.kind == "f":
        as_floats("y", y)  # labels may be words, but not NaN
    same_length("X", X, "y", y)
    return X, y
