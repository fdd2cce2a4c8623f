"""Inside a small network: every number on its way forward, the blame on its way back."""

import numpy as np
from matplotlib.figure import Figure

from nn_core.activations import ACTIVATIONS
from nn_core.checks import lookup
from nn_core.losses import LOSSES
from nn_core.models import MLP
from nn_core.plotting.networks import network_diagram, network_places
from nn_core.plotting.style import BLUE, PAPER, RED
from nn_core.training import MATCHING_LOSS
from nn_core.widgets._base import Interactive, Reading, number
from nn_core.widgets._controls import button, log_slider, menu, slider
from nn_core.widgets._picture import Picture
from nn_core.widgets._raster import Label

GAP = (3.4, 2.1)  # layer to layer, unit to unit: room for two lines of numbers under a unit, one above


def small_network():
    """Return the 2-3-1 network that a reader meets first: round weights, ReLU, then a sigmoid."""
    net = MLP([2, 3, 1], hidden="relu", output="sigmoid", init="zeros", rng=np.random.default_rng(0))
    net.layers[0].W[:] = [[0.2, -0.4, 0.5], [0.8, 0.3, -0.6]]
    net.layers[0].b[:] = [0.1, 0.2, -0.1]
    net.layers[1].W[:] = [[0.7], [-0.5], [0.4]]
    net.layers[1].b[:] = [-0.2]
    return net


def copy_of(net, hidden=None):
    """Return a network with the same weights in float64, with another hidden activation if one is named."""
    twin = MLP(net.sizes, hidden=hidden or net.hidden, output=net.output, init="zeros")
    for old, new in zip(net.layers, twin.layers, strict=True):
        new.W[:], new.b[:] = old.W, old.b
    return twin


def layer_values(net, X):
    """Return what every layer gives for X: lists Z and A, one (n, units) array a layer, A[0] = X.

    >>> Z, A = layer_values(small_network(), np.array([[0.5, 1.0]]))
    >>> float(Z[0][0, 0]), float(A[1][0, 0])
    (1.0, 1.0)
    """
    Z, A = [], [np.asarray(X, dtype=float)]
    for k, layer in enumerate(net.layers):
        Z.append(A[-1] @ layer.W + layer.b)
        A.append(net.activate(Z[-1]) if k == len(net.layers) - 1 else net.activations[k].f(Z[-1]))
    return Z, A


class NetworkPicture:
    """A network's diagram that stays, and beside its units and edges the numbers that move."""

    def __init__(self, picture, ax, net):
        self.net = net
        self.places, _ = network_places(net.sizes, 7, GAP)
        network_diagram(net, ax, weight_labels=True, gap=GAP)
        self.above, self.below = {}, {}
        for (layer, unit), (x, y) in self.places.items():
            self.below[layer, unit] = Label(ax, x, y - 0.45, va="top", color=BLUE)
            self.above[layer, unit] = Label(ax, x - 0.2, y + 0.4, va="bottom", color=RED)
        self.edges, self.weights = {}, {}
        for (layer, i), start in self.places.items():
            for j in range(net.sizes[layer + 1] if layer < len(net.layers) else 0):
                if (layer + 1, j) in self.places:
                    ends = np.array([start, self.places[layer + 1, j]])
                    short = 0.45 * (ends[1] - ends[0]) / np.linalg.norm(ends[1] - ends[0])
                    line = np.transpose([ends[0] + short, ends[1] - short])  # from rim to rim
                    (edge,) = ax.plot(*line, color=RED, alpha=0.45, linestyle="-", solid_capstyle="butt")
                    self.edges[layer, i, j] = edge
                    w = net.layers[layer].W[i, j]
                    style = {"size": 8, "color": BLUE if w >= 0 else RED, "va": "center", "box": PAPER}
                    label = Label(ax, *(ends[0] + 0.24 * (ends[1] - ends[0])), f"{w:.3g}", **style)
                    self.weights[layer, i, j] = label  # again, since the edge hides the diagram's
        picture.moving(*self.edges.values(), *self.weights.values())
        picture.moving(*self.below.values(), *self.above.values())
        self.blame({})

    def write(self, below, above=None):
        """Write texts, given as {(layer, unit): text}; units that are not named get none."""
        for key, artist in self.below.items():
            artist.set_text(below.get(key, ""))
        for key, artist in self.above.items():
            artist.set_text((above or {}).get(key, ""))

    def blame(self, sizes):
        """Make edges as thick as their gradients, given as {(layer, i, j): gradient}."""
        largest = max((abs(v) for v in sizes.values()), default=0) or 1.0
        for key, edge in self.edges.items():
            edge.set_visible(key in sizes and abs(sizes[key]) > 1e-12)
            self.weights[key].set_visible(edge.get_visible())
            edge.set_linewidth(1 + 9 * abs(sizes.get(key, 0)) / largest)


def check_small(net):
    """Refuse networks whose numbers would not fit into a picture."""
    if not isinstance(net, MLP):
        raise TypeError(f"net must be an MLP, got {net!r}")
    if len(net.sizes) > 5 or max(net.sizes) > 6 or net.hidden == "prelu":
        raise ValueError(
            "the picture has room for up to 5 layers of up to 6 units, without PReLU; "
            f"got sizes {list(net.sizes)}, hidden {net.hidden!r}"
        )


def picture_of(net):
    """Return a picture in the proportions of the network's diagram, and its axes."""
    _, (width, height) = network_places(net.sizes, 7, GAP)
    picture = Picture(7.6, 7.6 * height / width)
    picture.figure.set_layout_engine("none")
    return picture, picture.figure.add_axes((0, 0, 1, 1))


def inputs(net, x):
    """Return a slider for each input."""
    return {f"x{i + 1}": slider(f"input x{i + 1}", float(v), -3.0, 3.0, 0.05) for i, v in enumerate(x)}


def first_input(net, x):
    """Return x as (n_in,) numbers, 0.5 and 1.0 in turn if None."""
    x = np.resize([0.5, 1.0], net.sizes[0]) if x is None else np.asarray(x, dtype=float).ravel()
    if x.size != net.sizes[0]:
        raise ValueError(f"x must have shape ({net.sizes[0]},), got {x.shape}")
    return np.clip(x, -3, 3)


class ForwardFlow(Interactive):
    """Every number on its way through a small network."""

    name = "Forward flow"

    def __init__(self, net, x):
        self.net = small_network() if net is None else net
        check_small(self.net)
        self.first = first_input(self.net, x)
        picture, ax = picture_of(self.net)
        self.diagram = NetworkPicture(picture, ax, self.net)
        controls = inputs(self.net, self.first)
        controls["hidden"] = menu("hidden activation", ACTIVATIONS, self.net.hidden)
        self.start(picture, controls)

    @property
    def alt(self):
        """Text of the still."""
        sizes = "-".join(map(str, self.net.sizes))
        return f"A {sizes} network with all its weights, and under each unit its z and a, for two inputs."

    def show(self, hidden, **x):
        """Send the input through and write z and a under every unit."""
        net = self.net if hidden == self.net.hidden else copy_of(self.net, hidden)
        Z, A = layer_values(net, np.array([list(x.values())]))
        self.diagram.write(value_texts(Z, A))
        numbers = {}
        for k, (z, a) in enumerate(zip(Z, A[1:], strict=True), start=1):
            numbers |= {f"z of layer {k}": z[0], f"a of layer {k}": a[0]}
        off = int(sum(np.sum(a == 0) for a in A[1:-1]))
        sentence = f"The network answers {number(A[-1][0])}."
        if off:
            sentence += (
                f" {off} hidden unit{'s are' if off > 1 else ' is'} off for this input: it sends 0 on."
            )
        return Reading(sentence, numbers)

    def still(self):
        """Draw two inputs, one above the other."""
        figure = Figure(figsize=(5.4, 6.8), layout="constrained")
        for ax, x in zip(figure.subplots(2, 1), (self.first, -self.first), strict=True):
            Z, A = layer_values(self.net, x[None])
            network_diagram(self.net, ax, weight_labels=True, gap=GAP)
            places, _ = network_places(self.net.sizes, 7, GAP)
            for key, text in value_texts(Z, A).items():
                ax.text(
                    places[key][0], places[key][1] - 0.5, text, ha="center", va="top", fontsize=7, color=BLUE
                )
        return figure


def value_texts(Z, A, upto=None):
    """Return the texts under the units: the inputs, then z and a of every layer up to `upto`."""
    texts = {(0, i): number(round(v, 6)) for i, v in enumerate(A[0][0])}
    for k, (z, a) in enumerate(zip(Z, A[1:], strict=True), start=1):
        if upto is None or k <= upto:
            for j in range(z.shape[1]):
                texts[k, j] = f"z = {z[0, j]:.4g}\na = {a[0, j]:.4g}"
    return texts


def forward_flow(net=None, x=None):
    """Change an input and see every number flow through a small network.

    Parameters
    ----------
    net : MLP, optional
        The reader's own network, of at most 5 layers of at most 6 units; a 2-3-1 network if None.
    x : (n_in,) array, optional
        The first input.

    >>> net = MLP([2, 4, 1], hidden="tanh", rng=np.random.default_rng(0))
    >>> numbers = forward_flow(net, x=[1.0, -1.0]).reading.numbers
    >>> bool(numbers["a of layer 2"] == net.predict([[1.0, -1.0]]))
    True
    """
    return ForwardFlow(net, x)


class Pass:
    """One sample forward, back, and one step of gradient descent; every number kept.

    Attributes
    ----------
    Z, A : lists of (1, units) arrays, forward
    loss : float
    delta, dW, db : lists, one array a layer
    after : float, the loss after W - lr dW and b - lr db
    """

    def __init__(self, net, x, y, loss, lr):
        twin = copy_of(net)
        X, target = np.asarray(x, dtype=float)[None], np.atleast_1d(y)
        self.Z, self.A = layer_values(twin, X)
        self.loss, grad = twin.loss_and_gradient(X, target, loss)
        # for one sample the gradient of a bias is the error term of its unit
        self.delta = [layer.db.copy() for layer in twin.layers]
        self.dW = [layer.dW.copy() for layer in twin.layers]
        twin.theta -= lr * grad
        self.after, _ = twin.loss_and_gradient(X, target, loss)


class BackpropStepper(Interactive):
    """Backpropagation one step at a time: forward, the loss, the blame, the update."""

    name = "Backpropagation, step by step"

    def __init__(self, net, x, y, loss):
        self.net = small_network() if net is None else net
        check_small(self.net)
        if self.net.sizes[-1] != 1:
            raise ValueError(f"the stepper follows one output unit, this network has {self.net.sizes[-1]}")
        self.first = first_input(self.net, x)
        fitting = [
            n for n, f in LOSSES.items() if self.net.output in f.outputs and f.kind in ("values", "binary")
        ]
        if loss is not None:
            lookup("loss", loss, dict.fromkeys(fitting))
        self.target = float(y)
        picture, ax = picture_of(self.net)
        self.diagram = NetworkPicture(picture, ax, self.net)
        self.last = 3 * len(self.net.layers) + 2
        controls = {
            "step": slider("step", 0, 0, self.last),
            **inputs(self.net, self.first),
            "y": slider("target y", self.target, 0.0, 1.0, 0.05),
            "loss": menu("loss", fitting, loss or MATCHING_LOSS[self.net.output]),
            "lr": log_slider("learning rate of the update", 0.5, -2, 1),
        }
        back = button("Back", "One step back", "step-backward")
        next_ = button("Next", "One step on", "step-forward")
        self.start(
            picture,
            controls,
            buttons=[(back, lambda: self._go(-1)), (next_, lambda: self._go(1))],
            order=["step", "lr", *(n for n in controls if n not in ("step", "lr"))],
        )

    def _go(self, by):
        control = self.controls["step"]
        control.value = int(np.clip(control.value + by, 0, control.max))

    @property
    def alt(self):
        """Text of the still."""
        return (
            "Four moments of backpropagation in a small network: the values have flowed forward; the error "
            "term of the output; the blame handed back to the hidden units; the gradient of every weight, "
            "thick where the weight matters most."
        )

    def stage(self, step):
        """Return what step number `step` does: (kind, layer), layers counted from 1."""
        count = len(self.net.layers)
        if step <= count:
            return ("forward", step) if step else ("start", 0)
        if step == count + 1:
            return "loss", count
        if step > 3 * count + 1:
            return "update", 0
        back = step - count - 2
        return ("delta", "gradient")[back % 2], count - back // 2

    def texts(self, p, step):
        """Return what stands under and over the units, and the blame of the edges, after `step` steps."""
        done = [self.stage(s) for s in range(1, step + 1)]
        below = value_texts(p.Z, p.A, upto=max((k for kind, k in done if kind == "forward"), default=0))
        above = {}
        for kind, k in done:
            if kind == "delta":
                above |= {(k, j): f"δ = {v:.4g}" for j, v in enumerate(p.delta[k - 1])}
        if step > len(self.net.layers):
            output = (len(self.net.layers), 0)
            change = f" → {p.after:.4g}" if ("update", 0) in done else ""
            above[output] = "\n".join(
                [f"L = {p.loss:.4g}{change}", *([above[output]] if output in above else [])]
            )
        blame = {
            (k - 1, i, j): v
            for kind, k in done
            if kind == "gradient"
            for (i, j), v in np.ndenumerate(p.dW[k - 1])
        }
        return below, above, blame

    def show(self, step, y, loss, lr, **x):
        """Show what is known after so many steps."""
        p = Pass(self.net, list(x.values()), y, loss, lr)
        below, above, blame = self.texts(p, step)
        self.diagram.write(below, above)
        self.diagram.blame(blame)
        kind, k = self.stage(step)
        numbers = {"step": step, "target": y}
        if kind == "start":
            sentence = "The input is set. Nothing is computed yet: press Next."
        elif kind == "forward":
            sentence = f"Forward through layer {k}: z is the weighted sum plus bias, a its activation."
            numbers |= {"z": p.Z[k - 1][0], "a": p.A[k][0]}
        elif kind == "loss":
            sentence = f"The loss compares the output {number(p.A[-1][0])} with the target {number(y)}."
            numbers |= {"loss": p.loss}
        elif kind == "delta" and k == len(self.net.layers):
            sentence = "The error term of the output: how the loss changes with its z."
            numbers |= {"delta": p.delta[-1]}
        elif kind == "delta":
            sentence = f"Blame for layer {k}: its weights times the next delta, times f'(z) of each unit."
            numbers |= {"delta": p.delta[k - 1]}
        elif kind == "gradient":
            sentence = (
                f"Gradients of layer {k}: a weight's is the value that came in times the delta it led to."
            )
            numbers |= {"dW": p.dW[k - 1], "db": p.delta[k - 1]}
        else:
            better = "falls" if p.after < p.loss else "does not fall"
            sentence = (
                f"Update: every weight moves against its gradient, and the loss of this sample {better}."
            )
            if not np.isfinite(p.after) or p.after > 10 * p.loss + 1:
                sentence += " The step was far too long."
            numbers |= {"loss before": p.loss, "loss after": p.after, "learning rate": lr}
        return Reading(sentence, numbers)

    def still(self):
        """Draw four moments: forward done, output's error term, hidden error terms, all gradients."""
        count = len(self.net.layers)
        figure = Figure(figsize=(7.8, 6.6), layout="constrained")
        loss = self.controls["loss"].value
        p = Pass(self.net, self.first, self.target, loss, 0.5)
        titles = (
            ("forward", count),
            ("output's error term", count + 2),
            ("blame handed back", count + 4),
            ("all gradients", self.last - 1),
        )
        places, _ = network_places(self.net.sizes, 7, GAP)
        for ax, (title, step) in zip(figure.subplots(2, 2).flat, titles, strict=True):
            below, above, blame = self.texts(p, min(step, self.last))
            network_diagram(self.net, ax, weight_labels=True, gap=GAP)
            largest = max((abs(v) for v in blame.values()), default=1.0) or 1.0
            for (layer, i, j), v in blame.items():
                ends = zip(places[layer, i], places[layer + 1, j], strict=True)
                ax.plot(
                    *ends,
                    color=RED,
                    alpha=0.45,
                    linestyle="-",
                    linewidth=1 + 7 * abs(v) / largest,
                    zorder=1.2,
                )
            for texts, (right, up), side, color in (
                (below, (0, -0.5), "top", BLUE),
                (above, (-0.2, 0.5), "bottom", RED),
            ):
                for key, text in texts.items():
                    x, y = places[key]
                    label = ax.text(x + right, y + up, text, ha="center", va=side, fontsize=7.5, color=color)
                    label.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 0.3, "alpha": 0.8})
            ax.set_title(title, loc="center")
        return figure


def backprop_stepper(net=None, x=None, y=1.0, loss=None):
    """Step through backpropagation: forward, the loss, the blame of every unit and weight, the update.

    Parameters
    ----------
    net : MLP with one output unit, optional
        The reader's own network, of at most 5 layers of at most 6 units; a 2-3-1 network if None.
    x : (n_in,) array, optional
        The sample.
    y : float
        Its target.
    loss : str, optional
        A name in LOSSES; the one that matches the output if None.

    >>> net = MLP([2, 4, 1], hidden="tanh", rng=np.random.default_rng(0))
    >>> widget = backprop_stepper(net, x=[1.0, -1.0], y=0.5).set(step=8, lr=0.05)
    >>> widget.reading.numbers["loss after"] < widget.reading.numbers["loss before"]
    True
    """
    return BackpropStepper(net, x, y, loss)
