"""The derivative by nudging: how the error of a difference depends on its step size, a V-curve."""

import numpy as np
from matplotlib.figure import Figure

from nn_core import plotting
from nn_core.activations import ACTIVATIONS
from nn_core.checks import both_or_neither
from nn_core.plotting.style import BLUE, GREEN, INK, RED
from nn_core.widgets._base import Interactive, Reading
from nn_core.widgets._controls import log_slider, menu, name_of, slider
from nn_core.widgets._picture import Picture


def difference(f, x, h, forward=False, dtype=np.float64):
    """Return the difference quotient of f at x with step h, computed in the given precision.

    >>> round(float(difference(np.square, 3.0, 1e-5)), 6)
    6.0
    """
    x, h = dtype(x), dtype(h)
    if forward:
        return (dtype(f(x + h)) - dtype(f(x))) / h
    return (dtype(f(x + h)) - dtype(f(x - h))) / (dtype(2) * h)


SMOOTH = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "cube": (lambda x: x * x * x, lambda x: 3 * x * x),
}
for _name in ("tanh", "sigmoid", "relu"):
    SMOOTH[_name] = (
        lambda x, _f=ACTIVATIONS[_name]: _f(np.array([x]))[0],
        lambda x, _f=ACTIVATIONS[_name]: _f.derivative(np.array([x]))[0],
    )


class GradientCheckCurve(Interactive):
    """The error of a numerical derivative over its step size."""

    name = "Gradient check"

    def __init__(self, f, derivative, x):
        self.functions = dict(SMOOTH)
        first = "exp"
        if f is not None:
            first = name_of(f)
            self.functions[first] = (f, derivative)
        self.steps = 10.0 ** np.linspace(-15, 0, 61)
        picture = Picture(7.6, 3.3)
        ax = picture.figure.subplots()
        ax.set(xscale="log", yscale="log", xlim=(1e-15, 1), ylim=(1e-17, 30), xlabel="step size $h$")
        ax.set_ylabel("relative error")
        ax.axhline(1e-7, color=GREEN, linestyle=":", linewidth=1.2)
        ax.text(1.5e-15, 1.5e-8, "fine for a check: 1e-7", fontsize=8.5, color=GREEN)
        (self.central,) = ax.plot([], [], color=BLUE, linestyle="-", marker=".", label="central")
        (self.forward,) = ax.plot([], [], color=RED, linestyle="--", marker=".", label="forward")
        ax.legend(loc="lower right")
        (self.dot,) = ax.plot([], [], "o", color=INK, markersize=9, fillstyle="none", markeredgewidth=2)
        picture.moving(self.central, self.forward, self.dot)
        controls = {
            "function": menu("function", self.functions, first),
            "x": slider("at x", x, -3.0, 3.0, 0.05),
            "h": log_slider("step size h", 1e-5, -15, 0, 4),
            "precision": menu("precision", [("double, 64 bits", "float64"), ("single, 32 bits", "float32")]),
        }
        self.start(picture, controls)

    alt = (
        "Relative error of numerical derivatives over the step size, logarithmic: two V shapes. In double "
        "precision the central difference is best near h = 1e-5, the forward difference near 1e-8; in single "
        "precision both are worse and need larger steps."
    )  # fmt: skip

    def errors(self, function, x, steps, forward, dtype):
        """Return the relative error for each step."""
        f, df = self.functions[function]
        true = float(df(np.float64(x)))
        found = np.array([difference(f, x, h, forward, dtype) for h in steps], dtype=float)
        return np.abs(found - true) / max(abs(true), 1e-8)

    def show(self, function, x, h, precision):
        """Draw both V-curves and the chosen step."""
        dtype = np.dtype(precision).type
        both = [self.errors(function, x, self.steps, forward, dtype) for forward in (False, True)]
        for line, error in zip((self.central, self.forward), both, strict=True):
            line.set_data(self.steps, np.maximum(error, 1e-16))
        here = [float(self.errors(function, x, [h], forward, dtype)[0]) for forward in (False, True)]
        self.dot.set_data([h, h], np.maximum(here, 1e-16))
        best = self.steps[np.nanargmin(np.where(np.isfinite(both[0]), both[0], np.inf))]
        if h < best / 10:
            sentence = "Left of the valley: rounding errors, divided by a tiny h, grow as 1/h."
        elif h > best * 10:
            sentence = "Right of the valley: truncation, the curve bends within h; it grows as h squared."
        else:
            sentence = "In the valley of the central difference: truncation and rounding balance."
        if function == "relu" and abs(x) <= h:
            sentence = "The step crosses the kink of ReLU at 0: no step size gives the one-sided slope."
        numbers = {"h": h, "error, central": here[0], "error, forward": here[1], "best h, central": best}
        return Reading(sentence, numbers)

    def still(self):
        """Draw double and single precision side by side."""
        figure = Figure(figsize=(8.2, 3.2), layout="constrained")
        name, x = self.values["function"], self.values["x"]
        for ax, dtype in zip(figure.subplots(1, 2, sharey=True), (np.float64, np.float32), strict=True):
            for forward, label, color, style in ((False, "central", BLUE, "-"), (True, "forward", RED, "--")):
                with np.errstate(all="ignore"):
                    error = self.errors(name, x, self.steps, forward, dtype)
                plotting.v_curve(
                    self.steps, np.maximum(error, 1e-16), ax, label=label, color=color, linestyle=style
                )
            ax.set_title("double precision" if dtype is np.float64 else "single precision")
            ax.legend()
        return figure


def gradient_check_curve(f=None, derivative=None, x=1.0):
    """Explore how the error of a numerical derivative depends on its step size: a V-curve.

    Parameters
    ----------
    f, derivative : callables float -> float, optional
        The reader's own function and its derivative, added to the menu.
    x : float
        Where the derivative is taken.

    >>> widget = gradient_check_curve(lambda x: x**4, lambda x: 4 * x**3).set(h=0.1)
    >>> round(widget.reading.numbers["error, central"], 6)  # 4 h² x / 4 x³
    0.01
    """
    both_or_neither("f", f, "derivative", derivative)
    return GradientCheckCurve(f, derivative, x)
