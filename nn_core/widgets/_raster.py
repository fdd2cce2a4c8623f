"""Artists that write their pixels themselves, because matplotlib's take most of a frame.

An image that is only enlarged costs matplotlib 3 ms, a line of text or a row of markers 0.5 ms; copied into
the picture's pixels they cost a tenth. All have what :class:`Picture` asks of an artist that moves.
"""

from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure


class Pixels:
    """An artist that moves and draws itself with :meth:`draw_into`."""

    def __init__(self, ax):
        self.axes, self._visible = ax, True

    def set_animated(self, _):
        """Do nothing: it is never part of the background."""

    def get_visible(self):
        """Return whether it is drawn."""
        return self._visible

    def set_visible(self, visible):
        """Show or hide it."""
        self._visible = bool(visible)


class Bitmap(Pixels):
    """An image (rows, columns, 3) of bytes that fills its axes; its first row is the lowest."""

    def __init__(self, ax, image):
        super().__init__(ax)
        self.image = image

    def set_data(self, image):
        """Show another image."""
        self.image = image

    def draw_into(self, pixels):
        """Copy the enlarged image into pixels (height, width, 4), row 0 on top."""
        box = self.axes.get_window_extent()
        left, right = round(box.x0), round(box.x1)
        top, bottom = pixels.shape[0] - round(box.y1), pixels.shape[0] - round(box.y0)
        image = self.image[::-1]
        if image.shape[:2] != (bottom - top, right - left):
            rows = np.arange(bottom - top) * image.shape[0] // (bottom - top)
            columns = np.arange(right - left) * image.shape[1] // (right - left)
            image = image[rows][:, columns]
        pixels[top:bottom, left:right, :3] = image


class Tiles(Pixels):
    """Square images of one size with a rim, each at its own place of the figure."""

    def __init__(self, ax, rim):
        super().__init__(ax)
        self.rim, self.tiles = (255 * np.array(to_rgb(rim))).astype(np.uint8), []

    def set_data(self, places, images):
        """Show images (n, size, size, 3) of bytes, lowest row first, their upper left corners at `places`."""
        self.tiles = list(zip(places, images, strict=True))

    def draw_into(self, pixels):
        """Copy all of them into pixels (height, width, 4)."""
        for (left, top), image in self.tiles:
            size = len(image)
            pixels[top - 1 : top + size + 1, left - 1 : left + size + 1, :3] = self.rim
            pixels[top : top + size, left : left + size, :3] = image[::-1]


@lru_cache(maxsize=64)
def mark(marker, size, face, edge, dpi):
    """Return a marker's pixels: places (k, 2) around its middle, colors (k, 3), opacity (k, 1)."""
    half = int(np.ceil(size * dpi / 72))
    shots = []
    for ground in ("white", "black"):
        inches = (2 * half + 1) / dpi
        figure = Figure(figsize=(inches, inches), dpi=dpi, facecolor=ground, layout="none")
        ax = figure.add_axes((0, 0, 1, 1))
        ax.set_axis_off()
        ax.set(xlim=(-1, 1), ylim=(-1, 1))
        style = {"markersize": size, "markerfacecolor": face, "markeredgecolor": edge, "markeredgewidth": 0.7}
        ax.plot([0], [0], marker=marker, linestyle="none", **style)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        shots.append(np.asarray(canvas.buffer_rgba())[..., :3].astype(np.float32))
    opacity = 1 - (shots[0] - shots[1]).mean(axis=2) / 255
    places = np.argwhere(opacity > 0.02)
    opacity = opacity[tuple(places.T)][:, None]
    return places - half, shots[1][tuple(places.T)] / opacity, opacity


class Marks(Pixels):
    """Markers at points of their axes, to the next whole pixel."""

    def __init__(self, ax, marker, *, size=5, face="black", edge="white"):
        super().__init__(ax)
        self.style, self.points = (marker, size, face, edge), np.empty((0, 2))

    def set_data(self, points):
        """Stand at points (n, 2)."""
        self.points = np.asarray(points, dtype=float)

    def draw_into(self, pixels):
        """Blend the markers into pixels (height, width, 4)."""
        offsets, colors, opacity = mark(*self.style, self.axes.figure.dpi)
        x, y = self.axes.transData.transform(self.points).T
        middle = np.stack([pixels.shape[0] - y, x], axis=1)[:, None]
        place = np.floor(middle).astype(int) + offsets
        rows, columns = np.clip(place, 0, np.array(pixels.shape[:2]) - 1).transpose(2, 0, 1)
        inside = (rows == place[..., 0]) & (columns == place[..., 1])
        under = pixels[rows, columns, :3]
        pixels[rows[inside], columns[inside], :3] = (under + opacity * (colors - under))[inside]


@lru_cache(maxsize=4096)
def stamp(character, size, dpi):
    """Return a character's ink from 0 to 1 as (height, advance), its baseline two thirds down."""
    height = int(np.ceil(1.6 * size * dpi / 72))
    figure = Figure(figsize=(3 * height / dpi, height / dpi), dpi=dpi, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    many = canvas.get_renderer().get_text_width_height_descent
    font = figure.text(
        0.2, 1 / 3, character, fontsize=size, color="black", va="baseline"
    ).get_fontproperties()
    advance = many(character * 40, font, False)[0] / 40 if character.strip() else 0.32 * size * dpi / 72
    canvas.draw()
    ink = 1 - np.asarray(canvas.buffer_rgba())[..., 0] / 255
    start = int(0.2 * 3 * height)
    return ink[:, start : start + max(1, round(advance))].astype(np.float32)


class Label(Pixels):
    """Plain text at a point of its axes: centered, under it (va="top") or above it (va="bottom").

    With a `box`, a color, it hides what lies under it.
    """

    def __init__(self, ax, x, y, text="", *, size=9, color="#222222", va="top", box=None):
        super().__init__(ax)
        self.place, self.text, self.size, self.va = (x, y), text, size, va
        self.box = None if box is None else (255 * np.array(to_rgb(box))).astype(np.uint8)
        self.color = 255 * np.array(to_rgb(color), dtype=np.float32)

    def set_text(self, text):
        """Show another text, perhaps of several lines."""
        self.text = text

    def get_text(self):
        """Return the text."""
        return self.text

    def draw_into(self, pixels):
        """Blend the text into pixels (height, width, 4)."""
        if not self.text:
            return
        dpi = self.axes.figure.dpi
        x, y = self.axes.transData.transform(self.place)
        lines = [
            np.hstack([stamp(c, self.size, dpi) for c in line]) for line in self.text.split("\n") if line
        ]
        step = round(1.2 * self.size * dpi / 72)
        total = step * (len(lines) - 1) + lines[0].shape[0]
        top = (
            pixels.shape[0]
            - round(y)
            - {"top": round(0.2 * step), "center": total // 2, "bottom": total}[self.va]
        )
        for ink in lines:
            left = round(x - ink.shape[1] / 2)
            rows, columns = slice(max(top, 0), top + ink.shape[0]), slice(max(left, 0), left + ink.shape[1])
            under = pixels[rows, columns, :3]
            if self.box is not None:
                edge = round(0.2 * len(under))  # a line's ink is higher than its letters
                under[edge:-edge] = self.box
            shown = ink[: under.shape[0], : under.shape[1], None]
            under[:] = under + shown * (self.color - under)
            top += step
