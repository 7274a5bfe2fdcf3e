"""How well proxies foretold retraining, as a table over the settings of an experiment."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from scipy import stats
from synthetic_results import Sweep

from analysis.load import load
from analysis.sweep_numbers import Selection, sweep_numbers
from analysis.table import Table

FOUND = {  # of each seed, in the two queries
    "entk/r2": [(0.5, 0.7), (0.6, 0.8), (0.9, 0.5)],
    "entk/overlap": [(1.0, 0.4), (0.2, 0.6), (0.3, 0.3)],
    "naive/r2": [(0.9, 0.9), (0.8, 0.8), (0.7, 0.7)],
}


@pytest.fixture
def audited(sweep: Sweep) -> Sweep:
    """Two widths, of which the wide one was audited, in both of its arms."""
    for group in ("widen=1", "widen=3"):
        for label, gain in (("margin", 0.1), ("random", 0.0)):
            arm = sweep.arm(label, lambda seed, gain=gain: [0.5, 0.6, 0.7 + gain], group=group)
            if group == "widen=3":
                note(sweep, arm["cells"], lambda value, label=label: value if label == "random" else -9.0)
    sweep.write()
    return sweep


def note(sweep: Sweep, cells: dict[str, str], told: Callable[[float], float]) -> None:
    for seed, cell in cells.items():
        path = sweep.folder(cell) / "rows.jsonl"
        rows: list[dict[str, Any]] = [json.loads(line) for line in path.read_text().splitlines()]
        for cycle, row in enumerate(rows[1:]):
            row["result"]["notes"] = {
                f"fidelity/{name}": told(values[int(seed)][cycle]) for name, values in FOUND.items()
            }
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def table_of(sweep: Sweep) -> Table | None:
    tables = sweep_numbers(load(sweep.root), Selection()).experiment_tables("fig")
    return next((table for table in tables if table.name == "fig--fidelity"), None)


def test_a_row_is_a_proxy_of_a_setting_with_means_over_queries_then_seeds(audited: Sweep) -> None:
    table = table_of(audited)
    assert table is not None
    assert [[cell.text for cell in row[:3]] for row in table.rows] == [
        ["entk", "widen=3", "3"],
        ["naive", "widen=3", "3"],
    ]
    r2, means = table.rows[0][3], [0.6, 0.7, 0.7]
    low, high = stats.t.interval(0.95, 2, sum(means) / 3, stats.sem(means))
    assert (r2.value, r2.low, r2.high, r2.n) == pytest.approx((2 / 3, low, high, 3))
    assert table.rows[0][6].value == pytest.approx((0.7 + 0.4 + 0.3) / 3)


def test_a_figure_that_no_run_has_is_a_dash(audited: Sweep) -> None:
    table = table_of(audited)
    assert table is not None
    assert [cell.text for cell in table.rows[1][4:]] == ["–"] * 3
    assert not any(math.isnan(cell.value) for row in table.rows for cell in row if cell.value is not None)


def test_without_an_audit_there_is_no_table(two_arms: Sweep) -> None:
    two_arms.write()
    assert table_of(two_arms) is None
