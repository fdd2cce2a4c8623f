"""The geometry of one unit: a line moved by mouse and keys, and a perceptron learning mistake by mistake."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from nn_core import plotting
from nn_core.activations import ACTIVATIONS
from nn_core.checks import as_floats, as_labels, as_matrix, as_points, both_or_neither, lookup, same_length
from nn_core.data import load_iris
from nn_core.models import Perceptron
from nn_core.plotting.planes import line_in_window
from nn_core.plotting.style import BLUE, GRAY, INK, ORANGE, PURPLE, RED
from nn_core.widgets._base import Interactive, Reading, number
from nn_core.widgets._controls import button, log_slider, menu, slider
from nn_core.widgets._picture import Picture

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
GATES = {"AND": (0, 0, 0, 1), "OR": (0, 1, 1, 1), "NAND": (1, 1, 1, 0), "XOR": (0, 1, 1, 0)}


def window_of(X, margin=0.35):
    """Return (xlim, ylim) around samples, with a margin, a wide one around very few."""
    margin = 1.1 if len(X) < 8 else margin
    low, high = X.min(axis=0), X.max(axis=0)
    gap = margin * np.maximum(high - low, 1e-9)
    return tuple(zip(low - gap, high + gap, strict=True))


def aspect_of(xlim, ylim):
    """Return "equal" where that leaves a legible picture: a normal then looks like one."""
    return "equal" if 1 / 3 < np.ptp(xlim) / np.ptp(ylim) < 3 else "auto"


class Line:
    """The artists of a line, its positive side and its normal, made once and moved."""

    def __init__(self, picture, ax):
        self.ax, self.xlim, self.ylim = ax, ax.get_xlim(), ax.get_ylim()
        (self.side,) = ax.fill([0, 0], [0, 0], facecolor=ORANGE, alpha=0.16, edgecolor="none", zorder=0.5)
        (self.line,) = ax.plot([], [], color=INK, linestyle="-", linewidth=1.8)
        (self.normal,) = ax.plot([], [], color=PURPLE, linestyle="-", linewidth=2.4)
        (self.tip,) = ax.plot([], [], marker=(3, 0, 0), markersize=11, color=PURPLE, linestyle="none")
        picture.moving(self.side, self.line, self.normal, self.tip)

    def place(self, w, b, anchor, scale=1.0):
        """Move everything to w·x + b = 0, the normal starting at `anchor`; return its tip."""
        ends = line_in_window(w, b, self.xlim, self.ylim)
        anchor = np.asarray(anchor, dtype=float)
        tip = anchor + scale * np.asarray(w, dtype=float)
        for artist in (self.side, self.line, self.normal, self.tip):
            artist.set_visible(ends is not None)
        if ends is not None:
            far = np.asarray(w) / np.linalg.norm(w) * np.ptp([*self.xlim, *self.ylim]) * 3
            self.side.set_xy(np.vstack([ends, ends[::-1] + far]))
            self.line.set_data(*ends.T)
            self.normal.set_data(*np.transpose([anchor, tip]))
            self.tip.set_data(*tip[:, None])
            self.tip.set_marker((3, 0, np.degrees(np.arctan2(w[1], w[0])) - 90))
        return tip


class Neuron(Interactive):
    """One neuron with two inputs: its line, its normal, and the path of one input through z to a."""

    name = "One neuron"
    alt = (
        "Four planes with a neuron's line w·x + b = 0. Turning w turns the line, which stays at a right "
        "angle to w; lowering b pushes the line along w; turning w and b around swaps the two sides."
    )

    def __init__(self, X, y, w, b, x, activation):
        self.X = CORNERS if X is None else as_matrix("X", X, 2)
        self.y = GATES["AND"] if X is None and y is None else y
        if self.y is not None:
            self.X, self.y = as_points(self.X, self.y)
        picture = Picture(7.6, 3.7)
        plane, curve = picture.figure.subplots(1, 2, width_ratios=(1.25, 1))
        reach = max(2.0, 1.3 * float(np.abs(self.X).max()))
        plane.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
        self._points(plane)
        self.plane = plane
        self.line = Line(picture, plane)
        (self.probe,) = plane.plot([], [], "P", color=RED, markersize=10, markeredgecolor="white")
        (self.drop,) = plane.plot([], [], color=RED, linestyle=":", linewidth=1.4)
        curve.set(xlim=(-6, 6), ylim=(-1.4, 3.2), xlabel="$z = w_1 x_1 + w_2 x_2 + b$", ylabel="$a = f(z)$")
        curve.axhline(0, color=GRAY, linewidth=0.8, linestyle="-")
        (self.curve,) = curve.plot([], [], color=BLUE, linestyle="-")
        (self.out,) = curve.plot([], [], "P", color=RED, markersize=10, markeredgecolor="white")
        (self.stem,) = curve.plot([], [], color=RED, linestyle=":", linewidth=1.4)
        picture.moving(self.probe, self.drop, self.curve, self.out, self.stem)
        self.grid = np.linspace(-6, 6, 481)
        self.reach, self.anchor = reach, None
        controls = {
            "w1": slider("weight w1", float(w[0]), -3.0, 3.0, 0.01),
            "w2": slider("weight w2", float(w[1]), -3.0, 3.0, 0.01),
            "b": slider("bias b", float(b), -4.0, 4.0, 0.01),
            "activation": menu("activation f", ACTIVATIONS, activation),
            "x1": slider("input x1", float(x[0]), -reach, reach, 0.01),
            "x2": slider("input x2", float(x[1]), -reach, reach, 0.01),
        }
        self.start(picture, controls)

    def _points(self, ax):
        if self.y is None:
            ax.scatter(*self.X.T, color=GRAY)
        else:
            plotting.points(self.X, self.y, ax, size=60)

    def show(self, w1, w2, b, activation, x1, x2):
        """Move line, normal, probe and curve."""
        w, f = np.array([w1, w2]), ACTIVATIONS[activation]
        length = float(np.linalg.norm(w))
        if self.anchor is None or abs(w @ self.anchor + b) > 1e-9:
            self.anchor = -b * w / length**2 if length else np.zeros(2)
        self.tip = self.line.place(w, b, self.anchor)
        z = float(w1 * x1 + w2 * x2 + b)
        a = float(f(np.array([z]))[0])
        self.probe.set_data([x1], [x2])
        foot = np.array([x1, x2]) - (z / length**2 * w if length else 0)
        self.drop.set_data([x1, foot[0]], [x2, foot[1]])
        self.curve.set_data(self.grid, f(self.grid))
        self.out.set_data([z], [a])
        self.stem.set_data([z, z, -6], [-1.4, a, a])
        numbers = {"w": w, "b": b, "x": (x1, x2), "z": z, "a": a}
        if length:
            numbers["distance to the line"] = abs(z) / length
            side = "on" if abs(z) < 1e-12 else "on the shaded side of" if z > 0 else "on the plain side of"
            sentence = f"The input x is {side} the line."
        else:
            sentence = "With w = 0 there is no line: z is the bias, whatever the input."
        if self.y is not None and len(np.unique(self.y)) == 2:
            said = self.X @ w + b >= 0
            numbers["samples on the wrong side"] = int(np.sum(said != (self.y == np.unique(self.y)[1])))
        return Reading(sentence, numbers)

    def handles(self):
        """Return what can be dragged: the normal's tip, the line, the input."""
        v, r = self.values, self.reach
        x = (v["x1"], v["x2"])
        places = {"w": (self.tip, "weight vector"), "line": (self.anchor, "line"), "x": (x, "input")}
        made = []
        for key, (at, label) in places.items():
            x, y = self.picture.fraction(self.plane, *np.clip(at, -r, r))
            made.append({"name": key, "label": f"{label}, move with the arrow keys", "x": x, "y": y})
        return made

    def moved(self, name, x, y):
        """Take what is dragged along."""
        self._move(name, np.array(self.picture.data(self.plane, x, y)))

    def nudged(self, name, dx, dy):
        """Move it by a tenth, with shift by a hundredth."""
        v = self.values
        old = {"w": self.tip, "line": self.anchor, "x": np.array([v["x1"], v["x2"]])}[name]
        self._move(name, old + 0.1 * np.array([dx, dy]))

    def _move(self, name, point):
        point = np.clip(point, -self.reach, self.reach)
        w = np.array([self.controls["w1"].value, self.controls["w2"].value])
        if name == "x":
            self.set(x1=round(float(point[0]), 2), x2=round(float(point[1]), 2))
            return
        if name == "w":
            w = np.round(np.clip(point - self.anchor, -3, 3), 2)
            point = self.anchor
        self.anchor = point  # the line goes through this point whatever w is
        b = float(np.clip(-w @ point, -4, 4))
        self.set(w1=float(w[0]), w2=float(w[1]), b=b)

    def still(self):
        """Draw four states of w and b."""
        figure = Figure(figsize=(5.6, 5.6), layout="constrained")
        states = (
            ("$w=(1, 0.5)$, $b=0$", (1, 0.5), 0.0),
            ("turn $w$: $(0.5, 1)$", (0.5, 1), 0.0),
            ("lower $b$: $-1$", (0.5, 1), -1.0),
            ("turn around: $-w, -b$", (-0.5, -1), 1.0),
        )
        axes = figure.subplots(2, 2, sharex=True, sharey=True)
        for ax, (title, w, b) in zip(axes.flat, states, strict=True):
            ax.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
            x, y = np.meshgrid(np.linspace(-2, 2, 101), np.linspace(-2, 2, 101))
            ax.contourf(x, y, w[0] * x + w[1] * y + b, levels=[0, 99], colors=[ORANGE], alpha=0.16)
            self._points(ax)
            ax.set(xlim=(-2, 2), ylim=(-2, 2), title=title)
            ax.label_outer()
            plotting.line(w, b, ax)
        return figure


def neuron(X=None, y=None, w=(1.0, 0.5), b=-0.75, x=(0.5, 1.0), activation="sigmoid"):
    """Play with one neuron: move its line, weight vector and input by mouse, keys or sliders.

    Parameters
    ----------
    X : (n_samples, 2) array, optional
        The reader's own samples; the four corners of the unit square if None.
    y : (n_samples,) array of labels, optional
    w, b : the first weights (2,) and bias
    x : (2,) the first input
    activation : str, a name in ACTIVATIONS

    >>> widget = neuron([[0, 0], [2, 1]], ["no", "yes"], w=(1, 1), b=-1, x=(2, 1))
    >>> round(widget.reading.numbers["z"], 6), widget.reading.numbers["samples on the wrong side"]
    (2.0, 0)
    """
    for name, pair in (("w", w), ("x", x)):
        if as_floats(name, pair, finite=True).shape != (2,):
            raise ValueError(f"{name} must have shape (2,), got {np.shape(pair)}")
    lookup("activation", activation, ACTIVATIONS)
    return Neuron(X, y, w, b, x, activation)


@dataclass
class Mistake:
    """One update of a perceptron: which sample was misjudged, in which epoch, and what it changed."""

    epoch: int
    sample: int
    w: np.ndarray
    b: float


def mistakes_of(X, y, lr=1.0, epochs=50, limit=500):
    """Train a perceptron from zero and write down every mistake.

    Returns
    -------
    mistakes : list of Mistake, with the weights after each
    converged : bool, whether the last epoch had none

    >>> mistakes, converged = mistakes_of(CORNERS, GATES["AND"])
    >>> mistakes[-1].w, mistakes[-1].b, mistakes[-1].epoch, converged
    (array([2., 1.]), -3.0, 5, True)
    """
    X, unit, found = np.asarray(X, dtype=float), Perceptron(lr=lr), []
    unit.w_, unit.b_ = np.zeros(X.shape[1]), 0.0
    for epoch in range(1, epochs + 1):
        before = len(found)
        for i, (x_i, y_i) in enumerate(zip(X, y, strict=True)):
            if unit.update(x_i, y_i):
                found.append(Mistake(epoch, i, unit.w_.copy(), float(unit.b_)))
                if len(found) >= limit:
                    return found, False
        if len(found) == before:
            return found, True
    return found, False


def setosa_and_versicolor():
    """Return sepal and petal length (100, 2) of two irises, and labels 0 and 1."""
    X, y = load_iris()[:2]
    keep = np.asarray(y) < 2
    return np.asarray(X, dtype=float)[keep][:, [0, 2]], np.asarray(y)[keep]


class PerceptronTraining(Interactive):
    """A perceptron learns: every mistake moves the line."""

    name = "Perceptron training"

    def __init__(self, X, y, lr, data, moments):
        self.moments = moments
        self.data = {name: (CORNERS, np.array(gate)) for name, gate in GATES.items()}
        self.data["iris"] = None
        if X is not None:
            data = "your data"
            self.data[data] = (as_matrix("X", X, 2), as_labels("y", y, 2))
            same_length("X", X, "y", y)
        picture = Picture(7.6, 3.7)
        self.plane, self.chart = picture.figure.subplots(1, 2, width_ratios=(1.25, 1))
        self.controls = {
            "data": menu("samples", self.data, data),
            "lr": log_slider("learning rate eta", lr, -2, 1, 8),
            "mistake": slider("mistakes made so far", 0, 0, 1),
        }
        self.picture, self.shown, self.scenes = picture, None, {}
        self.line = Line(picture, self.plane)
        ring = {"markersize": 17, "fillstyle": "none", "markeredgewidth": 2.5}
        (self.ring,) = self.plane.plot([], [], "o", color=RED, **ring)
        self.chart.set(xlabel="epoch", ylabel="mistakes in the epoch", xlim=(0.3, 30.7))
        self.chart.yaxis.get_major_locator().set_params(integer=True)
        (self.bars,) = self.chart.plot([], [], "o", color=BLUE)
        (self.stems,) = self.chart.plot([], [], color=BLUE, linestyle="-", linewidth=1.2)
        (self.now,) = self.chart.plot([], [], color=RED, linestyle=":")
        picture.moving(self.ring, self.bars, self.stems, self.now)
        before = button("Back", "Take the last mistake back", "step-backward")
        after = button("Next mistake", "Go on to the next mistake", "step-forward")
        end = button("To the end", "Go on until the perceptron stops", "fast-forward")
        buttons = [
            (before, lambda: self._go(-1)),
            (after, lambda: self._go(1)),
            (end, lambda: self._go(10**6)),
        ]
        self.start(picture, self.controls, buttons=buttons)

    def _go(self, by):
        control = self.controls["mistake"]
        control.value = int(np.clip(control.value + by, 0, control.max))

    def samples(self, name):
        """Return (X, y) of a menu entry."""
        if self.data[name] is None:
            self.data[name] = setosa_and_versicolor()
        return self.data[name]

    def _prepare(self, data, lr):
        """Train, and show what stays: samples, and the frame of the epochs."""
        X, y = self.samples(data)
        self.mistakes, self.converged = mistakes_of(X, y, lr, epochs=30, limit=300)
        fresh = self.shown is None or self.shown[0] != data
        self.shown = (data, lr)
        self._held += 1
        control = self.controls["mistake"]
        control.max = max(len(self.mistakes), 1)
        if fresh:
            control.value = 0
        self._held -= 1
        if not fresh:
            return
        if data not in self.scenes:
            before = set(self.plane.get_children())
            plotting.points(X, y, self.plane, size=50)
            self.scenes[data] = [a for a in self.plane.get_children() if a not in before]
        for key, artists in self.scenes.items():
            for artist in artists:
                artist.set_visible(key == data)
        xlim, ylim = window_of(X)
        self.plane.set(xlim=xlim, ylim=ylim, aspect=aspect_of(xlim, ylim))
        self.line.xlim, self.line.ylim = xlim, ylim
        most = max((sum(m.epoch == e for m in self.mistakes) for e in range(1, 31)), default=1)
        self.chart.set_ylim(-0.15, most + 1)
        self.picture.scene(data)

    def show(self, data, lr, mistake):
        """Show the line after so many mistakes, the sample of the last one circled."""
        if self.shown != (data, lr):
            self._prepare(data, lr)
            mistake = self.controls["mistake"].value
        X, y = self.samples(data)
        mistake = min(mistake, len(self.mistakes))
        last = self.mistakes[mistake - 1] if mistake else Mistake(1, -1, np.zeros(X.shape[1]), 0.0)
        ends = line_in_window(last.w, last.b, self.line.xlim, self.line.ylim)
        span = min(np.ptp(self.line.xlim), np.ptp(self.line.ylim))
        length = float(np.linalg.norm(last.w))
        scale = 0.22 * span / length if length else 1.0
        self.line.place(last.w, last.b, np.zeros(2) if ends is None else ends.mean(axis=0), scale)
        self.ring.set_data(*([[v] for v in X[last.sample]] if mistake else ([], [])))
        epochs = np.arange(1, min(30, (self.mistakes[-1].epoch if self.mistakes else 0) + self.converged) + 1)
        counts = [sum(m.epoch == e for m in self.mistakes) for e in epochs]
        self.bars.set_data(epochs, counts)
        self.stems.set_data(np.repeat(epochs, 3), np.array([[0, c, np.nan] for c in counts]).ravel())
        self.now.set_data([last.epoch] * 2, [0, self.chart.get_ylim()[1]])
        wrong = int(np.sum((X @ last.w + last.b >= 0) != y))
        if not mistake:
            sentence = "Before the first mistake: w = 0 and b = 0, so z = 0 and the answer is 1 everywhere."
        else:
            kind = "raises" if y[last.sample] else "lowers"
            sentence = (
                f"Mistake {mistake}, in epoch {last.epoch}, at sample {last.sample + 1}: it {kind} z there."
            )
        if mistake == len(self.mistakes):
            if self.converged:
                sentence += f" It was the last one: epoch {len(epochs)} has none, training stops."
            else:
                sentence += f" No end in sight after {epochs[-1]} epochs: no line separates them, or not yet."
        numbers = {
            "mistakes": mistake,
            "epoch": last.epoch,
            "w": last.w,
            "b": last.b,
            "samples on the wrong side": wrong,
            "learning rate": lr,
        }
        return Reading(sentence, numbers)

    def shown_moments(self):
        """Return the mistakes that the still shows: those asked for, or six from the first to the last."""
        v = self.values
        mistakes, _ = mistakes_of(*self.samples(v["data"]), v["lr"], epochs=30, limit=300)
        wanted = np.linspace(1, len(mistakes), 6) if self.moments is None else np.asarray(self.moments)
        numbers = [int(k) for k in np.unique(wanted.astype(int)) if 1 <= k <= len(mistakes)]
        return [(k, mistakes[k - 1]) for k in numbers]

    @property
    def alt(self):
        """Text of the still."""
        shown = ", ".join(str(k) for k, _ in self.shown_moments())
        return (
            f"Planes with the line of a perceptron that learns from its mistakes, after mistake {shown}. "
            "Each moves the line so that the misjudged sample, which is circled, is less wrong."
        )

    def still(self):
        """Draw several moments of the training, six from the first mistake to the last."""
        X, y = self.samples(self.controls["data"].value)
        moments = self.shown_moments()
        rows = max(1, -(-len(moments) // 3))
        figure = Figure(figsize=(7.6, 2.6 * rows), layout="constrained")
        axes = figure.subplots(rows, 3, sharex=True, sharey=True, squeeze=False)
        for ax in axes.flat[len(moments) :]:
            ax.set_axis_off()
        for ax, (k, one) in zip(axes.flat, moments, strict=False):
            plotting.points(X, y, ax, title=f"mistake {k}\n$w$ = ({number(one.w)}), $b$ = {number(one.b)}")
            ax.title.set_fontsize(9)
            xlim, ylim = window_of(X)
            ax.set(xlim=xlim, ylim=ylim, aspect=aspect_of(xlim, ylim))
            plotting.line(one.w, one.b, ax)
            ax.plot(*X[one.sample], "o", color=RED, markersize=15, fillstyle="none", markeredgewidth=2)
        return figure


def perceptron_training(X=None, y=None, lr=1.0, data="AND", moments=None):
    """Watch a perceptron learn, one mistake at a time, from w = 0.

    Parameters
    ----------
    X : (n_samples, 2) array, optional
        The reader's own samples, added to the menu.
    y : (n_samples,) array of labels 0 and 1
    lr : float, the first learning rate
    data : str
        What the menu shows first: AND, OR, NAND, XOR or iris.
    moments : sequence of int, optional
        The mistakes that the still shows, counted from 1; six from the first to the last if None.

    >>> widget = perceptron_training([[0, 1], [1, 0]], [0, 1]).set(mistake=2)
    >>> widget.reading.numbers["w"], widget.reading.numbers["samples on the wrong side"]
    (array([ 1., -1.]), 0)
    """
    both_or_neither("X", X, "y", y)
    lookup("data", data, {**GATES, "iris": None})
    return PerceptronTraining(X, y, lr, data, moments)
