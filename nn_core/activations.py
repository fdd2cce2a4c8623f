r"""Activation functions: what a unit makes of its pre-activation z.

Each function stands here with its derivative directly under it, both written as the chapter writes them.
``ACTIVATIONS`` holds them by name; a new one is one function, one derivative and the line above each, and
plots, widgets and tests find it there. Softmax is not among them: it mixes the units of a layer.
"""

import numpy as np

from nn_core.checks import a_number, as_floats, only_known

ACTIVATIONS = {}


class Activation:
    """A function of z with its derivative: ``f(z, **params)`` and ``f.derivative(z, **params)``.

    z is a number or an array of any shape, without NaN; anything else is a TypeError or ValueError.

    Attributes
    ----------
    name : str
    params, ranges : dict, each hyper-parameter with its default, and with the interval worth looking at
    f, df : the plain functions, which trust their arguments

    >>> relu = ACTIVATIONS["relu"]
    >>> relu([-1.0, 2.0]), relu.derivative([-1.0, 2.0])
    (array([0., 2.]), array([0., 1.]))
    """

    def __init__(self, f, ranges):
        self.f, self.df = f, None
        self.name = f.__name__
        self.params = dict(f.__kwdefaults__ or {})
        self.ranges = ranges
        self.__doc__ = f.__doc__

    def __call__(self, z, **params):
        """Return f(z), of the shape of z; integers count as float64."""
        return self.f(as_floats("z", z), **self.checked(params))

    def derivative(self, z, **params):
        """Return f'(z), of the shape of z. Where f has a kink, one of the possible slopes."""
        z = as_floats("z", z)
        return self.df(z, **self.checked(params)).astype(z.dtype)

    def checked(self, params):
        """Return the hyper-parameters as floats; one that this function does not have is a TypeError."""
        only_known(self.name, params, self.params)
        return {name: a_number(name, value) for name, value in params.items()}

    def __repr__(self):
        return f"<activation {self.name}>"


def activation(**ranges):
    """Register the function below under its name; `ranges` are its hyper-parameters' intervals."""

    def register(f):
        ACTIVATIONS[f.__name__] = Activation(f, ranges)
        return f

    return register


def derivative_of(f):
    """Register the function below as the derivative of `f`."""

    def register(df):
        ACTIVATIONS[f.__name__].df = df
        return df

    return register


@activation()
def step(z, out=None):
    r"""Step function: $f(z) = 1$ for $z \geq 0$, else $0$."""
    return np.heaviside(z, 1, out=out)


@derivative_of(step)
def step_derivative(z):
    """Zero wherever it exists: no gradient ever reaches the weights below a step."""
    return np.zeros_like(z)


@activation()
def identity(z, out=None):
    """Identity: $f(z) = z$."""
    return np.positive(z, out=out)


@derivative_of(identity)
def identity_derivative(z):
    """One everywhere: $f'(z) = 1$."""
    return np.ones_like(z)


@activation()
def sigmoid(z, out=None):
    r"""Logistic sigmoid: $\sigma(z) = 1 / (1 + e^{-z})$."""
    e = np.exp(-np.abs(z))  # (4.1), with exponents that are never positive: nothing overflows
    return np.divide(np.exp(np.minimum(z, 0)), 1 + e, out=out)


@derivative_of(sigmoid)
def sigmoid_derivative(z):
    r"""At most 1/4, at z = 0: $\sigma'(z) = \sigma(z) (1 - \sigma(z))$."""
    e = np.exp(-np.abs(z))  # (4.2), and σ(1 - σ) = e / (1 + e)², which keeps its digits far out
    return e / (1 + e) ** 2


@activation()
def tanh(z, out=None):
    r"""Hyperbolic tangent: $\tanh(z) = 2 \sigma(2z) - 1$."""
    return np.tanh(z, out=out)  # (4.3)


@derivative_of(tanh)
def tanh_derivative(z):
    r"""At most 1, at z = 0: $\tanh'(z) = 1 - \tanh^2(z)$."""
    return 1 - np.tanh(z) ** 2  # (4.4)


@activation()
def relu(z, out=None):
    r"""Rectified linear unit: $f(z) = \max(0, z)$."""
    return np.maximum(z, zeros_beside(z), out=out)  # (4.5)


@derivative_of(relu)
def relu_derivative(z):
    """One where z > 0, else 0, at z = 0 too (any slope from 0 to 1 would do there)."""
    return np.greater(z, zeros_beside(z)).astype(z.dtype)


ROW = {np.dtype(dtype): np.zeros(4096, dtype) for dtype in (np.float32, np.float64)}
ZERO = {dtype: np.zeros((), dtype) for dtype in ROW}


def zeros_beside(z):
    """Return 0 in the form that NumPy compares `z` with the fastest.

    For wide arrays that is a row of zeros: the maximum with a single number is taken element by element,
    which takes twice as long (5 of 700 µs for a step of a 784-256-128-10 network, 2 % of its predictions).
    For narrow ones a 0-d array, which need not be made of a Python number first (1 of 25 µs at 2-16-16-1).
    """
    return ROW[z.dtype][: z.shape[-1]] if z.ndim and 64 <= z.shape[-1] <= 4096 else ZERO[z.dtype]


@activation(alpha=(0.0, 0.5))
def leaky_relu(z, out=None, *, alpha=0.01):
    r"""Leaky ReLU: $f(z) = z$ for $z > 0$, else $\alpha z$."""
    return np.add(np.maximum(z, 0), alpha * np.minimum(z, 0), out=out)  # (4.6)


@derivative_of(leaky_relu)
def leaky_relu_derivative(z, *, alpha=0.01):
    """One where z > 0, else alpha, at z = 0 too."""
    return np.where(z > 0, 1, alpha)


@activation(alpha=(0.1, 3.0))
def elu(z, out=None, *, alpha=1.0):
    r"""Exponential linear unit: $f(z) = z$ for $z > 0$, else $\alpha (e^z - 1)$."""
    return np.add(np.maximum(z, 0), alpha * np.expm1(np.minimum(z, 0)), out=out)  # (4.8)


@derivative_of(elu)
def elu_derivative(z, *, alpha=1.0):
    r"""One where z > 0, else $\alpha e^z$; continuous only for alpha = 1."""
    return np.where(z > 0, 1, alpha * np.exp(np.minimum(z, 0)))


@activation()
def softplus(z, out=None):
    r"""Softplus: $f(z) = \ln(1 + e^z)$."""
    return np.logaddexp(0, z, out=out)  # (4.11)


@derivative_of(softplus)
def softplus_derivative(z):
    r"""Sigmoid: $f'(z) = \sigma(z)$."""
    return sigmoid(z)


@activation()
def gelu(z, out=None):
    r"""GELU, tanh form: $f(z) = \frac{z}{2} (1 + \tanh(\sqrt{2/\pi} (z + 0.044715 z^3)))$."""
    t = np.tanh(GELU_SCALE * (z + 0.044715 * z**3))  # (4.12); the exact form has erf, which NumPy lacks
    return np.multiply(0.5 * z, 1 + t, out=out)


GELU_SCALE = float(np.sqrt(2 / np.pi))


@derivative_of(gelu)
def gelu_derivative(z):
    r"""With $t$ the tanh: $\frac12 (1 + t) + \frac z2 (1 - t^2) \sqrt{2/\pi} (1 + 3 \cdot 0.044715 z^2)$."""
    t = np.tanh(GELU_SCALE * (z + 0.044715 * z**3))
    return 0.5 * (1 + t) + 0.5 * z * (1 - t**2) * GELU_SCALE * (1 + 3 * 0.044715 * z**2)


@activation()
def silu(z, out=None):
    r"""SiLU, also called swish: $f(z) = z \sigma(z)$."""
    return np.multiply(z, sigmoid(z), out=out)  # (4.13)


@derivative_of(silu)
def silu_derivative(z):
    r"""By the product rule: $f'(z) = \sigma(z) (1 + z (1 - \sigma(z)))$."""
    return sigmoid(z) * (1 + z * sigmoid(-z))


def softmax(Z, axis=-1):
    r"""Softmax: $p_k = e^{z_k} / \sum_j e^{z_j}$ along `axis`.

    Equation (4.9). Subtracting the largest score first changes nothing and keeps every exponent at or
    below zero.

    Parameters
    ----------
    Z : array of scores, (n_samples, n_classes) or any shape
    axis : int, the axis of the classes

    Returns
    -------
    P : array like Z, from 0 to 1, with sums of 1 along `axis`

    Raises
    ------
    TypeError, ValueError
        if Z is empty, a single number, or holds NaN or +inf; if it has no such axis.

    >>> softmax([[0.0, np.log(3)]])
    array([[0.25, 0.75]])
    """
    return softmax_trusting(*scores(Z, axis))


def softmax_trusting(Z, axis=-1):
    """Softmax of an array that has been looked at.

    The copy lays out all samples' first scores, then all second ones, …: so the maximum and the sum add
    whole rows to each other, which takes a third to a sixth of the time of going along each sample.
    """
    E = Z.swapaxes(axis, 0).copy()
    E -= np.maximum.reduce(E)
    np.exp(E, out=E)
    E /= np.add.reduce(E)
    return E.swapaxes(0, axis)


def softmax_backward(dP, P, axis=-1):
    r"""Gradient at the scores from the gradient `dP` at the probabilities `P = softmax(Z)`.

    The Jacobian of (4.10), diag(p) - p pᵀ, times dp, without building it: $p (dp - p \cdot dp)$.

    Parameters
    ----------
    dP, P : arrays of one shape, such as (n_samples, n_classes)
    axis : int, the axis of the classes

    Returns
    -------
    dZ : array of that shape, with sums of 0 along `axis`
    """
    return P * (dP - (dP * P).sum(axis=axis, keepdims=True))


def log_softmax(Z, axis=-1):
    r"""Logarithm of softmax: $\ln p_k = z_k - \ln \sum_j e^{z_j}$, finite where p itself would be 0.

    Takes what `softmax` takes, and returns an array of the shape of Z.

    >>> log_softmax([0.0, -1000.0])
    array([    0., -1000.])
    """
    return log_softmax_trusting(*scores(Z, axis))


def log_softmax_trusting(Z, axis=-1):
    """Log-softmax of an array that has been looked at, laid out like its softmax."""
    Z = Z.swapaxes(axis, 0).copy()
    Z -= np.maximum.reduce(Z)
    Z -= np.log(np.add.reduce(np.exp(Z)))
    return Z.swapaxes(0, axis)


def scores(Z, axis):
    """Return the arguments of softmax, looked at."""
    Z = as_floats("Z", Z, min_ndim=1)
    if np.isposinf(Z).any():
        raise ValueError("Z must not hold +inf: softmax has no limit there")
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise TypeError(f"axis must be a whole number, got {axis!r}")
    if not -Z.ndim <= axis < Z.ndim:
        raise ValueError(f"axis must lie in [{-Z.ndim}, {Z.ndim - 1}] for Z of shape {Z.shape}, got {axis}")
    return Z, axis
