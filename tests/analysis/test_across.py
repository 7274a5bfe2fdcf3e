"""Over a sweep: datasets as blocks, penalties over settings, gains over each setting's own Random."""

from __future__ import annotations

import numpy as np
import pytest
from compared import compared, noisy
from scipy import stats
from synthetic_results import Sweep

from analysis.across import Family, families
from analysis.estimate import estimate
from analysis.result_tables import over_sweep

ARMS = {"random": 0.0, "margin": 0.05, "badge": 0.02}
DATASETS = ("digits", "letters", "svhn", "mnist")


@pytest.fixture
def datasets(sweep: Sweep) -> Sweep:
    """The same three arms on four datasets, an experiment each, over four seeds."""
    sweep.seeds = range(4)
    for dataset in DATASETS:
        for label, gain in ARMS.items():
            sweep.arm(label, noisy(f"{dataset} {label}", gain), experiment=f"fig {dataset}", dataset=dataset)
    return sweep


def only(sweep: Sweep) -> Family:
    (family,) = families(compared(sweep))
    return family


def test_datasets_are_blocks_and_their_seeds_are_averaged_first(datasets: Sweep) -> None:
    family = only(datasets)
    means = np.array([each.runs.areas.mean(axis=1) for each in compared(datasets)])  # (b, k)
    assert family.ranks is not None
    assert family.ranks.blocks == DATASETS
    np.testing.assert_allclose(family.ranks.scores, means)
    assert family.ranks.friedman.p == pytest.approx(stats.friedmanchisquare(*means.T).pvalue)


def test_only_seeds_that_all_arms_have_are_averaged(datasets: Sweep) -> None:
    cell = datasets.experiments["fig letters"]["arms"][1]["cells"]["3"]
    datasets.run(cell, 3, [0.5])
    ranks = only(datasets).ranks
    letters = compared(datasets)[1]
    assert ranks is not None
    np.testing.assert_allclose(ranks.scores[1], letters.runs.areas[:, :3].mean(axis=1))


def test_two_settings_of_one_dataset_are_one_block(datasets: Sweep) -> None:
    for label, gain in ARMS.items():
        datasets.arm(label, noisy(f"wide {label}", gain), experiment="wide", dataset="svhn")
    family = only(datasets)
    svhn, wide = (each.runs.areas.mean(axis=1) for each in (compared(datasets)[2], compared(datasets)[4]))
    assert family.ranks is not None
    np.testing.assert_allclose(family.ranks.scores[2], (svhn + wide) / 2)
    assert len(family.penalty.settings) == 5


def test_settings_of_one_dataset_alone_are_not_ranked_but_counted(sweep: Sweep) -> None:
    for width in (1, 2):
        for label in ARMS:
            sweep.arm(label, noisy(f"{width} {label}"), group=f"width={width}")
    family = only(sweep)
    assert family.ranks is None
    assert family.penalty.settings == ("fig · width=1", "fig · width=2")


def test_groups_with_other_arms_are_another_family(datasets: Sweep) -> None:
    for dataset in ("digits", "svhn"):
        for label in ("random", "oracle-free"):
            datasets.arm(label, noisy(f"{dataset} {label}"), experiment=f"other {dataset}", dataset=dataset)
    found = families(compared(datasets))
    assert [set(family.names) for family in found] == [set(ARMS), {"random", "oracle-free"}]
    names = [table.name for table in over_sweep(compared(datasets))]
    assert len(names) == len(set(names))


def test_an_experiment_that_shares_all_its_cells_with_another_counts_once(datasets: Sweep) -> None:
    before = only(datasets)
    for arm in list(datasets.experiments["fig digits"]["arms"]):
        datasets.arm(arm["label"], experiment="again", dataset="digits", cells=arm["cells"])
    after = only(datasets)
    assert after.penalty.settings == before.penalty.settings
    assert after.gains == before.gains


def test_an_experiment_that_repeats_some_of_another_s_seeds_counts_once(datasets: Sweep) -> None:
    before = only(datasets)
    datasets.seeds = list(datasets.seeds)[:3]
    for arm in list(datasets.experiments["fig digits"]["arms"]):
        cells = {str(seed): arm["cells"][str(seed)] for seed in datasets.seeds}
        datasets.arm(arm["label"], experiment="a again", dataset="digits", cells=cells)
    datasets.experiments = {"a again": datasets.experiments.pop("a again"), **datasets.experiments}
    datasets.write()
    after = only(datasets)
    assert after.penalty.settings == before.penalty.settings
    assert sorted(after.gains, key=str) == sorted(before.gains, key=str)


def test_pairs_of_cells_that_two_settings_share_count_once(datasets: Sweep) -> None:
    """As where a strategy that reveals nothing has the same cells in batch and sequential mode."""
    before = {gain.label: gain for gain in only(datasets).gains}
    for arm in list(datasets.experiments["fig digits"]["arms"]):
        own = arm["label"] in ("random", "margin")
        cells = {"cells": arm["cells"]} if own else {}
        curve = None if own else lambda seed: [0.5, 0.6, 0.7]
        datasets.arm(arm["label"], curve, experiment="mode", dataset="digits", **cells)
    after = {gain.label: gain for gain in only(datasets).gains}
    assert after["margin"] == before["margin"]
    others = [label for label in after if label != "margin"]
    assert all(after[label].middle.n > before[label].middle.n for label in others)


def test_an_arm_that_beats_another_on_every_seed_gets_a_point_per_setting(sweep: Sweep) -> None:
    sweep.seeds = range(5)
    for dataset in ("digits", "letters"):
        sweep.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment=dataset, dataset=dataset)
        sweep.arm("best", lambda seed: [0.5, 0.7 + 0.01 * seed, 0.8 + 0.01 * seed], experiment=dataset, dataset=dataset)
    penalty = only(sweep).penalty
    best, random = penalty.names.index("best"), penalty.names.index("random")
    assert penalty.counts[best, random] == pytest.approx(2)
    assert penalty.counts[random, best] == 0


def test_gains_are_the_paired_differences_of_all_settings(datasets: Sweep) -> None:
    family = only(datasets)
    gain = next(each for each in family.gains if each.label == "margin")
    differences = np.concatenate([each.runs.areas[1] - each.runs.areas[0] for each in compared(datasets)])
    assert gain.middle.mean == pytest.approx(stats.trim_mean(differences, 0.25))
    assert gain.middle.n == 16
    assert gain.better.mean == pytest.approx((differences > 0).mean())
    assert gain.middle.low < gain.middle.mean < gain.middle.high


def test_the_interval_of_a_gain_is_about_that_of_a_mean(datasets: Sweep) -> None:
    """Resampling seeds within settings spreads like the standard error within settings, not like that over all."""
    gain = next(each for each in only(datasets).gains if each.label == "margin")
    within = [estimate(each.runs.areas[1] - each.runs.areas[0]) for each in compared(datasets)]
    error = np.sqrt(np.sum([((each.high - each.mean) / 3.18) ** 2 for each in within])) / len(within)
    assert 0.5 < (gain.middle.high - gain.middle.low) / (2 * 1.96 * error) < 2


def test_the_same_results_give_the_same_intervals(datasets: Sweep) -> None:
    assert only(datasets).gains == only(datasets).gains


def test_groups_without_random_have_no_gains(sweep: Sweep) -> None:
    for dataset in ("digits", "letters"):
        for label in ("margin", "badge"):
            sweep.arm(label, noisy(f"{dataset} {label}"), experiment=dataset, dataset=dataset)
    assert only(sweep).gains == ()
    assert over_sweep(compared(sweep))


def test_a_single_group_is_no_family(two_arms: Sweep) -> None:
    assert families(compared(two_arms)) == []


def test_a_sweep_that_has_not_begun_has_no_families(sweep: Sweep) -> None:
    for dataset in ("digits", "letters"):
        for label in ARMS:
            sweep.arm(label, experiment=dataset, dataset=dataset)
    assert families(compared(sweep)) == []


def test_settings_that_lack_seeds_are_named_with_the_seeds_that_were_used(datasets: Sweep) -> None:
    assert only(datasets).short == {}
    datasets.run(datasets.experiments["fig svhn"]["arms"][1]["cells"]["3"], 3, [0.5])
    family = only(datasets)
    assert family.short == {"fig svhn": (0, 1, 2)}
    assert family.interim
    told = [table for table in over_sweep(compared(datasets)) if "fig svhn: seeds 0, 1, 2" in " ".join(table.remarks)]
    assert len(told) == 2


def test_an_arm_all_of_whose_runs_failed_takes_no_other_arm_with_it(datasets: Sweep) -> None:
    for name in datasets.experiments:
        badge = next(arm for arm in datasets.experiments[name]["arms"] if arm["label"] == "badge")
        for seed, cell in badge["cells"].items():
            datasets.run(cell, int(seed), [0.5])
            datasets.fail(cell)
    without = only(datasets).without_failed
    assert without is not None
    assert without.ranks is not None
    assert without.ranks.names == ("random", "margin")
    assert without.ranks.left_out == ("badge",)
    np.testing.assert_allclose(without.ranks.scores[0], compared(datasets)[0].runs.areas[:2].mean(axis=1))
    assert without.penalty.settings == tuple(f"fig {dataset}" for dataset in DATASETS)
    assert {"random", "margin"} <= set(without.penalty.names)
    assert without.short == {}


def test_an_interval_of_no_width_is_none(sweep: Sweep) -> None:
    for dataset in ("digits", "letters"):
        sweep.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment=dataset, dataset=dataset)
        sweep.arm("best", lambda seed: [0.5, 0.7 + 0.01 * seed, 0.8], experiment=dataset, dataset=dataset)
    (gain,) = only(sweep).gains
    assert gain.better.mean == 1
    assert gain.middle.low < gain.middle.mean < gain.middle.high
    assert np.isnan([gain.better.low, gain.better.high]).all()


def test_failed_runs_are_counted_in_both_ways(datasets: Sweep) -> None:
    cells = datasets.experiments["fig svhn"]["arms"][1]["cells"]
    datasets.run(cells["3"], 3, [0.5])
    datasets.fail(cells["3"])
    family, without = only(datasets), only(datasets).without_failed
    assert without is not None
    assert family.ranks is not None
    assert without.ranks is not None
    svhn = compared(datasets)[2].runs.areas
    np.testing.assert_allclose(family.ranks.scores[2], svhn.mean(axis=1))
    np.testing.assert_allclose(without.ranks.scores[2], svhn[:, :3].mean(axis=1))
    assert svhn[1, 3] == pytest.approx(0.5)
    names = [table.name for table in over_sweep(compared(datasets))]
    assert len(names) == len(set(names)) == 8
