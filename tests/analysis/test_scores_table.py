"""A table of scores from a file: every test of it in JSON, whatever the unit of the scores."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from score_files import numbers, scores, written

from analysis.scores.study import run

PUBLISHED = Path(__file__).parent / "published"


def test_every_pair_is_tested_as_scipy_tests_it(tmp_path: Path) -> None:
    values = scores()
    pairs = numbers(written(tmp_path, values))["pairs"]
    assert [(pair["first"], pair["second"]) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    for pair, (i, j) in zip(pairs, [(0, 1), (0, 2), (1, 2)], strict=True):
        d = values[:, i] - values[:, j]
        t = stats.ttest_rel(values[:, i], values[:, j])
        assert (pair["paired_t"]["statistic"], pair["paired_t"]["p"]) == pytest.approx(tuple(t))
        assert pair["paired_t"]["difference"]["mean"] == pytest.approx(d.mean())
        assert pair["effect"]["d_z"] == pytest.approx(d.mean() / d.std(ddof=1))
        assert pair["win_tie_loss"] == {"wins": sum(d > 0), "ties": sum(d == 0), "losses": sum(d < 0)}


def test_every_test_has_its_n_statistic_p_and_method(tmp_path: Path) -> None:
    found = numbers(written(tmp_path, scores()))
    tests = [*found["all_methods"].values()]
    for pair in found["pairs"]:
        tests += [pair[name] for name in ("ranks", "nemenyi", "paired_t", "signed_rank")]
    assert len(tests) == 3 + 3 * 4
    for test in tests:
        assert test.keys() >= {"n", "test", "statistic", "p", "method"}
        assert test["n"] == 9
        assert 0 <= test["p"] <= 1


def test_ranks_and_nemenyi_tell_the_same_difference_in_their_own_units(tmp_path: Path) -> None:
    found = numbers(written(tmp_path, scores()))
    for pair in found["pairs"]:
        gap = found["average_ranks"][pair["second"]] - found["average_ranks"][pair["first"]]
        assert pair["ranks"]["rank_difference"] == pytest.approx(gap)
        assert pair["ranks"]["statistic"] == pytest.approx(gap / np.sqrt(3 * 4 / (6 * 9)))
        q = pair["nemenyi"]["statistic"]
        assert pair["nemenyi"]["p"] == pytest.approx(stats.studentized_range.sf(q, 3, np.inf), abs=1e-7)


def test_each_kind_of_test_is_adjusted_over_its_own_pairs(tmp_path: Path) -> None:
    pairs = numbers(written(tmp_path, scores(4)))["pairs"]
    for kind in ("ranks", "paired_t", "signed_rank"):
        least = min((pair[kind] for pair in pairs), key=lambda test: test["p"])
        assert least["holm_p"] == pytest.approx(min(1, 6 * least["p"]))


@pytest.mark.parametrize("name", ["demsar2006", "garcia_herrera2008"])
def test_published_tables_run_through(name: str) -> None:
    tables, found = run(PUBLISHED / f"{name}.csv", False)
    published = json.loads((PUBLISHED / f"{name}.json").read_text())
    assert len(tables) == 6
    for pair, p in published.get("raw_p", {}).items():
        told = [each["ranks"]["p"] for each in found["pairs"] if f"{each['first']}|{each['second']}" == pair]
        assert told == [pytest.approx(p, rel=1e-6)]


@pytest.mark.parametrize("unit", [1e-13, 100.0, 1e6 / 3])
def test_the_unit_of_the_scores_changes_no_test(tmp_path: Path, unit: float) -> None:
    values = np.round(scores(), 2)  # so that differences tie
    plain = numbers(written(tmp_path, values))
    other = numbers(written(tmp_path, values * unit))
    assert other["average_ranks"] == plain["average_ranks"]
    for one, same in zip(plain["pairs"], other["pairs"], strict=True):
        for kind in ("ranks", "paired_t", "signed_rank", "nemenyi"):
            assert same[kind]["p"] == pytest.approx(one[kind]["p"])
        assert same["signed_rank"]["statistic"] == one["signed_rank"]["statistic"]
        assert same["win_tie_loss"] == one["win_tie_loss"]
        for end in ("mean", "low", "high"):
            wanted = one["paired_t"]["difference"][end] * unit
            assert same["paired_t"]["difference"][end] == pytest.approx(wanted)
        assert same["paired_t"]["deviation"] == pytest.approx(one["paired_t"]["deviation"] * unit)


def test_smaller_is_better_tests_the_scores_turned_round(tmp_path: Path) -> None:
    larger = numbers(written(tmp_path, scores()))
    smaller = numbers(written(tmp_path, -scores()), smaller_is_better=True)
    assert smaller["pairs"] == larger["pairs"]
    assert smaller["average_ranks"] == larger["average_ranks"]
    assert smaller["mean_scores"]["a"] == pytest.approx(-larger["mean_scores"]["a"])


def test_json_alone_makes_no_tables(tmp_path: Path) -> None:
    assert run(written(tmp_path, scores()), True)[0] == []


def test_no_number_is_told_that_is_not_finite(tmp_path: Path) -> None:
    def leaves(value: object) -> list[object]:
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return [value] if parts is None else [leaf for part in parts for leaf in leaves(part)]

    found = leaves(run(written(tmp_path, np.ones((3, 3))), True)[1])
    assert all(math.isfinite(leaf) for leaf in found if isinstance(leaf, float))
