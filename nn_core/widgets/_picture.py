"""A picture drawn fast: only the artists that move are drawn again, and a PNG is made for speed, not size."""

import struct
import zlib

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nn_core.widgets._raster import Pixels


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
