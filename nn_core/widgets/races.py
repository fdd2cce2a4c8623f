"""Optimizers racing over a landscape, from a start that the reader chooses."""

import inspect

import numpy as np
from matplotlib.figure import Figure

from nn_core import plotting
from nn_core.checks import a_function, as_floats, both_or_neither, lookup
from nn_core.landscapes import LANDSCAPES, Landscape, descend
from nn_core.optimizers import OPTIMIZERS
from nn_core.plotting.style import BLUE, GRAY, GREEN, INK, ORANGE, PURPLE, RED, SKY
from nn_core.widgets._base import Interactive, Reading, number
from nn_core.widgets._controls import button, checkbox, log_slider, menu, slider
from nn_core.widgets._picture import Picture

COLORS = (RED, ORANGE, GREEN, PURPLE, BLUE, INK, SKY, GRAY)
STYLES = ("-", "--", "-.", ":", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (7, 2)), (0, (3, 3)))
STEPS = 100


def racers(optimizers=OPTIMIZERS):
    """Return {name: function lr -> optimizer}: each registered class, and its forms with momentum.

    >>> sorted(racers())[:3]
    ['adagrad', 'adam', 'adamw']
    >>> racers()["sgd + momentum"](0.1)
    SGD(lr=0.1, momentum=0.9, nesterov=False, weight_decay=0.0)
    """
    made = {}
    for name, cls in optimizers.items():
        made[name] = cls
        arguments = inspect.signature(cls).parameters
        if "momentum" in arguments:
            made[f"{name} + momentum"] = lambda lr, cls=cls: cls(lr, momentum=0.9)
            if "nesterov" in arguments:
                made[f"{name} + nesterov"] = lambda lr, cls=cls: cls(lr, momentum=0.9, nesterov=True)
    return made


def own_landscape(f, gradient, start, xlim, ylim):
    """Return the reader's own function of two variables as a Landscape."""
    made = Landscape(lambda x, y: f(np.array([x, y])), start, None, xlim, ylim)
    made.df = lambda x, y: gradient(np.array([x, y]))
    made.name = "own"
    return made


class OptimizerRace(Interactive):
    """Optimizers side by side on one landscape."""

    name = "Optimizer race"
    alt = (
        "Paths of the optimizers over the registered landscapes: plain gradient descent zigzags across the "
        "ravine and leaves Rosenbrock's valley, momentum swings past the goal and back, the adaptive methods "
        "make steps of like size in both directions."
    )

    def __init__(self, f, gradient, landscape, start, xlim, ylim):
        self.landscapes = dict(LANDSCAPES)
        if f is not None:
            landscape = "own"
            self.landscapes["own"] = own_landscape(f, gradient, start, xlim, ylim)
        self.racers, self.paths, self.shown = racers(), {}, None
        self.picture = Picture(7.6, 3.9)
        self.plane, self.chart = self.picture.figure.subplots(1, 2, width_ratios=(1.35, 1))
        self.walks, self.ends, self.curves, self.contours, self.lowest = {}, {}, {}, {}, {}
        self._draw_walkers()
        controls = {
            "landscape": menu("landscape", self.landscapes, landscape),
            "step": slider("steps made", 40, 0, STEPS),
        }
        first = {"sgd": 0.07, "sgd + momentum": 0.02, "sgd + nesterov": 0.02, "adagrad": 0.5, "rmsprop": 0.05}
        for name in self.racers:
            rate = first.get(name, 0.2)
            controls[f"on {name}"] = checkbox(name, name in ("sgd", "sgd + momentum", "rmsprop", "adam"))
            controls[f"lr {name}"] = log_slider(f"learning rate of {name}", rate, -3, 0.3)
        self.at = np.array(self.landscapes[landscape].start)
        one, ten = (
            button("Step", "One step of every optimizer", "step-forward"),
            button("Ten steps", "Ten steps"),
        )
        zero = button("Start again", "Back to the start", "fast-backward")
        self.start(
            self.picture,
            controls,
            buttons=[
                (one, lambda: self._go(1)),
                (ten, lambda: self._go(10)),
                (zero, lambda: self._go(-STEPS)),
            ],
        )

    def _go(self, by):
        control = self.controls["step"]
        control.value = int(np.clip(control.value + by, 0, STEPS))

    def _draw_walkers(self):
        """Make the artists that move: paths, their ends, their heights."""
        self.chart.set(yscale="log", xlim=(0, STEPS), ylim=(1e-8, 1e3), xlabel="step")
        self.chart.set_title("height above the lowest point")
        for k, racer in enumerate(self.racers):
            style = {"color": COLORS[k % 8], "linestyle": STYLES[k % 8]}
            (self.walks[racer],) = self.plane.plot([], [], marker=".", markersize=4, linewidth=1.5, **style)
            (self.ends[racer],) = self.plane.plot(
                [], [], "o", color=COLORS[k % 8], markersize=9, markeredgecolor="white", zorder=5
            )
            (self.curves[racer],) = self.chart.plot([], [], linewidth=1.7, label=racer, **style)
        self.chart.legend(loc="lower left", fontsize=7.5, ncols=2)
        self.picture.moving(*self.walks.values(), *self.ends.values(), *self.curves.values())

    def _draw_landscape(self, name):
        """Show the contours of a landscape, drawn the first time that it is chosen."""
        f = self.landscapes[name]
        if name not in self.contours:
            before = set(self.plane.get_children())
            plotting.landscape(f, None, self.plane, xlim=f.xlim, ylim=f.ylim, minimum=f.minimum)
            self.contours[name] = [a for a in self.plane.get_children() if a not in before]
            if f.minimum is None:
                U = np.stack(np.meshgrid(np.linspace(*f.xlim, 161), np.linspace(*f.ylim, 161)))
                self.lowest[name] = float(np.min(f(U.reshape(2, -1))))
            else:
                self.lowest[name] = float(f(f.minimum))
        for key, artists in self.contours.items():
            for artist in artists:
                artist.set_visible(key == name)
        self.plane.set(xlim=f.xlim, ylim=f.ylim)
        self.picture.scene(name)

    def path(self, landscape, racer, lr):
        """Return the path (n, 2) of a racer and the heights (n,) along it, walked once and remembered."""
        key = (landscape, racer, lr, *self.at)
        if key not in self.paths:
            if len(self.paths) > 500:
                self.paths.clear()
            f = self.landscapes[landscape]
            path = descend(f, self.racers[racer](lr), STEPS, self.at, np.random.default_rng(0))
            heights = np.array(f(path.T), dtype=float) - self.lowest[landscape]
            self.paths[key] = path, np.maximum(heights, 1e-16)
        return self.paths[key]

    def show(self, landscape, step, **values):
        """Draw all paths up to this step."""
        if landscape != self.shown:
            if self.shown is not None:
                self.at = np.array(self.landscapes[landscape].start)
            self.shown = landscape
            self._draw_landscape(landscape)
        numbers, lost = {"step": step, "start": np.round(self.at, 4)}, []
        for racer in self.racers:
            on = values[f"on {racer}"]
            for artist in (self.walks[racer], self.ends[racer], self.curves[racer]):
                artist.set_visible(on)
            if not on:
                continue
            path, heights = self.path(landscape, racer, values[f"lr {racer}"])
            shown = path[: step + 1]
            self.walks[racer].set_data(*shown.T)
            self.ends[racer].set_data(*shown[-1:].T)
            self.curves[racer].set_data(np.arange(len(shown)), heights[: step + 1])
            if len(path) <= step or heights[len(shown) - 1] > 100 * heights[0] + 1:
                lost.append(racer)
            numbers[f"height of {racer}"] = "diverged" if len(path) <= step else heights[len(shown) - 1]
        running = {k.removeprefix("height of "): v for k, v in numbers.items() if k.startswith("height")}
        finite = {k: v for k, v in running.items() if not isinstance(v, str)}
        sentence = "Tick an optimizer to let it run."
        if finite:
            sentence = f"After {step} steps {min(finite, key=finite.get)} is lowest."
        if lost:
            sentence += f" Diverged, because each step overshoots by more than the last: {', '.join(lost)}."
        return Reading(sentence, numbers)

    def handles(self):
        """Return the start of the race."""
        f = self.landscapes[self.controls["landscape"].value]
        x, y = self.picture.fraction(self.plane, *np.clip(self.at, *np.transpose([f.xlim, f.ylim])))
        label = f"start of the race at {number(self.at)}, move with the arrow keys"
        return [{"name": "start", "label": label, "x": x, "y": y}]

    def moved(self, name, x, y):
        """Start where the handle is dropped."""
        self._begin(np.array(self.picture.data(self.plane, x, y)))

    def nudged(self, name, dx, dy):
        """Move the start by a fortieth of the window."""
        f = self.landscapes[self.controls["landscape"].value]
        self._begin(self.at + np.array([dx * np.ptp(f.xlim), dy * np.ptp(f.ylim)]) / 40)

    def _begin(self, at):
        f = self.landscapes[self.controls["landscape"].value]
        self.at = np.round(np.clip(at, *np.transpose([f.xlim, f.ylim])), 3)
        self.refresh()

    def still(self):
        """Draw the running optimizers on every landscape, or on the reader's own alone."""
        running = [n for n in self.racers if self.controls[f"on {n}"].value]
        own = "own" in self.landscapes
        shown = {"own": self.landscapes["own"]} if own else self.landscapes
        columns, rows = (1, 1) if own else (3, -(-len(shown) // 3))
        figure = Figure(figsize=(5.6, 4.8) if own else (7.6, 2.7 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for ax in axes.flat[len(shown) :]:
            ax.set_axis_off()
        for ax, (name, f) in zip(axes.flat, shown.items(), strict=False):
            plotting.landscape(f, None, ax, xlim=f.xlim, ylim=f.ylim, minimum=f.minimum, title=name)
            for k, racer in enumerate(self.racers):
                if racer in running:
                    lr = self.controls[f"lr {racer}"].value
                    path = descend(f, self.racers[racer](lr), 60, rng=np.random.default_rng(0))
                    ax.plot(
                        *path.T,
                        color=COLORS[k % 8],
                        linestyle=STYLES[k % 8],
                        linewidth=1.5,
                        label=f"{racer}, lr {lr:.2g}",
                    )
            ax.plot(*f.start, "o", color=INK, markersize=5)
            ax.set(xlabel="", ylabel="", xlim=f.xlim, ylim=f.ylim)
        handles, labels = axes.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        return figure


def optimizer_race(f=None, gradient=None, landscape="ravine", start=(-1.5, 1.0), xlim=(-2, 2), ylim=(-2, 2)):
    """Race optimizers over a landscape: choose who runs and how fast, drag the start, step on.

    Parameters
    ----------
    f : callable theta -> value, for theta of shape (2,) or (2, n), optional
        The reader's own landscape.
    gradient : callable theta -> gradient (2,)
    landscape : str
        What the menu shows first: a name in nn_core.landscapes.LANDSCAPES.
    start, xlim, ylim : pairs
        Start and window of the reader's own landscape.

    >>> widget = optimizer_race(lambda t: t[0] ** 2 + t[1] ** 2, lambda t: 2 * t, start=(1.0, 0.0))
    >>> widget = widget.set(step=1, **{"lr sgd": 0.1})
    >>> round(float(widget.reading.numbers["height of sgd"]), 6)  # (1 - 2 lr)²
    0.64
    """
    both_or_neither("f", f, "gradient", gradient)
    if f is None:
        lookup("landscape", landscape, LANDSCAPES)
    else:
        a_function("f", f)
        a_function("gradient", gradient)
        if as_floats("start", start, finite=True).shape != (2,):
            raise ValueError(f"start must have shape (2,), got {np.shape(start)}")
    return OptimizerRace(f, gradient, landscape, start, xlim, ylim)
