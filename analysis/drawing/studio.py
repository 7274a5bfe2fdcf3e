"""Figures as files: drawn in processes beside each other, since drawing is what takes the time."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import matplotlib
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis.drawing.canvas import Caption
from analysis.drawing.gallery import Drawing
from analysis.drawing.kind import Kind

RESOLUTION = 200  # dots per inch
UNDATED: dict[str, dict[str, None]] = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
QUICK = {"compress_level": 3}  # of a png: half the time for a tenth more bytes
PROCESSES, WORTH = 4, 6  # most processes, and figures from which on they pay
FINE = 40  # figures up to which every pdf has TrueType letters
TRUETYPE, TYPE_3 = 42, 3
Sheet = tuple[Kind, pd.DataFrame, Caption, str, int]  # what a figure is made of: small, so that it travels


def render(drawing: Drawing, ending: str) -> bytes:
    """A figure as the bytes of a png, pdf or svg file, the same for the same data; an svg has no background."""
    return _files((ending,), _sheet(drawing, TRUETYPE))[ending]


def rendered(drawings: Sequence[Drawing], endings: Sequence[str]) -> Iterator[dict[str, bytes]]:
    """The files of every figure in turn, by their endings.

    Journals want TrueType letters in a pdf. Cutting out a font takes half of the time of one, so that in a large sweep
    only the main figures have them: draw fewer, by experiment or kind, and all have.
    """
    work, few = partial(_files, tuple(endings)), len(drawings) <= FINE
    sheets = [_sheet(drawing, TRUETYPE if few or drawing.main else TYPE_3) for drawing in drawings]
    processes = min(PROCESSES, os.cpu_count() or 1, len(sheets) // WORTH)
    if processes < 2:
        yield from map(work, sheets)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(work, sheets, chunksize=4)


def _sheet(drawing: Drawing, letters: int) -> Sheet:
    return drawing.kind, drawing.table, drawing.caption, drawing.stem, letters


def _files(endings: tuple[str, ...], sheet: Sheet) -> dict[str, bytes]:
    """Letters stay letters in an svg too, where they can be searched."""
    kind, table, caption, stem, letters = sheet
    figure = kind.draw(table, caption)
    FigureCanvasAgg(figure)
    with matplotlib.rc_context({"pdf.fonttype": letters, "svg.fonttype": "none", "svg.hashsalt": stem}):
        return {ending: _file(figure, ending) for ending in endings}


def _file(figure: Figure, ending: str) -> bytes:
    packed, undated = io.BytesIO(), UNDATED[ending]
    if ending == "png":
        figure.savefig(packed, format=ending, dpi=RESOLUTION, metadata=undated, pil_kwargs=QUICK)
    else:
        figure.savefig(packed, format=ending, metadata=undated, transparent=ending == "svg")
    return packed.getvalue()
