"""Rows as columns: the shape of the table that every analysis starts from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import pandas as pd

from bench.record import Row

KEYS = ("experiment", "group", "label", "strategy", "learner", "dataset", "seed", "cell")
SCORES = ("accuracy", "balanced_accuracy", "negative_log_likelihood", "brier", "calibration_error", "residual")
COUNTS = ("labelled", "revealed")
STAGES = ("query", "fit", "evaluate")
ARRAYS = ("class_accuracy", "queried_classes")  # (k,) each; queried ids are many and stay in rows.jsonl
TYPES = {
    **dict.fromkeys(KEYS, "str"),
    **dict.fromkeys(("seed", "cycle", *COUNTS, "attempt"), "int64"),
    **dict.fromkeys((*SCORES, *(f"{stage}_seconds" for stage in STAGES), "peak_mib"), "float64"),
    "initial": "str",
    **dict.fromkeys(ARRAYS, "object"),
}
Columns = dict[str, list[object]]


def columns_of(rows: list[Row]) -> Columns:
    """The columns of one cell that are the same in every experiment that holds it."""
    results, measured = [row["result"] for row in rows], [row["measured"] for row in rows]
    start = hashlib.sha256(repr(results[0]["queried"]).encode()).hexdigest()[:16] if rows else ""
    return {
        "cycle": [row["cycle"] for row in rows],
        **{name: [result[name] for result in results] for name in (*COUNTS, *SCORES)},  # type: ignore[literal-required]
        **{f"{stage}_seconds": [each["seconds"].get(stage) for each in measured] for stage in STAGES},
        "peak_mib": [each["peak_mib"] for each in measured],
        "attempt": [each["attempt"] for each in measured],
        "initial": [start] * len(rows),
        "class_accuracy": [np.array(result["class_accuracy"], dtype=np.float64) for result in results],
        "queried_classes": [np.array(result["queried_classes"], dtype=np.int64) for result in results],
    }


def extend(table: Columns, keys: Mapping[str, object], cell: Columns, kept: int) -> None:
    """Append the first `kept` cycles of a cell, or all if it has fewer, to a growing table under one run's keys."""
    for name in KEYS:
        table[name] += [keys[name]] * min(kept, len(cell["cycle"]))
    for name, values in cell.items():
        table[name] += values[:kept]


def frame_of(table: Columns) -> pd.DataFrame:
    """The table as a frame with the types of TYPES, which an empty one has too."""
    return pd.DataFrame({name: pd.Series(values, dtype=TYPES[name]) for name, values in table.items()})
