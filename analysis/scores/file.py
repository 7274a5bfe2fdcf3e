"""A table of scores from a CSV file: a row per block (a dataset, a seed), a column per method, nothing missing."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.errors import ResultsError
from bench.files import CONTROL

LAYOUT = "a header line with the names of the methods, then a line per dataset: its name and a number per method"


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores `values` (blocks, methods) as they stand in the file `source`, at least two of each."""

    source: str
    blocks: tuple[str, ...]
    methods: tuple[str, ...]
    values: NDArray[np.float64]
    smaller_is_better: bool

    @property
    def unit(self) -> float:
        """The power of ten that brings the largest score into (0.1, 1]."""
        largest = float(np.abs(self.values).max())
        return 10.0 ** math.ceil(math.log10(largest)) if largest > 0 else 1.0

    @property
    def oriented(self) -> NDArray[np.float64]:
        """The scores (blocks, methods) in that unit, turned so that larger is better."""
        return (-1.0 if self.smaller_is_better else 1.0) * self.values / self.unit


def read_scores(path: Path, smaller_is_better: bool = False) -> Scores:
    """Read and check a CSV file. Raises ResultsError, with the row and column, where it is no complete table."""
    header, *rows = _lines(path)
    methods = tuple(header[1:])
    if len(methods) < 2:
        hint = "; its columns are not separated by commas" if any(mark in header[0] for mark in ";\t") else ""
        raise ResultsError(f"{path}: wanted at least two methods to compare; got {len(methods)}{hint}. Wanted {LAYOUT}")
    if len(rows) < 2:
        raise ResultsError(f"{path}: wanted at least two rows to test over; got {len(rows)}. Wanted {LAYOUT}")
    blocks = tuple(row[0] for row in rows)
    _check_names(path, "column", methods)
    _check_names(path, "row", blocks)
    values = [_numbers(path, row, methods) for row in rows]
    return Scores(path.name, blocks, methods, np.array(values), smaller_is_better)


def _lines(path: Path) -> list[list[str]]:
    """The lines that are not empty, the header first."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = [
            [cell.strip() for cell in line]
            for line in csv.reader(CONTROL.sub("\ufffd", text).splitlines(), strict=True)
        ]
    except FileNotFoundError:
        raise ResultsError(f"{path}: wanted a CSV file with a table of scores; there is no such file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ResultsError(f"{path}: wanted a CSV file in UTF-8; it cannot be read: {error}. Export it again") from None
    written = [line for line in lines if any(line)]
    if not written:
        raise ResultsError(f"{path}: wanted a table of scores; the file is empty. Wanted {LAYOUT}")
    return written


def _check_names(path: Path, kind: str, names: Sequence[str]) -> None:
    for position, name in enumerate(names):
        if not name:
            raise ResultsError(f"{path}: wanted a name for every {kind}; {kind} {position + 1} has none. Name it")
        if name in names[:position]:
            first = names.index(name) + 1
            raise ResultsError(
                f"{path}: wanted different names; {kind}s {first} and {position + 1} are both called {name!r}. "
                "Rename one of them or take it out"
            )


def _numbers(path: Path, row: list[str], methods: Sequence[str]) -> list[float]:
    name, *cells = row
    if len(cells) > len(methods):
        raise ResultsError(
            f"{path}: row {name!r}: wanted {len(methods)} numbers, as the header has methods; got {len(cells)}. "
            "Take out what is too much, or put names with commas into quotes"
        )
    filled = cells + [""] * (len(methods) - len(cells))
    return [_number(path, name, method, cell) for method, cell in zip(methods, filled, strict=True)]


def _number(path: Path, row: str, column: str, text: str) -> float:
    if not text:
        raise ResultsError(
            f"{path}: row {row!r}, column {column!r}: wanted a number; there is none. Every method needs a score on "
            "every row: fill it in, or take out the row or the column"
        )
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ResultsError(f"{path}: row {row!r}, column {column!r}: wanted a number; got {text!r}. Correct it")
    return number
