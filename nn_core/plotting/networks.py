"""Diagrams of networks: where units stand, units and edges, how values and errors flow through layers.

Positions come from :func:`network_layout`, which the widgets share, so that a network looks the same wherever
it is drawn.
"""

import numpy as np

from nn_core.checks import a_count
from nn_core.plotting.shapes import node, sheet
from nn_core.plotting.style import BLUE, INK, PALE_BLUE, PALE_ORANGE, PAPER, PURPLE, RED


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


def sizes_and_weights(network):
    """Return a network's layer sizes, and its weights, a list of (n_in, n_out) arrays or None without any."""
    layers = getattr(network, "layers", None)
    if layers is None:
        if not np.iterable(network):
            raise TypeError(f"network must be an MLP or a list of layer sizes, got {network!r}")
        return [a_count(f"network[{i}]", n) for i, n in enumerate(network)], None
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
    sizes, weights = sizes_and_weights(network)
    places, size = network_places(sizes, max_units, gap)
    ax = sheet(ax, *size)
    highlight, last = set(highlight), len(sizes) - 1
    largest = max((np.abs(W).max() for W in weights or ()), default=1.0) or 1.0
    for (layer, i), start in places.items():
        for j in range(sizes[layer + 1] if layer < last else 0):
            if (layer + 1, j) in places:
                w, bright = None if weights is None else weights[layer][i, j], (layer, i, j) in highlight
                alpha = 1 if bright or not highlight or sum(sizes) < 9 else 0.5
                _edge(ax, start, places[layer + 1, j], w, largest, bright, alpha, weight_labels)
    for (layer, i), at in places.items():
        face = PALE_BLUE if layer == 0 else PALE_ORANGE if layer == last else "white"
        text = labels[layer][i] if labels is not None else _unit_label(layer, i, last)
        edge, width = (PURPLE, 3) if (layer, i) in highlight else (INK, 1.3)
        node(ax, at, text, face=face, radius=0.4, size=11.5, edge=edge, width=width)
        if values is not None and values[layer] is not None:
            value = f"{np.ravel(values[layer])[i]:.4g}"
            ax.text(at[0], at[1] - 0.46, value, ha="center", va="top", fontsize=8.5)
    for layer, n in enumerate(sizes):
        column = places[layer, 0][0]
        if n > max_units:
            y = (places[layer, max_units - 3][1] + places[layer, n - 1][1]) / 2
            ax.text(column, y, r"$\vdots$", ha="center", va="center", fontsize=15)
        caption = names[layer] if names is not None else _caption(layer, n, last)
        ax.text(column, size[1] - 0.1, caption, ha="center", va="top", fontsize=10.5, linespacing=1.3)
    return ax


def _edge(ax, start, end, w, largest, bright, alpha, labelled):
    """Draw the edge between two units; `w` is its weight, None if it has none."""
    color, style, thick = "#9aa3ab", "-", 0.8
    if w is not None:
        color, style = (BLUE, "-") if w >= 0 else (RED, "--")
        thick = 0.4 + 2.4 * abs(w) / largest
    if bright:
        color, style, thick = PURPLE if w is None else color, "-", thick + 2.2
    line = zip(start, end, strict=True)
    ax.plot(*line, color=color, linestyle=style, linewidth=thick, zorder=1, alpha=alpha)
    if labelled and w is not None:
        spot = np.array(start) + 0.24 * (np.array(end) - start)  # fanned out, and clear of values
        paper = {"facecolor": PAPER, "edgecolor": "none", "pad": 0.8}
        ax.text(*spot, f"{w:.3g}", fontsize=8, ha="center", va="center", color=color, zorder=2.5, bbox=paper)


def _caption(layer, n, last):
    name = "input" if layer == 0 else "output" if layer == last else "hidden"
    number = f" {layer}" if name == "hidden" and last > 2 else ""
    return f"{name}{number}\n{n} unit{'s' if n > 1 else ''}"


def _unit_label(layer, unit, last):
    if layer == 0:
        return f"$x_{{{unit + 1}}}$"
    return rf"$\hat y_{{{unit + 1}}}$" if layer == last else f"$a^{{({layer})}}_{{{unit + 1}}}$"
