"""Drawings of neurons, networks and graphs, made from the parameters and values that they show.

The book's colors stand here as well, because every other picture builds on this file. Positions come from
:func:`network_layout`, which the widgets share, so that a network looks the same wherever it is drawn.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, Ellipse, FancyArrowPatch, FancyBboxPatch, PathPatch
from matplotlib.path import Path as Curve

# Okabe and Ito (2008): eight colors that people with any color vision can tell apart
BLUE, RED, GREEN, PURPLE, ORANGE, SKY, INK = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#222222",
)
GRAY, PAPER, PALE_BLUE, PALE_ORANGE = "#8a8a8a", "#fcfcfa", "#dcebf5", "#fbeacb"


def _sheet(ax, width, height, scale=0.62, bottom=0.0):
    """Axes without frame, `width` units wide, from `bottom` to `height`, equal in both directions."""
    if ax is None:
        ax = plt.subplots(figsize=(scale * width, scale * (height - bottom)))[1]
    ax.set(xlim=(0, width), ylim=(bottom, height), aspect="equal")
    ax.set_axis_off()
    return ax


def _arrow(ax, start, end, color=INK, *, width=1.2, style="-|>", linestyle="-", bend=0.0, gap=0):
    arrow = FancyArrowPatch(
        start,
        end,
        arrowstyle=style,
        mutation_scale=11,
        color=color,
        linewidth=width,
        linestyle=linestyle,
        connectionstyle=f"arc3,rad={bend}",
        shrinkA=gap,
        shrinkB=gap,
        zorder=1.5,
    )
    ax.add_patch(arrow)
    return arrow


def _node(ax, at, text="", *, radius=0.42, face="white", edge=INK, size=12, width=1.3):
    ax.add_patch(Circle(at, radius, facecolor=face, edgecolor=edge, linewidth=width, zorder=2))
    return ax.text(*at, text, ha="center", va="center", fontsize=size, zorder=3)


def _box(ax, at, text, *, width=2.4, height=1.1, face="white", edge=INK, size=11):
    corner = (at[0] - width / 2, at[1] - height / 2)
    ax.add_patch(
        FancyBboxPatch(
            corner,
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.16",
            facecolor=face,
            edgecolor=edge,
            linewidth=1.2,
            zorder=2,
        )
    )
    return ax.text(*at, text, ha="center", va="center", fontsize=size, zorder=3, linespacing=1.5)


def _curve(ax, points, width, color):
    codes = [Curve.MOVETO, *[Curve.CURVE3] * 2] if len(points) == 3 else [Curve.MOVETO, *[Curve.CURVE4] * 3]
    ax.add_patch(
        PathPatch(
            Curve(points, codes),
            facecolor="none",
            edgecolor=color,
            linewidth=width,
            capstyle="round",
            zorder=1,
        )
    )


def _branch(ax, start, angle, length, width, depth, color):
    """Draw a dendrite or an axon's end: a curve that splits in two, thinner each time."""
    start, direction = np.asarray(start), np.array([np.cos(angle), np.sin(angle)])
    bend = np.array([-direction[1], direction[0]]) * length * 0.12
    end = start + direction * length
    _curve(ax, [start, start + direction * length / 2 + bend, end], width, color)
    if depth == 0:
        return [end]
    tips = []
    for turn in (0.42, -0.5):
        tips += _branch(ax, end, angle + turn, 0.68 * length, 0.62 * width, depth - 1, color)
    return tips


def _biological(ax):
    color = "#7a6a8f"
    tips = []
    for angle in (2.15, 2.75, 3.4, 4.05):
        tips += _branch(ax, (2.6, 2.6), angle, 0.95, 4.2, 2, color)
    angles = np.linspace(0, 2 * np.pi, 181)
    wobble = 0.72 + 0.06 * np.cos(5 * angles + 0.6)
    ax.fill(
        2.6 + wobble * np.cos(angles),
        2.6 + wobble * np.sin(angles),
        facecolor="#e7e0ef",
        edgecolor=color,
        linewidth=1.6,
        linestyle="-",
        zorder=2,
    )
    ax.add_patch(Circle((2.55, 2.62), 0.24, facecolor=color, edgecolor="none", alpha=0.75, zorder=3))
    ax.plot([3.25, 7.0], [2.6, 2.6], color=color, linewidth=3.2, linestyle="-", zorder=1)
    for middle in np.linspace(3.95, 6.45, 4):
        ax.add_patch(
            Ellipse((middle, 2.6), 0.72, 0.36, facecolor="#f4efe0", edgecolor=color, linewidth=1, zorder=2)
        )
    ends = []
    for angle in (0.55, 0.0, -0.55):
        ends += _branch(ax, (7.0, 2.6), angle, 0.6, 2.6, 1, color)
    for end in ends:
        ax.add_patch(Circle(end, 0.1, facecolor=RED, edgecolor="none", zorder=3))
    for text, at, target in (
        ("dendrites:\nreceive", (0.85, 5.0), tips[2]),
        ("soma:\nadds up", (3.5, 4.35), (2.85, 3.15)),
        ("axon:\ntransmits", (5.2, 1.05), (5.2, 2.35)),
        ("synapses:\nconnect, change", (7.6, 4.85), ends[0]),
    ):
        ax.annotate(
            text,
            target,
            at,
            ha="center",
            va="center",
            fontsize=9,
            arrowprops={"arrowstyle": "-", "color": GRAY, "linewidth": 0.8},
        )


def _reach(n_inputs):
    """Lowest and highest place that `_artificial` draws on."""
    half = 0.625 * (n_inputs - 1) + 0.6
    return 2.6 - max(half, 1.2), 2.6 + max(half, 2.3)


def _artificial(ax, w, b, x, f, left):
    """Draw inputs, weights, sum, activation and output of one neuron; numbers where x is given."""
    w = np.asarray(w, dtype=float)
    rows = 2.6 + 1.25 * ((w.size - 1) / 2 - np.arange(w.size))
    middle = rows.mean()
    known = x is not None
    at_sum, at_f = (left + 4.1, middle), (left + 6.2, middle)
    for i, y in enumerate(rows):
        value = f" = {x[i]:g}" if known else ""
        _node(ax, (left + 0.9, y), f"$x_{i + 1}$", face=PALE_BLUE)
        if known:
            ax.text(left + 0.36, y, f"{x[i]:g}", ha="right", va="center", fontsize=10.5)
        color, style = (BLUE, "-") if w[i] >= 0 else (RED, "--")
        _arrow(
            ax,
            (left + 1.34, y),
            (left + 3.62, middle + 0.3 * (y - middle)),
            color,
            linestyle=style,
            width=1 + min(abs(w[i]), 3) * 0.6,
        )
        part, share = 0.42, 0.7
        label = f"$w_{i + 1}$" + (f" = {w[i]:g}" if known or value else "")
        ax.text(
            left + 1.34 + part * 2.28,
            y + part * share * (middle - y) + 0.2,
            label,
            ha="center",
            va="bottom",
            fontsize=10.5,
            color=color,
        )
    _node(ax, (left + 4.1, middle + 1.8), "1", face=PALE_ORANGE, radius=0.32)
    _arrow(ax, (left + 4.1, middle + 1.47), (left + 4.1, middle + 0.5), ORANGE)
    ax.text(left + 4.28, middle + 1.05, f"$b$ = {b:g}" if known else "$b$", va="center", fontsize=10.5)
    _node(ax, at_sum, r"$\Sigma$", radius=0.5, size=14)
    _node(ax, at_f, "$f$", radius=0.5, size=13)
    _arrow(ax, (left + 4.6, middle), (left + 5.7, middle))
    _arrow(ax, (left + 6.7, middle), (left + 7.8, middle))
    ax.text(left + 5.15, middle + 0.16, "$z$", ha="center", va="bottom", fontsize=11)
    if known:
        z = float(np.dot(w, x) + b)
        a = float(np.ravel(f(np.array([z])))[0])
        ax.text(left + 5.15, middle - 0.22, f"{z:.4g}", ha="center", va="top", fontsize=10.5)
        ax.text(left + 7.9, middle, f"$a$ = {a:.4g}", ha="left", va="center", fontsize=10.5)
    else:
        ax.text(left + 7.9, middle, "$a$", ha="left", va="center", fontsize=11)
    name = getattr(f, "name", None)
    if name:
        ax.text(left + 6.2, middle - 0.68, name, ha="center", va="top", fontsize=9, color=GRAY)
    return middle


def neuron_diagram(w=(0.2, 0.8), b=0.1, x=None, f=None, ax=None, *, biological=True):
    r"""Draw a biological neuron beside the artificial one, $z = w \cdot x + b$, $a = f(z)$.

    Parameters
    ----------
    w : (n,) array
        Weights; a positive one is drawn solid and blue, a negative one dashed and orange-red, the thicker
        the larger.
    b : float
    x : (n,) array, optional
        Inputs; with them every number is computed and written down.
    f : callable, optional
        The activation (needed with `x`).
    biological : bool
        False leaves the biological neuron out.
    """
    shift = 8.7 if biological else 0.2
    bottom, top = _reach(np.size(w))
    if biological:
        ax = _sheet(ax, shift + 8.3, max(top, 6.0), 0.44, min(bottom, 0.6))
    else:
        ax = _sheet(ax, shift + 9.4, top, bottom=bottom)
    if biological:
        _biological(ax)
        ax.text(4.3, 5.65, "a neuron of the brain", ha="center", va="center", fontsize=11)
        ax.text(shift + 4.1, 5.65, "a neuron of this book", ha="center", va="center", fontsize=11)
    _artificial(ax, w, b, x, f if f is not None or x is None else (lambda z: z), shift)
    return ax


def perceptron_diagram(w=(2, 1), b=-3, x=None, ax=None):
    """Draw the perceptron: weighted sum, then the step in its last unit (1 if z >= 0, else 0)."""
    from nn_core.activations import ACTIVATIONS

    bottom, top = _reach(np.size(w))
    ax = _sheet(ax, 9.8, top, bottom=bottom)
    middle = _artificial(ax, w, b, x, ACTIVATIONS["step"], 0.2)
    ax.texts[[t.get_text() for t in ax.texts].index("$f$")].set_text("")
    ax.plot(
        [6.1, 6.4, 6.4, 6.7],
        np.array([-0.18, -0.18, 0.2, 0.2]) + middle,
        color=INK,
        linewidth=1.8,
        linestyle="-",
        zorder=4,
    )
    return ax


def network_layout(sizes, width=8.0, height=5.0, max_units=7, gap=None):
    """Where the units of a network stand.

    Parameters
    ----------
    sizes : sequence of int
        Units a layer, the input layer first.
    max_units : int
        A layer with more shows its first ``max_units - 2`` units, a gap, and its last one.
    gap : float, optional
        From unit to unit; as wide as the height allows if None.

    Returns
    -------
    dict (layer, unit) -> (x, y)

    >>> network_layout([1, 2], width=2, height=2)
    {(0, 0): (0.0, 1.0), (1, 0): (2.0, 1.5), (1, 1): (2.0, 0.5)}
    """
    places, columns = {}, np.linspace(0, width, len(sizes))
    tallest = max(min(n, max_units) for n in sizes)
    gap = height / max(tallest, 2) if gap is None else gap
    for layer, n in enumerate(sizes):
        shown = [*range(n)] if n <= max_units else [*range(max_units - 2), None, n - 1]
        for row, unit in enumerate(shown):
            if unit is not None:
                y = height / 2 + gap * ((len(shown) - 1) / 2 - row)
                places[layer, unit] = (float(columns[layer]), float(y))
    return places


def _sizes_and_weights(network):
    layers = getattr(network, "layers", None)
    if layers is None:
        return [int(n) for n in network], None
    weights = [np.asarray(layer.W) for layer in layers if getattr(layer, "W", None) is not None]
    return [weights[0].shape[0], *[W.shape[1] for W in weights]], weights


def network_places(sizes, max_units=7, gap=(2.9, 1.15)):
    """Return where a network's units stand in its diagram, and the diagram's (width, height).

    `gap` is the distance of neighbors: from layer to layer, from unit to unit.
    """
    rows = max(min(n, max_units) for n in sizes)
    width, height = gap[0] * (len(sizes) - 1), max(gap[1] * (rows - 1) + 1.15, 2.3)
    places = network_layout(sizes, width, height, max_units, gap[1])
    return {k: (x + 1.1, y + 0.35) for k, (x, y) in places.items()}, (width + 2.2, height + 1.5)


def network_diagram(
    network, ax=None, *, labels=None, values=None, highlight=(), names=None, weight_labels=False, max_units=7,
    gap=(2.9, 1.15)
):
    """Draw a feedforward network, layer by layer.

    Parameters
    ----------
    network : an MLP, or a sequence of layer sizes
        From an MLP the edges get their weights: blue and solid for positive, orange-red and dashed for
        negative, the thicker the larger.
    labels : list of lists of str, optional
        What stands in the units, one list a layer.
    values : list of 1-D arrays, optional
        Numbers under the units, one array a layer.
    highlight : iterable of (layer, unit) or (layer, i, j)
        Units, or edges from unit i of `layer` to unit j of the next one, to make stand out.
    names : list of str, optional
        Captions of the layers.
    weight_labels : bool
        Write each weight on its edge (for small networks).
    max_units, gap
        See :func:`network_places`.
    """
    sizes, weights = _sizes_and_weights(network)
    places, sheet = network_places(sizes, max_units, gap)
    ax = _sheet(ax, *sheet)
    height = sheet[1] - 1.5
    highlight, last = set(highlight), len(sizes) - 1
    largest = max((np.abs(W).max() for W in weights), default=1.0) if weights else 1.0
    for (layer, i), start in places.items():
        for j in range(sizes[layer + 1] if layer < last else 0):
            if (layer + 1, j) not in places:
                continue
            end, w = places[layer + 1, j], None if weights is None else weights[layer][i, j]
            color, style, thick = "#9aa3ab", "-", 0.8
            if w is not None:
                color, style, thick = (BLUE, "-", 0) if w >= 0 else (RED, "--", 0)
                thick = 0.4 + 2.4 * abs(w) / (largest or 1.0)
            if (layer, i, j) in highlight:
                color, style, thick = (color if w is not None else PURPLE), "-", thick + 2.2
            ax.plot(
                *zip(start, end, strict=True),
                color=color,
                linestyle=style,
                linewidth=thick,
                zorder=1,
                alpha=1 if not highlight or (layer, i, j) in highlight or sum(sizes) < 9 else 0.5,
            )
            if weight_labels and w is not None:
                spot = np.array(start) + 0.24 * (np.array(end) - start)  # fanned out, and clear of values
                ax.text(
                    *spot,
                    f"{w:.3g}",
                    fontsize=8,
                    ha="center",
                    va="center",
                    color=color,
                    zorder=2.5,
                    bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.8},
                )
    for (layer, i), at in places.items():
        face = PALE_BLUE if layer == 0 else PALE_ORANGE if layer == last else "white"
        text = labels[layer][i] if labels is not None else _unit_label(layer, i, last)
        marked = (layer, i) in highlight
        _node(
            ax,
            at,
            text,
            face=face,
            radius=0.4,
            size=11.5,
            edge=PURPLE if marked else INK,
            width=3 if marked else 1.3,
        )
        if values is not None and values[layer] is not None:
            ax.text(
                at[0], at[1] - 0.46, f"{np.ravel(values[layer])[i]:.4g}", ha="center", va="top", fontsize=8.5
            )
    for layer, n in enumerate(sizes):
        column = places[layer, 0][0]
        if n > max_units:
            y = (places[layer, max_units - 3][1] + places[layer, n - 1][1]) / 2
            ax.text(column, y, r"$\vdots$", ha="center", va="center", fontsize=15)
        default = f"hidden {layer}" if last > 2 else "hidden"
        default = "input" if layer == 0 else "output" if layer == last else default
        caption = names[layer] if names is not None else f"{default}\n{n} unit{'s' if n > 1 else ''}"
        ax.text(column, height + 1.4, caption, ha="center", va="top", fontsize=10.5, linespacing=1.3)
    return ax


def _unit_label(layer, unit, last):
    if layer == 0:
        return f"$x_{{{unit + 1}}}$"
    return rf"$\hat y_{{{unit + 1}}}$" if layer == last else f"$a^{{({layer})}}_{{{unit + 1}}}$"


def _layer_name(net, k, count):
    if hasattr(net, "output") and k == count:
        return str(net.output)
    return str(getattr(net, "hidden", "f")) if k < count else "f"


def forward_flow_diagram(network, ax=None, *, n_samples="n"):
    """Draw forward propagation as a row of boxes, with the shape of every array under it.

    >>> ax = forward_flow_diagram([2, 3, 1])
    >>> [t.get_text() for t in ax.texts if "3" in t.get_text()][0]
    '(2, 3) and (3,)'
    """
    sizes, _ = _sizes_and_weights(network)
    count = len(sizes) - 1
    ax = _sheet(ax, 2.1 + 7.0 * count, 2.9, scale=0.5)
    _box(ax, (1.1, 1.7), "$X$", width=1.3, face=PALE_BLUE, size=12)
    ax.text(1.1, 0.95, f"({n_samples}, {sizes[0]})", ha="center", va="top", fontsize=9.5, color="#555555")
    for k in range(1, count + 1):
        x = 1.8 + 7.0 * (k - 1)
        here = f"^{{({k})}}"  # the layer's number, as an upper index
        below = f"A^{{({k - 1})}}" if k > 1 else "X"
        _arrow(ax, (x, 1.7), (x + 0.6, 1.7))
        _box(ax, (x + 2.4, 1.7), f"$Z{here} = {below} W{here} + b{here}$", width=3.6)
        ax.text(
            x + 2.4,
            2.42,
            f"({sizes[k - 1]}, {sizes[k]}) and ({sizes[k]},)",
            ha="center",
            va="bottom",
            fontsize=9.5,
            color="#555555",
        )
        ax.text(
            x + 2.4, 0.95, f"({n_samples}, {sizes[k]})", ha="center", va="top", fontsize=9.5, color="#555555"
        )
        _arrow(ax, (x + 4.2, 1.7), (x + 4.62, 1.7))
        name = r"\hat Y" if k == count else f"A{here}"
        f = "g" if k == count else "f"
        _box(
            ax,
            (x + 5.82, 1.7),
            f"${name} = {f}(Z{here})$",
            width=2.4,
            face=PALE_ORANGE if k == count else "white",
        )
        ax.text(
            x + 5.82, 0.95, f"({n_samples}, {sizes[k]})", ha="center", va="top", fontsize=9.5, color="#555555"
        )
    return ax


def error_flow_diagram(network, ax=None):
    """Draw backpropagation: values flow to the loss, error terms flow back.

    Under each error term stands the gradient that it leaves at its layer.
    """
    sizes, _ = _sizes_and_weights(network)
    count = len(sizes) - 1
    width = 4.0 + 3.3 * count
    ax = _sheet(ax, width, 5.2, scale=0.53)
    top, low, foot = 4.1, 2.2, 0.62
    _box(ax, (0.95, top), "$X$", width=1.2, face=PALE_BLUE, size=12)
    centers = [3.1 + 3.3 * (k - 1) for k in range(1, count + 1)]
    for k, x in enumerate(centers, start=1):
        here = f"{{({k})}}"  # the layer's number, as an upper index
        name = r"\hat Y" if k == count else f"A^{here}"
        _arrow(ax, (x - 1.55 if k == 1 else x - 2.1, top), (x - 1.2, top))
        _box(ax, (x, top), f"layer {k}\n${name} = f(Z^{here})$", width=2.4)
        error = rf"$\delta^{here} = \partial L / \partial Z^{here}$"
        _box(ax, (x, low), error, width=2.4, height=0.9, face=PALE_ORANGE, edge=RED)
        _arrow(ax, (x, low - 0.45), (x, foot + 0.38), RED, linestyle="--")
        before = r"X^\top" if k == 1 else rf"A^{{({k - 1})\top}}"
        ax.text(
            x,
            foot,
            rf"$dW^{here} = {before} \delta^{here}$" + "\n" + rf"$db^{here} = \Sigma\,\delta^{here}$",
            ha="center",
            va="center",
            fontsize=11.5,
            linespacing=1.4,
        )
        if k > 1:
            _arrow(ax, (x - 1.2, low), (x - 2.1, low), RED, linestyle="--")
            weights = rf"$W^{{({k})\top}}$"
            for y, va, name in ((low + 0.16, "bottom", weights), (low - 0.16, "top", "$f'$")):
                ax.text(x - 1.65, y, name, ha="center", va=va, fontsize=9.5, color=RED)
    x = centers[-1] + 2.25
    _arrow(ax, (centers[-1] + 1.2, top), (x - 0.5, top))
    _node(ax, (x, top), "$L$", radius=0.5, size=13)
    ax.text(x, top + 0.62, r"loss of $\hat Y, Y$", ha="center", va="bottom", fontsize=9)
    _arrow(ax, (x, top - 0.5), (centers[-1] + 1.2, low), RED, linestyle="--", bend=-0.35)
    ax.text(0.95, low, "the blame\nflows back", ha="center", va="center", fontsize=10.5, color=RED)
    return ax


def graph_diagram(nodes, edges, forward=None, backward=None, ax=None):
    """Draw a computational graph: values above the nodes, derivatives of the result below.

    Parameters
    ----------
    nodes : dict name -> str
        What stands in each node, such as ``{"x": "$x$", "z": "+"}``.
    edges : list of (name, name)
        From an operand to the operation that uses it.
    forward, backward : dict name -> float, optional

    >>> ax = graph_diagram({"a": "a", "b": "b", "c": "+"}, [("a", "c"), ("b", "c")], forward={"c": 3.0})
    >>> "3" in [t.get_text() for t in ax.texts]
    True
    """
    depth = {}

    def depth_of(name):
        if name not in depth:
            depth[name] = max((depth_of(a) + 1 for a, b in edges if b == name), default=0)
        return depth[name]

    for name in nodes:
        depth_of(name)
    for name in nodes:  # an operand stands one column before its first use
        used = [depth[b] for a, b in edges if a == name]
        if used and not any(b == name for _, b in edges):
            depth[name] = min(used) - 1
    columns = [[n for n in nodes if depth[n] == d] for d in range(max(depth.values()) + 1)]
    tallest = max(map(len, columns))
    ax = _sheet(ax, 1.8 * len(columns), max(1.75 * tallest, 2.2))
    place, height = {}, max(1.75 * tallest, 2.2)
    for d, column in enumerate(columns):
        for row, name in enumerate(column):
            wish = height / 2 + 1.75 * ((len(column) - 1) / 2 - row)
            place[name] = (0.9 + 1.8 * d, wish)
    for a, b in edges:
        _arrow(ax, place[a], place[b], GRAY, gap=20)
    for name, text in nodes.items():
        inner = any(b == name for _, b in edges)
        _node(ax, place[name], text, face="white" if inner else PALE_BLUE, size=11)
        x, y = place[name]
        if forward is not None and name in forward:
            ax.text(x, y + 0.5, f"{forward[name]:.4g}", ha="center", va="bottom", fontsize=10.5, color=BLUE)
        if backward is not None and name in backward:
            ax.text(
                x,
                y - 0.5,
                f"{backward[name]:.4g}",
                ha="center",
                va="top",
                fontsize=10.5,
                color=RED,
                style="italic",
            )
    return ax
