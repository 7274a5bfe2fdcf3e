"""A figure drawn once for all kinds of files: a bitmap, and every stroke kept for vector files.

Working out where everything stands takes matplotlib longer than writing it down, and it would do so for each file.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Transform, TransformedBbox, TransformedPath
from numpy.typing import NDArray

from analysis.drawing.stamp import RGBA, measured, stamp

LONGEST = 30  # letters of a text that is likely to come again
GROUND = "ground"  # the group of what a page without background leaves out
Stroke = Callable[[RendererBase, Transform], None]  # draws on a renderer, with its places scaled


class Tape(RendererBase):
    """A bitmap of `dots` per inch of a figure, and every stroke of it; images are not known to it.

    The bitmap measures the texts, so that it comes out as matplotlib alone would have drawn it, but that short texts
    stand on whole dots.
    """

    def __init__(self, figure: Figure, dots: float) -> None:
        super().__init__()
        self.dots = dots
        self.width, self.height = (figure.get_size_inches() * dots).tolist()
        self._bitmap = RendererAgg(self.width, self.height, dots)
        self._strokes: list[tuple[Stroke, bool]] = []  # each with whether it is of the background
        self._groups: list[str | None] = []
        figure.dpi = dots
        for patch in (figure.patch, *(axes.patch for axes in figure.axes)):
            patch.set_gid(GROUND)
        figure.draw(self)

    def pixels(self) -> NDArray[np.uint8]:
        """The bitmap, (h, w, 4)."""
        return np.asarray(self._bitmap.buffer_rgba())

    def sheet(self, background: bool) -> Figure:
        """A figure of the same size that needs no working out, for files of vectors."""
        made = Figure(figsize=(self.width / self.dots, self.height / self.dots), frameon=False)
        made.add_artist(_Played(self, background))
        return made

    def play(self, to: RendererBase, background: bool) -> None:
        """Draw everything on a renderer whose unit is the point."""
        scale = Affine2D().scale(72 / self.dots)
        for stroke, of_background in self._strokes:
            if background or not of_background:
                stroke(to, scale)

    def open_group(self, s: str, gid: str | None = None) -> None:
        self._groups.append(gid)
        self._keep(lambda to, scale: to.open_group(s, gid))

    def close_group(self, s: str) -> None:
        self._keep(lambda to, scale: to.close_group(s))
        self._groups.pop()

    def draw_path(self, *told: object, **named: object) -> None:
        self._draw("draw_path", *told, **named)

    def draw_markers(self, *told: object, **named: object) -> None:
        self._draw("draw_markers", *told, **named)

    def draw_path_collection(self, *told: object, **named: object) -> None:
        self._draw("draw_path_collection", *told, **named)

    def draw_quad_mesh(self, *told: object, **named: object) -> None:
        self._draw("draw_quad_mesh", *told, **named)

    def draw_text(  # the signature is matplotlib's
        self,
        gc: GraphicsContextBase,
        x: float,
        y: float,
        s: str,
        prop: FontProperties,
        angle: float,
        ismath: bool | Literal["TeX"] = False,
        mtext: Text | None = None,
    ) -> None:
        if angle or ismath or len(s) > LONGEST or gc.get_alpha() != 1:
            self._bitmap.draw_text(gc, x, y, s, prop, angle, ismath, mtext)
        else:
            made = stamp(s, prop.copy(), _rgba(gc), self.dots)
            self._bitmap.draw_image(gc, round(x) - made.left, round(self.height - y) - made.below, made.pixels)
        kept, anchor = _copied(gc), None if mtext is None else _anchored(mtext)

        def stroke(to: RendererBase, scale: Transform) -> None:
            at_x, at_y = scale.transform((x, y if to.flipy() else self.height - y))
            if anchor is not None:
                anchor.set_transform(scale)
            to.draw_text(_scaled(kept, to, scale), at_x, at_y, s, prop, angle, ismath, anchor)

        self._keep(stroke)

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: bool | Literal["TeX"]
    ) -> tuple[float, float, float]:
        return measured(s, prop, ismath, self.dots)

    def points_to_pixels(self, points: float) -> float:  # type: ignore[override]  # only ever numbers
        return points * self.dots / 72

    def get_canvas_width_height(self) -> tuple[float, float]:
        return self.width, self.height

    def flipy(self) -> bool:
        return True

    def new_gc(self) -> GraphicsContextBase:
        return GraphicsContextBase()

    def _draw(self, method: str, gc: object, *told: object, **named: object) -> None:
        getattr(self._bitmap, method)(gc, *told, **named)
        assert isinstance(gc, GraphicsContextBase)
        kept = _copied(gc)
        fixed = [each.frozen() if isinstance(each, Transform) else each for each in told]

        def stroke(to: RendererBase, scale: Transform) -> None:
            placed = [each + scale if isinstance(each, Transform) else each for each in fixed]
            getattr(to, method)(_scaled(kept, to, scale), *placed, **named)

        self._keep(stroke)

    def _keep(self, stroke: Stroke) -> None:
        self._strokes.append((stroke, GROUND in self._groups))


class _Played(Artist):
    """What is on a tape, as a part of another figure."""

    def __init__(self, tape: Tape, background: bool) -> None:
        super().__init__()
        self._tape, self._background = tape, background

    def draw(self, renderer: RendererBase) -> None:
        self._tape.play(renderer, self._background)


def _rgba(gc: GraphicsContextBase) -> RGBA:
    red, green, blue, alpha = gc.get_rgb()
    return red, green, blue, alpha


def _copied(gc: GraphicsContextBase) -> GraphicsContextBase:
    return copy(gc)  # artists change one between two strokes


def _scaled(kept: GraphicsContextBase, to: RendererBase, scale: Transform) -> GraphicsContextBase:
    made = to.new_gc()
    made.copy_properties(kept)
    rectangle, (path, transform) = kept.get_clip_rectangle(), kept.get_clip_path()
    if rectangle is not None:
        made.set_clip_rectangle(TransformedBbox(rectangle, scale).frozen())
    if path is not None and transform is not None:
        made.set_clip_path(TransformedPath(path, transform + scale))  # type: ignore[arg-type]  # it is a Path
    return made


def _anchored(text: Text) -> Text:
    """A text where this one is now: formats that keep letters ask it for its place and how it hangs there."""
    made = copy(text)
    made.set_position(text.get_transform().transform(text.get_unitless_position()).tolist())
    return made
