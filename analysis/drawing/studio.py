"""Figures as files: drawn in processes beside each other, since drawing is what takes the time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import matplotlib
import pandas as pd
from PIL import Image

from analysis.beside import beside
from analysis.drawing.canvas import Caption
from analysis.drawing.compact import compact
from analysis.drawing.gallery import Drawing
from analysis.drawing.kind import Kind
from analysis.drawing.tape import Tape

RESOLUTION = 200  # dots per inch
UNDATED: dict[str, dict[str, None]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
QUICK = 3  # how hard a png is packed: half the time for a tenth more bytes
WORTH = 6  # figures from which on a process pays
FINE = 40  # figures up to which every pdf has TrueType letters
TRUETYPE, TYPE_3 = 42, 3


@dataclass(frozen=True, eq=False)
class Sheet:
    """All that a figure's files are made of: small, so that it travels. `letters` is how a pdf holds its fonts."""

    kind: Kind
    table: pd.DataFrame
    caption: Caption
    stem: str
    letters: int = TRUETYPE


def sheets(drawings: Sequence[Drawing]) -> list[Sheet]:
    """The sheets of figures that belong together.

    Journals want TrueType letters in a pdf. Cutting out a font takes half of the time of one, so that in a large sweep
    only the main figures have them: draw fewer, by experiment or kind, and all have.
    """
    few = len(drawings) <= FINE
    return [_sheet(drawing, TRUETYPE if few or drawing.main else TYPE_3) for drawing in drawings]


def render(drawing: Drawing, ending: str) -> bytes:
    """A figure as the bytes of a png, pdf or svg file, the same for the same data; an svg has no background."""
    return _files((ending,), _sheet(drawing, TRUETYPE))[ending]


def rendered(drawings: Sequence[Drawing], endings: Sequence[str]) -> Iterator[dict[str, bytes]]:
    """The files of figures that belong together in turn, by their endings."""
    return developed(sheets(drawings), endings)


def developed(drawn: Sequence[Sheet], endings: Sequence[str]) -> Iterator[dict[str, bytes]]:
    """The files of every sheet in turn, by their endings."""
    return beside(partial(_files, tuple(endings)), drawn, WORTH)


def _sheet(drawing: Drawing, letters: int) -> Sheet:
    return Sheet(drawing.kind, drawing.table, drawing.caption, drawing.stem, letters)


def _files(endings: tuple[str, ...], sheet: Sheet) -> dict[str, bytes]:
    """Letters stay letters in an svg too, where they can be searched."""
    with matplotlib.rc_context({"pdf.fonttype": sheet.letters, "svg.fonttype": "none", "svg.hashsalt": sheet.stem}):
        tape = Tape(sheet.kind.draw(sheet.table, sheet.caption), RESOLUTION)
        return {ending: WRITERS[ending](tape) for ending in endings}


def _png(tape: Tape) -> bytes:
    """Without the channel of transparency, which takes a third of the time."""
    packed = io.BytesIO()
    Image.fromarray(tape.pixels()).convert("RGB").save(
        packed, "png", dpi=(RESOLUTION, RESOLUTION), compress_level=QUICK
    )
    return packed.getvalue()


def _vectors(ending: str, background: bool, tape: Tape) -> bytes:
    packed = io.BytesIO()
    tape.sheet(background).savefig(packed, format=ending, metadata=UNDATED[ending], transparent=not background)
    return packed.getvalue()


def _svg(tape: Tape) -> bytes:
    return compact(_vectors("svg", False, tape).decode()).encode()


WRITERS: dict[str, Callable[[Tape], bytes]] = {
    "png": _png,
    "pdf": partial(_vectors, "pdf", True),
    "svg": _svg,
}
