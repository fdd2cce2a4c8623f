"""Figures of the book: curves, decision regions, landscapes, training runs.

Each function draws on `ax` (a new figure where it is None) and returns the axes it drew on, so that
pictures can stand side by side: ``fig, axes = plt.subplots(1, 2)``. What is drawn comes from the functions
and parameters that are passed in, never from a copy of them. Diagrams of neurons and networks live in
:mod:`nn_core.diagrams` and are names of this module too. Importing it puts the book's style sheet
(``book.mplstyle``) in force; ``plt.style.use("default")`` takes it off again.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from nn_core.activations import ACTIVATIONS
from nn_core.checks import a_function, as_floats, as_points, lookup, same_length
from nn_core.diagrams import (
    BLUE,
    GRAY,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    error_flow_diagram,
    forward_flow_diagram,
    graph_diagram,
    network_diagram,
    neuron_diagram,
    perceptron_diagram,
)
from nn_core.losses import LOSSES

CLASS_COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, INK)
CLASS_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLE_FILE = Path(__file__).with_name("book.mplstyle")


def use_style():
    """Put the book's style sheet in force for every figure made from now on."""
    plt.style.use(STYLE_FILE)


use_style()

__all__ = [
    "activation_curves",
    "confusion_matrix",
    "decision_boundary",
    "error_flow_diagram",
    "forward_flow_diagram",
    "graph_diagram",
    "image_grid",
    "landscape",
    "layer_histograms",
    "line",
    "loss_curves",
    "network_diagram",
    "neuron_diagram",
    "perceptron_diagram",
    "points",
    "regression_fits",
    "spread",
    "training_curves",
    "use_style",
    "v_curve",
    "xor_plane",
]


def _axes(ax, **kwargs):
    return plt.subplots(**kwargs)[1] if ax is None else ax


def points(X, y, ax=None, *, labels=None, size=28, title=None):
    """Scatter samples in the plane, one color and one marker a class.

    Parameters
    ----------
    X : (n_samples, 2) array
    y : (n_samples,) array of labels, of any kind
    labels : sequence of str, optional
        Names of the classes in sorted order, for a legend.
    """
    ax = _axes(ax, figsize=(4.6, 4))
    X, y = as_points(X, y)
    for k, label in enumerate(np.unique(y)):
        name = None if labels is None else labels[k]
        ax.scatter(
            *X[y == label].T,
            s=size,
            color=CLASS_COLORS[k % 7],
            marker=CLASS_MARKERS[k % 7],
            edgecolor="white",
            linewidth=0.7,
            label=name,
            zorder=3,
        )
    ax.set(xlabel="$x_1$", ylabel="$x_2$", title=title)
    if labels is not None:
        ax.legend()
    return ax


def plane_grid(X, resolution=160, margin=0.12):
    """Return a grid over the samples: points (resolution², 2) and the extent (left, right, bottom, top)."""
    low, high = np.min(X, axis=0), np.max(X, axis=0)
    gap = margin * np.maximum(high - low, 1e-9)
    (left, bottom), (right, top) = low - gap, high + gap
    U, V = np.meshgrid(np.linspace(left, right, resolution), np.linspace(bottom, top, resolution))
    return np.column_stack([U.ravel(), V.ravel()]), (left, right, bottom, top)


def decision_boundary(predict, X, y, ax=None, *, resolution=200, labels=None, title=None):
    """Color the plane by what `predict` says, with the samples on top.

    Parameters
    ----------
    predict : callable (n, 2) -> (n,) labels, or (n, K) probabilities
        With probabilities the most likely class is drawn, paler where the model is less sure.
    X : (n_samples, 2) array
    y : (n_samples,) array of labels
    """
    X, y = as_points(X, y)
    ax = _axes(ax, figsize=(4.8, 4))
    grid, extent = plane_grid(X, resolution)
    said, classes = np.asarray(predict(grid)), np.unique(y)
    sure = np.full(len(grid), 0.32)
    if said.ndim == 2 and said.shape[1] > 1:
        winner = said.argmax(axis=1)
        sure = 0.45 * (said.max(axis=1) - 1 / said.shape[1]) / (1 - 1 / said.shape[1])
    else:
        winner = np.searchsorted(classes, said.ravel()).clip(0, len(classes) - 1)
    palette = ListedColormap(CLASS_COLORS)(np.arange(7))
    image = palette[winner % 7].reshape(resolution, resolution, 4)
    image[..., 3] = sure.reshape(resolution, resolution)
    ax.imshow(image, extent=extent, origin="lower", aspect="auto", interpolation="nearest", zorder=0)
    if len(np.unique(winner)) > 1:
        U, V = (grid[:, i].reshape(resolution, resolution) for i in (0, 1))
        borders = np.arange(len(classes) - 1) + 0.5
        ax.contour(U, V, winner.reshape(U.shape), levels=borders, colors=INK, linewidths=1.1, zorder=2)
    ax.grid(False)
    points(X, y, ax, labels=labels, title=title)
    ax.set(xlim=extent[:2], ylim=extent[2:])
    return ax


def line(w, b, ax=None, *, normal=True, color=INK, linestyle="-", label=None):
    r"""Draw the line $w \cdot x + b = 0$ over the axes' present window, with its normal `w`.

    The arrow starts at the point of the line nearest to the middle of the window and points to the side where
    $w \cdot x + b > 0$. With w = 0 there is no line, and nothing is drawn.
    """
    ax = _axes(ax, figsize=(4.6, 4))
    w, b = as_floats("w", w, finite=True), float(b)
    if w.shape != (2,):
        raise ValueError(f"w must have shape (2,), got {w.shape}")
    length = np.linalg.norm(w)
    if length == 0:
        return ax
    (left, right), (bottom, top) = window = ax.get_xlim(), ax.get_ylim()
    middle, reach = np.array([left + right, bottom + top]) / 2, np.hypot(right - left, top - bottom)
    foot = middle - (w @ middle + b) / length**2 * w
    along = np.array([-w[1], w[0]]) / length * reach
    ax.plot(*np.transpose([foot - along, foot + along]), color=color, linestyle=linestyle, label=label)
    if normal:
        tip = foot + w / length * 0.14 * reach
        ax.annotate(
            "", tip, foot, arrowprops={"arrowstyle": "-|>", "color": color, "shrinkA": 0, "shrinkB": 0}
        )
        ax.annotate("$w$", tip + w / length * 0.02 * reach, color=color, ha="center", va="center")
    ax.set(xlim=window[0], ylim=window[1])
    return ax


def xor_plane(ax=None, *, lines=(), title=None):
    """Draw the four points of exclusive or, 0 as circles, 1 as squares, and lines (w, b) through them.

    >>> ax = xor_plane(lines=[((1, 1), -0.5), ((1, 1), -1.5)])   # OR and AND: between them lies XOR
    >>> len(ax.lines)
    2
    """
    ax = _axes(ax, figsize=(4, 3.8))
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    points(X, X[:, 0] ^ X[:, 1], ax, labels=("XOR = 0", "XOR = 1"), size=130, title=title)
    ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), xticks=(0, 1), yticks=(0, 1), aspect="equal")
    for (w, b), style in zip(lines, ("-", "--", "-.", ":") * len(lines), strict=False):
        line(w, b, ax, linestyle=style)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return ax


def activation_curves(name, ax=None, *, z=None, derivative=True, **params):
    """Draw an activation of the registry and its derivative over z.

    Parameters
    ----------
    name : str or registered activation
    z : (n,) array, optional
        Where to draw; -5 to 5 if None.
    params : float
        Hyper-parameters, such as ``alpha=0.1``.
    """
    ax = _axes(ax, figsize=(4.4, 3.2))
    f = lookup("name", name, ACTIVATIONS) if isinstance(name, str) else name
    z = np.linspace(-5, 5, 1001) if z is None else np.asarray(z, dtype=float)
    ax.axhline(0, color=GRAY, linewidth=0.8, linestyle="-")
    ax.plot(z, f(z, **params), label="$f(z)$", color=BLUE, linestyle="-")
    if derivative:
        ax.plot(z, f.derivative(z, **params), label="$f'(z)$", color=RED, linestyle="--")
    ax.set(xlabel="$z$", title=f.name)
    ax.legend()
    return ax


def loss_curves(name, ax=None, *, score=None, target=None, gradient=True, **params):
    """Draw a loss for one sample, and its gradient, over the prediction; the target stays fixed.

    The prediction is what the loss takes: a value, a probability, a logit or a raw score. The losses over
    several classes are drawn for two, with scores (0, s) or with probabilities (1 - p, p).
    """
    ax = _axes(ax, figsize=(4.4, 3.2))
    loss = lookup("name", name, LOSSES) if isinstance(name, str) else name
    s, value, slope, axis_label = loss_slice(loss, score, target, **params)
    ax.axhline(0, color=GRAY, linewidth=0.8, linestyle="-")
    ax.plot(s, value, label="$L$", color=BLUE, linestyle="-")
    if gradient:
        ax.plot(s, slope, label=r"$\partial L/\partial$ prediction", color=RED, linestyle="--")
    ax.set(xlabel=axis_label, title=loss.name)
    ax.legend()
    return ax


def loss_slice(loss, score=None, target=None, **params):
    """Return predictions, losses and gradients of one sample, each (n,), and the label of their axis."""
    classes, values = loss.kind == "classes", loss.kind == "values"
    chance = not values and not loss.on_logits
    target = float(not values) if target is None else float(target)
    if score is None:
        score = np.linspace(0.002, 0.998, 499) if chance else np.linspace(-3, 3, 601)
    score = np.asarray(score, dtype=float)
    if classes:
        rival = 1 - score if chance else np.zeros_like(score)
        rows, labels = np.stack([rival, score], axis=1)[:, None, :], np.array([int(target)])
    else:
        rows, labels = score[:, None], np.array([target])
    value = np.array([loss(row, labels, **params) for row in rows])
    slope = np.array([np.ravel(loss.gradient(row, labels, **params))[-1] for row in rows])
    name = r"prediction $\hat y$" if values else "probability of class 1, $p$" if chance else "score $s$"
    return score, value, slope, f"{name}   (target {target:g})"


def training_curves(history, axes=None, *, title=None):
    """Draw loss and score of a :class:`History`, one point an epoch, training solid and validation dashed."""
    has_score = len(getattr(history, "score", ())) > 0
    if axes is None:
        axes = plt.subplots(1, 1 + has_score, figsize=(3.6 * (1 + has_score), 3), squeeze=False)[1][0]
    axes = np.atleast_1d(axes)
    for ax, key in zip(axes, ("loss", "score"), strict=False):
        for name, color, style in ((key, BLUE, "-"), (f"val_{key}", RED, "--")):
            curve = np.asarray(getattr(history, name, ()), dtype=float)
            ax.xaxis.get_major_locator().set_params(integer=True)
            if curve.size and not np.all(np.isnan(curve)):
                label = "validation" if name.startswith("val") else "training"
                ax.plot(np.arange(1, curve.size + 1), curve, color=color, linestyle=style, label=label)
        best = getattr(history, "best_epoch", None)
        if best is not None and len(getattr(history, "val_loss", ())):
            ax.axvline(best + 1, color=GRAY, linewidth=0.9, linestyle=":", label="best epoch")
        ax.set(xlabel="epoch", ylabel=key)
        ax.legend()
    axes[0].set_title(title or "")
    return axes


def spread(x, runs, ax=None, *, label=None, color=BLUE, linestyle="-"):
    """Draw the median of several runs with the band between their lowest and highest value.

    Parameters
    ----------
    x : (n,) array
    runs : (n_runs, n) array
        One row a seed.
    """
    ax = _axes(ax)
    runs = np.asarray(runs, dtype=float)
    ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.16, linewidth=0)
    ax.plot(x, np.median(runs, axis=0), color=color, linestyle=linestyle, label=label)
    return ax


def landscape(f, paths=None, ax=None, *, xlim=(-2, 2), ylim=(-2, 2), minimum=None, levels=22, title=None):
    """Draw contours of a function of two variables and the paths that optimizers take on it.

    Parameters
    ----------
    f : callable
        Takes ``theta`` of shape (2,) or (2, n) and returns the value, or n values.
    paths : dict name -> (n_steps, 2) array, optional
    minimum : (2,) array, optional
        Drawn as a star.
    """
    a_function("f", f)
    ax = _axes(ax, figsize=(5, 4))
    U, V = np.meshgrid(np.linspace(*xlim, 161), np.linspace(*ylim, 161))
    Z = np.asarray(f(np.stack([U.ravel(), V.ravel()]))).reshape(U.shape)
    # equal steps of the square root of the height: the floor of a valley gets lines too
    height = np.sqrt(np.maximum(Z - Z.min(), 0))
    ax.contourf(U, V, height, levels=levels, cmap="Blues_r", alpha=0.55)
    ax.contour(U, V, height, levels=levels, colors="#5b7f9b", linewidths=0.5)
    if minimum is not None:
        ax.plot(*minimum, marker="*", markersize=13, color=INK, markeredgecolor="white", linestyle="none")
    styles = zip((RED, ORANGE, GREEN, PURPLE, INK, BLUE, SKY) * 2, ("-", "--", "-.", ":") * 4, strict=False)
    for (name, path), (color, style) in zip((paths or {}).items(), styles, strict=False):
        path = np.asarray(path)
        ax.plot(*path.T, color=color, linestyle=style, marker=".", markersize=3.5, label=name, clip_on=True)
    if paths:
        ax.plot(
            *np.asarray(next(iter(paths.values())))[0], marker="o", color=INK, linestyle="none", markersize=6
        )
        ax.legend(loc="best", frameon=True, framealpha=0.85)
    ax.grid(False)
    ax.set(xlim=xlim, ylim=ylim, xlabel=r"$\theta_1$", ylabel=r"$\theta_2$", title=title)
    return ax


def layer_histograms(activations, axes=None, *, bins=41, names=None, color=BLUE):
    """Draw one histogram a layer of what its units give out, on one scale, with mean and deviation.

    Parameters
    ----------
    activations : sequence of (n_samples, n_units) arrays
    """
    count = len(activations)
    if not count:
        raise ValueError("activations must hold an array for each layer, got none")
    if axes is None:
        axes = plt.subplots(1, count, figsize=(1.9 * count, 2.4), sharex=True, squeeze=False)[1][0]
    finite = [np.asarray(A)[np.isfinite(A)] for A in activations]
    reach = max((float(np.abs(a).max()) for a in finite if a.size), default=1.0) or 1.0
    for k, (ax, a) in enumerate(zip(axes, finite, strict=False)):
        ax.hist(a, bins=np.linspace(-reach, reach, bins), color=color, density=False)
        ax.set_title(names[k] if names else f"layer {k + 1}", loc="center")
        ax.set_xlabel(f"mean {a.mean():.2g}\nstd {a.std():.2g}" if a.size else "no finite value")
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    return axes


def v_curve(steps, errors, ax=None, *, label=None, color=BLUE, linestyle="-", floor=1e-17):
    """Draw the relative error of a numerical gradient over its step size, both logarithmic: a V.

    To the right truncation, to the left rounding. Errors of exactly 0 are drawn at `floor`.
    """
    ax = _axes(ax)
    ax.loglog(steps, np.maximum(errors, floor), color=color, linestyle=linestyle, marker=".", label=label)
    ax.set(xlabel="step size $h$", ylabel="relative error")
    return ax


def regression_fits(x, y, fits, ax=None, *, outliers=None, title=None):
    """Draw data of one variable and several fits through them.

    Parameters
    ----------
    x, y : (n,) arrays
    fits : dict name -> callable x -> y
    outliers : (n,) array of bool, optional
        Samples to mark with a cross.
    """
    ax = _axes(ax)
    x, y = np.ravel(x), np.ravel(y)
    odd = np.zeros(x.size, dtype=bool) if outliers is None else np.asarray(outliers, dtype=bool)
    ax.plot(x[~odd], y[~odd], "o", color=GRAY, markersize=4.5, label="data")
    if odd.any():
        ax.plot(x[odd], y[odd], "X", color=INK, markersize=7, label="outliers")
    grid = np.linspace(x.min(), x.max(), 201)
    for (name, fit), color, style in zip(
        fits.items(), CLASS_COLORS, ("-", "--", "-.", ":") * 2, strict=False
    ):
        ax.plot(grid, np.ravel(fit(grid)), color=color, linestyle=style, label=name)
    ax.set(xlabel="$x$", ylabel="$y$", title=title)
    ax.legend()
    return ax


def image_grid(images, titles=None, axes=None, *, columns=8, scale=1.0):
    """Draw small gray pictures in rows, for instance digits (n, 8, 8), each with a title.

    >>> axes = image_grid(np.zeros((3, 8, 8)), titles=["0", "1", "2"])
    >>> axes.shape
    (1, 8)
    """
    images = as_floats("images", images, min_ndim=3)
    rows = -(-len(images) // columns)
    if axes is None:
        axes = plt.subplots(rows, columns, figsize=(scale * columns, 1.2 * scale * rows), squeeze=False)[1]
    for ax in axes.flat:
        ax.set_axis_off()
    for k, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(image, cmap="gray_r", interpolation="nearest")
        if titles is not None:
            ax.set_title(titles[k], loc="center", fontsize=9, pad=3)
    return axes


def confusion_matrix(y_true, y_pred, ax=None, *, title=None):
    """Draw counts of true label (row) against predicted label (column), every count written in its cell."""
    y_true, y_pred = np.ravel(y_true), np.ravel(y_pred)
    same_length("y_true", y_true, "y_pred", y_pred)
    ax = _axes(ax, figsize=(4.6, 4.2))
    labels = np.unique(np.concatenate([y_true, y_pred]))
    rows, columns = (np.searchsorted(labels, y) for y in (y_true, y_pred))
    counts = np.zeros((labels.size, labels.size), dtype=int)
    np.add.at(counts, (rows, columns), 1)
    ax.imshow(np.sqrt(counts), cmap="Blues")
    for (i, j), count in np.ndenumerate(counts):
        shade = "white" if count > 0.45 * counts.max() else INK
        ax.text(j, i, count, ha="center", va="center", fontsize=8, color=shade if count else GRAY)
    ticks = np.arange(labels.size)
    ax.set_xticks(ticks, labels)
    ax.set_yticks(ticks, labels)
    ax.set(xlabel="predicted", ylabel="true", title=title)
    ax.grid(False)
    return ax
