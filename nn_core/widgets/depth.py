"""Through depth: what the first weights do to the signals of a deep network, forward and back."""

import numpy as np
from matplotlib.figure import Figure

from nn_core.activations import ACTIVATIONS
from nn_core.checks import a_count, as_matrix, lookup
from nn_core.layers import INITIALIZERS
from nn_core.models import MLP
from nn_core.plotting.style import BLUE, INK, RED
from nn_core.widgets._base import Interactive, Reading
from nn_core.widgets._controls import log_slider, menu, slider
from nn_core.widgets._picture import Picture
from nn_core.widgets._raster import Label


def signals(X, sizes, activation, init, gain, rng):
    """Send X forward through a fresh deep network, and a random error back.

    Returns
    -------
    A : list of (n, units) arrays, what each hidden layer gives out
    spread : (depth,) standard deviations of A
    flow : (depth,) standard deviations of the gradient at each hidden layer's z, the last one's set to 1
    """
    net = MLP([X.shape[1], *sizes], hidden=activation, output="identity", rng=rng, init=init, dtype=float)
    net.theta *= gain
    A, Z = [np.asarray(X, dtype=float)], []
    for layer in net.layers:
        Z.append(A[-1] @ layer.W)
        A.append(ACTIVATIONS[activation](Z[-1]))
    D = rng.standard_normal(Z[-1].shape)
    flow = [1.0]
    for layer, z in zip(net.layers[:0:-1], Z[-2::-1], strict=True):
        D = (D @ layer.W.T) * ACTIVATIONS[activation].derivative(z)
        flow.append(float(D.std()))
    return A[1:], np.array([float(a.std()) for a in A[1:]]), np.array(flow[::-1])


class Initialisation(Interactive):
    """What the first weights do to the signals of a deep network."""

    name = "Initialization"
    depth, bins = 6, 41

    def __init__(self, X, activation, width):
        self.first = activation
        rng = np.random.default_rng(0)
        self.X = rng.standard_normal((100, width)) if X is None else as_matrix("X", X)
        self.width = width
        self.picture = Picture(7.6, 4.2)
        grid = self.picture.figure.add_gridspec(2, self.depth, height_ratios=(1, 1.15))
        self.stairs, self.notes = [], []
        for k in range(self.depth):
            ax = self.picture.figure.add_subplot(grid[0, k])
            ax.set(
                xlim=(-1.04, 1.04), ylim=(0, 1.25), yticks=[], xticks=(-1, 0, 1), xticklabels=("", "0", "")
            )
            ax.set_title(f"layer {k + 1}", loc="center", fontsize=10)
            ax.spines["left"].set_visible(False)
            (line,) = ax.plot([], [], color=BLUE, linestyle="-", linewidth=1.3, drawstyle="steps-mid")
            self.stairs.append(line)
            self.notes.append(Label(ax, 0, 1.12, va="center"))
        chart = self.picture.figure.add_subplot(grid[1, :])
        chart.set(yscale="log", xlim=(0.8, self.depth + 0.2), ylim=(1e-12, 1e8), xlabel="layer")
        chart.set_ylabel("standard deviation")
        (self.spread,) = chart.plot(
            [], [], color=BLUE, linestyle="-", marker="o", label="activations, forward"
        )
        (self.flow,) = chart.plot(
            [], [], color=RED, linestyle="--", marker="s", label="gradient at z, backward"
        )
        chart.legend(loc="lower left", ncols=2)
        self.picture.moving(*self.stairs, *self.notes, self.spread, self.flow)
        controls = {
            "activation": menu("activation", ACTIVATIONS, activation),
            "init": menu("initialization", INITIALIZERS),
            "gain": log_slider("weights times", 1.0, -2, 2),
            "seed": slider("seed", 0, 0, 20),
        }
        self.start(self.picture, controls)

    def run(self, activation, init, gain, seed):
        """Return the signals of a fresh network."""
        return signals(self.X, [self.width] * self.depth, activation, init, gain, np.random.default_rng(seed))

    def show(self, activation, init, gain, seed):
        """Send the samples through a fresh network and draw each layer's histogram."""
        A, spread, flow = self.run(activation, init, gain, seed)
        first = np.abs(A[0][np.isfinite(A[0])])
        reach = float(first.max(initial=0.0)) or 1.0
        for line, note, a, std in zip(self.stairs, self.notes, A, spread, strict=True):
            share = np.clip(a[np.isfinite(a)] / reach, -1, 1)
            counts, edges = np.histogram(share, bins=self.bins, range=(-1, 1))
            line.set_data((edges[1:] + edges[:-1]) / 2, counts / max(counts.max(), 1))
            note.set_text(f"{std:.2g}")
        layers = np.arange(1, self.depth + 1)
        self.spread.set_data(layers, np.clip(spread, 1e-12, 1e8))
        self.flow.set_data(layers, np.clip(flow, 1e-12, 1e8))
        last, back = float(spread[-1]), float(flow[0])
        kept = min(last / (spread[0] or 1), back)
        change = max(last / (spread[0] or 1), back)
        if not np.isfinite(last) or not np.isfinite(back):
            sentence = "The signal overflows: nothing can be learned from infinities."
        elif last == 0:
            sentence = (
                "Every unit gives out the same or nothing: no signal passes, and no gradient comes back."
            )
        elif kept < 0.04:
            sentence = "The signal or its gradient fades on the way: the first layers would hardly learn."
        elif change > 25:
            sentence = "The signal or its gradient grows from layer to layer: training would blow up."
        elif kept < 0.2:
            sentence = "The signal or its gradient shrinks on the way, but something is left of it."
        elif change > 5:
            sentence = "The signal or its gradient grows on the way, but not out of bounds."
        else:
            sentence = f"Signal and gradient change {max(change, 1 / kept):.2g}-fold at most"
            ends = self.at_the_ends(activation, A[-1])
            saturated = f", but {100 * ends:.0f} % of the units are saturated."
            sentence += saturated if ends > 0.3 else ": a good start."
        numbers = {
            "std, first layer": spread[0],
            "std, last layer": last,
            "gradient at the first layer": back,
        }
        return Reading(sentence, numbers)

    @staticmethod
    def bounds_of(activation):
        """Return where an activation's values lie far out, or None if they grow without bound."""
        low, high = ACTIVATIONS[activation](np.array([-50.0, 50.0]))
        return (float(round(low)), float(high)) if high <= 1 else None

    @property
    def bounds(self):
        """Return the bounds of the first activation."""
        return self.bounds_of(self.first)

    def at_the_ends(self, activation, A):
        """Return the share of values within a twentieth of the activation's bounds, 0 without bounds."""
        if self.bounds_of(activation) is None:
            return 0.0
        low, high = self.bounds_of(activation)
        near = 0.05 * (high - low)
        return float(np.mean((low + near > A) | (high - near < A)))

    @property
    def alt(self):
        """Text of the still."""
        rows = []
        for init in self.stages:
            A, spread, _ = self.run(self.first, init, 1.0, 0)
            row = f"{init} from {spread[0]:.2g} in layer 1 to {spread[-1]:.2g} in layer {self.depth}"
            ends = self.at_the_ends(self.first, A[-1])
            if ends >= 0.01:
                row += f", where {100 * ends:.0f} % of the values lie at the ends"
            rows.append(row)
        return (
            f"Histograms of the activations in six layers of a {self.first} network under three "
            f"initializations. Their standard deviation goes with {'; with '.join(rows)}."
        )

    @property
    def stages(self):
        """The initializations of the still: too small, too large, and one that fits the activation."""
        return ("small_normal", "large_normal", "glorot_uniform" if self.bounds else "he_normal")

    def still(self):
        """Draw the first activation under small, large and Glorot's weights, or He's if it has no bound."""
        figure = Figure(figsize=(7.2, 5.0), layout="constrained")
        axes = figure.subplots(3, self.depth, sharex=bool(self.bounds))
        for row, init in zip(axes, self.stages, strict=True):
            A, _, _ = self.run(self.first, init, 1.0, 0)
            reach = float(np.abs(A[0]).max()) or 1.0
            low, high = self.bounds or (min(0.0, float(A[0].min())), reach)
            ticks = (low, 0, high) if low < 0 else (low, high)
            for k, (ax, a) in enumerate(zip(row, A, strict=True)):
                ax.hist(np.clip(a.ravel(), low, high), bins=np.linspace(low, high, self.bins), color=BLUE)
                ax.set(yticks=[], xticks=ticks, xlabel=f"std {a.std():.2g}")
                if not self.bounds:
                    ax.set_xticklabels([f"{tick:.2g}" for tick in ticks])
                ax.spines["left"].set_visible(False)
                if init == "small_normal":
                    ax.set_title(f"layer {k + 1}", loc="center", fontsize=10)
            row[0].set_ylabel(init, color=INK)
        return figure


def initialisation(X=None, activation="tanh", width=50):
    """See how the first weights let the signals of a deep network live, die or explode.

    Parameters
    ----------
    X : (n_samples, n_features) array, optional
        The reader's own samples; 100 normal ones if None.
    activation : str, a name in ACTIVATIONS
    width : int
        Units in each of the six layers.

    >>> X = np.random.default_rng(0).uniform(size=(20, 3))
    >>> initialisation(X, activation="relu").set(init="small_normal").reading.sentence
    'The signal or its gradient fades on the way: the first layers would hardly learn.'
    """
    lookup("activation", activation, ACTIVATIONS)
    return Initialisation(X, activation, a_count("width", width))
