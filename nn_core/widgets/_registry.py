"""What is registered, for menus and sliders: a new entry of a registry appears in the widgets by itself."""

import html
import re

import numpy as np

from nn_core.widgets._controls import log_slider, slider


def parameter_sliders(registry, defaults):
    """Return a slider for each hyper-parameter of each entry, as {"entry.parameter": slider}.

    Parameters
    ----------
    registry : dict name -> entry with `.ranges`
    defaults : callable entry -> dict parameter -> default
    """
    sliders = {}
    for name, entry in registry.items():
        start = defaults(entry)
        for parameter, (low, high) in entry.ranges.items():
            value = float(np.clip(start.get(parameter, low), low, high))
            if low > 0 and high / low >= 100:
                sliders[f"{name}.{parameter}"] = log_slider(
                    parameter, value, float(np.log10(low)), float(np.log10(high)), exact=True
                )
            elif isinstance(low, int) and isinstance(high, int):
                sliders[f"{name}.{parameter}"] = slider(parameter, int(value), low, high)
            else:
                sliders[f"{name}.{parameter}"] = slider(parameter, value, float(low), float(high), exact=True)
    return sliders


def of_entry(name, values):
    """Pick the hyper-parameters of one entry out of the values of all controls."""
    return {key.split(".", 1)[1]: value for key, value in values.items() if key.startswith(f"{name}.")}


def show_only(controls, name):
    """Show the sliders of the entry `name` and hide those of all others."""
    for key, control in controls.items():
        if "." in key:
            control.layout.display = None if key.startswith(f"{name}.") else "none"


def words(entry):
    """Return the name that an entry's docstring begins with.

    >>> from nn_core.losses import LOSSES
    >>> words(LOSSES["mse"])
    'Mean squared error'
    """
    return re.split("[:,.]", (entry.__doc__ or entry.name).strip())[0]


def formula(entry):
    """Return the first line of an entry's docstring as HTML, its formula for MathJax."""
    return html.escape((entry.__doc__ or entry.name).strip().splitlines()[0], quote=False)
