"""The controls of widgets: sliders on grids that the page shares, menus, boxes, buttons, and their panel."""

import ipywidgets
import numpy as np

_STYLE = {"description_width": "initial"}


def nice_step(width):
    """Return the largest of …, 0.01, 0.02, 0.05, 0.1, … that is not above `width`.

    >>> nice_step(0.029), nice_step(0.049), nice_step(0.1)
    (0.02, 0.02, 0.1)
    """
    decade = 10.0 ** np.floor(np.log10(width) + 1e-9)
    return float(f"{max(m * decade for m in (1, 2, 5) if m * decade <= width * (1 + 1e-9)):.6g}")


def slider(label, value, low, high, step=None, exact=False):
    """Return a slider over numbers; whole numbers when all of them are whole and no step says otherwise.

    The first value is moved to the slider's grid, unless it must stay exact.
    """
    if step is None and all(isinstance(v, int) for v in (value, low, high)):
        kind, step = ipywidgets.IntSlider, 1
        return kind(value=value, min=low, max=high, step=step, description=label, style=_STYLE)
    step = nice_step((high - low) / 100) if step is None else step
    if not exact:
        value = float(
            np.clip(low + round((value - low) / step) * step, low, high)
        )  # where the page would put it
    digits = max(0, min(6, int(np.ceil(-np.log10(step) - 1e-9))))
    return ipywidgets.FloatSlider(
        value=value, min=low, max=high, step=step, description=label, style=_STYLE,
        readout_format=f".{digits}f",
    )  # fmt: skip


def log_slider(label, value, low, high, steps_per_decade=10, exact=False):
    """Return a slider over powers of ten, from 10**low to 10**high."""
    if not exact:
        exponent = low + round((np.log10(value) - low) * steps_per_decade) / steps_per_decade
        value = float(10 ** np.clip(exponent, low, high))  # where the page would put it
    return ipywidgets.FloatLogSlider(
        value=value, min=low, max=high, step=1 / steps_per_decade, base=10, description=label, style=_STYLE,
        readout_format=".3g",
    )  # fmt: skip


def menu(label, options, value=None):
    """Return a drop-down menu."""
    options = list(options)
    first = options[0][1] if isinstance(options[0], tuple) else options[0]
    return ipywidgets.Dropdown(
        options=options, value=first if value is None else value, description=label, style=_STYLE
    )  # fmt: skip


def name_of(f):
    """Return what a menu calls a reader's own function.

    >>> name_of(np.tanh), name_of(lambda z: z)
    ('tanh', 'own')
    """
    return getattr(f, "__name__", "own").replace("<lambda>", "own")


def checkbox(label, value=False):
    """Return a box to tick."""
    return ipywidgets.Checkbox(value=value, description=label, indent=False)


def button(label, tooltip, icon=""):
    """Return a button; its tooltip says what it does."""
    return ipywidgets.Button(
        description=label, tooltip=tooltip, icon=icon, layout=ipywidgets.Layout(width="auto", min_width="5em")
    )


def panel(controls, columns, width):
    """Return a grid of controls, labels and sliders in line; a narrow page gets fewer columns."""
    for first in range(columns):
        column = [c for c in controls[first::columns] if not isinstance(c, ipywidgets.Checkbox)]
        for control in column:
            control.style.description_width = f"{7 * max(len(c.description) for c in column) + 6}px"
    for control in controls:
        control.layout.width, control.layout.margin = "auto", "2px 0"
    least = f"{width // columns - 18}px"
    template = f"repeat(auto-fill, minmax({least}, 1fr))"
    if columns == 2 and any(isinstance(c, ipywidgets.Checkbox) for c in controls[::2]):
        template = "1fr 2fr"  # a box to tick needs less room than its slider
    layout = ipywidgets.Layout(
        grid_template_columns=template, grid_gap="0 18px", max_width=f"{width}px", width="100%"
    )
    return ipywidgets.GridBox(controls, layout=layout)
