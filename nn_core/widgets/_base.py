"""What every widget shares: a picture, controls, a reading in words, and a still for paper.

A widget is three things. Its *controls* are ipywidgets with a label each. Its *picture* is a matplotlib
figure of which only the artists that move are drawn again. Its *reading* says in a sentence and in named
numbers what the picture shows: screen readers speak it, and tests read it. Displayed, the object gives
Jupyter all its faces at once: the live view, a still PNG with several states side by side for paper and the
web, and the still's alternative text. Pictures, controls and the screen in the page have files of their own.
"""

import html
import io
import threading
from base64 import b64encode
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache

import ipywidgets
import numpy as np

from nn_core.widgets._controls import panel
from nn_core.widgets._screen import Screen

try:
    from threadpoolctl import ThreadpoolController
except ImportError:
    ThreadpoolController = None


@cache
def _controller():
    return ThreadpoolController()


def one_thread():
    """Hold matrix products to one thread: they are small, and waking another costs more than it gives."""
    return _controller().limit(limits=1, user_api="blas") if ThreadpoolController else nullcontext()


@dataclass
class Reading:
    """What the picture shows: a sentence, and numbers by name."""

    sentence: str
    numbers: dict = field(default_factory=dict)

    def html(self):
        """Return the reading as HTML; each number stands in an element whose `data-name` is its name."""
        cells = " ".join(
            f'<span style="margin-right:1.2em;display:inline-block">{html.escape(name)} = '
            f'<b data-name="{html.escape(name)}">{html.escape(number(value))}</b></span>'
            for name, value in self.numbers.items()
        )
        return (
            '<div class="nn-reading" style="line-height:1.5">'
            f"<div>{html.escape(self.sentence)}</div><div>{cells}</div></div>"
        )

    def __str__(self):
        parts = ", ".join(f"{name} = {number(value)}" for name, value in self.numbers.items())
        return f"{self.sentence} {parts}".strip()


def number(value):
    """Write a number with at most five digits, an array as its numbers, a text as it is.

    >>> number(0.30000000000000004), number([1.0, -2.5]), number("none"), number(float("nan"))
    ('0.3', '1, -2.5', 'none', 'not a number')
    """
    if isinstance(value, str):
        return value
    if np.ndim(value):
        return ", ".join(number(v) for v in np.ravel(value))
    if np.isnan(value):
        return "not a number"
    if np.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    return f"{value + 0.0:.5g}" if not isinstance(value, (int, np.integer)) else str(value)


class Interactive:
    """A widget with controls, a picture, a reading and a still.

    A family's class makes its controls and its picture in ``__init__``, then calls :meth:`start`. It defines

    - ``show(**values) -> Reading``: move the artists to what the controls say;
    - ``still() -> Figure``: the same drawn for paper, several states side by side;
    - ``alt``: what the still shows, in a sentence.

    Everything that a reader can do with the mouse, a program can do with :meth:`set`.
    """

    alt = ""

    def start(self, picture, controls, *, order=None, columns=2, buttons=(), extra=()):
        """Put the parts together, draw the first picture, and listen to the controls.

        Parameters
        ----------
        controls : dict name -> ipywidget
        order : list of names, optional
            How the controls follow each other, row by row; as in `controls` if None.
        columns : int
            Controls in a row, where the page is wide enough.
        buttons : sequence of (ipywidget, callable)
        extra : ipywidgets shown under the controls without a name of their own
        """
        self.picture, self.controls, self.reading = picture, controls, Reading("")
        self._lock, self._held = threading.RLock(), 0
        dots = picture.figure.get_size_inches()[0] * picture.figure.dpi
        self.screen = Screen(width=int(dots))
        self._buttons = list(buttons)
        self.refresh()
        boxes = [panel([controls[name] for name in order or controls], columns, int(dots))]
        if self._buttons:
            boxes.insert(0, ipywidgets.HBox([b for b, _ in self._buttons]))
        self.view = ipywidgets.VBox([*boxes, *extra, self.screen])
        self.view.add_class("nn-widget")
        for control in controls.values():
            control.observe(self._changed, "value")
        for control, action in self._buttons:
            control.on_click(self._pressed(action))
        self.screen.observe(self._event, "event")

    def show(self, **values):
        """Move the artists to what the controls say; returns the reading."""
        raise NotImplementedError

    def still(self):
        """Draw the figure for paper: several states side by side."""
        raise NotImplementedError

    def moved(self, name, x, y):
        """Answer a handle that was moved to the fraction (x, y) of the picture."""

    def nudged(self, name, dx, dy):
        """Answer an arrow key on a handle: a step of -1, 0 or 1 each way, a tenth of it with shift."""

    @property
    def values(self):
        """What the controls say, by name."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values):
        """Set controls by name, as a reader would, and draw once."""
        with self.hold():
            for name, value in values.items():
                if name not in self.controls:
                    raise ValueError(f"no control {name!r}; there are {', '.join(self.controls)}")
                self.controls[name].value = value
        return self

    @contextmanager
    def hold(self):
        """Within this block controls may change without a picture; one is drawn at its end."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if not self._held:
            self.refresh()

    def refresh(self):
        """Draw the picture and write the reading that belong to the present state."""
        with self._lock, one_thread(), np.errstate(all="ignore"):
            self.reading = self.show(**self.values)
            png = self.picture.png()
            with self.screen.hold_sync():
                self.screen.alt = f"{self.name}: {self.reading}"
                self.screen.words = self.reading.html()
                self.screen.png = png
                self.screen.handles = self.handles()
                self.screen.frame += 1  # the last: it says that the others are there

    def handles(self):
        """Return the handles in the picture, each a dict of name, label, x and y."""
        return []

    @property
    def name(self):
        """The widget's name in words."""
        return type(self).__name__

    def _changed(self, _):
        if not self._held:
            self.refresh()

    def _pressed(self, action):
        def answer(_):
            with self.hold():  # an action may move a control, which would draw too
                action()

        return answer

    def _event(self, change):
        event = change["new"]
        if "key" in event:
            step = 0.1 if event.get("fine") else 1.0
            dx = {"ArrowRight": step, "ArrowLeft": -step}.get(event["key"], 0)
            dy = {"ArrowUp": step, "ArrowDown": -step}.get(event["key"], 0)
            self.nudged(event["name"], dx, dy)
        elif "name" in event:
            self.moved(event["name"], event["x"], event["y"])

    def close(self):
        """Free everything: the view, its controls, their observers, the figure."""
        for control in self.controls.values():
            control.unobserve_all()
        self.screen.unobserve_all()
        self.screen._msg_callbacks.callbacks.clear()
        for control, _ in self._buttons:
            control._click_handlers.callbacks.clear()
        _close(self.view)
        self.screen.png = b""  # anywidget keeps hold of what it has once shown
        self.picture.close()

    def png(self, dpi=110):
        """Return the still as PNG bytes."""
        stream = io.BytesIO()
        figure = self.still()
        figure.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
        figure.clear()
        return stream.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        bundle = dict(self.view._repr_mimebundle_())
        bundle["image/png"] = b64encode(self.png()).decode()
        bundle["text/plain"] = self.alt
        return bundle

    def __repr__(self):
        return f"<{self.name}: {self.reading}>"


def _close(view):
    for child in getattr(view, "children", ()):
        _close(child)
    for part in (getattr(view, "layout", None), getattr(view, "style", None)):
        if isinstance(part, ipywidgets.Widget):
            part.close()
    view.close()
