"""What a block is: seeds of a group, seed and cycle on request, datasets of a sweep."""

from __future__ import annotations

import numpy as np
import pytest
from compared import compared, noisy
from scipy import stats
from synthetic_results import Sweep

from analysis.rank_test import Blocks, rank_test
from analysis.result_tables import ranks

RANDOM = np.random.default_rng(0).normal(size=(8, 4))
NAMES = ["a", "b", "c", "d"]
EIGHT = [f"seed {seed}" for seed in range(8)]


def test_a_block_that_one_arm_lacks_is_dropped_and_named() -> None:
    scores = RANDOM.copy()
    scores[3, 1] = np.nan
    found = rank_test(Blocks.SEEDS, NAMES, EIGHT, scores)
    assert found is not None
    assert found.dropped == ("seed 3",)
    expected = stats.friedmanchisquare(*np.delete(RANDOM, 3, axis=0).T)
    assert found.friedman.p == pytest.approx(expected.pvalue)


def test_an_arm_without_any_block_is_left_out_and_named_and_costs_the_others_nothing() -> None:
    scores = RANDOM.copy()
    scores[:, 2] = np.nan
    found = rank_test(Blocks.SEEDS, NAMES, EIGHT, scores)
    assert found is not None
    assert (found.names, found.left_out, found.dropped) == (("a", "b", "d"), ("c",), ())
    assert len(found.blocks) == 8


def test_a_block_that_nobody_has_is_not_called_dropped() -> None:
    scores = RANDOM.copy()
    scores[5] = np.nan
    found = rank_test(Blocks.SEEDS, NAMES, EIGHT, scores)
    assert found is not None
    assert found.dropped == ()
    assert len(found.blocks) == 7


def test_the_critical_difference_is_nemenyis() -> None:
    found = rank_test(Blocks.SEEDS, NAMES, EIGHT, RANDOM)
    assert found is not None
    q = 2.569  # Demšar 2006, Table 5a, four methods at 0.05
    assert found.critical_difference == pytest.approx(q * np.sqrt(4 * 5 / (6 * 8)), abs=1e-3)


def test_one_common_block_is_no_test() -> None:
    scores = np.full((8, 4), np.nan)
    scores[0] = RANDOM[0]
    assert rank_test(Blocks.SEEDS, NAMES, EIGHT, scores) is None


def three(sweep: Sweep) -> Sweep:
    sweep.seeds = range(4)
    for label in ("random", "margin", "badge"):
        sweep.arm(label, noisy(label))
    return sweep


def test_cycles_are_blocks_on_request_only_and_then_with_a_warning(sweep: Sweep) -> None:
    three(sweep)
    (usual,), (asked,) = compared(sweep), compared(sweep, Blocks.CYCLES)
    assert usual.ranks is not None
    assert asked.ranks is not None
    assert (len(usual.ranks.blocks), len(asked.ranks.blocks)) == (4, 8)  # the first of three cycles is the same for all
    assert ranks.CYCLES not in list(ranks.remarks(usual.ranks))
    assert all(ranks.CYCLES in table.remarks for table in ranks.tables(asked.ranks, ("x",), "x", "accuracy"))


def test_accuracies_of_cycles_stand_in_the_block_of_their_seed_and_cycle(sweep: Sweep) -> None:
    three(sweep)
    (comparison,) = compared(sweep, Blocks.CYCLES)
    assert comparison.ranks is not None
    at = comparison.ranks.blocks.index("seed 2, 40 labels")
    assert comparison.ranks.scores[at].tolist() == [noisy(label)(2)[2] for label in comparison.ranks.names]


def test_two_arms_are_not_ranked_within_a_group(two_arms: Sweep) -> None:
    (comparison,) = compared(two_arms)
    assert comparison.ranks is None


def test_the_blocks_are_named_in_the_result(sweep: Sweep) -> None:
    (comparison,) = compared(three(sweep))
    assert comparison.ranks is not None
    told = " ".join(ranks.remarks(comparison.ranks))
    assert "over 4 blocks, which are seeds (seed 0, seed 1, seed 2, seed 3)" in told


def test_the_matrix_has_raw_p_above_and_holms_below_the_diagonal(sweep: Sweep) -> None:
    (comparison,) = compared(three(sweep))
    assert comparison.ranks is not None
    _, matrix = ranks.tables(comparison.ranks, ("x",), "x", "AUBC")
    pairs, k = comparison.ranks.pairs, 3
    for row in range(k):
        for column in range(k):
            expected = pairs.raw if row < column else pairs.adjusted
            if row != column:
                assert matrix.rows[row][column + 1].value == expected[row, column]
    assert matrix.rows[0][1].text == ""
    assert matrix.headings[1:] == comparison.ranks.names


def test_blocks_that_all_rank_alike_have_no_f(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.5 + 0.01 * seed, 0.6])
    sweep.arm("margin", lambda seed: [0.5, 0.6 + 0.01 * seed, 0.7])
    sweep.arm("badge", lambda seed: [0.5, 0.7 + 0.01 * seed, 0.8])
    (comparison,) = compared(sweep)
    assert comparison.ranks is not None
    told = " ".join(ranks.remarks(comparison.ranks))
    assert "F is not defined" in told
    assert "inf" not in told
    assert "nan" not in told
