"""Diagrams of one neuron: of the brain, of this book, and the perceptron with its step."""

import numpy as np
from matplotlib.patches import Circle, Ellipse, PathPatch
from matplotlib.path import Path as Curve

from nn_core.activations import ACTIVATIONS
from nn_core.plotting.shapes import arrow, node, sheet
from nn_core.plotting.style import BLUE, GRAY, INK, ORANGE, PALE_BLUE, PALE_ORANGE, RED


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


def _artificial(ax, w, b, x, f, left, symbol="$f$"):
    """Draw inputs, weights, sum, activation and output of one neuron; numbers where x is given."""
    w = np.asarray(w, dtype=float)
    if x is not None and np.shape(x) != w.shape:
        raise ValueError(f"x must have the shape of w, {w.shape}, got {np.shape(x)}")
    rows = 2.6 + 1.25 * ((w.size - 1) / 2 - np.arange(w.size))
    middle = rows.mean()
    known = x is not None
    at_sum, at_f = (left + 4.1, middle), (left + 6.2, middle)
    for i, y in enumerate(rows):
        node(ax, (left + 0.9, y), f"$x_{i + 1}$", face=PALE_BLUE)
        if known:
            ax.text(left + 0.36, y, f"{x[i]:g}", ha="right", va="center", fontsize=10.5)
        color, style = (BLUE, "-") if w[i] >= 0 else (RED, "--")
        arrow(
            ax,
            (left + 1.34, y),
            (left + 3.62, middle + 0.3 * (y - middle)),
            color,
            linestyle=style,
            width=1 + min(abs(w[i]), 3) * 0.6,
        )
        label = f"$w_{i + 1}$" + (f" = {w[i]:g}" if known else "")
        spot = (left + 1.34 + 0.42 * 2.28, y + 0.42 * 0.7 * (middle - y) + 0.2)  # on the arrow's way
        ax.text(*spot, label, ha="center", va="bottom", fontsize=10.5, color=color)
    node(ax, (left + 4.1, middle + 1.8), "1", face=PALE_ORANGE, radius=0.32)
    arrow(ax, (left + 4.1, middle + 1.47), (left + 4.1, middle + 0.5), ORANGE)
    ax.text(left + 4.28, middle + 1.05, f"$b$ = {b:g}" if known else "$b$", va="center", fontsize=10.5)
    node(ax, at_sum, r"$\Sigma$", radius=0.5, size=14)
    node(ax, at_f, symbol, radius=0.5, size=13)
    arrow(ax, (left + 4.6, middle), (left + 5.7, middle))
    arrow(ax, (left + 6.7, middle), (left + 7.8, middle))
    ax.text(left + 5.15, middle + 0.16, "$z$", ha="center", va="bottom", fontsize=11)
    if known:
        z = float(np.dot(w, x) + b)
        a = z if f is None else float(np.ravel(f(np.array([z])))[0])
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
        The activation; the identity if None.
    biological : bool
        False leaves the biological neuron out.
    """
    shift = 8.7 if biological else 0.2
    bottom, top = _reach(np.size(w))
    if not biological:
        ax = sheet(ax, shift + 9.4, top, bottom=bottom)
    else:
        ax = sheet(ax, shift + 8.3, max(top, 6.0), 0.44, min(bottom, 0.6))
        _biological(ax)
        ax.text(4.3, 5.65, "a neuron of the brain", ha="center", va="center", fontsize=11)
        ax.text(shift + 4.1, 5.65, "a neuron of this book", ha="center", va="center", fontsize=11)
    _artificial(ax, w, b, x, f, shift)
    return ax


def perceptron_diagram(w=(2, 1), b=-3, x=None, ax=None):
    """Draw the perceptron: weighted sum, then the step in its last unit (1 if z >= 0, else 0)."""
    bottom, top = _reach(np.size(w))
    ax = sheet(ax, 9.8, top, bottom=bottom)
    middle = _artificial(ax, w, b, x, ACTIVATIONS["step"], 0.2, symbol="")
    low, high = middle - 0.18, middle + 0.2
    ax.plot([6.1, 6.4, 6.4, 6.7], [low, low, high, high], color=INK, linewidth=1.8, linestyle="-", zorder=4)
    return ax
