"""The playground: a small network learns a plane while the reader watches and turns its knobs."""

import time

import ipywidgets
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from nn_core import data as datasets
from nn_core import plotting, training
from nn_core.activations import ACTIVATIONS
from nn_core.diagrams import BLUE, ORANGE, PAPER, RED
from nn_core.losses import LOSSES
from nn_core.models import MLP
from nn_core.optimizers import OPTIMIZERS
from nn_core.widgets._base import Interactive, Picture, Reading, button, log_slider, menu, slider
from nn_core.widgets._raster import Bitmap

RESOLUTION, VIEW = 72, 24  # pixels across the decision image, and across the view of one hidden unit
VIEWS = 8  # hidden units shown


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
        self.optimizer, self.batch = OPTIMIZERS[optimizer](lr), int(batch_size)
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
                self.net.backward(training.loss_gradient(self.net, self.loss, Z, self.prepared(rows, Z)))
                self.optimizer.step(self.net.theta, self.net.grad)
                if not np.isfinite(self.net.theta[0]):
                    break
        self.epoch += 1
        self.record()

    def train_for(self, seconds):
        """Train whole epochs until the time is over, one at least."""
        end = time.perf_counter() + seconds
        while True:
            self.step()
            if self.diverged or time.perf_counter() > end:
                return

    def classify(self, points):
        """Return (winner, sureness from 0 to 1) at points (n, 2) of the plane of X."""
        Z = self.net.forward(points)
        if Z.shape[1] == 1:
            p = Z[:, 0] if self.net.output == "identity" else self.net.activate(Z)[:, 0] * 2 - 1
            return (p >= 0).astype(int), np.minimum(np.abs(p), 1)
        p = self.net.activate(Z)
        winner = p.argmax(axis=1)
        return winner, np.clip((p.max(axis=1) - 1 / p.shape[1]) / (1 - 1 / p.shape[1]), 0, 1)

    def accuracy(self, rows):
        """Return the share of samples classified rightly."""
        winner, _ = self.classify(self.X[rows])
        return float(np.mean(winner == self.y[rows]))

    def hidden_units(self, points, count):
        """Return what the first units of the last hidden layer give at points: (count, n), or (0, n)."""
        A = points
        for layer, f in zip(self.net.layers, self.net.activations, strict=False):
            A = f.f(A @ layer.W + layer.b)
        return A.T[:count] if self.net.activations else np.empty((0, len(points)))


def unit_grid(resolution):
    """Return the points (resolution², 2) of a grid over the square from -1 to 1."""
    axis = np.linspace(-1, 1, resolution, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


def decision_image(run, points, resolution, palette):
    """Return the window colored by class, paler where the network is unsure: (resolution, resolution, 3)."""
    with np.errstate(all="ignore"):
        winner, sure = run.classify(points * np.float32(run.reach))
    strength = (0.12 + 0.55 * np.nan_to_num(sure))[:, None]
    image = palette[winner % len(palette)] * strength + np.array(to_rgb(PAPER)) * (1 - strength)
    return image.reshape(resolution, resolution, 3)


def views_image(values, view, columns):
    """Return the hidden units' values as tiles, each scaled by itself: blue is low, orange high."""
    rows = VIEWS // columns
    image = np.ones((rows * (view + 2), columns * (view + 2), 3)) * to_rgb(PAPER)
    low, high = np.array(to_rgb(BLUE)), np.array(to_rgb(ORANGE))
    for k, value in enumerate(values):
        span = float(np.ptp(value))
        share = ((value - value.min()) / span if span > 0 else np.full_like(value, 0.5)).reshape(
            view, view, 1
        )
        i, j = (rows - 1 - k // columns) * (view + 2) + 1, (k % columns) * (view + 2) + 1
        image[i : i + view, j : j + view] = np.nan_to_num(low + share * (high - low))
    return np.clip(image, 0, 1)


class Playground(Interactive):
    """A network learning before your eyes."""

    name = "Playground"
    alt = (
        "A network learns the chosen samples: the plane as it divides it after 0, 10, 50 and 200 epochs, and "
        "the falling loss on training and test samples."
    )
    slice = 0.008  # seconds of training between two pictures

    def __init__(self, X, y, data):
        self.data = dict(DATA)
        if X is not None:
            data, self.own = "your data", (np.asarray(X, dtype=float), np.asarray(y))
            self.data = {data: None, **DATA}
        self.palette = np.array([to_rgb(c) for c in plotting.CLASS_COLORS])
        self.picture = Picture(7.6, 3.3)
        grid = self.picture.figure.add_gridspec(1, 3, width_ratios=(1.25, 0.75, 1.1))
        self.plane, tiles, self.chart = (self.picture.figure.add_subplot(cell) for cell in grid)
        self.points, self.small = unit_grid(RESOLUTION), unit_grid(VIEW)
        self.plane.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[])
        self.plane.set_title("the plane", loc="center", fontsize=10)
        self.plane.grid(False)
        blank = np.ones((RESOLUTION, RESOLUTION, 3))
        self.image = Bitmap(self.plane, blank)
        self.dots = []
        for color, marker in zip(plotting.CLASS_COLORS, plotting.CLASS_MARKERS, strict=True):
            style = {"markersize": 4.5, "markeredgecolor": "white", "markeredgewidth": 0.5}
            self.dots += self.plane.plot([], [], marker, color=color, **style)
        tiles.set_title("hidden units", loc="center", fontsize=10)
        tiles.set_axis_off()
        blank = np.ones((4 * (VIEW + 2), 2 * (VIEW + 2), 3)) * to_rgb(PAPER)
        self.tiles = Bitmap(tiles, blank)
        self.chart.set(yscale="log", xlim=(0, 100), ylim=(1e-4, 10), xlabel="epoch")
        self.chart.set_title("loss", fontsize=10)
        (self.on_train,) = self.chart.plot([], [], color=BLUE, linestyle="-", label="training")
        (self.on_test,) = self.chart.plot([], [], color=RED, linestyle="--", label="test")
        self.chart.legend(loc="upper right")
        self.picture.moving(self.image, *self.dots, self.tiles, self.on_train, self.on_test)
        self.clock = ipywidgets.Play(interval=25, min=0, max=10**9, step=1, repeat=False)
        self.frames = 0
        controls = {
            "data": menu("samples", self.data, data),
            "noise": slider("noise", 0.1, 0.0, 0.5, 0.01),
            "hidden": menu("hidden layers", HIDDEN, "8"),
            "activation": menu("activation", ACTIVATIONS, "tanh"),
            "loss": menu("loss", LOSSES, "bce_with_logits"),
            "optimizer": menu("optimizer", OPTIMIZERS, "adam"),
            "lr": log_slider("learning rate", 0.03, -4, 1),
            "batch": menu("batch size", [("1", 1), ("8", 8), ("32", 32), ("all", 10**6)], 32),
            "seed": slider("seed", 0, 0, 20),
        }
        self.state = None
        play = button("Play", "Train on and on", "play")
        pause = button("Pause", "Stop training, keep what is learned", "pause")
        step = button("Step", "Train for one epoch", "step-forward")
        reset = button("Reset", "Start again with fresh weights", "refresh")
        self.start(
            self.picture,
            controls,
            buttons=[(play, self.play), (pause, self.pause), (step, self.one_epoch), (reset, self.reset)],
        )
        # the page's own timer asks for every frame, and only when the last one is done: nothing can pile up
        self.view.children = (*self.view.children, self.clock)
        self.clock.layout.display = "none"
        self.clock.observe(self._tick, "value")

    def play(self):
        """Train until paused."""
        self.clock.playing = True

    def pause(self):
        """Stop training."""
        self.clock.playing = False

    def one_epoch(self):
        """Train for one epoch."""
        self.pause()
        self.run.step()

    def reset(self):
        """Start again with fresh weights."""
        self.pause()
        self.state = None

    def _tick(self, _):
        if self.clock.playing and not self.run.diverged:
            self.run.train_for(self.slice)
            self.frames += 1
        else:
            self.pause()
        self.refresh()

    def samples(self, name, noise, seed):
        """Return 200 samples of a menu entry, or the reader's own."""
        if self.data[name] is None:
            return self.own
        return self.data[name](200, noise, np.random.default_rng(seed))

    def _begin(self, data, noise, hidden, activation, loss, optimizer, lr, batch, seed):
        """Make samples and network."""
        X, y = self.samples(data, noise, seed)
        self.run = Run(X, y, HIDDEN[hidden], activation, loss, optimizer, lr, batch, seed)
        for k, dots in enumerate(self.dots):
            dots.set_data(*(self.run.X[self.run.y == k] / self.run.reach).T)
        if self.chart.get_xlim()[1] != 100:
            self.chart.set_xlim(0, 100)
            self.picture.stale()

    def show(self, data, noise, hidden, activation, loss, optimizer, lr, batch, seed):
        """Show the network as it is now; a changed setting starts afresh, a changed rate does not."""
        key = (data, noise, hidden, activation, loss, optimizer, batch, seed)
        if key != self.state:
            self.state = key
            self._begin(data, noise, hidden, activation, loss, optimizer, lr, batch, seed)
        t = self.run
        t.optimizer.lr = lr
        self.image.set_data(decision_image(t, self.points, RESOLUTION, self.palette))
        with np.errstate(all="ignore"):
            values = t.hidden_units(self.small * np.float32(t.reach), VIEWS)
        self.tiles.set_data(views_image(values, VIEW, 2))
        curve = np.array(t.losses).T
        if t.epoch > self.chart.get_xlim()[1]:
            self.chart.set_xlim(0, 2.5 * self.chart.get_xlim()[1])
            self.picture.stale()
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
        }
        if t.diverged:
            sentence = "Diverged: the loss has left all bounds. Lower the learning rate and press Reset."
        elif t.epoch == 0:
            sentence = "Fresh weights. Press Play, or Step for one epoch."
        elif activation == "step" and hidden != "none":
            sentence = "The step function passes no gradient back: only the last layer learns."
        elif (
            t.losses[-1][2] > 2 * min(row[2] for row in t.losses) and t.losses[-1][1] < 0.5 * t.losses[-1][2]
        ):
            sentence = "The test loss rises while the training loss falls: the network learns the noise."
        else:
            sentence = "Learning goes on." if self.clock.playing else "Paused."
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
        figure = Figure(figsize=(9.2, 2.3), layout="constrained")
        *planes, chart = figure.subplots(1, 5)
        for ax, until in zip(planes, (0, 10, 50, 200), strict=True):
            while t.epoch < until and not t.diverged:
                t.step()
            image = decision_image(t, self.points, RESOLUTION, self.palette)
            ax.imshow(image, extent=(-1, 1, -1, 1), origin="lower", aspect="auto")
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
        self.clock.unobserve_all()
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
    """
    if (X is None) != (y is None):
        raise ValueError("X and y belong together: give both or neither")
    return Playground(X, y, data)
