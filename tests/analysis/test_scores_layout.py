"""The tables that a reader sees of a file of scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from score_files import numbers, scores, written

from analysis.scores.study import run
from analysis.table import Table


def pick(test: dict[str, Any], *names: str) -> list[float]:
    return [test[name] for name in names]


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_the_first_table_ranks_the_methods_best_first_and_names_who_is_not_told_apart(tmp_path: Path) -> None:
    values = scores(1) + np.array([0.0, 0.3, 0.001])
    values[::2, 0] += 0.002  # a is better than c on five rows out of nine
    table = run(written(tmp_path, values), False)[0][0]
    assert [row[0] for row in texts(table)] == ["b", "a", "c"]
    assert [float(row[1]) for row in texts(table)] == sorted(float(row[1]) for row in texts(table))
    assert table.remarks[1] == "Not told apart: a, c."


def test_tables_tell_the_numbers_under_their_headings(tmp_path: Path) -> None:
    path = written(tmp_path, scores())
    tables = {table.name: table for table in run(path, False)[0]}
    for at, pair in enumerate(numbers(path)["pairs"]):
        ranks, t, signed = pair["ranks"], pair["paired_t"], pair["signed_rank"]
        wanted = {
            "rank_pairs": [ranks["rank_difference"], *pick(ranks, "statistic", "p", "holm_p"), pair["nemenyi"]["p"]],
            "paired_t": [t["difference"]["mean"], pair["effect"]["d_z"], *pick(t, "statistic", "p", "holm_p")],
            "signed_ranks": [None, *pick(signed, "statistic", "p", "holm_p", "least_p")],
        }
        for name, values in wanted.items():
            first, second, *cells = tables[name].rows[at]
            assert (first.text, second.text) == (pair["first"], pair["second"])
            assert [cell.value for cell in cells] == values
        assert (tables["paired_t"].rows[at][2].low, tables["paired_t"].rows[at][3].high) == (
            t["difference"]["low"],
            pair["effect"]["high"],
        )


def test_the_remark_says_which_way_differences_go(tmp_path: Path) -> None:
    path = written(tmp_path, scores())
    for smaller, words in ((False, "first minus second"), (True, "second minus first, since less is better")):
        (table,) = (table for table in run(path, False, smaller)[0] if table.name == "paired_t")
        assert words in table.remarks[0]


def test_the_matrix_has_raw_p_above_and_adjusted_p_below_the_diagonal(tmp_path: Path) -> None:
    path = written(tmp_path, scores())
    (matrix,) = (table for table in run(path, False)[0] if table.name == "paired_t_matrix")
    (pair,) = (pair for pair in numbers(path)["pairs"] if (pair["first"], pair["second"]) == ("a", "c"))
    assert matrix.headings == ("", "a", "b", "c")
    assert matrix.rows[0][3].value == pair["paired_t"]["p"]
    assert matrix.rows[2][1].value == pair["paired_t"]["holm_p"]
    assert [row[at + 1].text for at, row in enumerate(matrix.rows)] == ["", "", ""]


def test_many_methods_have_no_matrix_but_all_their_pairs(tmp_path: Path) -> None:
    tables = {table.name: table for table in run(written(tmp_path, scores(10)), False)[0]}
    assert "paired_t_matrix" not in tables
    assert len(tables["paired_t"].rows) == 45


def test_tables_have_a_cell_under_each_heading_and_a_name_of_their_own(tmp_path: Path) -> None:
    tables = run(written(tmp_path, scores()), False)[0]
    assert len({table.name for table in tables}) == len(tables)
    for table in tables:
        assert table.rows
        assert all(len(row) == len(table.headings) for row in table.rows)


def test_negative_numbers_have_a_minus_sign_and_no_hyphen(tmp_path: Path) -> None:
    cells = [cell for table in run(written(tmp_path, scores()), False)[0] for row in table.rows for cell in row]
    assert any("−" in cell.text for cell in cells)
    assert not any("-" in cell.text for cell in cells if cell.value is not None)


def test_what_is_undefined_is_a_dash_to_readers_and_null_in_json(tmp_path: Path) -> None:
    path = written(tmp_path, np.array([[0.5, 0.5], [0.7, 0.7], [0.6, 0.6]]))
    tables, _ = run(path, False)
    (pair,) = numbers(path)["pairs"]
    assert pair["paired_t"]["p"] is pair["signed_rank"]["p"] is pair["effect"]["d_z"] is None
    shown = [text for table in tables for row in texts(table) for text in row]
    assert "–" in shown
    assert not any("nan" in text for text in shown)


def test_an_infinite_f_is_explained(tmp_path: Path) -> None:
    values = scores(1) + np.array([0.0, 0.1, 0.2])
    (table,) = (table for table in run(written(tmp_path, values), False)[0] if table.name == "all_methods")
    assert texts(table)[2][1:] == ["∞", "2, 16", "–"]
    assert "F is infinite" in table.remarks[1]
    assert numbers(written(tmp_path, values))["all_methods"]["iman_davenport"]["statistic"] is None


@pytest.mark.parametrize(("unit", "decimals"), [(1.0, 4), (100.0, 2), (1e6, 0)])
def test_scores_are_told_to_as_many_decimals_as_their_size_asks_for(tmp_path: Path, unit: float, decimals: int) -> None:
    values = scores() * unit
    table = run(written(tmp_path, values), False)[0][0]
    told = {row[0]: row[2] for row in texts(table)}
    assert told["a"] == f"{values[:, 0].mean():.{decimals}f}"
