"""The numbers of a group against scipy and statsmodels, and what too few seeds leave undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from compared import compared, noisy
from scipy import stats
from synthetic_results import Sweep

from analysis.against_random import AgainstRandom, correlation
from analysis.comparison import Comparison
from analysis.curves import aubc, aubc_zhan2021

LABELS = [10, 20, 40]


@pytest.fixture
def four_arms(sweep: Sweep) -> Sweep:
    """Random and three others, one of them clearly better, over six seeds."""
    sweep.seeds = range(6)
    for label, gain in {"random": 0.0, "margin": 0.08, "entropy": 0.01, "badge": 0.02}.items():
        sweep.arm(label, noisy(label, gain))
    return sweep


def area(label: str, gain: float) -> np.ndarray:
    return np.array([aubc(LABELS, noisy(label, gain)(seed)) for seed in range(6)])


def versus(comparison: Comparison, label: str) -> AgainstRandom:
    found = comparison.summary(label).against_random
    assert found is not None
    return found


def test_the_test_against_random_is_scipys_on_the_areas(four_arms: Sweep) -> None:
    (comparison,) = compared(four_arms)
    ours, random = area("margin", 0.08), area("random", 0.0)
    found, expected = versus(comparison, "margin"), stats.ttest_rel(ours, random)
    assert (found.test.t, found.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    assert found.signed_rank.p == pytest.approx(stats.wilcoxon(ours, random, method="exact").pvalue)
    assert found.correlation == pytest.approx(np.corrcoef(ours, random)[0, 1])
    assert found.wins.wins == (ours > random).sum()
    assert found.difference.mean == pytest.approx((ours - random).mean())


def test_an_arm_has_the_means_of_its_runs(four_arms: Sweep) -> None:
    (comparison,) = compared(four_arms)
    summary, curves = comparison.summary("margin"), [noisy("margin", 0.08)(seed) for seed in range(6)]
    assert summary.aubc.mean == pytest.approx(area("margin", 0.08).mean())
    assert summary.aubc_zhan2021.mean == pytest.approx(np.mean([aubc_zhan2021(curve) for curve in curves]))
    assert summary.final_accuracy.mean == pytest.approx(np.mean(curves, axis=0)[-1])


def test_holm_runs_over_the_arms_against_random(four_arms: Sweep) -> None:
    from statsmodels.stats.multitest import multipletests

    (comparison,) = compared(four_arms)
    found = [versus(comparison, label) for label in ("margin", "entropy", "badge")]
    expected = multipletests([each.p for each in found], method="holm")[1]
    assert [each.holm for each in found] == pytest.approx(expected.tolist())
    assert {each.family for each in found} == {3}


def test_an_arm_that_sees_labels_is_in_no_family_and_not_ranked(four_arms: Sweep) -> None:
    (before,) = compared(four_arms)
    four_arms.arm("oracle", noisy("oracle", 0.2), sees_labels=True)
    (comparison,) = compared(four_arms)
    assert versus(comparison, "margin").holm == versus(before, "margin").holm
    assert math.isnan(versus(comparison, "oracle").holm)
    assert versus(comparison, "oracle").p < 0.05
    assert comparison.ranks is not None
    assert "oracle" not in comparison.ranks.names


def test_the_detectable_difference_is_found_at_eighty_per_cent(four_arms: Sweep) -> None:
    from analysis.statistics.power import power

    (comparison,) = compared(four_arms)
    found = versus(comparison, "margin")
    assert power(found.detectable, found.test.deviation, 6) == pytest.approx(0.8)


def test_friedman_over_seeds_is_scipys(four_arms: Sweep) -> None:
    (comparison,) = compared(four_arms)
    columns = [
        area(label, gain) for label, gain in (("random", 0), ("margin", 0.08), ("entropy", 0.01), ("badge", 0.02))
    ]
    expected = stats.friedmanchisquare(*columns)
    assert comparison.ranks is not None
    found = comparison.ranks.friedman
    assert (found.statistic, found.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))


def test_every_pair_is_tested_over_the_blocks_of_the_ranks(four_arms: Sweep) -> None:
    (comparison,) = compared(four_arms)
    assert comparison.ranks is not None
    found = comparison.ranks.pairs.tests["margin", "badge"]
    assert found.p == pytest.approx(stats.ttest_rel(area("margin", 0.08), area("badge", 0.02)).pvalue)
    assert len(comparison.ranks.pairs.tests) == 6


def test_the_curve_has_the_mean_of_the_seeds_that_have_the_cycle(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6 + 0.1 * seed, 0.9][: 3 - (seed == 2)])
    (comparison,) = compared(sweep)
    curve = comparison.summary("random").curve
    assert [each.n for each in curve] == [3, 3, 2]
    assert [each.mean for each in curve] == pytest.approx([0.5, 0.7, 0.9])
    assert comparison.summary("random").complete == (0, 1)


def test_one_seed_has_no_test_and_warns_nobody(sweep: Sweep, recwarn: pytest.WarningsRecorder) -> None:
    sweep.seeds = (4,)
    for label in ("random", "margin", "badge"):
        sweep.arm(label, noisy(label))
    (comparison,) = compared(sweep)
    found = versus(comparison, "margin")
    assert found.difference.n == 1
    assert all(map(math.isnan, (found.p, found.holm, found.detectable, found.correlation, found.test.effect)))
    assert found.labels is not None
    assert comparison.ranks is None
    assert not recwarn.list


def test_equal_differences_have_no_test_and_say_nothing_of_what_could_be_found(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6 + 0.01 * seed, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.7 + 0.01 * seed, 0.8])
    (comparison,) = compared(sweep)
    found = versus(comparison, "margin")
    assert found.test.deviation < 1e-12
    assert all(map(math.isnan, (found.p, found.holm, found.detectable)))
    assert (found.wins.wins, found.family) == (3, 0)


def test_no_seed_has_no_numbers_and_warns_nobody(sweep: Sweep, recwarn: pytest.WarningsRecorder) -> None:
    for label in ("random", "margin", "badge"):
        sweep.arm(label)
    (comparison,) = compared(sweep)
    found = versus(comparison, "margin")
    assert (found.difference.n, found.labels, found.seeds) == (0, None, ())
    assert math.isnan(comparison.summary("random").costs.fit.median)
    assert not recwarn.list


def test_a_seed_that_one_of_two_arms_lacks_is_unpaired(four_arms: Sweep) -> None:
    margin = four_arms.experiments["fig"]["arms"][1]["cells"]
    four_arms.run(margin["2"], 2, [0.5])
    (comparison,) = compared(four_arms)
    found = versus(comparison, "margin")
    assert (found.seeds, found.unpaired) == ((0, 1, 3, 4, 5), (2,))
    assert versus(comparison, "badge").unpaired == ()
    assert comparison.interim


def test_a_seed_that_nobody_began_is_missing_and_not_unpaired(four_arms: Sweep) -> None:
    four_arms.experiment("fig", seeds=list(range(8)))
    (comparison,) = compared(four_arms)
    assert versus(comparison, "margin").unpaired == ()
    assert comparison.interim
    assert comparison.planned == 8


def test_memory_is_the_largest_and_times_are_told_by_median_and_mean(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    (comparison,) = compared(sweep)
    costs = comparison.summary("random").costs
    assert (costs.query.median, costs.query.mean, costs.query.n) == (2.0, 2.0, 6)
    assert costs.peak_mib == 64.0


def test_labels_saved_are_read_off_the_mean_curves(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.7, 0.8])
    sweep.arm("worse", lambda seed: [0.5, 0.55, 0.6])
    (comparison,) = compared(sweep)
    margin, worse = versus(comparison, "margin").labels, versus(comparison, "worse").labels
    assert margin is not None
    assert worse is not None
    assert (margin.target, margin.ours.value, margin.ratio.value) == pytest.approx((0.7, 20, 0.5))
    assert worse.ours.value is None
    assert worse.ours.reached == 0


def test_the_same_results_give_the_same_intervals(four_arms: Sweep) -> None:
    (first,), (second,) = compared(four_arms), compared(four_arms)
    assert versus(first, "margin").labels == versus(second, "margin").labels


def test_a_correlation_needs_three_pairs_that_vary() -> None:
    assert math.isnan(correlation(np.array([0.1, 0.2]), np.array([0.3, 0.5])))
    assert math.isnan(correlation(np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.5, 0.5])))
    assert correlation(np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.7, 0.9])) == pytest.approx(1)
