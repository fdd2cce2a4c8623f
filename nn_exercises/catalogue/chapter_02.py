"""Chapter 2, the perceptron: the step, one update, the training loop, and Novikoff's bound.

The order of an entry: the reference (its docstring is what the reader sees), the cases, the mistakes that
people make, a few right answers written differently. Rates are powers of two and inputs small integers
wherever a tie could decide the path: then every right answer computes the same numbers exactly.
"""

import numpy as np

from nn_exercises.exercise import case, exercise

LOGIC_X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
AND, OR, NAND, XOR = (np.array(y) for y in ([0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 1, 0], [0, 1, 1, 0]))

# Fisher's iris flowers, setosa then versicolor, in millimetres (integers, so that ties are exact):
# every fifth of the hundred. A test compares them with scikit-learn's copy.
IRIS_SEPAL = [51, 54, 54, 57, 54, 50, 48, 50, 50, 48, 70, 57, 50, 67, 59, 66, 55, 60, 55, 57]
IRIS_PETAL = [14, 17, 15, 15, 17, 16, 16, 12, 13, 14, 47, 45, 35, 44, 48, 44, 38, 45, 44, 42]
IRIS_X = np.column_stack([IRIS_SEPAL, IRIS_PETAL])
IRIS_Y = np.repeat([0, 1], 10)


# ---------------------------------------------------------------- step


@exercise(
    chapter="02_perceptron",
    difficulty="easy",
    aim="Write the step function, the perceptron's all-or-nothing activation.",
    hints=(
        "Compare with zero, and mind which side zero itself belongs to.",
        "A comparison such as `z > 1` works on a number and on a whole array at once; it gives True and "
        "False, and the perceptron computes with 1 and 0.",
        "`np.where(condition, a, b)` picks `a` where the condition holds and `b` elsewhere.",
    ),
    any_number=True,
)
def step(z):
    """Step function: 1 where z >= 0, else 0.

    In this book step(0) = 1.

    Parameters
    ----------
    z : float or array of any shape
        Pre-activations. Not changed.

    Returns
    -------
    array like z
        The numbers 1 and 0 (not True and False), of z's shape.
    """
    return np.where(z >= 0, 1, 0)


@step.cases
def _(rng):
    yield case(np.array([-2.0, -0.5, 0.5, 3.0]), note="negative and positive values")
    z = rng.normal(size=9)
    yield case(z + 0.1 * np.sign(z), note="random values")
    yield case(np.array([-1e-9, 1e-9, -1e9, 1e9, 0.3]), note="tiny and huge values")
    yield case(rng.normal(size=(3, 4)), group="shape", note="a matrix")
    yield case(rng.normal(size=(4, 1)), group="shape", note="a column")
    yield case(rng.normal(size=(2, 3, 2)), group="shape", note="three axes")
    yield case(np.array([-1.5]), group="shape", note="a single entry")
    yield case(2.5, group="shape", note="a number instead of an array")
    yield case(-2.5, group="shape", note="a negative number instead of an array")
    yield case(np.array([-1.0, 0.0, 1.0]), group="edge", note="z exactly 0")
    yield case(np.array([-0.0, 0.0]), group="edge", note="z = -0.0, which equals 0")
    yield case(0.0, group="edge", note="the number 0")
    yield case(np.array([-3, 0, 2, -1]), group="edge", note="integer z")
    yield case(np.array([[0.25, -4.0, 0.0]], dtype=np.float32), group="edge", note="float32 z")


@step.mistake(
    "strict",
    "At z exactly 0 your function returns 0. In this book step(0) = 1: zero belongs to the upper side.",
)
def _(z):
    return np.where(np.asarray(z) > 0, 1, 0)


@step.mistake(
    "booleans",
    "Your function returns True and False. The perceptron computes with numbers: turn them into 1 and 0.",
)
def _(z):
    return np.asarray(z) >= 0


@step.mistake(
    "minus_one",
    "Your function returns -1 on the lower side. This book's step returns 0 there (the -1/+1 convention is "
    "another one).",
)
def _(z):
    return np.where(np.asarray(z) >= 0, 1, -1)


@step.mistake(
    "sign",
    "`np.sign` gives -1, 0 and +1: three values. The step has two, 0 for negative z and 1 for z >= 0.",
)
def _(z):
    return np.sign(z)


@step.mistake("half", "At z exactly 0 your function returns one half. In this book step(0) = 1.")
def _(z):
    return np.heaviside(z, 0.5)


@step.mistake(
    "inverted",
    "Your function returns 1 where z is negative and 0 elsewhere: the two sides are exchanged.",
)
def _(z):
    return np.where(np.asarray(z) < 0, 1, 0)


@step.mistake(
    "inverted_strict",
    "Your function returns 1 where z <= 0 and 0 elsewhere: the two sides are exchanged.",
)
def _(z):
    return np.where(np.asarray(z) <= 0, 1, 0)


@step.mistake(
    "number_only",
    "Your function works for a single number but not for an array: `if` asks for one True or False. Compare "
    "all entries at once.",
)
def _(z):
    if z >= 0:
        return 1
    return 0


@step.mistake(
    "vector_only",
    "Your function walks along the first axis only, so it cannot take a matrix or a single number. Compare "
    "all entries at once.",
)
def _(z):
    return np.array([1 if v >= 0 else 0 for v in z])


@step.mistake(
    "in_place",
    "Your function writes into the array it was given. Make a new array and leave the caller's as it was.",
)
def _(z):
    z[z >= 0] = 1
    z[z < 0] = 0
    return z


@step.mistake(
    "relu",
    "Your function returns z itself where z is positive: that is ReLU. The step returns 1 there, however "
    "large z is.",
)
def _(z):
    return np.maximum(z, 0)


@step.mistake("threshold_half", "Your function switches at z = 0.5. The step switches at 0.")
def _(z):
    return np.where(np.asarray(z) >= 0.5, 1, 0)


@step.mistake("threshold_one", "Your function switches at z = 1. The step switches at 0.")
def _(z):
    return np.where(np.asarray(z) >= 1, 1, 0)


@step.mistake(
    "sigmoid",
    "Your function bends smoothly from 0 to 1: that is the sigmoid. The step jumps, and has no values "
    "between.",
)
def _(z):
    return 1 / (1 + np.exp(-np.clip(z, -500, 500)))


@step.mistake(
    "clipped",
    "Your function lets z through between 0 and 1 and cuts it off outside. The step has no values between "
    "0 and 1.",
)
def _(z):
    return np.clip(z, 0, 1)


@step.mistake("always_one", "Your function returns 1 for every z. Where z is negative, 0 is due.")
def _(z):
    return np.ones(np.shape(z), dtype=int)


@step.mistake(
    "list",
    "Your function returns a list. Return an array of z's shape, so that the next formula can compute with "
    "it.",
)
def _(z):
    return (np.asarray(z) >= 0).astype(int).tolist()


@step.mistake(
    "minus_zero",
    "You look at the sign bit: the number -0.0 has one, and yet it is equal to 0. Compare with >= 0.",
)
def _(z):
    return np.where(np.signbit(np.asarray(z, dtype=float)), 0, 1)


@step.mistake(
    "steep_sigmoid",
    "You return a steep sigmoid: at z exactly 0 it is one half, and very near 0 it lies between 0 and 1. The "
    "step compares z with 0.",
)
def _(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-1000.0 * np.asarray(z)))


@step.variant
def _(z):
    return (np.asarray(z) >= 0).astype(float)


@step.variant
def _(z):
    return np.heaviside(z, 1.0)


@step.variant
def _(z):
    z = np.asarray(z)
    out = np.empty(z.shape, dtype=np.int64)
    for i in np.ndindex(z.shape):
        out[i] = 1 if z[i] >= 0 else 0
    return out


@step.variant
def _(z):
    return 1 - (np.asarray(z, dtype=np.float32) < 0)


@step.variant
def _(z):
    return (z >= 0) * 1


# ---------------------------------------------------------------- perceptron_update


@exercise(
    chapter="02_perceptron",
    difficulty="easy",
    aim="Show the perceptron one sample and let it learn from it.",
    hints=(
        "Predict first: what does the perceptron with `w` and `b` answer for `x`?",
        "The error y - ŷ is 0 where the answer is right, and then nothing changes. Otherwise it is +1 or -1, "
        "and says in which direction to push.",
        "The weights move by `eta` times the error times `x`; the bias learns like a weight whose input is "
        "always 1. Build new arrays rather than using `+=` on the caller's.",
    ),
)
def perceptron_update(x, y, w, b, eta=1.0):
    """One step of the perceptron's learning rule, for one sample.

    Predict ŷ = step(w·x + b) with step(0) = 1, then move w by eta (y - ŷ) x and b by eta (y - ŷ).

    Parameters
    ----------
    x : array (n_features,)
        The sample.
    y : int
        Its label, 0 or 1.
    w : array (n_features,)
        The weights before. Not changed.
    b : float
        The bias before.
    eta : float
        The learning rate.

    Returns
    -------
    w_new : float array (n_features,)
    b_new : float
    """
    y_hat = 1.0 if np.dot(w, x) + b >= 0 else 0.0
    error = y - y_hat
    return w + eta * error * x, b + eta * error


@perceptron_update.cases
def _(rng):
    x, w = np.array([1.0, 2.0, -0.5]), np.array([0.5, -1.0, 2.0])  # w·x = -2.5
    yield case(x, 1, w, 0.25, note="y = 1, predicted 0: a mistake")
    yield case(x, 0, w, 4.0, note="y = 0, predicted 1: a mistake")
    yield case(x, 1, w, 4.0, note="y = 1, predicted 1: nothing to learn")
    yield case(x, 0, w, 0.25, note="y = 0, predicted 0: nothing to learn")
    for y in (0, 1):
        x, w = rng.normal(size=4), rng.normal(size=4)
        z = np.dot(w, x)
        b = -z + (1 - 2 * y) * rng.uniform(0.5, 1.5)  # predicted wrongly, away from the tie
        yield case(x, y, w, b, 0.25, note=f"a random mistake with y = {y}, eta = 0.25")
    x, w = np.array([3.0, -1.0]), np.array([-1.0, 0.5])
    yield case(x, 1, w, 1.0, eta=0.5, note="eta = 0.5")
    yield case(-x, 0, w, 1.0, eta=4.0, note="eta = 4")
    yield case(np.array([2.0]), 1, np.array([-3.0]), 0.5, group="shape", note="one feature")
    yield case(rng.normal(size=8), 0, np.zeros(8), 2.0, 2.0, group="shape", note="eight features")
    yield case(
        np.array([1.0, 1.0]),
        0,
        np.zeros(2),
        0.0,
        group="edge",
        note="z exactly 0, where the step gives 1, and y = 0",
    )
    yield case(
        np.array([1.0, 1.0]),
        1,
        np.zeros(2),
        0.0,
        group="edge",
        note="z exactly 0, where the step gives 1, and y = 1",
    )
    yield case(
        np.array([1.0, 0.5]), 0, np.array([0.5, 0.5]), -0.5, group="edge", note="z = 0.25, small but positive"
    )
    yield case(
        np.array([1.0, 0.5]),
        1,
        np.array([0.5, 0.5]),
        -1.0,
        group="edge",
        note="z = -0.25, small but negative",
    )
    yield case(
        np.array([1.0, -2.0]),
        1,
        np.array([2.0, 1.0]),
        -1.0,
        group="edge",
        note="w·x exactly 0, so that the bias decides",
    )
    yield case(
        np.array([1.0, 3.0]),
        0,
        np.array([2.0, 1.0]),
        -5.0,
        0.5,
        group="edge",
        note="w·x and b cancel to exactly 0",
    )
    yield case(
        np.array([1, 2]),
        1,
        np.array([-1, 0]),
        -1,
        0.5,
        group="edge",
        note="integer x, w and b with eta = 0.5",
    )
    yield case(
        np.array([0.5, 2.0], dtype=np.float32),
        0,
        np.array([1.0, 0.25], dtype=np.float32),
        0.5,
        group="edge",
        note="float32",
    )


def _answer(x, w, b):
    """Return the book's prediction, for the wrong answers below that go wrong elsewhere."""
    return 1.0 if np.dot(w, x) + b >= 0 else 0.0


@perceptron_update.mistake(
    "sign",
    "Your update moves in the wrong direction: it adds (ŷ - y). After a mistake the answer for this sample "
    "gets worse. The error is y - ŷ.",
)
def _(x, y, w, b, eta=1.0):
    error = _answer(x, w, b) - y
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "adaline",
    "Your error is y - z with the raw z = w·x + b, so you also move when the answer is right. That is "
    "Adaline's rule; the perceptron's error is y - step(z).",
)
def _(x, y, w, b, eta=1.0):
    error = y - (np.dot(w, x) + b)
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake("strict", "Where z is exactly 0 you predict 0. In this book step(0) = 1.")
def _(x, y, w, b, eta=1.0):
    error = y - (1.0 if np.dot(w, x) + b > 0 else 0.0)
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "no_eta",
    "The learning rate eta does nothing in your update. It scales both movements, that of w and that of b.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w + error * x, b + error


@perceptron_update.mistake(
    "eta_not_bias",
    "Your weights move with eta, but the bias moves without it. The bias learns at the same rate.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w + eta * error * x, b + error


@perceptron_update.mistake(
    "eta_not_weights",
    "Your bias moves with eta, but the weights move without it. Both learn at the same rate.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w + error * x, b + eta * error


@perceptron_update.mistake(
    "bias_fixed",
    "Your bias never changes. It learns too, like a weight whose input is always 1.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w + eta * error * x, b


@perceptron_update.mistake(
    "weights_fixed",
    "Your weights never change; only the bias learns. Each weight moves by its own input.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w + 0.0, b + eta * error


@perceptron_update.mistake(
    "bias_sign",
    "The bias moves in the wrong direction: it goes the same way as the error, like the weights.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w + eta * error * x, b - eta * error


@perceptron_update.mistake(
    "weights_sign",
    "The weights move in the wrong direction: they go along the error y - ŷ, as the bias does.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w - eta * error * x, b + eta * error


@perceptron_update.mistake(
    "bias_ignored",
    "Your prediction leaves the bias out. Predict with step(w·x + b), then update.",
)
def _(x, y, w, b, eta=1.0):
    error = y - (1.0 if np.dot(w, x) >= 0 else 0.0)
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "in_place",
    "Your function changes the caller's `w` (`+=` on an array works in place). Compute a new array instead.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    w += eta * error * x
    return w, b + eta * error


@perceptron_update.mistake(
    "truncated",
    "With integer weights your result is cut to integers: the new weights were stored in an array of w's "
    "integer dtype. Make it a float array.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    new = w.copy()
    new[:] = w + eta * error * x
    return new, b + eta * error


@perceptron_update.mistake(
    "order",
    "You return (b, w). The exercise asks for the weights first, then the bias.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return b + eta * error, w + eta * error * x


@perceptron_update.mistake(
    "weights_only",
    "You return the weights alone. Return both: the new weights and the new bias.",
)
def _(x, y, w, b, eta=1.0):
    return w + eta * (y - _answer(x, w, b)) * x


@perceptron_update.mistake(
    "always",
    "Your update adds eta y x whatever the prediction was. Where the answer is right, nothing moves: the "
    "factor is the error y - ŷ.",
)
def _(x, y, w, b, eta=1.0):
    return w + eta * y * x, b + eta * y


@perceptron_update.mistake(
    "plus_minus_labels",
    "Your rule is the one for labels -1 and +1: it moves by y x after a mistake. Here y is 0 or 1, so a "
    "mistake with y = 0 moves nothing. Use y - ŷ.",
)
def _(x, y, w, b, eta=1.0):
    if y != _answer(x, w, b):
        return w + eta * y * x, b + eta * y
    return w + 0.0, b + 0.0


@perceptron_update.mistake(
    "labels_to_signs",
    "Your error takes the values -2 and +2, so each step is twice as long: that comes from labels -1 and +1. "
    "With 0 and 1 the error y - ŷ is -1, 0 or +1.",
)
def _(x, y, w, b, eta=1.0):
    error = 2 * (y - _answer(x, w, b))
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "only_down",
    "Your weights move after y = 0, predicted 1, but not after y = 1, predicted 0. Both are mistakes.",
)
def _(x, y, w, b, eta=1.0):
    error = min(y - _answer(x, w, b), 0)
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "step_truncated",
    "The step eta (y - ŷ) is cut to an integer, so that a rate below 1 moves nothing. Leave it a float.",
)
def _(x, y, w, b, eta=1.0):
    change = int(eta * (y - _answer(x, w, b)))
    return w + change * x, b + change


@perceptron_update.mistake(
    "unit_input",
    "You divide the input by its length. The rule moves the weights by eta (y - ŷ) x, with x as it is.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w + eta * error * x / np.linalg.norm(x), b + eta * error


@perceptron_update.mistake(
    "threshold_half", "You predict 1 from z = 0.5 upwards. The step switches at 0, whatever the labels are."
)
def _(x, y, w, b, eta=1.0):
    error = y - (1.0 if np.dot(w, x) + b >= 0.5 else 0.0)
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "predicts_minus_one",
    "Your prediction is -1 on the lower side, so that the error y - ŷ is wrong there. With labels 0 and 1 "
    "the step gives 0.",
)
def _(x, y, w, b, eta=1.0):
    error = y - (1.0 if np.dot(w, x) + b >= 0 else -1.0)
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "bias_subtracted", "Your prediction subtracts the bias: it is step(w·x + b), as everywhere in this book."
)
def _(x, y, w, b, eta=1.0):
    error = y - (1.0 if np.dot(w, x) - b >= 0 else 0.0)
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "margin_rule",
    "Your test for a mistake is y (w·x + b) <= 0, which belongs to labels -1 and +1. With labels 0 and 1 "
    "compare y with step(w·x + b).",
)
def _(x, y, w, b, eta=1.0):
    if y * (np.dot(w, x) + b) <= 0:
        return w + eta * y * x, b + eta * y
    return w + 0.0, b + 0.0


@perceptron_update.mistake(
    "absolute_error",
    "Your error has lost its sign: |y - ŷ| always pushes upwards. After y = 0, predicted 1, the step goes "
    "down.",
)
def _(x, y, w, b, eta=1.0):
    error = abs(y - _answer(x, w, b))
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "no_input",
    "Your weights all move by the same amount: the input x is missing. Each weight moves by its own input.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w + eta * error, b + eta * error


@perceptron_update.mistake(
    "times_w",
    "Your weights move along w instead of x. The step is eta times the error times the input x.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return w + eta * error * w, b + eta * error


@perceptron_update.mistake(
    "step_only",
    "You return the changes, not the new values. Add them to the old w and b.",
)
def _(x, y, w, b, eta=1.0):
    error = y - _answer(x, w, b)
    return eta * error * x, eta * error


@perceptron_update.mistake(
    "sigmoid_error",
    "Your prediction is the sigmoid of z, a number between 0 and 1, so you also move when the answer is "
    "right. The perceptron predicts with the step.",
)
def _(x, y, w, b, eta=1.0):
    error = y - 1 / (1 + np.exp(-(np.dot(w, x) + b)))
    return w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "new_weights_for_bias",
    "You predict a second time after moving the weights, and the bias learns from that. Both learn from one "
    "error, computed before anything moves.",
)
def _(x, y, w, b, eta=1.0):
    w = w + eta * (y - _answer(x, w, b)) * x
    return w, b + eta * (y - _answer(x, w, b))


@perceptron_update.mistake(
    "moves_when_right",
    "You move by +x or -x whatever the prediction was. Where the prediction is right the error y - ŷ is 0, "
    "and nothing moves.",
)
def _(x, y, w, b, eta=1.0):
    sign = 1 if y == 1 else -1
    return w + eta * sign * x, b + eta * sign


@perceptron_update.mistake(
    "predicted_again",
    "You predict once more after the bias has moved, and the weights learn from that second prediction. "
    "Predict once, then move both.",
)
def _(x, y, w, b, eta=1.0):
    b_new = b + eta * (y - (np.dot(w, x) + b >= 0))
    return w + eta * (y - (np.dot(w, x) + b_new >= 0)) * x, b_new


@perceptron_update.mistake(
    "weights_decayed",
    "You shrink the old weights, (1 - eta) w, before you add. The rule keeps them: w + eta (y - ŷ) x.",
)
def _(x, y, w, b, eta=1.0):
    error = y - (np.dot(w, x) + b >= 0)
    return (1 - eta) * w + eta * error * x, b + eta * error


@perceptron_update.mistake(
    "bias_with_the_inputs",
    "Your bias moves by the sum of the inputs. Its input is always 1: it moves by eta (y - ŷ).",
)
def _(x, y, w, b, eta=1.0):
    error = y - (np.dot(w, x) + b >= 0)
    return w + eta * error * x, b + eta * error * np.sum(x)


@perceptron_update.variant
def _(x, y, w, b, eta=1.0):
    z = b
    for i in range(len(x)):
        z += w[i] * x[i]
    y_hat = int(z >= 0)
    new = [float(w[i] + eta * (y - y_hat) * x[i]) for i in range(len(x))]
    return np.array(new), float(b + eta * (y - y_hat))


@perceptron_update.variant
def _(x, y, w, b, eta=1.0):
    w, x = np.array(w, dtype=np.float32), np.asarray(x, dtype=np.float32)
    z = w @ x + b
    if z >= 0 and y == 0:
        return w - eta * x, b - eta
    if z < 0 and y == 1:
        return w + eta * x, b + eta
    return w, b


@perceptron_update.variant
def _(x, y, w, b, eta=1.0):
    augmented = np.append(w, b).astype(float)
    row = np.append(x, 1.0)
    augmented += eta * (y - np.heaviside(augmented @ row, 1.0)) * row
    return augmented[:-1], augmented[-1]


# ---------------------------------------------------------------- perceptron_fit


@exercise(
    chapter="02_perceptron",
    difficulty="medium",
    aim="Train a perceptron: epoch after epoch, until one passes without a mistake.",
    hints=(
        "Two loops, one inside the other: epochs, and in each of them every sample in the order given.",
        "Count the updates of the epoch as you make them, and append the count when the epoch is over. When "
        "may you stop?",
        "The epoch without a mistake belongs to `errors` too: append its 0 first, then stop. The update of "
        "one sample is the rule of `perceptron_update`.",
    ),
    either=(2,),
)
def perceptron_fit(X, y, eta=1.0, max_epochs=100):
    """Train a perceptron with the perceptron rule.

    Start from zero weights and bias. In every epoch go through the samples in the order given and update
    after each mistake (step(0) = 1). Stop after the first epoch without a mistake, or after max_epochs.

    Parameters
    ----------
    X : array (n_samples, n_features)
        The samples, one a row. Not changed.
    y : int array (n_samples,)
        Their labels, 0 or 1.
    eta : float
        The learning rate.
    max_epochs : int
        The most epochs to make.

    Returns
    -------
    w : float array (n_features,)
    b : float
    errors : list of int
        The number of updates in each epoch that was made, the last one included.
    """
    w, b = np.zeros(X.shape[1]), 0.0
    errors = []
    for _ in range(max_epochs):
        mistakes = 0
        for x_i, y_i in zip(X, y, strict=True):
            y_hat = 1 if np.dot(w, x_i) + b >= 0 else 0
            error = y_i - y_hat
            if error != 0:
                w = w + eta * error * x_i
                b = b + eta * error
                mistakes += 1
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors


@perceptron_fit.cases
def _(rng):
    yield case(LOGIC_X, AND, note="AND")
    yield case(LOGIC_X, OR, note="OR")
    yield case(LOGIC_X, NAND, 0.5, note="NAND with eta = 0.5")
    yield case(LOGIC_X[::-1].copy(), AND, 2.0, 7, note="NOR, rows in reverse order, eta = 2")
    # Few points and few epochs, for every step takes its time: the first are learned soon, the others, which
    # lie to one side of the origin, are not.
    for n_features, lowest, at_least in [(3, -8, 2), (2, 1, 13)]:
        epochs = 0
        while not at_least <= epochs < 24:
            X = rng.integers(lowest, 9, size=(6, n_features)).astype(float)
            height = X @ rng.choice([-3, -2, -1, 1, 2, 3], size=n_features)
            y = (height >= np.median(height)).astype(int)
            epochs = len(perceptron_fit.reference(X, y, 0.5, 24)[2])
        yield case(X, y, 0.5, 24, note=f"random integer points, {n_features} features")
    yield case(IRIS_X, IRIS_Y, note="iris: setosa against versicolor, in millimetres")
    yield case(
        np.array([[1.0], [1.0]]),
        np.array([0, 1]),
        group="edge",
        note="equal samples with unequal labels, max_epochs left at its default",
    )
    yield case(
        LOGIC_X, XOR, max_epochs=7, group="edge", note="XOR: no line separates it, so max_epochs ends it"
    )
    yield case(
        LOGIC_X, AND, max_epochs=3, group="edge", note="AND, stopped by max_epochs = 3 before it is learned"
    )
    yield case(LOGIC_X, AND, max_epochs=1, group="edge", note="a single epoch")
    yield case(LOGIC_X, AND, max_epochs=6, group="edge", note="AND with exactly the 6 epochs that it needs")
    yield case(
        np.array([[1.0, 2.0], [3.0, 1.0]]),
        np.array([1, 1]),
        group="edge",
        note="all labels 1: the zero start is right at once",
    )
    yield case(np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([0, 0]), group="edge", note="all labels 0")
    yield case(np.array([[2.0, -1.0, 1.0]]), np.array([0]), group="shape", note="one sample")
    yield case(
        np.array([[-2.0], [-1.0], [1.0], [3.0]]), np.array([0, 0, 1, 1]), group="shape", note="one feature"
    )
    yield case(
        np.array([[4.0, 1.0, 2.0], [1.0, 5.0, 1.0], [-3.0, 1.0, -2.0]]),
        np.array([1, 0, 0]),
        group="shape",
        note="as many samples as features",
    )
    yield case(LOGIC_X.astype(np.float32), OR, 0.5, group="edge", note="float32 X")
    yield case(LOGIC_X.astype(float), NAND.astype(float), group="edge", note="labels as floats")


for line in (
    "w = w + eta * error * x_i  ->  w = w + eta / error * x_i",
    "b = b + eta * error  ->  b = b + eta / error",
):
    perceptron_fit.equivalent(line, "there the error is +1 or -1, which is its own inverse")


def _train(
    X, y, eta, max_epochs, *, start=0.0, predict=None, step_of=None, count=None, bias=True, order=None
):
    """Train with one part replaced: the wrong answers below say which."""
    predict = predict or (lambda z: 1 if z >= 0 else 0)
    step_of = step_of or (lambda error, y_i, z: error)
    count = count or (lambda error: int(error != 0))
    w, b, errors = np.full(X.shape[1], start), start, []
    for _ in range(max_epochs):
        mistakes = 0
        for i in order(len(X)) if order else range(len(X)):
            z = np.dot(w, X[i]) + b
            error = y[i] - predict(z)
            move = step_of(error, y[i], z)
            w = w + eta * move * X[i]
            b = b + eta * move if bias else b
            mistakes += count(error)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "strict",
    "Where z is exactly 0 you predict 0. In this book step(0) = 1, and the zero start puts every first z "
    "there.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, predict=lambda z: 1 if z > 0 else 0)


@perceptron_fit.mistake(
    "no_eta",
    "The learning rate eta does nothing in your training. It scales every update of w and b.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, 1.0, max_epochs)


@perceptron_fit.mistake(
    "eta_not_bias",
    "Your weights learn with eta, but the bias learns without it. Both move at the same rate.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x_i, y_i in zip(X, y, strict=True):
            error = y_i - (1 if np.dot(w, x_i) + b >= 0 else 0)
            w, b = w + eta * error * x_i, b + error
            mistakes += int(error != 0)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "no_bias",
    "Your bias stays 0, so that every line passes through the origin. It learns like a weight whose input is "
    "1.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, bias=False)


@perceptron_fit.mistake(
    "sign",
    "Your updates move in the wrong direction (ŷ - y), so that each mistake makes the next one likelier. The "
    "error is y - ŷ.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, step_of=lambda error, y_i, z: -error)


@perceptron_fit.mistake("ones_start", "Training starts from ones. Start with zero weights and zero bias.")
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, start=1.0)


@perceptron_fit.mistake(
    "random_start",
    "Training does not start from zero: your first weights are drawn at random. Start with zero weights and "
    "zero bias.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = np.random.default_rng(0).normal(size=X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x_i, y_i in zip(X, y, strict=True):
            error = y_i - (1 if np.dot(w, x_i) + b >= 0 else 0)
            w, b = w + eta * error * x_i, b + eta * error
            mistakes += int(error != 0)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "never_stops",
    "Your training goes on after an epoch without mistakes, so `errors` has max_epochs entries. Stop after "
    "the first 0.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = _train(X, y, eta, max_epochs)
    return w, b, errors + [0] * (max_epochs - len(errors))


@perceptron_fit.mistake(
    "last_epoch_missing",
    "The epoch without mistakes is missing from `errors`: you stop before its 0 is appended.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = _train(X, y, eta, max_epochs)
    return w, b, [count for count in errors if count > 0]


@perceptron_fit.mistake(
    "one_epoch_short",
    "Your loop makes one epoch fewer than max_epochs allows (`range(1, max_epochs)` or `max_epochs - 1`).",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs - 1)


@perceptron_fit.mistake(
    "one_epoch_more",
    "Your loop makes one epoch more than max_epochs allows (`<=` where `<` is meant, or `max_epochs + 1`).",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs + 1)


@perceptron_fit.mistake(
    "signed_count",
    "Your counter adds up the signed errors y - ŷ: a +1 and a -1 cancel, and training can stop too early. "
    "Count updates.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, count=lambda error: error)


@perceptron_fit.mistake(
    "counted_afterwards",
    "Your `errors` counts the samples that are wrong after the epoch. It asks for the updates made "
    "during it.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        for x_i, y_i in zip(X, y, strict=True):
            error = y_i - (1 if np.dot(w, x_i) + b >= 0 else 0)
            w, b = w + eta * error * x_i, b + eta * error
        errors.append(int(np.sum((X @ w + b >= 0) != y)))
        if errors[-1] == 0:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "batch",
    "You predict all samples first and update once an epoch. The perceptron updates after each sample, so "
    "that the next one already meets the new weights.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        error = y - (X @ w + b >= 0)
        w, b = w + eta * error @ X, b + eta * error.sum()
        errors.append(int(np.count_nonzero(error)))
        if errors[-1] == 0:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "bias_once_an_epoch",
    "Your weights move after each sample, but the bias only at the end of the epoch. Both move together.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes, change = 0, 0.0
        for x_i, y_i in zip(X, y, strict=True):
            error = y_i - (1 if np.dot(w, x_i) + b >= 0 else 0)
            w, change = w + eta * error * x_i, change + eta * error
            mistakes += int(error != 0)
        b = b + change
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "one_mistake_allowed",
    "You stop although the epoch still had a mistake. Stop only after an epoch with none at all.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x_i, y_i in zip(X, y, strict=True):
            error = y_i - (1 if np.dot(w, x_i) + b >= 0 else 0)
            w, b = w + eta * error * x_i, b + eta * error
            mistakes += int(error != 0)
        errors.append(mistakes)
        if mistakes <= 1:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "ten_epochs",
    "Your training makes ten epochs at most, whatever max_epochs says. Use the argument in the loop.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, min(10, max_epochs))


@perceptron_fit.mistake(
    "max_epochs_ignored",
    "The argument max_epochs does nothing in your training. It is the most epochs to make.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, 100)


@perceptron_fit.mistake(
    "rounds_not_epochs",
    "Your loop ends before every sample has been seen: each epoch shows all samples, the last one too.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, order=lambda n: range(n - 1))


@perceptron_fit.mistake(
    "first_left_out",
    "Your inner loop starts with the second sample. Each epoch shows all samples, the first one too.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, order=lambda n: range(1, n))


@perceptron_fit.mistake(
    "centered", "You subtract the mean from X first. The exercise trains on the samples as they are."
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X - X.mean(axis=0), y, eta, max_epochs)


@perceptron_fit.mistake(
    "best_so_far",
    "You return the weights of the epoch with the fewest mistakes (the pocket rule). Return the last ones.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    best, kept = None, None
    for _ in range(max_epochs):
        mistakes = 0
        for x_i, y_i in zip(X, y, strict=True):
            error = y_i - (1 if np.dot(w, x_i) + b >= 0 else 0)
            w, b = w + eta * error * x_i, b + eta * error
            mistakes += int(error != 0)
        errors.append(mistakes)
        if best is None or mistakes < best:
            best, kept = mistakes, (w, b)
        if mistakes == 0:
            break
    return *kept, errors


@perceptron_fit.mistake(
    "adaline",
    "Your error is y - z with the raw z, so every sample moves the weights. The perceptron's error is y - "
    "step(z).",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, step_of=lambda error, y_i, z: y_i - z)


@perceptron_fit.mistake(
    "plus_minus_labels",
    "Your update is eta y x, the rule for labels -1 and +1. With labels 0 and 1 a mistake with y = 0 then "
    "moves nothing. Use y - ŷ.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, step_of=lambda error, y_i, z: y_i if error else 0)


@perceptron_fit.mistake(
    "doubled_error",
    "Each of your updates is twice as long as the rule says: labels turned into -1 and +1 give errors of ±2.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, step_of=lambda error, y_i, z: 2 * error)


@perceptron_fit.mistake(
    "reverse_order",
    "You go through the samples from last to first. The exercise takes them in the order given.",
)
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs, order=lambda n: range(n - 1, -1, -1))


@perceptron_fit.mistake(
    "shuffled",
    "You shuffle the samples. The exercise takes them in the order given, so that everybody finds the same "
    "weights.",
)
def _(X, y, eta=1.0, max_epochs=100):
    rng = np.random.default_rng(0)
    return _train(X, y, eta, max_epochs, order=rng.permutation)


@perceptron_fit.mistake(
    "stops_at_first_right",
    "You stop at the first sample that is right. An epoch is over when every sample has been shown.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _ in range(max_epochs):
        mistakes = 0
        for x_i, y_i in zip(X, y, strict=True):
            error = y_i - (1 if np.dot(w, x_i) + b >= 0 else 0)
            if error == 0:
                break
            w, b, mistakes = w + eta * error * x_i, b + eta * error, mistakes + 1
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "total_errors",
    "Your counter is never set back to 0, so `errors` adds up over the epochs. Start it anew in every epoch.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors, mistakes = np.zeros(X.shape[1]), 0.0, [], 0
    for _ in range(max_epochs):
        before = mistakes
        for x_i, y_i in zip(X, y, strict=True):
            error = y_i - (1 if np.dot(w, x_i) + b >= 0 else 0)
            w, b = w + eta * error * x_i, b + eta * error
            mistakes += int(error != 0)
        errors.append(mistakes)
        if mistakes == before:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "total_errors_no_stop",
    "Your counter is never set back to 0, so `errors` adds up over the epochs, and training never stops "
    "early.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors, mistakes = np.zeros(X.shape[1]), 0.0, [], 0
    for _ in range(max_epochs):
        for x_i, y_i in zip(X, y, strict=True):
            error = y_i - (1 if np.dot(w, x_i) + b >= 0 else 0)
            w, b = w + eta * error * x_i, b + eta * error
            mistakes += int(error != 0)
        errors.append(mistakes)
        if mistakes == 0:
            break
    return w, b, errors


@perceptron_fit.mistake(
    "fraction",
    "Your `errors` holds fractions of the samples. It asks for the number of updates.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = _train(X, y, eta, max_epochs)
    return w, b, [count / len(X) for count in errors]


@perceptron_fit.mistake(
    "errors_as_number",
    "You return one number for the errors. Return a list with one count for every epoch.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = _train(X, y, eta, max_epochs)
    return w, b, sum(errors)


@perceptron_fit.mistake(
    "last_count",
    "You return the last epoch's count alone. Return a list with one count for every epoch.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = _train(X, y, eta, max_epochs)
    return w, b, errors[-1]


@perceptron_fit.mistake(
    "epochs_as_errors",
    "Your third value is the number of epochs. Return a list with one count of updates for every epoch.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = _train(X, y, eta, max_epochs)
    return w, b, len(errors)


@perceptron_fit.mistake("no_errors", "You return w and b, but not the list `errors`.")
def _(X, y, eta=1.0, max_epochs=100):
    return _train(X, y, eta, max_epochs)[:2]


@perceptron_fit.mistake("order", "You return the bias before the weights. The order is w, b, errors.")
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = _train(X, y, eta, max_epochs)
    return b, w, errors


@perceptron_fit.mistake(
    "bias_in_w",
    "Your w holds the bias as one more entry. Return the weights, one a feature, and the bias by itself.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = _train(X, y, eta, max_epochs)
    return np.append(w, b), b, errors


@perceptron_fit.mistake(
    "stops_without_progress",
    "You stop as soon as an epoch has no fewer mistakes than the one before. The number may rise for a "
    "while: only an epoch without any mistake, or max_epochs, is the end.",
)
def _(X, y, eta=1.0, max_epochs=100):
    w, b, errors = np.zeros(X.shape[1]), 0.0, []
    for _epoch in range(max_epochs):
        count = 0
        for xi, yi in zip(X, y, strict=True):
            error = yi - (np.dot(w, xi) + b >= 0)
            w, b, count = w + eta * error * xi, b + eta * error, count + int(error != 0)
        errors.append(count)
        if count == 0 or (len(errors) > 1 and count >= errors[-2]):
            break
    return w, b, errors


def _fitted(X, y, eta, max_epochs, *, start=0.0, fresh=False, one=False, rate=lambda k: 1.0):
    """Return the perceptron's training with another start, afresh in each epoch, or one update an epoch."""
    w, b, errors = np.full(X.shape[1], start), 0.0, []
    for epoch in range(max_epochs):
        if fresh:
            w, b = np.full(X.shape[1], start), 0.0
        count = 0
        for xi, yi in zip(X, y, strict=True):
            move = eta * rate(epoch) * (yi - (np.dot(w, xi) + b >= 0))
            w, b, count = w + move * xi, b + move, count + int(move != 0)
            if one and move != 0:
                break
        errors.append(count)
        if count == 0:
            break
    return w, b, errors


perceptron_fit.mistake("starts_at_ones", "Your weights start at 1. The exercise starts them at 0.")(
    lambda X, y, eta=1.0, max_epochs=100: _fitted(X, y, eta, max_epochs, start=1.0)
)

perceptron_fit.mistake(
    "starts_afresh_every_epoch",
    "Your weights are set back to the start in every epoch: nothing learned lasts. Start once, before the "
    "first epoch.",
)(lambda X, y, eta=1.0, max_epochs=100: _fitted(X, y, eta, max_epochs, fresh=True))

perceptron_fit.mistake(
    "one_update_an_epoch",
    "Your epoch ends after its first update (a `break` too many). Go on to the next sample: an epoch shows "
    "all of them.",
)(lambda X, y, eta=1.0, max_epochs=100: _fitted(X, y, eta, max_epochs, one=True))

perceptron_fit.mistake(
    "eta_shrinks",
    "Your learning rate shrinks from epoch to epoch. Here it is eta throughout.",
)(lambda X, y, eta=1.0, max_epochs=100: _fitted(X, y, eta, max_epochs, rate=lambda k: 1 / (k + 1)))


@perceptron_fit.variant
def _(X, y, eta=1.0, max_epochs=100):
    rows = np.column_stack([X, np.ones(len(X))])
    w, errors = np.zeros(rows.shape[1]), []
    while len(errors) < max_epochs:
        updates = 0
        for row, label in zip(rows, y, strict=True):
            error = label - np.heaviside(row @ w, 1.0)
            w += eta * error * row
            updates += abs(error)
        errors.append(int(updates))
        if updates == 0:
            break
    return w[:-1], w[-1], errors


@perceptron_fit.variant
def _(X, y, eta=1.0, max_epochs=100):
    n, d = np.shape(X)
    w, b, errors = [0.0] * d, 0.0, []
    for _ in range(max_epochs):
        errors.append(0)
        for i in range(n):
            z = sum(w[j] * X[i, j] for j in range(d)) + b
            if (z >= 0) != (y[i] == 1):
                sign = 1 if y[i] == 1 else -1
                w = [w[j] + sign * eta * X[i, j] for j in range(d)]
                b += sign * eta
                errors[-1] += 1
        if not errors[-1]:
            break
    return np.array(w, dtype=float), b, tuple(errors)


@perceptron_fit.variant
def _(X, y, eta=1.0, max_epochs=100):
    X = X.astype(np.float32)
    w, b, errors = np.zeros(X.shape[1], dtype=np.float32), np.float32(0), []
    for _ in range(max_epochs):
        wrong = 0
        for i, x in enumerate(X):
            excess = int(np.einsum("i,i->", w, x) + b >= 0) - y[i]
            if excess:
                shift = np.float32(eta * excess)
                w, b, wrong = w - shift * x, b - shift, wrong + 1
        errors += [wrong]
        if wrong == 0:
            break
    return w, b, np.array(errors)


# ---------------------------------------------------------------- mistake_bound


@exercise(
    chapter="02_perceptron",
    difficulty="hard",
    aim=(
        "Compute Novikoff's bound: how many mistakes the perceptron can make at most, known before it learns."
    ),
    hints=(
        "Give every sample a last feature 1, and append b to w: then w·x + b is one dot product, and the "
        "hyperplane passes through the origin of the larger space.",
        "R is the length of the longest augmented row. The margin of a sample is its signed score, positive "
        "on its own side, divided by the length of the augmented weights; gamma is the smallest of them.",
        "Labels 0 and 1 become signs with 2y - 1. Raise the ValueError when gamma is not positive, and mind "
        "the square at the end.",
    ),
)
def mistake_bound(X, y, w, b):
    """Novikoff's bound (R / gamma)² on the number of mistakes of a perceptron that starts from zero.

    In the augmented space: every row of X gets a last entry 1, and b is the last weight. R is the largest
    length of an augmented row; gamma is the smallest margin, the signed distance of an augmented row from
    the hyperplane, positive on the right side of it.

    Parameters
    ----------
    X : array (n_samples, n_features)
    y : int array (n_samples,)
        Labels, 0 or 1.
    w : array (n_features,)
    b : float
        With w, a solution that separates the samples; its length does not matter.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If gamma is 0 or negative: then w and b do not separate the samples.
    """
    rows = np.column_stack([X, np.ones(len(X))])
    normal = np.append(w, b)
    margins = (2 * y - 1) * (rows @ normal) / np.linalg.norm(normal)
    gamma = margins.min()
    if gamma <= 0:
        raise ValueError("w and b do not separate the samples: the smallest margin is not positive")
    R = np.linalg.norm(rows, axis=1).max()
    return float((R / gamma) ** 2)


def _separated(rng, n, d):
    """Return random samples and a hyperplane that keeps clear of them all."""
    w, b = rng.normal(size=d) + 0.5, float(rng.normal())
    X = rng.normal(size=(n, d)) * 3
    z = X @ w + b
    X += np.outer(np.where(z >= 0, 1.0, -1.0) * 0.5 / (w @ w), w)
    return X, (X @ w + b >= 0).astype(int), w, b


@mistake_bound.cases
def _(rng):
    X = np.array([[2.0, 1.0], [1.0, 3.0], [-1.0, -1.0], [-3.0, 0.5]])
    y = np.array([1, 1, 0, 0])
    yield case(X, y, np.array([1.0, 1.0]), -0.5, note="four samples in the plane")
    yield case(X, y, np.array([4.0, 4.0]), -2.0, note="the same line, w and b four times as long")
    yield case(X, y, np.array([0.25, 0.25]), -0.125, note="the same line, w and b a quarter as long")
    for n, d, nearest in ((7, 3, -0.45), (5, 2, 0.45)):  # the sample next to the plane is a 0, and a 1
        drawn, _, w, b = _separated(rng, n, d)
        drawn[0] += (nearest - drawn[0] @ w - b) / (w @ w) * w
        yield case(drawn, (drawn @ w + b >= 0).astype(int), w, b, note=f"{n} random samples, {d} features")
    yield case(LOGIC_X, AND, np.array([2.0, 2.0]), -3.0, note="AND with a line between the points")
    yield case(LOGIC_X, NAND, np.array([-1.0, -1.0]), 1.5, note="NAND")
    yield case(IRIS_X / 10, IRIS_Y, np.array([-1.5, 3.5]), -2.0, note="iris: setosa against versicolor")
    yield case(
        np.array([[2.0, 5.0, 1.0]]),
        np.array([1]),
        np.array([1.0, 0.0, 1.0]),
        0.0,
        group="shape",
        note="one sample",
    )
    yield case(
        np.array([[0.5], [-0.25], [3.0]]),
        np.array([1, 0, 1]),
        np.array([2.0]),
        0.125,
        group="shape",
        note="one feature",
    )
    yield case(*_separated(rng, 4, 4), group="shape", note="as many samples as features")
    yield case(
        np.array([[0.0, 0.0], [0.5, 0.25]]),
        np.array([1, 1]),
        np.array([1.0, 1.0]),
        1.0,
        group="edge",
        note="all labels 1",
    )
    yield case(
        np.array([[-1.0, -2.0], [-0.5, -0.25]]),
        np.array([0, 0]),
        np.array([1.0, 1.0]),
        -1.0,
        group="edge",
        note="all labels 0",
    )
    yield case(LOGIC_X, OR, np.array([2, 2]), -1, group="edge", note="integer X, w and b")
    yield case(
        X.astype(np.float32), y, np.array([1.0, 2.0], dtype=np.float32), 0.0, group="edge", note="float32"
    )
    yield case(
        LOGIC_X,
        AND,
        np.array([2, 1]),
        -3,
        group="errors",
        raises=ValueError,
        note="the book's own AND solution: a sample lies on the line",
    )
    yield case(
        LOGIC_X,
        OR,
        np.array([1, 1]),
        -1,
        group="errors",
        raises=ValueError,
        note="the book's own OR solution: samples lie on the line",
    )
    yield case(
        X,
        y,
        np.array([1.0, 1.0]),
        -3.5,
        group="errors",
        raises=ValueError,
        note="one sample on the wrong side",
    )
    yield case(
        X,
        y,
        np.array([-1.0, -1.0]),
        0.5,
        group="errors",
        raises=ValueError,
        note="every sample on the wrong side",
    )


def _bound(X, y, w, b, *, R=None, gamma=None, final=lambda ratio: ratio**2, refuse=lambda gamma: gamma <= 0):
    """Compute the bound with one part replaced: the wrong answers below say which."""
    rows, normal = np.column_stack([X, np.ones(len(X))]), np.append(w, b)
    margins = (2 * y - 1) * (rows @ normal) / np.linalg.norm(normal)
    gamma = margins.min() if gamma is None else gamma(margins, rows, normal)
    if refuse(gamma):
        raise ValueError("not separated")
    R = np.linalg.norm(rows, axis=1).max() if R is None else R(rows)
    return float(final(R / gamma))


@mistake_bound.mistake(
    "R_not_augmented",
    "Your R is the longest row of X itself. In the augmented space every row has a last entry 1, which makes "
    "it longer.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, R=lambda rows: np.linalg.norm(rows[:, :-1], axis=1).max())


@mistake_bound.mistake(
    "norm_not_augmented",
    "You divide by the length of w alone. In the augmented space the weights are (w, b), and b counts in "
    "their length.",
)
def _(X, y, w, b):
    return _bound(
        X,
        y,
        w,
        b,
        gamma=lambda m, rows, normal: m.min() * np.linalg.norm(normal) / np.linalg.norm(normal[:-1]),
    )


@mistake_bound.mistake(
    "not_augmented",
    "You work in the space of X: neither R nor the length of the weights has the extra entry (1 for the rows,"
    " b for the weights).",
)
def _(X, y, w, b):
    return _bound(
        X,
        y,
        w,
        b,
        R=lambda rows: np.linalg.norm(rows[:, :-1], axis=1).max(),
        gamma=lambda m, rows, normal: m.min() * np.linalg.norm(normal) / np.linalg.norm(normal[:-1]),
    )


@mistake_bound.mistake(
    "not_normalised",
    "Your margin changes when w and b are made longer, though the line stays the same. Divide the scores by "
    "the length of the augmented weights.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, gamma=lambda m, rows, normal: m.min() * np.linalg.norm(normal))


@mistake_bound.mistake(
    "divided_by_square",
    "You divide the scores by the squared length of the weights. A distance divides by the length, once.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, gamma=lambda m, rows, normal: m.min() / np.linalg.norm(normal))


@mistake_bound.mistake(
    "bias_left_out",
    "Your scores leave b out. The augmented score of a sample is w·x + b.",
)
def _(X, y, w, b):
    return _bound(
        X,
        y,
        w,
        b,
        gamma=lambda m, rows, normal: (
            ((2 * y - 1) * (rows[:, :-1] @ normal[:-1])).min() / np.linalg.norm(normal)
        ),
        refuse=lambda gamma: gamma <= 0,
    )


@mistake_bound.mistake("not_squared", "You return R / gamma. Novikoff's bound is its square.")
def _(X, y, w, b):
    return _bound(X, y, w, b, final=lambda ratio: ratio)


@mistake_bound.mistake("R_squared_only", "You return R² / gamma. The whole ratio is squared, gamma too.")
def _(X, y, w, b):
    rows = np.column_stack([X, np.ones(len(X))])
    return _bound(X, y, w, b, final=lambda ratio: ratio * np.linalg.norm(rows, axis=1).max())


@mistake_bound.mistake(
    "upside_down",
    "Your ratio stands upside down: (gamma / R)². A narrow margin makes the bound large.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, final=lambda ratio: ratio**-2)


@mistake_bound.mistake(
    "squared_lengths",
    "Your R is the largest sum of squares: the root is missing, so that R enters with the fourth power.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, R=lambda rows: (rows**2).sum(axis=1).max())


@mistake_bound.mistake(
    "sum_of_absolutes",
    "You measure the weights by the sum of their absolute values. The length is the root of the sum of "
    "squares.",
)
def _(X, y, w, b):
    return _bound(
        X, y, w, b, gamma=lambda m, rows, normal: m.min() * np.linalg.norm(normal) / np.abs(normal).sum()
    )


@mistake_bound.mistake(
    "ratio_by_sample",
    "You divide each sample's length by its own margin and take the largest ratio. R and gamma are taken "
    "over all samples first, each by itself.",
)
def _(X, y, w, b):
    rows, normal = np.column_stack([X, np.ones(len(X))]), np.append(w, b)
    margins = (2 * y - 1) * (rows @ normal) / np.linalg.norm(normal)
    if margins.min() <= 0:
        raise ValueError("not separated")
    return float(((np.linalg.norm(rows, axis=1) / margins) ** 2).max())


@mistake_bound.mistake(
    "one_number_a_sample",
    "You return one bound for each sample. R is the largest length: take the maximum over the rows.",
)
def _(X, y, w, b):
    rows, normal = np.column_stack([X, np.ones(len(X))]), np.append(w, b)
    margins = (2 * y - 1) * (rows @ normal) / np.linalg.norm(normal)
    if margins.min() <= 0:
        raise ValueError("not separated")
    return (np.linalg.norm(rows, axis=1) / margins.min()) ** 2


@mistake_bound.mistake(
    "assertion", "You refuse the margin with another exception than ValueError: raise a ValueError."
)
def _(X, y, w, b):
    try:
        return _bound(X, y, w, b)
    except ValueError as e:
        raise AssertionError from e


@mistake_bound.mistake("mean_R", "Your R is the average length of a row. The bound needs the longest one.")
def _(X, y, w, b):
    return _bound(X, y, w, b, R=lambda rows: np.linalg.norm(rows, axis=1).mean())


@mistake_bound.mistake("min_R", "Your R is the length of the shortest row. The bound needs the longest one.")
def _(X, y, w, b):
    return _bound(X, y, w, b, R=lambda rows: np.linalg.norm(rows, axis=1).min())


@mistake_bound.mistake(
    "whole_norm",
    "Your R is the norm of the whole matrix. Take the length of each row (axis=1), then the largest.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, R=lambda rows: np.linalg.norm(rows))


@mistake_bound.mistake(
    "column_norm",
    "Your lengths run down the columns (axis=0). A sample is a row: take the norm along axis=1.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, R=lambda rows: np.linalg.norm(rows, axis=0).max())


@mistake_bound.mistake(
    "largest_entry",
    "Your R is the largest entry. It is the largest length: the root of a row's sum of squares.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, R=lambda rows: np.abs(rows).max())


@mistake_bound.mistake("mean_margin", "Your gamma is the average margin. The bound needs the smallest one.")
def _(X, y, w, b):
    return _bound(X, y, w, b, gamma=lambda m, rows, normal: m.mean() if m.min() > 0 else -1.0)


@mistake_bound.mistake("max_margin", "Your gamma is the largest margin. The bound needs the smallest one.")
def _(X, y, w, b):
    return _bound(X, y, w, b, gamma=lambda m, rows, normal: m.max() if m.min() > 0 else -1.0)


@mistake_bound.mistake(
    "absolute_margin",
    "You take the absolute value of the scores, so a sample on the wrong side looks well separated. Use the "
    "sign from its label.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, gamma=lambda m, rows, normal: np.abs(m).min())


@mistake_bound.mistake(
    "labels_as_signs",
    "You multiply the scores by y itself, so that every sample with label 0 has margin 0. Turn labels 0 and 1"
    " into -1 and +1 first.",
)
def _(X, y, w, b):
    return _bound(
        X, y, w, b, gamma=lambda m, rows, normal: (y * (rows @ normal) / np.linalg.norm(normal)).min()
    )


@mistake_bound.mistake(
    "signs_exchanged",
    "Your signs are exchanged: label 1 counts as -1. A sample with label 1 lies on the positive side.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, gamma=lambda m, rows, normal: (-m).min())


@mistake_bound.mistake(
    "class_one_only",
    "Your margin looks at the samples with label 1 alone. Those with label 0 must be separated too.",
)
def _(X, y, w, b):
    return _bound(X, y, w, b, gamma=lambda m, rows, normal: m[y == 1].min() if (y == 1).any() else np.inf)


@mistake_bound.mistake(
    "zero_margin",
    "A margin of exactly 0 passes your test. There the bound would be infinite: raise the ValueError when "
    "gamma <= 0.",
)
def _(X, y, w, b):
    with np.errstate(divide="ignore"):
        return _bound(X, y, w, b, refuse=lambda gamma: gamma < 0)


@mistake_bound.mistake(
    "no_error",
    "Where w and b do not separate the samples you return a number. Raise a ValueError when gamma is 0 or "
    "negative.",
)
def _(X, y, w, b):
    with np.errstate(divide="ignore"):
        return _bound(X, y, w, b, refuse=lambda gamma: False)


@mistake_bound.mistake(
    "infinite",
    "Where w and b do not separate the samples you return infinity. The exercise asks for a ValueError.",
)
def _(X, y, w, b):
    try:
        return _bound(X, y, w, b)
    except ValueError:
        return float("inf")


@mistake_bound.mistake("rounded", "Your bound is rounded to an integer. Return the number itself, a float.")
def _(X, y, w, b):
    return int(np.ceil(_bound(X, y, w, b)))


@mistake_bound.mistake(
    "R_of_the_closest_row",
    "Your R is the length of the row with the smallest margin. The longest row of all counts, wherever the "
    "line runs.",
)
def _(X, y, w, b):
    rows = np.column_stack([X, np.ones(len(X))])
    weights = np.append(w, b)
    margins = (2 * np.asarray(y) - 1) * (rows @ weights) / np.linalg.norm(weights)
    if margins.min() <= 0:
        raise ValueError("w and b do not separate the samples")
    return float((np.linalg.norm(rows[margins.argmin()]) / margins.min()) ** 2)


@mistake_bound.mistake(
    "R_not_squared", "You return R / gamma². Novikoff's bound is (R / gamma)²: square R too."
)
def _(X, y, w, b):
    R2 = float((np.square(X, dtype=float).sum(axis=1) + 1).max())
    return mistake_bound.reference(X, y, w, b) / np.sqrt(R2)


@mistake_bound.variant
def _(X, y, w, b):
    length, R2, gamma = np.sqrt(np.sum(np.square(w)) + b**2), 0.0, np.inf
    for x, label in zip(X, y, strict=True):
        sign = 1 if label == 1 else -1
        gamma = min(gamma, sign * (np.dot(w, x) + b) / length)
        R2 = max(R2, np.dot(x, x) + 1)
    if gamma <= 0:
        raise ValueError("not separated")
    return R2 / gamma**2


@mistake_bound.variant
def _(X, y, w, b):
    scores = np.where(y == 1, 1, -1) * (X @ w + b)
    if np.min(scores) <= 0:
        raise ValueError("margin")
    return np.max(np.einsum("ij,ij->i", X, X) + 1) * (w @ w + b * b) / np.min(scores) ** 2


@mistake_bound.variant
def _(X, y, w, b):
    X, w = np.asarray(X, dtype=np.float32), np.asarray(w, dtype=np.float32)
    rows = np.hstack([X, np.ones((X.shape[0], 1), dtype=np.float32)])
    unit = np.concatenate([w, [b]]) / np.hypot(np.linalg.norm(w), b)
    signed = rows @ unit
    signed[y == 0] *= -1
    if not (signed > 0).all():
        raise ValueError("a sample is on the wrong side")
    return (np.linalg.norm(rows, axis=1).max() / signed.min()) ** 2
