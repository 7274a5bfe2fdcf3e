"""A table as data: what a reader sees in each cell, and the value behind it for sorting and for files.

The terminal, the page, CSV, LaTeX and Markdown render one and the same.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One cell: its text for readers and, where it stands for a number, that number in full precision (NaN: none)."""

    text: str
    value: float | None = None


@dataclass(frozen=True)
class Table:
    """A table with headings; the first column names the rows.

    `name` is a file name without its ending, unique within a sweep; `remarks` are sentences that belong under it.
    """

    name: str
    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    remarks: tuple[str, ...] = ()
