"""Curves of other people, to draw beside ours: CSV files with the columns label, labelled and accuracy (in %)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.errors import ResultsError

COLUMNS = ("label", "labelled", "accuracy")
EXAMPLE = "label,labelled,accuracy\nbadge,1000,41.5"


def read_published(paths: Sequence[Path]) -> pd.DataFrame:
    """All curves of these files, with the file's name as their `source`; empty without a file.

    Raises ResultsError for a file without these columns, with something else than numbers, or with fractions for %.
    """
    tables = [_read(path) for path in paths]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["source", *COLUMNS])


def _read(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ResultsError(f"{path}: wanted a CSV file such as {EXAMPLE!r}; got {error}") from error
    absent = [name for name in COLUMNS if name not in table.columns]
    if absent:
        told = f"{', '.join(COLUMNS)}; {absent[0]} is not among {', '.join(map(str, table.columns))}"
        raise ResultsError(f"{path}: wanted the columns {told}")
    numbers = {name: _numbers(path, table[name]) for name in ("labelled", "accuracy")}
    accuracy = numbers["accuracy"]
    if len(accuracy) and (accuracy.max() <= 1 or accuracy.max() > 100 or accuracy.min() < 0):
        raise ResultsError(f"{path}: wanted accuracies in percent, 0 to 100; got {accuracy.min()} to {accuracy.max()}")
    return pd.DataFrame({"source": path.name, "label": table["label"].fillna(""), **numbers})


def _numbers(path: Path, column: pd.Series[str]) -> pd.Series[float]:
    found = pd.to_numeric(column, errors="coerce")
    wrong = found.isna()
    if wrong.any():
        row = int(wrong.to_numpy().argmax())
        told = f"{column.name} in line {row + 2}; got {column.iloc[row]!r}"  # the heading is line 1
        raise ResultsError(f"{path}: wanted a number for {told}")
    return found.astype("float64")
