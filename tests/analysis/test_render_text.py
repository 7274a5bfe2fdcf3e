"""Tables on a terminal are split and never cut off."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from analysis.render_text import show
from analysis.table import Cell, Table

ARMS = tuple(f"strategy-{number:02d}" for number in range(12))
WIDE = Table(
    name="wide",
    title="Wide",
    headings=("labels", *ARMS),
    rows=tuple((Cell(str(labels)), *(Cell("73.0 [70.5, 75.5]", 73.0) for _ in ARMS)) for labels in (10, 20)),
    remarks=("A remark.",),
)


def shown(table: Table, width: int) -> str:
    text = io.StringIO()
    show(Console(file=text, width=width, force_terminal=False, highlight=False, markup=False), table)
    return text.getvalue()


@pytest.mark.parametrize("width", [60, 100, 200])
def test_a_wide_table_is_split_to_the_width_of_the_terminal(width: int) -> None:
    lines = shown(WIDE, width).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width


@pytest.mark.parametrize("width", [20, 60, 100, 200])
def test_every_column_is_there_once_and_whole(width: int) -> None:
    text = shown(WIDE, width)
    assert all(text.count(arm) == 1 for arm in ARMS)
    assert text.count("73.0 [70.5, 75.5]") == 2 * len(ARMS)
    assert "…" not in text


def test_every_piece_begins_with_the_names_of_the_rows() -> None:
    text = shown(WIDE, 60)
    assert text.count("labels") == text.count("\n20 ") == 6


def test_numbers_stand_to_the_right_and_names_to_the_left() -> None:
    table = Table("x", "x", ("arm", "n"), ((Cell("a"), Cell("1", 1)), (Cell("long"), Cell("100", 100))))
    assert [line.rstrip() for line in shown(table, 40).splitlines()[2:4]] == ["a       1", "long  100"]


def test_a_table_without_rows_is_its_title_and_remarks() -> None:
    assert shown(Table("x", "Title", ("a", "b"), (), ("why",)), 80).split() == ["Title", "why"]
