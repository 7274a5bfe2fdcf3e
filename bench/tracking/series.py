"""Rows as named numbers, and numbers over rows: differences from Random, the area under a curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from bench.record import Row


def scalars(columns: Mapping[str, object]) -> dict[str, float]:
    """The columns that are single numbers."""
    return {name: value for name, value in columns.items() if isinstance(value, int | float)}


def by_class(name: str, values: Sequence[float | None]) -> dict[str, float]:
    """A column (k,) as a number per class; None, as for a class without test images, is left out."""
    return {f"{name}/{number}": value for number, value in enumerate(values) if value is not None}


def differences(rows: Sequence[Row], random: Sequence[Row]) -> dict[int, float]:
    """Accuracy minus Random's for every cycle that both have; {} where they are no pair: another initial set or
    budget."""
    pairs = [(row, other) for row, other in zip(rows, random, strict=False)]
    if not pairs or set(rows[0]["result"]["queried"]) != set(random[0]["result"]["queried"]):
        return {}
    return {
        row["cycle"]: row["result"]["accuracy"] - other["result"]["accuracy"]
        for row, other in pairs
        if row["result"]["labelled"] == other["result"]["labelled"]
    }


def aubc(labels: Sequence[float], accuracy: Sequence[float]) -> float | None:
    """Area under the budget curve: the trapezoid over labels divided by their range; None below two points.

    The same area as in the analysis, which is not to be imported here.
    """
    if len(labels) < 2:
        return None
    curve = pairwise(zip(labels, accuracy, strict=True))
    return sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in curve) / (labels[-1] - labels[0])
