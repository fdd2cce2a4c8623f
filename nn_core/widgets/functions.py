"""Explorers of the registries: activations, losses, schedules, and the V-curve of a numerical gradient.

Menus and sliders come from ``ACTIVATIONS``, ``LOSSES`` and ``SCHEDULES``: what is registered appears by
itself.
"""

import html
import inspect
import re

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from nn_core import plotting
from nn_core.activations import ACTIVATIONS
from nn_core.checks import a_count, a_function, both_or_neither, lookup
from nn_core.gradcheck import numerical_gradient
from nn_core.losses import LOSSES
from nn_core.plotting.style import BLUE, GRAY, GREEN, INK, ORANGE, PAPER, RED
from nn_core.schedules import SCHEDULES, Warmup
from nn_core.widgets._base import (
    Interactive,
    Picture,
    Reading,
    log_slider,
    menu,
    name_of,
    number,
    slider,
)
from nn_core.widgets._raster import Label


def parameter_sliders(registry, defaults):
    """Return a slider for each hyper-parameter of each entry, as {"entry.parameter": slider}.

    Parameters
    ----------
    registry : dict name -> entry with `.ranges`
    defaults : callable entry -> dict parameter -> default
    """
    sliders = {}
    for name, entry in registry.items():
        start = defaults(entry)
        for parameter, (low, high) in entry.ranges.items():
            value = float(np.clip(start.get(parameter, low), low, high))
            if low > 0 and high / low >= 100:
                sliders[f"{name}.{parameter}"] = log_slider(
                    parameter, value, float(np.log10(low)), float(np.log10(high)), exact=True
                )
            elif isinstance(low, int) and isinstance(high, int):
                sliders[f"{name}.{parameter}"] = slider(parameter, int(value), low, high)
            else:
                sliders[f"{name}.{parameter}"] = slider(parameter, value, float(low), float(high), exact=True)
    return sliders


def of_entry(name, values):
    """Pick the hyper-parameters of one entry out of the values of all controls."""
    return {key.split(".", 1)[1]: value for key, value in values.items() if key.startswith(f"{name}.")}


def show_only(controls, name):
    """Show the sliders of the entry `name` and hide those of all others."""
    for key, control in controls.items():
        if "." in key:
            control.layout.display = None if key.startswith(f"{name}.") else "none"


def words(entry):
    """Return the name that an entry's docstring begins with.

    >>> words(LOSSES["mse"])
    'Mean squared error'
    """
    return re.split("[:,.]", (entry.__doc__ or entry.name).strip())[0]


def formula(entry):
    """Return the first line of an entry's docstring as HTML, its formula for MathJax."""
    return html.escape((entry.__doc__ or entry.name).strip().splitlines()[0], quote=False)


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


def defaults_of(cls):
    """Return the defaults of a class's arguments, by name."""
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def round_up(value):
    """Return the next of …, 0.1, 0.25, 0.5, 1, 2.5, …, the top of an axis that does not jitter.

    >>> [round_up(v) for v in (0.07, 0.1, 0.3)]
    [0.1, 0.1, 0.5]
    """
    decade = 10.0 ** np.floor(np.log10(value))
    return float(min(m * decade for m in (1, 2.5, 5, 10) if m * decade >= value * (1 - 1e-9)))


class ScheduleExplorer(Interactive):
    """A learning rate over the steps of a training run."""

    name = "Schedule explorer"

    def __init__(self, name, steps, own):
        self.steps, self.own = np.arange(steps + 1), own
        picture = Picture(7.6, 3.1)
        ax = picture.figure.subplots()
        ax.set(xlim=(0, steps), ylim=(0, 1.1), xlabel="optimizer step $t$", ylabel=r"learning rate $\eta_t$")
        # the numbers on the axis change with the rate: they move, so that the axes can stay
        marks = (0.0, 0.25, 0.5, 0.75, 1.0)
        ax.set_yticks(marks, ["0.00000"] * len(marks), color=PAPER)
        self.ticks = {mark: Label(ax, -0.042 * steps, mark, va="center", color="#333333") for mark in marks}
        (self.curve,) = ax.plot([], [], color=BLUE, linestyle="-")
        (self.dot,) = ax.plot([], [], "o", color=INK)
        (self.others,) = ax.plot([], [], color=GRAY, linestyle=":", linewidth=1.2)
        picture.moving(self.curve, self.dot, self.others, *self.ticks.values())
        names = [*SCHEDULES, *(["own"] if own else [])]
        controls = {
            "schedule": menu("schedule", names, "own" if own else name),
            "t": slider("step t", steps // 4, 0, steps),
            "warmup": slider("warm-up steps", 0, 0, steps // 2),
            **parameter_sliders(SCHEDULES, defaults_of),
        }
        self.formula = ipywidgets.HTMLMath()
        self.start(picture, controls, extra=[self.formula])

    alt = "The registered schedules over the steps of a run, each from its first rate; one with warm-up."

    def schedule(self, schedule, warmup, values):
        """Build the schedule that the controls describe."""
        if schedule == "own":
            made = self.own
        else:
            params = of_entry(schedule, values)
            if "lr_min" in params:
                params["lr_min"] = min(params["lr_min"], params["lr0"])
            made = SCHEDULES[schedule](**params)
        return Warmup(made, warmup) if warmup else made

    def show(self, schedule, t, warmup, **values):
        """Draw the rate of every step."""
        show_only(self.controls, schedule)
        made = self.schedule(schedule, warmup, values)
        rates = np.array([made(int(k)) for k in self.steps])
        top = round_up(float(np.nanmax(rates, initial=1e-6)))
        for mark, tick in self.ticks.items():
            tick.set_text(number(mark * top))
        self.curve.set_data(self.steps, rates / top)
        self.dot.set_data([t], [rates[t] / top])
        self.others.set_data([t, t, 0], [0, rates[t] / top, rates[t] / top])
        numbers = {"t": t, "rate": rates[t], "first": rates[0], "highest": rates.max(), "last": rates[-1]}
        self.formula.value = "Your own schedule." if schedule == "own" else formula(SCHEDULES[schedule])
        sentence = f"At step {t} the learning rate is {number(rates[t])}."
        if rates[t] < 0.01 * rates.max():
            sentence += (
                " The rate has fallen below a hundredth of its highest: hardly anything is learned now."
            )
        return Reading(sentence, numbers)

    def still(self):
        """Draw every schedule on one pair of axes, and warm-up beside it."""
        figure = Figure(figsize=(8.2, 3.1), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        for name, cls in SCHEDULES.items():
            left.plot(self.steps, [cls()(int(k)) for k in self.steps], label=name)
        warm = len(self.steps) // 8
        last = list(SCHEDULES.values())[-1]
        right.plot(
            self.steps, [Warmup(last(), warm)(int(k)) for k in self.steps], label=f"{last.name} + warm-up"
        )
        right.plot(self.steps, [last()(int(k)) for k in self.steps], label=last.name)
        for ax in (left, right):
            ax.set(xlabel="optimizer step $t$", ylim=(0, None))
            ax.legend()
        left.set_ylabel(r"learning rate $\eta_t$")
        return figure


def schedule_explorer(name="cosine", steps=200, own=None):
    """Explore a learning-rate schedule: sliders for each parameter, and linear warm-up before it.

    Parameters
    ----------
    name : str
        What the menu shows first.
    steps : int
        Length of the run.
    own : callable t -> rate, optional
        The reader's own schedule, added to the menu.

    >>> widget = schedule_explorer(own=lambda t: 0.1 if t < 100 else 0.01)
    >>> float(widget.set(t=150).reading.numbers["rate"])
    0.01
    """
    lookup("name", name, SCHEDULES)
    if own is not None:
        a_function("own", own)
    return ScheduleExplorer(name, a_count("steps", steps, 8), own)


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
