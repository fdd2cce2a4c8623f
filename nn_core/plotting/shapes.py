"""What diagrams are made of: a sheet without frame, arrows, round nodes, boxes."""

import matplotlib.pyplot as plt
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from nn_core.plotting.style import INK


def sheet(ax, width, height, scale=0.62, bottom=0.0):
    """Axes without frame, `width` units wide, from `bottom` to `height`, equal in both directions."""
    if ax is None:
        ax = plt.subplots(figsize=(scale * width, scale * (height - bottom)))[1]
    ax.set(xlim=(0, width), ylim=(bottom, height), aspect="equal")
    ax.set_axis_off()
    return ax


def arrow(ax, start, end, color=INK, *, width=1.2, linestyle="-", bend=0.0, gap=0):
    """Draw an arrow from `start` to `end`, bent to a side, `gap` points away from both."""
    patch = FancyArrowPatch(
        start,
        end,
        arrowstyle="-|>",
        mutation_scale=11,
        color=color,
        linewidth=width,
        linestyle=linestyle,
        connectionstyle=f"arc3,rad={bend}",
        shrinkA=gap,
        shrinkB=gap,
        zorder=1.5,
    )
    ax.add_patch(patch)


def node(ax, at, text="", *, radius=0.42, face="white", edge=INK, size=12, width=1.3):
    """Draw a circle with a text in it; `width` is that of its rim."""
    ax.add_patch(Circle(at, radius, facecolor=face, edgecolor=edge, linewidth=width, zorder=2))
    ax.text(*at, text, ha="center", va="center", fontsize=size, zorder=3)


def box(ax, at, text, *, width=2.4, height=1.1, face="white", edge=INK, size=11):
    """Draw a box with round corners and a text, around `at`."""
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
    ax.text(*at, text, ha="center", va="center", fontsize=size, zorder=3, linespacing=1.5)
