"""Curves: activations, losses, training runs, fits, errors of numerical gradients."""

import matplotlib.pyplot as plt
import numpy as np

from nn_core.activations import ACTIVATIONS
from nn_core.checks import lookup
from nn_core.losses import LOSSES
from nn_core.plotting.style import BLUE, CLASS_COLORS, GRAY, INK, RED, axes_or_new


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
    ax = axes_or_new(ax, figsize=(4.4, 3.2))
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
    ax = axes_or_new(ax, figsize=(4.4, 3.2))
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
    ax = axes_or_new(ax)
    runs = np.asarray(runs, dtype=float)
    ax.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=color, alpha=0.16, linewidth=0)
    ax.plot(x, np.median(runs, axis=0), color=color, linestyle=linestyle, label=label)
    return ax


def v_curve(steps, errors, ax=None, *, label=None, color=BLUE, linestyle="-", floor=1e-17):
    """Draw the relative error of a numerical gradient over its step size, both logarithmic: a V.

    To the right truncation, to the left rounding. Errors of exactly 0 are drawn at `floor`.
    """
    ax = axes_or_new(ax)
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
    ax = axes_or_new(ax)
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
