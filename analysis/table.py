"""A table as data: what a reader sees in each cell, and the value behind it for sorting and for files.

The terminal, the page, CSV, LaTeX and Markdown render one and the same.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One cell: its text for readers and, where it stands for a number, that number in full precision (NaN: none).

    `value` is in the unit that the heading names. `low`, `high` (the interval's ends) and `n` (how many values it was
    taken from) stand in the text only where there is room, and in the CSV always.
    """

    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Table:
    """A table with headings; the first column names the rows.

    `name` is a file name without its ending, unique within a sweep; `remarks` are sentences that belong under it.
    `measured`: it holds what was measured alone, so that failed runs do not count in it.
    """

    name: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    remarks: tuple[str, ...] = ()
    measured: bool = False

    @property
    def numeric(self) -> tuple[bool, ...]:
        """For each column, whether it holds numbers, which stand to the right."""
        return tuple(
            any(row[column].value is not None for row in self.rows) and column > 0
            for column in range(len(self.headings))
        )
