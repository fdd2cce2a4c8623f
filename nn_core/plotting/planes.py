"""Pictures of the plane: samples, what a model says of every point, lines, landscapes."""

import numpy as np
from matplotlib.colors import ListedColormap

from nn_core.checks import a_function, as_floats, as_points
from nn_core.plotting.style import (
    BLUE,
    CLASS_COLORS,
    CLASS_MARKERS,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    axes_or_new,
)


def points(X, y, ax=None, *, labels=None, size=28, title=None):
    """Scatter samples in the plane, one color and one marker a class.

    Parameters
    ----------
    X : (n_samples, 2) array
    y : (n_samples,) array of labels, of any kind
    labels : sequence of str, optional
        Names of the classes in sorted order, for a legend.
    """
    ax = axes_or_new(ax, figsize=(4.6, 4))
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
    ax = axes_or_new(ax, figsize=(4.8, 4))
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


def line_in_window(w, b, xlim, ylim):
    """Return two points (2, 2) of the line w·x + b = 0 that lie outside the window, or None for w = 0.

    >>> ends = line_in_window(np.array([0.0, 2.0]), -1.0, (0, 1), (0, 1))
    >>> ends[:, 1]
    array([0.5, 0.5])
    """
    w = np.asarray(w, dtype=float)
    length = np.linalg.norm(w)
    if length < 1e-12:
        return None
    middle = np.array([sum(xlim), sum(ylim)]) / 2
    foot = middle - (w @ middle + b) / length**2 * w
    along = np.array([-w[1], w[0]]) / length * np.hypot(xlim[1] - xlim[0], ylim[1] - ylim[0])
    return np.array([foot - along, foot + along])


def line(w, b, ax=None, *, normal=True, color=INK, linestyle="-", label=None):
    r"""Draw the line $w \cdot x + b = 0$ over the axes' present window, with its normal `w`.

    The arrow starts at the point of the line nearest to the middle of the window and points to the side where
    $w \cdot x + b > 0$. With w = 0 there is no line, and nothing is drawn.
    """
    ax = axes_or_new(ax, figsize=(4.6, 4))
    w, b = as_floats("w", w, finite=True), float(b)
    if w.shape != (2,):
        raise ValueError(f"w must have shape (2,), got {w.shape}")
    window = ax.get_xlim(), ax.get_ylim()
    ends = line_in_window(w, b, *window)
    if ends is None:
        return ax
    ax.plot(*ends.T, color=color, linestyle=linestyle, label=label)
    if normal:
        foot, direction, reach = ends.mean(axis=0), w / np.linalg.norm(w), np.hypot(*np.diff(window)[:, 0])
        tip = foot + 0.14 * reach * direction
        ax.annotate(
            "", tip, foot, arrowprops={"arrowstyle": "-|>", "color": color, "shrinkA": 0, "shrinkB": 0}
        )
        ax.annotate("$w$", tip + 0.02 * reach * direction, color=color, ha="center", va="center")
    ax.set(xlim=window[0], ylim=window[1])
    return ax


def xor_plane(ax=None, *, lines=(), title=None):
    """Draw the four points of exclusive or, 0 as circles, 1 as squares, and lines (w, b) through them.

    >>> ax = xor_plane(lines=[((1, 1), -0.5), ((1, 1), -1.5)])   # OR and AND: between them lies XOR
    >>> len(ax.lines)
    2
    """
    ax = axes_or_new(ax, figsize=(4, 3.8))
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    points(X, X[:, 0] ^ X[:, 1], ax, labels=("XOR = 0", "XOR = 1"), size=130, title=title)
    ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), xticks=(0, 1), yticks=(0, 1), aspect="equal")
    for (w, b), style in zip(lines, ("-", "--", "-.", ":") * len(lines), strict=False):
        line(w, b, ax, linestyle=style)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
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
    ax = axes_or_new(ax, figsize=(5, 4))
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
