"""How much room a text takes, so that a figure can be laid out before anything is drawn; in inches."""

from __future__ import annotations

from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

MORE = " …"


@cache
def width(text: str, size: float) -> float:
    """The width of one line of text at `size` points in the font of the figures."""
    points, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)
    return float(points) / 72


def widest(texts: list[str], size: float) -> float:
    """The width of the widest of some lines; 0 where there are none."""
    return max((width(text, size) for text in texts), default=0.0)


def shorten(text: str, size: float, room: float) -> str:
    """The text, or as much of its beginning as fits into `room` with an ellipsis after it."""
    flat = " ".join(text.split())
    if width(flat, size) <= room:
        return flat
    kept, beyond = 0, len(flat)
    while beyond - kept > 1:  # the longest beginning that fits, by halving
        middle = (kept + beyond) // 2
        fits = width(flat[:middle] + MORE, size) <= room
        kept, beyond = (middle, beyond) if fits else (kept, middle)
    return flat[:kept].rstrip() + MORE


def wrap(text: str, size: float, room: float, lines: int) -> list[str]:
    """The text on at most `lines` lines of this width; what does not fit the last one is cut off."""
    words, made = text.split(), [""]
    while words and len(made) < lines:
        longer = f"{made[-1]} {words[0]}".strip()
        if width(longer, size) <= room or not made[-1]:
            made[-1] = longer
            words.pop(0)
        else:
            made.append("")
    made[-1] = " ".join([made[-1], *words]).strip()
    return [shorten(line, size, room) for line in made]
