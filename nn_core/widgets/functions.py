"""Explorers of activations and losses: the function, its slope, and what each hyper-parameter does.

Menus and sliders come from ``ACTIVATIONS`` and ``LOSSES``: what is registered appears by itself.
"""

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nn_core import plotting
from nn_core.activations import ACTIVATIONS
from nn_core.checks import a_function, lookup
from nn_core.gradcheck import numerical_gradient
from nn_core.losses import LOSSES
from nn_core.plotting.style import BLUE, GRAY, INK, ORANGE, RED
from nn_core.widgets._base import Interactive, Reading, number
from nn_core.widgets._controls import menu, name_of, slider
from nn_core.widgets._picture import Picture
from nn_core.widgets._registry import formula, of_entry, parameter_sliders, show_only, words


class Own:
    """A reader's own function in the clothes of a registered activation.

    Parameters
    ----------
    f : callable z -> f(z), or a pair (f, derivative)
        Without a derivative a central difference stands in for it.
    """

    params, ranges = {}, {}

    def __init__(self, f):
        self.f, self.df = f if isinstance(f, tuple) else (f, None)
        self.name = name_of(a_function("own", self.f))
        self.__doc__ = self.f.__doc__

    def __call__(self, z):
        """Return f(z)."""
        return np.asarray(self.f(z), dtype=float)

    def numerical(self, z):
        """Return the central difference of f at z."""
        h = 1e-5
        return (self(z + h) - self(z - h)) / (2 * h)

    def derivative(self, z):
        """Return f'(z)."""
        return self.numerical(z) if self.df is None else np.asarray(self.df(z), dtype=float)


class ActivationExplorer(Interactive):
    """An activation and its derivative, with the tangent at a point that the reader moves."""

    name = "Activation explorer"

    def __init__(self, name, own):
        self.registry = dict(ACTIVATIONS)
        if own is not None:
            own = Own(own)
            name, self.registry[own.name] = own.name, own
        self.first = name
        self.grid = np.linspace(-6, 6, 721)
        picture = Picture(7.6, 3.3)
        left, right = picture.figure.subplots(1, 2)
        for ax, title, low, high in ((left, "$f(z)$", -2.2, 5.2), (right, "$f'(z)$", -0.4, 1.6)):
            ax.axhline(0, color=GRAY, linewidth=0.8, linestyle="-")
            ax.axvline(0, color=GRAY, linewidth=0.8, linestyle="-")
            ax.set(xlim=(-6, 6), ylim=(low, high), xlabel="$z$", title=title)
        (self.curve,) = left.plot([], [], color=BLUE, linestyle="-")
        (self.tangent,) = left.plot([], [], color=ORANGE, linestyle="--", linewidth=1.4)
        (self.dot,) = left.plot([], [], "o", color=INK)
        (self.slope,) = right.plot([], [], color=RED, linestyle="-")
        (self.slope_dot,) = right.plot([], [], "o", color=INK)
        picture.moving(self.curve, self.tangent, self.dot, self.slope, self.slope_dot)
        controls = {
            "function": menu("activation", self.registry, name),
            "z": slider("z", 1.0, -10.0, 10.0, 0.05),
            **parameter_sliders(self.registry, lambda f: f.params),
        }
        show_only(controls, name)
        self.formula = ipywidgets.HTMLMath()
        self.start(picture, controls, extra=[self.formula])

    @property
    def alt(self):
        """Text of the still."""
        if self.samples():
            titles = ", ".join(title for title, _ in self.samples())
            return (
                f"The activation {self.first} (solid) with its derivative (dashed) over z from -5 to 5, for "
                f"several values of its hyper-parameter: {titles}."
            )
        return (
            "Every registered activation (solid) with its derivative (dashed) over z from -5 to 5: "
            f"{', '.join(self.registry)}."
        )

    def samples(self):
        """Return (title, parameters) for a low, the default and a high value of each hyper-parameter."""
        f = self.registry[self.first]
        return [
            (f"{f.name}, {parameter} = {value:g}", {parameter: value})
            for parameter, (low, high) in f.ranges.items()
            for value in sorted({low, f.params[parameter], high})
        ]

    def show(self, function, z, **values):
        """Draw f, f' and the tangent at z."""
        f = self.registry[function]
        show_only(self.controls, function)
        params = of_entry(function, values)
        y, slope = f(self.grid, **params), f.derivative(self.grid, **params)
        at, rise = float(f(np.array([z]), **params)[0]), float(f.derivative(np.array([z]), **params)[0])
        self.curve.set_data(self.grid, y)
        self.slope.set_data(self.grid, slope)
        self.dot.set_data([z], [at])
        self.slope_dot.set_data([z], [rise])
        self.tangent.set_data(self.grid, at + rise * (self.grid - z))
        self.formula.value = formula(f)
        sentence = f"{words(f)}."
        if not np.all(np.isfinite(y)):
            sentence += " It is not finite everywhere in this window."
        if abs(rise) < 1e-3:
            sentence += " At this z hardly any gradient passes: the unit is saturated or off."
        numbers = {"z": z, "f(z)": at, "f'(z)": rise, "largest |f'|": float(np.nanmax(np.abs(slope)))}
        if isinstance(f, Own) and f.df is not None:
            numbers["error of f'"] = float(np.nanmax(np.abs(f.numerical(self.grid) - slope)))
        return Reading(sentence, numbers | params)

    def still(self):
        """Draw all activations side by side, or one that has a hyper-parameter at several of its values."""
        if self.samples():
            figure = Figure(figsize=(8.4, 2.8), layout="constrained")
            axes = figure.subplots(1, len(self.samples()), sharey=True, squeeze=False)
            for ax, (title, params) in zip(axes.flat, self.samples(), strict=True):
                plotting.activation_curves(self.registry[self.first], ax, **params)
                ax.set(ylim=(-3.2, 3.2), title=title)
            return figure
        columns = 3
        rows = -(-len(self.registry) // columns)
        figure = Figure(figsize=(6.6, 1.9 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for ax, f in zip(axes.flat, self.registry.values(), strict=False):
            plotting.activation_curves(f, ax)
            ax.set(ylim=(-1.3, 2.2), xlabel="")
            ax.get_legend().remove()
        axes.flat[0].legend(loc="upper left", fontsize=8)
        for ax in axes.flat[len(self.registry) :]:
            ax.set_axis_off()
        return figure


def activation_explorer(name="sigmoid", own=None):
    """Explore an activation: f, its derivative, the tangent at a point, a slider for each hyper-parameter.

    Parameters
    ----------
    name : str
        What the menu shows first.
    own : callable z -> f(z), or a pair (f, derivative), optional
        The reader's own function, added to the menu; a given derivative is compared with a numerical one.

    >>> widget = activation_explorer(own=(np.sin, np.sin)).set(z=0.0)
    >>> round(widget.reading.numbers["error of f'"], 2)  # the derivative of sin is not sin
    1.41
    """
    lookup("name", name, ACTIVATIONS)
    return ActivationExplorer(name, own)


class OwnLoss:
    """A reader's own loss of predicted and true values, in the clothes of a registered one.

    Parameters
    ----------
    f : callable (y_pred, y_true) -> loss, or a pair (f, gradient)
        Without a gradient central differences stand in for it.
    """

    params, ranges, kind, on_logits = {}, {}, "values", False

    def __init__(self, f):
        self.f, self.df = f if isinstance(f, tuple) else (f, None)
        self.name = name_of(a_function("own", self.f))
        self.__doc__ = self.f.__doc__

    def __call__(self, y_pred, y_true):
        """Return the loss."""
        return float(self.f(np.asarray(y_pred, dtype=float), np.asarray(y_true, dtype=float)))

    def gradient(self, y_pred, y_true):
        """Return the gradient at the predictions."""
        if self.df is not None:
            return np.asarray(self.df(y_pred, y_true), dtype=float)
        return numerical_gradient(lambda y: self(y, y_true), np.array(y_pred, dtype=float))


class LossExplorer(Interactive):
    """A loss of one sample and its gradient over the prediction."""

    name = "Loss explorer"

    def __init__(self, name, own):
        self.registry = dict(LOSSES)
        if own is not None:
            own = OwnLoss(own)
            name, self.registry[own.name] = own.name, own
        picture = Picture(7.6, 3.3)
        self.left, self.right = picture.figure.subplots(1, 2)
        for ax, title in (
            (self.left, "loss $L$"),
            (self.right, r"gradient $\partial L/\partial$ prediction"),
        ):
            ax.axhline(0, color=GRAY, linewidth=0.8, linestyle="-")
            ax.set(title=title, xlim=(-3, 3), xlabel="prediction")
        (self.curve,) = self.left.plot([], [], color=BLUE, linestyle="-")
        (self.tangent,) = self.left.plot([], [], color=ORANGE, linestyle="--", linewidth=1.4)
        (self.dot,) = self.left.plot([], [], "o", color=INK)
        (self.slope,) = self.right.plot([], [], color=RED, linestyle="-")
        (self.slope_dot,) = self.right.plot([], [], "o", color=INK)
        picture.moving(self.curve, self.tangent, self.dot, self.slope, self.slope_dot)
        controls = {
            "loss": menu("loss", self.registry, name),
            "target": menu("target", [("0", 0.0)]),
            "prediction": slider("prediction, low to high", 0.8, 0.0, 1.0, 0.005),
            **parameter_sliders(self.registry, lambda f: f.params),
        }
        self.picture, self.controls, self.shown = picture, controls, None
        self._fit_target(self.registry[name])
        self.formula = ipywidgets.HTMLMath()
        self.start(picture, controls, extra=[self.formula])

    alt = "Every registered loss of one sample (solid) and its gradient (dashed) over the prediction."

    def _fit_target(self, loss):
        """Offer the targets that the loss takes, and set the window."""
        options = {"signs": (-1.0, 1.0), "values": (-1.0, 0.0, 1.0)}.get(loss.kind, (0.0, 1.0))
        control = self.controls["target"]
        wanted = tuple((number(v), v) for v in options)
        if control.options != wanted:
            control.options = wanted
            control.value = 0.0 if loss.kind == "values" else 1.0
        chance = loss.kind != "values" and not loss.on_logits
        self.window = (0.0, 1.0) if chance else (-3.0, 3.0)
        high = 7.0 if chance else 9.0
        for ax, low, top in (
            (self.left, -0.07 * high, high),
            (self.right, *((-10, 10) if chance else (-1.6, 1.6) if loss.kind != "values" else (-9, 9))),
        ):
            ax.set(xlim=self.window, ylim=(low, top))
        label = "probability of class 1" if chance else "prediction" if loss.kind == "values" else "score $s$"
        for ax in (self.left, self.right):
            ax.set_xlabel(label)
        self.picture.scene((chance, label))

    def show(self, loss, target, prediction, **values):
        """Draw L and its gradient, and the prediction on both."""
        f, params = self.registry[loss], of_entry(loss, values)
        if loss != self.shown:
            show_only(self.controls, loss)
            self._held += 1
            self._fit_target(f)
            self._held -= 1
            target, self.shown = self.controls["target"].value, loss
        low, high = self.window
        edge = 0.002 * (high - low) if high == 1.0 else 0.0
        at = low + edge + prediction * (high - low - 2 * edge)
        grid = np.append(np.linspace(low + edge, high - edge, 121), at)
        x, value, slope, _ = plotting.loss_slice(f, grid, target, **params)
        self.curve.set_data(x[:-1], value[:-1])
        self.slope.set_data(x[:-1], slope[:-1])
        self.dot.set_data([at], [value[-1]])
        self.slope_dot.set_data([at], [slope[-1]])
        self.tangent.set_data(x[:-1], value[-1] + slope[-1] * (x[:-1] - at))
        self.formula.value = formula(f)
        sentence = f"{words(f)} of one sample."
        if abs(slope[-1]) < 1e-9:
            sentence += " Here the gradient is 0: this sample teaches nothing."
        numbers = {"target": target, "prediction": at, "loss": value[-1], "gradient": slope[-1]}
        if isinstance(f, OwnLoss) and f.df is not None:
            numerical = OwnLoss(f.f).gradient([at], [target])[0]
            numbers["error of the gradient"] = float(np.abs(numerical - slope[-1]))
        return Reading(sentence, numbers | params)

    def still(self):
        """Draw all losses side by side."""
        columns = 3
        rows = -(-len(self.registry) // columns)
        figure = Figure(figsize=(7.6, 2.1 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for ax, loss in zip(axes.flat, self.registry.values(), strict=False):
            plotting.loss_curves(loss, ax)
            ax.set(ylim=(-4, 6), xlabel=ax.get_xlabel().split("   ")[0])
            ax.get_legend().remove()
        axes.flat[0].legend(axes.flat[0].lines[1:], ["$L$", "gradient"], fontsize=8)
        for ax in axes.flat[len(self.registry) :]:
            ax.set_axis_off()
        return figure


def loss_explorer(name="mse", own=None):
    """Explore a loss and its gradient for one sample: move the prediction, change target and parameters.

    Parameters
    ----------
    name : str
        What the menu shows first.
    own : callable (y_pred, y_true) -> loss, or a pair (loss, gradient), optional
        The reader's own loss of values, added to the menu; a given gradient is compared with a numerical
        one.

    >>> widget = loss_explorer(own=lambda y_pred, y_true: np.mean((y_pred - y_true) ** 4)).set(prediction=1.0)
    >>> round(float(widget.reading.numbers["gradient"]), 3)  # 4 (3 - 0)³
    108.0
    """
    lookup("name", name, LOSSES)
    return LossExplorer(name, own)
