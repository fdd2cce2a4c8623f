r"""Loss functions: one number that says how wrong the predictions are, and its gradient.

Each loss stands here with its gradient directly under it. The 1/n of the mean is in the loss, hence in
its gradient, and nowhere else in this library. The plain functions take predictions `a` (or scores `z`) and
targets `y` of one shape; ``LOSSES`` holds them by name, and there they also take class labels, look at
their arguments and treat (n,) and (n, 1) alike.
"""

import numpy as np

from nn_core.activations import log_softmax_trusting, sigmoid, softmax_trusting
from nn_core.checks import a_number, as_floats, as_labels, only_known

LOSSES = {}


class Loss:
    """A loss ``loss(y_pred, y_true, **params) -> float`` and its ``loss.gradient(…)``, shaped like y_pred.

    Parameters
    ----------
    y_pred : array (n,), (n, 1) or (n, n_out); of a loss over classes (n, n_classes)
    y_true : array of that shape, (n,) and (n, 1) being the same; of a loss over classes labels (n,) from 0
        to n_classes - 1, or one-hot rows
    params : floats, such as ``delta`` of huber

    Raises
    ------
    TypeError, ValueError
        if shapes or labels do not fit, or a number is NaN or infinite.

    Attributes
    ----------
    name : str
    kind : str, what y_true holds: "values", "binary" (0 to 1), "signs" (-1 and +1) or "classes"
    outputs : tuple of the output kinds of a network that the loss can follow
    on_logits : bool, whether y_pred is the pre-activation of the output layer
    params, ranges : dict, each hyper-parameter with its default, and with its interval
    f, df : the plain functions, which trust their arguments

    >>> LOSSES["mse"]([1.0, 2.0], [1.0, 4.0]), LOSSES["mse"].gradient([1.0, 2.0], [1.0, 4.0])
    (2.0, array([ 0., -2.]))
    """

    def __init__(self, f, kind, outputs, on_logits, ranges):
        self.f, self.df = f, None
        self.name, self.kind = f.__name__, kind
        self.outputs, self.on_logits = outputs, on_logits
        self.params = dict(f.__kwdefaults__ or {})
        self.ranges = ranges
        self.__doc__ = f.__doc__

    def __call__(self, y_pred, y_true, **params):
        """Return the loss: a mean over samples (mse, mae, huber: over all elements)."""
        params = self.checked(params)
        y_pred = self.predictions(y_pred)
        return float(self.f(y_pred, self.targets(y_true, y_pred.shape, y_pred.dtype), **params))

    def gradient(self, y_pred, y_true, **params):
        """Return dL/dy_pred, of the shape of y_pred."""
        params = self.checked(params)
        y_pred = self.predictions(y_pred)
        return self.df(y_pred, self.targets(y_true, y_pred.shape, y_pred.dtype), **params)

    def predictions(self, y_pred):
        """Return y_pred as an array, looked at."""
        y_pred = as_floats("y_pred", y_pred, finite=True, min_ndim=2 if self.kind == "classes" else 1)
        if self.name in ("bce", "cross_entropy") and not (y_pred.min() >= 0 and y_pred.max() <= 1):
            logits = {"bce": "bce_with_logits", "cross_entropy": "softmax_cross_entropy"}[self.name]
            raise ValueError(
                f"y_pred must hold probabilities from 0 to 1, got {y_pred.min():g} to {y_pred.max():g}; "
                f"for scores that are not yet probabilities there is {logits!r}"
            )
        return y_pred

    def targets(self, y_true, shape, dtype, name="y_true"):
        """Return y_true as an array of `shape` and `dtype`; class labels become one-hot rows."""
        if self.kind == "classes":
            return one_hot_targets(y_true, shape, dtype, name)
        y = as_floats(name, y_true, finite=True)
        if {y.shape, shape} == {(shape[0],), (shape[0], 1)}:
            y = y.reshape(shape)
        if y.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, that of the predictions, got {y.shape}")
        if self.kind == "binary" and not (y.min() >= 0 and y.max() <= 1):
            raise ValueError(f"{name} must hold 0 and 1 for {self.name}, got {y.min():g} to {y.max():g}")
        if self.kind == "signs" and not (np.abs(y) == 1).all():
            wrong = y[np.abs(y) != 1][0]
            raise ValueError(f"{name} must hold labels -1 and +1 for {self.name}, got {wrong:g}")
        return y.astype(dtype, copy=False)

    def checked(self, params):
        """Return the hyper-parameters as floats; one that this loss does not have is a TypeError."""
        only_known(self.name, params, self.params)
        return {name: a_number(name, value, 0, open_low=True) for name, value in params.items()}

    def __repr__(self):
        return f"<loss {self.name}>"


def one_hot_targets(y, shape, dtype, name):
    """Return labels (n,) or one-hot rows (n, K) as one-hot rows of `shape` = (n, K)."""
    if len(shape) != 2 or shape[1] < 2:
        raise ValueError(f"y_pred must have shape (n_samples, n_classes), two classes or more, got {shape}")
    y = as_floats(name, y, finite=True)
    if y.shape == shape:
        if not (y.min() >= 0 and np.allclose(y.sum(axis=1), 1)):
            raise ValueError(f"{name} must hold labels (n,) or one-hot rows: not negative, each with sum 1")
        return y.astype(dtype, copy=False)
    if y.ndim == 2 and y.shape[1] != 1:
        raise ValueError(f"{name} must have shape {shape[:1]} or {shape}, got {y.shape}")
    labels = as_labels(name, y, shape[1])
    if len(labels) != shape[0]:
        raise ValueError(f"{name} must hold {shape[0]} labels, as many as y_pred has rows, got {len(labels)}")
    Y = np.zeros(shape, dtype)
    Y[np.arange(shape[0]), labels] = 1
    return Y


def loss(kind, outputs=("identity", "sigmoid", "softmax"), on_logits=False, **ranges):
    """Register the function below under its name."""

    def register(f):
        LOSSES[f.__name__] = Loss(f, kind, outputs, on_logits, ranges)
        return f

    return register


def gradient_of(f):
    """Register the function below as the gradient of the loss `f`."""

    def register(df):
        LOSSES[f.__name__].df = df
        return df

    return register


@loss("values")
def mse(a, y):
    r"""Mean squared error: $L = \frac1N \sum (\hat y - y)^2$ over all N elements."""
    return np.mean((a - y) ** 2)  # (7.1)


@gradient_of(mse)
def mse_gradient(a, y):
    r"""Twice the error over N: $2 (\hat y - y) / N$."""
    return (a - y) * (2 / a.size)  # (7.2)


@loss("values")
def mae(a, y):
    r"""Mean absolute error: $L = \frac1N \sum |\hat y - y|$ over all N elements."""
    return np.mean(np.abs(a - y))  # (7.3)


@gradient_of(mae)
def mae_gradient(a, y):
    r"""Sign of the error over N, and 0 where the error is 0 (there the loss has no derivative)."""
    return np.sign(a - y) / a.size


@loss("values", delta=(0.1, 5.0))
def huber(a, y, *, delta=1.0):
    r"""Huber loss, the mean of $d^2/2$ up to delta and $\delta (|d| - \delta/2)$ beyond, $d = \hat y - y$.

    Equation (7.4). Its gradient never exceeds delta / N, so that an outlier pulls no harder than that.
    """
    d = np.abs(a - y)
    return np.mean(np.where(d <= delta, d**2 / 2, delta * (d - delta / 2)))


@gradient_of(huber)
def huber_gradient(a, y, *, delta=1.0):
    """Error over N, held between -delta and delta."""
    return np.clip(a - y, -delta, delta) / a.size


@loss("binary", outputs=("sigmoid",))
def bce(a, y):
    r"""Binary cross-entropy: $L = -\frac1n \sum y \ln a + (1 - y) \ln (1 - a)$ for probabilities a.

    Equation (7.5). Several outputs of a sample are added up. A probability of exactly 0 counts as the
    smallest positive float, so that the loss of a certain error is large (708 in float64) and finite.
    """
    p, q = positive(a), positive(1 - a)
    return -(y * np.log(p) + (1 - y) * np.log(q)).sum() / len(a)


@gradient_of(bce)
def bce_gradient(a, y):
    r"""Two quotients: $\left( -\frac{y}{a} + \frac{1 - y}{1 - a} \right) / n$."""
    p, q = positive(a), positive(1 - a)
    return ((1 - y) / q - y / p) / len(a)


@loss("binary", outputs=("sigmoid",), on_logits=True)
def bce_with_logits(z, y):
    r"""Binary cross-entropy of scores: $L = \frac1n \sum \max(z, 0) - y z + \ln(1 + e^{-|z|})$.

    Equation (7.6): what (7.5) gives for $a = \sigma(z)$, without ever forming a.
    """
    # .sum(), for np.sum takes 1 µs longer, and a gradient check asks 130 times
    return (np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))).sum() / len(z)


@gradient_of(bce_with_logits)
def bce_with_logits_gradient(z, y):
    r"""Error over n: $(\sigma(z) - y) / n$."""
    return (sigmoid(z) - y) / len(z)  # (7.7)


@loss("classes", outputs=("softmax",))
def cross_entropy(a, y):
    r"""Cross-entropy: $L = -\frac1n \sum_i \sum_k y_{ik} \ln a_{ik}$ for probabilities a, y one-hot."""
    return -(y * np.log(positive(a))).sum() / len(a)  # (7.8)


@gradient_of(cross_entropy)
def cross_entropy_gradient(a, y):
    r"""Only the true class counts: $-\frac{y}{a} / n$."""
    return -y / positive(a) / len(a)


@loss("classes", outputs=("softmax",), on_logits=True)
def softmax_cross_entropy(z, y):
    r"""Cross-entropy of scores: $L = \frac1n \sum_i \ln \sum_j e^{z_{ij}} - z_{i y_i}$."""
    return -(y * log_softmax_trusting(z)).sum() / len(z)  # (7.9)


@gradient_of(softmax_cross_entropy)
def softmax_cross_entropy_gradient(z, y):
    r"""Error over n: $(p - y) / n$ with $p = \mathrm{softmax}(z)$."""
    return (softmax_trusting(z) - y) / len(z)  # (7.7)


@loss("signs", outputs=("identity",), on_logits=True)
def hinge(z, y):
    r"""Hinge loss: $L = \frac1n \sum \max(0, 1 - y s)$ for scores s and labels -1 and +1."""
    return np.maximum(0, 1 - y * z).sum() / len(z)  # (7.10)


@gradient_of(hinge)
def hinge_gradient(z, y):
    """Minus the label over n inside the margin (y s < 1), 0 outside and on it."""
    return np.where(y * z < 1, -y, 0).astype(z.dtype) / len(z)


def positive(p):
    """Return p, with the smallest positive normal float instead of 0, so that its logarithm is finite."""
    return np.maximum(p, np.finfo(p.dtype).tiny)
