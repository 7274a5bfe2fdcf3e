"""Texts as small pictures that are made once: figures share most of theirs, and one letter after the other is slow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from matplotlib.backend_bases import GraphicsContextBase
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties
from numpy.typing import NDArray

RGBA = tuple[float, float, float, float]
MOST = 20_000  # texts that a process remembers
EDGE = 2  # dots around a text


@dataclass(frozen=True, eq=False)
class Stamp:
    """A text on nothing, from its lowest row up (h, w, 4); its letters begin `left` and stand `below` dots inside."""

    pixels: NDArray[np.uint8]
    left: int
    below: int


@lru_cache(MOST)
def stamp(text: str, prop: FontProperties, colour: RGBA, dots: float) -> Stamp:
    """A text on one line at `dots` per inch. The properties must not change afterwards."""
    width, height, descent = (math.ceil(each) for each in measured(text, prop, False, dots))
    below = EDGE + descent
    high = 2 * EDGE + height + 1
    canvas, gc = RendererAgg(2 * EDGE + width, high, dots), GraphicsContextBase()
    gc.set_foreground(colour, isRGBA=True)
    canvas.draw_text(gc, EDGE, high - below, text, prop, 0)
    return Stamp(np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[::-1]), EDGE, below)


@lru_cache(MOST)
def measured(text: str, prop: FontProperties, ismath: bool | Literal["TeX"], dots: float) -> tuple[float, float, float]:
    """Width, height and descent in dots. The properties must not change afterwards."""
    return RendererAgg(1, 1, dots).get_text_width_height_descent(text, prop, ismath)
