"""Widgets: see it move. Each is a function that takes the reader's own data, function or network.

``widgets.neuron()`` as the last line of a cell shows it; on paper and in the web book the cell keeps a still.
"""

from nn_core.widgets.depth import initialisation
from nn_core.widgets.fits import outlier_fit, universal_approximation
from nn_core.widgets.functions import activation_explorer, loss_explorer
from nn_core.widgets.geometry import neuron, perceptron_training
from nn_core.widgets.networks import backprop_stepper, forward_flow
from nn_core.widgets.nudges import gradient_check_curve
from nn_core.widgets.play import playground
from nn_core.widgets.races import optimizer_race
from nn_core.widgets.rates import schedule_explorer

__all__ = [
    "activation_explorer",
    "backprop_stepper",
    "forward_flow",
    "gradient_check_curve",
    "initialisation",
    "loss_explorer",
    "neuron",
    "optimizer_race",
    "outlier_fit",
    "perceptron_training",
    "playground",
    "schedule_explorer",
    "universal_approximation",
]
