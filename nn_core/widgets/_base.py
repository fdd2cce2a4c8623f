"""What every widget shares: a picture drawn fast, controls, a reading in words, and a still for paper.

A widget is three things. Its *controls* are ipywidgets with a label each. Its *picture* is a matplotlib
figure of which only the artists that move are drawn again. Its *reading* says in a sentence and in named
numbers what the picture shows: screen readers speak it, and tests read it. Displayed, the object gives
Jupyter all its faces at once: the live view, a still PNG with several states side by side for paper and the
web, and the still's alternative text.
"""

import html
import io
import struct
import threading
import zlib
from base64 import b64encode
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import ipywidgets
import numpy as np
import traitlets
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nn_core.widgets._raster import Pixels

try:
    import anywidget
except ImportError:  # the picture is then an <img> in an HTML widget: everything works but dragging in it
    anywidget = None

try:
    from threadpoolctl import ThreadpoolController
except ImportError:
    ThreadpoolController = None

HERE = Path(__file__).parent


@cache
def _controller():
    return ThreadpoolController()


def one_thread():
    """Hold matrix products to one thread: they are small, and waking another costs more than it gives."""
    return _controller().limit(limits=1, user_api="blas") if ThreadpoolController else nullcontext()


def encode_png(rgba):
    r"""Encode an (height, width, 4) array of bytes as a PNG, fast rather than small.

    >>> encode_png(np.zeros((2, 3, 4), dtype=np.uint8))[:4]
    b'\x89PNG'
    """
    height, width = rgba.shape[:2]
    rows = np.zeros((height, 1 + 4 * width), dtype=np.uint8)  # each row starts with filter type 0
    rows[:, 1:] = rgba.reshape(height, -1)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = zlib.compress(rows, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


class Picture:
    """A figure in which the artists named by :meth:`moving` are drawn anew, and everything else only once."""

    def __init__(self, width=7.6, height=3.4, dpi=100):
        self.figure = Figure(figsize=(width, height), dpi=dpi, layout="constrained")
        self.canvas = FigureCanvasAgg(self.figure)
        self._moving, self._scene, self._backgrounds = [], None, {}

    def moving(self, *artists):
        """Take artists out of the background; returns them."""
        for artist in artists:
            artist.set_animated(True)
        self._moving += artists
        return artists[0] if len(artists) == 1 else artists

    def scene(self, key):
        """Name the background by what it shows: it is drawn once for each key, and kept."""
        self._scene = key
        for ax in self.figure.axes:
            ax.apply_aspect()  # which matplotlib does when it draws the background

    def stale(self):
        """Have the present background drawn again."""
        self._backgrounds.pop(self._scene, None)

    def draw(self):
        """Draw what moves over what stays; returns the pixels (height, width, 4)."""
        if self._scene not in self._backgrounds:
            self.canvas.draw()
            self.figure.set_layout_engine("none")  # once is enough, and it costs more than all the rest
            self._backgrounds[self._scene] = self.canvas.copy_from_bbox(self.figure.bbox)
        else:
            self.canvas.restore_region(self._backgrounds[self._scene])
        pixels = np.asarray(self.canvas.buffer_rgba())
        for artist in self._moving:
            if isinstance(artist, Pixels):
                if artist.get_visible():
                    artist.draw_into(pixels)
            elif artist.get_visible():
                artist.axes.draw_artist(artist)
        return pixels

    def png(self):
        """Return the picture as PNG bytes."""
        return encode_png(self.draw())

    def fraction(self, ax, x, y):
        """Where a point of `ax` lies in the picture, from its left and its top, each from 0 to 1."""
        across, up = self.figure.transFigure.inverted().transform(ax.transData.transform((x, y)))
        return float(across), float(1 - up)

    def data(self, ax, across, down):
        """Find the point of `ax` at a fraction of the picture; the inverse of :meth:`fraction`."""
        pixel = self.figure.transFigure.transform((across, 1 - down))
        return tuple(float(v) for v in ax.transData.inverted().transform(pixel))

    def close(self):
        """Let go of the figure and all its artists."""
        self.figure.clear()
        self._moving.clear()
        self._backgrounds.clear()


if anywidget is not None:

    class Screen(anywidget.AnyWidget):
        """The picture in the page, its words under it, and handles that mouse and keys move.

        One message brings a whole frame: PNG bytes, alternative text, reading, handles, and its number.
        While `playing` the page asks for frames, two ahead at most: the kernel need not wait for the page,
        and nothing piles up.
        """

        _esm = HERE / "screen.js"
        _css = HERE / "screen.css"
        png = traitlets.Bytes(b"").tag(sync=True)
        alt = traitlets.Unicode("").tag(sync=True)
        words = traitlets.Unicode("").tag(sync=True)
        width = traitlets.Int(760).tag(sync=True)
        handles = traitlets.List().tag(sync=True)
        frame = traitlets.Int(0).tag(sync=True)
        playing = traitlets.Bool(False).tag(sync=True)
        event = traitlets.Dict().tag(sync=True, echo_update=False)

        def on_ask(self, answer):
            """Call `answer` whenever the page asks for a frame; return what the view needs for that."""
            self.on_msg(lambda _, content, buffers: answer() if content == {"ask": "frame"} else None)
            return ()

else:

    class Screen(ipywidgets.HTML):
        """The picture as an <img> inside an HTML widget, where anywidget is not installed."""

        png = traitlets.Bytes(b"")
        alt = traitlets.Unicode("")
        words = traitlets.Unicode("")
        width = traitlets.Int(760)
        handles = traitlets.List()
        frame = traitlets.Int(0)
        playing = traitlets.Bool(False)
        event = traitlets.Dict()

        @traitlets.observe("frame")
        def _show(self, _):
            data = b64encode(self.png).decode()
            self.value = (
                f'<img alt="{html.escape(self.alt)}" width="{self.width}" style="max-width:100%" '
                f'decoding="sync" src="data:image/png;base64,{data}"><div role="status">{self.words}</div>'
            )

        def on_ask(self, answer):
            """Call `answer` whenever a timer in the page ticks; return what the view needs for that."""
            clock = ipywidgets.Play(interval=40, min=0, max=10**9, layout={"display": "none"})
            traitlets.link((self, "playing"), (clock, "playing"))
            clock.observe(lambda _: answer(), "value")
            return (clock,)


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


def name_of(f):
    """Return what a menu calls a reader's own function.

    >>> name_of(np.tanh), name_of(lambda z: z)
    ('tanh', 'own')
    """
    return getattr(f, "__name__", "own").replace("<lambda>", "own")


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
