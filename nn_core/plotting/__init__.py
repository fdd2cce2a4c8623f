"""Figures of the book: curves, decision regions, landscapes, training runs, diagrams of neurons and networks.

Each function draws on `ax` (a new figure where it is None) and returns the axes it drew on, so that
pictures can stand side by side: ``fig, axes = plt.subplots(1, 2)``. What is drawn comes from the functions
and parameters that are passed in, never from a copy of them. Importing this puts the book's style sheet
(``book.mplstyle``) in force; ``plt.style.use("default")`` takes it off again.
"""

from nn_core.plotting.curves import (
    activation_curves,
    loss_curves,
    loss_slice,
    regression_fits,
    spread,
    training_curves,
    v_curve,
)
from nn_core.plotting.flows import error_flow_diagram, forward_flow_diagram, graph_diagram
from nn_core.plotting.networks import network_diagram
from nn_core.plotting.neurons import neuron_diagram, perceptron_diagram
from nn_core.plotting.panels import confusion_matrix, image_grid, layer_histograms
from nn_core.plotting.planes import decision_boundary, landscape, line, plane_grid, points, xor_plane
from nn_core.plotting.style import (
    BLUE,
    CLASS_COLORS,
    CLASS_MARKERS,
    GRAY,
    GREEN,
    INK,
    ORANGE,
    PAPER,
    PURPLE,
    RED,
    SKY,
    use_style,
)

__all__ = [
    "BLUE", "CLASS_COLORS", "CLASS_MARKERS", "GRAY", "GREEN", "INK", "ORANGE", "PAPER", "PURPLE", "RED",
    "SKY", "activation_curves", "confusion_matrix", "decision_boundary", "error_flow_diagram",
    "forward_flow_diagram", "graph_diagram", "image_grid", "landscape", "layer_histograms", "line",
    "loss_curves", "loss_slice", "network_diagram", "neuron_diagram", "perceptron_diagram", "plane_grid",
    "points", "regression_fits", "spread", "training_curves", "use_style", "v_curve", "xor_plane",
]

use_style()
