"""The recorded rows of some cells as columns: what is read in one process and laid together with others in another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.record import Row, cell_folder, read_rows

COUNTS = ("labelled", "revealed")
SCORES = ("accuracy", "balanced_accuracy", "negative_log_likelihood", "brier", "calibration_error", "residual")
STAGES = ("query", "fit", "evaluate")
INTEGERS, FLOATS = "int64", "float64"
NUMBERS = {
    "cycle": INTEGERS,
    **dict.fromkeys(COUNTS, INTEGERS),
    **dict.fromkeys(SCORES, FLOATS),
    **dict.fromkeys((f"{stage}_seconds" for stage in STAGES), FLOATS),
    "peak_mib": FLOATS,
    "attempt": INTEGERS,
}
LISTS = {"class_accuracy": FLOATS, "queried_classes": INTEGERS, "queried": "int32"}  # of each row, (k,), (k,), (b,)
_counts, _costs, _lists = itemgetter(*COUNTS, *SCORES), itemgetter("peak_mib", "attempt"), itemgetter(*LISTS)


@dataclass(frozen=True, eq=False)
class Lists:
    """Lists of any length laid one behind the other, (sum of sizes,), and the size of each, (rows,)."""

    flat: NDArray[np.generic]
    sizes: NDArray[np.int64]

    def each(self) -> list[NDArray[np.generic]]:
        """The lists by themselves, views of the whole."""
        ends = np.cumsum(self.sizes)  # (rows,)
        return [self.flat[first:end] for first, end in zip((ends - self.sizes).tolist(), ends.tolist(), strict=True)]


@dataclass(frozen=True, eq=False)
class Chunk:
    """The rows of `cells`, one cell below the other, `count` of each; `initial` is a hash of its initial set."""

    cells: Sequence[str]
    count: Sequence[int]
    initial: Sequence[str]
    numbers: Mapping[str, NDArray[np.generic]]  # (rows,) by the names of NUMBERS
    lists: Mapping[str, Lists]  # by the names of LISTS


def read_chunk(results: Path, cells: Sequence[str]) -> Chunk:
    """Read all finished cycles of these cells. Raises ResultsError where they are of another version."""
    read = [read_rows(cell_folder(results, cell)) for cell in cells]
    rows = [row for of_cell in read for row in of_cell]
    numbers = zip(*map(_numbers, rows), strict=True) if rows else ((),) * len(NUMBERS)
    lists = zip(*(_lists(row["result"]) for row in rows), strict=True) if rows else ((),) * len(LISTS)
    return Chunk(
        cells=cells,
        count=[len(of_cell) for of_cell in read],
        initial=[_initial(of_cell) for of_cell in read],
        numbers={name: np.array(values, NUMBERS[name]) for name, values in zip(NUMBERS, numbers, strict=True)},
        lists={name: _laid(values, LISTS[name]) for name, values in zip(LISTS, lists, strict=True)},
    )


def _numbers(row: Row) -> tuple[object, ...]:
    measured = row["measured"]
    seconds = measured["seconds"]
    return row["cycle"], *_counts(row["result"]), *map(seconds.get, STAGES), *_costs(measured)


def _initial(rows: Sequence[Row]) -> str:
    return hashlib.sha256(repr(rows[0]["result"]["queried"]).encode()).hexdigest()[:16] if rows else ""


def _laid(values: Sequence[Sequence[float]], kind: str) -> Lists:
    flat = np.array(list(chain.from_iterable(values)), dtype=kind)
    return Lists(flat, np.array([len(each) for each in values], dtype=np.int64))
