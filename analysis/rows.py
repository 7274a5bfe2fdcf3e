"""Rows as columns: the shape of the table that every analysis starts from.

The rows of every cell are laid one below the other once; a table of runs is then picked out of them by position, so
that experiments that share cells cost nothing more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import pandas as pd

from bench.record import Row

KEYS = ("experiment", "group", "label", "strategy", "learner", "dataset", "seed", "cell")
SCORES = ("accuracy", "balanced_accuracy", "negative_log_likelihood", "brier", "calibration_error", "residual")
COUNTS = ("labelled", "revealed")
STAGES = ("query", "fit", "evaluate")
ARRAYS = ("class_accuracy", "queried_classes")  # (k,) each; queried ids are many and stay out of the table
TYPES = {
    **dict.fromkeys(KEYS, "str"),
    **dict.fromkeys(("seed", "cycle", *COUNTS, "attempt"), "int64"),
    **dict.fromkeys((*SCORES, *(f"{stage}_seconds" for stage in STAGES), "peak_mib"), "float64"),
    "initial": "str",
    **dict.fromkeys(ARRAYS, "object"),
}
RECORDED = ("cycle", *COUNTS, *SCORES, *(f"{stage}_seconds" for stage in STAGES), "peak_mib", "attempt", "initial")
RECORDED += ARRAYS
Record = tuple[object, ...]
_numbers = itemgetter(*COUNTS, *SCORES)
_costs = itemgetter("peak_mib", "attempt")


@dataclass(frozen=True)
class Run:
    """One seed of one arm as the table has it: its KEYS, and the first `kept` cycles of its cell, or fewer."""

    keys: Mapping[str, object]
    kept: int


@dataclass(frozen=True)
class Stack:
    """The rows of all cells, cell by cell: columns (rows,) by name, and where each cell's rows begin and how many."""

    columns: Mapping[str, pd.Series]
    first: Mapping[str, int]
    count: Mapping[str, int]


def records(rows: Sequence[Row]) -> list[Record]:
    """What of a cell's rows belongs to the table: a tuple per row, in the order of RECORDED."""
    start = hashlib.sha256(repr(rows[0]["result"]["queried"]).encode()).hexdigest()[:16] if rows else ""
    return [_record(row, start) for row in rows]


def stack(cells: Iterable[tuple[str, list[Record]]]) -> Stack:
    """Lay the records of cells one below the other."""
    laid: list[Record] = []
    first, count = {}, {}
    for cell, recorded in cells:
        first[cell], count[cell] = len(laid), len(recorded)
        laid += recorded
    columns = zip(*laid, strict=True) if laid else ((),) * len(RECORDED)
    named = zip(RECORDED, columns, strict=True)
    return Stack({name: _column(values, TYPES[name]) for name, values in named}, first, count)


def frame_of(runs: Sequence[Run], stacked: Stack) -> pd.DataFrame:
    """The table of these runs, one below the other, with the types of TYPES, which an empty one has too."""
    cells = [str(run.keys["cell"]) for run in runs]
    first = np.array([stacked.first[cell] for cell in cells], dtype=np.int64)  # (runs,)
    count = np.array([min(run.kept, stacked.count[cell]) for run, cell in zip(runs, cells, strict=True)], np.int64)
    run = np.repeat(np.arange(len(runs)), count)  # (rows,)
    row = np.arange(len(run)) + np.repeat(first - (np.cumsum(count) - count), count)  # (rows,)
    keys = {name: _column([each.keys[name] for each in runs], TYPES[name]).take(run) for name in KEYS}
    recorded = {name: column.take(row) for name, column in stacked.columns.items()}
    return pd.DataFrame({name: column.array for name, column in (keys | recorded).items()})


def _record(row: Row, start: str) -> Record:
    result, measured = row["result"], row["measured"]
    seconds = measured["seconds"]
    return (
        row["cycle"],
        *_numbers(result),
        *(seconds.get(stage) for stage in STAGES),
        *_costs(measured),
        start,
        np.array(result["class_accuracy"], dtype=np.float64),  # (k,)
        np.array(result["queried_classes"], dtype=np.int64),  # (k,)
    )


def _column(values: Sequence[object], kind: str) -> pd.Series:
    if kind == "object":  # arrays of one length would become a matrix
        return pd.Series(np.fromiter(values, dtype=object, count=len(values)), dtype=object)
    return pd.Series(list(values), dtype=kind)
