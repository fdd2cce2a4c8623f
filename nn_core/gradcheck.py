"""Gradient checking: the derivative by nudging, and the comparison that finds a wrong one.

A central difference needs two evaluations of the loss for every parameter, so it trains nothing; but it
knows no calculus and makes no mistakes of its own, which makes it the judge of every gradient in this book.
"""

import numpy as np

from nn_core import training
from nn_core.checks import a_function, a_number, as_floats

TOLERANCE = 1e-6


def numerical_gradient(f, x, h=1e-5):
    r"""Central differences: $\partial f / \partial x_i \approx (f(x + h e_i) - f(x - h e_i)) / 2h$.

    Equation (6.5). Computed in float64, since the difference of two nearly equal numbers loses digits.

    Parameters
    ----------
    f : function of an array like x, returning a number
    x : array of any shape; left as it is
    h : positive float, half the distance between the two points

    Returns
    -------
    array, float64, of the shape of x

    >>> numerical_gradient(lambda x: (x**2).sum(), [1.0, 2.0]).round(6)
    array([2., 4.])
    """
    a_function("f", f)
    h = a_number("h", h, 0, open_low=True)
    x = np.array(as_floats("x", x, finite=True), dtype=np.float64)
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        x_i = x[i]
        x[i] = x_i + h
        above = as_scalar(f(x))
        x[i] = x_i - h
        below = as_scalar(f(x))
        x[i] = x_i
        gradient[i] = (above - below) / (2 * h)
    return gradient


def stacked_differences(objective, theta, h):
    """Return the same differences, with many nudged points in one call of ``objective.losses``."""
    numeric = np.empty(theta.size)
    for start in range(0, theta.size, objective.at_once):
        some = numeric[start : start + objective.at_once]
        nudges = h * np.eye(len(some), theta.size, start)
        some[:] = (objective.losses(theta + nudges) - objective.losses(theta - nudges)) / (2 * h)  # (6.5)
    return numeric


def as_scalar(value):
    """Return what f returned as a float, or say that it is not one number."""
    if np.size(value) != 1:
        raise ValueError(f"f must return one number, got an array of shape {np.shape(value)}")
    return float(np.reshape(value, ()))


class Objective:
    """The loss of a network as a function of its parameters: theta -> (loss, gradient)."""

    def __init__(self, net, X, y, loss):
        self.net, self.loss = net, training.choose_loss(net, loss)
        self.X, self.Y = training.examples(net, self.loss, "X", X, "y", y)
        self.at_once = max(500_000 // (net.theta.size + len(self.X) * max(net.sizes)), 1)  # for `losses`

    def __call__(self, theta):
        """Set the network's parameters; return the loss, and the network's `grad`, filled."""
        net = self.net
        if theta is not net.theta:
            net.theta[...] = theta
        Z = net.run(self.X, net.nowhere)
        net.run_back(training.loss_gradient(net, self.loss, Z, self.Y), net.nowhere)
        return training.loss_value(net, self.loss, Z, self.Y), net.grad

    def losses(self, thetas):
        """Return the loss at each of the rows of `thetas`, and leave the network as it is.

        All rows go through the network at once, as stacks of parameters, W of shape (m, n_in, n_out): for a
        small network a third of the time of one row after the other.
        """
        A, start = self.X, 0
        for layer in self.net.sequence:
            stacks = []
            for name in layer.names:
                part = np.atleast_2d(getattr(layer, name))
                stacks.append(thetas[:, start : start + part.size].reshape(-1, *part.shape))
                start += part.size
            A = layer.at(A, *stacks)
        outputs = A if self.loss.on_logits else map(self.net.activate, A)
        return np.array([self.loss.f(output, self.Y) for output in outputs])


class GradientReport:
    """What a gradient check found; printing it gives the `text`.

    Attributes
    ----------
    max_relative_error : float
    worst_index : tuple, or int for a vector: where that is
    passed : bool, whether the error is below 1e-6
    analytic, numeric, relative_error : arrays of the shape of theta
    """

    def __init__(self, analytic, numeric, noise):
        self.analytic, self.numeric = analytic, numeric
        # (6.6). Below `noise` a difference of the two is rounding, so that no entry is judged more finely.
        size = np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), noise / TOLERANCE)
        error = np.abs(analytic - numeric) / size
        self.relative_error = np.where(np.isnan(error), np.inf, error)
        self.max_relative_error = float(self.relative_error.max())
        worst = tuple(int(i) for i in np.unravel_index(self.relative_error.argmax(), analytic.shape))
        self.worst_index = worst[0] if len(worst) == 1 else worst
        self.passed = self.max_relative_error < TOLERANCE

    @property
    def text(self):
        """Return the finding in a sentence or two."""
        worst = self.worst_index
        wrong = int((self.relative_error >= TOLERANCE).sum())
        if self.passed:
            return (
                f"The gradient is right: {self.analytic.size} entries, "
                f"largest relative error {self.max_relative_error:.1e}."
            )
        return (
            f"The gradient is wrong in {wrong} of {self.analytic.size} entries. Worst at index {worst}: it "
            f"says {self.analytic[worst]:.6g}, a central difference {self.numeric[worst]:.6g} "
            f"(relative error {self.max_relative_error:.1e})."
        )

    def __repr__(self):
        return self.text


def gradient_check(loss_and_grad, theta, h=1e-5):
    """Compare a gradient with central differences, entry by entry.

    Parameters
    ----------
    loss_and_grad : function theta -> (loss, gradient of the shape of theta); that of a network is
        ``net.objective(X, y)``, whose ``losses`` are asked for the loss at all nudged points at once
    theta : array; left as it is
    h : positive float

    Returns
    -------
    GradientReport

    >>> print(gradient_check(lambda w: ((w**2).sum(), 2 * w), [1.0, 2.0]))
    The gradient is right: 2 entries, largest relative error ...
    """
    h = a_number("h", h, 0, open_low=True)
    theta = np.array(as_floats("theta", theta, finite=True), dtype=np.float64)
    returned = a_function("loss_and_grad", loss_and_grad)(theta.copy())
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise TypeError(f"loss_and_grad must return a pair (loss, gradient), got {type(returned).__name__}")
    loss, analytic = returned
    analytic = np.array(analytic, dtype=np.float64)  # a copy: the next calls may fill the same array
    if analytic.shape != theta.shape:
        raise ValueError(f"loss_and_grad must return a gradient of shape {theta.shape}, got {analytic.shape}")
    if hasattr(loss_and_grad, "losses"):
        numeric = stacked_differences(loss_and_grad, theta, h)
    else:
        numeric = numerical_gradient(lambda x: loss_and_grad(x)[0], theta, h)
    noise = 10 * np.finfo(np.float64).eps * max(abs(as_scalar(loss)), 1e-3) / h
    return GradientReport(analytic, numeric, noise)
