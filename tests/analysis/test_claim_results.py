"""Declared comparisons: their test, their family, their verdict."""

from __future__ import annotations

import math

import numpy as np
import pytest
from claim_cases import SPREAD, arms, around, baseline, claim, compared, flat, only, take_seconds
from scipy import stats
from statsmodels.stats.multitest import multipletests
from synthetic_results import Sweep

from analysis.claims.judged import results
from analysis.load import load
from analysis.statistics.power import power


@pytest.mark.parametrize(
    ("kind", "margin", "mean", "verdict"),
    [
        ("superior", 0.0, 0.02, "supported"),
        ("superior", 0.0, -0.02, "refuted"),
        ("superior", 0.0, 0.002, "undecided"),
        ("superior", 0.0, -0.002, "undecided"),
        ("superior", 1.0, 0.02, "supported"),
        ("superior", 1.0, 0.0, "refuted"),
        ("superior", 1.0, 0.011, "undecided"),
        ("non_inferior", 1.0, 0.0, "supported"),
        ("non_inferior", 1.0, 0.05, "supported"),
        ("non_inferior", 1.0, -0.02, "refuted"),
        ("non_inferior", 1.0, -0.009, "undecided"),
        ("non_inferior", 1.0, -0.011, "undecided"),
        ("equivalent", 1.0, 0.001, "supported"),
        ("equivalent", 1.0, -0.001, "supported"),
        ("equivalent", 1.0, 0.02, "refuted"),
        ("equivalent", 1.0, -0.02, "refuted"),
        ("equivalent", 1.0, 0.009, "undecided"),
        ("equivalent", 1.0, -0.011, "undecided"),
    ],
)
def test_a_difference_beyond_doubt_decides_a_claim_and_a_small_one_does_not(
    sweep: Sweep, kind: str, margin: float, mean: float, verdict: str
) -> None:
    assert compared(sweep, around(mean), kind=kind, margin=margin).verdict == verdict


@pytest.mark.parametrize("kind", ["superior", "non_inferior", "equivalent"])
@pytest.mark.parametrize("mean", [-0.0165, -0.0145, -0.0135, -0.0055, -0.0045, 0.0045, 0.0055, 0.0135, 0.0145, 0.0155])
def test_a_single_claim_is_decided_by_where_its_interval_lies(sweep: Sweep, kind: str, mean: float) -> None:
    d, margin = np.array(around(mean)), 0.01
    error = stats.sem(d)
    wide = stats.t.interval(0.95, 9, d.mean(), error)
    low, high = stats.t.interval(0.90, 9, d.mean(), error)
    supported = {
        "superior": wide[0] > margin,
        "non_inferior": low > -margin,
        "equivalent": -margin < low < high < margin,
    }
    refuted = {
        "superior": wide[1] < margin,
        "non_inferior": wide[1] < -margin,
        "equivalent": wide[0] > margin or wide[1] < -margin,
    }
    found = compared(sweep, around(mean), kind=kind, margin=1.0)
    assert (found.verdict == "supported", found.verdict == "refuted") == (supported[kind], refuted[kind])


@pytest.mark.parametrize(
    ("kind", "p"),
    [
        ("superior", stats.ttest_1samp(np.array(around(0.004)), 0.01).pvalue),
        ("non_inferior", stats.ttest_1samp(np.array(around(0.004)), -0.01, alternative="greater").pvalue),
        ("equivalent", stats.ttest_1samp(np.array(around(0.004)), 0.01, alternative="less").pvalue),
    ],
)
def test_p_is_that_of_the_t_test_which_the_kind_calls_for(sweep: Sweep, kind: str, p: float) -> None:
    found = compared(sweep, around(0.004), kind=kind, margin=1.0)
    assert found.p == pytest.approx(p, rel=1e-9)
    assert 0 < found.p < 1
    bound = {"superior": 0.01, "non_inferior": -0.01, "equivalent": 0.01}[kind]
    assert found.statistic == pytest.approx(stats.ttest_1samp(np.array(around(0.004)), bound).statistic, rel=1e-9)
    assert found.degrees == 9


@pytest.mark.parametrize(("mean", "opposing"), [(0.02, 1.0), (-0.02, None)])
def test_the_opposite_of_what_was_seen_has_no_evidence(sweep: Sweep, mean: float, opposing: float | None) -> None:
    found = compared(sweep, around(mean))
    assert found.opposing == (found.p if opposing is None else opposing)


def test_the_estimate_is_the_mean_difference_with_its_unadjusted_interval(sweep: Sweep) -> None:
    d = np.array(around(0.02))
    found = compared(sweep, around(0.02), kind="equivalent", margin=5.0).estimate
    expected = (d.mean(), *stats.t.interval(0.95, 9, d.mean(), stats.sem(d)))
    assert (found.mean, found.low, found.high) == pytest.approx(expected)
    assert found.n == 10


def test_p_values_are_adjusted_over_all_claims_of_the_sweep(sweep: Sweep) -> None:
    arms(sweep, around(0.004))
    for name, margin in (("a", 0.0), ("b", 0.1), ("c", 0.8)):
        claim(sweep, name, margin=margin)
    found = results(load(sweep.root))
    adjusted = multipletests([each.p for each in found], method="holm")[1]
    assert [each.adjusted for each in found] == pytest.approx(adjusted)
    assert [each.name for each in found] == ["a", "b", "c"]


def test_a_claim_whose_runs_have_not_begun_counts_towards_the_family(sweep: Sweep) -> None:
    arms(sweep, around(0.004))
    sweep.arm("later")
    claim(sweep, "now")
    claim(sweep, "then", better="later")
    now, then = results(load(sweep.root))
    assert now.adjusted == pytest.approx(2 * now.p)
    assert math.isnan(then.p)
    assert (then.n, then.planned_n, then.verdict, then.status) == (0, 10, "undecided", "interim")


def test_more_claims_can_undo_a_verdict(sweep: Sweep) -> None:
    assert compared(sweep, around(0.0055)).verdict == "supported"
    for extra in range(3):
        claim(sweep, f"more{extra}", kind="superior", margin=0.5)
    assert results(load(sweep.root))[0].verdict == "undecided"


def test_more_claims_can_undo_a_refutation(sweep: Sweep) -> None:
    changes = {"kind": "non_inferior", "margin": 1.0}
    assert compared(sweep, around(-0.0155), **changes).verdict == "refuted"
    for extra in range(3):
        claim(sweep, f"more{extra}", **changes)
    assert {each.verdict for each in results(load(sweep.root))} == {"undecided"}


def test_a_sweep_without_claims_has_no_results(two_arms: Sweep) -> None:
    assert results(load(two_arms.root)) == []


def test_a_claim_is_interim_until_every_planned_run_is_in(sweep: Sweep) -> None:
    assert compared(sweep, around(0.02)).status == "confirmatory"
    later = sweep.experiments["fig"]["arms"][0]["cells"]["9"]
    (sweep.folder(later) / "rows.jsonl").unlink()
    found = only(sweep)
    assert (found.status, found.n, found.planned_n, found.unpaired) == ("interim", 9, 10, (9,))
    assert "Not used, since not every run that it takes is whole: seed 9." in found.remarks


def test_a_missing_run_of_another_arm_makes_no_claim_interim(sweep: Sweep) -> None:
    sweep.seeds = range(10)
    sweep.arm("badge")
    assert compared(sweep, around(0.02)).status == "confirmatory"


def test_a_claim_that_is_in_is_not_supported_by_what_another_one_may_lose_yet(sweep: Sweep) -> None:
    """Its p of 0.03 survives Holm only beside a smaller one, and that is of a claim that is half done."""
    arms(sweep, around(0.0059))
    clear = sweep.arm("clear", flat(around(0.05)))
    claim(sweep)
    claim(sweep, "other", better="clear")
    settled, _ = results(load(sweep.root))
    assert settled.verdict == "supported"
    for seed in "6789":
        (sweep.folder(clear["cells"][seed]) / "rows.jsonl").unlink()
    found, moving = results(load(sweep.root))
    assert (found.status, moving.status) == ("confirmatory", "interim")
    assert found.adjusted == pytest.approx(2 * found.p)
    assert found.verdict == "undecided"
    assert moving.adjusted == pytest.approx(2 * moving.p)


@pytest.mark.parametrize(("kind", "margin"), [("equivalent", 0.5), ("non_inferior", 0.1)])
def test_runs_that_fail_alike_do_not_show_that_arms_are_alike(sweep: Sweep, kind: str, margin: float) -> None:
    made = arms(sweep, [0.001, -0.003, *[0.0] * 40])
    claim(sweep, kind=kind, margin=margin)
    for seed in range(2, 42):
        for arm in made.values():
            sweep.run(arm["cells"][str(seed)], seed, [baseline(seed)])
            (sweep.folder(arm["cells"][str(seed)]) / "done.json").unlink(missing_ok=True)
            sweep.fail(arm["cells"][str(seed)])
    found = only(sweep)
    assert found.adjusted < 0.05
    assert found.verdict == "undecided"
    assert "not shown" in found.sentence
    assert "rests on failed runs" in " ".join(found.remarks)


def test_a_failed_run_counts_as_chance(sweep: Sweep) -> None:
    ours = arms(sweep, around(0.02))["ours"]
    claim(sweep)
    cell = ours["cells"]["3"]
    sweep.run(cell, 3, [0.9])
    (sweep.folder(cell) / "done.json").unlink()
    sweep.fail(cell)
    found = only(sweep)
    area = (0.9 + 0.5) / 2 * (1 / 3) + 0.5 * (2 / 3)  # two classes: chance is one half
    assert found.estimate.mean == pytest.approx(np.mean([*around(0.02)[:3], area - baseline(3), *around(0.02)[4:]]))
    assert (found.n, found.status, found.unpaired) == (10, "confirmatory", ())
    assert f"1 failed run counted as chance: cells {cell}." in found.remarks


def test_equal_differences_decide_nothing(sweep: Sweep) -> None:
    found = compared(sweep, [0.25] * 6)
    assert math.isnan(found.p)
    assert (found.verdict, found.n, found.seeds_needed) == ("undecided", 6, None)
    assert found.estimate.mean == pytest.approx(0.25)


def test_one_pair_decides_nothing(sweep: Sweep) -> None:
    found = compared(sweep, [0.25])
    assert math.isnan(found.p)
    assert (found.verdict, found.n) == ("undecided", 1)
    assert math.isnan(found.opposing)


def test_final_accuracy_is_the_last_cycle_s(sweep: Sweep) -> None:
    sweep.seeds = range(4)
    sweep.arm("random", lambda seed: [0.9, 0.9, 0.5])
    sweep.arm("ours", lambda seed: [0.1, 0.1, 0.52 + 0.001 * seed])
    claim(sweep, metric="final_accuracy")
    found = only(sweep)
    assert found.estimate.mean == pytest.approx(0.0215)
    assert found.verdict == "supported"


def test_seeds_needed_are_the_fewest_that_decide_with_probability_0_8(sweep: Sweep) -> None:
    found = compared(sweep, around(0.002))
    n, deviation = found.seeds_needed, float(np.std(SPREAD, ddof=1))
    assert n is not None
    assert power(0.002, deviation, n - 1) < 0.8 <= power(0.002, deviation, n)
    claim(sweep, "more", margin=0.1)
    more = results(load(sweep.root))[0].seeds_needed
    assert more is not None
    assert power(0.002, deviation, more - 1, alpha=0.025) < 0.8 <= power(0.002, deviation, more, alpha=0.025)


@pytest.mark.parametrize(
    ("kind", "mean", "distance", "alpha"),
    [("non_inferior", -0.008, 0.002, 0.1), ("non_inferior", -0.012, 0.002, 0.05), ("equivalent", 0.008, 0.002, 0.1)],
)
def test_seeds_needed_are_counted_from_the_margin(
    sweep: Sweep, kind: str, mean: float, distance: float, alpha: float
) -> None:
    n, deviation = compared(sweep, around(mean), kind=kind, margin=1.0).seeds_needed, float(np.std(SPREAD, ddof=1))
    assert n is not None
    assert power(distance, deviation, n - 1, alpha) < 0.8 <= power(distance, deviation, n, alpha)


@pytest.mark.parametrize("mean", [0.0008, 0.002, 0.004, -0.003])
@pytest.mark.parametrize("n", [2, 3, 10])
def test_an_undecided_claim_needs_more_seeds_than_it_has(sweep: Sweep, mean: float, n: int) -> None:
    found = compared(sweep, around(mean, n))
    assert found.verdict != "undecided" or found.seeds_needed is None or found.seeds_needed > n


def test_a_decided_claim_needs_no_seeds(sweep: Sweep) -> None:
    assert compared(sweep, around(0.02)).seeds_needed is None


def test_speed_is_the_geometric_mean_of_how_many_times_faster_each_seed_was(sweep: Sweep) -> None:
    made = arms(sweep, around(0.0, 4))
    take_seconds(sweep, made["random"], [60.0, 80.0, 100.0, 120.0])
    take_seconds(sweep, made["ours"], [0.5, 0.5, 1.0, 0.5])
    claim(sweep, metric="query_speed", margin=50.0)
    found = only(sweep)
    logs = np.log([120.0, 160.0, 100.0, 240.0])
    assert found.estimate.mean == pytest.approx(stats.gmean([120.0, 160.0, 100.0, 240.0]))
    assert found.estimate.low == pytest.approx(np.exp(stats.t.interval(0.95, 3, logs.mean(), stats.sem(logs))[0]))
    assert found.p == pytest.approx(stats.ttest_1samp(logs, np.log(50)).pvalue)
    assert found.verdict == "supported"


@pytest.mark.parametrize(
    ("kind", "margin", "slower", "verdict"),
    [
        ("superior", 1.0, 3.0, "refuted"),
        ("non_inferior", 2.0, 1.5, "supported"),
        ("non_inferior", 2.0, 3.0, "refuted"),
        ("equivalent", 2.0, 1.5, "supported"),
        ("equivalent", 2.0, 0.4, "refuted"),
    ],
)
def test_a_margin_of_speed_is_a_factor(sweep: Sweep, kind: str, margin: float, slower: float, verdict: str) -> None:
    made = arms(sweep, around(0.0, 4))
    take_seconds(sweep, made["random"], [60.0, 81.0, 100.0, 120.0])
    take_seconds(sweep, made["ours"], [60.0 * slower, 80.0 * slower, 100.5 * slower, 121.0 * slower])
    claim(sweep, metric="query_speed", kind=kind, margin=margin)
    assert only(sweep).verdict == verdict


def test_a_failed_run_has_no_speed(sweep: Sweep) -> None:
    made = arms(sweep, around(0.0, 4))
    claim(sweep, metric="query_speed", margin=1.0)
    cell = made["ours"]["cells"]["2"]
    sweep.run(cell, 2, [0.5, 0.5])
    sweep.fail(cell, cycle=2)
    found = only(sweep)
    assert (found.n, found.unpaired) == (3, (2,))


def test_the_drawing_of_the_initial_set_is_no_query(sweep: Sweep) -> None:
    made = arms(sweep, around(0.0, 3))
    take_seconds(sweep, made["ours"], [1.0, 1.0, 1.1])  # cycle 0 takes 100 s in both arms, a query of Random 2 s
    claim(sweep, metric="query_speed", margin=1.0)
    assert only(sweep).estimate.mean == pytest.approx(stats.gmean([2.0, 2.0, 2 / 1.1]))


def test_the_flat_curves_of_these_tests_have_the_areas_that_they_claim(sweep: Sweep) -> None:
    assert compared(sweep, [0.0, 0.01, 0.03]).estimate.mean == pytest.approx(0.04 / 3)
    assert flat([0.0])(0) == [baseline(0)] * 3
