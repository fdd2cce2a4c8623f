"""Exercises of chapter 06, backpropagation.

The 1/n of the mean stands in the loss and hence in the error term that enters `backward`; every function
here only sums over the samples. Most wrong answers average once more, lose a transpose that square
matrices hide, or take a derivative at the wrong point.
"""

import numpy as np

from nn_exercises.exercise import Case, Fn, Problem, Rng, case, exercise

CHAPTER = "06_backpropagation"


def _seed(rng: np.random.Generator) -> int:
    """Draw the seed of a generator that an answer receives."""
    return int(rng.integers(2**31))


def _sigmoid(z):
    """Return the logistic function, without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


# ---------------------------------------------------------------------------- numerical_gradient


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Measure every partial derivative of f by nudging one entry of x at a time.",
    hints=(
        "A partial derivative moves **one** entry of x and leaves all the others where they are. Equation "
        "(6.5) looks a distance h to both sides of it.",
        "Work on a float64 copy of x, so that the caller's array stays as it is and integers can move by "
        "1e-5. `np.ndindex(x.shape)` walks through the entries of an array of any shape.",
        "For one entry: remember it; set it to the remembered value plus h and call f; set it to the "
        "remembered value minus h and call f; put the remembered value back. The two points lie 2h apart.",
    ),
)
def numerical_gradient(f, x, h=1e-5):
    """Return the gradient of f at x by central differences, equation (6.5).

    Parameters
    ----------
    f : callable
        Takes an array of the shape of x and returns a number.
    x : array of any shape
        The point; it may hold integers. It must come back exactly as it was.
    h : float
        How far an entry is moved, up and down.

    Returns
    -------
    array of float64, shape of x
        Entry i tells how fast f changes with x[i] while all other entries stay.
    """
    x = np.array(x, dtype=np.float64)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        up = f(x)
        x[i] = kept - h
        down = f(x)
        x[i] = kept
        gradient[i] = (up - down) / (2 * h)
    return gradient


H_IGNORED = (
    "Your step does not depend on h: with h = 1 the answer is the one of a tiny step. Use the argument h for "
    "the nudge and for the distance that you divide by."
)
FLOAT32 = (
    "With a float32 x your differences are taken (or returned) in float32, which carries 7 digits: a nudge "
    "of 1e-5 leaves two of them. Convert x to float64 before you nudge it, and return float64."
)


for _h in ("2e-05", "5e-06"):
    numerical_gradient.equivalent(
        f"def numerical_gradient(f, x, h=1e-05)  ->  def numerical_gradient(f, x, h={_h})",
        "a default between 5e-6 and 2e-5 gives the same digits: central differences are flat there",
    )
numerical_gradient.equivalent(
    "gradient = np.zeros(x.shape)  ->  gradient = np.ones(x.shape)", "every entry is overwritten"
)


def _takes(shape, f):
    """Return f as a callable that refuses arrays of another shape than x has."""

    def refusing(x):
        if np.shape(x) != shape:
            raise ValueError(f"f takes an array of shape {shape}, like x, and not of shape {np.shape(x)}")
        return float(f(np.asarray(x, dtype=float)))

    return refusing


def _uses_h(value, case: Case) -> Problem | None:
    """See that h = 1 reaches across the kink of |x|: the measured slope is then not ±1."""
    value = np.asarray(value)
    if value.shape == np.shape(case.args[1]) and np.allclose(np.abs(value), 1.0, atol=1e-3):
        return Problem("h ignored", H_IGNORED)
    return None


def _is_float64(value, case: Case) -> Problem | None:
    """See that a float32 point gives float64 differences of x³."""
    value, x = np.asarray(value), np.asarray(case.args[1], dtype=float)
    right = value.shape == x.shape and np.allclose(value, 3 * x**2, rtol=1e-3, atol=1e-3)
    if right and value.dtype == np.float64:
        return None
    # What float32 loses are digits: slopes that are far off have another cause.
    if value.shape == x.shape and not np.allclose(value, 3 * x**2, rtol=0.3, atol=0.3):
        return Problem("wrong slopes", "The slopes are wrong: for the sum of x³ they are 3 x².")
    return Problem("works in float32", FLOAT32)


@numerical_gradient.cases
def _(rng):
    # Each entry costs two calls of f, so that the points are small; one of them has two axes.
    c = rng.uniform(0.5, 1.5, 2)
    yield case(
        Fn("f(x) = sum(x**3)", _takes((2,), lambda x: np.sum(x**3))),
        rng.uniform(0.5, 1.5, 2) * rng.choice([-1.0, 1.0], 2),
        h=1e-2,
        note="x cubed with h = 0.01, where a one-sided difference is visibly wrong",
        rtol=1e-3,
        atol=1e-3,
    )
    A = rng.normal(size=(3, 2))
    yield case(
        Fn("f(x) = sum(A * sin(x))", _takes((3, 2), lambda x: np.sum(A * np.sin(x)))),
        rng.normal(size=(3, 2)),
        1e-4,
        rtol=1e-3,
        atol=1e-3,
        note="x with two axes",
    )
    yield case(
        Fn("f(x) = sum(c * x**2) + x[0] * x[1]", _takes((2,), lambda x: c @ x**2 + x[0] * x[1])),
        rng.normal(size=2),
        h=0.1,
        rtol=1e-3,
        atol=1e-3,
        note="entries that act on each other, h = 0.1",
    )
    yield case(
        Fn("f(x) = sum(x**3)", _takes((2,), lambda x: np.sum(x**3))),
        rng.choice([-3, -2, 2, 3], 2, replace=False),
        rtol=1e-3,
        atol=1e-3,
        group="edge",
        note="x of integers",
    )
    yield case(
        Fn("f(x) = x[0]**3", _takes((1,), lambda x: x[0] ** 3)),
        rng.uniform(1, 2, 1),
        1e-2,
        rtol=1e-3,
        atol=1e-3,
        group="shape",
        note="a single entry",
    )
    yield case(
        Fn("f(x) = sum(x**3 / 3 + c * x)", _takes((2,), lambda x: np.sum(x**3) / 3 + c @ x)),
        np.array([0.0, -2.0]),
        rtol=1e-3,
        atol=1e-3,
        group="edge",
        note="entries that are exactly 0",
    )
    yield case(
        Fn("f(x) = sum(abs(x))", _takes((1,), lambda x: np.sum(np.abs(x)))),
        np.array([0.3]),
        1.0,
        check=_uses_h,
        group="edge",
        note="h = 1, larger than x",
    )
    yield case(
        Fn("f(x) = sum(x**3)", _takes((1,), lambda x: np.sum(x**3))),
        rng.uniform(0.5, 1.5, 1).astype(np.float32),
        check=_is_float64,
        group="edge",
        note="x in float32",
    )


@numerical_gradient.mistake(
    "forward difference",
    "You compare f(x + h) with f(x): a forward difference, whose error shrinks only like h. Look the same "
    "distance to both sides of x and divide by the distance between the two points, equation (6.5).",
)
def _(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    base = f(x)
    for i in np.ndindex(x.shape):
        nudged = x.copy()
        nudged[i] += h
        gradient[i] = (f(nudged) - base) / h
    return gradient


@numerical_gradient.mistake(
    "backward difference",
    "You compare f(x) with f(x - h): a backward difference, whose error shrinks only like h. Look the same "
    "distance to both sides of x and divide by the distance between the two points, equation (6.5).",
)
def _(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    base = f(x)
    for i in np.ndindex(x.shape):
        nudged = x.copy()
        nudged[i] -= h
        gradient[i] = (base - f(nudged)) / h
    return gradient


@numerical_gradient.mistake(
    "divided by h",
    "Every entry is twice what it should be: f(x + h) and f(x - h) lie a distance 2h apart, and you divide "
    "by h.",
)
def _(f, x, h=1e-5):
    return 2 * numerical_gradient.reference(f, x, h)


@numerical_gradient.mistake(
    "one-sided over 2h",
    "Every entry is about half of what it should be: you divide by 2h, and yet only one of your two points "
    "is moved by h. Move the entry up for one call of f and down for the other.",
)
def _(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    base = f(x)
    for i in np.ndindex(x.shape):
        nudged = x.copy()
        nudged[i] += h
        gradient[i] = (f(nudged) - base) / (2 * h)
    return gradient


@numerical_gradient.mistake(
    "difference not divided",
    "You return the difference of f alone. A slope is that difference divided by the distance between the "
    "two points.",
)
def _(f, x, h=1e-5):
    return 2 * h * numerical_gradient.reference(f, x, h)


@numerical_gradient.mistake(
    "divided by 2 times h without parentheses",
    "`/ 2 * h` divides by 2 and then *multiplies* by h. Put the distance between the two points in "
    "parentheses.",
)
def _(f, x, h=1e-5):
    return h * h * numerical_gradient.reference(f, x, h)


@numerical_gradient.mistake(
    "sign reversed",
    "Your gradient has the opposite sign: take f at the point above minus f at the point below.",
)
def _(f, x, h=1e-5):
    return -numerical_gradient.reference(f, x, h)


@numerical_gradient.mistake(
    "entry not put back",
    "After an entry has been nudged you leave it there, so that each later entry is measured at another "
    "point (and the caller's x comes back changed). Remember the entry and put it back before you go on.",
)
def _(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        gradient[i] = (up - f(x)) / (2 * h)
    return gradient


@numerical_gradient.mistake(
    "copy not put back",
    "After an entry has been nudged you leave it nudged, so that each later entry is measured at another "
    "point. Put the remembered value back before you go on to the next entry.",
)
def _(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        gradient[i] = (up - f(x)) / (2 * h)
    return gradient


@numerical_gradient.mistake(
    "x not restored exactly",
    "You undo the nudges by adding and subtracting h. In floating point x + h - 2h + h is not exactly x, so "
    "the caller's array has changed in its last digits. Remember the entry and assign it back, or work on a "
    "copy.",
)
def _(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        down = f(x)
        x[i] += h
        gradient[i] = (up - down) / (2 * h)
    return gradient


@numerical_gradient.mistake(
    "all entries nudged at once",
    "You move all entries of x together: the result is one slope along the diagonal, repeated. A partial "
    "derivative moves a single entry and keeps all the others.",
)
def _(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


@numerical_gradient.mistake(
    "direction not cleared",
    "Your direction keeps the entries of before: the second difference nudges two entries, the third one "
    "three. Start every turn of the loop from a direction of zeros.",
)
def _(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    gradient, direction = np.zeros(x.shape), np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        direction[i] = h
        gradient[i] = (f(x + direction) - f(x - direction)) / (2 * h)
    return gradient


@numerical_gradient.mistake(
    "one slope for the whole array",
    "You return one number: the slope when all entries of x move together. The gradient has one partial "
    "derivative for each entry of x, each from nudging that entry alone.",
)
def _(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    return (f(x + h) - f(x - h)) / (2 * h)


@numerical_gradient.mistake(
    "rows nudged whole",
    "With a 2-D x your loop runs over the rows and nudges a whole row at once. Visit every single entry, "
    "whatever the number of axes (`np.ndindex(x.shape)`).",
)
def _(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        kept = x[i].copy()
        x[i] = kept + h
        up = f(x)
        x[i] = kept - h
        down = f(x)
        x[i] = kept
        gradient[i] = (up - down) / (2 * h)
    return gradient


@numerical_gradient.mistake(
    "integers cannot be nudged",
    "When x holds integers, your copy of it holds integers too: adding 1e-5 rounds back down to where it "
    "was, and the slopes come out wrong. Make the copy a float64 array.",
)
def _(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    x = x.copy()
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        up = f(x)
        x[i] = kept - h
        down = f(x)
        x[i] = kept
        gradient[i] = (up - down) / (2 * h)
    return gradient


@numerical_gradient.mistake(
    "result truncated to integers",
    "`np.zeros_like(x)` takes over the integer type of x, so that your slopes are cut to whole numbers as "
    "you store them. Ask for a float64 array for the gradient.",
)
def _(f, x, h=1e-5):
    gradient = np.zeros_like(x)
    x = np.array(x, dtype=float)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        up = f(x)
        x[i] = kept - h
        down = f(x)
        x[i] = kept
        gradient[i] = (up - down) / (2 * h)
    return gradient


@numerical_gradient.mistake(
    "first entry only",
    "Only the first entry of your gradient is filled: a `return` inside the loop ends it. Return after the "
    "loop.",
)
def _(f, x, h=1e-5):
    gradient = np.zeros(x.shape)
    first = (0,) * x.ndim
    gradient[first] = numerical_gradient.reference(f, x, h)[first]
    return gradient


@numerical_gradient.mistake(
    "second derivative",
    "f(x + h) - 2 f(x) + f(x - h) over h squared is the *second* derivative. The first is the plain "
    "difference of the two outer values over 2h.",
)
def _(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[i] = h
        gradient[i] = (f(x + e) - 2 * f(x) + f(x - e)) / h**2
    return gradient


@numerical_gradient.mistake("works in float32", FLOAT32)
def _(f, x, h=1e-5):
    gradient = numerical_gradient.reference(f, x, h)
    return gradient.astype(np.float32) if x.dtype == np.float32 else gradient


@numerical_gradient.mistake("h ignored", H_IGNORED)
def _(f, x, h=1e-5):
    return numerical_gradient.reference(f, x, 1e-5)


@numerical_gradient.mistake(
    "flattened",
    "Your gradient is one long row of numbers. It must have the shape of x: each entry stands where its "
    "entry of x stands.",
)
def _(f, x, h=1e-5):
    return numerical_gradient.reference(f, x, h).ravel()


@numerical_gradient.mistake(
    "f called with one number",
    "You call f with a single entry of x. f is a function of the whole array: hand it the array with one "
    "entry nudged.",
)
def _(f, x, h=1e-5):
    return np.array([(f(v + h) - f(v - h)) / (2 * h) for v in np.ravel(x)]).reshape(x.shape)


@numerical_gradient.mistake(
    "f called with a flat array",
    "You flatten x and call f with the flat copy. f takes an array of the shape of x: bring the nudged copy "
    "back to that shape before each call.",
)
def _(f, x, h=1e-5):
    flat = np.array(x, dtype=float).ravel()
    return numerical_gradient.reference(f, flat, h).reshape(x.shape)


@numerical_gradient.mistake(
    "step in proportion to x",
    "Your nudge is h times the entry, so that an entry which is exactly 0 is not moved at all, and you "
    "divide 0 by 0. Nudge by h itself.",
)
def _(f, x, h=1e-5):
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        kept, step = x[i], h * x[i]
        x[i] = kept + step
        up = f(x)
        x[i] = kept - step
        down = f(x)
        x[i] = kept
        gradient[i] = np.float64(up - down) / (2 * step)
    return gradient


@numerical_gradient.mistake(
    "x of floats not restored exactly",
    "You undo the nudges by adding and subtracting h, and rounding leaves the caller's x changed in its last "
    "digits. Remember the entry and assign it back, or work on a copy.",
)
def _(f, x, h=1e-5):
    x = x if x.dtype == np.float64 else x.astype(np.float64)
    grad = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        down = f(x)
        x[i] += h
        grad[i] = (up - down) / (2 * h)
    return grad


@numerical_gradient.mistake(
    "rows nudged whole, one slope each",
    "With a 2-D x your loop runs over the rows, nudges a whole row at once, and returns one slope for each "
    "row. Visit every single entry, whatever the number of axes (`np.ndindex(x.shape)`).",
)
def _(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    grad = np.zeros(len(x))
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        grad[i] = (f(up) - f(down)) / (2 * h)
    return grad


@numerical_gradient.mistake(
    "one array under two names",
    "`up = x` and `down = x` are two names of one array: what is added to the one is subtracted from the "
    "other, and f sees no difference. Make copies: `x.copy()`.",
)
def _(f, x, h=1e-5):
    x = np.array(x, dtype=np.float64)
    f(x)
    return np.zeros(x.shape)


@numerical_gradient.variant
def _(f, x, h=1e-5):
    x = np.asarray(x, dtype=float)
    directions = np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in directions]).reshape(x.shape)


@numerical_gradient.variant
def _(f, x, h=1e-5):
    point = np.array(x, dtype=float)
    flat, gradient = point.reshape(-1), np.empty(point.size)
    for k in range(flat.size):
        kept = flat[k]
        values = []
        for shift in (2, 1, -1, -2):
            flat[k] = kept + shift * h
            values.append(f(point))
        flat[k] = kept
        gradient[k] = (-values[0] + 8 * values[1] - 8 * values[2] + values[3]) / (12 * h)
    return gradient.reshape(point.shape)


@numerical_gradient.variant
def _(f, x, h=1e-5):
    def slope(i, step):
        e = np.zeros(x.shape)
        e[i] = step
        return (f(x + e) - f(x - e)) / (2 * step)

    g = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        g[i] = (4 * slope(i, h / 2) - slope(i, h)) / 3
    return g


@numerical_gradient.variant
def _(f, x, h=1e-5):
    gradient = np.empty(np.shape(x), dtype=np.float64)
    entries = np.nditer(gradient, flags=["multi_index"], op_flags=[["writeonly"]])
    for entry in entries:
        above, below = np.array(x, float), np.array(x, float)
        above[entries.multi_index] += h
        below[entries.multi_index] -= h
        entry[...] = f(above) / (2 * h) - f(below) / (2 * h)
    return gradient


# ---------------------------------------------------------------------------- dense_backward


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Send the error term of a dense layer back to its inputs, its weights and its biases.",
    hints=(
        "Write the shapes next to each other: dX is like X, dW is like W, db is like b. There is hardly "
        "more than one product of two matrices that gives each.",
        "Equation (6.2) sends the error back through the weights, (6.3) multiplies each input with each "
        "error term and sums over the samples, (6.4) is the same with an input that is always 1.",
        "dX is dZ times a transpose; dW is a transpose times dZ; db sums dZ over the axis of the samples. "
        "Nothing is divided by n here: dZ brings that factor along.",
    ),
)
def dense_backward(dZ, X, W):
    """Return the gradients of the loss for a dense layer Z = X @ W + b.

    Parameters
    ----------
    dZ : array (n_samples, n_out)
        The gradient of the loss at Z. The factor 1/n of a mean is already in it.
    X : array (n_samples, n_in)
        The layer's inputs.
    W : array (n_in, n_out)
        The layer's weights.

    Returns
    -------
    dX : array (n_samples, n_in)
        The gradient at the inputs.
    dW : array (n_in, n_out)
        The gradient at the weights, summed over the samples.
    db : array (n_out,)
        The gradient at the biases, summed over the samples.
    """
    dX = dZ @ W.T
    dW = X.T @ dZ
    db = dZ.sum(axis=0)
    return dX, dW, db


@dense_backward.gradient_of("X", output=0)
@dense_backward.gradient_of("W", output=1)
def _(dZ, X, W):
    return np.sum(dZ * (X @ W))


@dense_backward.cases
def _(rng):
    def layer(n, n_in, n_out, **options):
        dZ, X, W = (rng.normal(size=shape) for shape in [(n, n_out), (n, n_in), (n_in, n_out)])
        return case(dZ, X, W, **options)

    yield layer(4, 3, 2, note="n_samples, n_in and n_out all different")
    yield layer(5, 2, 4, note="more outputs than inputs")
    yield layer(7, 5, 3)
    yield layer(3, 3, 3, group="shape", note="everything square")
    yield layer(4, 4, 2, group="shape", note="as many samples as inputs")
    yield layer(2, 4, 2, group="shape", note="as many samples as outputs")
    yield layer(1, 3, 2, group="shape", note="one sample")
    yield layer(6, 1, 3, group="shape", note="one input")
    yield layer(6, 3, 1, group="shape", note="one output")
    yield layer(1, 1, 1, group="shape", note="one of each")
    yield case(
        rng.normal(size=(4, 2)),
        rng.integers(-3, 4, (4, 3)),
        rng.integers(-3, 4, (3, 2)),
        group="edge",
        note="X and W of integers",
    )
    yield case(
        rng.normal(size=(5, 3)).astype(np.float32),
        rng.normal(size=(5, 2)).astype(np.float32),
        rng.normal(size=(2, 3)).astype(np.float32),
        group="edge",
        note="float32",
    )
    dZ = rng.normal(size=(4, 3))
    dZ[1] = 0.0
    X = rng.normal(size=(4, 2))
    X[:, 0] = 0.0
    yield case(
        dZ, X, rng.normal(size=(2, 3)), group="edge", note="a sample without error, an input that is always 0"
    )
    yield case(
        1e6 * rng.normal(size=(4, 3)),
        1e3 * rng.normal(size=(4, 2)),
        1e-3 * rng.normal(size=(2, 3)),
        group="edge",
        note="large errors, small weights",
    )


@dense_backward.mistake(
    "averaged twice",
    "Your dW and db are divided by the number of samples. The 1/n of the mean is already in dZ (the loss "
    "put it there), so backward only sums.",
)
def _(dZ, X, W):
    n = len(X)
    return dZ @ W.T, X.T @ dZ / n, dZ.sum(axis=0) / n


@dense_backward.mistake(
    "everything averaged",
    "All three gradients are divided by the number of samples. The 1/n of the mean is already in dZ (the "
    "loss put it there), so backward only sums.",
)
def _(dZ, X, W):
    n = len(X)
    return dZ @ W.T / n, X.T @ dZ / n, dZ.sum(axis=0) / n


@dense_backward.mistake(
    "dW averaged",
    "Your dW is divided by the number of samples. The 1/n of the mean is already in dZ, so backward only "
    "sums.",
)
def _(dZ, X, W):
    return dZ @ W.T, X.T @ dZ / len(X), dZ.sum(axis=0)


@dense_backward.mistake(
    "db averaged",
    "Your db is the mean of dZ over the samples. The 1/n is already in dZ, so backward only sums.",
)
def _(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ.mean(axis=0)


@dense_backward.mistake(
    "dX averaged",
    "Your dX is divided by the number of samples. Each row of dX belongs to one sample; the 1/n is already "
    "in dZ.",
)
def _(dZ, X, W):
    return dZ @ W.T / len(X), X.T @ dZ, dZ.sum(axis=0)


@dense_backward.mistake(
    "db sums everything",
    "Your db is one number: you sum dZ over samples *and* units. Each unit has a bias of its own, so sum "
    "over the axis of the samples alone.",
)
def _(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ.sum()


@dense_backward.mistake(
    "db sums over the units",
    "Your db sums dZ over the units and keeps the samples. Samples are rows, axis 0: that is the axis to "
    "sum away; one number for each unit remains.",
)
def _(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=1)


@dense_backward.mistake(
    "db keeps an axis",
    "Your db has shape (1, n_out). The bias has shape (n_out,), and its gradient must look like it: drop "
    "keepdims.",
)
def _(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ.sum(axis=0, keepdims=True)


@dense_backward.mistake(
    "db not summed",
    "Your db is dZ itself, with a row for each sample. All samples share one bias, so their contributions "
    "add up.",
)
def _(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, dZ.copy()


@dense_backward.mistake(
    "W not transposed",
    "Your dX multiplies dZ by W instead of its transpose. Square weights hide it: the shapes fit and the "
    "numbers are wrong. (n_samples, n_out) times what gives (n_samples, n_in)?",
)
def _(dZ, X, W):
    return dZ @ W, X.T @ dZ, dZ.sum(axis=0)


@dense_backward.mistake(
    "dW transposed",
    "Your dW is the transpose of the right one: its shape is (n_out, n_in). Put the inputs on the left, as "
    "in W, whose shape is (n_in, n_out).",
)
def _(dZ, X, W):
    return dZ @ W.T, dZ.T @ X, dZ.sum(axis=0)


@dense_backward.mistake(
    "X not transposed",
    "Your dW multiplies X and dZ without a transpose, which is only possible when n_samples = n_in. The sum "
    "must run over the samples: they have to meet in the middle of the product.",
)
def _(dZ, X, W):
    return dZ @ W.T, X @ dZ, dZ.sum(axis=0)


@dense_backward.mistake(
    "derivative of an activation applied",
    "Your dX is masked where X is not positive: the derivative of a ReLU. A dense layer has no activation "
    "of its own; its neighbor's backward applies that.",
)
def _(dZ, X, W):
    return (dZ @ W.T) * (X > 0), X.T @ dZ, dZ.sum(axis=0)


@dense_backward.mistake(
    "order dW, db, dX", "The three gradients are right, in another order. Return dX first, then dW, then db."
)
def _(dZ, X, W):
    dX, dW, db = dense_backward.reference(dZ, X, W)
    return dW, db, dX


@dense_backward.mistake(
    "order dW, dX, db", "The three gradients are right, in another order. Return dX first, then dW, then db."
)
def _(dZ, X, W):
    dX, dW, db = dense_backward.reference(dZ, X, W)
    return dW, dX, db


@dense_backward.mistake(
    "order dX, db, dW", "The three gradients are right, in another order. Return dX first, then dW, then db."
)
def _(dZ, X, W):
    dX, dW, db = dense_backward.reference(dZ, X, W)
    return dX, db, dW


@dense_backward.mistake(
    "dX missing", "You return dW and db alone. The layer below waits for dX: without it the error stops here."
)
def _(dZ, X, W):
    return X.T @ dZ, dZ.sum(axis=0)


@dense_backward.mistake(
    "db missing", "You return dX and dW alone. The biases learn too: return db as the third."
)
def _(dZ, X, W):
    return dZ @ W.T, X.T @ dZ


@dense_backward.mistake(
    "last sample only",
    "Your dW and db hold the contribution of the last sample alone: the loop overwrites them. All samples "
    "share the weights, so their contributions are added up.",
)
def _(dZ, X, W):
    for x, dz in zip(X, dZ, strict=True):
        dW = np.outer(x, dz)
        db = dz.copy()
    return dZ @ W.T, dW, db


@dense_backward.mistake(
    "first sample only",
    "Your dW and db hold the contribution of the first sample alone. All samples share the weights, so "
    "their contributions are added up.",
)
def _(dZ, X, W):
    return dZ @ W.T, np.outer(X[0], dZ[0]), dZ[0].copy()


@dense_backward.mistake(
    "sign reversed",
    "Your gradients have the opposite sign. backward returns the gradient; it is the update that subtracts "
    "it.",
)
def _(dZ, X, W):
    return -(dZ @ W.T), -(X.T @ dZ), -dZ.sum(axis=0)


@dense_backward.mistake(
    "axes of length 1 squeezed away",
    "With one sample (or one input, one unit) your arrays lose an axis. Keep the shapes of X, W and b, also "
    "when an axis has length 1: no squeeze is needed.",
)
def _(dZ, X, W):
    dX, dW, db = dense_backward.reference(dZ, X, W)
    return dX.squeeze(), dW.squeeze(), np.atleast_1d(db.squeeze())


@dense_backward.mistake(
    "dZ divided in place",
    "You divide dZ by n with `/=`: the array belongs to your caller, and the 1/n was already in it. Leave "
    "dZ as it is.",
)
def _(dZ, X, W):
    dZ /= len(X)
    return dense_backward.reference(dZ, X, W)


@dense_backward.mistake(
    "dX times X",
    "Your dX is multiplied by X. Z is linear in X, so its derivative is W alone: dX is dZ times the "
    "transpose of W.",
)
def _(dZ, X, W):
    return X * (dZ @ W.T), X.T @ dZ, dZ.sum(axis=0)


@dense_backward.mistake(
    "W changed before dX",
    "Your dX is computed with weights that have already taken a step. Backpropagation uses the weights of "
    "the forward pass; the optimizer's step comes afterwards.",
)
def _(dZ, X, W):
    dW = X.T @ dZ
    return dZ @ (W - dW).T, dW, dZ.sum(axis=0)


@dense_backward.mistake(
    "reshaped, not transposed",
    "You reshape where a transpose is due: the shapes fit, but the entries land in other places. Write X.T "
    "and W.T.",
)
def _(dZ, X, W):
    return dZ @ W.reshape(W.shape[::-1]), X.reshape(X.shape[::-1]) @ dZ, dZ.sum(axis=0)


@dense_backward.mistake(
    "ones for db",
    "Your db holds ones: that is the derivative of Z with respect to b. The chain rule multiplies it by dZ, "
    "and the samples add up.",
)
def _(dZ, X, W):
    return dZ @ W.T, X.T @ dZ, np.ones(W.shape[1])


@dense_backward.mistake(
    "dZ multiplied with X by entries",
    "You add up over the whole product of dZ and X, or multiply entry by entry. dW is a matrix product: "
    "the transpose of X times dZ.",
)
def _(dZ, X, W):
    return dZ @ W.T, np.full(W.shape, X.sum()) * dZ.sum(axis=0), dZ.sum(axis=0)


@dense_backward.variant
def _(dZ, X, W):
    n, n_in = X.shape
    n_out = W.shape[1]
    dX, dW, db = np.zeros((n, n_in)), np.zeros((n_in, n_out)), np.zeros(n_out)
    for s in range(n):
        for j in range(n_out):
            db[j] += dZ[s, j]
            for i in range(n_in):
                dX[s, i] += dZ[s, j] * W[i, j]
                dW[i, j] += dZ[s, j] * X[s, i]
    return dX, dW, db


@dense_backward.variant
def _(dZ, X, W):
    return np.einsum("so,io->si", dZ, W), np.einsum("si,so->io", X, dZ), np.einsum("so->o", dZ)


@dense_backward.variant
def _(dZ, X, W):
    dX = (W @ dZ.T).T
    dW = sum(np.outer(x, dz) for x, dz in zip(X, dZ, strict=True))
    return dX, dW, np.ones(len(dZ)) @ dZ


@dense_backward.variant
def _(dZ, X, W):
    dZ, X, W = (np.asarray(a, dtype=np.float32) for a in (dZ, X, W))
    return np.dot(dZ, W.T), np.dot(dZ.T, X).T, np.array([column.sum() for column in dZ.T])


# ---------------------------------------------------------------------------- relu_backward


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Let the error through where the unit was active, and stop it where it was not.",
    hints=(
        "By the chain rule dZ is dA times the derivative of the ReLU. That derivative has only two values.",
        "Which array decides: dA or Z? And what does this book say about Z = 0?",
        "Build a mask from Z with a strict comparison and multiply dA by it; the product is a new array, so "
        "that the caller's dA stays as it is.",
    ),
)
def relu_backward(dA, Z):
    """Send the gradient back through A = relu(Z).

    Parameters
    ----------
    dA : array of any shape
        The gradient of the loss at A.
    Z : array, shape of dA
        The pre-activations of the forward pass; it may hold integers.

    Returns
    -------
    array, shape of dA
        The gradient at Z. The derivative of the ReLU at Z = 0 is 0 in this book.
    """
    return dA * (Z > 0)


@relu_backward.gradient_of("Z")
def _(dA, Z):
    return np.sum(dA * np.maximum(Z, 0))


@relu_backward.cases
def _(rng):
    def away_from_0(*shape):
        return rng.uniform(0.1, 3.0, shape) * rng.choice([-1.0, 1.0], shape)

    Z = away_from_0(4, 3)
    Z[0] = [1.5, -0.5, 0.7]
    dA = rng.normal(size=(4, 3))
    dA[0] = [-2.0, -1.0, 3.0]
    yield case(dA, Z, note="positive and negative errors at active and inactive units")
    yield case(rng.normal(size=(5, 2)), away_from_0(5, 2))
    yield case(rng.normal(size=(6, 1)), away_from_0(6, 1), group="shape", note="six samples, one unit")
    yield case(rng.normal(size=(1, 4)), away_from_0(1, 4), group="shape", note="one sample")
    yield case(rng.normal(size=(5, 1)), away_from_0(5, 1), group="shape", note="one unit")
    yield case(rng.normal(size=(3, 3)), away_from_0(3, 3), group="shape", note="square")
    yield case(
        rng.uniform(1, 2, (2, 4)),
        np.array([[0.0, -0.0, 1.0, -1.0], [0.0, 2.0, -3.0, 0.0]]),
        group="edge",
        note="Z exactly 0",
    )
    yield case(rng.uniform(1, 2, (3, 4)), rng.integers(-2, 3, (3, 4)), group="edge", note="Z of integers")
    yield case(
        rng.normal(size=(3, 2)).astype(np.float32),
        away_from_0(3, 2).astype(np.float32),
        group="edge",
        note="float32",
    )
    yield case(
        np.array([[0.0, 0.0, 1e6, -1e6, 1e6]]),
        np.array([[2.0, -2.0, 1e8, 1e-8, -1e-8]]),
        group="edge",
        note="errors of 0, tiny and huge Z",
    )


@relu_backward.mistake(
    "Z = 0 lets the error through",
    "Where Z is exactly 0 your derivative is 1. In this book the derivative of the ReLU at 0 is 0: compare "
    "strictly.",
)
def _(dA, Z):
    return dA * (Z >= 0)


@relu_backward.mistake(
    "one half at Z = 0",
    "Where Z is exactly 0 your derivative is 1/2. Any value from 0 to 1 is a subgradient, and this book "
    "takes 0.",
)
def _(dA, Z):
    return dA * np.heaviside(Z, 0.5)


@relu_backward.mistake(
    "mask from dA",
    "Your mask asks where dA is positive: you apply a ReLU to the error. The unit's own pre-activation Z "
    "decides whether the error passes, and an error of either sign may pass.",
)
def _(dA, Z):
    return np.maximum(dA, 0.0)


@relu_backward.mistake(
    "mask from dA and Z",
    "You keep an entry only where dA *and* Z are positive. A negative error passes through an active unit "
    "too: Z alone decides.",
)
def _(dA, Z):
    return dA * ((dA > 0) & (Z > 0))


@relu_backward.mistake(
    "mask from dA times Z",
    "You keep an entry where dA *and* Z agree in sign, or multiply before you compare. Z alone decides; a "
    "negative error passes through an active unit.",
)
def _(dA, Z):
    return dA * (dA * Z > 0)


@relu_backward.mistake(
    "compared after multiplying",
    "`dA * Z > 0` multiplies first and compares afterwards, so you return True and False. Put the "
    "comparison in parentheses: it is the mask that multiplies dA.",
)
def _(dA, Z):
    return dA * Z > 0


@relu_backward.mistake(
    "derivative alone",
    "You return the derivative of the ReLU, 0 or 1. The chain rule asks for it times the incoming dA.",
)
def _(dA, Z):
    return (Z > 0).astype(float)


@relu_backward.mistake(
    "multiplied by Z",
    "You multiply dA by Z itself. The chain rule asks for the derivative of the ReLU at Z, which is 0 or 1.",
)
def _(dA, Z):
    return dA * Z * 1.0


@relu_backward.mistake(
    "relu of the product",
    "You take the ReLU of dA times Z. Nothing is cut off here but the errors at inactive units: multiply dA "
    "by 1 where Z is positive and by 0 elsewhere.",
)
def _(dA, Z):
    return np.maximum(0.0, dA * Z)


@relu_backward.mistake(
    "multiplied by the activation",
    "You multiply dA by relu(Z), the unit's value. The chain rule asks for the derivative, which is 1 where "
    "Z is positive.",
)
def _(dA, Z):
    return dA * np.maximum(Z, 0)


@relu_backward.mistake(
    "mask reversed",
    "You let the error through where the unit was inactive and stop it where it was active: the mask is the "
    "wrong way round.",
)
def _(dA, Z):
    return dA * (Z < 0)


@relu_backward.mistake(
    "mask reversed, 0 included",
    "You let the error through where Z is negative or 0 and stop it where the unit was active: the mask is "
    "the wrong way round.",
)
def _(dA, Z):
    return dA * (Z <= 0)


@relu_backward.mistake(
    "sign for derivative",
    "Your derivative is -1 where Z is negative, as that of |z|. The ReLU is flat there: its derivative is 0.",
)
def _(dA, Z):
    return dA * np.sign(Z)


@relu_backward.mistake(
    "dA overwritten",
    "You set entries of dA itself to 0, so your caller's array has changed. Work on a copy, or multiply by "
    "a mask.",
)
def _(dA, Z):
    dA[Z <= 0] = 0
    return dA


@relu_backward.mistake(
    "Z overwritten",
    "You turn Z into the mask in place, so the cached pre-activations of your caller are lost. Build the "
    "mask as a new array.",
)
def _(dA, Z):
    Z[Z <= 0] = 0
    Z[Z > 0] = 1
    return dA * Z


@relu_backward.mistake(
    "inactive entries dropped",
    "You return only the entries of active units, as one row. Keep the shape of dA, with 0 where the unit "
    "was inactive.",
)
def _(dA, Z):
    return dA[Z > 0]


@relu_backward.mistake(
    "leaky", "Where Z is negative you let 1 % of the error through, as a leaky ReLU does. The ReLU stops it."
)
def _(dA, Z):
    return dA * np.where(Z > 0, 1.0, 0.01)


@relu_backward.mistake(
    "no mask", "You pass dA on unchanged. Where the unit was inactive (Z not positive) the error must stop."
)
def _(dA, Z):
    return dA.copy()


@relu_backward.mistake(
    "relu of Z",
    "You return relu(Z), which is the forward pass. Going back, the incoming error dA is let through or "
    "stopped.",
)
def _(dA, Z):
    return np.maximum(Z, 0.0)


@relu_backward.mistake(
    "error multiplied by Z",
    "You let dA through where Z is positive, and dA or Z itself elsewhere. Where Z is not positive the "
    "answer is 0.",
)
def _(dA, Z):
    return np.where(Z > 0, dA, Z)


@relu_backward.mistake(
    "stopped at Z = 0 only",
    "You stop the error only where Z is exactly 0. The ReLU is flat for all negative Z as well: the error "
    "passes where Z is positive.",
)
def _(dA, Z):
    return np.where(Z == 0, 0.0, dA)


@relu_backward.mistake(
    "sign and ReLU of the error",
    "You multiply dA by the sign of Z and keep what is positive. The error passes unchanged, with its own "
    "sign, where Z is positive, and stops elsewhere.",
)
def _(dA, Z):
    return np.maximum(0.0, dA * np.sign(Z))


@relu_backward.variant
def _(dA, Z):
    return np.where(Z > 0, dA, 0)


@relu_backward.variant
def _(dA, Z):
    dZ = dA.copy()
    dZ[Z <= 0] = 0
    return dZ


@relu_backward.variant
def _(dA, Z):
    dZ = np.zeros(dA.shape)
    for i in np.ndindex(dA.shape):
        if Z[i] > 0:
            dZ[i] = dA[i]
    return dZ


@relu_backward.variant
def _(dA, Z):
    passed = [d if z > 0 else 0.0 for d, z in zip(dA.ravel(), Z.ravel(), strict=True)]
    return np.array(passed).reshape(dA.shape)


@relu_backward.variant
def _(dA, Z):
    return np.heaviside(Z, 0).astype(np.float32) * dA


# ---------------------------------------------------------------------------- mlp_gradients


@exercise(
    chapter=CHAPTER,
    difficulty="hard",
    aim="Backpropagate through a whole network with one hidden layer, from its loss to all four gradients.",
    hints=(
        "Go forward first and keep what you meet: Z1, A1, Z2, A2. Then walk back, one error term for each "
        "layer.",
        "Three factors make the output's error term: the derivative of the loss (with its 1/n), and that of "
        "the sigmoid, a (1 - a), where a is the activation you already have. Equation (6.2) takes it to the "
        "hidden layer.",
        "delta2 = (A2 - y) / n times A2 (1 - A2). delta1 = (delta2 sent back through the transpose of W2) "
        "times A1 (1 - A1). From each delta the two gradients of its layer follow as in `dense_backward`.",
    ),
)
def mlp_gradients(X, y, W1, b1, W2, b2):
    """Return the gradients of the loss of a network with one hidden layer.

    Hidden and output units are sigmoids: A1 = sigmoid(X W1 + b1), A2 = sigmoid(A1 W2 + b2). The loss is the
    mean over the samples of the sum over the outputs of (A2 - y)^2 / 2.

    Parameters
    ----------
    X : array (n_samples, n_in)
        Inputs; they may be integers.
    y : array (n_samples, n_out)
        Targets; they may be integers.
    W1, b1 : arrays (n_in, n_hidden) and (n_hidden,)
        The hidden layer.
    W2, b2 : arrays (n_hidden, n_out) and (n_out,)
        The output layer.

    Returns
    -------
    dW1, db1, dW2, db2 : arrays
        The gradients, each with the shape of its parameter.
    """
    A1 = _sigmoid(X @ W1 + b1)
    A2 = _sigmoid(A1 @ W2 + b2)
    delta2 = (A2 - y) / len(X) * A2 * (1 - A2)
    delta1 = (delta2 @ W2.T) * A1 * (1 - A1)
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)


@mlp_gradients.gradient_of("W1", output=0)
@mlp_gradients.gradient_of("b1", output=1)
@mlp_gradients.gradient_of("W2", output=2)
@mlp_gradients.gradient_of("b2", output=3)
def _(X, y, W1, b1, W2, b2):
    return np.sum((_sigmoid(_sigmoid(X @ W1 + b1) @ W2 + b2) - y) ** 2) / (2 * len(X))


@mlp_gradients.cases
def _(rng):
    def network(n, n_in, n_hidden, n_out, **options):
        return case(
            rng.normal(size=(n, n_in)),
            rng.uniform(size=(n, n_out)),
            rng.normal(size=(n_in, n_hidden)),
            rng.normal(size=n_hidden),
            rng.normal(size=(n_hidden, n_out)),
            rng.normal(size=n_out),
            **options,
        )

    small = {"atol": 1e-8}  # gradients through two sigmoids are small numbers
    yield network(5, 3, 4, 2, note="n_samples, n_in, n_hidden and n_out all different", **small)
    yield network(5, 2, 4, 3, note="three outputs", **small)
    yield network(6, 4, 3, 1, note="one output", **small)
    yield network(3, 3, 3, 3, group="shape", note="everything square", **small)
    yield network(1, 2, 3, 2, group="shape", note="one sample", **small)
    yield network(1, 3, 2, 1, group="shape", note="one sample, one output", **small)
    yield network(4, 1, 3, 2, group="shape", note="one input", **small)
    yield network(4, 3, 1, 2, group="shape", note="one hidden unit", **small)
    parameters = [rng.normal(size=shape) for shape in [(2, 3), (3,), (3, 2), (2,)]]
    yield case(
        rng.integers(0, 3, (5, 2)),
        rng.integers(0, 2, (5, 2)),
        *parameters,
        group="edge",
        note="X and y of integers",
        **small,
    )
    yield case(
        *(rng.normal(size=s).astype(np.float32) for s in [(4, 3), (4, 2), (3, 2), (2,), (2, 2), (2,)]),
        group="edge",
        note="float32",
    )
    yield case(
        np.zeros((4, 2)),
        np.full((4, 2), 0.5),
        rng.normal(size=(2, 3)),
        np.zeros(3),
        np.zeros((3, 2)),
        np.zeros(2),
        group="edge",
        note="targets met exactly: all gradients 0",
        **small,
    )
    yield case(
        np.array([[8.0, -8.0], [-9.0, 7.0], [0.1, 0.2]]),
        np.array([[0.0], [1.0], [1.0]]),
        5 * np.eye(2),
        np.zeros(2),
        np.array([[3.0], [-2.0]]),
        np.array([0.5]),
        group="edge",
        note="saturated hidden units",
        **small,
    )


def _mlp(X, y, W1, b1, W2, b2, *, output=None, hidden_slope=None, error=None, back=None, share=None):
    """Run the reference with single steps replaced: the wrong answers below differ in one of them."""
    A1 = _sigmoid(X @ W1 + b1)
    A2 = _sigmoid(A1 @ W2 + b2)
    n = len(X) if share is None else share(y)
    delta2 = (A2 - y) / n if error is None else error(A2, y) / n
    delta2 = delta2 * (A2 * (1 - A2) if output is None else output(A2))
    backwards = delta2 @ W2.T if back is None else back(delta2, W2)
    delta1 = backwards * (A1 * (1 - A1) if hidden_slope is None else hidden_slope(A1))
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)


@mlp_gradients.mistake(
    "1/n missing",
    "Your gradients are n_samples times too large: they belong to the sum over the samples. The loss is a "
    "mean; put its 1/n into the output's error term, once.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, share=lambda y: 1)


@mlp_gradients.mistake(
    "averaged twice",
    "Your gradients are divided by n_samples twice: once in the error term and once more when you form dW "
    "and db. The factor 1/n belongs to the loss, hence into the first error term, and nowhere else.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, share=lambda y: len(y) ** 2)


@mlp_gradients.mistake(
    "db averaged twice",
    "Your dW are right, but db is a mean of error terms that carry the 1/n already. Sum them over the "
    "samples.",
)
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return dW1, db1 / len(X), dW2, db2 / len(X)


@mlp_gradients.mistake(
    "1/n missing in db",
    "Your dW are averaged over the samples and your db are sums without the 1/n. Put the factor into the "
    "error term, and all four gradients have it.",
)
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return dW1, db1 * len(X), dW2, db2 * len(X)


@mlp_gradients.mistake(
    "mean over the outputs too",
    "You divide by the number of all elements of y. This loss is a *sum* over the outputs and a mean over "
    "the samples: divide by n_samples alone.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, share=lambda y: y.size)


@mlp_gradients.mistake(
    "divided by n_out",
    "You divide by the number of outputs where the number of samples is meant: rows are samples, `len(X)` "
    "of them.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, share=lambda y: y.shape[1])


@mlp_gradients.mistake(
    "factor 2", "Your gradients are twice too large: the loss has a 1/2, which cancels the 2 of the square."
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, error=lambda a, y: 2 * (a - y))


@mlp_gradients.mistake(
    "sign reversed",
    "Your gradients have the opposite sign, as with y - a. The derivative of (a - y)^2 / 2 is a - y; the "
    "minus of gradient descent comes in the update.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, error=lambda a, y: y - a)


@mlp_gradients.mistake(
    "output derivative missing",
    "Your output error term is a - y, which belongs to cross-entropy. Under this squared loss it also "
    "carries the derivative of the output's sigmoid.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, output=lambda a: 1.0)


@mlp_gradients.mistake(
    "hidden derivative missing",
    "The error that arrives at the hidden layer is not multiplied by the derivative of the hidden sigmoid, "
    "A1 (1 - A1). dW2 and db2 are right; dW1 and db1 are not.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, hidden_slope=lambda a: 1.0)


@mlp_gradients.mistake(
    "both derivatives missing",
    "Neither error term carries the derivative of its sigmoid: multiply by a (1 - a) at the output and at "
    "the hidden layer.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, output=lambda a: 1.0, hidden_slope=lambda a: 1.0)


@mlp_gradients.mistake(
    "derivative at a instead of z",
    "You put the activation a into a function that expects z, so the sigmoid is applied twice. In terms of "
    "the activation the derivative is a (1 - a), with no further sigmoid.",
)
def _(X, y, W1, b1, W2, b2):
    def twice(a):
        return _sigmoid(a) * (1 - _sigmoid(a))

    return _mlp(X, y, W1, b1, W2, b2, output=twice, hidden_slope=twice)


@mlp_gradients.mistake(
    "derivative of z for that of a",
    "You compute z (1 - z) with the pre-activation. The sigmoid's derivative is a (1 - a), with the "
    "activation a.",
)
def _(X, y, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = _sigmoid(Z1)
    Z2 = A1 @ W2 + b2
    delta2 = (_sigmoid(Z2) - y) / len(X) * Z2 * (1 - Z2)
    delta1 = (delta2 @ W2.T) * Z1 * (1 - Z1)
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)


@mlp_gradients.mistake(
    "tanh's derivative",
    "You use 1 - a^2, the derivative of tanh. These units are sigmoids, whose derivative is a (1 - a).",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, output=lambda a: 1 - a**2, hidden_slope=lambda a: 1 - a**2)


@mlp_gradients.mistake(
    "tanh's derivative in the hidden layer",
    "In the hidden layer you use 1 - a^2, the derivative of tanh. Its units are sigmoids: a (1 - a).",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, hidden_slope=lambda a: 1 - a**2)


@mlp_gradients.mistake(
    "relu's derivative in the hidden layer",
    "In the hidden layer you use Z1 > 0, the derivative of a ReLU. Its units are sigmoids: a (1 - a).",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, hidden_slope=lambda a: a > 0.5)


@mlp_gradients.mistake(
    "half of the derivative in the hidden layer",
    "In the hidden layer you multiply by 1 - A1 or by A1 alone. The sigmoid's derivative is the product of "
    "both.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, hidden_slope=lambda a: 1 - a)


@mlp_gradients.mistake(
    "activation for its derivative in the hidden layer",
    "In the hidden layer you multiply by A1 alone. The sigmoid's derivative is A1 (1 - A1).",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, hidden_slope=lambda a: a)


@mlp_gradients.mistake(
    "activation for its derivative",
    "You multiply by the activation alone, at the output and in the hidden layer. The sigmoid's derivative "
    "is a (1 - a).",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, hidden_slope=lambda a: a, output=lambda a: a)


@mlp_gradients.mistake(
    "derivative at a instead of z in the hidden layer",
    "In the hidden layer you put the activation into a function that expects z, so the sigmoid is applied "
    "twice. In terms of the activation the derivative is a (1 - a).",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, hidden_slope=lambda a: _sigmoid(a) * (1 - _sigmoid(a)))


@mlp_gradients.mistake(
    "derivative of z for that of a in the hidden layer",
    "In the hidden layer you compute z (1 - z) with the pre-activation. The derivative is a (1 - a), with "
    "the activation.",
)
def _(X, y, W1, b1, W2, b2):
    z = X @ W1 + b1
    return _mlp(X, y, W1, b1, W2, b2, hidden_slope=lambda a: z * (1 - z))


@mlp_gradients.mistake("divided by n - 1", "You divide by n_samples - 1. The mean divides by n_samples.")
def _(X, y, W1, b1, W2, b2):
    with np.errstate(divide="ignore", invalid="ignore"):
        return _mlp(X, y, W1, b1, W2, b2, share=lambda y: np.float64(len(y) - 1))


@mlp_gradients.mistake(
    "softmax output", "Your output layer is a softmax. Here the output units are sigmoids, each by itself."
)
def _(X, y, W1, b1, W2, b2):
    A1 = _sigmoid(X @ W1 + b1)
    E = np.exp(A1 @ W2 + b2)
    A2 = E / E.sum(axis=1, keepdims=True)
    delta2 = (A2 - y) / len(X) * A2 * (1 - A2)
    delta1 = (delta2 @ W2.T) * A1 * (1 - A1)
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)


@mlp_gradients.mistake(
    "1/n in the output layer only",
    "dW2 and db2 carry the 1/n of the mean; dW1 and db1 do not. Put it into the output's error term, and it "
    "reaches all four.",
)
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return dW1 * len(X), db1 * len(X), dW2, db2


@mlp_gradients.mistake(
    "1/n twice in the hidden layer",
    "dW1 and db1 are divided by n_samples once more: their error term has inherited the 1/n from the "
    "output's.",
)
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return dW1 / len(X), db1 / len(X), dW2, db2


@mlp_gradients.mistake(
    "W2 not transposed",
    "You send the error back through W2 instead of its transpose. With a square W2 the shapes fit and hide "
    "it.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, back=lambda delta, W: delta @ W)


@mlp_gradients.mistake(
    "hidden derivative of the output",
    "The hidden error term uses the output's error before its sigmoid's derivative. Send delta2 back, with "
    "all its factors.",
)
def _(X, y, W1, b1, W2, b2):
    A1 = _sigmoid(X @ W1 + b1)
    A2 = _sigmoid(A1 @ W2 + b2)
    error = (A2 - y) / len(X)
    delta2 = error * A2 * (1 - A2)
    delta1 = (error @ W2.T) * A1 * (1 - A1)
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)


@mlp_gradients.mistake(
    "linear output",
    "Your output layer has no sigmoid: A2 is Z2, and its derivative is 1. In this network the output units "
    "are sigmoids too.",
)
def _(X, y, W1, b1, W2, b2):
    A1 = _sigmoid(X @ W1 + b1)
    delta2 = (A1 @ W2 + b2 - y) / len(X)
    delta1 = (delta2 @ W2.T) * A1 * (1 - A1)
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)


@mlp_gradients.mistake(
    "tanh hidden units",
    "Your hidden layer is a tanh layer. Here the hidden units are sigmoids, with the derivative A1 (1 - A1).",
)
def _(X, y, W1, b1, W2, b2):
    A1 = np.tanh(X @ W1 + b1)
    A2 = _sigmoid(A1 @ W2 + b2)
    delta2 = (A2 - y) / len(X) * A2 * (1 - A2)
    delta1 = (delta2 @ W2.T) * (1 - A1**2)
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)


@mlp_gradients.mistake(
    "relu hidden units",
    "Your hidden layer is a ReLU layer. Here the hidden units are sigmoids, with the derivative A1 (1 - A1).",
)
def _(X, y, W1, b1, W2, b2):
    A1 = np.maximum(X @ W1 + b1, 0)
    A2 = _sigmoid(A1 @ W2 + b2)
    delta2 = (A2 - y) / len(X) * A2 * (1 - A2)
    delta1 = (delta2 @ W2.T) * (A1 > 0)
    return X.T @ delta1, delta1.sum(axis=0), A1.T @ delta2, delta2.sum(axis=0)


@mlp_gradients.mistake(
    "biases left out",
    "Your forward pass leaves the biases out: the gradients are those of a network whose b1 and b2 are 0.",
)
def _(X, y, W1, b1, W2, b2):
    return mlp_gradients.reference(X, y, W1, 0 * b1, W2, 0 * b2)


@mlp_gradients.mistake(
    "Z1 for A1",
    "dW2 is built with the pre-activations Z1. What enters the output layer is A1: dW2 is A1 transposed "
    "times the output's error term.",
)
def _(X, y, W1, b1, W2, b2):
    Z1 = X @ W1 + b1
    A1 = _sigmoid(Z1)
    A2 = _sigmoid(A1 @ W2 + b2)
    delta2 = (A2 - y) / len(X) * A2 * (1 - A2)
    delta1 = (delta2 @ W2.T) * A1 * (1 - A1)
    return X.T @ delta1, delta1.sum(axis=0), Z1.T @ delta2, delta2.sum(axis=0)


@mlp_gradients.mistake(
    "W2 updated first",
    "You update W2 before you send the error back through it. All gradients belong to the same weights: "
    "compute the four of them first, update afterwards.",
)
def _(X, y, W1, b1, W2, b2):
    A1 = _sigmoid(X @ W1 + b1)
    A2 = _sigmoid(A1 @ W2 + b2)
    delta2 = (A2 - y) / len(X) * A2 * (1 - A2)
    dW2 = A1.T @ delta2
    delta1 = (delta2 @ (W2 - dW2).T) * A1 * (1 - A1)
    return X.T @ delta1, delta1.sum(axis=0), dW2, delta2.sum(axis=0)


@mlp_gradients.mistake(
    "order: output layer first",
    "The four gradients are right, with the output layer's first. Return dW1, db1, dW2, db2.",
)
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return dW2, db2, dW1, db1


@mlp_gradients.mistake(
    "order: weights first",
    "The four gradients are right, with the weights' before the biases'. Return dW1, db1, dW2, db2.",
)
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return dW1, dW2, db1, db2


@mlp_gradients.mistake(
    "db keeps an axis",
    "Your db1 and db2 have shape (1, units). They must have the shape of b1 and b2, (units,): drop keepdims.",
)
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return dW1, db1[None], dW2, db2[None]


@mlp_gradients.mistake(
    "db sums everything",
    "Your db1 and db2 are single numbers: the sum runs over samples *and* units. Each unit has its own "
    "bias: sum over the samples alone.",
)
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return dW1, db1.sum(), dW2, db2.sum()


@mlp_gradients.mistake(
    "transposed",
    "Your dW1 and dW2 are transposed: they must have the shapes of W1 and W2. Put what enters the layer on "
    "the left of the product.",
)
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return dW1.T, db1, dW2.T, db2


@mlp_gradients.mistake(
    "last sample only",
    "Your gradients hold the last sample's share alone: the loop overwrites them. Add the samples up.",
)
def _(X, y, W1, b1, W2, b2):
    shares = [mlp_gradients.reference(X[i : i + 1], y[i : i + 1], W1, b1, W2, b2) for i in range(len(X))]
    return tuple(g / len(X) for g in shares[-1])


@mlp_gradients.mistake(
    "updated parameters returned",
    "You return parameters after a step. Backpropagation computes the gradients; the step is the "
    "optimizer's.",
)
def _(X, y, W1, b1, W2, b2):
    gradients = mlp_gradients.reference(X, y, W1, b1, W2, b2)
    return tuple(p - g for p, g in zip((W1, b1, W2, b2), gradients, strict=True))


@mlp_gradients.mistake(
    "squared error of the loss",
    "Your output's error term uses (a - y)^2 / 2, the loss itself. Its derivative is a - y.",
)
def _(X, y, W1, b1, W2, b2):
    return _mlp(X, y, W1, b1, W2, b2, error=lambda a, y: (a - y) ** 2 / 2)


@mlp_gradients.mistake(
    "divided by the inputs",
    "You divide by the number of input features (X.shape[1]). The mean runs over the samples: the rows of X.",
)
def _(X, y, W1, b1, W2, b2):
    return tuple(g * len(X) / X.shape[1] for g in mlp_gradients.reference(X, y, W1, b1, W2, b2))


@mlp_gradients.variant
def _(X, y, W1, b1, W2, b2):
    def slope(z):
        s = 1 / (1 + np.exp(-z))
        return s * (1 - s)

    n = X.shape[0]
    Z1 = np.dot(X, W1) + b1
    A1 = 1 / (1 + np.exp(-Z1))
    Z2 = np.dot(A1, W2) + b2
    A2 = 1 / (1 + np.exp(-Z2))
    dZ2 = (A2 - y) * slope(Z2)
    dZ1 = np.dot(dZ2, W2.T) * slope(Z1)
    return np.dot(X.T, dZ1) / n, dZ1.mean(axis=0), np.dot(A1.T, dZ2) / n, dZ2.mean(axis=0)


@mlp_gradients.variant
def _(X, y, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = np.zeros(W1.shape), np.zeros(b1.shape), np.zeros(W2.shape), np.zeros(b2.shape)
    for x, target in zip(X, y, strict=True):
        a1 = _sigmoid(x @ W1 + b1)
        a2 = _sigmoid(a1 @ W2 + b2)
        d2 = (a2 - target) * a2 * (1 - a2)
        d1 = (W2 @ d2) * a1 * (1 - a1)
        dW1 += np.outer(x, d1) / len(X)
        db1 += d1 / len(X)
        dW2 += np.outer(a1, d2) / len(X)
        db2 += d2 / len(X)
    return dW1, db1, dW2, db2


@mlp_gradients.variant
def _(X, y, W1, b1, W2, b2):
    A1 = _sigmoid(np.einsum("ni,ih->nh", X, W1) + b1)
    A2 = _sigmoid(np.einsum("nh,ho->no", A1, W2) + b2)
    d2 = np.einsum("no,no,no->no", A2 - y, A2, 1 - A2) / X.shape[0]
    d1 = np.einsum("no,ho,nh->nh", d2, W2, A1 - A1**2)
    return np.einsum("ni,nh->ih", X, d1), d1.sum(0), np.einsum("nh,no->ho", A1, d2), d2.sum(0)


@mlp_gradients.variant
def _(X, y, W1, b1, W2, b2):
    def loss(parameters):
        V1, c1, V2, c2 = parameters
        return np.sum((_sigmoid(_sigmoid(X @ V1 + c1) @ V2 + c2) - y) ** 2) / (2 * len(X))

    parameters = [np.array(p, dtype=float) for p in (W1, b1, W2, b2)]
    gradients = []
    for p in parameters:
        g = np.zeros(p.shape)
        for i in np.ndindex(p.shape):
            kept = p[i]
            p[i] = kept + 1e-5
            up = loss(parameters)
            p[i] = kept - 1e-5
            down = loss(parameters)
            p[i] = kept
            g[i] = (up - down) / 2e-5
        gradients.append(g)
    return tuple(gradients)


# ---------------------------------------------------------------------------- iterate_minibatches


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Deal out one epoch of shuffled mini-batches, so that every sample is used exactly once.",
    hints=(
        "X and y must be shuffled *together*. What could you shuffle instead of the two arrays?",
        "`rng.permutation(n)` gives every row number once, in random order. `range(0, n, batch_size)` gives "
        "the places where the batches begin.",
        "Draw one permutation. For each start, take the slice of it that is batch_size long, index X and y "
        "with that same slice and `yield` the pair. A slice that reaches past the end is merely shorter.",
    ),
)
def iterate_minibatches(X, y, batch_size, rng):
    """Yield one epoch of shuffled mini-batches.

    Parameters
    ----------
    X : array (n_samples, ...)
        Inputs; not changed.
    y : array (n_samples, ...)
        Targets, row i for row i of X; not changed.
    batch_size : int
        Rows in a batch. The last batch is smaller where batch_size does not divide n_samples.
    rng : numpy.random.Generator
        Where the order comes from.

    Yields
    ------
    X_b, y_b : arrays (batch_size, ...)
        Rows of X and the rows of y that belong to them. Over the epoch every row comes exactly once.
    """
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        yield X[rows], y[rows]


BATCHES = {
    "not shuffled": "Your batches follow the order of the data. Shuffle the rows first, with the rng that "
    "you are given: sorted data would make every batch one-sided.",
    "only the batches shuffled": "Each of your batches is a block of neighboring rows; only the order of "
    "the blocks (or the order inside them) is random. Shuffle the rows before you cut them into batches.",
    "last batch dropped": "Rows are missing: the smaller batch at the end is dropped. Every row comes "
    "exactly once in an epoch, so the last batch may be smaller than the others.",
    "X and y shuffled apart": "X and y are shuffled independently, so that rows get the targets of other "
    "rows. Draw one order and use it for both.",
    "drawn with replacement": "Some rows come twice and others never: you draw with replacement, or anew "
    "for every batch. One permutation, cut into pieces, uses every row exactly once.",
    "y not shuffled": "X is shuffled and y is not, so that rows get the targets of other rows. Use the same "
    "order for both.",
    "X not shuffled": "y is shuffled and X is not, so that rows get the targets of other rows. Use the same "
    "order for both.",
    "last batch filled up": "Your last batch is filled up to batch_size with rows that have been used "
    "already. Every row comes exactly once, so the last batch may be smaller.",
    "empty batch": "One of your batches is empty: the loop goes one start too far when batch_size divides "
    "the number of rows.",
    "one batch only": "You deliver only the first batch: a `return` inside the loop ends it. Use `yield`, "
    "or collect the batches and return them all.",
    "batch_size ignored": "Your batches do not have batch_size rows. Each has batch_size rows, and the last "
    "holds what is left.",
    "number of batches": "You cut the rows into batch_size batches. batch_size is the number of rows *in* a "
    "batch.",
    "order (y_b, X_b)": "Your pairs are the wrong way round: X_b comes first, then y_b.",
    "row numbers": "Your batches hold row numbers. Index X and y with them and deliver the rows themselves.",
    "not pairs": "An epoch is a sequence of pairs (X_b, y_b) of arrays. Yield a tuple of two arrays for "
    "every batch.",
    "endless": "Your iterator does not end. One epoch uses every row once, then it stops.",
    "two epochs": "Every row comes more than once: you deliver several epochs. One pass over the rows is "
    "due.",
    "remainder in front": "Your batches have the right sizes in another order: full batches come first, and "
    "the smaller one, if any, is the last.",
    "batch lists": "Your batches are Python lists of rows. Index the arrays with an array of row numbers, "
    "and X_b and y_b are arrays themselves.",
    "type or shape changed": "The rows come back with another shape or number type than X and y have. Index "
    "the arrays as they are; labels stay integers and a column stays a column.",
}


def _problem(key: str) -> Problem:
    """Return the problem of a name that the table above explains."""
    return Problem(key, BATCHES[key])


def _row_numbers(batches, array) -> list[list[int] | None]:
    """Find each batch's row numbers in an array whose rows are all different; None where one is not there."""
    known = {np.asarray(row).tobytes(): i for i, row in enumerate(array)}
    found = [[known.get(np.asarray(row, dtype=array.dtype).tobytes()) for row in batch] for batch in batches]
    return [None if None in rows else rows for rows in found]


def _is_epoch(value, case: Case) -> Problem | None:
    """Check what holds for every right epoch: sizes, every row once, X and y together, a new order."""
    X, y, batch_size = case.args[:3]
    n = len(X)
    if not isinstance(value, list | tuple):
        return _problem("not pairs")
    if len(value) > 4 * n + 4:
        return _problem("endless")
    if len(value) and all(isinstance(v, np.ndarray) and v.ndim == 1 and v.dtype.kind in "iu" for v in value):
        return _problem("row numbers")
    if len(value) == 2 and all(isinstance(a, np.ndarray) for a in value) and n > 2 * batch_size:
        return _problem("one batch only")
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value):
        return _problem("not pairs")
    if any(isinstance(part, list) for pair in value for part in pair):
        return _problem("batch lists")
    if not all(isinstance(part, np.ndarray) for pair in value for part in pair):
        return _problem("not pairs")
    if any(len(part) == 0 for pair in value for part in pair if part.ndim):
        return _problem("empty batch")
    if all(np.array_equal(a, b) and a.dtype.kind in "iu" and a.ndim == 1 for a, b in value) and X.ndim > 1:
        return _problem("row numbers")
    in_y, in_x = _row_numbers([a for a, _ in value], y), _row_numbers([b for _, b in value], X)
    if value and None not in in_y and None not in in_x and X.shape[1:] != y.shape[1:]:
        return _problem("order (y_b, X_b)")
    for X_b, y_b in value:
        if X_b.shape[1:] != X.shape[1:] or y_b.shape[1:] != y.shape[1:] or len(X_b) != len(y_b):
            return _problem("type or shape changed")
        if X_b.dtype.kind != X.dtype.kind or y_b.dtype.kind != y.dtype.kind:
            return _problem("type or shape changed")
    of_x, of_y = _row_numbers([a for a, _ in value], X), _row_numbers([b for _, b in value], y)
    if None in of_x or None in of_y:
        return _problem("type or shape changed")
    return _same_rows(of_x, of_y, n, batch_size)


def _same_rows(of_x, of_y, n, batch_size) -> Problem | None:
    """Check the row numbers, batch by batch, that X_b and y_b were found to hold."""
    sizes = [len(rows) for rows in of_x]
    due = [min(batch_size, n - start) for start in range(0, n, batch_size)]
    flat_x, flat_y = ([i for rows in batches for i in rows] for batches in (of_x, of_y))
    if flat_x != flat_y:
        if flat_y == list(range(len(flat_y))):
            return _problem("y not shuffled")
        return _problem("X not shuffled" if flat_x == list(range(len(flat_x))) else "X and y shuffled apart")
    if len(flat_x) > 3 * n:
        return _problem("endless")
    once = sorted(flat_x) == list(range(n))
    if sizes != due:
        if once and len(sizes) == min(batch_size, n) and max(sizes) - min(sizes) <= 1:
            return _problem("number of batches")
        if once and sorted(sizes) == sorted(due):
            return _problem("remainder in front")
        if sizes == due[:-1] and len(set(flat_x)) == len(flat_x):
            return _problem("last batch dropped" if due[-1] < batch_size else "batch_size ignored")
        if len(flat_x) >= 2 * n and len(set(flat_x)) == n:
            return _problem("two epochs")
        if sizes[: len(due) - 1] == due[:-1] and sizes[-1] == batch_size > due[-1] and len(sizes) == len(due):
            return _problem("last batch filled up" if len(set(flat_x)) == n else "drawn with replacement")
        if len(sizes) == 1 and len(due) > 1 and sizes[0] == batch_size:
            return _problem("one batch only")
        return _problem("drawn with replacement" if not once and len(flat_x) == n else "batch_size ignored")
    if not once:
        return _problem("drawn with replacement")
    if n >= 32:
        blocks = [max(rows) - min(rows) == len(rows) - 1 for rows in of_x]
        if flat_x in (list(range(n)), list(range(n))[::-1]):
            return _problem("not shuffled")
        if batch_size > 1 and batch_size < n and all(blocks):
            return _problem("only the batches shuffled")
    return None


@iterate_minibatches.cases
def _(rng):
    def epoch(X, y, batch_size, group="values", note=""):
        return case(X, y, batch_size, Rng(_seed(rng)), check=_is_epoch, group=group, note=note)

    yield epoch(rng.normal(size=(7, 2)), rng.permutation(7) + 0.5, 3, note="batches of 3, 3 and 1")
    yield epoch(rng.normal(size=(32, 3)), rng.permutation(32), 8, note="32 rows in batches of 8")
    yield epoch(rng.normal(size=(34, 2)), rng.normal(size=(34, 3)), 16, note="y with three columns")
    yield epoch(rng.normal(size=(6, 2)), rng.permutation(6), 3, "shape", "batch_size divides the rows")
    yield epoch(rng.normal(size=(9, 1)), rng.permutation(9) * 1.0, 7, "shape", "one feature")
    yield epoch(np.arange(7), rng.permutation(7), 1, "shape", "batches of one, X with one axis")
    yield epoch(rng.normal(size=(5, 2, 3)), rng.normal(size=(5, 1)), 2, "shape", "X with 3 axes, y a column")
    yield epoch(rng.normal(size=(1, 3)), np.array([4]), 2, "edge", "one sample")
    yield epoch(rng.normal(size=(5, 2)), rng.permutation(5), 8, "edge", "batch_size larger than n_samples")
    yield epoch(rng.normal(size=(32, 2)), rng.permutation(32), 32, "edge", "one batch with all rows")
    yield epoch(rng.permutation(16).reshape(8, 2), rng.permutation(8), 6, "edge", "X and y of integers")
    yield epoch(
        rng.normal(size=(9, 2)).astype(np.float32),
        rng.permutation(9).astype(np.float32),
        5,
        "edge",
        "float32",
    )


@iterate_minibatches.mistake("not shuffled", BATCHES["not shuffled"])
def _(X, y, batch_size, rng):
    rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        yield X[start : start + batch_size], y[start : start + batch_size]


@iterate_minibatches.mistake("only the batches shuffled", BATCHES["only the batches shuffled"])
def _(X, y, batch_size, rng):
    for start in rng.permutation(np.arange(0, len(X), batch_size)):
        yield X[start : start + batch_size], y[start : start + batch_size]


@iterate_minibatches.mistake("last batch dropped", BATCHES["last batch dropped"])
def _(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    for k in range(len(X) // batch_size):
        rows = order[k * batch_size : (k + 1) * batch_size]
        yield X[rows], y[rows]


@iterate_minibatches.mistake("X and y shuffled apart", BATCHES["X and y shuffled apart"])
def _(X, y, batch_size, rng):
    X, y = rng.permutation(X), rng.permutation(y)
    for start in range(0, len(X), batch_size):
        yield X[start : start + batch_size], y[start : start + batch_size]


@iterate_minibatches.mistake("y not shuffled", BATCHES["y not shuffled"])
def _(X, y, batch_size, rng):
    X = rng.permutation(X)
    for start in range(0, len(X), batch_size):
        yield X[start : start + batch_size], y[start : start + batch_size]


@iterate_minibatches.mistake("X not shuffled", BATCHES["X not shuffled"])
def _(X, y, batch_size, rng):
    y = rng.permutation(y)
    for start in range(0, len(X), batch_size):
        yield X[start : start + batch_size], y[start : start + batch_size]


@iterate_minibatches.mistake(
    "X and y shuffled in place",
    "You shuffle the caller's own arrays. Leave X and y as they are: shuffle row numbers, and index with "
    "them.",
)
def _(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    X[:], y[:] = X[order], y[order]
    for start in range(0, len(X), batch_size):
        yield X[start : start + batch_size], y[start : start + batch_size]


@iterate_minibatches.mistake("drawn with replacement", BATCHES["drawn with replacement"])
def _(X, y, batch_size, rng):
    for start in range(0, len(X), batch_size):
        rows = rng.integers(0, len(X), min(batch_size, len(X) - start))
        yield X[rows], y[rows]


@iterate_minibatches.mistake(
    "another generator",
    "You do not draw from the rng that you are given but from another generator, so that a run cannot be "
    "repeated, or every epoch has the same order. Use the argument rng.",
)
def _(X, y, batch_size, rng):
    yield from iterate_minibatches.reference(X, y, batch_size, np.random.default_rng(0))


@iterate_minibatches.mistake("last batch filled up", BATCHES["last batch filled up"])
def _(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[np.arange(start, start + batch_size) % len(X)]
        yield X[rows], y[rows]


@iterate_minibatches.mistake("empty batch", BATCHES["empty batch"])
def _(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    for k in range(len(X) // batch_size + 1):
        rows = order[k * batch_size : (k + 1) * batch_size]
        yield X[rows], y[rows]


@iterate_minibatches.mistake("one batch only", BATCHES["one batch only"])
def _(X, y, batch_size, rng):
    return next(iter(iterate_minibatches.reference(X, y, batch_size, rng)))


@iterate_minibatches.mistake("batch_size ignored", BATCHES["batch_size ignored"])
def _(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    yield X[order], y[order]


@iterate_minibatches.mistake("number of batches", BATCHES["number of batches"])
def _(X, y, batch_size, rng):
    for rows in np.array_split(rng.permutation(len(X)), min(batch_size, len(X))):
        yield X[rows], y[rows]


@iterate_minibatches.mistake("order (y_b, X_b)", BATCHES["order (y_b, X_b)"])
def _(X, y, batch_size, rng):
    for X_b, y_b in iterate_minibatches.reference(X, y, batch_size, rng):
        yield y_b, X_b


@iterate_minibatches.mistake("row numbers", BATCHES["row numbers"])
def _(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        yield order[start : start + batch_size], order[start : start + batch_size]


@iterate_minibatches.mistake("not pairs", BATCHES["not pairs"])
def _(X, y, batch_size, rng):
    for X_b, _y_b in iterate_minibatches.reference(X, y, batch_size, rng):
        yield X_b


@iterate_minibatches.mistake("two epochs", BATCHES["two epochs"])
def _(X, y, batch_size, rng):
    yield from iterate_minibatches.reference(X, y, batch_size, rng)
    yield from iterate_minibatches.reference(X, y, batch_size, rng)


@iterate_minibatches.mistake("remainder in front", BATCHES["remainder in front"])
def _(X, y, batch_size, rng):
    order = rng.permutation(len(X))
    cuts = np.arange(len(X) % batch_size, len(X), batch_size)
    for rows in np.split(order, cuts):
        if len(rows):
            yield X[rows], y[rows]


@iterate_minibatches.mistake("batch lists", BATCHES["batch lists"])
def _(X, y, batch_size, rng):
    for X_b, y_b in iterate_minibatches.reference(X, y, batch_size, rng):
        yield list(X_b), list(y_b)


@iterate_minibatches.mistake("type or shape changed", BATCHES["type or shape changed"])
def _(X, y, batch_size, rng):
    for X_b, y_b in iterate_minibatches.reference(X, y, batch_size, rng):
        yield X_b.reshape(len(X_b), -1).astype(float), y_b.reshape(len(y_b), -1).astype(float)


@iterate_minibatches.variant
def _(X, y, batch_size, rng):
    order = np.arange(len(X))
    rng.shuffle(order)
    batches = [order[k : k + batch_size] for k in range(0, len(order), batch_size)]
    return [(X[rows], y[rows]) for rows in batches]


@iterate_minibatches.variant
def _(X, y, batch_size, rng):
    order = np.argsort(rng.random(X.shape[0]))
    X, y = X[order], y[order]
    start = 0
    while start < len(X):
        yield X[start : start + batch_size], y[start : start + batch_size]
        start += batch_size


@iterate_minibatches.variant
def _(X, y, batch_size, rng):
    rows = rng.choice(len(X), size=len(X), replace=False)
    pieces = np.split(rows, range(batch_size, len(X), batch_size))
    return ((X.take(piece, axis=0), y.take(piece, axis=0)) for piece in pieces)


@iterate_minibatches.variant
def _(X, y, batch_size, rng):
    left = list(rng.permutation(len(X)))
    while left:
        rows, left = left[:batch_size], left[batch_size:]
        yield np.array([X[i] for i in rows]), np.array([y[i] for i in rows])


# ---------------------------------------------------------------------------- gradient_check


@exercise(
    chapter=CHAPTER,
    difficulty="hard",
    aim="Compare a gradient with central differences and report the worst relative error.",
    hints=(
        "There are two gradients: the one that `loss_and_grad` claims, and the one that you measure from "
        "its loss. Measure each entry as in `numerical_gradient`.",
        "The relative error divides by the larger of the two magnitudes, equation (6.6), so that it stays "
        "meaningful for gradients of 1e-9 as well as 1e9. Where both are 0 there is nothing to divide: the "
        "error is 0.",
        "Keep g from one call at theta. For each entry i measure n; where g[i] and n are not both 0, form "
        "|g[i] - n| over the larger of |g[i]| and |n|; keep the maximum. Add nothing to the denominator.",
    ),
)
def gradient_check(loss_and_grad, theta, h=1e-5):
    """Return the largest relative error of a gradient, measured against central differences.

    Parameters
    ----------
    loss_and_grad : callable
        `loss_and_grad(theta)` returns the loss, a float, and the gradient under test, an array like theta.
    theta : array (n_parameters,)
        Where to check, floats. It comes back unchanged.
    h : float
        Half-width of the central difference (L(theta + h e_i) - L(theta - h e_i)) / (2h).

    Returns
    -------
    float
        The largest over all entries of |g - n| / max(|g|, |n|), equation (6.6), g the gradient returned and n
        the central difference; 0 for an entry where both are 0.
    """
    theta = theta.copy()
    g = loss_and_grad(theta)[1]
    errors = np.zeros(theta.size)
    for i in range(theta.size):
        kept = theta[i]
        theta[i] = kept + h
        up = loss_and_grad(theta)[0]
        theta[i] = kept - h
        down = loss_and_grad(theta)[0]
        theta[i] = kept
        n = (up - down) / (2 * h)
        larger = max(abs(g[i]), abs(n))
        if larger > 0:
            errors[i] = abs(g[i] - n) / larger
    return errors.max()


gradient_check.equivalent(
    "theta = theta.copy()  ->  theta = theta",
    "every entry is put back exactly, so the caller's theta is as it was, with or without a copy",
)


def _with_gradient(name, loss, gradient):
    """Return a loss with a claimed gradient, as `loss_and_grad` gives them."""

    def loss_and_grad(theta):
        theta = np.asarray(theta, dtype=float)
        return float(loss(theta)), np.array(gradient(theta), dtype=float)

    return Fn(name, loss_and_grad)


@gradient_check.cases
def _(rng):
    def point(n):
        return rng.uniform(0.5, 2.0, n) * rng.choice([-1.0, 1.0], n)

    def bowl(factors, **options):
        factors = np.array(factors)
        c = rng.uniform(1, 1.5, factors.size)
        planted = _with_gradient(
            "loss sum(c * theta**2), one entry of the gradient wrong",
            lambda t: np.sum(c * t**2),
            lambda t: 2 * c * t * factors,
        )
        # Wrong entries are small ones, so that a comparison of whole vectors shows, and negative, so that a
        # sign that is kept does.
        wrong = -rng.uniform(0.5, 0.8, factors.size)
        theta = np.where(np.abs(factors - 1) > 0.1, wrong, rng.uniform(1.5, 2.0, factors.size))
        return case(planted, theta, **small, **options)

    # Each entry costs two calls, so that there are one or two.
    small = {"rtol": 1e-3, "atol": 1e-5}
    yield bowl([0.98, 1.5], note="one entry 50 % too large, one 2 % too small")
    yield bowl([-0.6, 1.0], note="one entry with the wrong sign")
    yield case(
        _with_gradient("loss sum(sin(theta)), right gradient", lambda t: np.sum(np.sin(t)), np.cos),
        rng.uniform(0.95, 1, 1),  # where the gradient changes fast
        note="a right gradient",
        **small,
    )
    yield case(
        _with_gradient(
            "loss theta[1]**2, gradient wrong at [1], 0 at [0]",
            lambda t: t[1] ** 2,
            lambda t: [0.0, 3 * t[1]],
        ),
        point(2),
        group="edge",
        note="an entry on which nothing depends: g and n are both 0",
        **small,
    )
    yield bowl([1.25], group="shape", note="one parameter")
    yield case(
        _with_gradient("loss theta[0]**2, gradient claims 0", lambda t: t[0] ** 2, lambda t: [0.0]),
        np.array([1.0]),
        group="edge",
        note="a gradient that is 0 where the loss has a slope",
        **small,
    )
    yield case(
        _with_gradient("loss 2, whatever theta is, gradient claims 3", lambda t: 2.0, lambda t: [3.0]),
        np.array([1.0]),
        group="edge",
        note="a gradient where the loss has no slope",
        **small,
    )
    yield case(
        _with_gradient(
            "loss 1e-9 * sum(theta), gradient 50 % too large", lambda t: 1e-9 * np.sum(t), lambda t: [1.5e-9]
        ),
        point(1),
        group="edge",
        note="gradients of about 1e-9",
        **small,
    )
    yield case(
        _with_gradient("loss sum(abs(theta)), gradient its sign", lambda t: np.abs(t).sum(), np.sign),
        np.array([0.8e-5]),
        group="edge",
        note="a kink that is nearer than the default h",
        **small,
    )
    yield case(
        _with_gradient(
            "loss sum(theta)**3, right gradient", lambda t: t.sum() ** 3, lambda t: 3 * t.sum() ** 2 + 0 * t
        ),
        np.array([0.5, 0.25]),
        0.25,
        group="edge",
        note="entries that act on each other, h = 0.25, where the difference itself errs",
        **small,
    )


def _central(loss, theta, e, h):
    """Return the central difference of a loss along e, whose one entry is h."""
    return (loss(theta + e) - loss(theta - e)) / (2 * h)


def _checker(relative=None, collect=max, difference=None):
    """Return a gradient check of which single steps are replaced."""

    def check(loss_and_grad, theta, h=1e-5):
        theta = np.array(theta, dtype=float)
        g = loss_and_grad(theta)[1]
        errors = []
        for i in range(theta.size):
            e = np.zeros_like(theta)
            e[i] = h

            def loss(t):
                return loss_and_grad(t)[0]

            n = (difference or _central)(loss, theta, e, h)
            larger = max(abs(g[i]), abs(n))
            if relative is None:
                errors.append(abs(g[i] - n) / larger if larger > 0 else 0.0)
            else:
                errors.append(relative(np.float64(g[i]), np.float64(n)))
        return float(collect(errors))

    return check


gradient_check.mistake(
    "absolute error",
    "You return the difference |g - n| itself. It says nothing without a scale (1e-9 may be half of a tiny "
    "gradient): divide by the larger of |g| and |n|.",
)(_checker(lambda g, n: abs(g - n)))

gradient_check.mistake(
    "divided by the sum",
    "You divide by |g| + |n|, which makes the error about half as large. This book's equation (6.6) divides "
    "by the larger of the two.",
)(_checker(lambda g, n: abs(g - n) / (abs(g) + abs(n)) if g or n else 0.0))

gradient_check.mistake(
    "divided by the mean",
    "You divide by the mean of |g| and |n|. This book's equation (6.6) divides by the larger of the two.",
)(_checker(lambda g, n: 2 * abs(g - n) / (abs(g) + abs(n)) if g or n else 0.0))

gradient_check.mistake(
    "0 where one of them is 0",
    "Where g *or* n is 0 your error is 0. Only where both are 0 nothing is wrong; one of them alone is an "
    "error of 1.",
)(_checker(lambda g, n: abs(g - n) / max(abs(g), abs(n)) if g and n else 0.0))

gradient_check.mistake(
    "1 where both are 0", "Where g and n are both 0 your error is 1. They agree: the error is 0."
)(_checker(lambda g, n: abs(g - n) / max(abs(g), abs(n)) if g or n else 1.0))

gradient_check.mistake(
    "divided by |n| alone",
    "You divide by the size of the numerical difference alone. Divide by the larger of |g| and |n|, so that "
    "an error of the gradient in either direction counts, and a slope of 0 does no harm.",
)(_checker(lambda g, n: abs(g - n) / abs(n) if n else (0.0 if not g else np.inf)))

gradient_check.mistake(
    "divided by |n| alone, 0 where n is 0",
    "You divide by the size of the numerical difference alone, and call the error 0 where that is 0. Divide "
    "by the larger of |g| and |n|: then a gradient that is wrong where the loss is flat shows.",
)(_checker(lambda g, n: abs(g - n) / abs(n) if n else 0.0))

gradient_check.mistake(
    "divided by |g| alone",
    "You divide by the size of the gradient under test alone. Divide by the larger of |g| and |n|, so that "
    "a gradient which is wrongly 0 does no harm to the division.",
)(_checker(lambda g, n: abs(g - n) / abs(g) if g else (0.0 if not n else np.inf)))

gradient_check.mistake(
    "divided by the smaller",
    "You divide by the smaller of |g| and |n|. Equation (6.6) takes the larger, and so never exceeds 2.",
)(_checker(lambda g, n: abs(g - n) / min(abs(g), abs(n)) if g and n else (0.0 if g == n else np.inf)))

gradient_check.mistake(
    "divided by |g| alone, entries of 0 skipped",
    "You divide by |g|, the gradient that is being checked: where that is too small the error looks too "
    "large, and where it is 0 there is none. Divide by the larger of |g| and |n|.",
)(_checker(lambda g, n: abs(g - n) / abs(g) if g else 0.0))


@gradient_check.mistake(
    "0 divided by 0",
    "Where g and n are both 0 you divide 0 by 0, and the result is not a number. The error of such an entry "
    "is 0.",
)
def _(loss_and_grad, theta, h=1e-5):
    g = loss_and_grad(theta)[1]
    n = np.zeros_like(g)
    for i in range(len(theta)):
        e = np.zeros_like(theta)
        e[i] = h
        n[i] = (loss_and_grad(theta + e)[0] - loss_and_grad(theta - e)[0]) / (2 * h)
    return float(np.max(np.abs(g - n) / np.maximum(np.abs(g), np.abs(n))))


gradient_check.mistake(
    "a small number in the denominator",
    "You add a small number to the denominator. It hides errors in gradients of that size: here all of them "
    "are about 1e-9. Treat the one case 0/0 by itself and add nothing.",
)(_checker(lambda g, n: abs(g - n) / (max(abs(g), abs(n)) + 1e-8)))

gradient_check.mistake(
    "denominator held at a small number",
    "You never divide by less than a small number such as 1e-8. It hides errors in gradients below that "
    "size: here all of them are about 1e-9. Treat the one case 0/0 by itself.",
)(_checker(lambda g, n: abs(g - n) / max(abs(g), abs(n), 1e-8)))

gradient_check.mistake(
    "denominator at least 1",
    "You never divide by less than 1, so that for small gradients your error is an absolute one. Divide by "
    "the larger of |g| and |n|, however small.",
)(_checker(lambda g, n: abs(g - n) / max(1.0, abs(g), abs(n))))

gradient_check.mistake(
    "mean instead of the largest",
    "You average the errors over the entries. One wrong entry among many then hardly shows: report the "
    "largest.",
)(_checker(collect=np.mean))

gradient_check.mistake(
    "smallest instead of the largest",
    "You report the smallest error. One right entry would hide all the wrong ones: report the largest.",
)(_checker(collect=min))

gradient_check.mistake(
    "sum of the errors",
    "You add the errors up. Report the largest of them, so that the figure does not grow with the number of "
    "parameters.",
)(_checker(collect=sum))

gradient_check.mistake(
    "first entry only",
    "You check the first entry alone: a `return` inside the loop, or no loop. Every entry counts.",
)(_checker(collect=lambda errors: errors[0]))

gradient_check.mistake(
    "last entry only",
    "You report the error of the last entry alone: the loop overwrites the result. Keep the largest.",
)(_checker(collect=lambda errors: errors[-1]))

gradient_check.mistake(
    "sign of the error kept",
    "You take the maximum of g - n with its sign, so that a gradient which is too small goes unnoticed. "
    "Take the absolute value of the difference.",
)(_checker(lambda g, n: (g - n) / max(abs(g), abs(n)) if g or n else 0.0))

gradient_check.mistake(
    "sign of the error kept in a loop",
    "Your largest error so far is compared with g - n, whose sign is kept: it stays at 0 where the gradient "
    "is too small. Take the absolute value of the difference.",
)(_checker(lambda g, n: (g - n) / max(abs(g), abs(n)) if g or n else 0.0, lambda errors: max(0.0, *errors)))

gradient_check.mistake(
    "sign of the denominator kept",
    "You divide by max(g, n) without absolute values, so that negative gradients give negative errors. Take "
    "|g| and |n|.",
)(_checker(lambda g, n: abs(g - n) / max(g, n) if max(g, n) else 0.0))

gradient_check.mistake(
    "forward difference",
    "Your numerical slope compares the loss at theta + h with the loss at theta. A central difference looks "
    "to both sides, and its own error is far smaller.",
)(_checker(difference=lambda loss, theta, e, h: (loss(theta + e) - loss(theta)) / h))

gradient_check.mistake(
    "backward difference",
    "Your numerical slope compares the loss at theta with the loss at theta - h. A central difference looks "
    "to both sides, and its own error is far smaller.",
)(_checker(difference=lambda loss, theta, e, h: (loss(theta) - loss(theta - e)) / h))

gradient_check.mistake(
    "divided by h",
    "Your numerical slope is twice too large: theta + h and theta - h lie a distance 2h apart.",
)(_checker(difference=lambda loss, theta, e, h: (loss(theta + e) - loss(theta - e)) / h))

gradient_check.mistake(
    "points h apart",
    "You move theta by h/2 to either side. h is the half-width: the two points are theta + h and theta - h.",
)(_checker(difference=lambda loss, theta, e, h: (loss(theta + e / 2) - loss(theta - e / 2)) / h))

gradient_check.mistake(
    "h ignored", "Your step does not depend on h. Use the argument for the nudge and for the division."
)(_checker(difference=lambda loss, theta, e, h: _central(loss, theta, e * (1e-5 / h), 1e-5)))

gradient_check.mistake(
    "all entries nudged at once",
    "You move all entries of theta together and compare that one slope with every entry of the gradient. "
    "Nudge one entry at a time.",
)(_checker(difference=lambda loss, theta, e, h: (loss(theta + h) - loss(theta - h)) / (2 * h)))


@gradient_check.mistake(
    "ratio of norms",
    "You compare the two gradients as whole vectors, by their norms: one wrong entry among many large ones "
    "hardly shows. Form the relative error entry by entry and report the largest.",
)
def _(loss_and_grad, theta, h=1e-5):
    g, n = _both(loss_and_grad, theta, h)
    return float(np.linalg.norm(g - n) / (np.linalg.norm(g) + np.linalg.norm(n)))


@gradient_check.mistake(
    "ratio of norms, over the larger",
    "You compare the two gradients as whole vectors, by their norms: one wrong entry among many large ones "
    "hardly shows. Form the relative error entry by entry and report the largest.",
)
def _(loss_and_grad, theta, h=1e-5):
    g, n = _both(loss_and_grad, theta, h)
    return float(np.linalg.norm(g - n) / max(np.linalg.norm(g), np.linalg.norm(n), 1e-300))


@gradient_check.mistake(
    "largest difference over largest gradient",
    "You divide the largest difference by the largest entry of all. Form the relative error entry by entry, "
    "then take the maximum: a small entry can be all wrong.",
)
def _(loss_and_grad, theta, h=1e-5):
    g, n = _both(loss_and_grad, theta, h)
    return float(np.max(np.abs(g - n)) / max(np.max(np.abs(g)), np.max(np.abs(n))))


def _both(loss_and_grad, theta, h):
    """Return the gradient under test and the central differences."""
    theta = np.array(theta, dtype=float)
    g = np.array(loss_and_grad(theta)[1])
    steps = h * np.eye(theta.size)
    n = np.array([(loss_and_grad(theta + e)[0] - loss_and_grad(theta - e)[0]) / (2 * h) for e in steps])
    return g, n


@gradient_check.mistake(
    "theta not put back",
    "You nudge the caller's theta and leave it nudged, so that later entries are measured elsewhere and "
    "theta comes back changed. Remember each entry and put it back, or work on a copy.",
)
def _not_put_back(loss_and_grad, theta, h=1e-5):
    g = loss_and_grad(theta)[1]
    worst = 0.0
    for i in range(theta.size):
        theta[i] += h
        up = loss_and_grad(theta)[0]
        theta[i] -= 2 * h
        n = (up - loss_and_grad(theta)[0]) / (2 * h)
        larger = max(abs(g[i]), abs(n))
        worst = max(worst, abs(g[i] - n) / larger if larger else 0.0)
    return float(worst)


@gradient_check.mistake(
    "upward nudge stays",
    "The upward nudge changes theta itself (no copy is made for it), and it stays: theta comes back "
    "changed, and later entries are measured elsewhere.",
)
def _(loss_and_grad, theta, h=1e-5):
    g = loss_and_grad(theta)[1]
    worst = 0.0
    for i in range(theta.size):
        below = theta.copy()
        below[i] -= h
        theta[i] += h
        n = (loss_and_grad(theta)[0] - loss_and_grad(below)[0]) / (2 * h)
        larger = max(abs(g[i]), abs(n))
        worst = max(worst, abs(g[i] - n) / larger if larger else 0.0)
    return float(worst)


@gradient_check.mistake(
    "copy not put back",
    "After an entry has been nudged you leave it nudged, so that each later entry is measured at another "
    "point. Put the remembered value back before you go on to the next entry.",
)
def _(loss_and_grad, theta, h=1e-5):
    return _not_put_back(loss_and_grad, theta.copy(), h)


@gradient_check.mistake(
    "theta not restored exactly",
    "You undo the nudges by adding and subtracting h, which leaves theta changed in its last digits. "
    "Remember the entry and assign it back, or work on a copy.",
)
def _(loss_and_grad, theta, h=1e-5):
    g = loss_and_grad(theta)[1]
    worst = 0.0
    for i in range(theta.size):
        theta[i] += h
        up = loss_and_grad(theta)[0]
        theta[i] -= 2 * h
        down = loss_and_grad(theta)[0]
        theta[i] += h
        n = (up - down) / (2 * h)
        larger = max(abs(g[i]), abs(n))
        worst = max(worst, abs(g[i] - n) / larger if larger else 0.0)
    return float(worst)


@gradient_check.mistake(
    "all errors returned", "You return the errors of all entries. Report one number: the largest."
)
def _(loss_and_grad, theta, h=1e-5):
    g, n = _both(loss_and_grad, theta, h)
    larger = np.maximum(np.abs(g), np.abs(n))
    return np.where(larger > 0, np.abs(g - n) / np.where(larger > 0, larger, 1.0), 0.0)


@gradient_check.mistake(
    "verdict instead of the error",
    "You return True or False. Report the largest relative error as a float; its reader decides what is "
    "small enough.",
)
def _(loss_and_grad, theta, h=1e-5):
    return bool(gradient_check.reference(loss_and_grad, theta, h) < 1e-5)


@gradient_check.mistake("in percent", "You report the error in percent. The relative error is a plain ratio.")
def _(loss_and_grad, theta, h=1e-5):
    return 100 * gradient_check.reference(loss_and_grad, theta, h)


@gradient_check.mistake(
    "sign reversed",
    "Your numerical slope has the opposite sign, so that a right gradient shows an error of 2: take the "
    "loss above minus the loss below.",
)
def _(loss_and_grad, theta, h=1e-5):
    return gradient_check.reference(lambda t: (-loss_and_grad(t)[0], loss_and_grad(t)[1]), theta, h)


@gradient_check.mistake(
    "gradient at the moved theta",
    "You take the gradient from the call at the moved theta. It is compared at theta itself: call "
    "loss_and_grad once before anything is moved.",
)
def _(loss_and_grad, theta, h=1e-5):
    worst = 0.0
    for i in range(len(theta)):
        moved = theta.copy()
        moved[i] += h
        up, g = loss_and_grad(moved)
        g = np.array(g)
        moved[i] -= 2 * h
        n = (up - loss_and_grad(moved)[0]) / (2 * h)
        size = max(abs(g[i]), abs(n))
        worst = max(worst, abs(g[i] - n) / size if size else 0.0)
    return float(worst)


@gradient_check.mistake(
    "gradient at the moved theta, below",
    "You take the gradient from the call at the moved theta. It is compared at theta itself: call "
    "loss_and_grad once before anything is moved.",
)
def _(loss_and_grad, theta, h=1e-5):
    worst = 0.0
    for i in range(len(theta)):
        moved = theta.copy()
        moved[i] += h
        up = loss_and_grad(moved)[0]
        moved[i] -= 2 * h
        down, g = loss_and_grad(moved)
        n = (up - down) / (2 * h)
        size = max(abs(g[i]), abs(n))
        worst = max(worst, abs(g[i] - n) / size if size else 0.0)
    return float(worst)


@gradient_check.variant
def _(loss_and_grad, theta, h=1e-5):
    g, n = _both(loss_and_grad, theta, h)
    larger = np.maximum(np.abs(g), np.abs(n))
    errors = np.divide(np.abs(g - n), larger, out=np.zeros_like(larger), where=larger != 0)
    return errors.max()


@gradient_check.variant
def _(loss_and_grad, theta, h=1e-5):
    _, g = loss_and_grad(theta)
    worst = 0.0
    for i in range(len(theta)):
        old = theta[i]
        theta[i] = old + h
        above, _ = loss_and_grad(theta)
        theta[i] = old - h
        below, _ = loss_and_grad(theta)
        theta[i] = old
        n = (above - below) / (2 * h)
        if g[i] == 0 and n == 0:
            continue
        error = np.abs(g[i] - n) / np.max([np.abs(g[i]), np.abs(n)])
        if error > worst:
            worst = error
    return worst


@gradient_check.variant
def _(loss_and_grad, theta, h=1e-5):
    g, n = _both(loss_and_grad, theta, h)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.nanmax(np.abs(g - n) / np.fmax(np.abs(g), np.abs(n))))


# ---------------------------------------------------------------------------- sgd_epoch


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Let the parameters take one step for every mini-batch, once through the data.",
    hints=(
        "An epoch is a loop over mini-batches; each batch gives a gradient *at the current theta*, and each "
        "gradient one step.",
        "Start from a copy of theta, so that your caller's array stays. Cut `rng.permutation(n)` into "
        "pieces of batch_size, as in `iterate_minibatches`.",
        "For each piece: call `loss_and_grad` with the current theta and the rows of X and y in that piece, "
        "then subtract lr times the gradient. The gradient is an average already. Return theta alone.",
    ),
)
def sgd_epoch(theta, X, y, loss_and_grad, lr, batch_size, rng):
    """Train for one epoch of mini-batch gradient descent and return the new parameters.

    Parameters
    ----------
    theta : array (n_parameters,)
        The parameters before the epoch, floats; not changed.
    X : array (n_samples, n_features)
        Inputs; not changed.
    y : array (n_samples,)
        Targets; not changed.
    loss_and_grad : callable
        `loss_and_grad(theta, X_b, y_b)` returns the loss, a float, and its gradient, an array like theta. It
        averages over the rows of the batch by itself.
    lr : float
        The learning rate.
    batch_size : int
        Rows in a batch; the last batch may be smaller.
    rng : numpy.random.Generator
        The rows are visited in the order rng.permutation(n_samples), drawn once.

    Returns
    -------
    array (n_parameters,)
        The parameters after the epoch.
    """
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        _, grad = loss_and_grad(theta, X[rows], y[rows])
        theta = theta - lr * grad
    return theta


def _linear_model(n_features):
    """Return loss and gradient of linear regression with a cubic twist, which refuses wrong shapes."""

    def loss_and_grad(theta, X_b, y_b):
        theta, X_b, y_b = (np.asarray(a, dtype=float) for a in (theta, X_b, y_b))
        if X_b.ndim != 2 or X_b.shape[1] != n_features or theta.shape != (n_features,):
            raise ValueError(
                f"loss_and_grad takes theta ({n_features},) and X_b (rows, {n_features}), "
                f"not {theta.shape} and {X_b.shape}"
            )
        if y_b.shape != X_b.shape[:1]:
            raise ValueError(f"X_b has {len(X_b)} rows: y_b has shape ({len(X_b)},), and not {y_b.shape}")
        if not len(X_b):
            raise ValueError("loss_and_grad was called with an empty batch")
        error = np.tanh(X_b @ theta - y_b)
        return float(np.mean(error**2) / 2), X_b.T @ (error * (1 - error**2)) / len(X_b)

    return Fn("loss_and_grad of a small model", loss_and_grad)


@sgd_epoch.cases
def _(rng):
    def epoch(n, k, batch_size, lr=0.5, **options):
        X, y = rng.normal(size=(n, k)), rng.normal(size=n)
        return case(rng.normal(size=k), X, y, _linear_model(k), lr, batch_size, Rng(_seed(rng)), **options)

    # Each batch is a call of loss_and_grad, so that there are few of them, of rows enough that no other order
    # gives the same ones by chance.
    yield epoch(11, 2, 7, note="batches of 7 and 4 from 11 rows")
    yield epoch(12, 3, 6, 1.0, note="batch_size divides the rows, a learning rate of 1")
    rows = np.arange(9.0)
    yield case(
        np.zeros(18),
        rows[:, None],
        rows,
        _counting(9),
        1.0,
        6,
        Rng(_seed(rng)),
        check=_each_row_once,
        note="a gradient that counts how often each row is used",
    )
    yield epoch(1, 3, 4, group="shape", note="one sample")
    yield epoch(3, 3, 3, group="shape", note="as many rows as features")
    yield epoch(3, 1, 3, group="shape", note="one feature")
    yield epoch(5, 2, 5, group="edge", note="one batch with all rows")
    yield epoch(3, 2, 1, 0.3, group="edge", note="batches of one row")
    yield epoch(5, 2, 64, group="edge", note="batch_size larger than n_samples")
    yield epoch(3, 2, 3, 0.0, group="edge", note="a learning rate of 0")
    yield case(
        rng.normal(size=2),
        rng.integers(-2, 3, (4, 2)),
        rng.integers(0, 2, 4),
        _linear_model(2),
        0.5,
        4,
        Rng(_seed(rng)),
        group="edge",
        note="X and y of integers",
    )
    yield case(
        rng.normal(size=3).astype(np.float32),
        rng.normal(size=(4, 3)).astype(np.float32),
        rng.normal(size=4).astype(np.float32),
        _linear_model(3),
        0.5,
        4,
        Rng(_seed(rng)),
        group="edge",
        note="float32",
    )


def _counting(n):
    """Return a loss_and_grad whose gradient counts: entry i the row i, entry n + i its wrong targets."""

    def loss_and_grad(theta, X_b, y_b):
        rows, targets = np.ravel(X_b).astype(int), np.ravel(y_b)
        if not len(rows) or len(rows) != len(targets):
            raise ValueError(
                f"X_b has {len(rows)} rows and y_b {len(targets)}: equally many, at least one, are due"
            )
        grad = np.zeros(2 * n)
        for row, target in zip(rows, targets, strict=True):
            grad[row] += 1 / len(rows)
            grad[n + row] += (row != target) / len(rows)
        return 0.0, grad

    return Fn("loss_and_grad that counts the rows", loss_and_grad)


SGD = {
    "X and y shuffled apart": "X and y are shuffled with two different orders: rows are trained with the "
    "targets of other rows. Draw one order and use it for both.",
    "drawn with replacement": "You draw the rows of each batch anew, so that some rows come twice and "
    "others never. Draw `rng.permutation(n_samples)` once and cut it into batches.",
    "last batch dropped": "The smaller batch at the end is dropped, so that some rows never train. The last "
    "batch may be smaller.",
    "another size of step": "Each row must enter one step, by lr times the average over its batch: some "
    "rows of yours enter with another weight.",
}


def _each_row_once(value, case: Case) -> Problem | None:
    """Check the weight with which each row has entered, as `_counting` recorded it."""
    n, batch_size = len(case.args[1]), case.args[5]
    value = np.asarray(value, dtype=float)
    if value.shape != (2 * n,):
        return Problem("wrong shape", f"The parameters have shape {value.shape}; theta has {(2 * n,)}.")
    weight, mixed = -value[:n], -value[n:]
    last = n % batch_size or batch_size
    due = np.sort([1 / batch_size] * (n - last) + [1 / last] * last)
    if np.allclose(np.sort(weight), due, rtol=1e-4) and np.allclose(mixed, 0):
        return None
    if np.allclose(np.sort(weight), due, rtol=1e-4):
        key = "X and y shuffled apart"
    elif np.allclose(np.sort(weight), [0] * last + [1 / batch_size] * (n - last)):
        key = "last batch dropped"
    elif np.any(weight == 0) and not np.any(mixed):
        key = "drawn with replacement"
    else:
        key = "another size of step"
    return Problem(key, SGD[key])


def _epoch(step=None, order=None, rows_of=None, starts=None):
    """Return an epoch of which single steps are replaced."""

    def run(theta, X, y, loss_and_grad, lr, batch_size, rng):
        n = len(X)
        permutation = rng.permutation(n) if order is None else order(rng, n)
        for start in range(0, n, batch_size) if starts is None else starts(n, batch_size):
            rows = permutation[start : start + batch_size]
            X_b, y_b = (X[rows], y[rows]) if rows_of is None else rows_of(X, y, rows, rng)
            grad = loss_and_grad(theta, X_b, y_b)[1]
            theta = theta - (lr * grad if step is None else step(lr, grad, len(rows), n, batch_size))
        return theta

    return run


sgd_epoch.mistake(
    "averaged twice",
    "You divide the gradient by the number of rows in the batch. loss_and_grad has averaged already: step "
    "by lr times its gradient.",
)(_epoch(lambda lr, g, rows, n, size: lr * g / rows))

sgd_epoch.mistake(
    "divided by batch_size",
    "You divide the gradient by batch_size. loss_and_grad has averaged already: step by lr times its "
    "gradient.",
)(_epoch(lambda lr, g, rows, n, size: lr * g / size))

sgd_epoch.mistake(
    "divided by n_samples",
    "You divide the step by the number of samples. loss_and_grad has averaged already: step by lr times its "
    "gradient.",
)(_epoch(lambda lr, g, rows, n, size: lr * g / n))

sgd_epoch.mistake(
    "multiplied by the rows",
    "You multiply the gradient by the number of rows in the batch. It is an average already: step by lr "
    "times it.",
)(_epoch(lambda lr, g, rows, n, size: lr * g * rows))

sgd_epoch.mistake(
    "last batch scaled down",
    "You weight the smaller last batch by its share of batch_size. Each batch gives one full step of lr "
    "times its averaged gradient.",
)(_epoch(lambda lr, g, rows, n, size: lr * g * rows / size))

sgd_epoch.mistake(
    "climbing",
    "You add the gradient: theta walks uphill. The gradient points to where the loss grows; subtract it.",
)(_epoch(lambda lr, g, rows, n, size: -lr * g))

sgd_epoch.mistake(
    "lr left out", "Your step does not contain the learning rate: subtract lr times the gradient."
)(_epoch(lambda lr, g, rows, n, size: g))

sgd_epoch.mistake(
    "not shuffled",
    "Your batches follow the order of the data. Visit the rows in the order `rng.permutation(n_samples)`.",
)(_epoch(order=lambda rng, n: np.arange(n)))

sgd_epoch.mistake("last batch dropped", SGD["last batch dropped"])(
    _epoch(starts=lambda n, size: range(0, n - n % size, size))
)

sgd_epoch.mistake(
    "all full batches needed",
    "Your loop stops before the last batch: `range(0, n - batch_size, batch_size)` leaves rows out. Let the "
    "starts run up to n.",
)(_epoch(starts=lambda n, size: range(0, n - size, size)))

sgd_epoch.mistake(
    "first batch only",
    "You take one step, with the first batch alone, and stop: a `return` inside the loop, or no loop. An "
    "epoch uses all batches.",
)(_epoch(starts=lambda n, size: [0]))

sgd_epoch.mistake(
    "y not shuffled",
    "X_b comes from the shuffled order, y_b does not: rows are trained with the targets of other rows. "
    "Index both with the same row numbers.",
)(
    lambda theta, X, y, loss_and_grad, lr, batch_size, rng: _epoch(order=lambda rng, n: np.arange(n))(
        theta, X[rng.permutation(len(X))], y, loss_and_grad, lr, batch_size, rng
    )
)

sgd_epoch.mistake("X and y shuffled apart", SGD["X and y shuffled apart"])(
    lambda theta, X, y, loss_and_grad, lr, batch_size, rng: _epoch(order=lambda rng, n: np.arange(n))(
        theta, X[rng.permutation(len(X))], y[rng.permutation(len(y))], loss_and_grad, lr, batch_size, rng
    )
)

sgd_epoch.mistake("drawn with replacement", SGD["drawn with replacement"])(
    _epoch(rows_of=lambda X, y, rows, rng: (lambda r: (X[r], y[r]))(rng.integers(0, len(X), len(rows))))
)

sgd_epoch.mistake(
    "shuffled again for every batch",
    "You draw a new permutation for every batch, so that some rows come twice and others never. Draw it "
    "once, before the loop.",
)(_epoch(rows_of=lambda X, y, rows, rng: (lambda r: (X[r], y[r]))(rng.permutation(len(X))[: len(rows)])))

sgd_epoch.mistake(
    "batch_size ignored",
    "You step once for every single row. Each step belongs to a batch of batch_size rows.",
)(
    lambda theta, X, y, loss_and_grad, lr, batch_size, rng: sgd_epoch.reference(
        theta, X, y, loss_and_grad, lr, 1, rng
    )
)

sgd_epoch.mistake(
    "whole data set in every step",
    "You take one step with all the data. Split the rows into mini-batches and step after each.",
)(
    lambda theta, X, y, loss_and_grad, lr, batch_size, rng: sgd_epoch.reference(
        theta, X, y, loss_and_grad, lr, len(X), rng
    )
)

sgd_epoch.mistake(
    "all data in every batch step",
    "You step once for each batch, and yet compute every gradient with all of X and y. Hand loss_and_grad "
    "the rows of the batch.",
)(_epoch(rows_of=lambda X, y, rows, rng: (X, y)))


@sgd_epoch.mistake("two epochs", "You go through the data twice. One epoch is one pass.")
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    theta = sgd_epoch.reference(theta, X, y, loss_and_grad, lr, batch_size, rng)
    return sgd_epoch.reference(theta, X, y, loss_and_grad, lr, batch_size, rng)


sgd_epoch.mistake(
    "another generator",
    "You do not draw from the rng that you are given but from another generator, so the run cannot be "
    "repeated. Use the argument rng.",
)(
    lambda theta, X, y, loss_and_grad, lr, batch_size, rng: sgd_epoch.reference(
        theta, X, y, loss_and_grad, lr, batch_size, np.random.default_rng(0)
    )
)


@sgd_epoch.mistake(
    "theta changed in place",
    "`theta -= …` changes your caller's array. Start from a copy, or write theta = theta - ….",
)
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        theta -= lr * loss_and_grad(theta, X[rows], y[rows])[1]
    return theta


@sgd_epoch.mistake(
    "data shuffled in place",
    "You shuffle the caller's own X and y. Leave them as they are: draw row numbers, and index with them.",
)
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    X[:], y[:] = X[order], y[order]
    return _epoch(order=lambda rng, n: np.arange(n))(theta, X, y, loss_and_grad, lr, batch_size, rng)


@sgd_epoch.mistake(
    "all gradients at the old theta",
    "Every gradient is taken at the theta that the epoch began with. Step after each batch, and take the "
    "next gradient at the new theta.",
)
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    new = theta.copy()
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        new -= lr * loss_and_grad(theta, X[rows], y[rows])[1]
    return new


@sgd_epoch.mistake(
    "last step only",
    "You step from the original theta every time, so that only the last batch counts. Step on from where "
    "the previous step ended.",
)
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        new = theta - lr * loss_and_grad(theta, X[rows], y[rows])[1]
    return new


@sgd_epoch.mistake("loss returned too", "You return more than theta. Return the new parameters alone.")
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    theta = sgd_epoch.reference(theta, X, y, loss_and_grad, lr, batch_size, rng)
    return theta, float(loss_and_grad(theta, X, y)[0])


@sgd_epoch.mistake(
    "loss taken for the gradient",
    "loss_and_grad returns two things, the loss and the gradient. You step along the loss, the first of "
    "them.",
)
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        theta = theta - lr * loss_and_grad(theta, X[rows], y[rows])[0]
    return theta


@sgd_epoch.mistake(
    "gradient returned", "You return the last gradient. Return the parameters after the epoch."
)
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        rows = order[start : start + batch_size]
        grad = loss_and_grad(theta, X[rows], y[rows])[1]
        theta = theta - lr * grad
    return grad


@sgd_epoch.variant
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    theta = theta.copy()
    order = rng.permutation(X.shape[0])
    X, y = X[order], y[order]
    start = 0
    while start < len(X):
        _, grad = loss_and_grad(theta, X[start : start + batch_size], y[start : start + batch_size])
        theta -= lr * grad
        start += batch_size
    return theta


@sgd_epoch.variant
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    order = np.arange(len(X))
    rng.shuffle(order)
    batches = np.array_split(order, range(batch_size, len(X), batch_size))
    for batch in batches:
        grad = loss_and_grad(theta, X[batch], y[batch])[1]
        theta = np.array([t - lr * g for t, g in zip(theta, grad, strict=True)])
    return theta


@sgd_epoch.variant
def _(theta, X, y, loss_and_grad, lr, batch_size, rng):
    for X_b, y_b in iterate_minibatches.reference(X, y, batch_size, rng):
        theta = np.subtract(theta, np.multiply(lr, loss_and_grad(theta, X_b, y_b)[1]))
    return theta
