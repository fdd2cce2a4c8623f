"""Exercises of chapter 07, losses.

A loss and its gradient carry the same 1/n, and the gradient has the shape of the predictions. The wrong
answers forget one of the two, mix up labels (0/1, -1/+1, one-hot, integers), or compute a logarithm or an
exponential at a place where floating point gives up.
"""

import numpy as np

from nn_exercises.exercise import Case, Problem, case, exercise

CHAPTER = "07_losses"
BIG = np.array([1000.0, -1000.0])


# ---------------------------------------------------------------------------- mse_loss


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Compute the mean squared error and its gradient, and refuse shapes that do not match.",
    hints=(
        "The mean runs over **all** elements, N of them, whatever the number of axes. The same 1/N stands "
        "in the gradient.",
        "NumPy would broadcast (n, 1) against (n,) to (n, n) without a word: compare the two shapes before "
        "you subtract.",
        "With d = y_pred - y_true: the loss is the mean of d squared, the gradient is 2 d over the number "
        "of elements. Different shapes: raise a `ValueError` that names both.",
    ),
)
def mse_loss(y_pred, y_true):
    """Return the mean squared error and its gradient, equations (7.1) and (7.2).

    Parameters
    ----------
    y_pred : array of any shape
        Predictions.
    y_true : array, shape of y_pred
        Targets; they may be integers.

    Returns
    -------
    loss : float
        The mean over all N elements of (y_pred - y_true)^2.
    grad : array, shape of y_pred
        The gradient of the loss at y_pred.

    Raises
    ------
    ValueError
        If the shapes differ, also where NumPy could broadcast them.
    """
    if y_pred.shape != y_true.shape:
        raise ValueError(f"y_pred has shape {y_pred.shape} and y_true {y_true.shape}: they must be equal")
    d = y_pred - y_true
    return np.mean(d**2), 2 * d / d.size


@mse_loss.gradient_of("y_pred", output=1)
def _(y_pred, y_true):
    return np.mean((y_pred - y_true) ** 2)


@mse_loss.cases
def _(rng):
    yield case(rng.normal(size=7), rng.normal(size=7), note="one axis")
    yield case(rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), note="two axes: N = 12")
    yield case(rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), group="shape", note="square")
    yield case(rng.normal(size=(5, 1)), rng.normal(size=(5, 1)), group="shape", note="a column")
    yield case(rng.normal(size=(1, 4)), rng.normal(size=(1, 4)), group="shape", note="one sample")
    yield case(rng.normal(size=1), rng.normal(size=1), group="shape", note="one number")
    yield case(rng.normal(size=(4, 2)), rng.integers(-3, 4, (4, 2)), group="edge", note="y_true of integers")
    yield case(rng.integers(-3, 4, 5), rng.integers(-3, 4, 5), group="edge", note="all integers")
    yield case(
        rng.normal(size=(3, 2)).astype(np.float32),
        rng.normal(size=(3, 2)).astype(np.float32),
        group="edge",
        note="float32",
    )
    yield case(
        np.array([1.0, 2.0, -1.0]), np.array([1.0, 2.0, 3.0]), group="edge", note="two predictions exact"
    )
    yield case(1e6 * rng.normal(size=5), rng.normal(size=5), group="edge", note="large errors")
    for pred, true in [
        ((5, 1), (5,)),
        ((5,), (5, 1)),
        ((4, 3), (4, 1)),
        ((1, 4), (4, 1)),
        ((3, 2), (2,)),
        ((4,), (1,)),
    ]:
        yield case(
            rng.normal(size=pred),
            rng.normal(size=true),
            raises=ValueError,
            group="errors",
            note=f"shapes {pred} and {true}, which NumPy would broadcast",
        )
    yield case(
        rng.normal(size=(2, 3)),
        rng.normal(size=(3, 2)),
        raises=ValueError,
        group="errors",
        note="transposed shapes",
    )


def _mse(loss=None, grad=None, matching=True):
    """Return an mse_loss of which the loss or the gradient is replaced."""

    def answer(y_pred, y_true):
        if matching and np.shape(y_pred) != np.shape(y_true):
            raise ValueError("shapes differ")
        d = y_pred - y_true
        return np.mean(d**2) if loss is None else loss(d), 2 * d / d.size if grad is None else grad(d)

    return answer


mse_loss.mistake(
    "shapes not compared",
    "Shapes that differ are not refused: y_pred (n, 1) minus y_true (n,) broadcasts to (n, n), and the loss "
    "compares every prediction with every target. Compare the two shapes first and raise a ValueError.",
)(_mse(matching=False))


@mse_loss.mistake(
    "only the lengths compared",
    "You compare the lengths (or the numbers of elements), and so shapes such as (5, 1) and (5,) slip "
    "through and broadcast. Compare the whole shapes.",
)
def _(y_pred, y_true):
    if len(y_pred) != len(y_true):
        raise ValueError("lengths differ")
    return _mse(matching=False)(y_pred, y_true)


@mse_loss.mistake(
    "only the sizes compared",
    "You compare the numbers of elements, and so shapes such as (5, 1) and (5,) slip through and broadcast. "
    "Compare the whole shapes.",
)
def _(y_pred, y_true):
    if np.size(y_pred) != np.size(y_true):
        raise ValueError("sizes differ")
    return _mse(matching=False)(y_pred, y_true)


@mse_loss.mistake(
    "only the number of axes compared",
    "You compare the number of axes, and so shapes such as (1, 4) and (4, 1) slip through and broadcast. "
    "Compare the whole shapes.",
)
def _(y_pred, y_true):
    if np.ndim(y_pred) != np.ndim(y_true):
        raise ValueError("axes differ")
    return _mse(matching=False)(y_pred, y_true)


@mse_loss.mistake(
    "shapes made to fit",
    "You reshape or flatten one array to fit the other. A shape that differs is a bug in the caller's code, "
    "and hiding it hurts: raise a ValueError.",
)
def _(y_pred, y_true):
    if np.size(y_pred) == np.size(y_true):
        y_true = np.reshape(y_true, np.shape(y_pred))
    elif np.shape(y_pred) != np.shape(y_true):
        raise ValueError("shapes differ")
    return _mse()(y_pred, y_true)


@mse_loss.mistake(
    "another exception",
    "You refuse shapes that differ, with another exception than the one agreed on (an assert raises "
    "AssertionError). Raise a ValueError.",
)
def _(y_pred, y_true):
    assert np.shape(y_pred) == np.shape(y_true)
    return _mse()(y_pred, y_true)


mse_loss.mistake(
    "factor 2 missing in the gradient",
    "Your gradient is half of the right one: the derivative of a square brings a factor 2, and this loss "
    "has no 1/2.",
)(_mse(grad=lambda d: d / d.size))

mse_loss.mistake(
    "gradient not averaged",
    "Your gradient lacks the 1/N of the mean. The loss is divided by the number of elements, and so is its "
    "gradient.",
)(_mse(grad=lambda d: 2 * d))

mse_loss.mistake(
    "gradient without its factor",
    "Your gradient is y_pred - y_true alone. The square brings a factor 2, the mean a 1/N.",
)(_mse(grad=lambda d: 1.0 * d))

mse_loss.mistake(
    "gradient divided by the samples",
    "Your gradient is divided by the number of rows. The mean runs over *all* elements, so N counts the "
    "columns too.",
)(_mse(grad=lambda d: 2 * d / len(d)))

mse_loss.mistake(
    "mean over the samples only",
    "You divide loss and gradient by the number of rows. The mean runs over *all* elements, so N counts the "
    "columns too.",
)(_mse(loss=lambda d: np.sum(d**2) / len(d), grad=lambda d: 2 * d / len(d)))

mse_loss.mistake(
    "loss divided by the samples",
    "Your loss is divided by the number of rows. The mean runs over *all* elements, so N counts the columns "
    "too.",
)(_mse(loss=lambda d: np.sum(d**2) / len(d)))

mse_loss.mistake(
    "gradient sign reversed",
    "Your gradient has the opposite sign. Where the prediction is too large the loss grows with it: y_pred "
    "- y_true.",
)(_mse(grad=lambda d: -2 * d / d.size))

mse_loss.mistake(
    "sum instead of mean",
    "You sum the squared errors. The loss is their mean, and the gradient carries the same 1/N.",
)(_mse(loss=lambda d: np.sum(d**2), grad=lambda d: 2 * d))

mse_loss.mistake(
    "sum instead of mean in the loss",
    "Your loss is the sum of the squared errors. Take their mean; your gradient has the 1/N already.",
)(_mse(loss=lambda d: np.sum(d**2)))

mse_loss.mistake(
    "half",
    "You use the 1/2 convention. Here the loss is the plain mean of the squares, so its gradient keeps the "
    "factor 2.",
)(_mse(loss=lambda d: np.mean(d**2) / 2, grad=lambda d: d / d.size))

mse_loss.mistake(
    "half in the loss",
    "Your loss is half of the mean squared error, and your gradient belongs to the whole. This loss has no "
    "1/2.",
)(_mse(loss=lambda d: np.mean(d**2) / 2))

mse_loss.mistake(
    "root",
    "Your loss is the root of the mean squared error. Leave the root out: its gradient is another one.",
)(_mse(loss=lambda d: np.sqrt(np.mean(d**2))))

mse_loss.mistake("absolute error", "Your loss is the mean absolute error. Square the differences.")(
    _mse(loss=lambda d: np.mean(np.abs(d)))
)

mse_loss.mistake(
    "squared mean",
    "You square the mean of the errors, and so errors of opposite sign cancel. Square first, then take the "
    "mean.",
)(_mse(loss=lambda d: np.mean(d) ** 2))

mse_loss.mistake(
    "no mean taken",
    "Your loss is an array of squared errors. A loss is one number: take the mean over all elements.",
)(_mse(loss=lambda d: d**2))

mse_loss.mistake(
    "mean over one axis",
    "Your loss still has an axis: the mean runs over the rows only. Take it over all elements.",
)(_mse(loss=lambda d: np.mean(d**2, axis=0)))

mse_loss.mistake(
    "gradient averaged to a number",
    "Your gradient is one number. Each prediction has its own partial derivative: the gradient has the "
    "shape of y_pred.",
)(_mse(grad=lambda d: np.mean(2 * d)))

mse_loss.mistake("gradient flattened", "Your gradient is one long row. It must have the shape of y_pred.")(
    _mse(grad=lambda d: (2 * d / d.size).ravel())
)

mse_loss.mistake(
    "gradient of the squares", "Your gradient uses the squared error. The derivative of d squared is 2 d."
)(_mse(grad=lambda d: 2 * d**2 / d.size))


@mse_loss.mistake(
    "gradient missing", "You return the loss alone. Return two things: the loss, then its gradient."
)
def _(y_pred, y_true):
    return mse_loss.reference(y_pred, y_true)[0]


@mse_loss.mistake("order exchanged", "You return the gradient first. Return the loss, then its gradient.")
def _(y_pred, y_true):
    return mse_loss.reference(y_pred, y_true)[::-1]


@mse_loss.mistake(
    "y_pred changed in place",
    "`y_pred -= y_true` changes your caller's predictions. Subtract into a new array.",
)
def _(y_pred, y_true):
    if np.shape(y_pred) != np.shape(y_true):
        raise ValueError("shapes differ")
    if y_pred.dtype.kind == "f":
        y_pred -= y_true
        return np.mean(y_pred**2), 2 * y_pred / y_pred.size
    return _mse()(y_pred, y_true)


@mse_loss.mistake(
    "truncated to integers",
    "Integer targets or predictions make your gradient integers, and its fractions are cut off. Create the "
    "gradient as a float array.",
)
def _(y_pred, y_true):
    loss, grad = mse_loss.reference(y_pred, y_true)
    return loss, grad.astype(np.result_type(y_true))


@mse_loss.mistake(
    "difference of the squares",
    "Your loss is the mean of y_pred² - y_true². Take the difference first, then square it.",
)
def _(y_pred, y_true):
    _loss, grad = mse_loss.reference(y_pred, y_true)
    return float(np.mean(np.square(y_pred, dtype=float) - np.square(y_true, dtype=float))), grad


@mse_loss.mistake(
    "errors cut to integers",
    "You cut the errors to whole numbers before they are squared. They are floats.",
)
def _(y_pred, y_true):
    mse_loss.reference(y_pred, y_true)
    d = np.trunc(np.subtract(y_pred, y_true, dtype=float))
    return float(np.mean(d**2)), 2 * d / d.size


@mse_loss.mistake(
    "variance of the errors",
    "Your loss is the variance of the errors: their mean is taken off first. The mean of the squares is due.",
)
def _(y_pred, y_true):
    _loss, grad = mse_loss.reference(y_pred, y_true)
    return float(np.var(np.subtract(y_pred, y_true, dtype=float))), grad


@mse_loss.mistake(
    "divided by N - 1",
    "You divide by N - 1, as the variance of a sample does. The loss is the plain mean: divide by N.",
)
def _(y_pred, y_true):
    loss, grad = mse_loss.reference(y_pred, y_true)
    with np.errstate(all="ignore"):
        factor = np.float64(grad.size) / (grad.size - 1)
        return float(loss * factor), grad * factor


@mse_loss.variant
def _(y_pred, y_true):
    y_pred, y_true = np.asarray(y_pred, dtype=float), np.asarray(y_true, dtype=float)
    if y_pred.shape != y_true.shape:
        raise ValueError("y_pred and y_true must have the same shape")
    total, grad = 0.0, np.zeros(y_pred.shape)
    for i in np.ndindex(y_pred.shape):
        total += (y_pred[i] - y_true[i]) ** 2
        grad[i] = 2 * (y_pred[i] - y_true[i]) / y_pred.size
    return total / y_pred.size, grad


@mse_loss.variant
def _(y_pred, y_true):
    if np.shape(y_true) != np.shape(y_pred):
        raise ValueError("shapes")
    e = np.subtract(y_true, y_pred).ravel()
    return float(e @ e) / e.size, (-2 / e.size * e).reshape(np.shape(y_pred))


@mse_loss.variant
def _(y_pred, y_true):
    if y_pred.shape != y_true.shape:
        raise ValueError(f"{y_pred.shape} is not {y_true.shape}")
    d = (y_pred - y_true).astype(np.float32)
    return np.float32(np.square(d).mean()), np.multiply(d, np.float32(2 / d.size))


# ---------------------------------------------------------------------------- mae_grad


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Give a subgradient of the mean absolute error, with a definite answer where the error is 0.",
    hints=(
        "The slope of |d| does not depend on how large d is. Which values does it take to the left and to "
        "the right of 0?",
        "At 0 every slope from -1 to 1 is a subgradient; this exercise takes 0. And the loss is a mean over "
        "N elements.",
        "`np.sign` is -1, 0 or 1. Apply it to y_pred - y_true and mind the 1/N, N the number of all "
        "elements.",
    ),
)
def mae_grad(y_pred, y_true):
    """Return a subgradient at y_pred of the mean absolute error, equation (7.3).

    Parameters
    ----------
    y_pred : array of any shape
        Predictions.
    y_true : array, shape of y_pred
        Targets; they may be integers.

    Returns
    -------
    array, shape of y_pred
        The slope of the mean over all N elements of |y_pred - y_true|; 0 where the two are equal.
    """
    return np.sign(y_pred - y_true) / np.size(y_pred)


@mae_grad.gradient_of("y_pred")
def _(y_pred, y_true):
    return np.mean(np.abs(y_pred - y_true))


@mae_grad.cases
def _(rng):
    def apart(*shape):
        y_true = rng.normal(size=shape)
        return y_true + rng.uniform(0.3, 3.0, shape) * rng.choice([-1.0, 1.0], shape), y_true

    signs = np.array([1.0, -1.0, 1.0, 1.0, -1.0])
    # All predictions are positive: the sign of a prediction is not the sign of its error.
    yield case(2.0 + signs * rng.uniform(0.2, 1.9, 5), np.full(5, 2.0), note="errors of both signs")
    yield case(*apart(4, 3), note="two axes: N = 12")
    yield case(*apart(3, 3), group="shape", note="square")
    yield case(*apart(5, 1), group="shape", note="a column")
    yield case(*apart(1, 4), group="shape", note="one sample")
    yield case(*apart(1), group="shape", note="one number")
    yield case(
        np.array([1.0, 2.0, 3.0, 0.0]),
        np.array([1.0, 2.5, 1.0, -0.0]),
        group="edge",
        note="predictions that are exact",
    )
    yield case(np.ones((2, 3)), np.ones((2, 3)), group="edge", note="all predictions exact")
    yield case(
        np.array([1e-9, -1e-9, 2.0]),
        np.zeros(3),
        group="edge",
        note="tiny errors, whose slope is as large as any",
    )
    yield case(np.array([1e6, -1e6, 3.0]), np.zeros(3), group="edge", note="huge errors")
    yield case(np.array([3, -1, 2, 2]), np.array([1, 1, 2, 5]), group="edge", note="integers")
    a, b = apart(3, 2)
    yield case(a.astype(np.float32), b.astype(np.float32), group="edge", note="float32")


@mae_grad.mistake(
    "sign reversed",
    "Your subgradient has the opposite sign. Where the prediction is too large the loss grows with it: the "
    "sign of y_pred - y_true.",
)
def _(y_pred, y_true):
    return np.sign(y_true - y_pred) / np.size(y_pred)


@mae_grad.mistake(
    "1/N missing",
    "Your slopes are -1, 0 and 1: they belong to the sum of the absolute errors. The loss is a mean, so "
    "divide by the number of all elements.",
)
def _(y_pred, y_true):
    return np.sign(y_pred - y_true) * 1.0


@mae_grad.mistake(
    "divided by the samples",
    "You divide by the number of rows. The mean runs over all elements, so N counts the columns too.",
)
def _(y_pred, y_true):
    return np.sign(y_pred - y_true) / len(y_pred)


@mae_grad.mistake(
    "divided by the columns",
    "You divide by the length of the last axis. The mean runs over all elements, so N counts the rows too.",
)
def _(y_pred, y_true):
    return np.sign(y_pred - y_true) / y_pred.shape[-1]


@mae_grad.mistake(
    "+1 where equal",
    "Where prediction and target are equal your slope is +1/N. This exercise takes 0 there, in the middle "
    "of the possible subgradients.",
)
def _(y_pred, y_true):
    return np.where(y_pred >= y_true, 1.0, -1.0) / np.size(y_pred)


@mae_grad.mistake(
    "-1 where equal",
    "Where prediction and target are equal your slope is -1/N. This exercise takes 0 there, in the middle "
    "of the possible subgradients.",
)
def _(y_pred, y_true):
    return np.where(y_pred > y_true, 1.0, -1.0) / np.size(y_pred)


@mae_grad.mistake(
    "0 divided by 0",
    "d / |d| is not a number where the error d is 0. The slope there is 0: treat it by itself, or use "
    "`np.sign`.",
)
def _(y_pred, y_true):
    d = y_pred - y_true
    return d / np.abs(d) / d.size


@mae_grad.mistake(
    "a small number in the denominator",
    "d / (|d| + ε) shrinks the slope of tiny errors. The slope of |d| is ±1 however small d is: use the "
    "sign.",
)
def _(y_pred, y_true):
    d = y_pred - y_true
    return d / (np.abs(d) + 1e-8) / d.size


@mae_grad.mistake(
    "tiny errors taken for 0",
    "Tiny errors have slope 0 in your answer (`np.isclose`?). Only where prediction and target are exactly "
    "equal is it 0.",
)
def _(y_pred, y_true):
    d = y_pred - y_true
    return np.where(np.isclose(y_pred, y_true), 0.0, np.sign(d)) / d.size


@mae_grad.mistake(
    "gradient of the squared error",
    "Your gradient grows with the error: it is that of the mean squared error. The slope of |d| is -1 or 1.",
)
def _(y_pred, y_true):
    d = y_pred - y_true
    return 2 * d / d.size


@mae_grad.mistake(
    "difference for sign",
    "You return the error itself over N. The slope of |d| depends on the sign of d alone.",
)
def _(y_pred, y_true):
    d = y_pred - y_true
    return d / d.size


@mae_grad.mistake(
    "absolute value for slope",
    "You return |d| / N, the loss of each element. Its slope is the sign of d, over N.",
)
def _(y_pred, y_true):
    d = y_pred - y_true
    return np.abs(d) / d.size


@mae_grad.mistake(
    "the loss", "You return the loss, one number. Its subgradient is due: an array of the shape of y_pred."
)
def _(y_pred, y_true):
    return np.mean(np.abs(y_pred - y_true))


@mae_grad.mistake("loss returned too", "You return the loss as well. The subgradient alone is due.")
def _(y_pred, y_true):
    return np.mean(np.abs(y_pred - y_true)), mae_grad.reference(y_pred, y_true)


@mae_grad.mistake(
    "sign of the prediction",
    "You take the sign of y_pred. The sign of the *error*, y_pred - y_true, decides.",
)
def _(y_pred, y_true):
    return np.sign(y_pred) / np.size(y_pred)


@mae_grad.mistake(
    "averaged to a number",
    "You average the slopes to one number. Each prediction has its own: keep the shape of y_pred.",
)
def _(y_pred, y_true):
    return np.mean(np.sign(y_pred - y_true))


@mae_grad.mistake(
    "divided by the wrong ones",
    "You divide by the number of predictions that are not exact. The mean counts all N elements.",
)
def _(y_pred, y_true):
    s = np.sign(y_pred - y_true)
    with np.errstate(invalid="ignore"):
        return s / np.count_nonzero(s)


@mae_grad.mistake(
    "half", "Your slopes are half as large as they should be: there is no 1/2 in the mean absolute error."
)
def _(y_pred, y_true):
    return np.sign(y_pred - y_true) / (2 * np.size(y_pred))


@mae_grad.mistake("flattened", "Your subgradient is one long row. It must have the shape of y_pred.")
def _(y_pred, y_true):
    return (np.sign(y_pred - y_true) / np.size(y_pred)).ravel()


@mae_grad.mistake(
    "eps in the denominator",
    "You divide the error by its size plus a small number: small errors then get a slope well below 1. The "
    "slope is exactly -1, 0 or 1 (over N): `np.sign`.",
)
def _(y_pred, y_true):
    d = np.subtract(y_pred, y_true, dtype=float)
    return d / (np.abs(d) + 1e-2) / d.size


@mae_grad.mistake(
    "divided by N - 1",
    "You divide by N - 1. The mean runs over all N elements.",
)
def _(y_pred, y_true):
    return np.sign(np.subtract(y_pred, y_true, dtype=float)) / max(np.size(y_pred) - 1, 1)


@mae_grad.mistake(
    "something else where equal",
    "Where prediction and target are equal your slope is neither 0 nor 1/N in size. This exercise takes 0.",
)
def _(y_pred, y_true):
    d = np.subtract(y_pred, y_true, dtype=float)
    return np.where(d == 0, 0.5, np.sign(d)) / d.size


@mae_grad.variant
def _(y_pred, y_true):
    return ((y_pred > y_true).astype(float) - (y_pred < y_true)) / y_pred.size


@mae_grad.variant
def _(y_pred, y_true):
    grad = np.zeros(y_pred.shape)
    for i in np.ndindex(y_pred.shape):
        if y_pred[i] > y_true[i]:
            grad[i] = 1 / y_pred.size
        elif y_pred[i] < y_true[i]:
            grad[i] = -1 / y_pred.size
    return grad


@mae_grad.variant
def _(y_pred, y_true):
    d = np.asarray(y_pred, dtype=float) - y_true
    slope = np.divide(d, np.abs(d), out=np.zeros_like(d), where=d != 0)
    return (slope / np.prod(d.shape)).astype(np.float32)


@mae_grad.variant
def _(y_pred, y_true):
    return np.where(y_pred == y_true, 0.0, np.where(y_pred > y_true, 1.0, -1.0)) * (1 / y_pred.size)


# ---------------------------------------------------------------------------- huber_loss


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Compute a loss that is quadratic for small errors and linear for large ones.",
    hints=(
        "Each error falls into one of two branches. It is its *magnitude* that is compared with delta.",
        "Equation (7.4): d²/2 up to delta; beyond it a line of slope delta that continues the parabola "
        "without a jump.",
        "The line is delta (|d| - delta/2): at |d| = delta both branches give delta²/2. `np.where` chooses "
        "between the two arrays; then take the mean over all elements.",
    ),
)
def huber_loss(y_pred, y_true, delta=1.0):
    """Return the mean Huber loss, equation (7.4).

    With d = y_pred - y_true an element counts d^2 / 2 where |d| <= delta, and delta (|d| - delta / 2) beyond.

    Parameters
    ----------
    y_pred : array of any shape
        Predictions.
    y_true : array, shape of y_pred
        Targets; they may be integers.
    delta : float, positive
        The magnitude of an error at which the loss turns linear.

    Returns
    -------
    float
        The mean over all elements.
    """
    d = np.abs(y_pred - y_true)
    return np.mean(np.where(d <= delta, d**2 / 2, delta * (d - delta / 2)))


huber_loss.equivalent(
    "return np.mean(np.where(d <= delta, d ** 2 / 2, delta * (d - delta / 2)))  ->  return "
    "np.mean(np.where(d < delta, d ** 2 / 2, delta * (d - delta / 2)))",
    "at |d| = delta both branches give delta squared over 2",
)


@huber_loss.cases
def _(rng):
    def errors(*d):
        y_true = rng.normal(size=len(d))
        return y_true + np.array(d), y_true

    yield case(*errors(0.3, -0.4, 2.5, -3.0), note="errors in both branches and of both signs")
    yield case(*errors(0.3, -1.5, 2.5, -8.0, 1.2), 2.0, note="delta = 2")
    yield case(*errors(0.2, -0.4, 0.8, -3.0), delta=0.5, note="delta = 0.5")
    y_true = rng.normal(size=(4, 3))
    yield case(y_true + rng.uniform(-3, 3, (4, 3)), y_true, 1.5, note="two axes: N = 12")
    yield case(*errors(-2.0), group="shape", note="one error, beyond delta")
    yield case(*errors(0.5), group="shape", note="one error, within delta")
    y_true = rng.normal(size=(3, 3))
    yield case(y_true + rng.uniform(-3, 3, (3, 3)), y_true, group="shape", note="square")
    yield case(y_true[:, :1] + 2.0, y_true[:, :1], 0.5, group="shape", note="a column")
    yield case(np.array([2.0, -2.0]), np.zeros(2), 2.0, group="edge", note="errors of exactly delta")
    yield case(np.array([0.0, 0.0, 1.0]), np.zeros(3), group="edge", note="errors of exactly 0")
    yield case(*errors(1.5, -2.0, 3.0), 1e6, group="edge", note="a huge delta: half the squared error")
    yield case(
        *errors(1.5, -2.0, 3.0), 1e-3, group="edge", note="a tiny delta: nearly delta times |d|", atol=1e-9
    )
    yield case(np.array([3, 0, 2, 2]), np.array([1, 1, 2, 5]), 2, group="edge", note="integers")
    yield case(
        np.array([0.5, 3.0, -2.0], dtype=np.float32),
        np.zeros(3, dtype=np.float32),
        group="edge",
        note="float32",
    )
    yield case(*errors(1e6, -1e6, 0.1), group="edge", note="huge errors")


def _huber(small=None, large=None, within=None, collect=np.mean):
    """Return a Huber loss of which single parts are replaced."""

    def answer(y_pred, y_true, delta=1.0):
        d = y_pred - y_true
        near = d**2 / 2 if small is None else small(d, delta)
        far = delta * (np.abs(d) - delta / 2) if large is None else large(d, delta)
        return collect(np.where(np.abs(d) <= delta if within is None else within(d, delta), near, far))

    return answer


huber_loss.mistake(
    "half missing in the parabola",
    "Within delta you count d² and not d²/2. With the 1/2 the parabola meets the line at |d| = delta.",
)(_huber(small=lambda d, delta: d**2 * 1.0))

huber_loss.mistake(
    "branches do not meet",
    "Beyond delta you count delta |d| alone, and the loss jumps at |d| = delta. The line must be lowered so "
    "that it continues the parabola.",
)(_huber(large=lambda d, delta: delta * np.abs(d)))

huber_loss.mistake(
    "half of delta missing",
    "Beyond delta you count delta (|d| - delta): at |d| = delta that is 0, while the parabola has reached "
    "delta²/2. Lower the line by half as much.",
)(_huber(large=lambda d, delta: delta * (np.abs(d) - delta)))

huber_loss.mistake(
    "slope delta missing",
    "Your linear branch has slope 1: |d| - delta/2. The parabola's slope at delta is delta, and the line "
    "continues with it. For delta = 1 nobody notices.",
)(_huber(large=lambda d, delta: np.abs(d) - delta / 2))

huber_loss.mistake(
    "line with 1/2 for delta/2",
    "Your linear branch subtracts 1/2 where delta/2 is meant: delta (|d| - 1/2). For delta = 1 nobody "
    "notices.",
)(_huber(large=lambda d, delta: delta * (np.abs(d) - 0.5)))

huber_loss.mistake(
    "delta squared not halved",
    "Your linear branch is delta |d| - 1/2. The term subtracted is delta²/2: for delta = 1 nobody notices.",
)(_huber(large=lambda d, delta: delta * np.abs(d) - 0.5))

huber_loss.mistake(
    "delta squared within the line",
    "Your line subtracts delta²/2 inside the parentheses, which delta multiplies once more. It is delta "
    "(|d| - delta/2).",
)(_huber(large=lambda d, delta: delta * (np.abs(d) - delta**2 / 2)))

huber_loss.mistake(
    "line halved",
    "Your line has a factor 1/2. Its slope is delta, so that it continues the parabola smoothly: delta (|d| "
    "- delta/2).",
)(_huber(large=lambda d, delta: delta * (np.abs(d) - delta / 2) / 2))

huber_loss.mistake(
    "line raised", "Your line adds delta/2 where it should subtract it: at |d| = delta the loss jumps."
)(_huber(large=lambda d, delta: delta * (np.abs(d) + delta / 2)))

huber_loss.mistake(
    "delta ignored",
    "Your answer does not depend on delta: it is that of delta = 1. Use the argument in the comparison and "
    "in the line.",
)(lambda y_pred, y_true, delta=1.0: huber_loss.reference(y_pred, y_true))

huber_loss.mistake("compared with 1", "You compare the error with 1. The branches change at delta.")(
    _huber(within=lambda d, delta: np.abs(d) <= 1)
)

huber_loss.mistake(
    "no absolute value in the comparison",
    "You compare the error with its sign: a large negative error passes for a small one and is squared. "
    "Compare its magnitude.",
)(_huber(within=lambda d, delta: d <= delta))

huber_loss.mistake(
    "no absolute value in the line",
    "Beyond delta you use the error with its sign, so that large negative errors lower the loss. Use its "
    "magnitude.",
)(_huber(large=lambda d, delta: delta * (d - delta / 2)))

huber_loss.mistake(
    "branches exchanged",
    "The branches are exchanged: small errors go to the line, large ones to the parabola.",
)(_huber(within=lambda d, delta: np.abs(d) > delta))

huber_loss.mistake(
    "squared error compared", "You compare the squared error with delta. It is |d| that is compared."
)(_huber(within=lambda d, delta: d**2 <= delta))

huber_loss.mistake("sum instead of mean", "You sum over the elements. The loss is their mean.")(
    _huber(collect=np.sum)
)

huber_loss.mistake(
    "no mean taken", "You return the loss of each element. A loss is one number: take the mean."
)(_huber(collect=lambda a: a))

huber_loss.mistake(
    "divided by the samples", "You divide by the number of rows. The mean runs over all elements."
)(_huber(collect=lambda a: np.sum(a) / len(a)))

huber_loss.mistake("mean over one axis", "Your loss still has an axis: take the mean over all elements.")(
    _huber(collect=lambda a: np.mean(a, axis=0))
)

huber_loss.mistake(
    "smooth L1",
    "You compute PyTorch's smooth_l1_loss, which is the Huber loss divided by delta: d²/(2 delta) and |d| - "
    "delta/2.",
)(_huber(small=lambda d, delta: d**2 / (2 * delta), large=lambda d, delta: np.abs(d) - delta / 2))

huber_loss.mistake(
    "pseudo-Huber", "You compute the pseudo-Huber loss, a smooth relative. Here the loss has two branches."
)(lambda y_pred, y_true, delta=1.0: np.mean(delta**2 * (np.sqrt(1 + ((y_pred - y_true) / delta) ** 2) - 1)))

huber_loss.mistake(
    "errors clipped",
    "You clip the errors at delta and square them: beyond delta the loss stays the same, however large the "
    "error is. There it goes on along a line.",
)(lambda y_pred, y_true, delta=1.0: np.mean(np.clip(y_pred - y_true, -delta, delta) ** 2) / 2)

huber_loss.mistake(
    "one branch for all",
    "You choose one branch for the whole array (by its largest or mean error). Each element has its own.",
)(
    lambda y_pred, y_true, delta=1.0: (
        np.mean((y_pred - y_true) ** 2) / 2
        if np.all(np.abs(y_pred - y_true) <= delta)
        else np.mean(delta * (np.abs(y_pred - y_true) - delta / 2))
    )
)

huber_loss.mistake(
    "branch by the mean error",
    "You choose one branch for the whole array, by its mean error. Each element has its own.",
)(
    lambda y_pred, y_true, delta=1.0: (
        np.mean((y_pred - y_true) ** 2) / 2
        if np.mean(np.abs(y_pred - y_true)) <= delta
        else np.mean(delta * (np.abs(y_pred - y_true) - delta / 2))
    )
)

huber_loss.mistake(
    "line throughout",
    "Your loss is the line for small errors too: you leave the parabola out, or take the smaller of the two "
    "branches, which is the line everywhere. Compare |d| with delta to choose.",
)(
    lambda y_pred, y_true, delta=1.0: np.mean(
        np.minimum((y_pred - y_true) ** 2 / 2, delta * (np.abs(y_pred - y_true) - delta / 2))
    )
)

huber_loss.mistake(
    "squared error throughout", "Your loss is quadratic for all errors. Beyond delta it grows like a line."
)(_huber(large=lambda d, delta: d**2 / 2))

huber_loss.mistake("gradient returned too", "You return more than the loss. One float is due.")(
    lambda y_pred, y_true, delta=1.0: (
        huber_loss.reference(y_pred, y_true, delta),
        np.clip(y_pred - y_true, -delta, delta) / np.size(y_pred),
    )
)


@huber_loss.mistake(
    "truncated to integers",
    "With integer inputs your array of losses holds integers too, and cuts off the halves. Create it as "
    "floats.",
)
def _(y_pred, y_true, delta=1.0):
    d = np.abs(y_pred - y_true)
    loss = np.zeros_like(d)
    loss[d <= delta] = d[d <= delta] ** 2 / 2
    loss[d > delta] = delta * (d[d > delta] - delta / 2)
    return np.mean(loss)


huber_loss.mistake(
    "mean error first",
    "You average the errors first and choose one branch for all of them. Each element has a branch of its "
    "own; the mean comes last.",
)(
    lambda y_pred, y_true, delta=1.0: huber_loss.reference(
        np.mean(np.abs(np.subtract(y_pred, y_true))), np.float64(0.0), delta
    )
)


huber_loss.mistake(
    "logarithm of cosh",
    "You compute log cosh, a smooth relative. Here the loss has two branches, which meet at delta.",
)(
    lambda y_pred, y_true, delta=1.0: float(
        np.mean(np.logaddexp(np.subtract(y_pred, y_true), np.subtract(y_true, y_pred)) - np.log(2))
    )
)

huber_loss.mistake(
    "median instead of mean", "You take the median over the elements. The loss is their mean."
)(_huber(collect=np.median))

huber_loss.mistake("largest instead of mean", "You take the largest loss. The loss is the mean of all.")(
    _huber(collect=np.max)
)


@huber_loss.variant
def _(y_pred, y_true, delta=1.0):
    d = np.abs(y_pred - y_true)
    capped = np.minimum(d, delta)
    return float(np.mean(capped * (d - capped / 2)))


@huber_loss.variant
def _(y_pred, y_true, delta=1.0):
    total = 0.0
    for p, t in zip(np.ravel(y_pred), np.ravel(y_true), strict=True):
        d = abs(float(p) - float(t))
        total += d * d / 2 if d < delta else delta * d - delta**2 / 2
    return total / np.size(y_pred)


@huber_loss.variant
def _(y_pred, y_true, delta=1.0):
    d = np.asarray(y_pred, dtype=np.float64) - y_true
    loss = 0.5 * d**2
    far = np.abs(d) > delta
    loss[far] = delta * (np.abs(d[far]) - 0.5 * delta)
    return loss.sum() / loss.size


@huber_loss.variant
def _(y_pred, y_true, delta=1.0):
    d = np.abs(np.subtract(y_pred, y_true, dtype=np.float32))
    near = np.minimum(d, np.float32(delta))
    return np.float32(np.mean(near**2 / 2 + np.float32(delta) * (d - near)))


# ---------------------------------------------------------------------------- bce_with_logits


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Compute binary cross-entropy from logits, exactly, even where a probability would round to 0 or 1.",
    hints=(
        "With z = 1000 a sigmoid is 1.0 and log(1 - 1.0) is minus infinity, though the loss is 1000. Do not "
        "take the detour by way of the probability.",
        "Equation (7.6): insert p = sigmoid(z) into the cross-entropy and simplify. log(1 + e^z) - y z "
        "remains, and the logarithm can be written so that only e to a *negative* power occurs.",
        "log(1 + e^z) = max(z, 0) + log1p(exp(-|z|)), which is also `np.logaddexp(0, z)`. The gradient is "
        "(sigmoid(z) - y) / n with a sigmoid that does not overflow.",
    ),
)
def bce_with_logits(z, y):
    """Return the mean binary cross-entropy of logits and its gradient, equations (7.6) and (7.7).

    Parameters
    ----------
    z : array (n_samples,)
        Logits, of any size: at z = 1000 and y = 0 the loss is 1000, and no warning occurs.
    y : array (n_samples,)
        Targets: labels 0 and 1, or probabilities between them.

    Returns
    -------
    loss : float
        The mean over the samples of -(y log p + (1 - y) log(1 - p)), p = sigmoid(z), natural logarithm.
    grad : array (n_samples,)
        The gradient of the loss at z.
    """
    loss = np.mean(np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z))))
    grad = (0.5 * (1 + np.tanh(0.5 * z)) - y) / len(z)
    return loss, grad


@bce_with_logits.gradient_of("z", output=1)
def _(z, y):
    return np.mean(np.logaddexp(0, z) - y * z)


@bce_with_logits.cases
def _(rng):
    yield case(rng.normal(size=6), np.array([0, 1, 1, 0, 1, 0]), note="labels 0 and 1")
    soft = np.append(rng.uniform(0.1, 0.4, 2), rng.uniform(0.6, 0.9, 3))  # rounding gives both labels
    yield case(2 * rng.normal(size=5), soft, note="soft labels between 0 and 1")
    yield case(np.array([3.0, -2.0, -4.0]), np.array([0.0, 1.0, 0.0]), note="two confident errors")
    yield case(rng.normal(size=1), np.array([1]), group="shape", note="one sample, y = 1")
    yield case(rng.normal(size=1), np.array([0]), group="shape", note="one sample, y = 0")
    yield case(np.zeros(4), np.array([0, 1, 0, 1]), group="edge", note="z exactly 0: the loss is log 2")
    yield case(rng.integers(-3, 4, 5), np.array([0, 1, 0, 1, 1]), group="edge", note="z of integers")
    yield case(
        rng.normal(size=4).astype(np.float32),
        np.array([0, 1, 1, 0], dtype=np.float32),
        group="edge",
        note="float32",
    )
    for z, y, what in [
        (1000.0, 0.0, "z = 1000, y = 0: the loss is 1000"),
        (-1000.0, 1.0, "z = -1000, y = 1: the loss is 1000"),
        (1000.0, 1.0, "z = 1000, y = 1: the loss is 0"),
        (-1000.0, 0.0, "z = -1000, y = 0: the loss is 0"),
    ]:
        yield case(np.array([z]), np.array([y]), group="stability", quiet=True, note=what)
    yield case(
        np.array([1000.0, -1000.0, 0.5, 40.0]),
        np.array([0.25, 0.5, 1.0, 0.0]),
        group="stability",
        quiet=True,
        note="large logits with soft labels",
    )
    yield case(
        np.array([25.0, -30.0]),
        np.array([0.0, 1.0]),
        group="stability",
        quiet=True,
        rtol=1e-6,
        note="logits of 25 and -30: the loss is 27.5",
    )


def _bce_z(loss=None, grad=None):
    """Return a stable bce_with_logits of which loss or gradient is replaced."""

    def answer(z, y):
        p = 0.5 * (1 + np.tanh(0.5 * z))
        each = np.logaddexp(0, z) - y * z
        return (
            np.mean(each) if loss is None else loss(each, z, y, p),
            (p - y) / len(z) if grad is None else grad(z, y, p),
        )

    return answer


def _clipped(eps):
    """Return the loss of probabilities that are kept eps away from 0 and 1."""

    def loss(each, z, y, p):
        p = np.clip(p, eps, 1 - eps)
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))

    return loss


@bce_with_logits.mistake(
    "logarithm of a rounded probability",
    "You go by way of the sigmoid and take its logarithm: at z = ±1000 that is log 0, and the loss becomes "
    "infinite or not a number. Simplify log(sigmoid(z)) on paper first, equation (7.6).",
)
def _(z, y):
    p = 1 / (1 + np.exp(-z))
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (p - y) / len(z)


@bce_with_logits.mistake(
    "logarithm of a rounded probability, stable sigmoid",
    "Your sigmoid is stable, but its logarithm is not: at z = ±1000 the probability has rounded to 0 or 1, "
    "and log 0 is infinite. Simplify log(sigmoid(z)) on paper first, equation (7.6).",
)
def _(z, y):
    return _bce_z(loss=lambda each, z, y, p: -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))(z, y)


def _added(eps):
    """Return the loss of probabilities with a small number inside the logarithms."""
    return lambda each, z, y, p: -np.mean(y * np.log(p + eps) + (1 - y) * np.log(1 - p + eps))


for _eps, _what in [(1e-7, "16.1"), (1e-8, "18.4"), (1e-10, "23"), (1e-12, "27.6"), (1e-15, "34.5")]:
    bce_with_logits.mistake(
        f"probabilities clipped at {_eps:g}",
        f"You clip the probabilities or add a small number to them: the loss is at most {_what} where it "
        "should be 1000, and the worst errors all look alike. Work with the logits, equation (7.6); nothing "
        "needs clipping there.",
    )(_bce_z(loss=_clipped(_eps)))
    if _eps < 1e-8:  # with a larger number both do the same
        bce_with_logits.mistake(
            f"{_eps:g} added inside the logarithm",
            f"You add {_eps:g} inside the logarithm: the loss is at most {_what} where it should be 1000. "
            "Work with the logits, equation (7.6); no logarithm of 0 occurs there.",
        )(_bce_z(loss=_added(_eps)))


for _bound in (10, 20, 30, 50, 100, 500, 700):
    bce_with_logits.mistake(
        f"logits clipped at {_bound}",
        f"You clip the logits at ±{_bound}, and so the loss at z = 1000 is {_bound}. "
        "With max(z, 0) and exp(-|z|) no clipping is needed.",
    )(lambda z, y, bound=_bound: bce_with_logits.reference(np.clip(z, -bound, bound), y))


@bce_with_logits.mistake(
    "exponential of +z",
    "log(1 + e^z) overflows for large z: e^1000 is infinite. Take the large part out of the logarithm, so "
    "that only exp(-|z|) remains (or use `np.logaddexp`).",
)
def _(z, y):
    return np.mean(np.log(1 + np.exp(z)) - y * z), _bce_z()(z, y)[1]


@bce_with_logits.mistake(
    "sigmoid overflows",
    "Your loss is stable, but the sigmoid of your gradient computes exp(1000) on the way and warns of an "
    "overflow. Use a form that only takes exponentials of negative numbers.",
)
def _(z, y):
    return bce_with_logits.reference(z, y)[0], (1 / (1 + np.exp(-z)) - y) / len(z)


bce_with_logits.mistake(
    "gradient not averaged",
    "Your gradient lacks the 1/n of the mean: the loss is divided by the number of samples, and so is its "
    "gradient.",
)(_bce_z(grad=lambda z, y, p: p - y))

bce_with_logits.mistake(
    "gradient averaged to a number",
    "Your gradient is one number, the mean. Each logit has its own partial derivative: the shape of z is "
    "due.",
)(_bce_z(grad=lambda z, y, p: np.mean(p - y)))

bce_with_logits.mistake(
    "sum instead of mean",
    "You sum over the samples. The loss is a mean, and its gradient carries the same 1/n.",
)(_bce_z(loss=lambda each, z, y, p: np.sum(each), grad=lambda z, y, p: p - y))

bce_with_logits.mistake(
    "sum instead of mean in the loss",
    "Your loss is the sum over the samples. Take the mean; your gradient has its 1/n already.",
)(_bce_z(loss=lambda each, z, y, p: np.sum(each)))

bce_with_logits.mistake(
    "no mean taken",
    "Your loss is an array with the loss of each sample. A loss is one number: take the mean.",
)(_bce_z(loss=lambda each, z, y, p: each))

bce_with_logits.mistake(
    "gradient sign reversed",
    "Your gradient has the opposite sign. It is the probability minus the target: where p is too large, "
    "lower z.",
)(_bce_z(grad=lambda z, y, p: (y - p) / len(z)))

bce_with_logits.mistake(
    "gradient at the probability",
    "Your gradient is (p - y) / (p (1 - p)), the derivative with respect to the *probability*. With respect "
    "to the logit the sigmoid's own derivative cancels the denominator.",
)(_bce_z(grad=lambda z, y, p: (p - y) / np.maximum(p * (1 - p), 1e-300) / len(z)))

bce_with_logits.mistake(
    "sigmoid's derivative once more",
    "You multiply the gradient by p (1 - p). That factor has cancelled already: (p - y) / n is the whole "
    "gradient.",
)(_bce_z(grad=lambda z, y, p: (p - y) * p * (1 - p) / len(z)))

bce_with_logits.mistake(
    "gradient z - y",
    "Your gradient subtracts the target from the logit. It is the probability sigmoid(z) from which y is "
    "subtracted.",
)(_bce_z(grad=lambda z, y, p: (z - y) / len(z)))

bce_with_logits.mistake(
    "gradient of hard predictions",
    "Your gradient rounds the probability to a label before it subtracts y. Use the probability itself.",
)(_bce_z(grad=lambda z, y, p: ((p >= 0.5) - y) / len(z)))

bce_with_logits.mistake(
    "term of the zeros missing",
    "Your loss has only the term y log p. Samples with y = 0 count through (1 - y) log(1 - p).",
)(_bce_z(loss=lambda each, z, y, p: np.mean(y * np.logaddexp(0, -z))))

bce_with_logits.mistake(
    "term y z missing", "Your loss lacks the term - y z, and so does not look at the target."
)(_bce_z(loss=lambda each, z, y, p: np.mean(np.logaddexp(0, z))))

bce_with_logits.mistake(
    "max left out",
    "Your loss lacks the max(z, 0): it is right for negative logits only. log(1 + e^z) = max(z, 0) + "
    "log1p(exp(-|z|)).",
)(_bce_z(loss=lambda each, z, y, p: np.mean(-y * z + np.log1p(np.exp(-np.abs(z))))))

bce_with_logits.mistake(
    "|z| for max(z, 0)",
    "For negative logits your loss is too large by |z|: either |z| stands where max(z, 0) belongs, or e^-z "
    "where e^-|z| does.",
)(_bce_z(loss=lambda each, z, y, p: np.mean(np.abs(z) - y * z + np.log1p(np.exp(-np.abs(z))))))

bce_with_logits.mistake(
    "labels exchanged", "Your loss takes y for 1 - y: it rewards a large logit where the target is 0."
)(_bce_z(loss=lambda each, z, y, p: np.mean(np.logaddexp(0, z) - (1 - y) * z)))

bce_with_logits.mistake(
    "loss sign reversed", "Your loss is negative: the minus in front of the logarithms is missing."
)(_bce_z(loss=lambda each, z, y, p: -np.mean(each)))

bce_with_logits.mistake(
    "labels -1 and +1",
    "You use log(1 + e^(-y z)), the form for labels -1 and +1. Here the targets lie between 0 and 1.",
)(_bce_z(loss=lambda each, z, y, p: np.mean(np.logaddexp(0, -y * z))))

bce_with_logits.mistake(
    "labels rounded",
    "You choose a term by whether y is 1 (or above 1/2). With a soft label both terms count, weighted by y "
    "and 1 - y.",
)(_bce_z(loss=lambda each, z, y, p: np.mean(np.where(y > 0.5, np.logaddexp(0, -z), np.logaddexp(0, z)))))

bce_with_logits.mistake(
    "labels other than 1 taken for 0",
    "You choose a term by whether y equals 1. With a soft label both terms count, weighted by y and 1 - y.",
)(_bce_z(loss=lambda each, z, y, p: np.mean(np.where(y == 1, np.logaddexp(0, -z), np.logaddexp(0, z)))))

bce_with_logits.mistake(
    "labels rounded in loss and gradient",
    "You round the targets to 0 and 1. With a soft label both terms count, weighted by y and 1 - y.",
)(lambda z, y: bce_with_logits.reference(z, np.where(y > 0.5, 1.0, 0.0)))

bce_with_logits.mistake(
    "logarithm to base 2",
    "Your loss uses the logarithm to base 2. This book's cross-entropy uses the natural one.",
)(_bce_z(loss=lambda each, z, y, p: np.mean(each) / np.log(2)))

bce_with_logits.mistake(
    "logarithm to base 10",
    "Your loss uses the logarithm to base 10. This book's cross-entropy uses the natural one.",
)(_bce_z(loss=lambda each, z, y, p: np.mean(each) / np.log(10)))

bce_with_logits.mistake(
    "squared error",
    "Your loss is the squared error of the probabilities. Cross-entropy takes their logarithms.",
)(_bce_z(loss=lambda each, z, y, p: np.mean((p - y) ** 2)))

bce_with_logits.mistake(
    "logits taken for probabilities",
    "You take the logarithm of z itself. z is a logit, any real number; the probability is sigmoid(z).",
)(lambda z, y: (-np.mean(y * np.log(z) + (1 - y) * np.log(1 - z)), (z - y) / (z * (1 - z)) / len(z)))

bce_with_logits.mistake(
    "gradient missing", "You return the loss alone. Return two things: the loss, then its gradient."
)(lambda z, y: bce_with_logits.reference(z, y)[0])

bce_with_logits.mistake(
    "order exchanged", "You return the gradient first. Return the loss, then its gradient."
)(lambda z, y: bce_with_logits.reference(z, y)[::-1])

bce_with_logits.mistake(
    "probabilities returned",
    "You return the probabilities where the gradient is due: subtract the targets and divide by n.",
)(_bce_z(grad=lambda z, y, p: p))


@bce_with_logits.mistake(
    "logits cut off to probabilities",
    "You put the logits into the logarithms as if they were probabilities (cut off at 0 and 1). A logit is "
    "any number; its probability is sigmoid(z).",
)
def _(z, y):
    p = np.clip(np.asarray(z, dtype=float), 1e-12, 1 - 1e-12)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))), (p - y) / len(p)


@bce_with_logits.variant
def _(z, y):
    p = np.exp(-np.logaddexp(0, -z))
    return float(np.mean(np.logaddexp(0, z) - y * z)), (p - y) / np.size(z)


@bce_with_logits.variant
def _(z, y):
    total, grad = 0.0, np.zeros(len(z))
    for i in range(len(z)):
        e = np.exp(-abs(z[i]))
        p = 1 / (1 + e) if z[i] >= 0 else e / (1 + e)
        total += max(z[i], 0) - z[i] * y[i] + np.log1p(e)
        grad[i] = (p - y[i]) / len(z)
    return total / len(z), grad


@bce_with_logits.variant
def _(z, y):
    e = np.exp(-np.abs(z))
    p = np.where(z >= 0, 1, e) / (1 + e)
    log_p, log_q = np.minimum(z, 0) - np.log1p(e), np.minimum(-z, 0) - np.log1p(e)
    return -np.mean(y * log_p + (1 - y) * log_q), np.divide(p - y, len(z))


@bce_with_logits.variant
def _(z, y):
    z, y = np.asarray(z, dtype=np.float32), np.asarray(y, dtype=np.float32)
    loss = (y * np.logaddexp(0, -z) + (1 - y) * np.logaddexp(0, z)).sum() / np.float32(len(z))
    with np.errstate(over="ignore"):
        return loss, (1 / (1 + np.exp(-z)) - y) / np.float32(len(z))


# ---------------------------------------------------------------------------- softmax_cross_entropy


@exercise(
    chapter=CHAPTER,
    difficulty="hard",
    aim="Compute cross-entropy from the logits of several classes, with log-sum-exp, and its gradient.",
    hints=(
        "Only the logarithm of the probability of the *right* class counts. Do you need the probability for "
        "it?",
        "Equation (7.9): log p_k = z_k - log(sum of e^z over the classes). Subtract each row's maximum "
        "first; the result does not change, and no exponential exceeds 1.",
        "`logits[np.arange(n), y]` picks one entry from each row. The gradient is the softmax, minus 1 at "
        "the right class of each row, all divided by n; take care to change only a copy.",
    ),
)
def softmax_cross_entropy(logits, y):
    """Return the mean cross-entropy of softmax(logits) and its gradient, equation (7.9).

    Parameters
    ----------
    logits : array (n_samples, n_classes)
        Scores, of any size (±1000 too, without a warning). Not changed.
    y : integer array (n_samples,)
        The right classes, 0 to n_classes - 1.

    Returns
    -------
    loss : float
        The mean over the samples of -log p of the right class, p the softmax of the row, natural logarithm.
    dlogits : array (n_samples, n_classes)
        The gradient of the loss at the logits.
    """
    n = len(logits)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -np.mean(log_p[np.arange(n), y])
    dlogits = np.exp(log_p)
    dlogits[np.arange(n), y] -= 1
    return loss, dlogits / n


@softmax_cross_entropy.gradient_of("logits", output=1)
def _(logits, y):
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


@softmax_cross_entropy.cases
def _(rng):
    yield case(rng.normal(size=(5, 3)), np.array([2, 0, 1, 1, 2]), note="five samples, three classes")
    y = rng.integers(0, 5, 4)  # the last class does not occur
    yield case(2 * rng.normal(size=(4, 6)), y, note="four samples, six classes")
    yield case(
        rng.normal(size=(4, 4)), np.array([1, 3, 0, 0]), group="shape", note="as many samples as classes"
    )
    yield case(rng.normal(size=(1, 3)), np.array([1]), group="shape", note="one sample")
    yield case(rng.normal(size=(6, 2)), np.array([0, 1, 1, 1, 0, 1]), group="shape", note="two classes")
    yield case(
        rng.normal(size=(5, 4)), np.array([2, 2, 2, 2, 2]), group="shape", note="only one class occurs"
    )
    yield case(np.zeros((3, 5)), np.array([0, 4, 2]), group="edge", note="uniform logits: the loss is log 5")
    yield case(rng.integers(-3, 4, (4, 3)), np.array([2, 0, 1, 1]), group="edge", note="logits of integers")
    yield case(
        rng.normal(size=(4, 3)).astype(np.float32), np.array([0, 2, 1, 0]), group="edge", note="float32"
    )
    stable = {"group": "stability", "quiet": True}
    yield case(1000 * np.eye(3), np.array([1, 1, 0]), note="logits of 1000: errors of 1000", **stable)
    yield case(-1000 * np.eye(3), np.array([0, 1, 0]), note="logits of -1000", **stable)
    yield case(
        np.array([[1000.0, 999.0, 998.0], [0.5, -0.5, 1.0], [-1000.0, -1001.0, -1000.5]]),
        np.array([2, 0, 1]),
        note="rows at very different levels",
        **stable,
    )
    yield case(
        np.array([[-1000.0, -1000.0], [1000.0, 1000.0]]), np.array([0, 1]), note="equal huge logits", **stable
    )
    yield case(
        np.array([[50.0, 0.0, -50.0], [0.0, 40.0, 0.0]]),
        np.array([2, 0]),
        note="confident errors: losses of 100 and 40",
        **stable,
    )


def _sce(loss=None, grad=None, shift=None, axis=1):
    """Return a softmax_cross_entropy of which single steps are replaced."""

    def answer(logits, y):
        n = len(logits)
        rows = np.arange(n)
        z = logits - logits.max(axis=axis, keepdims=True) if shift is None else shift(logits)
        log_p = z - np.log(np.exp(z).sum(axis=axis, keepdims=True))
        one_hot = np.eye(logits.shape[1])[y]
        p = np.exp(log_p)
        return (
            -np.mean(log_p[rows, y]) if loss is None else loss(log_p, p, y, one_hot),
            (p - one_hot) / n if grad is None else grad(p, y, one_hot),
        )

    return answer


softmax_cross_entropy.mistake(
    "gradient not averaged",
    "Your gradient lacks the 1/n of the mean: the loss is divided by the number of samples, and so is its "
    "gradient.",
)(_sce(grad=lambda p, y, one_hot: p - one_hot))

softmax_cross_entropy.mistake(
    "sum instead of mean",
    "You sum over the samples. The loss is a mean, and its gradient carries the same 1/n.",
)(_sce(loss=lambda log_p, p, y, one_hot: -np.sum(log_p * one_hot), grad=lambda p, y, one_hot: p - one_hot))

softmax_cross_entropy.mistake(
    "sum instead of mean in the loss",
    "Your loss is the sum over the samples. Take the mean; your gradient has its 1/n already.",
)(_sce(loss=lambda log_p, p, y, one_hot: -np.sum(log_p * one_hot)))

softmax_cross_entropy.mistake(
    "mean over the classes too",
    "You divide by n_samples times n_classes: the mean over a whole one-hot table counts its zeros. Divide "
    "by the number of samples.",
)(
    _sce(
        loss=lambda log_p, p, y, one_hot: -np.mean(log_p * one_hot),
        grad=lambda p, y, one_hot: (p - one_hot) / p.size,
    )
)

softmax_cross_entropy.mistake(
    "loss averaged over the classes too",
    "Your loss is divided by n_samples times n_classes: the mean over a whole one-hot table counts its "
    "zeros. Divide by the number of samples.",
)(_sce(loss=lambda log_p, p, y, one_hot: -np.mean(log_p * one_hot)))

softmax_cross_entropy.mistake(
    "gradient divided by the classes too",
    "Your gradient is divided by n_samples times n_classes. The mean runs over the samples alone.",
)(_sce(grad=lambda p, y, one_hot: (p - one_hot) / p.size))

softmax_cross_entropy.mistake(
    "gradient divided by the classes",
    "Your gradient is divided by the number of classes. The mean runs over the samples, the rows.",
)(_sce(grad=lambda p, y, one_hot: (p - one_hot) / p.shape[1]))


def _minus_one_in_all_rows(p, y, one_hot):
    """Return the gradient of `P[:, y] -= 1`."""
    p = p.copy()
    p[:, y] -= 1
    return p / len(p)


softmax_cross_entropy.mistake(
    "P[:, y] -= 1",
    "`P[:, y] -= 1` takes 1 from the columns y of *every* row. One entry of each row is meant: give the row "
    "numbers too, `np.arange(n)`.",
)(_sce(grad=_minus_one_in_all_rows))

softmax_cross_entropy.mistake(
    "logits[:, y]",
    "Your loss averages `log_p[:, y]`, the classes y of *every* row. One entry of each row is meant: give "
    "the row numbers too, `np.arange(n)`.",
)(_sce(loss=lambda log_p, p, y, one_hot: -np.mean(log_p[:, y])))

softmax_cross_entropy.mistake(
    "P[:, y] in both",
    "`[:, y]` picks the columns y of *every* row, in the loss and in the gradient. One entry of each row is "
    "meant: give the row numbers too, `np.arange(n)`.",
)(_sce(loss=lambda log_p, p, y, one_hot: -np.mean(log_p[:, y]), grad=_minus_one_in_all_rows))

softmax_cross_entropy.mistake(
    "softmax over the samples",
    "Your softmax runs down the columns: over the samples. Rows are samples here, so the probabilities of "
    "each *row* add up to 1 (axis 1).",
)(_sce(axis=0))

softmax_cross_entropy.mistake(
    "softmax over the whole array",
    "You divide by the sum over the whole array. Each row has its own sum (axis 1, keepdims).",
)(_sce(axis=None))


@softmax_cross_entropy.mistake(
    "maximum not subtracted",
    "e^1000 overflows. Subtract each row's maximum from the logits first: the softmax stays the same, and "
    "no exponential exceeds 1.",
)
def _(logits, y):
    return _sce(shift=lambda z: z)(logits, y)


@softmax_cross_entropy.mistake(
    "one maximum for the whole array",
    "You subtract one maximum from the whole array. A row far below it underflows to 0 everywhere, and log "
    "0 or 0/0 follows. Each row has its own maximum.",
)
def _(logits, y):
    return _sce(shift=lambda z: z - z.max())(logits, y)


softmax_cross_entropy.mistake(
    "maximum of the columns",
    "You subtract the maximum of each *column*. That changes the softmax: within a row all logits must be "
    "shifted by the same amount, the row's maximum.",
)(_sce(shift=lambda z: z - z.max(axis=0)))


def _softmax(logits):
    """Return the softmax of each row, with its maximum taken out."""
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@softmax_cross_entropy.mistake(
    "logarithm of a rounded probability",
    "You take the logarithm of the finished softmax: where a probability has rounded to 0 the loss is "
    "infinite. Take the logarithm on paper: the shifted logit minus the log of the sum of exponentials.",
)
def _(logits, y):
    p = _softmax(logits)
    rows = np.arange(len(y))
    return -np.mean(np.log(p[rows, y])), (p - np.eye(p.shape[1])[y]) / len(y)


@softmax_cross_entropy.mistake(
    "0 times the logarithm of 0",
    "You multiply the logarithms of all classes with the one-hot table: 0 times log 0 is not a number. Pick "
    "the right class's log-probability, and compute it without the detour by way of the probability.",
)
def _(logits, y):
    p = _softmax(logits)
    one_hot = np.eye(p.shape[1])[y]
    return -np.sum(one_hot * np.log(p)) / len(y), (p - one_hot) / len(y)


for _eps, _what in [
    (1e-7, "16.1"),
    (1e-8, "18.4"),
    (1e-9, "20.7"),
    (1e-10, "23"),
    (1e-12, "27.6"),
    (1e-15, "34.5"),
]:
    softmax_cross_entropy.mistake(
        f"probabilities kept above {_eps:g}",
        f"You clip the probabilities or add {_eps:g} to them, which caps the loss at {_what} where it "
        "should be 1000. Compute log p from the logits (log-sum-exp); no logarithm of 0 occurs there.",
    )(
        lambda logits, y, eps=_eps: _sce(
            loss=lambda log_p, p, y, one_hot: -np.mean(np.log(np.maximum(p[np.arange(len(y)), y], eps)))
        )(logits, y)
    )


@softmax_cross_entropy.mistake(
    "logits changed in place", "`logits -= …` changes your caller's array. Subtract into a new array."
)
def _(logits, y):
    if logits.dtype.kind == "f":
        logits -= logits.max(axis=1, keepdims=True)
    return softmax_cross_entropy.reference(logits, y)


softmax_cross_entropy.mistake(
    "gradient sign reversed",
    "Your gradient has the opposite sign: it is the softmax minus the one-hot labels.",
)(_sce(grad=lambda p, y, one_hot: (one_hot - p) / len(p)))

softmax_cross_entropy.mistake(
    "loss sign reversed", "Your loss is negative: the minus in front of the logarithm is missing."
)(_sce(loss=lambda log_p, p, y, one_hot: np.mean(log_p[np.arange(len(y)), y])))

softmax_cross_entropy.mistake(
    "softmax for gradient",
    "Your gradient is the softmax over n, with no 1 taken off at the right class. Its rows must add up to 0.",
)(_sce(grad=lambda p, y, one_hot: p / len(p)))

softmax_cross_entropy.mistake(
    "gradient at the right class only",
    "Your gradient is 0 except at the right class. The other classes have one too, their probability: it "
    "pushes them down.",
)(_sce(grad=lambda p, y, one_hot: (p - one_hot) * one_hot / len(p)))

softmax_cross_entropy.mistake(
    "gradient at the probabilities",
    "Your gradient is -1/p at the right class: the derivative with respect to the *probabilities*. With "
    "respect to the logits it is the softmax minus the one-hot labels, over n.",
)(_sce(grad=lambda p, y, one_hot: -one_hot / np.maximum(p, 1e-300) / len(p)))

softmax_cross_entropy.mistake(
    "sigmoid's derivative once more",
    "You multiply the gradient by p (1 - p). For softmax with cross-entropy that factor has cancelled.",
)(_sce(grad=lambda p, y, one_hot: (p - one_hot) * p * (1 - p) / len(p)))


@softmax_cross_entropy.mistake(
    "loss after the subtraction",
    "You take 1 off the probabilities for the gradient and then compute the loss from the same array. "
    "Compute the loss first, or work on a copy.",
)
def _(logits, y):
    p = _softmax(logits)
    rows = np.arange(len(y))
    p[rows, y] -= 1
    return -np.mean(np.log(p[rows, y])), p / len(y)


softmax_cross_entropy.mistake(
    "loss of the most probable class",
    "Your loss takes the largest probability of each row. The probability of the *right* class, y, counts.",
)(_sce(loss=lambda log_p, p, y, one_hot: -np.mean(log_p.max(axis=1))))

softmax_cross_entropy.mistake(
    "predictions for labels",
    "You take the most probable class for the label, in the loss and in the gradient. The labels are y.",
)(lambda logits, y: softmax_cross_entropy.reference(logits, logits.argmax(axis=1)))

softmax_cross_entropy.mistake(
    "labels counted from 1",
    "You subtract 1 from the labels. They are counted from 0 to n_classes - 1 already.",
)(lambda logits, y: softmax_cross_entropy.reference(logits, y - 1))

softmax_cross_entropy.mistake(
    "probability without logarithm",
    "Your loss averages probabilities. Cross-entropy averages their negative logarithms.",
)(_sce(loss=lambda log_p, p, y, one_hot: -np.mean(p[np.arange(len(y)), y])))

softmax_cross_entropy.mistake(
    "no mean taken",
    "Your loss is an array with the loss of each sample. A loss is one number: take the mean.",
)(_sce(loss=lambda log_p, p, y, one_hot: -log_p[np.arange(len(y)), y]))


@softmax_cross_entropy.mistake(
    "logit without the log-sum-exp",
    "Your loss is minus the right class's logit. What is missing is the logarithm of the sum of exponentials "
    "over all classes: only with it is it -log of a probability.",
)
def _(logits, y):
    return -np.mean(logits[np.arange(len(y)), y]), softmax_cross_entropy.reference(logits, y)[1]


softmax_cross_entropy.mistake(
    "last sample only in the loss",
    "Your loss holds the last sample alone: each turn of the loop overwrites it. Add up with `+=`, or take "
    "the mean of all.",
)(_sce(loss=lambda log_p, p, y, one_hot: -log_p[-1, y[-1]] / len(y)))

softmax_cross_entropy.mistake(
    "logarithm to base 2",
    "Your loss uses the logarithm to base 2. This book's cross-entropy uses the natural one.",
)(_sce(loss=lambda log_p, p, y, one_hot: -np.mean(log_p[np.arange(len(y)), y]) / np.log(2)))

softmax_cross_entropy.mistake(
    "logarithm to base 10",
    "Your loss uses the logarithm to base 10. This book's cross-entropy uses the natural one.",
)(_sce(loss=lambda log_p, p, y, one_hot: -np.mean(log_p[np.arange(len(y)), y]) / np.log(10)))

softmax_cross_entropy.mistake(
    "logarithm of the sum left out",
    "Your loss is minus the shifted logit of the right class: the logarithm of the sum of the exponentials "
    "is missing.",
)(
    lambda logits, y: (
        -np.mean((logits - logits.max(axis=1, keepdims=True))[np.arange(len(y)), y]),
        softmax_cross_entropy.reference(logits, y)[1],
    )
)

softmax_cross_entropy.mistake(
    "maximum not added back",
    "Your loss adds the log of the sum of *shifted* exponentials to the *unshifted* logit. Use the shifted "
    "logits in both places, or add the maximum back.",
)(
    lambda logits, y: (
        np.mean(
            np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1))
            - logits[np.arange(len(y)), y]
        ),
        softmax_cross_entropy.reference(logits, y)[1],
    )
)

softmax_cross_entropy.mistake(
    "binary form",
    "Your loss adds log(1 - p) for the other classes, as the binary form does. With several classes only "
    "the right class's -log p counts.",
)(
    _sce(
        loss=lambda log_p, p, y, one_hot: (
            -np.sum(one_hot * log_p + (1 - one_hot) * np.log1p(-np.minimum(p, 1 - 1e-16))) / len(y)
        )
    )
)

softmax_cross_entropy.mistake(
    "logits for gradient",
    "Your gradient subtracts the one-hot labels from the logits. It is the *softmax* from which they are "
    "subtracted.",
)(
    lambda logits, y: (
        softmax_cross_entropy.reference(logits, y)[0],
        (logits - np.eye(logits.shape[1])[y]) / len(y),
    )
)

softmax_cross_entropy.mistake(
    "gradient missing", "You return the loss alone. Return two things: the loss, then its gradient."
)(lambda logits, y: softmax_cross_entropy.reference(logits, y)[0])

softmax_cross_entropy.mistake(
    "order exchanged", "You return the gradient first. Return the loss, then its gradient."
)(lambda logits, y: softmax_cross_entropy.reference(logits, y)[::-1])

softmax_cross_entropy.mistake(
    "probabilities returned",
    "You return the probabilities where the gradient is due: take 1 off at the right class of each row and "
    "divide by n.",
)(_sce(grad=lambda p, y, one_hot: p))


@softmax_cross_entropy.mistake(
    "labels taken for one-hot",
    "You multiply by y as if it were a one-hot table. y holds class numbers, one for each row: pick with "
    "them, `[np.arange(n), y]`, or turn them into one-hot rows first.",
)
def _(logits, y):
    log_p = np.log(_softmax(logits))
    return -np.sum(y[:, None] * log_p) / len(y), (np.exp(log_p) - y[:, None]) / len(y)


@softmax_cross_entropy.mistake(
    "logits taken for probabilities",
    "You take the logarithm of the logits as if they were probabilities. They are scores, any real numbers: "
    "the softmax comes first.",
)
def _(logits, y):
    P = np.clip(np.asarray(logits, dtype=float), 1e-12, 1)
    n = len(P)
    grad = P.copy()
    grad[np.arange(n), y] -= 1
    return float(-np.log(P[np.arange(n), y]).mean()), grad / n


@softmax_cross_entropy.mistake(
    "exponential overflows",
    "exp overflows for logits near 1000, and infinity over infinity is not a number. Subtract each row's "
    "largest logit first; the softmax does not change.",
)
def _(logits, y):
    n = len(y)
    E = np.exp(np.asarray(logits, dtype=float))
    P = E / E.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(n), y]).mean()
    P[np.arange(n), y] -= 1
    return float(loss), P / n


@softmax_cross_entropy.mistake(
    "one maximum for all rows",
    "You subtract the largest logit of the *whole array*. In a row far below it every exponential is 0. "
    "Subtract each row's own maximum.",
)
def _(logits, y):
    n = len(y)
    E = np.exp(np.asarray(logits, dtype=float) - np.max(logits))
    P = E / E.sum(axis=1, keepdims=True)
    loss = -np.log(P[np.arange(n), y]).mean()
    P[np.arange(n), y] -= 1
    return float(loss), P / n


@softmax_cross_entropy.mistake(
    "classes counted from the labels",
    "You take the number of classes from the largest label. A batch need not contain the top class: the "
    "columns of the logits say how many there are.",
)
def _(logits, y):
    Y = np.eye(np.max(y) + 1)[y]
    log_p = logits - np.max(logits, axis=1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    return float(-np.sum(Y * log_p) / len(Y)), (np.exp(log_p) - Y) / len(Y)


@softmax_cross_entropy.mistake(
    "1 subtracted after the division",
    "You divide the probabilities by n first and subtract a whole 1 then. Subtract 1, then divide by n (or "
    "subtract 1/n).",
)
def _(logits, y):
    loss, grad = softmax_cross_entropy.reference(logits, y)
    n = len(grad)
    wrong = grad.copy()
    wrong[np.arange(n), y] += 1 / n - 1
    return loss, wrong


@softmax_cross_entropy.variant
def _(logits, y):
    n, k = logits.shape
    loss, grad = 0.0, np.zeros((n, k))
    for i in range(n):
        z = [float(v) for v in logits[i]]
        top = max(z)
        log_sum = top + np.log(sum(np.exp(v - top) for v in z))
        loss += (log_sum - z[y[i]]) / n
        for j in range(k):
            grad[i, j] = (np.exp(z[j] - log_sum) - (j == y[i])) / n
    return loss, grad


@softmax_cross_entropy.variant
def _(logits, y):
    log_p = logits - np.logaddexp.reduce(logits, axis=1)[:, None]
    one_hot = np.eye(logits.shape[1])[y]
    return -np.einsum("nk,nk->", one_hot, log_p) / len(y), (np.exp(log_p) - one_hot) / len(y)


@softmax_cross_entropy.variant
def _(logits, y):
    z = np.array(logits, dtype=np.float32).T
    z -= z.max(axis=0)
    e = np.exp(z)
    s = e.sum(axis=0)
    loss = np.mean(np.log(s) - np.take_along_axis(z.T, y[:, None], axis=1)[:, 0])
    grad = e / s
    grad[y, np.arange(len(y))] -= 1
    return float(loss), grad.T / np.float32(len(y))


@softmax_cross_entropy.variant
def _(logits, y):
    n = logits.shape[0]
    shifted = logits - np.amax(logits, axis=1)[:, np.newaxis]
    p = np.exp(shifted) / np.sum(np.exp(shifted), axis=1)[:, np.newaxis]
    loss = np.sum(np.log(np.sum(np.exp(shifted), axis=1)) - shifted[range(n), y]) / n
    p[range(n), y] -= 1
    p /= n
    return loss, p


# ---------------------------------------------------------------------------- hinge_loss


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Compute the hinge loss, which asks for a margin and not only the right side, and its subgradient.",
    hints=(
        "The product y s is the margin: how far on the right side a score lies. What does a margin of 0.5 "
        "cost, what one of 1, what one of 2?",
        "Equation (7.10): the slope is -y where the margin is *below* 1 and 0 elsewhere, also exactly at 1. "
        "And the labels: this loss makes no sense with 0 and 1.",
        "Check that every label is -1 or +1 and raise a `ValueError` otherwise. Then loss = mean of max(0, "
        "1 - y s), and the gradient is -y / n where 1 - y s > 0, else 0.",
    ),
)
def hinge_loss(scores, y):
    """Return the mean hinge loss and a subgradient, equation (7.10).

    Parameters
    ----------
    scores : array (n_samples,)
        Raw scores s, any real numbers.
    y : array (n_samples,)
        Labels -1 and +1, as integers or floats.

    Returns
    -------
    loss : float
        The mean over the samples of max(0, 1 - y s).
    grad : array (n_samples,)
        A subgradient of the loss at the scores; 0 where y s is exactly 1.

    Raises
    ------
    ValueError
        If a label is neither -1 nor +1.
    """
    if not np.all((y == 1) | (y == -1)):
        raise ValueError(f"labels must be -1 or +1, not {y}")
    margin = y * scores
    return np.mean(np.maximum(0.0, 1 - margin)), np.where(margin < 1, -y, 0.0) / len(y)


@hinge_loss.gradient_of("scores", output=1)
def _(scores, y):
    return np.mean(np.maximum(0, 1 - y * scores))


@hinge_loss.cases
def _(rng):
    yield case(
        np.array([2.5, 0.4, -0.6, -1.7, 0.3, -3.0]),
        np.array([1, 1, 1, 1, -1, -1]),
        note="right, right but inside the margin, and wrong",
    )
    y = rng.permutation([-1, -1, -1, 1, 1, 1, 1])
    margin = np.array([-2.0, -0.5, 0.2, 0.7, 1.5, 3.0, -1.0]) + rng.uniform(-0.1, 0.1, 7)
    yield case(y * margin, y, note="random margins")
    yield case(np.array([0.5, -0.5]), np.array([1.0, -1.0]), note="right, and inside the margin")
    yield case(np.array([-0.7]), np.array([1]), group="shape", note="one sample, wrong")
    yield case(np.array([2.0]), np.array([1]), group="shape", note="one sample, beyond the margin")
    yield case(np.array([1.0, -1.0, 3.0]), np.array([1, -1, 1]), group="edge", note="margin exactly 1")
    yield case(np.array([0.0, 0.0, -0.0]), np.array([1, -1, 1]), group="edge", note="scores exactly 0")
    yield case(np.array([0.3, 2.0, -1.0]), np.array([1, 1, 1]), group="edge", note="only the label +1")
    yield case(np.array([0.3, 2.0, -1.5]), np.array([-1, -1, -1]), group="edge", note="only the label -1")
    yield case(np.array([2, -3, 0, 1]), np.array([1, 1, -1, -1]), group="edge", note="integers")
    yield case(
        np.array([0.5, -2.0, 1.5], dtype=np.float32),
        np.array([1, -1, -1], dtype=np.float32),
        group="edge",
        note="float32",
    )
    yield case(np.array([1e6, -1e6]), np.array([-1, -1]), group="edge", note="huge scores")
    scores = np.array([0.5, -1.5, 2.0])
    yield case(scores, np.array([0, 1, 1]), raises=ValueError, group="errors", note="labels 0 and 1")
    yield case(
        scores, np.array([0.0, 1.0, 0.0]), raises=ValueError, group="errors", note="labels 0.0 and 1.0"
    )
    yield case(
        scores, np.array([-1, 0, 1]), raises=ValueError, group="errors", note="one label 0 among -1 and +1"
    )
    yield case(scores, np.array([0, 0, 0]), raises=ValueError, group="errors", note="only the label 0")
    yield case(scores, np.array([1, 2, 1]), raises=ValueError, group="errors", note="a label 2")


def _hinge(loss=None, grad=None, check=True):
    """Return a hinge_loss of which loss, gradient or the check of the labels is replaced."""

    def answer(scores, y):
        if check and not np.all(np.isin(y, [-1, 1])):
            raise ValueError("labels must be -1 or +1")
        m = y * scores
        n = len(y)
        return (
            np.mean(np.maximum(0.0, 1 - m)) if loss is None else loss(m, y, scores),
            np.where(m < 1, -y, 0.0) / n if grad is None else grad(m, y, n),
        )

    return answer


hinge_loss.mistake(
    "labels not checked",
    "Labels 0 and 1 go through: a sample with y = 0 then always costs 1 and never teaches anything. Raise a "
    "ValueError unless every label is -1 or +1.",
)(_hinge(check=False))


@hinge_loss.mistake(
    "labels converted",
    "You turn labels 0 and 1 into -1 and +1 without a word. The agreement is to refuse them with a "
    "ValueError: whoever mixes conventions should hear of it.",
)
def _(scores, y):
    y = np.where(np.asarray(y) == 0, -1, y)
    return _hinge()(scores, y)


@hinge_loss.mistake(
    "only zeros refused", "You refuse the label 0 only. Every label other than -1 and +1 is an error."
)
def _(scores, y):
    if np.any(y == 0):
        raise ValueError("labels must be -1 or +1")
    return _hinge(check=False)(scores, y)


@hinge_loss.mistake("0 allowed", "You let the label 0 pass. Only -1 and +1 are labels here.")
def _(scores, y):
    if not np.all(np.isin(y, [-1, 0, 1])):
        raise ValueError("labels must be -1 or +1")
    return _hinge(check=False)(scores, y)


@hinge_loss.mistake(
    "both labels required",
    "You ask that both labels occur (the set of labels must equal {-1, +1}). A batch with one class alone "
    "is fine: check each label by itself.",
)
def _(scores, y):
    if set(np.unique(y)) != {-1, 1}:
        raise ValueError("labels must be -1 and +1")
    return _hinge()(scores, y)


@hinge_loss.mistake(
    "refused only if all labels are 0 or 1",
    "You look at the labels as a whole (all 0 or 1?) and so refuse valid ones or let others through. Check "
    "that *each* label is -1 or +1.",
)
def _(scores, y):
    if np.all(np.isin(y, [0, 1])):
        raise ValueError("labels must be -1 or +1")
    return _hinge(check=False)(scores, y)


@hinge_loss.mistake(
    "refused only if no label fits",
    "You refuse the labels only if none of them is -1 (or +1). *Each* label must be -1 or +1.",
)
def _(scores, y):
    if not np.any(y == -1) and np.any(y == 0):
        raise ValueError("labels must be -1 or +1")
    return _hinge(check=False)(scores, y)


@hinge_loss.mistake(
    "another exception",
    "You refuse wrong labels with another exception than the one agreed on (an assert raises "
    "AssertionError). Raise a ValueError.",
)
def _(scores, y):
    assert np.all(np.isin(y, [-1, 1]))
    return _hinge()(scores, y)


hinge_loss.mistake(
    "slope at the kink",
    "Where y s is exactly 1 your slope is -y/n. Any value between that and 0 is a subgradient, and this "
    "exercise takes 0: compare strictly.",
)(_hinge(grad=lambda m, y, n: np.where(m <= 1, -y, 0.0) / n))

hinge_loss.mistake(
    "half a slope at the kink", "Where y s is exactly 1 your slope is -y/(2n). This exercise takes 0 there."
)(_hinge(grad=lambda m, y, n: -y * np.heaviside(1 - m, 0.5) / n))

hinge_loss.mistake(
    "only wrong samples push",
    "Your gradient is 0 for samples on the right side but inside the margin. They cost something, so they "
    "push too: the margin y s is compared with 1.",
)(_hinge(grad=lambda m, y, n: np.where(m < 0, -y, 0.0) / n))

hinge_loss.mistake(
    "perceptron criterion",
    "Your loss is max(0, -y s), the perceptron criterion: it asks for the right side only. The hinge asks "
    "for a margin of 1.",
)(
    _hinge(
        loss=lambda m, y, s: np.mean(np.maximum(0.0, -m)), grad=lambda m, y, n: np.where(m < 0, -y, 0.0) / n
    )
)

hinge_loss.mistake(
    "margin left out of the loss", "Your loss is max(0, -y s): the 1 of the margin is missing."
)(_hinge(loss=lambda m, y, s: np.mean(np.maximum(0.0, -m))))

hinge_loss.mistake(
    "maximum left out",
    "Your loss averages 1 - y s without the maximum with 0: samples beyond the margin lower it.",
)(_hinge(loss=lambda m, y, s: np.mean(1.0 - m)))

hinge_loss.mistake(
    "slope everywhere",
    "Your gradient is -y/n for every sample. Beyond the margin the loss is flat, and the gradient 0.",
)(_hinge(grad=lambda m, y, n: -y / n))

hinge_loss.mistake(
    "maximum left out, slope everywhere",
    "You take no maximum with 0: samples beyond the margin lower the loss and push on. There both are 0.",
)(_hinge(loss=lambda m, y, s: np.mean(1.0 - m), grad=lambda m, y, n: -y / n))

hinge_loss.mistake(
    "gradient not averaged",
    "Your gradient lacks the 1/n of the mean: the loss is divided by the number of samples, and so is its "
    "gradient.",
)(_hinge(grad=lambda m, y, n: np.where(m < 1, -y, 0.0)))

hinge_loss.mistake(
    "sum instead of mean",
    "You sum over the samples. The loss is a mean, and its gradient carries the same 1/n.",
)(_hinge(loss=lambda m, y, s: np.sum(np.maximum(0.0, 1 - m)), grad=lambda m, y, n: np.where(m < 1, -y, 0.0)))

hinge_loss.mistake(
    "sum instead of mean in the loss",
    "Your loss is the sum over the samples. Take the mean; your gradient has its 1/n already.",
)(_hinge(loss=lambda m, y, s: np.sum(np.maximum(0.0, 1 - m))))

hinge_loss.mistake(
    "divided by the active samples",
    "You divide by the number of samples inside the margin. The mean counts all n.",
)(
    _hinge(
        loss=lambda m, y, s: np.sum(np.maximum(0.0, 1 - m)) / max(1, np.sum(m < 1)),
        grad=lambda m, y, n: np.where(m < 1, -y, 0.0) / max(1, np.sum(m < 1)),
    )
)

hinge_loss.mistake(
    "gradient divided by the active samples",
    "Your gradient is divided by the number of samples inside the margin. The mean counts all n.",
)(_hinge(grad=lambda m, y, n: np.where(m < 1, -y, 0.0) / max(1, np.sum(m < 1))))

hinge_loss.mistake(
    "gradient sign reversed",
    "Your gradient has the opposite sign. Where the margin is too small the loss falls as s grows in the "
    "direction of y: the slope is -y.",
)(_hinge(grad=lambda m, y, n: np.where(m < 1, y, 0.0) / n))

hinge_loss.mistake(
    "gradient without the label",
    "Your gradient is -1/n inside the margin, whatever the label. The derivative of 1 - y s is -y.",
)(_hinge(grad=lambda m, y, n: np.where(m < 1, -1.0, 0.0) / n))

hinge_loss.mistake(
    "gradient at the weights",
    "Your gradient carries the score: -y s / n is not the derivative of 1 - y s with respect to s. That is "
    "-y.",
)(_hinge(grad=lambda m, y, n: np.where(m < 1, -m, 0.0) / n))

hinge_loss.mistake("squared hinge", "You square the hinge. That is another loss, with another gradient.")(
    _hinge(
        loss=lambda m, y, s: np.mean(np.maximum(0.0, 1 - m) ** 2),
        grad=lambda m, y, n: -2 * y * np.maximum(0.0, 1 - m) / n,
    )
)

hinge_loss.mistake(
    "squared hinge in the loss",
    "You square the hinge in the loss, while the gradient belongs to the plain one.",
)(_hinge(loss=lambda m, y, s: np.mean(np.maximum(0.0, 1 - m) ** 2)))

hinge_loss.mistake("plus for minus", "Your loss is max(0, 1 + y s): it punishes the right side.")(
    _hinge(loss=lambda m, y, s: np.mean(np.maximum(0.0, 1 + m)))
)

hinge_loss.mistake(
    "label left out",
    "Your loss is max(0, 1 - s): it does not look at the label, and so is right for y = +1 only.",
)(_hinge(loss=lambda m, y, s: np.mean(np.maximum(0.0, 1 - s))))

hinge_loss.mistake(
    "difference for product", "Your loss measures |y - s| or 1 - (y - s). The margin is the product y s."
)(_hinge(loss=lambda m, y, s: np.mean(np.abs(y - s))))

hinge_loss.mistake(
    "scores reduced to signs",
    "You take the sign of the scores first. The hinge needs the raw scores: how far matters.",
)(_hinge(loss=lambda m, y, s: np.mean(np.maximum(0.0, 1 - y * np.sign(s)))))

hinge_loss.mistake(
    "zero-one loss",
    "Your loss counts the samples on the wrong side. The hinge measures how far each is from a margin of 1.",
)(_hinge(loss=lambda m, y, s: np.mean(m < 0)))

hinge_loss.mistake(
    "no mean taken",
    "Your loss is an array with the loss of each sample. A loss is one number: take the mean.",
)(_hinge(loss=lambda m, y, s: np.maximum(0.0, 1 - m)))

hinge_loss.mistake(
    "gradient averaged to a number",
    "Your gradient is one number. Each score has its own slope: the shape of scores is due.",
)(_hinge(grad=lambda m, y, n: np.mean(np.where(m < 1, -y, 0.0))))

hinge_loss.mistake(
    "maximum of the mean",
    "You take the mean before the maximum: samples beyond the margin pay for others. Take the maximum for "
    "each sample, then the mean.",
)(_hinge(loss=lambda m, y, s: max(0.0, np.mean(1 - m))))

hinge_loss.mistake(
    "gradient missing", "You return the loss alone. Return two things: the loss, then its gradient."
)(lambda scores, y: hinge_loss.reference(scores, y)[0])

hinge_loss.mistake("order exchanged", "You return the gradient first. Return the loss, then its gradient.")(
    lambda scores, y: hinge_loss.reference(scores, y)[::-1]
)


@hinge_loss.mistake(
    "logistic loss",
    "You compute log(1 + e^(-y s)), the logistic loss: it never reaches 0. The hinge is max(0, 1 - y s).",
)
def _(scores, y):
    hinge_loss.reference(scores, y)
    m = np.asarray(y) * np.asarray(scores, dtype=float)
    return float(np.logaddexp(0, -m).mean()), -y / (1 + np.exp(m)) / len(m)


@hinge_loss.variant
def _(scores, y):
    for label in y:
        if label not in (-1, 1):
            raise ValueError("labels are -1 and +1")
    loss, grad = 0.0, np.zeros(len(y))
    for i, (s, label) in enumerate(zip(scores, y, strict=True)):
        if label * s < 1:
            loss += (1 - label * s) / len(y)
            grad[i] = -label / len(y)
    return loss, grad


@hinge_loss.variant
def _(scores, y):
    if not set(np.unique(y)) <= {-1, 1}:
        raise ValueError("labels must be -1 or +1")
    gap = 1 - np.asarray(y, dtype=float) * scores
    active = (gap > 0).astype(float)
    return float((gap * active).mean()), -y * active / y.size


@hinge_loss.variant
def _(scores, y):
    if np.any(np.abs(y) != 1):
        raise ValueError("labels must be -1 or +1")
    y, scores = y.astype(np.float32), scores.astype(np.float32)
    gap = np.clip(1 - y * scores, 0, None)
    return gap.sum() / np.float32(len(gap)), -y * np.sign(gap) / np.float32(len(gap))


@hinge_loss.variant
def _(scores, y):
    if (y * y != 1).any():
        raise ValueError("labels must be -1 or +1")
    gap = 1.0 - y * scores
    return (np.abs(gap) + gap).sum() / (2 * len(y)), np.array(
        [-t / len(y) if g > 0 else 0.0 for g, t in zip(gap, y, strict=True)]
    )


# ---------------------------------------------------------------------------- binary_cross_entropy


@exercise(
    chapter=CHAPTER,
    difficulty="medium",
    aim="Compute binary cross-entropy in probabilities, as the formula stands, finite at 0 and 1 too.",
    hints=(
        "The formula -(y log p + (1 - y) log(1 - p)) has two terms: one for what is, one for what is not. "
        "Its derivative has two as well.",
        "At p = 0 and p = 1 a logarithm is infinite and the derivative divides by 0. Keep p a tiny distance "
        "away from both ends, in the loss *and* in the gradient.",
        "`np.clip(p, eps, 1 - eps)` with eps about 1e-12 gives a new array. The gradient is (p - y) / (p (1 "
        "- p)) over n, computed with the clipped p.",
    ),
)
def binary_cross_entropy(p, y):
    """Return the mean binary cross-entropy of probabilities and its gradient, equation (7.5).

    Parameters
    ----------
    p : array (n_samples,)
        Probabilities from 0 to 1, both included. Not changed.
    y : array (n_samples,)
        Targets: labels 0 and 1, or probabilities between them.

    Returns
    -------
    loss : float
        The mean over the samples of -(y log p + (1 - y) log(1 - p)), natural logarithm.
    grad : array (n_samples,)
        The gradient of the loss at p.

    Notes
    -----
    For p from 0.01 to 0.99 the values are those of the formula. At p = 0 and p = 1 loss and gradient are
    finite, and large where the prediction is wrong.
    """
    eps = 1e-12
    p = np.clip(p, eps, 1 - eps)
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return loss, (p - y) / (p * (1 - p)) / len(p)


for _eps in ("2e-12", "5e-13"):
    binary_cross_entropy.equivalent(
        f"eps = 1e-12  ->  eps = {_eps}", "any tiny distance from 0 and 1 is as good"
    )


@binary_cross_entropy.gradient_of("p", output=1)
def _(p, y):
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


NOT_FINITE = (
    "At p = 0 or p = 1 your loss is infinite or not a number: a logarithm of 0. Keep p a tiny distance away "
    "from both ends before you take logarithms."
)
GRAD_NOT_FINITE = (
    "At p = 0 or p = 1 your loss is finite but your gradient is not: it divides by 0. Use the p that you "
    "keep away from the ends in the gradient too."
)
CAPPED = (
    "At p = 0 or p = 1 a wrong prediction costs too little: you keep p too far away from the ends, or hide "
    "the infinity. An eps of 1e-12 is plenty."
)
GRAD_CAPPED = (
    "At p = 0 or p = 1 the gradient of a wrong prediction is small or 0, or has the wrong sign: just where "
    "the push should be strongest, nothing is learned."
)
RIGHT_COSTS = (
    "A prediction that is exactly right (p = 0 with y = 0, p = 1 with y = 1) must cost about 0, and its "
    "gradient must be finite and small."
)


def _at_the_ends(value, case: Case) -> Problem | None:
    """Check loss and gradient of one certain prediction, right or wrong."""
    (p,), (y,) = case.args
    if not (
        isinstance(value, tuple) and len(value) == 2 and np.ndim(value[0]) == 0 and np.shape(value[1]) == (1,)
    ):
        return Problem("not two", "Return two things: the loss, a float, and the gradient, an array like p.")
    loss, (slope,) = float(value[0]), np.asarray(value[1], dtype=float)
    if not np.isfinite(loss):
        return Problem("logarithm of 0", NOT_FINITE)
    if not np.isfinite(slope):
        return Problem("division by 0", GRAD_NOT_FINITE)
    if p == y:
        return None if abs(loss) < 1e-3 and abs(slope) < 2 else Problem("right costs", RIGHT_COSTS)
    if loss < 4.5:
        return Problem("capped", CAPPED)
    return None if slope * (p - y) >= 50 else Problem("gradient dies", GRAD_CAPPED)


@binary_cross_entropy.cases
def _(rng):
    yield case(rng.uniform(0.05, 0.95, 6), np.array([0, 1, 1, 0, 1, 0]), note="labels 0 and 1")
    yield case(rng.uniform(0.05, 0.95, 5), rng.uniform(0.1, 0.9, 5), note="soft labels between 0 and 1")
    yield case(
        np.array([0.01, 0.99, 0.99]), np.array([1, 0, 1]), note="confident predictions, two of them wrong"
    )
    yield case(np.array([0.3]), np.array([1]), group="shape", note="one sample, y = 1")
    yield case(np.array([0.3]), np.array([0]), group="shape", note="one sample, y = 0")
    yield case(np.full(4, 0.5), np.array([0, 1, 0, 1]), group="edge", note="p = 0.5: the loss is log 2")
    yield case(
        np.array([0.25, 0.5, 0.75]), np.array([0.25, 0.5, 0.75]), group="edge", note="p equal to soft labels"
    )
    yield case(
        rng.uniform(0.1, 0.9, 4).astype(np.float32),
        np.array([0, 1, 1, 0], dtype=np.float32),
        group="edge",
        note="float32",
    )
    for p, y in [(0.0, 1), (1.0, 0), (0.0, 0), (1.0, 1)]:
        yield case(
            np.array([p]),
            np.array([y]),
            group="stability",
            check=_at_the_ends,
            note=f"p = {p:g}, y = {y}: {'right' if p == y else 'wrong'} and certain",
        )


def _bce(loss=None, grad=None, eps=1e-12):
    """Return a binary_cross_entropy of which loss or gradient is replaced."""

    def answer(p, y):
        p = np.clip(p, eps, 1 - eps)
        return (
            -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) if loss is None else loss(p, y),
            (p - y) / (p * (1 - p)) / len(p) if grad is None else grad(p, y),
        )

    return answer


@binary_cross_entropy.mistake("logarithm of 0", NOT_FINITE)
def _(p, y):
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)), (p - y) / (p * (1 - p)) / len(p)


@binary_cross_entropy.mistake("division by 0", GRAD_NOT_FINITE)
def _(p, y):
    return binary_cross_entropy.reference(p, y)[0], (p - y) / (p * (1 - p)) / len(p)


@binary_cross_entropy.mistake("capped", CAPPED)
def _(p, y):
    loss, grad = binary_cross_entropy.reference(p, y)
    return min(loss, 4.0) if np.all((p == 0) | (p == 1)) else loss, grad


@binary_cross_entropy.mistake("gradient dies", GRAD_CAPPED)
def _(p, y):
    loss, grad = binary_cross_entropy.reference(p, y)
    return loss, np.where((p <= 0) | (p >= 1), 0.0, grad)


@binary_cross_entropy.mistake(
    "clipped too far",
    "You keep p so far away from 0 and 1 (0.1?) that ordinary predictions are changed as well. From 0.01 to "
    "0.99 the formula must hold; an eps of 1e-12 is plenty.",
)
def _(p, y):
    return _bce(eps=0.1)(p, y)


binary_cross_entropy.mistake(
    "term of the zeros missing",
    "Your loss and gradient have only the term y log p. Samples with y = 0 count through (1 - y) log(1 - p).",
)(_bce(loss=lambda p, y: -np.mean(y * np.log(p)), grad=lambda p, y: -y / p / len(p)))

binary_cross_entropy.mistake(
    "term of the zeros missing in the loss",
    "Your loss has only the term y log p. Samples with y = 0 count through (1 - y) log(1 - p).",
)(_bce(loss=lambda p, y: -np.mean(y * np.log(p))))

binary_cross_entropy.mistake(
    "term of the zeros missing in the gradient",
    "Your gradient has only the term -y/p. The second term of the loss adds (1 - y)/(1 - p).",
)(_bce(grad=lambda p, y: -y / p / len(p)))

binary_cross_entropy.mistake(
    "sign within the gradient",
    "Your gradient subtracts the second term: -y/p - (1 - y)/(1 - p). The derivative of log(1 - p) is -1/(1 "
    "- p), and the two minus signs make a plus.",
)(_bce(grad=lambda p, y: (-y / p - (1 - y) / (1 - p)) / len(p)))

binary_cross_entropy.mistake(
    "gradient at the logit",
    "Your gradient is (p - y) / n, which is the one with respect to the *logit*. With respect to p itself "
    "it is divided by p (1 - p).",
)(_bce(grad=lambda p, y: (p - y) / len(p)))

binary_cross_entropy.mistake(
    "gradient at the logit, not averaged",
    "Your gradient is p - y, which belongs to the *logit*, and it lacks the 1/n. With respect to p itself "
    "it is divided by p (1 - p), and by n.",
)(_bce(grad=lambda p, y: p - y))

binary_cross_entropy.mistake(
    "multiplied for divided", "Your gradient is multiplied by p (1 - p) where it should be divided by it."
)(_bce(grad=lambda p, y: (p - y) * p * (1 - p) / len(p)))

binary_cross_entropy.mistake(
    "parentheses in the denominator",
    "`/ p * (1 - p)` divides by p and multiplies by 1 - p. Put the whole denominator in parentheses.",
)(_bce(grad=lambda p, y: (p - y) / p * (1 - p) / len(p)))

binary_cross_entropy.mistake(
    "gradient not averaged",
    "Your gradient lacks the 1/n of the mean: the loss is divided by the number of samples, and so is its "
    "gradient.",
)(_bce(grad=lambda p, y: (p - y) / (p * (1 - p))))

binary_cross_entropy.mistake(
    "gradient averaged to a number",
    "Your gradient is one number. Each probability has its own partial derivative: the shape of p is due.",
)(_bce(grad=lambda p, y: np.mean((p - y) / (p * (1 - p)))))

binary_cross_entropy.mistake(
    "sum instead of mean",
    "You sum over the samples. The loss is a mean, and its gradient carries the same 1/n.",
)(
    _bce(
        loss=lambda p, y: -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)),
        grad=lambda p, y: (p - y) / (p * (1 - p)),
    )
)

binary_cross_entropy.mistake(
    "sum instead of mean in the loss",
    "Your loss is the sum over the samples. Take the mean; your gradient has its 1/n already.",
)(_bce(loss=lambda p, y: -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))))

binary_cross_entropy.mistake(
    "no mean taken",
    "Your loss is an array with the loss of each sample. A loss is one number: take the mean.",
)(_bce(loss=lambda p, y: -(y * np.log(p) + (1 - y) * np.log(1 - p))))

binary_cross_entropy.mistake(
    "loss sign reversed", "Your loss is negative: the minus in front of the logarithms is missing."
)(_bce(loss=lambda p, y: np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))))

binary_cross_entropy.mistake(
    "minus for the first term only",
    "Your minus reaches the first term only: -y log p + (1 - y) log(1 - p). Put both terms in parentheses.",
)(_bce(loss=lambda p, y: np.mean(-y * np.log(p) + (1 - y) * np.log(1 - p))))

binary_cross_entropy.mistake(
    "gradient sign reversed",
    "Your gradient has the opposite sign. Where p is too large the loss grows with it: p - y.",
)(_bce(grad=lambda p, y: (y - p) / (p * (1 - p)) / len(p)))

binary_cross_entropy.mistake(
    "both signs reversed",
    "Loss and gradient both have the opposite sign: the minus in front of the logarithms is missing.",
)(
    _bce(
        loss=lambda p, y: np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)),
        grad=lambda p, y: (y - p) / (p * (1 - p)) / len(p),
    )
)

binary_cross_entropy.mistake(
    "p and y exchanged",
    "You take the logarithm of the targets, weighted by the predictions. The logarithm is that of p.",
)(lambda p, y: _bce()(np.asarray(y, dtype=float), p))

binary_cross_entropy.mistake(
    "labels exchanged", "Your loss pairs y with log(1 - p): it rewards a large p where the target is 0."
)(
    _bce(
        loss=lambda p, y: -np.mean((1 - y) * np.log(p) + y * np.log(1 - p)),
        grad=lambda p, y: (p - (1 - y)) / (p * (1 - p)) / len(p),
    )
)

binary_cross_entropy.mistake(
    "labels exchanged in the loss",
    "Your loss pairs y with log(1 - p): it rewards a large p where the target is 0. The gradient is that of "
    "the right loss.",
)(_bce(loss=lambda p, y: -np.mean((1 - y) * np.log(p) + y * np.log(1 - p))))

binary_cross_entropy.mistake(
    "sigmoid applied", "You apply a sigmoid to p. p is a probability already; the sigmoid belongs to logits."
)(lambda p, y: _bce()(1 / (1 + np.exp(-p)), y))

binary_cross_entropy.mistake(
    "labels rounded",
    "You choose a term by whether y is 1 (or above 1/2). With a soft label both terms count, weighted by y "
    "and 1 - y.",
)(lambda p, y: _bce()(p, np.where(y > 0.5, 1.0, 0.0)))

binary_cross_entropy.mistake(
    "labels rounded in the loss",
    "Your loss chooses a term by whether y is 1 (or above 1/2). With a soft label both terms count, "
    "weighted by y and 1 - y.",
)(_bce(loss=lambda p, y: -np.mean(np.where(y > 0.5, np.log(p), np.log(1 - p)))))

binary_cross_entropy.mistake(
    "labels other than 1 taken for 0",
    "Your loss chooses a term by whether y equals 1. With a soft label both terms count, weighted by y and "
    "1 - y.",
)(_bce(loss=lambda p, y: -np.mean(np.where(y == 1, np.log(p), np.log(1 - p)))))

binary_cross_entropy.mistake(
    "p and y exchanged in the loss",
    "You take the logarithms of y. The logarithms are those of the predictions p, weighted with y and 1 - y.",
)(
    _bce(
        loss=lambda p, y: (
            -np.mean(
                p * np.log(np.clip(y, 1e-12, 1 - 1e-12)) + (1 - p) * np.log(1 - np.clip(y, 1e-12, 1 - 1e-12))
            )
        )
    )
)

binary_cross_entropy.mistake(
    "logarithm to base 2",
    "Your loss uses the logarithm to base 2. This book's cross-entropy uses the natural one.",
)(_bce(loss=lambda p, y: -np.mean(y * np.log2(p) + (1 - y) * np.log2(1 - p))))

binary_cross_entropy.mistake(
    "logarithm to base 10",
    "Your loss uses the logarithm to base 10. This book's cross-entropy uses the natural one.",
)(_bce(loss=lambda p, y: -np.mean(y * np.log10(p) + (1 - y) * np.log10(1 - p))))

binary_cross_entropy.mistake(
    "squared error", "You compute the squared error. Cross-entropy takes logarithms of the probabilities."
)(_bce(loss=lambda p, y: np.mean((p - y) ** 2), grad=lambda p, y: 2 * (p - y) / len(p)))

binary_cross_entropy.mistake(
    "squared error in the loss",
    "Your loss is the squared error. Cross-entropy takes logarithms of the probabilities.",
)(_bce(loss=lambda p, y: np.mean((p - y) ** 2)))

binary_cross_entropy.mistake(
    "half",
    "Loss and gradient are half as large as they should be: you average the two terms. They are added.",
)(
    _bce(
        loss=lambda p, y: -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)) / 2,
        grad=lambda p, y: (p - y) / (p * (1 - p)) / len(p) / 2,
    )
)


@binary_cross_entropy.mistake(
    "p changed in place",
    "You clip the caller's own array (`out=p`, or an assignment into p). Clip into a new one.",
)
def _(p, y):
    np.clip(p, 1e-7, 1 - 1e-7, out=p)
    return binary_cross_entropy.reference(p, y)


binary_cross_entropy.mistake(
    "gradient missing", "You return the loss alone. Return two things: the loss, then its gradient."
)(lambda p, y: binary_cross_entropy.reference(p, y)[0])

binary_cross_entropy.mistake(
    "order exchanged", "You return the gradient first. Return the loss, then its gradient."
)(lambda p, y: binary_cross_entropy.reference(p, y)[::-1])


@binary_cross_entropy.mistake(
    "labels other than 1 taken for 0, everywhere",
    "You choose a term by whether y equals 1. With a soft label both terms count, weighted by y and 1 - y.",
)
def _(p, y):
    return binary_cross_entropy.reference(p, (np.asarray(y) == 1).astype(float))


@binary_cross_entropy.mistake(
    "large number added",
    "The number that you add inside the logarithms (0.01?) is so large that ordinary predictions come out "
    "wrong. From 0.01 to 0.99 the formula must hold; 1e-12 is plenty.",
)
def _(p, y):
    q, r = p + 1e-2, 1 - p + 1e-2
    return float(-np.mean(y * np.log(q) + (1 - y) * np.log(r))), -(y / q - (1 - y) / r) / len(p)


@binary_cross_entropy.mistake(
    "log1p",
    "You add 1 inside the logarithms (`np.log1p`). That is another function: log p and log(1 - p) are due.",
)
def _(p, y):
    q = np.clip(p, 1e-12, 1 - 1e-12)
    grad = binary_cross_entropy.reference(p, y)[1]
    return float(-np.mean(y * np.log1p(q) + (1 - y) * np.log1p(1 - q))), grad


@binary_cross_entropy.mistake(
    "parentheses around 1 - y",
    "`1 - y * log(1 - p)` multiplies only y by the logarithm. Put 1 - y in parentheses.",
)
def _(p, y):
    q = np.clip(p, 1e-12, 1 - 1e-12)
    grad = binary_cross_entropy.reference(p, y)[1]
    return float(-np.mean(y * np.log(q) + 1 - y * np.log(1 - q))), grad


@binary_cross_entropy.variant
def _(p, y):
    eps = 1e-9
    loss = -np.mean(y * np.log(p + eps) + (1 - y) * np.log(1 - p + eps))
    return float(loss), (-(y / (p + eps)) + (1 - y) / (1 - p + eps)) / p.size


@binary_cross_entropy.variant
def _(p, y):
    total, grad = 0.0, np.zeros(len(p))
    for i in range(len(p)):
        q = min(max(float(p[i]), 1e-7), 1 - 1e-7)
        total -= y[i] * np.log(q) + (1 - y[i]) * np.log1p(-q)
        grad[i] = ((1 - y[i]) / (1 - q) - y[i] / q) / len(p)
    return total / len(p), grad


@binary_cross_entropy.variant
def _(p, y):
    q = np.where(p < 1e-6, np.float32(1e-6), np.where(p > 1 - 1e-6, np.float32(1 - 1e-6), p)).astype(
        np.float32
    )
    loss = -(np.dot(y, np.log(q)) + np.dot(1 - y, np.log(1 - q))) / len(p)
    return loss, (q - y) / (q * (1 - q) * np.float32(len(p)))


@binary_cross_entropy.variant
def _(p, y):
    p = np.minimum(np.maximum(p, 1e-15), 1 - 1e-15)
    return np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p)), np.divide(p - y, p * (1 - p) * len(y))


# ---------------------------------------------------------------------------- categorical_cross_entropy


@exercise(
    chapter=CHAPTER,
    difficulty="easy",
    aim="Compute the cross-entropy of one-hot targets and probabilities, where 0 log 0 counts 0.",
    hints=(
        "In each row one entry of Y is 1: only the probability at that place counts.",
        "Sum over the classes, take the mean over the samples. A probability that is exactly 0 gives log 0 "
        "= -inf, and 0 times that is not a number: it must not enter.",
        "Either pick the probabilities where Y is 1 and take the logarithm of those alone, or keep P above "
        "a tiny number such as 1e-12 before the logarithm.",
    ),
)
def categorical_cross_entropy(P, Y):
    """Return the mean cross-entropy of predicted probabilities, equation (7.8).

    Parameters
    ----------
    P : array (n_samples, n_classes)
        Predicted probabilities; every row adds up to 1 and may hold zeros. Not changed.
    Y : array (n_samples, n_classes)
        One-hot targets: a 1 in every row, zeros elsewhere.

    Returns
    -------
    float
        The mean over the samples of -sum(Y log P), natural logarithm; 0 log 0 counts 0.
    """
    return -np.sum(np.log(P[Y == 1])) / len(P)


@categorical_cross_entropy.cases
def _(rng):
    def probabilities(n, k):
        P = rng.uniform(0.1, 1.0, (n, k))
        return P / P.sum(axis=1, keepdims=True)

    def one_hot(labels, k):
        return np.eye(k)[labels]

    P, little = probabilities(5, 3), rng.uniform(0.02, 0.08)
    P[0] = 0.6 * (1 - little), 0.4 * (1 - little), little  # a right class that was thought improbable
    yield case(P, one_hot([2, 0, 1, 1, 2], 3), note="five samples, three classes")
    yield case(probabilities(3, 6), one_hot(rng.integers(0, 6, 3), 6), note="three samples, six classes")
    yield case(
        probabilities(4, 4), one_hot([1, 3, 0, 0], 4), group="shape", note="as many samples as classes"
    )
    yield case(probabilities(1, 3), one_hot([1], 3), group="shape", note="one sample")
    yield case(probabilities(6, 2), one_hot([0, 1, 1, 1, 0, 1], 2), group="shape", note="two classes")
    yield case(probabilities(4, 3), one_hot([0, 2, 1, 1], 3).astype(int), group="edge", note="Y of integers")
    yield case(
        probabilities(4, 3).astype(np.float32),
        one_hot([0, 2, 1, 1], 3).astype(np.float32),
        group="edge",
        note="float32",
    )
    yield case(
        np.array([[0.5, 0.5, 0.0], [0.0, 0.25, 0.75], [1.0, 0.0, 0.0]]),
        one_hot([0, 2, 0], 3),
        group="edge",
        note="probabilities of exactly 0, at wrong classes",
    )
    yield case(
        one_hot([1, 0, 2], 3), one_hot([1, 0, 2], 3), group="edge", note="exactly right: the loss is 0"
    )
    yield case(np.full((3, 5), 0.2), one_hot([0, 4, 2], 5), group="edge", note="uniform: the loss is log 5")
    yield case(
        np.array([[0.998, 0.001, 0.001], [0.3, 0.4, 0.3]]),
        one_hot([2, 1], 3),
        group="edge",
        note="a probability of 0.001 for the right class",
    )


def _cce(loss):
    """Return a wrong answer that computes `loss(P kept above 1e-12, Y)`."""
    return lambda P, Y: loss(np.maximum(P, 1e-12), Y)


categorical_cross_entropy.mistake(
    "mean over the classes too",
    "You take the mean over all entries, the zeros of Y included: your loss is n_classes times too small. "
    "Sum over the classes, mean over the samples.",
)(_cce(lambda P, Y: -np.mean(Y * np.log(P))))

categorical_cross_entropy.mistake(
    "sum instead of mean", "You sum over the samples. The loss is a mean: divide by the number of rows."
)(_cce(lambda P, Y: -np.sum(Y * np.log(P))))

categorical_cross_entropy.mistake(
    "divided by the classes",
    "You divide by the number of classes, or average the columns. The mean runs over the samples, the rows.",
)(_cce(lambda P, Y: -np.sum(Y * np.log(P)) / P.shape[1]))

categorical_cross_entropy.mistake(
    "sign reversed", "Your loss is negative: the minus in front of the sum is missing."
)(_cce(lambda P, Y: np.sum(Y * np.log(P)) / len(P)))

categorical_cross_entropy.mistake(
    "0 times the logarithm of 0",
    "Where P is exactly 0, log 0 is -inf and 0 times that is not a number, so the whole loss is. Keep P "
    "above a tiny number, or take the logarithm only where Y is 1.",
)(lambda P, Y: -np.mean(np.sum(Y * np.log(P), axis=1)))

categorical_cross_entropy.mistake(
    "binary form",
    "You add (1 - Y) log(1 - P), as the binary form does. With several classes only the right class's "
    "logarithm counts.",
)(_cce(lambda P, Y: -np.sum(Y * np.log(P) + (1 - Y) * np.log(np.maximum(1 - P, 1e-12))) / len(P)))

categorical_cross_entropy.mistake(
    "logarithm to base 2", "You use the logarithm to base 2. This book's cross-entropy uses the natural one."
)(_cce(lambda P, Y: -np.sum(Y * np.log2(P)) / len(P)))

categorical_cross_entropy.mistake(
    "logarithm to base 10",
    "You use the logarithm to base 10. This book's cross-entropy uses the natural one.",
)(_cce(lambda P, Y: -np.sum(Y * np.log10(P)) / len(P)))

categorical_cross_entropy.mistake(
    "no mean taken", "You return the loss of each sample. A loss is one number: take the mean."
)(_cce(lambda P, Y: -np.sum(Y * np.log(P), axis=1)))

categorical_cross_entropy.mistake(
    "summed over the samples",
    "You sum down the columns and so keep an axis of classes. Sum over the classes (axis 1), then take the "
    "mean.",
)(_cce(lambda P, Y: -np.sum(Y * np.log(P), axis=0)))

categorical_cross_entropy.mistake(
    "table returned",
    "You return the whole table -Y log P. Sum over the classes and take the mean over the samples.",
)(_cce(lambda P, Y: -Y * np.log(P)))

categorical_cross_entropy.mistake(
    "P and Y exchanged",
    "You take the logarithm of Y. The logarithm is that of the predictions P, picked by Y.",
)(lambda P, Y: -np.sum(P * np.log(np.maximum(Y, 1e-12))) / len(P))

categorical_cross_entropy.mistake(
    "entropy of P",
    "You compute -sum(P log P), the entropy of the predictions. The targets Y weight the logarithms.",
)(_cce(lambda P, Y: -np.sum(P * np.log(P)) / len(P)))

categorical_cross_entropy.mistake(
    "all classes counted",
    "You sum the logarithms of all classes. Only that of the right class counts: weight them with Y.",
)(_cce(lambda P, Y: -np.sum(np.log(P)) / len(P)))

categorical_cross_entropy.mistake(
    "most probable class",
    "You take the largest probability of each row. The probability of the *right* class counts, where Y is "
    "1.",
)(_cce(lambda P, Y: -np.mean(np.log(P.max(axis=1)))))

categorical_cross_entropy.mistake(
    "probability without logarithm",
    "You average probabilities. Cross-entropy averages their negative logarithms.",
)(lambda P, Y: -np.sum(Y * P) / len(P))

categorical_cross_entropy.mistake(
    "logarithm of the mean",
    "You take the logarithm of the mean probability. Take the logarithm for each sample, then the mean.",
)(lambda P, Y: -np.log(np.mean(np.sum(Y * P, axis=1))))

categorical_cross_entropy.mistake(
    "softmax applied",
    "You apply a softmax to P. P holds probabilities already; the softmax belongs to logits.",
)(lambda P, Y: -np.sum(Y * np.log(np.exp(P) / np.exp(P).sum(axis=1, keepdims=True))) / len(P))

categorical_cross_entropy.mistake(
    "log1p",
    "You add 1 inside the logarithm (`np.log1p`, or log(P + 1)). That is another function: keep P away from "
    "0 by a tiny number only.",
)(lambda P, Y: -np.sum(Y * np.log1p(P)) / len(P))

categorical_cross_entropy.mistake(
    "clipped too far",
    "You keep P so far away from 0 that a probability of 0.001 is changed. A tiny number such as 1e-12 is "
    "enough.",
)(lambda P, Y: -np.sum(Y * np.log(np.maximum(P, 0.01))) / len(P))

categorical_cross_entropy.mistake(
    "logarithm replaced",
    "You set the loss of a row to 0 where *any* of its probabilities is 0, or replace P's zeros by ones "
    "before the sum of the wrong array. Only terms with Y = 0 vanish.",
)(
    lambda P, Y: (
        -np.sum(np.where(np.all(P > 0, axis=1), np.log(np.maximum(np.sum(Y * P, axis=1), 1e-300)), 0.0))
        / len(P)
    )
)

categorical_cross_entropy.mistake(
    "P changed in place",
    "You clip the caller's own array, or set its zeros to another value. Work on a new array.",
)(lambda P, Y: -np.sum(Y * np.log(np.clip(P, 1e-12, 1.0, out=P))) / len(P))

categorical_cross_entropy.mistake(
    "gradient returned too", "You return more than the loss. One float is due."
)(lambda P, Y: (categorical_cross_entropy.reference(P, Y), -Y / np.maximum(P, 1e-12) / len(P)))


categorical_cross_entropy.mistake(
    "large number added",
    "The number that you add inside the logarithm (0.01?) is so large that ordinary predictions come out "
    "wrong. 1e-12 is plenty.",
)(lambda P, Y: float(-np.sum(Y * np.log(P + 1e-2)) / len(P)))

categorical_cross_entropy.mistake(
    "logarithm left out",
    "You return 1 minus the probability of the right class, on average. The loss is -log of it.",
)(lambda P, Y: float(np.mean(1 - np.sum(P * Y, axis=1))))


categorical_cross_entropy.mistake(
    "squared error",
    "You compute the squared error of the probabilities (the Brier score). The loss is -log of the right "
    "class's probability.",
)(lambda P, Y: float(np.mean(np.sum((P - Y) ** 2, axis=1))))

categorical_cross_entropy.mistake(
    "kept above a tenth",
    "You keep P above 0.1 or so: small probabilities of the right class then cost too little. 1e-12 is "
    "plenty.",
)(lambda P, Y: float(-np.sum(Y * np.log(np.clip(P, 0.1, 1))) / len(P)))

categorical_cross_entropy.mistake(
    "normalized over the samples",
    "You divide P by the sums of its columns. Its rows are probabilities already: take them as they are.",
)(lambda P, Y: float(-np.sum(Y * np.log(np.clip(P / P.sum(axis=0), 1e-12, 1))) / len(P)))


@categorical_cross_entropy.variant
def _(P, Y):
    return -np.mean(np.sum(Y * np.log(np.clip(P, 1e-15, 1)), axis=1))


@categorical_cross_entropy.variant
def _(P, Y):
    return float(np.mean([-np.log(p[np.argmax(t)]) for p, t in zip(P, Y, strict=True)]))


@categorical_cross_entropy.variant
def _(P, Y):
    total = 0.0
    for i in range(P.shape[0]):
        for k in range(P.shape[1]):
            if Y[i, k] > 0:
                total -= Y[i, k] * np.log(P[i, k])
    return total / P.shape[0]


@categorical_cross_entropy.variant
def _(P, Y):
    right = np.einsum("nk,nk->n", P, Y).astype(np.float32)
    return -np.log(right + np.float32(1e-9)).mean()


@categorical_cross_entropy.variant
def _(P, Y):
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(Y > 0, Y * np.log(P), 0.0)
    return -terms.sum(axis=1).mean()
