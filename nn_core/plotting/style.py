"""The book's style: colors that everybody can tell apart, markers, and a style sheet."""

from pathlib import Path

import matplotlib.pyplot as plt

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
CLASS_COLORS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, INK)
CLASS_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLE_FILE = Path(__file__).with_name("book.mplstyle")


def use_style():
    """Put the book's style sheet in force for every figure made from now on."""
    plt.style.use(STYLE_FILE)


def axes_or_new(ax, **kwargs):
    """Return `ax`, or the axes of a new figure for None."""
    return plt.subplots(**kwargs)[1] if ax is None else ax
