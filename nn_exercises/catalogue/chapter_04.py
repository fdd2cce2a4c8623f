"""Chapter 4, activations: their values, their derivatives, and what overflows, vanishes or dies in them."""

import numpy as np

from nn_exercises.exercise import case, exercise


def _away(rng, shape, low=0.2, high=3.0):
    """Return random values that keep away from the kink at 0, of both signs."""
    return rng.uniform(low, high, size=shape) * rng.choice([-1.0, 1.0], size=shape)


# ---------------------------------------------------------------- sigmoid


@exercise(
    chapter="04_activations",
    difficulty="easy",
    aim="Write the sigmoid so that it stays calm for inputs of any size.",
    hints=(
        "Write the formula first. Then try z = -1000: which of its parts grows beyond what a float can hold?",
        "exp(-z) overflows for very negative z, exp(z) for very positive z. For each sign of z one of the "
        "two forms 1/(1 + e^-z) and e^z/(1 + e^z) is harmless.",
        "exp(-|z|) never overflows. Compute it once, and write both forms with it; `np.where` then chooses "
        "by the sign of z. (np.where alone is no help: it evaluates both sides before it chooses.)",
    ),
)
def sigmoid(z):
    """Sigmoid (logistic) function, 1 / (1 + e^-z), element by element.

    It gives no overflow warning, however large |z| is.

    Parameters
    ----------
    z : float or array of any shape
        Pre-activations, integers or floats. Not changed.

    Returns
    -------
    float, or float array of the shape of z
        Values from 0 to 1.
    """
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


@sigmoid.cases
def _(rng):
    z = rng.uniform(0.2, 4.0, size=6)
    yield case(np.concatenate([z, -z]), note="random values and their negatives")
    yield case(np.linspace(-6, 6, 13), note="values from -6 to 6")
    yield case(np.array([-15.0, -9.0, 9.0, 15.0]), note="values far from 0")
    yield case(rng.normal(size=(3, 4)), group="shape", note="a matrix")
    yield case(rng.normal(size=(4, 1)), group="shape", note="a column")
    yield case(np.array([0.8]), group="shape", note="a single entry")
    yield case(1.5, group="shape", note="a number instead of an array")
    yield case(-2.0, group="shape", note="a negative number instead of an array")
    yield case(np.array([0.0, -0.0]), group="edge", note="z exactly 0")
    yield case(np.array([-3, -1, 0, 2, 4]), group="edge", note="integer z")
    yield case(np.array([[2, -2], [0, 1]]), group="edge", note="an integer matrix")
    yield case(rng.normal(size=5).astype(np.float32), group="edge", note="float32 z")
    yield case(np.array([-1000.0, -1.0, 1.0, 1000.0]), group="stability", note="z = ±1000", quiet=True)
    yield case(-1000.0, group="stability", note="the number -1000", quiet=True)
    yield case(1000.0, group="stability", note="the number 1000", quiet=True)
    yield case(np.array([[-1000, 1000]]), group="stability", note="integers ±1000", quiet=True)


def _stable(z):
    e = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1.0, e) / (1.0 + e)


for _key, _message, _answer in [
    (
        "overflow_negative",
        "The values are right, but exp(-z) overflows for very negative z, and NumPy warns. Use a form in "
        "which only exp(-|z|) occurs.",
        lambda z: 1 / (1 + np.exp(-np.asarray(z, dtype=float))),
    ),
    (
        "nan_positive",
        "For z = 1000 your function divides infinity by infinity and returns NaN: exp(z) overflows. Use "
        "e^z/(1 + e^z) for negative z only.",
        lambda z: np.exp(np.asarray(z, dtype=float)) / (1 + np.exp(np.asarray(z, dtype=float))),
    ),
    (
        "where_evaluates_both",
        "np.where evaluates *both* forms for every z before it chooses, so the overflow still happens and "
        "NumPy warns. Make the argument of exp harmless first, with -|z|.",
        lambda z: np.where(
            np.asarray(z) >= 0,
            1 / (1 + np.exp(-np.asarray(z, float))),
            np.exp(np.asarray(z, float)) / (1 + np.exp(np.asarray(z, float))),
        ),
    ),
    (
        "sign_of_z",
        "Your curve falls from 1 to 0: it is 1 - sigmoid(z). The exponent has the wrong sign; it is e^-z.",
        lambda z: _stable(-np.asarray(z, float)),
    ),
    (
        "minus_in_the_denominator",
        "The denominator is 1 *minus* e^-z in your version, which is 0 at z = 0. It is 1 plus e^-z.",
        lambda z: 1 / (1 - np.exp(-np.asarray(z, dtype=float))),
    ),
    (
        "one_forgotten",
        "The 1 in the denominator is missing: 1/e^-z is e^z, which grows without bound.",
        lambda z: 1 / np.exp(-np.asarray(z, dtype=float)),
    ),
    (
        "numerator_and_denominator",
        "e^-z/(1 + e^-z) is the sigmoid of -z. The numerator is 1.",
        lambda z: np.exp(-np.asarray(z, float)) / (1 + np.exp(-np.asarray(z, float))),
    ),
    (
        "not_inverted",
        "You return 1 + e^-z. The sigmoid is 1 divided by that.",
        lambda z: 1 + np.exp(-np.asarray(z, dtype=float)),
    ),
    (
        "tanh",
        "You return tanh, which runs from -1 to 1. The sigmoid runs from 0 to 1.",
        lambda z: np.tanh(z),
    ),
    (
        "tanh_not_halved",
        "(1 + tanh z)/2 is the sigmoid of 2z, twice as steep. Halve z first.",
        lambda z: 0.5 * (1 + np.tanh(z)),
    ),
    (
        "tanh_not_shifted",
        "Your values run from -1 to 1, as those of tanh(z/2) = 2 sigmoid(z) - 1 do. The sigmoid runs from 0 "
        "to 1.",
        lambda z: np.tanh(np.asarray(z) / 2),
    ),
    (
        "one_outside_the_fraction",
        "Brackets are missing: 1/e^-z + 1 is e^z + 1. The sum 1 + e^-z stands *under* the fraction line.",
        lambda z: np.exp(np.clip(np.asarray(z, dtype=float), None, 700)) + 1,
    ),
    (
        "mirrored_negative_side",
        "For negative z you return the negative of the value for |z|. The sigmoid is never negative: "
        "sigmoid(-z) = 1 - sigmoid(z).",
        lambda z: np.where(np.asarray(z) >= 0, 1.0, -1.0) * _stable(np.abs(z)),
    ),
    (
        "argument_squared",
        "You square z in the exponent. It is e^-z.",
        lambda z: _stable(np.asarray(z, dtype=float) ** 2),
    ),
    (
        "hard_sigmoid",
        "You return straight lines (the 'hard sigmoid', 1/4 z + 1/2 cut off at 0 and 1). The sigmoid bends "
        "smoothly.",
        lambda z: np.clip(0.25 * np.asarray(z) + 0.5, 0, 1),
    ),
    (
        "softsign",
        "You return z/(1 + |z|), the softsign. The sigmoid is 1/(1 + e^-z).",
        lambda z: np.asarray(z) / (1.0 + np.abs(z)),
    ),
    (
        "rounded_to_3_digits",
        "You round the values to a few digits. The sigmoid's small differences matter in training.",
        lambda z: np.round(_stable(z), 3),
    ),
    (
        "derivative",
        "You return the derivative, s(1 - s). The sigmoid itself is due.",
        lambda z: _stable(z) * (1 - _stable(z)),
    ),
    (
        "sigmoid_twice",
        "The sigmoid is applied to its own output. Once is enough.",
        lambda z: _stable(_stable(z)),
    ),
    (
        "absolute_value",
        "exp(-|z|) is harmless, but for negative z the numerator must change too: sigmoid(-z) = 1 - "
        "sigmoid(z). Your curve is symmetric and never falls below one half.",
        lambda z: 1 / (1 + np.exp(-np.abs(z))),
    ),
    (
        "base_2",
        "You use powers of 2. The sigmoid's base is e: `np.exp`.",
        lambda z: 1 / (1 + 2.0 ** np.clip(-np.asarray(z, float), -900, 900)),
    ),
    (
        "base_10",
        "You use powers of 10. The sigmoid's base is e: `np.exp`.",
        lambda z: 1 / (1 + 10.0 ** np.clip(-np.asarray(z, float), -300, 300)),
    ),
    (
        "softmax",
        "Your values sum to 1 over the array: that is softmax. The sigmoid treats every entry by itself.",
        lambda z: np.exp(z - np.max(z)) / np.exp(z - np.max(z)).sum(),
    ),
    (
        "softplus",
        "You return log(1 + e^z), the softplus. The sigmoid is 1/(1 + e^-z).",
        lambda z: np.logaddexp(0, z),
    ),
    (
        "relu",
        "You return the ReLU. The sigmoid bends smoothly from 0 to 1.",
        lambda z: np.maximum(z, 0),
    ),
    (
        "decision",
        "You return 0 or 1. The sigmoid has all the values between: do not round.",
        lambda z: (np.asarray(z) >= 0).astype(float),
    ),
    (
        "rounded",
        "You round the values. The sigmoid's small differences matter in training.",
        lambda z: np.round(_stable(z)),
    ),
    (
        "rounded_to_digits",
        "You round the values to a few digits. The sigmoid's small differences matter in training.",
        lambda z: np.round(_stable(z), 2),
    ),
    (
        "clipped_hard",
        "You cut z off near ±10 to avoid the overflow: values beyond come out wrong. exp(-|z|) needs no "
        "cutting.",
        lambda z: _stable(np.clip(np.asarray(z, float), -10, 10)),
    ),
    (
        "clipped_harder",
        "You cut z off near ±5 to avoid the overflow: values beyond come out wrong. exp(-|z|) needs no "
        "cutting.",
        lambda z: _stable(np.clip(np.asarray(z, float), -5, 5)),
    ),
    (
        "clipped_at_20",
        "You cut z off too early to avoid the overflow: values beyond come out wrong. exp(-|z|) needs no "
        "cutting.",
        lambda z: _stable(np.clip(np.asarray(z, float), -8, 8)),
    ),
]:
    sigmoid.mistake(_key, _message)(_answer)


@sigmoid.mistake(
    "number_only",
    "Your function works for a single number but not for an array: `if` asks for one True or False, and the "
    "math module takes single numbers only. Use NumPy's functions, which work on all entries at once.",
)
def _(z):
    import math

    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))


@sigmoid.mistake(
    "vector_only",
    "Your function walks along the first axis only, so a single number or a matrix makes it fail. Compute "
    "with the whole array at once.",
)
def _(z):
    return np.array([1 / (1 + np.exp(-v)) if v >= 0 else np.exp(v) / (1 + np.exp(v)) for v in z])


@sigmoid.mistake(
    "arrays_only",
    "Your function needs an array: a single number has no shape and cannot be indexed. `np.asarray(z)` "
    "makes an array of either.",
)
def _(z):
    out = np.zeros(z.shape)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    out[~positive] = np.exp(z[~positive]) / (1 + np.exp(z[~positive]))
    return out


@sigmoid.mistake(
    "integers_cut_off",
    "With integer z the result is cut to integers (0 almost everywhere): your output array has the type of "
    "z. Make it a float array.",
)
def _(z):
    z = np.asarray(z)
    out = np.zeros_like(z)
    out[...] = _stable(z)
    return out


@sigmoid.mistake(
    "caller_array_changed",
    "Your function writes into the array it was given. Make a new array and leave the caller's as it was.",
)
def _(z):
    if isinstance(z, np.ndarray) and z.dtype.kind == "f":
        z[...] = _stable(z)
        return z
    return _stable(z)


@sigmoid.mistake(
    "input_clipped_in_place",
    "Your function cuts off the caller's values (`out=z` or an assignment to z[...]). Work on a copy.",
)
def _(z):
    s = _stable(z)
    if isinstance(z, np.ndarray):
        z[...] = np.clip(z, -2, 2)
    return s


sigmoid.mistake(
    "hard_sigmoid_with_a_fifth",
    "You return straight lines (the 'hard sigmoid', 0.2 z + 0.5 cut off at 0 and 1). The sigmoid bends "
    "smoothly.",
)(lambda z: np.clip(0.2 * np.asarray(z) + 0.5, 0, 1))

sigmoid.mistake(
    "hard_sigmoid_with_a_sixth",
    "You return straight lines (the 'hard sigmoid', z/6 + 1/2 cut off at 0 and 1). The sigmoid bends "
    "smoothly.",
)(lambda z: np.clip(np.asarray(z) / 6 + 0.5, 0, 1))

sigmoid.mistake(
    "denominator_of_the_negative_side",
    "For negative z your denominator is 1 *minus* e^z. It is e^z / (1 + e^z) there.",
)(lambda z: np.where(np.asarray(z) >= 0, _stable(z), np.exp(-np.abs(z)) / (1 - np.exp(-np.abs(z)) + 1e-300)))


sigmoid.mistake(
    "algebraic",
    "Your curve is z / sqrt(1 + z²), shifted: it has the right shape, but is another function. The sigmoid "
    "is 1/(1 + e^-z).",
)(lambda z: 0.5 + 0.5 * np.asarray(z, float) / np.sqrt(1 + np.asarray(z, float) ** 2))

sigmoid.mistake(
    "arc_tangent",
    "Your curve is an arc tangent, shifted: it has the right shape, but is another function. The sigmoid is "
    "1/(1 + e^-z).",
)(lambda z: 0.5 + np.arctan(np.asarray(z, float)) / np.pi)

sigmoid.mistake(
    "negative_side_cut_off",
    "You replace negative z by 0, so that your curve stays at one half there. It falls toward 0.",
)(lambda z: _stable(np.maximum(np.asarray(z, float), 0)))

sigmoid.mistake(
    "approximate_e",
    "You write e as a rounded number. Take `np.exp`.",
)(lambda z: 1 / (1 + 2.7 ** -np.clip(np.asarray(z, float), -700, 700)))


@sigmoid.variant
def _(z):
    z = np.asarray(z, dtype=float)
    out = np.empty_like(z)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    e = np.exp(z[~positive])
    out[~positive] = e / (1 + e)
    return out


sigmoid.variant(lambda z: 0.5 * (1 + np.tanh(0.5 * np.asarray(z))))
sigmoid.variant(lambda z: np.exp(-np.logaddexp(0, -np.asarray(z, dtype=float))))
sigmoid.variant(lambda z: 1 / (1 + np.exp(-np.clip(z, -500, 500))))
sigmoid.variant(lambda z: np.float32(1) / (1 + np.exp(-np.clip(np.asarray(z, np.float32), -80, 80))))


@sigmoid.variant
def _(z):
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-np.asarray(z, dtype=float)))


@sigmoid.variant
def _(z):
    import math

    def one(v):
        return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))

    if np.ndim(z) == 0:
        return one(z)
    return np.array([one(v) for v in np.ravel(z)]).reshape(np.shape(z))


# ---------------------------------------------------------------- sigmoid_prime


@exercise(
    chapter="04_activations",
    difficulty="easy",
    aim="Write the sigmoid's derivative, the factor by which a sigmoid unit passes blame back.",
    hints=(
        "How large is the slope of the S in its middle, and far outside? Check your formula at z = 0.",
        "The derivative can be written with the sigmoid's own *value*. Compute that value first.",
        "With s the sigmoid at z, the product of s and its complement to 1 is all there is. Mind what is "
        "given: z, not s.",
    ),
)
def sigmoid_prime(z):
    """Evaluate the derivative of the sigmoid at the pre-activation z.

    Parameters
    ----------
    z : array of any shape
        PRE-activations (not the sigmoid's values), integers or floats. Not changed.

    Returns
    -------
    float array of the shape of z
        The slopes, at most 1/4; finite for any z.
    """
    e = np.exp(-np.abs(z))
    return e / (1.0 + e) ** 2


@sigmoid_prime.gradient_of("z", what="the sigmoid")
def _(z):
    return float(_stable(z).sum())


@sigmoid_prime.cases
def _(rng):
    z = rng.uniform(0.2, 4.0, size=6)
    yield case(np.concatenate([z, -z]), note="random values and their negatives")
    yield case(np.linspace(-5, 5, 11), note="values from -5 to 5")
    yield case(np.array([-9.0, 9.0]), note="values far from 0")
    yield case(rng.normal(size=(3, 4)), group="shape", note="a matrix")
    yield case(rng.normal(size=(4, 1)), group="shape", note="a column")
    yield case(np.array([0.7]), group="shape", note="a single entry")
    yield case(np.array([0.0, -0.0]), group="edge", note="z exactly 0")
    yield case(np.array([-3, -1, 0, 2, 4]), group="edge", note="integer z")
    yield case(rng.normal(size=5).astype(np.float32), group="edge", note="float32 z")
    yield case(np.array([-1000.0, 1000.0, 0.5]), group="stability", note="z = ±1000")


def _slope(z):
    s = _stable(z)
    return s * (1 - s)


for _key, _message, _answer in [
    (
        "taken_at_the_activation",
        "You compute z(1 - z): that is the derivative if z were already the sigmoid's value. Here z is the "
        "pre-activation: compute s = sigmoid(z) first.",
        lambda z: z * (1.0 - z),
    ),
    (
        "sigmoid_twice",
        "You take the derivative at s = sigmoid(z) instead of at z: the sigmoid is applied twice.",
        lambda z: _slope(_stable(z)),
    ),
    (
        "value_not_slope",
        "You return the sigmoid itself. Its derivative is due.",
        lambda z: _stable(z),
    ),
    (
        "z_in_the_second_factor",
        "Your second factor is 1 - z. Both factors hold the sigmoid's value s: s times (1 - s).",
        lambda z: _stable(z) * (1 - z),
    ),
    (
        "one_minus_square",
        "1 - s² is the pattern of tanh's derivative. The sigmoid's is another: s times (1 - s).",
        lambda z: 1 - _stable(z) ** 2,
    ),
    (
        "tanh_derivative",
        "You return the derivative of tanh, which is 1 at z = 0. The sigmoid's is 1/4 there.",
        lambda z: 1 - np.tanh(z) ** 2,
    ),
    (
        "complement_only",
        "You return 1 - s, which is e^-z/(1 + e^-z): a factor s (the square in the denominator) is missing.",
        lambda z: 1 - _stable(z),
    ),
    (
        "square",
        "You return s² = 1/(1 + e^-z)². It should be s times (1 - s): in the quotient rule the factor e^-z "
        "is missing.",
        lambda z: _stable(z) ** 2,
    ),
    (
        "complement_squared",
        "You return (1 - s)². It should be s times (1 - s).",
        lambda z: (1 - _stable(z)) ** 2,
    ),
    (
        "plus_instead_of_minus",
        "You return s(1 + s). The second factor is 1 *minus* s.",
        lambda z: _stable(z) * (1 + _stable(z)),
    ),
    (
        "sign",
        "Your slope has the wrong sign: the sigmoid rises everywhere. The second factor is 1 - s, not s - "
        "1; and in the quotient rule the minus signs cancel.",
        lambda z: -_slope(z),
    ),
    (
        "doubled",
        "Your slope is twice too large. At z = 0 it is 1/4.",
        lambda z: 2 * _slope(z),
    ),
    (
        "four_times",
        "Your slope is four times too large: 1 at z = 0, as for tanh. The sigmoid's is 1/4.",
        lambda z: 4 * _slope(z),
    ),
    (
        "twice_as_steep",
        "You take the slope at 2z. The derivative is due at z.",
        lambda z: _slope(2 * np.asarray(z)),
    ),
    (
        "times_z",
        "A factor z is too many. The slope depends on z through s alone.",
        lambda z: np.asarray(z) * _slope(z),
    ),
    (
        "times_z_instead_of_complement",
        "You return z times sigmoid(z). The second factor is 1 - s.",
        lambda z: np.asarray(z) * _stable(z),
    ),
    (
        "one_minus_2s",
        "You return 1 - 2s, the derivative of s(1 - s) by s. The slope of the sigmoid is s(1 - s) itself.",
        lambda z: 1 - 2 * _stable(z),
    ),
    (
        "squared_s",
        "s enters twice: s²(1 - s). Once is right.",
        lambda z: _stable(z) ** 2 * (1 - _stable(z)),
    ),
    (
        "tanh_in_the_sigmoid_pattern",
        "The pattern s(1 - s) is right, but s is the sigmoid of z, not tanh z.",
        lambda z: np.tanh(z) * (1 - np.tanh(z)),
    ),
    (
        "second_derivative",
        "You differentiate twice: s(1 - s)(1 - 2s) is the second derivative.",
        lambda z: _slope(z) * (1 - 2 * _stable(z)),
    ),
    (
        "nan_at_minus_1000",
        "For z = -1000 your function returns NaN: e^-z overflows, and infinity is divided by infinity. "
        "Write the slope with the sigmoid's value, or with exp(-|z|).",
        lambda z: np.exp(-np.asarray(z, float)) / (1 + np.exp(-np.asarray(z, float))) ** 2,
    ),
    (
        "nan_at_1000",
        "For z = 1000 your function returns NaN: e^z overflows, and infinity is divided by infinity. Write "
        "the slope with a sigmoid that does not overflow, or with exp(-|z|).",
        lambda z: np.exp(np.asarray(z, float)) / (1 + np.exp(np.asarray(z, float))) ** 2,
    ),
    (
        "averaged",
        "You average over the entries. Each entry has a slope of its own.",
        lambda z: np.mean(_slope(z)),
    ),
    (
        "summed",
        "You add the entries up. Each entry has a slope of its own.",
        lambda z: np.sum(_slope(z)),
    ),
    (
        "relu_derivative",
        "You return the derivative of ReLU, 0 or 1. The sigmoid's slope is s times (1 - s).",
        lambda z: (np.asarray(z) > 0).astype(float),
    ),
]:
    sigmoid_prime.mistake(_key, _message)(_answer)


@sigmoid_prime.mistake(
    "integers_cut_off",
    "With integer z the result is cut to 0: your output array has the type of z. Make it a float array.",
)
def _(z):
    out = np.zeros_like(z)
    out[...] = _slope(z)
    return out


@sigmoid_prime.mistake(
    "number_only",
    "Your function works for single numbers only (`if`, or the math module). Use NumPy's functions.",
)
def _(z):
    import math

    s = 1 / (1 + math.exp(-z))
    return s * (1 - s)


@sigmoid_prime.mistake(
    "caller_array_changed",
    "Your function writes into the array it was given. Make a new array and leave the caller's as it was.",
)
def _(z):
    out = _slope(z)
    z[...] = np.clip(_stable(z), -1e6, 1e6)
    return out


sigmoid_prime.mistake(
    "square_of_the_exponential",
    "Your denominator is 1 + e^(-2z), the square at the exponential alone. The whole bracket is squared: "
    "(1 + e^-z)².",
)(lambda z: np.exp(-np.abs(np.asarray(z, float))) / (1 + np.exp(-2 * np.abs(np.asarray(z, float)))))

sigmoid_prime.mistake(
    "sigmoid_of_the_size",
    "You return the sigmoid of |z|, and not its slope. The slope is s(1 - s).",
)(lambda z: 1 / (1 + np.exp(-np.abs(np.asarray(z, float)))))

sigmoid_prime.mistake(
    "always_a_quarter",
    "You return 1/4 for every z. That is the slope at 0; it falls to both sides.",
)(lambda z: np.full(np.shape(z), 0.25))

sigmoid_prime.mistake(
    "bell_curve",
    "Your slope is a Gaussian bell. It has the right look, but is another function: the slope is s(1 - s).",
)(lambda z: 0.25 * np.exp(-(np.asarray(z, float) ** 2) / 4))


@sigmoid_prime.variant
def _(z):
    s = 0.5 * (1 + np.tanh(np.asarray(z) / 2))
    return s * (1 - s)


@sigmoid_prime.variant
def _(z):
    with np.errstate(all="ignore"):
        s = 1 / (1 + np.exp(-np.asarray(z, dtype=float)))
    return s - s * s


sigmoid_prime.variant(lambda z: (1 - np.tanh(z / 2) ** 2) / 4)
sigmoid_prime.variant(lambda z: 1 / (2 + 2 * np.cosh(np.clip(z, -200, 200))))
sigmoid_prime.variant(lambda z: (lambda s: s * (1 - s))(1 / (1 + np.exp(-z))))
sigmoid_prime.variant(
    lambda z: np.array([_slope(np.float32(v)) for v in z.ravel()], dtype=np.float32).reshape(z.shape)
)


# ---------------------------------------------------------------- tanh_prime


@exercise(
    chapter="04_activations",
    difficulty="easy",
    aim="Write the derivative of tanh, the zero-centered sister of the sigmoid.",
    hints=(
        "How steep is tanh at 0? And far out, where it is flat?",
        "Like the sigmoid's, this derivative can be written with the function's own value: compute tanh of "
        "z first.",
        "What is missing from 1 is the *square* of the value. `np.tanh` never overflows, so no care for "
        "extremes is needed.",
    ),
)
def tanh_prime(z):
    """Evaluate the derivative of tanh at the pre-activation z.

    Parameters
    ----------
    z : float or array of any shape
        PRE-activations (not the values of tanh), integers or floats. Not changed.

    Returns
    -------
    float, or float array of the shape of z
        The slopes, at most 1; finite for any z.
    """
    return 1.0 - np.tanh(z) ** 2


@tanh_prime.gradient_of("z", what="tanh")
def _(z):
    return float(np.sum(np.tanh(z)))


@tanh_prime.cases
def _(rng):
    z = rng.uniform(0.2, 2.0, size=6)
    yield case(np.concatenate([z, -z]), note="random values and their negatives")
    yield case(np.linspace(-3, 3, 13), note="values from -3 to 3")
    yield case(rng.normal(size=(3, 4)), group="shape", note="a matrix")
    yield case(rng.normal(size=(4, 1)), group="shape", note="a column")
    yield case(np.array([0.7]), group="shape", note="a single entry")
    yield case(0.5, group="shape", note="a number instead of an array")
    yield case(-1.5, group="shape", note="a negative number instead of an array")
    yield case(np.array([0.0, -0.0]), group="edge", note="z exactly 0")
    yield case(np.array([-2, -1, 0, 1, 3]), group="edge", note="integer z")
    yield case(1, group="edge", note="an integer instead of an array")
    yield case(rng.normal(size=5).astype(np.float32), group="edge", note="float32 z")
    yield case(np.array([-1000.0, 1000.0, 0.5]), group="stability", note="z = ±1000")
    yield case(1000.0, group="stability", note="the number 1000")


def _exp_tanh(z):
    z = np.asarray(z, dtype=float)
    return (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z))


for _key, _message, _answer in [
    (
        "taken_at_the_activation",
        "You compute 1 - z²: that is the derivative if z were already the value of tanh. Here z is the "
        "pre-activation: compute tanh(z) first.",
        lambda z: 1.0 - np.asarray(z, float) ** 2,
    ),
    (
        "tanh_twice",
        "You take the derivative at tanh(z) instead of at z: tanh is applied twice.",
        lambda z: 1 - np.tanh(np.tanh(z)) ** 2,
    ),
    (
        "square_forgotten",
        "You return 1 - tanh z. The square is missing: the slope must be the same for z and -z.",
        lambda z: 1 - np.tanh(z),
    ),
    (
        "value_not_slope",
        "You return tanh itself. Its derivative is due.",
        lambda z: np.tanh(z),
    ),
    (
        "square_only",
        "You return tanh². What is left of 1 is due: the slope is largest at 0, not 0 there.",
        lambda z: np.tanh(z) ** 2,
    ),
    (
        "plus_instead_of_minus",
        "You return 1 + tanh². The slope never exceeds 1: it is 1 *minus* the square.",
        lambda z: 1 + np.tanh(z) ** 2,
    ),
    (
        "sign",
        "Your slope has the wrong sign: tanh rises everywhere, so its slope is positive.",
        lambda z: np.tanh(z) ** 2 - 1,
    ),
    (
        "sigmoid_pattern",
        "t(1 - t) is the pattern of the sigmoid's derivative. For tanh it is 1 minus the square.",
        lambda z: np.tanh(z) * (1 - np.tanh(z)),
    ),
    (
        "sigmoid_derivative",
        "You return the derivative of the sigmoid, 1/4 at z = 0. That of tanh is 1 there.",
        lambda z: _slope(z),
    ),
    (
        "sigmoid_of_2z_unscaled",
        "With tanh z = 2 sigmoid(2z) - 1 the chain rule brings the factors 2 and 2: yours are missing.",
        lambda z: _slope(2 * np.asarray(z)),
    ),
    (
        "sigmoid_of_2z_once",
        "Your slope is half of what it should be: at z = 0 it is 1. From tanh z = 2 sigmoid(2z) - 1 the "
        "chain rule brings *two* factors of 2, one from outside and one from the inner 2z.",
        lambda z: 2 * _slope(2 * np.asarray(z)),
    ),
    (
        "complement_squared",
        "You return (1 - tanh z)². The square belongs to tanh alone: 1 minus the square.",
        lambda z: (1 - np.tanh(z)) ** 2,
    ),
    (
        "square_of_the_argument",
        "You return 1 - tanh(z²): the square is taken of z. Square the *value* of tanh.",
        lambda z: 1 - np.tanh(np.asarray(z) ** 2),
    ),
    (
        "cosh_not_squared",
        "You return 1/cosh z, the square root of the slope. Square it: 1 - tanh² has no root.",
        lambda z: 1 / np.cosh(np.clip(z, -300, 300)),
    ),
    (
        "power_4",
        "The slope is squared once too often: 1 - tanh² itself is due.",
        lambda z: (1 - np.tanh(z) ** 2) ** 2,
    ),
    (
        "double",
        "Your slope is twice too large: at z = 0 it is 1.",
        lambda z: 2 * (1 - np.tanh(z) ** 2),
    ),
    (
        "times_z",
        "A factor z is too many. The slope depends on z through tanh z alone.",
        lambda z: np.asarray(z) * (1 - np.tanh(z) ** 2),
    ),
    (
        "derivative_of_the_square",
        "2 tanh z (with either sign) comes from differentiating tanh². Asked for is the derivative of tanh "
        "itself.",
        lambda z: 2 * np.tanh(z),
    ),
    (
        "derivative_of_the_square_negative",
        "-2 tanh z comes from differentiating 1 - tanh². Asked for is 1 - tanh² itself.",
        lambda z: -2 * np.tanh(z),
    ),
    (
        "tan_for_tanh",
        "You use np.tan, the tangent. The *hyperbolic* tangent is np.tanh.",
        lambda z: 1 - np.tan(z) ** 2,
    ),
    (
        "sinh_for_cosh",
        "1/sinh² is not the slope: it is 1/cosh², which is 1 - tanh².",
        lambda z: 1 / np.sinh(np.clip(z, -300, 300)) ** 2,
    ),
    (
        "positive_side_only",
        "For negative z you return 0. tanh rises on both sides: the slope is the same for z and -z.",
        lambda z: np.where(np.asarray(z) > 0, 1 - np.tanh(z) ** 2, 0.0),
    ),
    (
        "second_derivative",
        "You differentiate twice: -2 t (1 - t²) is the second derivative.",
        lambda z: -2 * np.tanh(z) * (1 - np.tanh(z) ** 2),
    ),
    (
        "arctan_derivative",
        "1/(1 + z²) is the derivative of the arc tangent, not of tanh.",
        lambda z: 1 / (1 + np.asarray(z, float) ** 2),
    ),
    (
        "tan_derivative",
        "That is the derivative of the tangent, not of the *hyperbolic* tangent.",
        lambda z: 1 / np.cos(z) ** 2,
    ),
    (
        "nan_at_1000",
        "For z = 1000 your function returns NaN: e^z overflows, and infinity is divided by infinity. "
        "np.tanh does not have that problem.",
        lambda z: 1 - _exp_tanh(z) ** 2,
    ),
    (
        "summed",
        "You add the entries up. Each entry has a slope of its own.",
        lambda z: np.sum(1 - np.tanh(z) ** 2),
    ),
    (
        "averaged",
        "You average over the entries. Each entry has a slope of its own.",
        lambda z: np.mean(1 - np.tanh(z) ** 2),
    ),
]:
    tanh_prime.mistake(_key, _message)(_answer)


@tanh_prime.mistake(
    "integers_cut_off",
    "With integer z the result is cut to integers: your output array has the type of z. Make it a float "
    "array.",
)
def _(z):
    out = np.zeros_like(z)
    out[...] = 1 - np.tanh(z) ** 2
    return out


@tanh_prime.mistake(
    "number_only",
    "Your function works for single numbers only (`if`, or the math module). Use NumPy's functions.",
)
def _(z):
    import math

    return 1 - math.tanh(z) ** 2


@tanh_prime.mistake(
    "vector_only",
    "Your function walks along the first axis only, so a single number or a matrix makes it fail. Compute "
    "with the whole array at once.",
)
def _(z):
    import math

    return np.array([1 - math.tanh(v) ** 2 for v in z])


@tanh_prime.mistake(
    "arrays_only",
    "Your function needs an array: a single number has no shape and cannot be indexed. `np.tanh` takes "
    "either, so no loop is needed.",
)
def _(z):
    out = np.zeros(z.shape)
    out[:] = 1 - np.tanh(z) ** 2
    return out


@tanh_prime.mistake(
    "caller_array_changed",
    "Your function writes into the array it was given. Make a new array and leave the caller's as it was.",
)
def _(z):
    out = 1 - np.tanh(z) ** 2
    if isinstance(z, np.ndarray):
        z[...] = np.tanh(z)
    return out


tanh_prime.mistake(
    "halved_argument",
    "You square tanh(z/2): that belongs to the sigmoid, 2 sigmoid(z) - 1 = tanh(z/2). Take tanh of z itself.",
)(lambda z: 1 - np.tanh(np.asarray(z) / 2) ** 2)

tanh_prime.mistake(
    "doubled_argument",
    "You square tanh(2z): your slope is that of a curve twice as steep. Take tanh of z itself.",
)(lambda z: 1 - np.tanh(2 * np.asarray(z)) ** 2)


tanh_prime.mistake(
    "area_tangent",
    "1/(1 - z²) is the derivative of the *inverse* of tanh. The derivative of tanh is 1 - tanh².",
)(lambda z: 1 / (1 - np.asarray(z, float) ** 2))


@tanh_prime.variant
def _(z):
    t = np.tanh(np.asarray(z, dtype=np.float32))
    return (1 - t) * (1 + t)


@tanh_prime.variant
def _(z):
    import math

    slopes = np.array([1 - math.tanh(v) ** 2 for v in np.ravel(z)])
    return slopes.reshape(np.shape(z))


tanh_prime.variant(lambda z: 4 * _slope(2 * np.asarray(z)))
tanh_prime.variant(lambda z: 1 / np.cosh(np.clip(z, -300, 300)) ** 2)
tanh_prime.variant(lambda z: 4 / (np.exp(z) + np.exp(-np.asarray(z, dtype=float))) ** 2)


# ---------------------------------------------------------------- leaky_relu


@exercise(
    chapter="04_activations",
    difficulty="easy",
    aim="Write the leaky ReLU, which leaves a little slope where ReLU has none.",
    hints=(
        "Draw it for alpha = 0.5: two half-lines that meet at 0. Which formula belongs to which side?",
        "On the negative side z is not replaced by alpha but *multiplied* by it.",
        "`np.where` chooses entry by entry between two arrays: what z gives on the positive side, and what "
        "alpha z gives elsewhere.",
    ),
)
def leaky_relu(z, alpha=0.01):
    """Leaky ReLU, element by element: z where z > 0, alpha z elsewhere.

    Parameters
    ----------
    z : float or array of any shape
        Pre-activations, integers or floats. Not changed.
    alpha : float
        Slope of the negative side, between 0 and 1.

    Returns
    -------
    float, or float array of the shape of z
    """
    return np.maximum(z, alpha * np.asarray(z))


@leaky_relu.cases
def _(rng):
    z = np.append(rng.uniform(0.3, 3.0, size=4), rng.uniform(0.3, 0.9))  # not all of them above 1
    yield case(np.concatenate([z, -z]), note="random values and their negatives")
    yield case(_away(rng, 9), 0.2, note="alpha = 0.2")
    z = np.append(_away(rng, 6), rng.uniform(0.3, 0.7))  # and one below alpha
    yield case(z, alpha=0.75, note="alpha = 0.75")
    yield case(_away(rng, (3, 4)), 0.1, group="shape", note="a matrix")
    yield case(_away(rng, (4, 1)), 0.3, group="shape", note="a column")
    yield case(np.array([-2.0]), 0.25, group="shape", note="a single entry")
    yield case(-2.0, 0.3, group="shape", note="a number instead of an array")
    yield case(2.5, 0.3, group="shape", note="a positive number instead of an array")
    yield case(np.array([-1.0, 0.0, 1.0]), 0.5, group="edge", note="z exactly 0")
    yield case(np.array([-3, 0, 2, -1]), 0.25, group="edge", note="integer z")
    yield case(np.array([[-3, 5], [2, -4]]), group="edge", note="integer z, alpha left at 0.01")
    yield case(np.array([-1000.0, 1000.0]), 0.2, group="edge", note="values of ±1000")
    yield case(np.array([0.25, 1e-3, -1e-3, -0.25]), 0.5, group="edge", note="values closer to 0 than alpha")
    yield case(_away(rng, 6).astype(np.float32), 0.2, group="edge", note="float32 z")


def _leaky(z, alpha):
    z = np.asarray(z, dtype=float)
    return np.where(z > 0, z, alpha * z)


for _key, _message, _answer in [
    (
        "relu",
        "Negative values come back as 0: that is ReLU. The leaky version lets alpha z through.",
        lambda z, alpha=0.01: np.maximum(z, 0.0),
    ),
    (
        "alpha_ignored",
        "The negative side always has the slope 0.01: your function does not use its argument alpha.",
        lambda z, alpha=0.01: _leaky(z, 0.01),
    ),
    (
        "derivative",
        "You return the slope (1 or alpha). The function's value is due.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, 1.0, alpha),
    ),
    (
        "alpha_instead_of_alpha_z",
        "Negative values become alpha itself (as np.maximum(alpha, z) gives). They are *multiplied* by "
        "alpha.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, alpha),
    ),
    (
        "floor_at_alpha",
        "You take the maximum of alpha and z. The maximum of alpha *times z* and z would be the leaky ReLU.",
        lambda z, alpha=0.01: np.maximum(alpha, z),
    ),
    (
        "floor_at_minus_alpha",
        "Negative values are cut off at -alpha. They are multiplied by alpha instead.",
        lambda z, alpha=0.01: np.maximum(-alpha, z),
    ),
    (
        "sign_of_alpha",
        "Negative values come out positive: a minus sign is too many. alpha z is negative where z is.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, -alpha * np.asarray(z)),
    ),
    (
        "sides_exchanged",
        "The two sides are exchanged: positive values are shrunk and negative ones let through. With alpha "
        "below 1 the leaky ReLU is the *maximum* of z and alpha z, not the minimum.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, alpha * np.asarray(z), z),
    ),
    (
        "alpha_everywhere",
        "Every value is multiplied by alpha. Positive ones pass unchanged.",
        lambda z, alpha=0.01: alpha * np.asarray(z),
    ),
    (
        "alpha_added_everywhere",
        "You add alpha z on the positive side too: relu(z) + alpha z has the slope 1 + alpha there.",
        lambda z, alpha=0.01: np.maximum(z, 0) + alpha * np.asarray(z),
    ),
    (
        "alpha_added",
        "On the negative side you add alpha. It is a factor: alpha times z.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, np.asarray(z) + alpha),
    ),
    (
        "alpha_subtracted",
        "On the negative side you return z - alpha, or the like. alpha is a factor: alpha times z.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, np.asarray(z) - alpha),
    ),
    (
        "divided_by_alpha",
        "On the negative side you divide by alpha. Multiply by it: the slope there is small.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, np.asarray(z) / alpha),
    ),
    (
        "one_minus_alpha",
        "The slope of your negative side is 1 - alpha. It is alpha.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, (1 - alpha) * np.asarray(z)),
    ),
    (
        "squared_alpha",
        "alpha enters twice: the slope of your negative side is alpha².",
        lambda z, alpha=0.01: _leaky(z, alpha**2),
    ),
    (
        "negative_zeroed_positive_scaled",
        "You scale the positive side and cut off the negative one. It is the negative side that gets alpha.",
        lambda z, alpha=0.01: np.maximum(alpha * np.asarray(z), 0),
    ),
    (
        "absolute_scaled",
        "You return alpha |z|. Positive values pass unchanged, negative ones keep their sign: alpha z.",
        lambda z, alpha=0.01: alpha * np.abs(z),
    ),
    (
        "power_for_product",
        "You raise alpha to the power z. It is alpha *times* z.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, alpha ** np.asarray(z, dtype=float)),
    ),
    (
        "relu_minus_alpha",
        "You lower the ReLU by alpha. The positive side is z, the negative one alpha *times* z.",
        lambda z, alpha=0.01: np.maximum(0, z) - alpha,
    ),
    (
        "squared_z",
        "On the negative side you use z². It is straight there: alpha z.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, alpha * np.asarray(z) ** 2),
    ),
    (
        "absolute",
        "You use |z|: negative values come back positive and full size. alpha z is due there.",
        lambda z, alpha=0.01: np.abs(z),
    ),
    (
        "elu",
        "The negative side bends: that is the ELU, alpha (e^z - 1). The leaky ReLU is straight, alpha z.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, alpha * np.expm1(np.minimum(z, 0))),
    ),
    (
        "identity",
        "Your function returns z unchanged. Negative values are multiplied by alpha.",
        lambda z, alpha=0.01: np.asarray(z, dtype=float),
    ),
    (
        "threshold_one",
        "Your function switches sides at z = 1. It switches at 0.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > 1, z, alpha * np.asarray(z)),
    ),
    (
        "threshold_one_inclusive",
        "Your function switches sides at z = 1. It switches at 0.",
        lambda z, alpha=0.01: np.where(np.asarray(z) >= 1, z, alpha * np.asarray(z)),
    ),
    (
        "threshold_alpha",
        "Your function switches sides at z = alpha. It switches at 0.",
        lambda z, alpha=0.01: np.where(np.asarray(z) > alpha, z, alpha * np.asarray(z)),
    ),
    (
        "flat_list",
        "You return a list. A number, or an array of z's shape, is due.",
        lambda z, alpha=0.01: _leaky(z, alpha).tolist() if np.ndim(z) else float(_leaky(z, alpha)),
    ),
]:
    leaky_relu.mistake(_key, _message)(_answer)


@leaky_relu.mistake(
    "alpha_required",
    "Your function has no default for alpha. Keep the given first line: alpha=0.01.",
)
def _(z, alpha):
    return _leaky(z, alpha)


@leaky_relu.mistake(
    "integers_cut_off",
    "With integer z the values alpha z are cut to integers: your output array has the type of z. Make it a "
    "float array.",
)
def _(z, alpha=0.01):
    out = np.array(z)
    out[...] = _leaky(z, alpha)
    return out


@leaky_relu.mistake(
    "integers_fail",
    "With integer z your function fails: `*=` cannot store decimals in an array of integers. Make a float "
    "array.",
)
def _(z, alpha=0.01):
    out = np.array(z)
    out[out <= 0] *= alpha
    return out


@leaky_relu.mistake(
    "caller_array_changed",
    "Your function writes into the array it was given. Make a new array and leave the caller's as it was.",
)
def _(z, alpha=0.01):
    if not isinstance(z, np.ndarray) or z.dtype.kind != "f":
        return _leaky(z, alpha)
    z[z < 0] *= alpha
    return z


@leaky_relu.mistake(
    "in_place",
    "`z[z < 0] *= alpha` writes into the caller's array, and it fails for integers and for a single number. "
    "Make a new array, choosing entry by entry.",
)
def _(z, alpha=0.01):
    z[z < 0] *= alpha
    return z


@leaky_relu.mistake(
    "copy_of_an_array",
    "`z.copy()` fails for a single number, and a copy of integers cannot hold alpha z. Choose entry by "
    "entry instead (np.where, np.maximum): that takes either.",
)
def _(z, alpha=0.01):
    z = z.copy()
    z[z < 0] *= alpha
    return z


@leaky_relu.mistake(
    "caller_array_changed_truncated",
    "Your function writes into the array it was given (and integers lose their decimals in it). Make a new "
    "float array.",
)
def _(z, alpha=0.01):
    if not isinstance(z, np.ndarray):
        return _leaky(z, alpha)
    z[z < 0] = alpha * z[z < 0]
    return z


@leaky_relu.mistake(
    "number_only",
    "Your function works for a single number but not for an array: `if` (and Python's max) ask for one True "
    "or False. Choose entry by entry, with np.where or np.maximum.",
)
def _(z, alpha=0.01):
    return z if z > 0 else alpha * z


@leaky_relu.mistake(
    "vector_only",
    "Your function walks along the first axis only, so a single number or a matrix makes it fail. Compute "
    "with the whole array at once.",
)
def _(z, alpha=0.01):
    return np.array([v if v > 0 else alpha * v for v in z])


@leaky_relu.mistake(
    "arrays_only",
    "Your function needs an array: a single number cannot be copied or indexed. `np.asarray(z)` makes an "
    "array of either.",
)
def _(z, alpha=0.01):
    out = z.astype(float)
    out[out < 0] *= alpha
    return out


leaky_relu.mistake(
    "softplus",
    "You return log(1 + e^z), the softplus. The leaky ReLU consists of two straight lines.",
)(lambda z, alpha=0.01: np.logaddexp(0, z))

leaky_relu.mistake(
    "negative_dropped",
    "You leave the entries out that are not positive. Every entry has a value: alpha z where z is negative.",
)(lambda z, alpha=0.01: np.asarray(z)[np.asarray(z) > 0])


leaky_relu.variant(lambda z, alpha=0.01: np.where(np.asarray(z) > 0, z, alpha * np.asarray(z)))
leaky_relu.variant(lambda z, alpha=0.01: np.maximum(0, z) + alpha * np.minimum(0, z))
leaky_relu.variant(lambda z, alpha=0.01: np.asarray(z) * np.where(np.asarray(z) >= 0, 1, alpha))
leaky_relu.variant(
    lambda z, alpha=0.01: (0.5 * (1 + alpha) * np.asarray(z) + 0.5 * (1 - alpha) * np.abs(z)).astype(
        np.float32
    )
)


@leaky_relu.variant
def _(z, alpha=0.01):
    if np.isscalar(z):
        return max(z, alpha * z)
    out = np.empty(z.shape)
    for i, v in np.ndenumerate(z):
        out[i] = v if v > 0 else alpha * v
    return out


# ---------------------------------------------------------------- elu


@exercise(
    chapter="04_activations",
    difficulty="medium",
    aim="Write the exponential linear unit, without letting the side that is not used overflow.",
    hints=(
        "Two sides again: straight where z is positive, curved where it is not. What is the limit far to "
        "the left?",
        "`np.where` evaluates both of its sides for *every* z. What does exp do with z = 1000, even if "
        "nobody wants the result?",
        "Let exp see only what is not positive: cut its argument off at 0 with np.minimum before calling "
        "it. alpha multiplies the whole bracket e^z - 1.",
    ),
)
def elu(z, alpha=1.0):
    """Exponential linear unit, element by element: z where z > 0, alpha (e^z - 1) elsewhere.

    It gives no overflow warning for large z.

    Parameters
    ----------
    z : array of any shape
        Pre-activations, integers or floats. Not changed.
    alpha : float
        The unit tends to -alpha far to the left.

    Returns
    -------
    float array of the shape of z
    """
    return np.maximum(z, 0) + alpha * np.expm1(np.minimum(z, 0))


@elu.cases
def _(rng):
    z = rng.uniform(0.3, 3.0, size=5)
    yield case(np.concatenate([z, -z]), note="random values and their negatives")
    yield case(_away(rng, 9), 0.4, note="alpha = 0.4")
    yield case(np.append(_away(rng, 7), [-0.3, -1.2]), alpha=2.0, note="alpha = 2")
    yield case(_away(rng, (3, 4)), 1.5, group="shape", note="a matrix")
    yield case(_away(rng, (4, 1)), 0.7, group="shape", note="a column")
    yield case(np.array([-0.8]), 0.5, group="shape", note="a single entry")
    yield case(np.array([-1.0, 0.0, -0.0, 1.0]), 0.5, group="edge", note="z exactly 0")
    yield case(np.array([0.05, 1e-3, -1e-3, -0.05]), 0.3, group="edge", note="values near 0")
    yield case(np.array([-3, 0, 2, -1]), group="edge", note="integer z")
    yield case(np.array([[-2, 4], [1, -1]]), 0.3, group="edge", note="an integer matrix, alpha = 0.3")
    yield case(_away(rng, 6).astype(np.float32), 0.8, group="edge", note="float32 z")
    yield case(np.array([1000.0, -1000.0, 0.5]), 1.5, group="stability", note="z = ±1000", quiet=True)
    yield case(np.array([[800, -800]]), group="stability", note="integers ±800", quiet=True)


def _elu(z, alpha):
    z = np.asarray(z, dtype=float)
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def _low(z):
    return np.minimum(np.asarray(z, dtype=float), 0)


for _key, _message, _answer in [
    (
        "where_evaluates_both",
        "The values are right, but e^z is computed for the large positive z too (np.where evaluates both of "
        "its sides), and it overflows with a warning although nobody uses it. Cut the argument of exp off "
        "at 0 first.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * (np.exp(np.asarray(z, dtype=float)) - 1)),
    ),
    (
        "mask_multiplied",
        "You multiply by a mask of zeros and ones, so e^z is computed for large positive z too: it "
        "overflows, and 0 times infinity is NaN. Cut the argument of exp off at 0 first.",
        lambda z, alpha=1.0: (
            (np.asarray(z) > 0) * z + (np.asarray(z) <= 0) * alpha * (np.exp(np.asarray(z, float)) - 1)
        ),
    ),
    (
        "alpha_ignored",
        "alpha does nothing in your function: the negative side tends to -1 whatever alpha is. It "
        "multiplies the bracket e^z - 1.",
        lambda z, alpha=1.0: _elu(z, 1.0),
    ),
    (
        "alpha_outside_the_bracket",
        "You compute alpha e^z - 1. alpha multiplies the whole bracket: alpha (e^z - 1), which is 0 at z = "
        "0.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * np.exp(_low(z)) - 1),
    ),
    (
        "alpha_subtracted",
        "You compute e^z - alpha. alpha multiplies the bracket e^z - 1.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, np.exp(_low(z)) - alpha),
    ),
    (
        "alpha_in_the_exponent",
        "You put alpha into the exponent. It multiplies the bracket: alpha (e^z - 1).",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, np.expm1(alpha * _low(z))),
    ),
    (
        "celu",
        "alpha (e^(z/alpha) - 1) is the CELU. The ELU has z alone in the exponent.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * np.expm1(_low(z) / alpha)),
    ),
    (
        "minus_one_forgotten",
        "The -1 is missing: alpha e^z does not meet 0 at z = 0. The negative side is alpha (e^z - 1).",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * np.exp(_low(z))),
    ),
    (
        "sign",
        "Your negative side comes out positive: alpha (1 - e^z). The bracket is e^z - 1.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, -alpha * np.expm1(_low(z))),
    ),
    (
        "exponent_sign",
        "You use e^-z on the negative side, which grows to the left. The exponent is z.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * np.expm1(np.minimum(-_low(z), 600.0))),
    ),
    (
        "exponent_sign_overflow",
        "You use e^-z on the negative side, which grows to the left and overflows. The exponent is z.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * (np.exp(-np.asarray(z, float)) - 1)),
    ),
    (
        "leaky",
        "Your negative side is straight, alpha z: that is the leaky ReLU. The ELU bends, alpha (e^z - 1).",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * np.asarray(z)),
    ),
    (
        "relu",
        "Negative values come back as 0: that is ReLU. The ELU gives alpha (e^z - 1) there.",
        lambda z, alpha=1.0: np.maximum(z, 0.0),
    ),
    (
        "positive_side_scaled",
        "You multiply the positive side by alpha as well. It is z, unchanged.",
        lambda z, alpha=1.0: alpha * _elu(z, 1.0),
    ),
    (
        "sides_exchanged",
        "The two sides are exchanged: the straight one belongs to positive z.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, alpha * np.expm1(np.minimum(z, 600.0)), z),
    ),
    (
        "sides_exchanged_overflow",
        "The two sides are exchanged: the straight one belongs to positive z (and e^z overflows there).",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, alpha * (np.exp(np.asarray(z, float)) - 1), z),
    ),
    (
        "maximum",
        "You take the larger of z and alpha (e^z - 1). For positive z the curve e^z - 1 lies above z. The "
        "sign of z must decide.",
        lambda z, alpha=1.0: np.maximum(z, alpha * (np.exp(np.asarray(z, float)) - 1)),
    ),
    (
        "maximum_with_relu_bracket",
        "You take the larger of z and the curved side. For alpha above 1 the curve starts steeper than z, "
        "so z wins where it should not. The sign of z must decide.",
        lambda z, alpha=1.0: np.maximum(z, alpha * np.expm1(_low(z))),
    ),
    (
        "derivative",
        "You return the slope, 1 or alpha e^z. The function's value is due.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, 1.0, alpha * np.exp(_low(z))),
    ),
    (
        "selu",
        "The factor 1.0507 belongs to the SELU. The ELU has slope 1 on the positive side.",
        lambda z, alpha=1.0: 1.0507009873554805 * _elu(z, alpha),
    ),
    (
        "selu_alpha",
        "You use the SELU's fixed alpha, 1.6733. The argument alpha decides.",
        lambda z, alpha=1.0: _elu(z, 1.6732632423543772),
    ),
    (
        "softplus",
        "You return log(1 + e^z), the softplus. The ELU is z where z is positive, alpha (e^z - 1) elsewhere.",
        lambda z, alpha=1.0: np.logaddexp(0, z),
    ),
    (
        "curve_everywhere",
        "You use alpha (e^z - 1) for every z. On the positive side the unit is z itself.",
        lambda z, alpha=1.0: alpha * (np.exp(np.asarray(z, float)) - 1),
    ),
    (
        "clipped_exponent_sum",
        "On the positive side a rest is added: the curved part must be 0 there. Cut its argument off at 0.",
        lambda z, alpha=1.0: np.maximum(z, 0) + alpha * (np.exp(np.asarray(z, float)) - 1),
    ),
    (
        "base_2",
        "You use powers of 2. The base is e: `np.exp`.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * (2.0 ** _low(z) - 1)),
    ),
    (
        "tanh_for_exp",
        "Your negative side is alpha tanh z. It is alpha (e^z - 1).",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * np.tanh(z)),
    ),
    (
        "threshold_alpha",
        "Your function switches sides at z = alpha. It switches at 0.",
        lambda z, alpha=1.0: np.where(
            np.asarray(z) > alpha, z, alpha * np.expm1(np.minimum(np.asarray(z, dtype=float), alpha))
        ),
    ),
    (
        "squared_alpha",
        "alpha enters twice on the negative side.",
        lambda z, alpha=1.0: _elu(z, alpha**2),
    ),
    (
        "exponent_clipped_early",
        "You cut z off too early on the left: the curve has to follow e^z down to -alpha.",
        lambda z, alpha=1.0: np.where(np.asarray(z) > 0, z, alpha * np.expm1(np.clip(_low(z), -1, 0))),
    ),
    (
        "list",
        "You return a list. An array of z's shape is due.",
        lambda z, alpha=1.0: _elu(z, alpha).tolist(),
    ),
]:
    elu.mistake(_key, _message)(_answer)


@elu.mistake(
    "alpha_required",
    "Your function has no default for alpha. Keep the given first line: alpha=1.0.",
)
def _(z, alpha):
    return _elu(z, alpha)


@elu.mistake(
    "integers_cut_off",
    "With integer z the negative side is cut to integers: your output array has the type of z. Make it a "
    "float array.",
)
def _(z, alpha=1.0):
    out = z.copy()
    out[z <= 0] = alpha * (np.exp(z[z <= 0]) - 1)
    return out


@elu.mistake(
    "caller_array_changed",
    "Your function writes into the array it was given. Make a new array and leave the caller's as it was.",
)
def _(z, alpha=1.0):
    out = z if z.dtype.kind == "f" else z.astype(float)
    out[out <= 0] = alpha * np.expm1(out[out <= 0])
    return out


@elu.mistake(
    "caller_array_changed_truncated",
    "Your function writes into the array it was given (and integers lose their decimals in it). Make a new "
    "float array.",
)
def _(z, alpha=1.0):
    z[z <= 0] = alpha * np.expm1(z[z <= 0])
    return z


@elu.mistake(
    "number_only",
    "Your function works for single numbers only: `if` asks for one True or False. Choose entry by entry.",
)
def _(z, alpha=1.0):
    return z if z > 0 else alpha * (np.exp(z) - 1)


@elu.mistake(
    "vector_only",
    "Your function walks along the first axis only, so a matrix makes it fail. Compute with the whole array "
    "at once.",
)
def _(z, alpha=1.0):
    return np.array([float(v) if v > 0 else alpha * (np.exp(v) - 1) for v in z])


elu.mistake(
    "sides_exchanged_curve",
    "The two sides are exchanged: negative z come back unchanged and positive ones go through the "
    "exponential. z where z is positive, alpha (e^z - 1) elsewhere.",
)(lambda z, alpha=1.0: np.where(np.asarray(z) < 0, z, alpha * np.expm1(np.minimum(z, 0))))

elu.mistake(
    "softplus_times_alpha",
    "You return alpha log(1 + e^z), a softplus. The ELU is z itself where z is positive.",
)(lambda z, alpha=1.0: alpha * np.logaddexp(0, z))

elu.mistake(
    "cut_off_at_minus_alpha",
    "Your negative side is straight and then cut off at -alpha. The ELU bends: alpha (e^z - 1).",
)(lambda z, alpha=1.0: np.maximum(z, -float(alpha)))


@elu.variant
def _(z, alpha=1.0):
    out = z.astype(float)
    negative = out <= 0
    out[negative] = alpha * (np.exp(out[negative]) - 1)
    return out


@elu.variant
def _(z, alpha=1.0):
    out = np.empty(z.shape)
    for i, v in np.ndenumerate(z):
        out[i] = v if v > 0 else alpha * (np.exp(v) - 1.0)
    return out


elu.variant(lambda z, alpha=1.0: np.maximum(z, 0) + alpha * (np.exp(np.minimum(z, 0)) - 1))
elu.variant(lambda z, alpha=1.0: np.where(z >= 0, z, alpha * np.exp(-np.abs(z)) - alpha))
elu.variant(
    lambda z, alpha=1.0: (
        np.clip(z, 0, None) + np.float32(alpha) * np.expm1(np.clip(z.astype(np.float32), None, 0))
    ).astype(np.float32)
)


# ---------------------------------------------------------------- prelu_backward


@exercise(
    chapter="04_activations",
    difficulty="medium",
    aim="Send the blame back through a PReLU layer: to its inputs, and to the slopes that it learns.",
    hints=(
        "Two gradients are asked for, one for each thing that the layer's output depends on: Z and alpha.",
        "Where z is positive, how does the output change with z, and how with alpha? And where it is not? "
        "Multiply each answer by the upstream dA.",
        "Every sample uses the *same* alpha of a unit, so the contributions of all samples add up: a sum "
        "over axis 0, nothing averaged. Decide by the sign of Z, since alpha may be negative.",
    ),
)
def prelu_backward(dA, Z, alpha):
    """Gradients of a PReLU layer, A = Z where Z > 0 and alpha Z elsewhere, one alpha for each unit.

    At Z = 0 the slope is alpha, as for the leaky ReLU.

    Parameters
    ----------
    dA : array (n_samples, n_units)
        Gradient of the loss with respect to A. Not changed.
    Z : array (n_samples, n_units)
        Pre-activations. Not changed.
    alpha : array (n_units,)
        The learned slope of each unit, of any sign. Not changed.

    Returns
    -------
    dZ : float array (n_samples, n_units)
        Gradient of the loss with respect to Z.
    dalpha : float array (n_units,)
        Gradient with respect to alpha, summed over the samples.
    """
    dZ = dA * np.where(Z > 0, 1.0, alpha)
    dalpha = (dA * np.minimum(Z, 0)).sum(axis=0)
    return dZ, dalpha


def _prelu_loss(dA, Z, alpha):
    return float((dA * np.where(Z > 0, Z, alpha * Z)).sum())


prelu_backward.gradient_of("Z", output=0)(_prelu_loss)
prelu_backward.gradient_of("alpha", output=1)(_prelu_loss)


@prelu_backward.cases
def _(rng):
    def arrays(n, m):
        Z = _away(rng, (n, m))
        Z[0], Z[-1] = -np.abs(Z[0]), np.abs(Z[-1]) * (-1 if n == 1 else 1)
        return _away(rng, (n, m)), Z, rng.uniform(0.1, 0.45, size=m)

    for n, m, group, note in [
        (5, 3, "values", "5 samples, 3 units"),
        (2, 6, "values", "2 samples, 6 units"),
        (4, 4, "values", "as many samples as units"),
        (1, 3, "shape", "one sample"),
        (5, 1, "shape", "one unit"),
        (1, 1, "shape", "one sample of one unit"),
    ]:
        yield case(*arrays(n, m), group=group, note=note)
    dA, Z, alpha = arrays(5, 3)
    yield case(dA, Z, -alpha, group="edge", note="negative alpha")
    yield case(dA, Z, np.array([0.0, 1.0, -0.5]), group="edge", note="alpha 0, 1 and -0.5")
    yield case(dA, Z, alpha + 1.25, group="edge", note="alpha above 1")
    yield case(dA, np.sign(Z).astype(int) * 2, alpha, group="edge", note="integer Z")
    yield case(
        np.array([[1.5, -2.0], [0.5, 1.0]]),
        np.array([[0.0, 1.0], [-0.0, 0.0]]),
        np.array([0.25, -0.5]),
        group="edge",
        note="Z exactly 0",
    )
    yield case(dA, 0.05 * Z, alpha, group="edge", note="Z closer to 0 than alpha")
    yield case(dA, np.abs(Z), alpha, group="edge", note="every Z positive")
    yield case(dA, -np.abs(Z), alpha, group="edge", note="every Z negative")
    yield case(*(a.astype(np.float32) for a in (dA, Z, alpha)), group="edge", note="float32 arrays")


def _right_dz(dA, Z, alpha):
    return dA * np.where(Z > 0, 1.0, alpha)


def _dalpha(dA, Z, alpha):
    return (dA * np.where(Z > 0, 0.0, Z)).sum(axis=0)


def _replace_dalpha(f):
    return lambda dA, Z, alpha: (_right_dz(dA, Z, alpha), f(dA, Z, alpha))


def _replace_dz(f):
    return lambda dA, Z, alpha: (f(dA, Z, alpha), _dalpha(dA, Z, alpha))


for _key, _message, _answer in [
    (
        "dalpha_averaged",
        "Your dalpha is a mean over the samples. The factor 1/n, if any, is in dA already: contributions "
        "add up.",
        _replace_dalpha(lambda dA, Z, alpha: _dalpha(dA, Z, alpha) / len(Z)),
    ),
    (
        "dalpha_not_summed",
        "Your dalpha still has a row for each sample. All samples share a unit's alpha: sum over axis 0.",
        _replace_dalpha(lambda dA, Z, alpha: dA * np.where(Z > 0, 0.0, Z)),
    ),
    (
        "dalpha_over_units",
        "Your dalpha is summed over the units (axis 1). Each unit has its own alpha: sum over the samples, "
        "axis 0.",
        _replace_dalpha(lambda dA, Z, alpha: (dA * np.where(Z > 0, 0.0, Z)).sum(axis=1)),
    ),
    (
        "dalpha_one_number",
        "Your dalpha is one number for the whole layer. Each unit has its own alpha: sum over axis 0 only.",
        _replace_dalpha(lambda dA, Z, alpha: (dA * np.where(Z > 0, 0.0, Z)).sum()),
    ),
    (
        "dalpha_row",
        "Your dalpha has shape (1, n_units). It is due like alpha, (n_units,).",
        _replace_dalpha(lambda dA, Z, alpha: _dalpha(dA, Z, alpha)[None, :]),
    ),
    (
        "dalpha_without_Z",
        "The factor Z is missing from dalpha: A = alpha Z, so its derivative by alpha is Z.",
        _replace_dalpha(lambda dA, Z, alpha: (dA * (Z <= 0)).sum(axis=0)),
    ),
    (
        "dalpha_without_dA",
        "dA is missing from dalpha: by the chain rule each contribution is multiplied by the upstream "
        "gradient.",
        _replace_dalpha(lambda dA, Z, alpha: np.where(Z > 0, 0.0, Z).sum(axis=0)),
    ),
    (
        "dalpha_all_sides",
        "Positive Z contribute to your dalpha. There A = Z, which does not depend on alpha: they contribute "
        "0.",
        _replace_dalpha(lambda dA, Z, alpha: (dA * Z).sum(axis=0)),
    ),
    (
        "dalpha_positive_side",
        "Your dalpha gathers the positive Z. alpha acts on the others.",
        _replace_dalpha(lambda dA, Z, alpha: (dA * np.maximum(Z, 0.0)).sum(axis=0)),
    ),
    (
        "dalpha_absolute_Z",
        "The sign of dalpha is wrong: the factor is Z itself, which is negative there, not its size.",
        _replace_dalpha(lambda dA, Z, alpha: -_dalpha(dA, Z, alpha)),
    ),
    (
        "dalpha_with_alpha",
        "A factor alpha is too many in dalpha (it may come in with dZ): the derivative of alpha Z by alpha "
        "is Z, times the *upstream* dA.",
        _replace_dalpha(lambda dA, Z, alpha: alpha * _dalpha(dA, Z, alpha)),
    ),
    (
        "dalpha_alpha_for_Z",
        "In dalpha the factor alpha stands where Z belongs: the derivative of alpha Z by alpha is Z.",
        _replace_dalpha(lambda dA, Z, alpha: alpha * (dA * (Z <= 0)).sum(axis=0)),
    ),
    (
        "dalpha_from_A",
        "You multiply by the layer's output instead of by Z in dalpha: the derivative of alpha Z by alpha "
        "is Z.",
        _replace_dalpha(lambda dA, Z, alpha: (dA * np.where(Z > 0, Z, alpha * Z)).sum(axis=0)),
    ),
    (
        "dalpha_one_on_positive_side",
        "Positive Z contribute dA itself to your dalpha. There A does not depend on alpha: they contribute "
        "0.",
        _replace_dalpha(lambda dA, Z, alpha: (dA * np.where(Z > 0, 1.0, Z)).sum(axis=0)),
    ),
    (
        "dalpha_forgotten",
        "Your dalpha is zero. alpha is learned: it needs a gradient, from the samples with Z <= 0.",
        _replace_dalpha(lambda dA, Z, alpha: np.zeros_like(alpha)),
    ),
    (
        "dalpha_first_sample",
        "Only one sample contributes to your dalpha: it is overwritten instead of added to. All samples "
        "count.",
        _replace_dalpha(lambda dA, Z, alpha: (dA * np.where(Z > 0, 0.0, Z))[0]),
    ),
    (
        "dalpha_last_sample",
        "Only the last sample contributes to your dalpha: it is overwritten instead of added to. All "
        "samples count.",
        _replace_dalpha(lambda dA, Z, alpha: (dA * np.where(Z > 0, 0.0, Z))[-1]),
    ),
    (
        "dalpha_constant",
        "Every unit gets the same dalpha, the sum over the whole layer. Sum over axis 0 only.",
        _replace_dalpha(lambda dA, Z, alpha: np.full(alpha.shape, _dalpha(dA, Z, alpha).sum())),
    ),
    (
        "dZ_relu",
        "Your dZ is that of ReLU: nothing passes where Z is negative. There the slope is alpha.",
        _replace_dz(lambda dA, Z, alpha: dA * (Z > 0)),
    ),
    (
        "dZ_alpha_everywhere",
        "Your dZ has the slope alpha everywhere. Where Z is positive the slope is 1.",
        _replace_dz(lambda dA, Z, alpha: dA * alpha),
    ),
    (
        "dZ_is_dA",
        "Your dZ is dA unchanged. Where Z is not positive it is multiplied by alpha.",
        _replace_dz(lambda dA, Z, alpha: dA * 1.0),
    ),
    (
        "dZ_without_dA",
        "Your dZ is the slope alone. By the chain rule it is multiplied by dA.",
        _replace_dz(lambda dA, Z, alpha: np.where(Z > 0, 1.0, alpha) + 0 * dA),
    ),
    (
        "dZ_alpha_without_dA",
        "Where Z is negative your dZ is alpha alone. dA is missing there.",
        _replace_dz(lambda dA, Z, alpha: np.where(Z > 0, dA, alpha)),
    ),
    (
        "dZ_value",
        "Your dZ multiplies dA by the layer's *output*. The slope is due: 1 or alpha.",
        _replace_dz(lambda dA, Z, alpha: dA * np.where(Z > 0, Z, alpha * Z)),
    ),
    (
        "dZ_times_Z",
        "A factor Z is too many in dZ: the slope is 1 or alpha.",
        _replace_dz(lambda dA, Z, alpha: np.where(Z > 0, dA, dA * alpha * Z)),
    ),
    (
        "sides_exchanged",
        "The two sides are exchanged, in dZ and dalpha: alpha acts where Z is *not* positive.",
        lambda dA, Z, alpha: (dA * np.where(Z > 0, alpha, 1.0), (dA * np.where(Z > 0, Z, 0.0)).sum(axis=0)),
    ),
    (
        "dZ_sides_exchanged",
        "In dZ the two sides are exchanged: the slope is 1 where Z is positive, alpha elsewhere.",
        _replace_dz(lambda dA, Z, alpha: dA * np.where(Z > 0, alpha, 1.0)),
    ),
    (
        "slope_1_at_0",
        "At Z exactly 0 your slope is 1. In this book it is alpha there: the positive side is Z > 0.",
        _replace_dz(lambda dA, Z, alpha: dA * np.where(Z >= 0, 1.0, alpha)),
    ),
    (
        "slope_0_at_0",
        "At Z exactly 0 your slope is 0. In this book it is alpha there.",
        _replace_dz(lambda dA, Z, alpha: dA * np.where(Z > 0, 1.0, np.where(Z < 0, alpha, 0.0))),
    ),
    (
        "sign_of_dA",
        "You choose the side by the sign of dA. The sign of Z decides.",
        lambda dA, Z, alpha: (dA * np.where(dA > 0, 1.0, alpha), (dA * np.where(dA > 0, 0.0, Z)).sum(axis=0)),
    ),
    (
        "dZ_by_sign_of_dA",
        "In dZ you choose the side by the sign of dA. The sign of Z decides.",
        _replace_dz(lambda dA, Z, alpha: dA * np.where(dA > 0, 1.0, alpha)),
    ),
    (
        "sign_of_A",
        "You choose the side by the sign of the output A. With a negative alpha A is positive where Z is "
        "negative: the sign of Z decides.",
        lambda dA, Z, alpha: (
            dA * np.where(np.where(Z > 0, Z, alpha * Z) > 0, 1.0, alpha),
            (dA * np.where(np.where(Z > 0, Z, alpha * Z) > 0, 0.0, Z)).sum(axis=0),
        ),
    ),
    (
        "larger_of_z_and_alpha_z",
        "You choose the side by whether Z is larger than alpha Z. With alpha above 1 that is the other way "
        "round: the sign of Z decides.",
        lambda dA, Z, alpha: (
            dA * np.where(alpha * Z < Z, 1.0, alpha),
            (dA * np.where(alpha * Z < Z, 0.0, Z)).sum(axis=0),
        ),
    ),
    (
        "slope_hard_coded",
        "Your dZ has the slope 0.01 on the negative side. It is the unit's alpha.",
        _replace_dz(lambda dA, Z, alpha: dA * np.where(Z > 0, 1.0, 0.01)),
    ),
    (
        "dZ_alpha_sign",
        "Where Z is negative your dZ has the wrong sign: the slope is alpha, not -alpha.",
        _replace_dz(lambda dA, Z, alpha: dA * np.where(Z > 0, 1.0, -alpha)),
    ),
    (
        "slope_added",
        "You add the slope to dA. By the chain rule it is *multiplied*.",
        _replace_dz(lambda dA, Z, alpha: dA + np.where(Z > 0, 1.0, alpha)),
    ),
    (
        "dalpha_averaged_over_the_negative",
        "Your dalpha is a mean over the samples with negative Z. Contributions add up: nothing is divided.",
        _replace_dalpha(lambda dA, Z, alpha: _dalpha(dA, Z, alpha) / (Z <= 0).sum(axis=0).clip(1)),
    ),
    (
        "dalpha_sum_of_dA",
        "Your dalpha is the sum of dA. The derivative of A by alpha is Z where Z is not positive, else 0: "
        "multiply by it.",
        _replace_dalpha(lambda dA, Z, alpha: dA.sum(axis=0)),
    ),
    (
        "one_alpha_for_all",
        "You use the first unit's alpha for all units. Each has its own.",
        _replace_dz(lambda dA, Z, alpha: _right_dz(dA, Z, alpha[0])),
    ),
    (
        "alpha_along_the_samples",
        "alpha is applied along the samples. It belongs to the units, the columns of Z.",
        _replace_dz(lambda dA, Z, alpha: _right_dz(dA, Z, np.resize(alpha, len(Z))[:, None])),
    ),
    (
        "order",
        "You return dalpha first. dZ comes first, then dalpha.",
        lambda dA, Z, alpha: (_dalpha(dA, Z, alpha), _right_dz(dA, Z, alpha)),
    ),
    (
        "dZ_alone",
        "You return dZ alone. alpha is learned too: return dZ and dalpha.",
        lambda dA, Z, alpha: _right_dz(dA, Z, alpha),
    ),
    (
        "dZ_averaged",
        "Your dZ is divided by the number of samples. The factor 1/n, if any, is in dA already.",
        _replace_dz(lambda dA, Z, alpha: _right_dz(dA, Z, alpha) / len(Z)),
    ),
    (
        "both_averaged",
        "Both gradients are divided by the number of samples. The factor 1/n, if any, is in dA already.",
        lambda dA, Z, alpha: (_right_dz(dA, Z, alpha) / len(Z), _dalpha(dA, Z, alpha) / len(Z)),
    ),
]:
    prelu_backward.mistake(_key, _message)(_answer)


@prelu_backward.mistake(
    "dA_changed",
    "Your function changes the caller's dA (an operator such as `*=` works in place). Make a new array.",
)
def _(dA, Z, alpha):
    dalpha = _dalpha(dA, Z, alpha)
    dA *= np.where(Z > 0, 1, alpha).astype(dA.dtype)
    return dA, dalpha


@prelu_backward.mistake(
    "dA_changed_first",
    "`dZ = dA` is no copy: changing dZ changes dA, and dalpha is then computed from the changed one. Make a "
    "new array for dZ.",
)
def _(dA, Z, alpha):
    dA *= np.where(Z > 0, 1, alpha).astype(dA.dtype)
    return dA, _dalpha(dA, Z, alpha)


@prelu_backward.mistake(
    "Z_changed",
    "Your function changes the caller's Z. Make a new array, for instance with np.where.",
)
def _(dA, Z, alpha):
    dZ = _right_dz(dA, Z, alpha)
    Z[Z > 0] = 0
    return dZ, (dA * Z).sum(axis=0)


@prelu_backward.mistake(
    "integers_cut_off",
    "With integer Z the slopes are cut to 0 and 1: an array made like Z holds integers. Make it a float "
    "array.",
)
def _(dA, Z, alpha):
    slope = np.ones_like(Z)
    slope[...] = np.where(Z > 0, 1, alpha)
    return dA * slope, _dalpha(dA, Z, alpha)


@prelu_backward.mistake(
    "integers_cut_off_dZ",
    "With integer Z the decimals of dZ are cut off: an array made like Z holds integers. Make it a float "
    "array.",
)
def _(dA, Z, alpha):
    dZ = np.zeros_like(Z)
    dZ[...] = _right_dz(dA, Z, alpha)
    return dZ, _dalpha(dA, Z, alpha)


@prelu_backward.mistake(
    "forward_value",
    "Your dZ is the layer's *value*, Z or alpha Z. The slope is due, 1 or alpha, times dA.",
)
def _(dA, Z, alpha):
    return np.where(Z > 0, Z, alpha * Z) * 1.0, prelu_backward.reference(dA, Z, alpha)[1]


@prelu_backward.mistake(
    "alpha_updated",
    "You return alpha after a step instead of its gradient. The optimizer takes the step; return dalpha.",
)
def _(dA, Z, alpha):
    dZ, dalpha = prelu_backward.reference(dA, Z, alpha)
    return dZ, alpha - dalpha


@prelu_backward.variant
def _(dA, Z, alpha):
    dZ, dalpha = np.zeros(Z.shape), np.zeros(len(alpha))
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            if Z[i, j] > 0:
                dZ[i, j] = dA[i, j]
            else:
                dZ[i, j] = alpha[j] * dA[i, j]
                dalpha[j] += Z[i, j] * dA[i, j]
    return dZ, dalpha


prelu_backward.variant(
    lambda dA, Z, alpha: (dA * ((Z > 0) + alpha * (Z <= 0)), np.einsum("nu,nu->u", dA, np.minimum(Z, 0)))
)
prelu_backward.variant(
    lambda dA, Z, alpha: (
        np.where(Z > 0, dA, alpha[None, :] * dA).astype(np.float32),
        np.sum(dA * Z * (Z < 0), axis=0).astype(np.float32),
    )
)


@prelu_backward.variant
def _(dA, Z, alpha):
    dZ = dA.copy()
    negative = Z <= 0
    dZ[negative] = (dA * alpha)[negative]
    return dZ, np.diag(dA.T @ (negative * Z)).copy()


# ---------------------------------------------------------------- softmax


@exercise(
    chapter="04_activations",
    difficulty="medium",
    aim="Turn scores into probabilities, for scores of any size and along any axis.",
    hints=(
        "The formula is short. What happens to it at scores around 1000, and which shift changes nothing?",
        "Subtract the largest score first, but the largest *of each row*: one shift for the whole array "
        "leaves a low row with nothing but zeros.",
        "max and sum both take `axis` and `keepdims=True`; with the second the result still fits the array "
        "that you subtract it from or divide by it.",
    ),
)
def softmax(Z, axis=-1):
    """Softmax along an axis: e^z_i divided by the sum of e^z_j.

    Stable: scores of any size and at any level give no overflow warning and no NaN.

    Parameters
    ----------
    Z : array of any shape
        Scores (logits), integers or floats. Not changed.
    axis : int
        The axis along which the results sum to 1.

    Returns
    -------
    P : float array of the shape of Z
        Probabilities.
    """
    E = np.exp(Z - Z.max(axis=axis, keepdims=True))
    return E / E.sum(axis=axis, keepdims=True)


@softmax.cases
def _(rng):
    yield case(rng.normal(size=(5, 3)), note="5 rows, 3 classes")
    yield case(rng.normal(size=(2, 6)), note="2 rows, 6 classes")
    yield case(rng.normal(size=(4, 4)), note="as many rows as classes")
    yield case(rng.normal(size=(3, 4)) + np.array([[2.0], [-3.0], [0.5]]), note="rows at different levels")
    yield case(rng.normal(size=5), group="shape", note="1-D")
    yield case(rng.normal(size=(1, 4)), group="shape", note="one row")
    yield case(rng.normal(size=(4, 1)), group="shape", note="one class")
    yield case(rng.normal(size=(4, 3)), axis=0, group="edge", note="axis=0")
    yield case(rng.normal(size=(3, 3)), 0, group="edge", note="axis=0, square")
    yield case(rng.normal(size=(3, 4)), 1, group="edge", note="axis=1")
    yield case(rng.normal(size=(2, 3, 4)), group="edge", note="three axes")
    yield case(rng.normal(size=(2, 3, 4)), 1, group="edge", note="three axes, axis=1")
    yield case(np.array([[1, 2, 3], [0, 0, 4]]), group="edge", note="integer scores")
    yield case(np.array([[1.5, 1.5, 1.5], [2.0, 2.0, -1.0]]), group="edge", note="ties")
    yield case(rng.normal(size=(3, 4)).astype(np.float32), group="edge", note="float32 scores")
    yield case(
        np.array([[1000.0, 1001.0, 999.0], [0.0, 1.0, -1.0]]),
        group="stability",
        note="scores near 1000",
        quiet=True,
    )
    yield case(
        np.array([[1000.0, 1001.0], [-1000.0, -999.0], [0.0, 0.5]]),
        group="stability",
        note="rows at very different levels",
        quiet=True,
    )
    yield case(
        np.array([[1000.0, 0.0, -1000.0, 20.0]]),
        group="stability",
        note="a row from -1000 to 1000",
        quiet=True,
    )
    yield case(np.array([-1000.0, -1000.0]), group="stability", note="1-D, scores of -1000", quiet=True)
    yield case(
        np.array([[900, 0], [901, 1]]), 0, group="stability", note="integers near 900, axis=0", quiet=True
    )


def _softmax(Z, axis=-1):
    E = np.exp(Z - Z.max(axis=axis, keepdims=True))
    return E / E.sum(axis=axis, keepdims=True)


for _key, _message, _answer in [
    (
        "overflow",
        "exp overflows for large scores, and infinity over infinity is NaN. Subtract each row's largest "
        "score first: softmax does not change.",
        lambda Z, axis=-1: np.exp(Z) / np.exp(Z).sum(axis=axis, keepdims=True),
    ),
    (
        "one_maximum_for_all",
        "You subtract the largest score of the *whole array*. In a row far below it every exp is 0, and 0/0 "
        "is NaN. Subtract each row's own maximum.",
        lambda Z, axis=-1: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum(axis=axis, keepdims=True),
    ),
    (
        "axis_ignored",
        "Your function always normalizes along the last axis. The argument `axis` decides: hand it on to "
        "max and sum.",
        lambda Z, axis=-1: _softmax(Z, -1),
    ),
    (
        "axis_1_always",
        "Axis 1 is hard-coded (in the sum, or by `[:, None]`): a 1-D array has none, and `axis=0` does "
        "nothing. Hand the argument `axis` on, with keepdims=True.",
        lambda Z, axis=-1: _softmax(Z, 1),
    ),
    (
        "axis_1_for_matrices",
        "Your function always normalizes the rows of a matrix. The argument `axis` decides: hand it on to "
        "max and sum.",
        lambda Z, axis=-1: _softmax(Z, 0 if Z.ndim == 1 else 1),
    ),
    (
        "axis_0_always",
        "You normalize down the columns, over the *samples*. The classes of a sample lie along the last "
        "axis; the argument `axis` decides.",
        lambda Z, axis=-1: _softmax(Z, 0),
    ),
    (
        "summed_over_axis_0",
        "You divide by the sum along axis 0, whatever `axis` says: hand the argument on to the sum too, "
        "with keepdims=True.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=0))(np.exp(Z - Z.max(axis=axis, keepdims=True))),
    ),
    (
        "one_sum_for_all_rows",
        "Every row is divided by the same number, the largest of the sums. Each row has its own sum.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=axis, keepdims=True).max())(
            np.exp(Z - Z.max(axis=axis, keepdims=True))
        ),
    ),
    (
        "whole_array",
        "You divide by the sum over the *whole array*: all entries together sum to 1. Each row by itself "
        "must.",
        lambda Z, axis=-1: np.exp(Z - Z.max()) / np.exp(Z - Z.max()).sum(),
    ),
    (
        "whole_array_overflow",
        "You divide by the sum over the whole array, and exp overflows for large scores. Each row has its "
        "own sum, and its own maximum to subtract.",
        lambda Z, axis=-1: np.exp(Z) / np.exp(Z).sum(),
    ),
    (
        "whole_array_own_maximum",
        "Each row's maximum is subtracted, but then you divide by the sum over the *whole array*. Each row "
        "has its own sum.",
        lambda Z, axis=-1: (lambda E: E / E.sum())(np.exp(Z - Z.max(axis=axis, keepdims=True))),
    ),
    (
        "maximum_by_column",
        "The maximum is taken along another axis than the sum, so rows are shifted unevenly. Use the same "
        "axis for both.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=axis, keepdims=True))(
            np.exp(Z - Z.max(axis=0, keepdims=True))
        ),
    ),
    (
        "keepdims_forgotten",
        "Without keepdims the row sums do not fit the matrix: NumPy fails, or, for a square one, divides "
        "the *columns* by them in silence. Keep the axis: keepdims=True.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=axis))(np.exp(Z - Z.max(axis=axis, keepdims=True))),
    ),
    (
        "keepdims_forgotten_twice",
        "Without keepdims neither the maxima nor the sums fit the matrix: NumPy fails, or, for a square "
        "one, combines them with the wrong rows in silence. Keep the axis: keepdims=True.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=axis))(np.exp(Z - Z.max(axis=axis))),
    ),
    (
        "keepdims_forgotten_in_max",
        "Without keepdims the row maxima do not fit the matrix: NumPy fails, or, for a square one, "
        "subtracts them from the wrong entries in silence. Keep the axis: keepdims=True.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=axis, keepdims=True))(np.exp(Z - Z.max(axis=axis))),
    ),
    (
        "row_sum_as_column_overflow",
        "exp overflows for large scores (subtract the row's maximum), and axis 1 is hard-coded, in the sum "
        "or by `[:, None]`: hand the argument `axis` on, with keepdims=True.",
        lambda Z, axis=-1: np.exp(Z) / np.exp(Z).sum(axis=1)[:, None],
    ),
    (
        "overflow_axis_0_always",
        "exp overflows for large scores, and you normalize over axis 0, the samples. Subtract each row's "
        "largest score first, and hand the argument `axis` on.",
        lambda Z, axis=-1: np.exp(Z) / np.exp(Z).sum(axis=0),
    ),
    (
        "overflow_axis_ignored",
        "exp overflows for large scores, and the last axis is hard-coded. Subtract each row's largest score "
        "first, and hand the argument `axis` on.",
        lambda Z, axis=-1: np.exp(Z) / np.exp(Z).sum(axis=-1, keepdims=True),
    ),
    (
        "maximum_only_below",
        "The maximum is subtracted in the sum but not in the numerator. Both must be shifted alike.",
        lambda Z, axis=-1: (
            np.exp(Z) / np.exp(Z - Z.max(axis=axis, keepdims=True)).sum(axis=axis, keepdims=True)
        ),
    ),
    (
        "maximum_only_above",
        "The maximum is subtracted in the numerator but not in the sum. Both must be shifted alike.",
        lambda Z, axis=-1: (
            np.exp(Z - Z.max(axis=axis, keepdims=True)) / np.exp(Z).sum(axis=axis, keepdims=True)
        ),
    ),
    (
        "maximum_added",
        "You add the maximum instead of subtracting it, which makes the overflow worse.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=axis, keepdims=True))(
            np.exp(Z + Z.max(axis=axis, keepdims=True))
        ),
    ),
    (
        "scaled_by_the_largest",
        "You divide the scores by the largest size in the array. That changes the probabilities; "
        "*subtracting* the row's maximum does not.",
        lambda Z, axis=-1: _softmax(Z / np.max(np.abs(Z)), axis),
    ),
    (
        "divided_by_maximum",
        "You divide the scores by their maximum. That changes the probabilities; *subtracting* it does not.",
        lambda Z, axis=-1: _softmax(Z / Z.max(axis=axis, keepdims=True), axis),
    ),
    (
        "mean_subtracted",
        "You subtract the mean. Wide rows still overflow: subtract the maximum.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=axis, keepdims=True))(
            np.exp(Z - Z.mean(axis=axis, keepdims=True))
        ),
    ),
    (
        "minimum_subtracted",
        "You subtract the minimum. Wide rows still overflow: subtract the maximum, so that no exponent is "
        "positive.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=axis, keepdims=True))(
            np.exp(Z - Z.min(axis=axis, keepdims=True))
        ),
    ),
    (
        "scores_clipped",
        "You cut off large scores to avoid the overflow: two of them then look equal. Subtract the row's "
        "maximum instead.",
        lambda Z, axis=-1: _softmax(np.clip(Z, -500, 500), axis),
    ),
    (
        "standardized",
        "You standardize the scores first (subtract the mean, divide by the spread). That changes the "
        "probabilities.",
        lambda Z, axis=-1: _softmax(
            (Z - Z.mean(axis=axis, keepdims=True)) / (Z.std(axis=axis, keepdims=True) + 1e-12), axis
        ),
    ),
    (
        "not_normalized",
        "Your values do not sum to 1: divide the exponentials by their *sum* along the axis.",
        lambda Z, axis=-1: np.exp(Z - Z.max(axis=axis, keepdims=True)),
    ),
    (
        "not_normalized_overflow",
        "You return e^z alone. Divide by the sum of the exponentials (and subtract the maximum first).",
        lambda Z, axis=-1: np.exp(Z),
    ),
    (
        "exp_forgotten",
        "You divide the scores by their sum. Take the exponentials first.",
        lambda Z, axis=-1: Z / Z.sum(axis=axis, keepdims=True),
    ),
    (
        "exp_forgotten_after_the_shift",
        "You divide the shifted scores by their sum. Take the exponentials first.",
        lambda Z, axis=-1: (lambda S: S / S.sum(axis=axis, keepdims=True))(
            Z - Z.max(axis=axis, keepdims=True)
        ),
    ),
    (
        "exp_forgotten_in_the_sum",
        "You divide by the sum of the *scores*. The sum runs over the exponentials.",
        lambda Z, axis=-1: np.exp(Z - Z.max(axis=axis, keepdims=True)) / Z.sum(axis=axis, keepdims=True),
    ),
    (
        "sign",
        "Your largest score gets the smallest probability: the exponent has the wrong sign.",
        lambda Z, axis=-1: _softmax(-Z, axis),
    ),
    (
        "log_softmax",
        "You return the logarithms of the probabilities. The probabilities themselves are due.",
        lambda Z, axis=-1: (
            Z
            - Z.max(axis=axis, keepdims=True)
            - np.log(np.exp(Z - Z.max(axis=axis, keepdims=True)).sum(axis=axis, keepdims=True))
        ),
    ),
    (
        "sigmoid",
        "You apply the sigmoid to each score by itself: the results do not sum to 1.",
        lambda Z, axis=-1: _stable(Z),
    ),
    (
        "rounded",
        "You round the probabilities. Their small differences matter in training.",
        lambda Z, axis=-1: np.round(_softmax(Z, axis), 3),
    ),
    (
        "hard_maximum",
        "The largest score gets 1 and all others 0: that is the (hard) maximum. Softmax gives every class a "
        "share.",
        lambda Z, axis=-1: (Z == Z.max(axis=axis, keepdims=True)).astype(float),
    ),
    (
        "label_not_probabilities",
        "You return the place of the largest score. The probabilities are due.",
        lambda Z, axis=-1: Z.argmax(axis=axis),
    ),
    (
        "mean_instead_of_sum",
        "You divide by the mean of the exponentials: your rows sum to the number of classes. Divide by the "
        "sum.",
        lambda Z, axis=-1: _softmax(Z, axis) * Z.shape[axis],
    ),
    (
        "one_added_to_the_sum",
        "A 1 is added to the sum, as in the sigmoid: your rows sum to less than 1. Divide by the sum alone.",
        lambda Z, axis=-1: (lambda E: E / (1 + E.sum(axis=axis, keepdims=True)))(
            np.exp(Z - Z.max(axis=axis, keepdims=True))
        ),
    ),
    (
        "scores_weighted",
        "You multiply the probabilities by the scores. The probabilities themselves are due.",
        lambda Z, axis=-1: Z * _softmax(Z, axis),
    ),
    (
        "complement",
        "You return 1 minus the probabilities. The largest score gets the *largest* probability.",
        lambda Z, axis=-1: 1 - _softmax(Z, axis),
    ),
    (
        "euclidean_norm",
        "You divide by the Euclidean norm of the exponentials. Divide by their sum.",
        lambda Z, axis=-1: (lambda E: E / np.sqrt((E**2).sum(axis=axis, keepdims=True)))(
            np.exp(Z - Z.max(axis=axis, keepdims=True))
        ),
    ),
    (
        "softmax_twice",
        "Softmax is applied to its own result. Once is enough.",
        lambda Z, axis=-1: _softmax(_softmax(Z, axis), axis),
    ),
    (
        "base_2",
        "You use powers of 2. The base is e: `np.exp`.",
        lambda Z, axis=-1: _softmax(Z * np.log(2), axis),
    ),
    (
        "squares",
        "You use squares instead of exponentials.",
        lambda Z, axis=-1: Z**2 / (Z**2).sum(axis=axis, keepdims=True),
    ),
    (
        "absolute_maximum",
        "You subtract the largest |z|. If the scores are far below 0 every exp is 0, and 0/0 is NaN. "
        "Subtract the largest z.",
        lambda Z, axis=-1: (lambda E: E / E.sum(axis=axis, keepdims=True))(
            np.exp(Z - np.abs(Z).max(axis=axis, keepdims=True))
        ),
    ),
    (
        "matrices_only",
        "Your function unpacks two sizes from the shape or uses two indices, so only matrices pass. max and "
        "sum with `axis` and keepdims=True work for every shape.",
        lambda Z, axis=-1: _softmax(Z, axis) if Z.ndim == 2 else Z[0, 0],
    ),
    (
        "eps_in_the_denominator",
        "You add a small number to the sum, so the probabilities sum to less than 1. After subtracting the "
        "maximum the sum is at least 1: nothing needs to be added.",
        lambda Z, axis=-1: (lambda E: E / (E.sum(axis=axis, keepdims=True) + 1e-3))(
            np.exp(Z - Z.max(axis=axis, keepdims=True))
        ),
    ),
    (
        "list",
        "You return a list. An array of Z's shape is due.",
        lambda Z, axis=-1: _softmax(Z, axis).tolist(),
    ),
]:
    softmax.mistake(_key, _message)(_answer)


@softmax.mistake(
    "caller_array_changed",
    "Your function changes the scores it was given: `Z -= …` works in place. Make a new array.",
)
def _(Z, axis=-1):
    shift = Z.max(axis=axis, keepdims=True)
    Z -= shift
    return _softmax(Z, axis)


@softmax.mistake(
    "integers_cut_off",
    "With integer scores the probabilities are cut to integers: your output array has the type of Z. Make "
    "it a float array.",
)
def _(Z, axis=-1):
    P = np.zeros_like(Z)
    P[...] = _softmax(Z, axis)
    return P


@softmax.mistake(
    "rows_by_loop_integers_cut_off",
    "You loop over the first axis and ignore `axis`, and with integer scores the probabilities are cut to "
    "integers (your output array has the type of Z). Hand `axis` on to max and sum, and no loop is needed.",
)
def _(Z, axis=-1):
    P = np.zeros_like(Z)
    for i in range(len(Z)):
        P[i] = np.exp(Z[i] - Z[i].max()) / np.exp(Z[i] - Z[i].max()).sum()
    return P


@softmax.mistake(
    "rows_by_loop",
    "You loop over the first axis and ignore `axis`: a 1-D array makes your function fail, and axis=0 does "
    "nothing.",
)
def _(Z, axis=-1):
    P = np.zeros(Z.shape)
    for i in range(Z.shape[0]):
        row = np.exp(Z[i, :] - Z[i, :].max())
        P[i, :] = row / row.sum()
    return P


softmax.mistake(
    "divided_by_the_maximum",
    "You divide the scores by the largest one (in size) before the exponential: that changes their "
    "differences, and so the probabilities. *Subtract* the maximum.",
)(lambda Z, axis=-1: softmax.reference(np.asarray(Z) / np.max(np.abs(Z), axis=axis, keepdims=True), axis))


@softmax.variant
def _(Z, axis=-1):
    moved = np.moveaxis(Z, axis, -1)
    P = np.empty(moved.shape)
    for index in np.ndindex(moved.shape[:-1]):
        row = moved[index]
        e = [np.exp(v - max(row)) for v in row]
        P[index] = np.array(e) / sum(e)
    return np.moveaxis(P, -1, axis)


@softmax.variant
def _(Z, axis=-1):
    shifted = Z - np.amax(Z, axis, keepdims=True)
    return np.exp(shifted - np.log(np.sum(np.exp(shifted), axis, keepdims=True)))


softmax.variant(lambda Z, axis=-1: np.exp(Z - np.logaddexp.reduce(Z.astype(float), axis=axis, keepdims=True)))
softmax.variant(
    lambda Z, axis=-1: np.apply_along_axis(lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(), axis, Z)
)
softmax.variant(lambda Z, axis=-1: _softmax(Z.astype(np.float32), axis))


# ---------------------------------------------------------------- softmax_backward


@exercise(
    chapter="04_activations",
    difficulty="hard",
    aim="Send the blame back through softmax, where every output depends on every input.",
    hints=(
        "Nudge one score: which of the row's probabilities move, and must they not balance each other?",
        "For one row the Jacobian is diag(p) - p pᵀ. Multiply the row of dP by it on paper, and see which "
        "sum appears in every entry.",
        "That sum is the inner product of the row's dP with its p, one number a row: subtract it from dP, "
        "then scale each entry by its own probability.",
    ),
)
def softmax_backward(dP, P):
    """Gradient of the loss with respect to the scores Z, given that with respect to P = softmax(Z).

    For each row p the Jacobian of softmax is diag(p) - p pᵀ; dz is that matrix times dp.

    Parameters
    ----------
    dP : array (n_samples, n_classes)
        Gradient of the loss with respect to P. Not changed.
    P : array (n_samples, n_classes)
        The probabilities that softmax gave, row by row. Not changed.

    Returns
    -------
    dZ : float array (n_samples, n_classes)
        Each row sums to 0.
    """
    return P * (dP - (dP * P).sum(axis=1, keepdims=True))


@softmax_backward.cases
def _(rng):
    def arrays(n, K):
        return rng.uniform(0.3, 2.0, size=(n, K)) * rng.choice([-1, 1], size=(n, K)), _softmax(
            rng.normal(size=(n, K))
        )

    for n, K, group, note in [
        (5, 3, "values", "5 rows, 3 classes"),
        (2, 6, "values", "2 rows, 6 classes"),
        (4, 4, "values", "as many rows as classes"),
        (3, 2, "values", "2 classes"),
        (1, 4, "shape", "one row"),
        (3, 1, "shape", "one class"),
    ]:
        yield case(*arrays(n, K), group=group, note=note)
    dP, P = arrays(4, 3)
    yield case(np.full((4, 3), 1.75), P, group="edge", note="dP constant, so that nothing moves")
    yield case(dP, np.eye(3)[[0, 2, 1, 1]], group="edge", note="certain rows, p = 0 and 1")
    yield case(np.array([[1, -2, 3], [0, 4, -1]]), P[:2], group="edge", note="integer dP")
    yield case(dP.astype(np.float32), P.astype(np.float32), group="edge", note="float32 arrays")
    yield case(dP, np.full((4, 3), 1 / 3), group="edge", note="all classes equally likely")
    yield case(1000 * dP, P, group="edge", note="a large dP")


def _inner(dP, P):
    return (dP * P).sum(axis=1, keepdims=True)


for _key, _message, _answer in [
    (
        "diagonal_only",
        "You use P(1 - P), the Jacobian's diagonal alone, as if softmax worked entry by entry. Every score "
        "moves every probability of its row: the off-diagonal terms -p_i p_j are missing.",
        lambda dP, P: dP * P * (1 - P),
    ),
    (
        "diagonal_without_square",
        "You multiply dP by P: that is diag(p) alone. The part -p pᵀ of the Jacobian is missing.",
        lambda dP, P: dP * P,
    ),
    (
        "off_diagonal_only",
        "Only the part p pᵀ of the Jacobian is there, with its minus sign. diag(p) is missing: add P dP.",
        lambda dP, P: -P * _inner(dP, P),
    ),
    (
        "outer_sign",
        "The sign between the two parts is wrong: the Jacobian is diag(p) *minus* p pᵀ.",
        lambda dP, P: P * (dP + _inner(dP, P)),
    ),
    (
        "sign",
        "The sign of your dZ is wrong throughout: dP minus the weighted sum, not the other way round.",
        lambda dP, P: P * (_inner(dP, P) - dP),
    ),
    (
        "sum_not_weighted",
        "You subtract the plain sum of dP. It is weighted with the probabilities: the sum of dP times P.",
        lambda dP, P: P * (dP - dP.sum(axis=1, keepdims=True)),
    ),
    (
        "mean_subtracted",
        "You subtract the mean of dP in each row. The mean that counts is weighted with the probabilities: "
        "the sum of dP times P.",
        lambda dP, P: P * (dP - dP.mean(axis=1, keepdims=True)),
    ),
    (
        "weighted_mean",
        "You divide the weighted sum by the number of classes. The probabilities are the weights: sum, not "
        "mean.",
        lambda dP, P: P * (dP - (dP * P).mean(axis=1, keepdims=True)),
    ),
    (
        "sum_over_samples",
        "The inner product is summed over the samples (axis 0). Each sample is a row and has its own: sum "
        "over the classes, axis 1.",
        lambda dP, P: P * (dP - (dP * P).sum(axis=0, keepdims=True)),
    ),
    (
        "sum_over_everything",
        "The inner product is summed over the whole array. Each row has its own: sum over axis 1.",
        lambda dP, P: P * (dP - (dP * P).sum()),
    ),
    (
        "keepdims_forgotten",
        "Without keepdims the row sums do not fit the matrix: NumPy fails, or, for a square one, subtracts "
        "them from the wrong rows in silence. Keep the axis: keepdims=True.",
        lambda dP, P: P * (dP - (dP * P).sum(axis=1)),
    ),
    (
        "P_factor_forgotten",
        "The last factor is missing: each entry is scaled by its own probability.",
        lambda dP, P: dP - _inner(dP, P),
    ),
    (
        "P_factor_on_dP_only",
        "P multiplies dP only. The weighted sum is scaled by P as well: P (dP - sum).",
        lambda dP, P: P * dP - _inner(dP, P),
    ),
    (
        "P_factor_on_sum_only",
        "P multiplies the weighted sum only. dP is scaled by P as well: P (dP - sum).",
        lambda dP, P: dP - P * _inner(dP, P),
    ),
    (
        "cross_entropy_shortcut",
        "P - dP is the shortcut for softmax *with cross-entropy*, where dP would be the one-hot labels. "
        "Here dP is any upstream gradient: multiply it by the Jacobian.",
        lambda dP, P: P - dP,
    ),
    (
        "dP_minus_P",
        "You subtract P from dP. That resembles the shortcut for cross-entropy; here dP is any upstream "
        "gradient: multiply it by the Jacobian.",
        lambda dP, P: dP - P,
    ),
    (
        "upstream_ignored",
        "dP does not enter: P(1 - P) is the slope of each entry by itself. By the chain rule multiply by "
        "dP, with the whole Jacobian.",
        lambda dP, P: P * (1 - P),
    ),
    (
        "dP_unchanged",
        "You return dP unchanged. It has to be multiplied by the Jacobian of softmax.",
        lambda dP, P: dP * 1.0,
    ),
    (
        "averaged",
        "Your dZ is divided by the number of samples. The factor 1/n, if any, is in dP already.",
        lambda dP, P: P * (dP - _inner(dP, P)) / len(P),
    ),
    (
        "divided_by_classes",
        "Your dZ is divided by the number of classes. Nothing is averaged here.",
        lambda dP, P: P * (dP - _inner(dP, P)) / P.shape[1],
    ),
    (
        "averaged_over_all",
        "Your dZ is divided by the number of entries. Nothing is averaged here.",
        lambda dP, P: P * (dP - _inner(dP, P)) / P.size,
    ),
    (
        "P_taken_as_scores",
        "You apply softmax to P once more. P holds the probabilities already.",
        lambda dP, P: _softmax(P) * (dP - _inner(dP, _softmax(P))),
    ),
    (
        "dP_weighted_by_dP",
        "The sum runs over dP². It is the sum of dP times P.",
        lambda dP, P: P * (dP - (dP * dP).sum(axis=1, keepdims=True)),
    ),
    (
        "P_squared_sum",
        "The sum runs over P². It is the sum of dP times P.",
        lambda dP, P: P * (dP - (P * P).sum(axis=1, keepdims=True)),
    ),
    (
        "roles_exchanged",
        "dP and P have changed places (dP is the first argument): each entry is scaled by its *probability*.",
        lambda dP, P: dP * (P - _inner(dP, P)),
    ),
    (
        "squared_P",
        "P enters the last factor twice: each entry is scaled by its own probability once.",
        lambda dP, P: P * P * (dP - _inner(dP, P)),
    ),
    (
        "outer_doubled",
        "The part p pᵀ is subtracted twice. Once is right: diag(p) - p pᵀ.",
        lambda dP, P: P * (dP - 2 * _inner(dP, P)),
    ),
    (
        "diagonal_and_outer",
        "The square on the diagonal is subtracted twice: diag(p(1 - p)) minus the *whole* p pᵀ. Either take "
        "diag(p) minus p pᵀ, or leave the diagonal of p pᵀ out.",
        lambda dP, P: P * (dP * (1 - P) - _inner(dP, P)),
    ),
    (
        "off_diagonal_sign",
        "The entries off the diagonal have the wrong sign: they are -p_i p_j.",
        lambda dP, P: dP * P * (1 - P) + P * (_inner(dP, P) - dP * P),
    ),
    (
        "off_diagonal_alone",
        "Your sum leaves out j = i: only the part -p_i p_j of the Jacobian is there. On the diagonal it is "
        "p_i (1 - p_i).",
        lambda dP, P: -P * (_inner(dP, P) - dP * P),
    ),
    (
        "square_for_outer",
        "You subtract p² (or p·p) from every entry of diag(p). The matrix p pᵀ has the entry p_i p_j: "
        "np.outer(p, p).",
        lambda dP, P: np.array([(np.diag(p) - p**2) @ d for p, d in zip(P, dP, strict=True)]),
    ),
    (
        "inner_for_outer",
        "You subtract the number p·p from every entry of diag(p). The matrix p pᵀ has the entry p_i p_j: "
        "np.outer(p, p).",
        lambda dP, P: np.array([(np.diag(p) - p @ p) @ d for p, d in zip(P, dP, strict=True)]),
    ),
    (
        "maximum_for_sum",
        "You subtract the largest of the products. It is their *sum* over the classes.",
        lambda dP, P: P * (dP - (dP * P).max(axis=1, keepdims=True)),
    ),
    (
        "slope_and_sum",
        "The factor 1 - P is too many: P (dP - sum) contains the diagonal's p(1 - p) already.",
        lambda dP, P: P * (1 - P) * (dP - _inner(dP, P)),
    ),
    (
        "diagonal_averaged",
        "You use the Jacobian's diagonal alone, and divide by the number of samples. The off-diagonal terms "
        "-p_i p_j are missing, and nothing is averaged here.",
        lambda dP, P: dP * P * (1 - P) / len(P),
    ),
    (
        "first_row_only",
        "Every row uses the first row's probabilities. Each sample has its own Jacobian.",
        lambda dP, P: P[:1] * (dP - _inner(dP, P[:1])),
    ),
    (
        "samples_summed",
        "You add the samples up. Each row of dP gives a row of dZ.",
        lambda dP, P: (P * (dP - _inner(dP, P))).sum(axis=0),
    ),
    (
        "first_row_alone",
        "You return the first row only. Each sample gets a row of dZ.",
        lambda dP, P: (P * (dP - _inner(dP, P)))[0],
    ),
    (
        "Jacobian_returned",
        "You return the Jacobians, a matrix for each row. Multiply each by its row of dP.",
        lambda dP, P: np.array([np.diag(p) - np.outer(p, p) for p in P]),
    ),
    (
        "transposed",
        "Your dZ comes out transposed. Rows are samples.",
        lambda dP, P: (P * (dP - _inner(dP, P))).T,
    ),
    (
        "list",
        "You return a list of rows. A NumPy array is due.",
        lambda dP, P: list(P * (dP - _inner(dP, P))),
    ),
    (
        "sigmoid_pattern_minus_sum",
        "You subtract the weighted sum from P(1 - P) dP. The Jacobian is diag(p) minus p pᵀ.",
        lambda dP, P: dP * P * (1 - P) - _inner(dP, P),
    ),
]:
    softmax_backward.mistake(_key, _message)(_answer)


@softmax_backward.mistake(
    "dP_changed",
    "Your function changes the caller's dP: `dP -= …` works in place. Make a new array.",
)
def _(dP, P):
    if dP.dtype.kind == "f":
        dP -= _inner(dP, P)
        return P * dP
    return P * (dP - _inner(dP, P))


@softmax_backward.mistake(
    "dP_changed_integers_fail",
    "`dP -= …` works in place: it changes the caller's dP, and it fails where dP holds integers. Make a new "
    "array.",
)
def _(dP, P):
    dP -= _inner(dP, P)
    return P * dP


@softmax_backward.mistake(
    "P_changed",
    "Your function changes the caller's P: `P *= …` works in place. Make a new array.",
)
def _(dP, P):
    P *= dP - _inner(dP, P)
    return P


@softmax_backward.mistake(
    "integers_cut_off",
    "With integer dP the decimals of dZ are cut off: an array made like dP holds integers. Make it a float "
    "array.",
)
def _(dP, P):
    dZ = np.zeros_like(dP)
    for i, (d, p) in enumerate(zip(dP, P, strict=True)):
        dZ[i] = p * (d - d @ p)
    return dZ


@softmax_backward.mistake(
    "last_class_overwrites",
    "You overwrite dZ in the inner loop instead of adding to it: only the last class's term stays.",
)
def _(dP, P):
    return np.array(
        [d[-1] * p[-1] * ((np.arange(len(p)) == len(p) - 1) - p) for d, p in zip(dP, P, strict=True)]
    )


@softmax_backward.mistake(
    "sum_times_P",
    "You subtract P times the sum of dP from dP. The sum is weighted, of dP times P, and the difference is "
    "scaled by P.",
)
def _(dP, P):
    return dP - P * np.sum(dP, axis=1, keepdims=True)


@softmax_backward.mistake(
    "P_for_the_sum",
    "You subtract P from dP. What is subtracted is one number for each row, the sum of dP times P.",
)
def _(dP, P):
    return P * (dP - P)


@softmax_backward.mistake(
    "rows_overwritten",
    "Your loop writes every row's result into the first row. Row i belongs into row i.",
)
def _(dP, P):
    dZ = np.zeros(P.shape)
    dZ[0] = P[-1] * (dP[-1] - np.dot(dP[-1], P[-1]))
    return dZ


@softmax_backward.mistake(
    "own probability only",
    "You return dP (1 - P): each entry looks at its own probability alone, and the factor P is missing. "
    "Every score moves every probability of its row.",
)
def _(dP, P):
    return dP * (1 - P)


@softmax_backward.variant
def _(dP, P):
    dZ = np.zeros(P.shape)
    for n in range(P.shape[0]):
        for i in range(P.shape[1]):
            for j in range(P.shape[1]):
                dZ[n, i] += dP[n, j] * P[n, j] * ((i == j) - P[n, i])
    return dZ


softmax_backward.variant(
    lambda dP, P: np.array([(np.diag(p) - np.outer(p, p)) @ d for p, d in zip(P, dP, strict=True)])
)
softmax_backward.variant(lambda dP, P: dP * P - P * np.einsum("nk,nk->n", dP, P)[:, None])
softmax_backward.variant(
    lambda dP, P: np.einsum("ni,nij->nj", dP, P[:, :, None] * (np.eye(P.shape[1]) - P[:, None, :]))
)
softmax_backward.variant(
    lambda dP, P: (lambda d, p: p * (d - (d * p).sum(-1, keepdims=True)))(
        dP.astype(np.float32), P.astype(np.float32)
    )
)


# ---------------------------------------------------------------- dead_relu_fraction


@exercise(
    chapter="04_activations",
    difficulty="medium",
    aim="Count the dead: the share of ReLU units that no sample of the batch wakes up.",
    hints=(
        "A unit is a column of Z. When does a whole column count as dead, and when is one silent sample not "
        "enough?",
        "Ask of each unit whether *any* sample makes it positive. Exactly 0 is not positive.",
        "A comparison gives True and False; `any` along the right axis turns a column into one answer; the "
        "mean of true/false answers is a fraction. Mind which of the two you were asked to count.",
    ),
)
def dead_relu_fraction(Z):
    """Fraction of the units that are positive for no sample of the batch.

    Parameters
    ----------
    Z : array (n_samples, n_units)
        Pre-activations of a ReLU layer; a unit is active for a sample if z > 0. Not changed.

    Returns
    -------
    fraction : float
        From 0 (every unit is active for some sample) to 1 (all units are dead).
    """
    return float(np.mean(~(Z > 0).any(axis=0)))


@dead_relu_fraction.cases
def _(rng):
    def layer(n, m, dead):
        Z = _away(rng, (n, m))
        Z[rng.integers(n, size=m), np.arange(m)] = rng.uniform(0.5, 2.0, size=m)
        Z[:, rng.permutation(m)[:dead]] = -rng.uniform(0.1, 2.0, size=(n, dead))
        return Z

    yield case(layer(6, 5, 2), note="6 samples, 5 units, 2 of them dead")
    yield case(layer(3, 8, 3), note="3 samples, 8 units, 3 of them dead")
    yield case(layer(4, 4, 1), note="as many samples as units, 1 of 4 dead")
    yield case(
        np.array([[-2.0, -3.0, 0.5, -1.0], [-1.0, 0.25, -4.0, -0.5], [-0.5, -5.0, -6.0, -0.1]]),
        note="each living unit active for one sample only",
    )
    yield case(layer(5, 3, 0), group="edge", note="no unit dead")
    yield case(layer(5, 3, 3), group="edge", note="every unit dead")
    yield case(
        np.array([[0.0, -1.0, 0.0, 2.0], [0.0, 0.0, -0.0, 0.0]]),
        group="edge",
        note="z exactly 0, which is not active",
    )
    yield case(np.zeros((3, 2)), group="edge", note="all zeros")
    yield case(np.array([[-2.0, -1e-9, -1.0], [1e-9, -1.0, -3.0]]), group="edge", note="a tiny positive z")
    yield case(np.array([[3, -1, 0], [-2, -5, 0]]), group="edge", note="integer Z")
    yield case(layer(4, 5, 2).astype(np.float32), group="edge", note="float32 Z")
    yield case(np.array([[-1.0, 2.0, -0.5, 0.0, 1.0]]), group="shape", note="one sample")
    yield case(np.array([[-1.0], [-2.0], [3.0]]), group="shape", note="one unit, alive")
    yield case(np.array([[-1.0], [-2.0]]), group="shape", note="one unit, dead")


for _key, _message, _answer in [
    (
        "silent_entries_counted",
        "You count the entries that are not positive, over the whole matrix. A unit is dead only if *all* "
        "its samples are silent: first one answer for each column, then the mean.",
        lambda Z: np.mean(Z <= 0),
    ),
    (
        "silent_entries_below_zero",
        "You count the negative entries over the whole matrix. A unit is dead only if *all* its samples are "
        "silent, and z = 0 is silent too.",
        lambda Z: np.mean(Z < 0),
    ),
    (
        "zero_entries_counted",
        "You count the entries of Z that are 0. Z holds pre-activations, which are negative where ReLU is "
        "silent; and a unit is dead only if all its samples are.",
        lambda Z: np.mean(Z == 0),
    ),
    (
        "samples_instead_of_units",
        "You ask along axis 1: your answer is the fraction of *samples* without an active unit. Units are "
        "columns: axis 0.",
        lambda Z: np.mean(~(Z > 0).any(axis=1)),
    ),
    (
        "count_not_fraction",
        "You return the number of dead units. Divide by the number of units.",
        lambda Z: np.sum(~(Z > 0).any(axis=0)),
    ),
    (
        "count_as_float",
        "You return the number of dead units. Divide by the number of units.",
        lambda Z: float(np.sum(~(Z > 0).any(axis=0))),
    ),
    (
        "alive_fraction",
        "You return the fraction of units that are *alive*. The dead ones are asked for.",
        lambda Z: np.mean((Z > 0).any(axis=0)),
    ),
    (
        "silent_once",
        "You count a unit as soon as it is silent for *one* sample (or its smallest value is not positive). "
        "Dead means silent for all: no sample is positive.",
        lambda Z: np.mean((Z <= 0).any(axis=0)),
    ),
    (
        "negative_once",
        "You count a unit as soon as it is negative for *one* sample. Dead means positive for none.",
        lambda Z: np.mean((Z < 0).any(axis=0)),
    ),
    (
        "zero_counts_as_active",
        "A unit with z exactly 0 counts as alive in your version. ReLU passes nothing there: active is z > "
        "0.",
        lambda Z: np.mean((Z < 0).all(axis=0)),
    ),
    (
        "zero_counts_as_dead_only",
        "You look for columns that are exactly 0. Z holds *pre*-activations: a dead unit's are negative or "
        "0, and a negative one is as silent as 0.",
        lambda Z: np.mean((Z == 0).all(axis=0)),
    ),
    (
        "mean_of_the_column",
        "You look at the unit's mean over the samples. One positive sample is enough to keep it alive, "
        "however negative the others are.",
        lambda Z: np.mean(Z.mean(axis=0) <= 0),
    ),
    (
        "mean_of_the_column_strict",
        "You look at the unit's mean over the samples. One positive sample is enough to keep it alive, "
        "however negative the others are (and z = 0 is silent).",
        lambda Z: np.mean(Z.mean(axis=0) < 0),
    ),
    (
        "first_sample_only",
        "You look at the first sample only. Dead means silent for every sample of the batch.",
        lambda Z: np.mean(Z[0] <= 0),
    ),
    (
        "last_sample_only",
        "You look at the last sample only. Dead means silent for every sample of the batch.",
        lambda Z: np.mean(Z[-1] <= 0),
    ),
    (
        "divided_by_samples",
        "You divide the number of dead units by the number of *samples*. Divide by the number of units.",
        lambda Z: np.sum(~(Z > 0).any(axis=0)) / Z.shape[0],
    ),
    (
        "divided_by_entries",
        "You divide the number of dead units by the number of entries of Z. Divide by the number of units.",
        lambda Z: np.sum(~(Z > 0).any(axis=0)) / Z.size,
    ),
    (
        "percent",
        "You return a percentage. A fraction from 0 to 1 is due.",
        lambda Z: 100.0 * np.mean(~(Z > 0).any(axis=0)),
    ),
    (
        "dead_and_alive",
        "You divide the dead units by the *living* ones. Divide by all units.",
        lambda Z: float(np.sum(~(Z > 0).any(axis=0)) / max(np.sum((Z > 0).any(axis=0)), 1e-300)),
    ),
    (
        "whole_layer",
        "Your answer is 1 only if the whole layer is dead, else 0: you ask for any positive entry of the "
        "whole matrix, or cut the fraction to a whole number. Ask for each unit, along axis 0, and divide "
        "with `/`.",
        lambda Z: float(not (Z > 0).any()),
    ),
    (
        "mask_returned",
        "You return a true/false answer for each unit. Their mean, one number, is due.",
        lambda Z: ~(Z > 0).any(axis=0),
    ),
    (
        "fraction_for_each_unit",
        "You return, for each unit, the share of samples for which it is silent. Dead units have share 1: "
        "what fraction of the units is that?",
        lambda Z: (Z <= 0).mean(axis=0),
    ),
    (
        "mostly_silent",
        "You count units that are silent for most samples. Dead means silent for *all* of them.",
        lambda Z: np.mean((Z <= 0).mean(axis=0) > 0.5),
    ),
    (
        "small_values_counted_as_silent",
        "You count small positive values as silent. Active means z > 0, however small.",
        lambda Z: np.mean(Z.max(axis=0) <= 1e-3),
    ),
    (
        "fraction_active_on_average",
        "You return one number for each unit, or its mean activation. Ask of each unit whether *any* sample "
        "is positive, then take the mean over the units.",
        lambda Z: np.maximum(Z, 0).mean(axis=0),
    ),
    (
        "silent_entries_for_each_unit",
        "You count the silent *entries* and divide by the number of units. A unit is dead only if all its "
        "samples are silent: first one answer for each column.",
        lambda Z: np.sum(Z <= 0) / Z.shape[1],
    ),
    (
        "threshold_one",
        "A unit has to exceed 1 to count as active in your version. Positive means z > 0.",
        lambda Z: np.mean(~(Z > 1).any(axis=0)),
    ),
    (
        "always_active",
        "You return the fraction of units that are active for every sample. Asked for are those that are "
        "active for none.",
        lambda Z: np.mean((Z > 0).all(axis=0)),
    ),
]:
    dead_relu_fraction.mistake(_key, _message)(_answer)


@dead_relu_fraction.mistake(
    "caller_array_changed",
    "Your function changes the caller's Z: it applies ReLU in place. Work on a copy, or compare only.",
)
def _(Z):
    Z[Z < 0] = 0
    return np.mean(~Z.any(axis=0))


@dead_relu_fraction.variant
def _(Z):
    n_samples, n_units = Z.shape
    dead = 0
    for j in range(n_units):
        if all(Z[i, j] <= 0 for i in range(n_samples)):
            dead += 1
    return dead / n_units


dead_relu_fraction.variant(lambda Z: (Z.max(axis=0) <= 0).mean())
dead_relu_fraction.variant(lambda Z: 1 - np.count_nonzero(np.maximum(Z, 0).sum(axis=0)) / Z.shape[1])
dead_relu_fraction.variant(lambda Z: np.float32(np.all(Z <= 0, axis=0).sum() / Z.shape[1]))
dead_relu_fraction.variant(lambda Z: sum(1 for column in Z.T if not any(z > 0 for z in column)) / len(Z.T))
