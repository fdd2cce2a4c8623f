"""Many small panels or cells: histograms of layers, pictures in rows, a table of confusions."""

import matplotlib.pyplot as plt
import numpy as np

from nn_core.checks import as_floats, same_length
from nn_core.plotting.style import BLUE, GRAY, INK, axes_or_new


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
    ax = axes_or_new(ax, figsize=(4.6, 4.2))
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
