"""Fits of one variable: a function built out of ReLU units, and lines that outliers pull at."""

from itertools import combinations

import numpy as np
from matplotlib.figure import Figure

from nn_core import plotting
from nn_core.checks import a_count, a_function, both_or_neither, lookup
from nn_core.losses import LOSSES
from nn_core.models import MLP
from nn_core.plotting.style import BLUE, GRAY, GREEN, INK, ORANGE, RED
from nn_core.widgets._base import Interactive, Reading, number
from nn_core.widgets._controls import menu, name_of, slider
from nn_core.widgets._picture import Picture


def relu_network_through(x, y):
    """Build a network with one hidden ReLU layer through given points.

    Unit k bends at x[k]: its input weight is 1, its bias -x[k], its output weight the change of slope there.

    Parameters
    ----------
    x : (n,) increasing array
    y : (n,) array

    Returns
    -------
    MLP of sizes [1, n - 1, 1], equal to the polyline between x[0] and x[-1]

    >>> net = relu_network_through([0.0, 1.0, 3.0], [2.0, 0.0, 1.0])
    >>> net.predict([[0.0], [0.5], [1.0], [3.0]])
    array([2., 1., 0., 1.])
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    net = MLP(
        [1, len(x) - 1, 1], hidden="relu", output="identity", init="zeros", rng=np.random.default_rng(0)
    )
    slopes = np.diff(y) / np.diff(x)
    net.layers[0].W[:] = 1
    net.layers[0].b[:] = -x[:-1]
    net.layers[1].W[:, 0] = np.diff(slopes, prepend=0.0)
    net.layers[1].b[:] = y[0]
    return net


def bumps(x):
    """Two bumps of different width."""
    return np.exp(-30 * (x - 0.3) ** 2) + 0.6 * np.exp(-200 * (x - 0.72) ** 2)


TARGETS = {
    "sine": lambda x: np.sin(2 * np.pi * x),
    "bumps": bumps,
    "absolute value": lambda x: np.abs(2 * x - 1),
    "square root": np.sqrt,
    "jump": lambda x: (x >= 0.5).astype(float),
}


class UniversalApproximation(Interactive):
    """A function approximated by a hidden layer of ReLU units, each adding one bend."""

    name = "Approximation builder"
    alt = (
        "A target curve and a ReLU network through points of it, with 2, 4, 8 and 16 hidden units: the "
        "largest error falls as the width grows."
    )

    def __init__(self, f, target, width):
        self.targets = dict(TARGETS)
        if f is not None:
            target = name_of(f)
            self.targets[target] = f
        self.targets["your points"] = None
        self.mine = np.array([0.2, 0.8, 0.1, -0.4, 0.6, 0.9, 0.0])
        self.grid = np.linspace(0, 1, 801)
        self.picture = Picture(7.6, 3.6)
        self.plane, chart = self.picture.figure.subplots(1, 2, width_ratios=(1.5, 1))
        self.plane.set(xlim=(-0.02, 1.02), ylim=(-1.35, 1.45), xlabel="$x$", title="network and target")
        (self.curve,) = self.plane.plot(
            [], [], color=GRAY, linestyle="-", linewidth=5, alpha=0.5, label="target"
        )
        (self.fit,) = self.plane.plot([], [], color=BLUE, linestyle="-", label="network")
        (self.knots,) = self.plane.plot([], [], "o", color=INK, label="given points")
        (self.part,) = self.plane.plot(
            [], [], color=RED, linestyle="--", linewidth=1.4, label="one unit's share"
        )
        self.plane.legend(loc="lower left", ncols=2, fontsize=8)
        chart.set(xscale="log", yscale="log", xlim=(0.9, 110), ylim=(1e-5, 3), xlabel="hidden units")
        chart.set_title("largest error")
        (self.errors,) = chart.plot([], [], color=BLUE, linestyle="-", marker=".")
        (self.here,) = chart.plot([], [], "o", color=INK, markersize=9, fillstyle="none", markeredgewidth=2)
        self.picture.moving(self.curve, self.fit, self.knots, self.part, self.errors, self.here)
        self.widths, self.cache = np.array([1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 100]), {}
        controls = {
            "target": menu("target", self.targets, target),
            "width": slider("hidden units", width, 1, 100),
            "unit": slider("unit shown", 1, 1, 100),
        }
        self.start(self.picture, controls)

    def points(self, target, width):
        """Return the points (width + 1,) that the network is built through."""
        if target == "your points":
            x = np.linspace(0, 1, len(self.mine))
            return x, self.mine
        x = np.linspace(0, 1, width + 1)
        return x, np.asarray(self.targets[target](x), dtype=float)

    def error(self, target, width):
        """Return the largest error on the grid, nan where it is not finite."""
        net = relu_network_through(*self.points(target, width))
        return float(np.max(np.abs(net.predict(self.grid[:, None]) - self.targets[target](self.grid))))

    def show(self, target, width, unit):
        """Build the network and draw it, its points, and what one unit adds."""
        mine = target == "your points"
        x, y = self.points(target, width)
        net = relu_network_through(x, y)
        count = len(x) - 1
        unit = min(unit, count)
        fitted = net.predict(self.grid[:, None])
        A = np.maximum(self.grid - x[unit - 1], 0) * net.layers[1].W[unit - 1, 0]
        self.fit.set_data(self.grid, fitted)
        self.knots.set_data(x, y)
        self.part.set_data(self.grid, A + net.layers[1].b[0])
        numbers = {
            "hidden units": count,
            "bend at": x[unit - 1],
            "change of slope": net.layers[1].W[unit - 1, 0],
        }
        if mine:
            self.curve.set_data([], [])
            self.errors.set_data([], [])
            self.here.set_data([], [])
            return Reading("Drag the points: six units bend the line wherever you put them.", numbers)
        if target not in self.cache:
            self.cache[target] = [self.error(target, int(n)) for n in self.widths]
        true = np.asarray(self.targets[target](self.grid), dtype=float)
        worst = float(np.max(np.abs(fitted - true)))
        self.curve.set_data(self.grid, true)
        self.errors.set_data(self.widths, np.maximum(self.cache[target], 1e-16))
        self.here.set_data([count], [max(worst, 1e-16)])
        sentence = f"{count} ReLU unit{'s' * (count > 1)}, {count} straight piece{'s' * (count > 1)}."
        if not np.isfinite(worst):
            sentence += " The target is not finite everywhere on [0, 1]: the theorem does not speak of it."
        elif worst > 0.3 and count >= 32:
            sentence += (
                " More units do not help here: the target is not continuous, so the theorem says nothing."
            )
        return Reading(sentence, numbers | {"largest error": worst})

    def handles(self):
        """Return a handle for each of the reader's points."""
        if self.controls["target"].value != "your points":
            return []
        made = []
        for k, (x, y) in enumerate(zip(*self.points("your points", 0), strict=True)):
            across, down = self.picture.fraction(self.plane, x, y)
            made.append(
                {"name": str(k), "label": f"point {k + 1}, height {number(y)}", "x": across, "y": down}
            )
        return made

    def moved(self, name, x, y):
        """Set the height of a point."""
        self.mine[int(name)] = np.clip(round(self.picture.data(self.plane, x, y)[1], 3), -1.3, 1.3)
        self.refresh()

    def nudged(self, name, dx, dy):
        """Move a point up or down by a tenth."""
        self.mine[int(name)] = np.clip(round(self.mine[int(name)] + 0.1 * dy, 3), -1.3, 1.3)
        self.refresh()

    def still(self):
        """Draw four widths."""
        target = self.controls["target"].value
        target = "sine" if target == "your points" else target
        figure = Figure(figsize=(6.4, 4.6), layout="constrained")
        axes = figure.subplots(2, 2, sharex=True, sharey=True)
        for ax, width in zip(axes.flat, (2, 4, 8, 16), strict=True):
            x, y = self.points(target, width)
            net = relu_network_through(x, y)
            ax.plot(
                self.grid, self.targets[target](self.grid), color=GRAY, linestyle="-", linewidth=4, alpha=0.5
            )
            ax.plot(self.grid, net.predict(self.grid[:, None]), color=BLUE, linestyle="-")
            ax.plot(x, y, "o", color=INK, markersize=3.5)
            ax.set(xlabel="$x$")
            ax.label_outer()
            ax.set_title(
                f"{width} units\nlargest error {number(round(self.error(target, width), 4))}", fontsize=10
            )
        return figure


def universal_approximation(f=None, target="sine", width=6):
    """Build a function out of ReLU units and see the largest error fall with the width.

    Parameters
    ----------
    f : callable on arrays of numbers in [0, 1], optional
        The reader's own target, added to the menu.
    target : str
        What the menu shows first.
    width : int
        The first number of hidden units.

    >>> round(universal_approximation(np.square, width=10).reading.numbers["largest error"], 6)
    0.0025
    """
    if f is None:
        lookup("target", target, TARGETS)
    else:
        a_function("f", f)
    return UniversalApproximation(f, target, a_count("width", width))


def mse_line(x, y):
    """Return (slope, intercept) of least squares."""
    return tuple(np.polyfit(x, y, 1)) if len(x) > 1 else (0.0, float(np.mean(y)))


def mae_line(x, y):
    """Return (slope, intercept) of the smallest mean absolute error.

    Among the best lines one goes through two of the samples, so all pairs are tried.

    >>> slope, intercept = mae_line([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 9.0])
    >>> float(slope), float(intercept)
    (1.0, 0.0)
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    i, j = np.array(list(combinations(range(len(x)), 2))).T
    apart = x[i] != x[j]
    i, j = i[apart], j[apart]
    slopes = (y[j] - y[i]) / (x[j] - x[i])
    intercepts = y[i] - slopes * x[i]
    errors = np.abs(slopes[:, None] * x + intercepts[:, None] - y).sum(axis=1)
    best = errors.argmin()
    return slopes[best], intercepts[best]


def huber_line(x, y, delta, steps=60):
    """Return (slope, intercept) of the smallest Huber loss, by least squares with falling weights.

    Each round gives a sample the weight delta / |error| where its error exceeds delta, and 1 elsewhere; a
    fixed point of this has Huber gradient 0.
    """
    A = np.stack([x, np.ones_like(x)], axis=1)
    theta = np.array(mse_line(x, y))
    for _ in range(steps):
        error = np.abs(A @ theta - y)
        weight = np.minimum(1, delta / np.maximum(error, 1e-12))
        H = A.T @ (weight[:, None] * A)
        new = np.linalg.solve(H, A.T @ (weight * y))
        if np.abs(new - theta).max() < 1e-10:
            break
        theta = new
    return tuple(new)


class OutlierFit(Interactive):
    """One line under three losses, and an outlier that the reader moves."""

    name = "Outlier fit"
    alt = (
        "Data on a line with an outlier that is moved further and further away, in three panels. The line of "
        "least squares follows it; those of the absolute and the Huber loss stay."
    )

    def __init__(self, x, y):
        rng = np.random.default_rng(7)
        if x is None:
            x = np.linspace(0, 10, 20)
            y = 1 + 0.5 * x + rng.normal(0, 0.35, x.size)
        self.x, self.y = np.asarray(x, dtype=float).ravel(), np.asarray(y, dtype=float).ravel()
        if self.x.shape != self.y.shape or not 3 <= self.x.size <= 200:
            raise ValueError(
                f"x and y must have one shape (n,), n from 3 to 200, got {self.x.shape} and {self.y.shape}"
            )
        if np.ptp(self.x) == 0:
            raise ValueError(f"x must hold two different numbers or more, got {self.x[0]:g} alone")
        self.picture = Picture(7.6, 3.6)
        self.plane, bars = self.picture.figure.subplots(1, 2, width_ratios=(1.7, 1))
        span = float(np.ptp(self.y)) or 1.0
        low, high = self.y.min() - 2 * span, self.y.max() + 2 * span
        left, right = self.x.min(), self.x.max()
        gap = 0.08 * (right - left)
        self.plane.set(
            xlim=(left - gap, right + gap), ylim=(low - 0.1 * span, high + 0.1 * span), xlabel="$x$"
        )
        self.plane.plot(self.x, self.y, "o", color=GRAY, label="data")
        (self.odd,) = self.plane.plot([], [], "X", color=INK, markersize=11, label="outlier")
        self.lines = {}
        for loss, color, style in (("mse", BLUE, "-"), ("mae", ORANGE, "--"), ("huber", GREEN, "-.")):
            (self.lines[loss],) = self.plane.plot([], [], color=color, linestyle=style, label=loss)
        self.plane.legend(loc="lower left", ncols=2, fontsize=8)
        bars.set(xlim=(-0.6, 2.6), ylim=(-0.02, 1.02), title="the outlier's share of the pull")
        bars.set_xticks(range(3), list(self.lines))
        (self.pulls,) = bars.plot([], [], "o", color=INK, markersize=9)
        (self.stems,) = bars.plot([], [], color=INK, linestyle="-", linewidth=2)
        self.picture.moving(self.odd, *self.lines.values(), self.pulls, self.stems)
        controls = {
            "x": slider("outlier's x", float(right), float(left), float(right)),
            "y": slider("outlier's y", float(self.y.min() - span), float(low), float(high)),
            "copies": slider("outliers there", 1, 0, 10),
            "delta": slider("delta of Huber", 1.0, *LOSSES["huber"].ranges["delta"], 0.1),
        }
        self.start(self.picture, controls)

    def lines_for(self, x, y, delta):
        """Return {loss: (slope, intercept)} of the best lines."""
        return {"mse": mse_line(x, y), "mae": mae_line(x, y), "huber": huber_line(x, y, delta)}

    def show(self, x, y, copies, delta):
        """Fit three lines and say how hard the outlier pulls at each."""
        X, Y = np.append(self.x, [x] * copies), np.append(self.y, [y] * copies)
        ends = np.array(self.plane.get_xlim())
        self.odd.set_data([x] * bool(copies), [y] * bool(copies))
        numbers, shares = {"outlier": (x, y), "copies": copies}, []
        for loss, (slope, intercept) in self.lines_for(X, Y, delta).items():
            self.lines[loss].set_data(ends, slope * ends + intercept)
            params = {"delta": delta} if loss == "huber" else {}
            pull = np.abs(LOSSES[loss].gradient(slope * X + intercept, Y, **params))
            shares.append(float(pull[self.x.size :].sum() / pull.sum()) if pull.sum() else 0.0)
            numbers[f"slope, {loss}"] = slope
        self.pulls.set_data(range(3), shares)
        self.stems.set_data(np.repeat(range(3), 3), np.array([[0, s, np.nan] for s in shares]).ravel())
        numbers |= {f"share, {loss}": share for loss, share in zip(self.lines, shares, strict=True)}
        if not copies:
            sentence = "Without outliers the three lines nearly agree."
        else:
            sentence = f"The outlier makes up {100 * shares[0]:.0f} % of the gradient of mse."
        if copies * 2 > self.x.size:
            sentence += " So many together are no outliers any more: every loss listens to them."
        return Reading(sentence, numbers)

    def handles(self):
        """Return the outlier."""
        v = self.values
        x, y = self.picture.fraction(self.plane, v["x"], v["y"])
        return [{"name": "outlier", "label": "outlier, move with the arrow keys", "x": x, "y": y}]

    def moved(self, name, x, y):
        """Put the outlier where it is dragged."""
        self._put(*self.picture.data(self.plane, x, y))

    def nudged(self, name, dx, dy):
        """Move the outlier by a fiftieth of the window."""
        x, y = self.controls["x"], self.controls["y"]
        self._put(x.value + dx * (x.max - x.min) / 50, y.value + dy * (y.max - y.min) / 50)

    def _put(self, x, y):
        for name, value in (("x", x), ("y", y)):
            control = self.controls[name]
            control_value = float(np.clip(value, control.min, control.max))
            self._held += 1
            control.value = control_value
            self._held -= 1
        self.refresh()

    def still(self):
        """Draw three places of the outlier."""
        figure = Figure(figsize=(8.6, 2.8), layout="constrained")
        v = self.values
        span = float(np.ptp(self.y)) or 1.0
        for ax, away in zip(figure.subplots(1, 3, sharey=True), (0.0, 1.0, 2.0), strict=True):
            x, y = np.append(self.x, v["x"]), np.append(self.y, self.y.min() - away * span)
            fits = {
                loss: (lambda t, line=line: line[0] * t + line[1])
                for loss, line in self.lines_for(x, y, v["delta"]).items()
            }
            slope = self.lines_for(x, y, v["delta"])["mse"][0]
            plotting.regression_fits(
                x, y, fits, ax, outliers=np.arange(x.size) == self.x.size, title=f"slope of mse: {slope:.2f}"
            )
            if away:
                ax.get_legend().remove()
        return figure


def outlier_fit(x=None, y=None):
    """Fit one line under mse, mae and Huber, and move an outlier by mouse, keys or sliders.

    Parameters
    ----------
    x, y : (n,) arrays, optional
        The reader's own data.

    >>> widget = outlier_fit([0, 1, 2, 3], [0, 1, 2, 3]).set(copies=0)
    >>> round(float(widget.reading.numbers["slope, mse"]), 6)
    1.0
    """
    both_or_neither("x", x, "y", y)
    return OutlierFit(x, y)
