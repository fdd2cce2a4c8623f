"""The screen: the picture in the page, its words under it, and handles that mouse and keys move."""

import html
from base64 import b64encode
from pathlib import Path

import ipywidgets
import traitlets

try:
    import anywidget
except ImportError:  # the picture is then an <img> in an HTML widget: everything works but dragging in it
    anywidget = None

HERE = Path(__file__).parent

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
