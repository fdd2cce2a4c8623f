"""nn_core: the neural networks of the book, in plain NumPy.

Activations, losses, layers, models, optimizers, schedules, gradient checks and data, each in the file of
its name, ordered as the chapters are. ``from nn_core import plotting, widgets`` brings the figures and the
interactive parts, which this import leaves alone: it loads NumPy and nothing else.
"""

from nn_core import activations, data, gradcheck, layers, losses, models, optimizers, schedules
from nn_core.activations import ACTIVATIONS, log_softmax, softmax
from nn_core.gradcheck import gradient_check, numerical_gradient
from nn_core.layers import INITIALIZERS
from nn_core.losses import LOSSES
from nn_core.models import MLP, Perceptron
from nn_core.optimizers import OPTIMIZERS, SGD, AdaGrad, Adam, AdamW, RMSProp
from nn_core.schedules import (
    SCHEDULES,
    CosineAnnealing,
    ExponentialDecay,
    InverseTimeDecay,
    StepDecay,
    Warmup,
)
from nn_core.training import History

__all__ = [
    "ACTIVATIONS", "INITIALIZERS", "LOSSES", "MLP", "OPTIMIZERS", "SCHEDULES", "SGD",
    "AdaGrad", "Adam", "AdamW", "CosineAnnealing", "ExponentialDecay", "History", "InverseTimeDecay",
    "Perceptron", "RMSProp", "StepDecay", "Warmup",
    "activations", "data", "gradcheck", "gradient_check", "layers", "log_softmax", "losses", "models",
    "numerical_gradient", "optimizers", "schedules", "softmax",
]
