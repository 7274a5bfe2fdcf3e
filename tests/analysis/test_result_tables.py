"""The tables of a group say what its numbers are, in the unit of their headings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from compared import compared, noisy
from synthetic_results import Sweep

from analysis.comparison import Comparison
from analysis.rank_test import Blocks, rank_test
from analysis.result_tables import label_efficiency, ranks, tables
from analysis.statistics.label_efficiency import LabelsNeeded
from analysis.table import Cell, Table


@pytest.fixture
def three_arms(sweep: Sweep) -> Sweep:
    """Random, one better and one worse arm over six seeds."""
    sweep.seeds = range(6)
    for label, gain in (("random", 0.0), ("margin", 0.1), ("worse", -0.1)):
        sweep.arm(label, noisy(label, gain))
    return sweep


def test_an_area_that_one_cycle_is_too_few_for_is_a_dash(sweep: Sweep) -> None:
    sweep.labels = (10, 20)
    sweep.arm("random", lambda seed: [0.5, 0.6])
    sweep.arm("margin", lambda seed: [0.5])
    (comparison,) = compared(sweep)
    whole, unfinished = table(comparison, "accuracy").rows
    assert [whole[-1].text, unfinished[-1].text] == ["–", "no complete seed"]


def table(comparison: Comparison, kind: str) -> Table:
    return next(each for each in tables(comparison) if each.name.endswith(kind))


def cell(of: Table, label: str, heading: str) -> Cell:
    at = next(position for position, name in enumerate(of.headings) if name.startswith(heading))
    return next(row[at] for row in of.rows if row[0].text == label)


def test_every_table_has_a_cell_under_each_heading_and_a_name_of_its_own(three_arms: Sweep) -> None:
    (comparison,) = compared(three_arms)
    made = tables(comparison)
    assert all(len(row) == len(each.headings) for each in made for row in each.rows)
    assert len({each.name for each in made}) == len(made)


def test_the_first_tables_are_accuracy_and_difference(three_arms: Sweep) -> None:
    (comparison,) = compared(three_arms)
    assert [each.name for each in tables(comparison)][:2] == ["fig--accuracy", "fig--difference"]


def test_values_are_in_the_unit_of_the_heading(three_arms: Sweep) -> None:
    (comparison,) = compared(three_arms)
    summary = comparison.summary("margin")
    assert summary.against_random is not None
    difference = cell(table(comparison, "difference"), "margin", "AUBC − Random")
    assert difference.value == pytest.approx(100 * summary.against_random.difference.mean)
    assert difference.low == pytest.approx(100 * summary.against_random.difference.low)
    assert difference.n == 6
    deviation = cell(table(comparison, "difference"), "margin", "s.d.")
    assert deviation.value == pytest.approx(100 * np.std(comparison.runs.areas[1] - comparison.runs.areas[0], ddof=1))
    assert cell(table(comparison, "accuracy"), "margin", "final").value == pytest.approx(
        100 * summary.final_accuracy.mean
    )
    detectable = cell(table(comparison, "evidence"), "margin", "detectable")
    assert detectable.value == pytest.approx(100 * summary.against_random.detectable)


def test_raw_and_adjusted_p_stand_side_by_side(three_arms: Sweep) -> None:
    (comparison,) = compared(three_arms)
    found = comparison.summary("margin").against_random
    assert found is not None
    told = table(comparison, "difference")
    assert told.rows[1][told.headings.index("p")].value == found.p
    assert cell(told, "margin", "Holm p").value == found.holm
    assert found.holm > found.p
    assert "Holm over the 2 tests of this table." in told.remarks[0]


def test_wins_are_the_arms_own(three_arms: Sweep) -> None:
    (comparison,) = compared(three_arms)
    told = table(comparison, "evidence")
    assert cell(told, "margin", "wins").text == "6–0–0"
    assert cell(told, "worse", "wins").text == "0–0–6"


def test_labels_that_are_never_enough_are_told_as_more(three_arms: Sweep) -> None:
    (comparison,) = compared(three_arms)
    told = table(comparison, "label-efficiency")
    worse, margin = (cell(told, label, "labels needed") for label in ("worse", "margin"))
    assert worse.text.startswith("> 40")
    assert worse.value is None
    assert margin.value is not None
    assert 10 < margin.value < 40
    assert cell(told, "worse", "ratio").text.startswith("> 1.0")
    assert cell(told, "margin", "draws").text == "100"


def test_a_ratio_that_is_censored_is_above_the_most_that_could_be_seen(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.7, 0.7])
    sweep.arm("worse", lambda seed: [0.5, 0.6, 0.6])
    (comparison,) = compared(sweep)
    told = table(comparison, "label-efficiency")
    assert cell(told, "worse", "Random's need").text.startswith("20 ")
    assert cell(told, "worse", "ratio").text.startswith("> 2.00")


def test_one_pair_needs_labels_without_an_interval(sweep: Sweep) -> None:
    sweep.seeds = (0,)
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.7, 0.8])
    (comparison,) = compared(sweep)
    assert cell(table(comparison, "label-efficiency"), "margin", "labels needed").text == "20"


def test_a_cycle_that_not_all_seeds_have_tells_its_n(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6 + 0.01 * seed, 0.7][: 3 - (seed == 1)])
    (comparison,) = compared(sweep)
    curves = table(comparison, "curves")
    assert "n=" not in curves.rows[1][1].text
    assert curves.rows[2][1].text.endswith("n=2")
    assert [row[1].n for row in curves.rows] == [3, 3, 2]


def test_a_sweep_that_has_not_begun_has_one_table(sweep: Sweep) -> None:
    sweep.arm("random")
    sweep.arm("margin")
    (comparison,) = compared(sweep)
    assert [each.name for each in tables(comparison)] == ["fig--accuracy"]


def test_a_group_without_a_complete_run_has_no_nan_in_its_tables(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5])
    sweep.arm("margin")
    (comparison,) = compared(sweep)
    texts = [each.text for made in tables(comparison) for row in made.rows for each in row]
    assert not any("nan" in text for text in texts)
    assert "?" in texts


def test_pairs_that_differ_by_the_same_amount_have_no_p_and_that_is_told(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.7, 0.8])
    (comparison,) = compared(sweep)
    told = table(comparison, "difference")
    equal = told.rows[1][told.headings.index("p")]
    assert equal.text == "equal"
    assert equal.value is not None
    assert math.isnan(equal.value)


def test_ranks_are_told_best_first(three_arms: Sweep) -> None:
    (comparison,) = compared(three_arms)
    told = table(comparison, "ranks")
    assert [row[0].text for row in told.rows] == ["margin", "random", "worse"]
    assert told.rows[0][1].value == 1.0


def test_what_a_rank_test_leaves_out_is_named() -> None:
    scores = np.random.default_rng(0).normal(size=(5, 4))
    scores[:, 3] = np.nan
    scores[2, 0] = np.nan
    found = rank_test(Blocks.SEEDS, ["a", "b", "c", "d"], [f"seed {at}" for at in range(5)], scores)
    assert found is not None
    told = list(ranks.remarks(found))
    assert "Not ranked, for they have no complete block: d." in told
    assert "Left out, for some arm lacks them: seed 2." in told


def test_a_rank_test_by_cycles_is_by_accuracy(three_arms: Sweep) -> None:
    (comparison,) = compared(three_arms, Blocks.CYCLES)
    assert table(comparison, "ranks").title == "Average ranks over cycles by accuracy · fig"


@pytest.mark.parametrize(
    ("reached", "text"), [(math.nan, "> 500"), (0.0, "> 500 [> 500, > 500]"), (0.01, "> 500 [> 500, > 500]")]
)
def test_labels_that_few_draws_reach_have_an_interval_and_those_of_one_seed_have_none(
    reached: float, text: str
) -> None:
    assert label_efficiency._needed(LabelsNeeded(None, None, None, reached), 500, 0).text == text
