"""The playground: a small network learns a plane while the reader watches and turns its knobs."""

import time
from functools import cache

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from nn_core import data as datasets
from nn_core import plotting, training
from nn_core.activations import ACTIVATIONS
from nn_core.checks import as_points, both_or_neither, lookup
from nn_core.losses import LOSSES
from nn_core.models import MLP
from nn_core.plotting.style import BLUE, GRAY, ORANGE, PAPER, RED
from nn_core.widgets._base import Interactive, Reading, one_thread
from nn_core.widgets._controls import button, log_slider, menu, slider
from nn_core.widgets._picture import Picture
from nn_core.widgets._raster import Bitmap, Label, Marks, Tiles
from nn_core.widgets.races import racers

RESOLUTION, VIEW = 60, 16  # points across the plane, and across what one hidden unit sees of it
LEVELS = 24  # shades between sure and unsure
UNITS = 8  # units shown of a layer
PLANE, TILE, LEFT = 290, 33, 364  # pixels across the plane and across a unit, and left of the plane


def make_circles(n, noise, rng):
    """Return a disk inside a ring: X (n, 2), y (n,) of 0 (ring) and 1 (disk)."""
    y = np.arange(n) % 2
    radius = np.where(y == 1, 0.35 * np.sqrt(rng.random(n)), rng.uniform(0.65, 1.0, n))
    angle = rng.uniform(0, 2 * np.pi, n)
    X = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return X + noise * rng.standard_normal(X.shape), y


def make_blobs(n, noise, rng):
    """Return two clouds: X (n, 2), y (n,) of 0 and 1."""
    y = np.arange(n) % 2
    return np.where(y, 0.7, -0.7)[:, None] + (0.25 + noise) * rng.standard_normal((n, 2)), y


DATA = {
    "moons": datasets.make_moons,
    "circles": make_circles,
    "xor": datasets.make_xor,
    "spirals": lambda n, noise, rng: datasets.make_spirals(n, 2, noise, rng),
    "three spirals": lambda n, noise, rng: datasets.make_spirals(n, 3, noise, rng),
    "two clouds": make_blobs,
}
HIDDEN = {
    "none": (),
    "4": (4,),
    "8": (8,),
    "16": (16,),
    "8, 8": (8, 8),
    "16, 16": (16, 16),
    "8, 8, 8": (8, 8, 8),
}


def setting(loss, y, n_classes):
    """Return how a loss is trained on labels: (output kind, number of outputs, targets)."""
    if loss.kind == "classes":
        return "softmax", n_classes, y
    if n_classes == 2:
        column = y[:, None].astype(float)
        return ("identity", 1, 2 * column - 1) if loss.kind == "signs" else ("sigmoid", 1, column)
    rows = np.eye(n_classes)[y]
    return ("identity", n_classes, 2 * rows - 1) if loss.kind == "signs" else ("sigmoid", n_classes, rows)


class Run:
    """A network that learns in slices, so that someone can watch.

    Attributes
    ----------
    net : MLP
    epoch : int
    steps : int, of the optimizer in an epoch
    X : (n, 2) array, the samples with mean 0 and deviation 1
    reach : float, half the width of the window that is drawn
    losses : list of (epoch, loss on the training data, loss on the test data)
    diverged : bool
    """

    def __init__(self, X, y, hidden, activation, loss, optimizer, lr, batch_size, seed=0):
        rng = self.rng = np.random.default_rng(seed)
        X = np.asarray(X, dtype=float)
        self.labels, y = np.unique(y, return_inverse=True)
        self.X = ((X - X.mean(axis=0)) / (X.std(axis=0) + 1e-12)).astype(np.float32)
        self.y, self.loss, self.reach = y, LOSSES[loss], 1.12 * float(np.abs(self.X).max())
        n = len(X)
        order = rng.permutation(n)
        self.test, self.train = order[: n // 4], order[n // 4 :]
        output, n_out, self.targets = setting(self.loss, y, len(self.labels))
        self.net = MLP([2, *hidden, n_out], hidden=activation, output=output, rng=rng, dtype=np.float32)
        self.optimizer, self.batch = racers()[optimizer](lr), int(batch_size)
        self.steps = -(-len(self.train) // self.batch)
        self.epoch, self.diverged, self.losses = 0, False, []
        self.record()

    def record(self):
        """Append both losses."""
        with np.errstate(all="ignore"):
            pair = [self.value(rows) for rows in (self.train, self.test)]
        self.losses.append((self.epoch, *pair))
        self.diverged = not np.isfinite(pair[0]) or pair[0] > 1e6

    def value(self, rows):
        """Return the loss on some samples, nan where the network's output is not finite."""
        Z = self.net.forward(self.X[rows])
        if not np.all(np.isfinite(Z)):
            return float("nan")
        return training.loss_value(self.net, self.loss, Z, self.prepared(rows, Z))

    def prepared(self, rows, Z):
        """Return the targets in the form that the plain loss takes: one-hot rows for class losses."""
        return self.loss.targets(self.targets[rows], Z.shape, Z.dtype)

    def step(self):
        """Train for one epoch."""
        if self.diverged:
            return
        order = self.rng.permutation(self.train)
        with np.errstate(all="ignore"):
            for start in range(0, len(order), self.batch):
                rows = order[start : start + self.batch]
                Z = self.net.forward(self.X[rows])
                dZ = training.loss_gradient(self.net, self.loss, Z, self.prepared(rows, Z))
                self.net.run_back(dZ, self.net.nowhere)  # not `backward`: a run may diverge here, and say so
                self.optimizer.step(self.net.theta, self.net.grad)
                if not np.isfinite(self.net.theta[0]):
                    break
        self.epoch += 1
        self.record()

    def train_for(self, epochs, seconds):
        """Train for so many epochs, fewer where they take longer than `seconds`, one at least."""
        end = time.perf_counter() + seconds
        for _ in range(epochs):
            self.step()
            if self.diverged or time.perf_counter() > end:
                return

    def scores(self, points):
        """Return what speaks for each class at points (n, 2): (n, K), or (n, 1) from -1 to 1 for two."""
        Z = self.net.forward(points)
        if Z.shape[1] > 1:
            return self.net.activate(Z)
        return np.clip(Z, -1, 1) if self.net.output == "identity" else self.net.activate(Z) * 2 - 1

    def accuracy(self, rows):
        """Return the share of samples classified rightly."""
        winner, _ = decide(self.scores(self.X[rows]).T)
        return float(np.mean(winner == self.y[rows]))

    def units(self, points, count):
        """Return what the first units of each hidden layer give at points: a list of (units, n) arrays."""
        A, given = points, []
        for layer, f in zip(self.net.layers, self.net.activations, strict=False):
            A = f.infer(A @ layer.W + layer.b)
            given.append(A.T[:count])
        return given


def decide(scores):
    """Return (winner, sureness from 0 to 1) for scores (K, ...), or (1, ...) between two classes.

    >>> decide(np.array([[-0.5, 1.0]]))
    (array([0, 1]), array([0.5, 1. ]))
    """
    if len(scores) == 1:
        return (scores[0] >= 0).astype(int), np.minimum(np.abs(scores[0]), 1)
    share = 1 / len(scores)
    return scores.argmax(axis=0), np.clip((scores.max(axis=0) - share) / (1 - share), 0, 1)


def unit_grid(resolution):
    """Return the points (resolution², 2) of a grid over the square from -1 to 1."""
    axis = np.linspace(-1, 1, resolution, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


@cache
def enlarger(size, resolution):
    """Return the matrix M (size, resolution) that interpolates: ``M @ image @ M.T`` is the enlarged one.

    >>> enlarger(3, 2) @ [1.0, 2.0]
    array([1. , 1.5, 2. ])
    """
    fine, coarse = np.linspace(0, 1, size), np.linspace(0, 1, resolution)
    return np.stack([np.interp(fine, coarse, row) for row in np.eye(resolution)], axis=1).astype(np.float32)


def shades(color, weakest=0.1, strongest=0.68):
    """Return LEVELS colors (LEVELS, 3) in bytes from pale to strong, on the page's white."""
    strength = np.linspace(weakest, strongest, LEVELS)[:, None]
    mixed = np.array(to_rgb(color)) * strength + np.array(to_rgb(PAPER)) * (1 - strength)
    return np.round(255 * mixed).astype(np.uint8)


CLASSES = np.stack([shades(color) for color in plotting.CLASS_COLORS])  # (classes, levels, 3)
SIGNED = np.concatenate([shades(BLUE, 0.0, 1.0)[::-1], shades(ORANGE, 0.0, 1.0)])  # low, 0, high


def decision_image(run, size):
    """Return the window colored by class, paler where the network is unsure: (size, size, 3) bytes."""
    with np.errstate(all="ignore"):
        scores = run.scores(unit_grid(RESOLUTION) * np.float32(run.reach))
        M = enlarger(size, RESOLUTION)
        winner, sure = decide(M @ scores.T.reshape(-1, RESOLUTION, RESOLUTION) @ M.T)
        level = (np.nan_to_num(sure) * (LEVELS - 0.01)).astype(int)
    index = winner % len(CLASSES) * LEVELS + level
    return CLASSES.reshape(-1, 3).take(index, axis=0, mode="clip")


def view_images(values, size):
    """Return units' values (n, VIEW²) as images (n, size, size, 3) of bytes.

    White is 0, orange positive, blue negative; each unit is scaled by its own largest value.
    """
    M = enlarger(size, VIEW)
    with np.errstate(all="ignore"):
        share = values / np.abs(values).max(axis=1, keepdims=True)
        share = M @ np.nan_to_num(share, posinf=1, neginf=-1).reshape(-1, VIEW, VIEW) @ M.T
    return SIGNED.take(((share + 1) * LEVELS).astype(int), axis=0, mode="clip")


class Playground(Interactive):
    """A network learning before your eyes."""

    name = "Playground"
    alt = (
        "A network learns the chosen samples: the plane as it divides it after 0, 10, 50 and 200 epochs, and "
        "the falling loss on training and test samples."
    )

    def __init__(self, X, y, data):
        self.data = dict(DATA)
        if X is not None:
            data, self.own = "your data", as_points(X, y)
            if len(np.unique(self.own[1])) < 2:
                raise ValueError(f"y must hold two classes or more, got {self.own[1][0]!r} alone")
            self.data = {data: None, **DATA}
        self.picture = Picture(8.5, 3.5)
        self._draw_scenery()
        self.frames, self.state = 0, None
        controls = {
            "data": menu("samples", self.data, data),
            "activation": menu("activation", ACTIVATIONS, "tanh"),
            "optimizer": menu("optimizer", racers(), "adam"),
            "hidden": menu("hidden layers", HIDDEN, "8"),
            "loss": menu("loss", LOSSES, "bce_with_logits"),
            "lr": log_slider("learning rate", 0.03, -4, 1),
            "batch": menu("batch size", [("1", 1), ("8", 8), ("32", 32), ("all", 10**6)], 32),
            "speed": menu("epochs a frame", [1, 3, 10, 30], 3),
            "seed": slider("seed", 0, 0, 20),
            "noise": slider("noise", 0.1, 0.0, 0.5, 0.01),
        }
        play = button("Play", "Train on and on", "play")
        pause = button("Pause", "Stop training, keep what is learned", "pause")
        step = button("Step", "Train for one epoch", "step-forward")
        reset = button("Reset", "Start again with fresh weights", "refresh")
        self.start(
            self.picture,
            controls,
            columns=3,
            buttons=[(play, self.play), (pause, self.pause), (step, self.one_epoch), (reset, self.reset)],
        )
        self.view.children = (*self.view.children, *self.screen.on_ask(self._tick))

    def _draw_scenery(self):
        """Make the artists: the network on the left, the plane that it divides, its losses on the right."""
        figure = self.picture.figure
        figure.set_layout_engine("none")
        width, height = figure.canvas.get_width_height()

        def place(left, top, wide, high):
            return figure.add_axes((left / width, 1 - (top + high) / height, wide / width, high / height))

        sheet = place(0, 0, width, height)
        sheet.set(xlim=(0, width), ylim=(height, 0))  # so that its points are the picture's pixels
        sheet.set_axis_off()
        self.plane = place(LEFT, 30, PLANE, PLANE)
        self.plane.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[])
        self.plane.grid(False)
        self.chart = place(LEFT + 342, 30, 134, PLANE - 24)
        self.chart.set(yscale="log", xlim=(0, 100), ylim=(1e-4, 10))
        self.chart.set_xlabel("epoch", labelpad=1)
        (self.on_train,) = self.chart.plot([], [], color=BLUE, linestyle="-", label="training")
        (self.on_test,) = self.chart.plot([], [], color=RED, linestyle="--", label="test")
        self.chart.legend(loc="upper right", borderaxespad=0, fontsize=8.5)
        for x, text in ((28, "inputs"), (LEFT + PLANE / 2, "the plane"), (LEFT + 409, "loss")):
            sheet.text(x, 18, text, ha="center", fontsize=9.5)
        legend = "Squares: what a unit gives out over the plane. Lines: weights. Orange is plus, blue minus."
        sheet.text(12, 343, f"{legend} Open marks: test samples.", fontsize=8, color="#555555")
        self.weights = LineCollection([], capstyle="butt")
        sheet.add_collection(self.weights, autolim=False)
        self.tiles = Tiles(sheet, GRAY)
        self.titles = [Label(sheet, 0, 14, va="center", size=9) for _ in range(3)]
        self.inputs = [Label(sheet, 28, 0, text, va="center", size=8.5) for text in ("x1", "x2")]
        self.image = Bitmap(self.plane, np.full((PLANE, PLANE, 3), 255, dtype=np.uint8))
        self.dots = []
        for color, marker in zip(plotting.CLASS_COLORS, plotting.CLASS_MARKERS, strict=True):
            self.dots.append(Marks(self.plane, marker, face=color, edge="white"))
            self.dots.append(Marks(self.plane, marker, face="white", edge=color))
        self.picture.moving(self.weights, self.tiles, *self.titles, *self.inputs)
        self.picture.moving(self.image, *self.dots, self.on_train, self.on_test)

    def play(self):
        """Train until paused."""
        self.screen.playing = True

    def pause(self):
        """Stop training."""
        self.screen.playing = False

    def one_epoch(self):
        """Train for one epoch."""
        self.pause()
        self.run.step()

    def reset(self):
        """Start again with fresh weights."""
        self.pause()
        self.state = None

    def _tick(self):
        """Answer the page's wish for a frame."""
        if not self.screen.playing:
            return
        with one_thread():
            self.run.train_for(self.controls["speed"].value, 0.03)
        self.frames += 1
        if self.run.diverged:
            self.pause()
        self.refresh()

    def samples(self, name, noise, seed):
        """Return 200 samples of a menu entry, or the reader's own."""
        if self.data[name] is None:
            return self.own
        return self.data[name](200, noise, np.random.default_rng(seed))

    def _begin(self, data, noise, hidden, activation, loss, optimizer, lr, batch, seed):
        """Make samples and network, and place its units."""
        X, y = self.samples(data, noise, seed)
        t = self.run = Run(X, y, HIDDEN[hidden], activation, loss, optimizer, lr, batch, seed)
        for k, dots in enumerate(self.dots):
            rows = (t.train, t.test)[k % 2]
            dots.set_data(t.X[rows][t.y[rows] == k // 2] / t.reach)
            dots.set_visible(len(dots.points) > 0)
        # layers from left to right, each a column around the middle of the plane
        middle, pitch = 30 + PLANE / 2, min(105, (LEFT - 52) // (len(HIDDEN[hidden]) + 1))
        self.places = []
        for k, size in enumerate(t.net.sizes[:-1]):
            count = min(size, UNITS)
            tops = middle - TILE / 2 + (np.arange(count) - (count - 1) / 2) * (TILE + 4 if k else 3 * TILE)
            self.places.append(np.stack([np.full(count, 12 + k * pitch), tops], axis=1).astype(int))
        for k, title in enumerate(self.titles, start=1):
            shown = k < len(self.places)
            title.place = (self.places[k][0, 0] + TILE / 2, 14) if shown else (0, 14)
            size = t.net.sizes[k] if shown else 0
            text = f"{size} {activation}" if size <= UNITS else f"{UNITS} of {size}"
            title.set_text(text if shown else "")
        for label, (left, top) in zip(self.inputs, self.places[0], strict=True):
            label.place = (left + TILE / 2, top + TILE + 9)
        self._span(100)

    def _span(self, epochs):
        """Have the losses' axis reach so many epochs."""
        self.chart.set_xlim(0, epochs)
        self.picture.scene(epochs)

    def _move_weights(self):
        """Draw a line for each weight between units that are shown, thick where it is large."""
        ends, values = [], []
        right = [np.add(places, (TILE + 1, TILE // 2)) for places in self.places]
        outputs = self.run.net.sizes[-1]
        tops = 30 + PLANE * (np.arange(outputs) + 0.5) / outputs
        left = [np.add(places, (-1, TILE // 2)) for places in self.places[1:]]
        left.append(np.stack([np.full(outputs, LEFT - 2), tops], axis=1))
        for layer, begin, end in zip(self.run.net.layers, right, left, strict=True):
            ends.append(np.stack(np.broadcast_arrays(begin[:, None], end[None]), axis=2).reshape(-1, 2, 2))
            values.append(layer.W[: len(begin), : len(end)].ravel())
        value = np.nan_to_num(np.concatenate(values), posinf=0, neginf=0)
        size = np.abs(value) / (np.abs(value).max() or 1)
        self.weights.set_segments(np.concatenate(ends))
        self.weights.set_linewidths(0.4 + 3.6 * size)
        color = np.where(value[:, None] < 0, to_rgb(BLUE), to_rgb(ORANGE))
        self.weights.set_color(np.column_stack([color, 0.25 + 0.75 * size]))

    def show(self, data, noise, hidden, activation, loss, optimizer, lr, batch, seed, speed):
        """Show the network as it is now; a changed setting starts afresh, a changed rate does not."""
        key = (data, noise, hidden, activation, loss, optimizer, batch, seed)
        if key != self.state:
            self.state = key
            self._begin(data, noise, hidden, activation, loss, optimizer, lr, batch, seed)
            self.controls["noise"].layout.display = "none" if self.data[data] is None else None
        t = self.run
        t.optimizer.lr = lr
        self.image.set_data(decision_image(t, PLANE))
        points = unit_grid(VIEW) * np.float32(t.reach)
        with np.errstate(all="ignore"):
            values = np.concatenate([points.T, *t.units(points, UNITS)])
        self.tiles.set_data(np.concatenate(self.places), view_images(values, TILE))
        self._move_weights()
        curve = np.array(t.losses).T
        while t.epoch > self.chart.get_xlim()[1]:
            self._span(2.5 * self.chart.get_xlim()[1])
        thin = slice(None, None, max(1, curve.shape[1] // 400))
        for line, row in ((self.on_train, curve[1]), (self.on_test, curve[2])):
            line.set_data(curve[0][thin], np.clip(row[thin], 1e-4, 10))
        numbers = {
            "epoch": t.epoch,
            "training loss": t.losses[-1][1],
            "test loss": t.losses[-1][2],
            "training accuracy": t.accuracy(t.train),
            "test accuracy": t.accuracy(t.test),
            "parameters": t.net.theta.size,
            "learning rate": lr,
            "epochs a frame": speed,
        }
        if t.diverged:
            sentence = "Diverged: the loss has left all bounds. Lower the learning rate and press Reset."
        elif t.epoch == 0:
            sentence = f"Fresh weights; {optimizer} will take {t.steps} steps an epoch. Press Play or Step."
        elif activation == "step" and hidden != "none":
            sentence = "The step function passes no gradient back: only the last layer learns."
        elif (
            t.losses[-1][2] > 2 * min(row[2] for row in t.losses) and t.losses[-1][1] < 0.5 * t.losses[-1][2]
        ):
            sentence = "The test loss rises while the training loss falls: the network learns the noise."
        else:
            sentence = "Learning goes on." if self.screen.playing else "Paused."
        return Reading(sentence, numbers)

    def still(self):
        """Draw the plane after 0, 10, 50 and 200 epochs, and the losses."""
        v = self.values
        X, y = self.samples(v["data"], v["noise"], v["seed"])
        t = Run(
            X,
            y,
            HIDDEN[v["hidden"]],
            v["activation"],
            v["loss"],
            v["optimizer"],
            v["lr"],
            v["batch"],
            v["seed"],
        )
        figure = Figure(figsize=(7.6, 4.8), layout="constrained")
        *planes, chart, empty = figure.subplots(2, 3).flat
        empty.set_axis_off()
        for ax, until in zip(planes, (0, 10, 50, 200), strict=True):
            while t.epoch < until and not t.diverged:
                t.step()
            ax.imshow(decision_image(t, PLANE), extent=(-1, 1, -1, 1), origin="lower", aspect="auto")
            plotting.points(t.X / t.reach, t.y, ax, size=7)
            ax.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[], xlabel="", ylabel="")
            ax.set_title(f"epoch {t.epoch}", loc="center", fontsize=10)
            ax.grid(False)
        curve = np.array(t.losses).T
        chart.semilogy(curve[0], curve[1], color=BLUE, linestyle="-", label="training")
        chart.semilogy(curve[0], curve[2], color=RED, linestyle="--", label="test")
        chart.set_title("loss", loc="center", fontsize=10)
        chart.legend(fontsize=8)
        return figure

    def close(self):
        """Stop training and free everything."""
        self.pause()
        super().close()


def playground(X=None, y=None, data="moons"):
    """Let a network learn a plane: choose its parts, then play, pause, step, reset.

    Parameters
    ----------
    X : (n_samples, 2) array, optional
        The reader's own samples, added to the menu.
    y : (n_samples,) array of labels
    data : str
        What the menu shows first.

    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 2))
    >>> widget = playground(X, X[:, 0] * X[:, 1] > 0)
    >>> widget.one_epoch()
    >>> widget.run.epoch, widget.run.X.shape
    (1, (100, 2))
    """
    both_or_neither("X", X, "y", y)
    lookup("data", data, DATA)
    return Playground(X, y, data)
