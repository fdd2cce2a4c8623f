"""Widgets: see it move. Each is a function that takes the reader's own data, function or network.

``widgets.neuron()`` as the last line of a cell shows it; on paper and in the web book the cell keeps a still.
"""

from nn_core.widgets.functions import (
    activation_explorer,
    gradient_check_curve,
    loss_explorer,
    schedule_explorer,
)

__all__ = ["activation_explorer", "gradient_check_curve", "loss_explorer", "schedule_explorer"]
