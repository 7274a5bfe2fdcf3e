"""Tables on a terminal. One that is wider than the terminal is split into several, each with the first column."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console

from analysis.table import Table

WIDTH = 100  # columns where there is no terminal to ask
UNLIMITED = 10_000  # a file has no right edge at which to break a line
GAP = 2


def console() -> Console:
    """Standard output, without colours or breaks of its own where it is no terminal; labels are never markup."""
    width = None if sys.stdout.isatty() else UNLIMITED
    return Console(width=width, highlight=False, markup=False, emoji=False)


def head(to: Console, heading: str, remarks: Iterable[str]) -> None:
    """Print the heading of several tables, underlined, and what belongs to all of them."""
    lines(to, (heading, "═" * min(cell_len(heading), _width(to)), *remarks, ""))


def show(to: Console, table: Table) -> None:
    """Print a table with its title above, its remarks below and an empty line after them."""
    width = _width(to)
    lines(to, [table.title])
    for columns in _pieces(table, width) if table.rows else ():
        to.out("\n".join(_drawn(table, columns, to.width)), highlight=False)
    lines(to, (*(f"  {remark}" for remark in table.remarks), ""))


def lines(to: Console, told: Iterable[str]) -> None:
    """Print sentences, one per line."""
    for line in told:
        to.print(line, soft_wrap=to.width == UNLIMITED)


def _pieces(table: Table, most: int) -> Iterator[list[int]]:
    """The columns of each piece: the first, and as many others as fit beside it, at least one.

    A first column that takes more than half of the room is folded rather than left alone.
    """
    first, *widths = (GAP + _widest(table, column) for column in range(len(table.headings)))
    room, piece, used = max(most + GAP - first, most // 2), [0], 0
    for column, width in enumerate(widths, start=1):
        if used + width > room and len(piece) > 1:
            yield piece
            piece, used = [0], 0
        piece.append(column)
        used += width
    yield piece


def _drawn(table: Table, columns: Sequence[int], most: int) -> Iterator[str]:
    """The lines of one piece; the first column is folded to what the others leave."""
    widths = [_widest(table, column) for column in columns]
    widths[0] = min(widths[0], max(most - sum(GAP + width for width in widths[1:]), most // 4))
    right = [table.numeric[column] for column in columns]
    for row in (table.headings, *([cell.text for cell in row] for row in table.rows)):
        yield from _row([row[column] for column in columns], widths, right, above=row is not table.headings)


def _row(texts: Sequence[str], widths: Sequence[int], right: Sequence[bool], above: bool) -> Iterator[str]:
    """The lines of one row; cells of fewer lines stand above in it, those of the headings below."""
    folded = [_folded(text, width) for text, width in zip(texts, widths, strict=True)]
    height = max(map(len, folded))
    padded = [each if above else [""] * (height - len(each)) + each for each in folded]
    for together in zip_longest(*padded, fillvalue=""):
        placed = (_placed(*each) for each in zip(together, widths, right, strict=True))
        yield (" " * GAP).join(placed).rstrip()


def _folded(text: str, width: int) -> list[str]:
    return [piece for line in text.split("\n") for piece in (chop_cells(line, width) or [""])]


def _placed(text: str, width: int, right: bool) -> str:
    return " " * (width - cell_len(text)) + text if right else set_cell_size(text, width)


def _widest(table: Table, column: int) -> int:
    texts = [table.headings[column], *(row[column].text for row in table.rows)]
    return max(cell_len(line) for text in texts for line in text.split("\n"))


def _width(to: Console) -> int:
    return WIDTH if to.width == UNLIMITED else to.width
