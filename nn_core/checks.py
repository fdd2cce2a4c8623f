"""What every public name asks of its arguments.

A neural network accepts almost any array and then learns nothing. So whatever comes from the reader is
looked at once, where it enters, and an error names the argument, what was given and what was expected.
The inner loops of training work on arrays that have passed here and do not look again.
"""

import sys

import numpy as np

FLOATS = (np.float32, np.float64)


def as_array(name, x):
    """Return `x` as an array, whatever it holds; rows of different lengths are a ValueError."""
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} must be an array, its rows equally long: {error}") from None


def as_floats(name, x, *, finite=False, min_ndim=0):
    """Return `x` as an array of float32 or float64 (integers and booleans become float64).

    Raises
    ------
    TypeError
        if `x` does not hold real numbers.
    ValueError
        if `x` is ragged, empty, has fewer than `min_ndim` axes, holds NaN, or (if `finite`) infinity.
    """
    x = as_array(name, x)
    if x.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, got dtype {x.dtype}")
    if x.dtype.type not in FLOATS:
        x = x.astype(np.float64)
    if x.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {x.shape}")
    if x.ndim < min_ndim:
        raise ValueError(f"{name} must have at least {min_ndim} axes, got shape {x.shape}")
    if finite:
        if not all_finite(x):
            raise ValueError(f"{name} must hold finite numbers, got {describe_bad(x)}")
    elif np.isnan(x).any():
        raise ValueError(f"{name} must not hold NaN, got {describe_bad(x)}")
    return x


def all_finite(x):
    """Return whether no entry is NaN or infinite.

    A sum is finite only if all its terms are, and needs no array of truth values beside large data; one that
    overflows says nothing, and then each entry is looked at.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(x.sum())) or bool(np.isfinite(x).all())


def describe_bad(x):
    """Say which entry of `x` is the first that is not finite, and how many there are."""
    bad = np.argwhere(~np.isfinite(x))
    first = tuple(int(i) for i in bad[0])
    return f"{x[first]} at index {first} ({len(bad)} of {x.size} entries are not finite)"


def as_matrix(name, X, n_columns=None):
    """Return `X` as a finite array (n_samples, n_features), with `n_columns` features if that is given."""
    X = as_floats(name, X, finite=True)
    if X.ndim != 2 or n_columns not in (None, X.shape[1]):
        expected = f"(n_samples, {n_columns or 'n_features'})"
        hint = f"; one sample is {name}.reshape(1, -1), one feature {name}.reshape(-1, 1)" * (X.ndim == 1)
        raise ValueError(f"{name} must have shape {expected}, got {X.shape}{hint}")
    return X


def as_labels(name, y, n_classes=None):
    """Return `y` as an integer array (n,) of class labels 0, 1, …, below `n_classes` if that is given."""
    y = as_floats(name, y, finite=True)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise ValueError(f"{name} must have shape (n_samples,), got {y.shape}")
    labels = y.astype(np.int64)
    if (labels != y).any():
        raise ValueError(f"{name} must hold whole numbers, the class labels, got {y[labels != y][0]:g}")
    highest = labels.max() if n_classes is None else n_classes - 1
    if labels.min() < 0 or labels.max() > highest:
        wrong = labels.min() if labels.min() < 0 else labels.max()
        among = "0, 1, …" if n_classes is None else f"0 to {n_classes - 1}"
        raise ValueError(f"{name} must hold class labels {among}, got {wrong}")
    return labels


def as_points(X, y):
    """Return samples in the plane, X (n, 2), and their labels y (n,), which may be of any kind."""
    X, y = as_matrix("X", X, 2), as_array("y", y).ravel()
    same_length("X", X, "y", y)
    return X, y


def same_length(name_a, a, name_b, b):
    """Raise ValueError unless `a` and `b` hold equally many samples."""
    if len(a) != len(b):
        raise ValueError(f"{name_a} and {name_b} must hold equally many samples, got {len(a)} and {len(b)}")


def both_or_neither(name_a, a, name_b, b):
    """Raise ValueError if one of `a` and `b` is None and the other is not."""
    if (a is None) != (b is None):
        raise ValueError(f"{name_a} and {name_b} belong together: give both or neither")


def a_number(name, value, low=-np.inf, high=np.inf, *, open_low=False, open_high=False):
    """Return `value` as a float if it is one finite real number between `low` and `high`."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]  # such as np.where returns
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {value!r}")
    inside = (low < value if open_low else low <= value) and (value < high if open_high else value <= high)
    if not (abs(value) <= sys.float_info.max and inside):  # NaN, infinite, or too long for a float
        interval = f"{'(' if open_low or low == -np.inf else '['}{low:g}, {high:g}"
        interval += ")" if open_high or high == np.inf else "]"
        raise ValueError(f"{name} must lie in {interval}, got {value!r}")
    return float(value)


def only_known(owner, params, known):
    """Raise TypeError if `params` names a hyper-parameter that is not among the `known` ones."""
    for name in params:
        if name not in known:
            known = ", ".join(known) or "none"
            raise TypeError(f"{owner} has no hyper-parameter {name!r}; it has: {known}")


def a_count(name, value, low=1):
    """Return `value` as an int if it is a whole number of at least `low`."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be at least {low}, got {value}")
    return int(value)


def a_float_dtype(name, dtype):
    """Return `dtype` as the NumPy dtype float32 or float64."""
    try:
        given = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"{name} must be float32 or float64, got {dtype!r}") from None
    if given.type not in FLOATS:
        raise ValueError(f"{name} must be float32 or float64, got {given}")
    return given


def a_function(name, f):
    """Return `f` if it can be called."""
    if not callable(f):
        raise TypeError(f"{name} must be a function, got {f!r}")
    return f


def a_generator(rng):
    """Return `rng`, or a freshly seeded Generator for None."""
    if rng is None:
        return np.random.default_rng()
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, as np.random.default_rng(0) is, got {rng!r}")
    return rng


def lookup(kind, name, registry):
    """Return ``registry[name]``; an unknown name is a ValueError that lists the known ones."""
    if not isinstance(name, str):
        raise TypeError(f"{kind} must be a name, one of {', '.join(registry)}; got {name!r}")
    if name not in registry:
        import difflib  # only here, where it is needed: importing nn_core stays quick

        near = difflib.get_close_matches(name, registry, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{kind} must be one of {', '.join(registry)}; got {name!r}{hint}")
    return registry[name]
