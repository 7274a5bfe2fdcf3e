"""Many short texts of one look, each in the middle of its place: matplotlib would lay out every one by itself."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_rgba
from matplotlib.text import Text

Inscription = tuple[float, float, str]  # where its middle is, in data coordinates, and a text of one line


class Inscriptions(Artist):
    """Texts in letters of `size` points, centred as `ha="center", va="center_baseline"` centres one."""

    def __init__(self, axes: Axes, inscriptions: Sequence[Inscription], size: float, colour: str) -> None:
        super().__init__()
        self._axes = axes
        self.inscriptions, self.size, self.colour = tuple(inscriptions), size, colour
        self._model = Text(0, 0, "0", fontsize=size, ha="center", va="center_baseline", parse_math=False)
        self._model.set_figure(axes.figure)

    def draw(self, renderer: RendererBase) -> None:
        """One after the other, each measured once."""
        model, font = self._model, self._model.get_fontproperties()
        rise = 2 * model.get_window_extent(renderer).y1  # of the font over its baseline, in pixels
        gc, high = renderer.new_gc(), renderer.get_canvas_width_height()[1]
        gc.set_foreground(to_rgba(self.colour), isRGBA=True)
        places = self._axes.transData.transform([each[:2] for each in self.inscriptions])  # (n, 2)
        for (x, y), (_, _, text) in zip(places.tolist(), self.inscriptions, strict=True):
            width, height, descent = renderer.get_text_width_height_descent(text, font, ismath=False)
            baseline = y - max(height - descent, rise) / 2
            model.set_position((x, y))
            at = high - baseline if renderer.flipy() else baseline
            renderer.draw_text(gc, x - width / 2, at, text, font, 0, ismath=False, mtext=model)
        gc.restore()


class Names(Artist):
    """Texts that all hang at their places as `model` hangs at its own; ticks with labels would cost many times more."""

    def __init__(self, model: Text, names: Sequence[Inscription]) -> None:
        super().__init__()
        self.model, self.names = model, tuple(names)

    def draw(self, renderer: RendererBase) -> None:
        """One after the other."""
        for x, y, text in self.names:
            self.model.set_position((x, y))
            self.model.set_text(text)
            self.model.draw(renderer)
