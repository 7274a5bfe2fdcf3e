"""Seconds per cycle by median and mean, and the largest memory, over what was measured."""

from __future__ import annotations

import math

import pandas as pd

from analysis.costs import costs

ROWS = pd.DataFrame(
    {
        "cycle": [0, 1, 2, 3],
        "query_seconds": [1000.0, 90.0, 3.0, 6.0],
        "fit_seconds": [5.0, 1.0, math.nan, 3.0],
        "peak_mib": [64.0, 256.0, math.nan, 128.0],
    }
)


def test_the_median_is_a_usual_cycle_and_the_mean_what_all_of_them_cost() -> None:
    query = costs(ROWS).query
    assert (query.median, query.mean, query.n) == (6.0, 33.0, 3)


def test_what_was_not_measured_does_not_count() -> None:
    fit = costs(ROWS).fit
    assert (fit.median, fit.mean, fit.n) == (3.0, 3.0, 3)


def test_memory_is_the_largest_of_any_cycle() -> None:
    assert costs(ROWS).peak_mib == 256.0


def test_no_row_costs_nothing_that_is_known() -> None:
    none = costs(ROWS.iloc[:0])
    assert all(map(math.isnan, (none.query.median, none.query.mean, none.fit.median, none.peak_mib)))
    assert none.query.n == 0
