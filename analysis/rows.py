"""Rows as columns: the shape of the table that every analysis starts from.

The rows of every cell are laid one below the other once; a table of runs is then picked out of them by position, so
that experiments that share cells cost nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.chunk import LISTS, NUMBERS, Chunk

KEYS = ("experiment", "group", "label", "strategy", "learner", "dataset", "seed", "cell")
ARRAYS = ("class_accuracy", "queried_classes")  # (k,) each; queried ids are many and stay out of the table
TYPES = {
    **dict.fromkeys(KEYS, "str"),
    "seed": "int64",
    **NUMBERS,
    "initial": "str",
    **dict.fromkeys(ARRAYS, "object"),
}


@dataclass(frozen=True)
class Run:
    """One seed of one arm as the table has it: its KEYS, and the first `kept` cycles of its cell, or fewer."""

    keys: Mapping[str, object]
    kept: int


@dataclass(frozen=True)
class Stack:
    """The rows of all cells, cell by cell: columns (rows,) by name, and where each cell's rows begin and how many.

    `queried` has the ids (b,) that each row bought.
    """

    columns: Mapping[str, pd.Series]
    first: Mapping[str, int]
    count: Mapping[str, int]
    queried: Sequence[NDArray[np.generic]]


def stack(chunks: Sequence[Chunk]) -> Stack:
    """Lay chunks one below the other."""
    cells = [cell for chunk in chunks for cell in chunk.cells]
    count = [number for chunk in chunks for number in chunk.count]
    initial = pd.Series([each for chunk in chunks for each in chunk.initial], dtype=TYPES["initial"])
    columns = {name: pd.Series(_joined([chunk.numbers[name] for chunk in chunks], NUMBERS[name])) for name in NUMBERS}
    columns["initial"] = initial.take(np.repeat(np.arange(len(cells)), count))
    lists = {name: [each for chunk in chunks for each in chunk.lists[name].each()] for name in LISTS}
    columns |= {name: _column(lists[name], TYPES[name]) for name in ARRAYS}
    ends = np.cumsum(count, dtype=np.int64)
    first = (ends - count).tolist()
    return Stack(columns, dict(zip(cells, first, strict=True)), dict(zip(cells, count, strict=True)), lists["queried"])


def frame_of(runs: Sequence[Run], stacked: Stack) -> pd.DataFrame:
    """The table of these runs, one below the other, with the types of TYPES, which an empty one has too."""
    cells = [str(run.keys["cell"]) for run in runs]
    first = np.array([stacked.first[cell] for cell in cells], dtype=np.int64)  # (runs,)
    count = np.array([min(run.kept, stacked.count[cell]) for run, cell in zip(runs, cells, strict=True)], np.int64)
    run = np.repeat(np.arange(len(runs)), count)  # (rows,)
    row = np.arange(len(run)) + np.repeat(first - (np.cumsum(count) - count), count)  # (rows,)
    keys = {name: _column([each.keys[name] for each in runs], TYPES[name]).take(run) for name in KEYS}
    recorded = {name: stacked.columns[name].take(row) for name in TYPES if name not in KEYS}
    return pd.DataFrame({name: column.array for name, column in (keys | recorded).items()})


def _column(values: Sequence[object], kind: str) -> pd.Series:
    if kind == "object":  # arrays of one length would become a matrix
        return pd.Series(np.fromiter(values, dtype=object, count=len(values)), dtype=object)
    return pd.Series(list(values), dtype=kind)


def _joined(parts: Sequence[NDArray[np.generic]], kind: str) -> NDArray[np.generic]:
    return np.concatenate(parts) if parts else np.empty(0, kind)
