"""A group as one array agrees with the plain, arm-by-arm way."""

from __future__ import annotations

import numpy as np
import pytest
from compared import noisy
from synthetic_results import Sweep

from analysis.curves import areas, aubc_zhan2021, complete_runs
from analysis.groups import Group, groups
from analysis.load import load
from analysis.runs import runs
from bench.errors import ResultsError


def only_group(sweep: Sweep) -> Group:
    (group,) = groups(load(sweep.root))
    return group


def test_every_area_is_that_of_the_plain_way_and_unfinished_runs_have_none(sweep: Sweep) -> None:
    sweep.seeds = range(5)
    for label in ("random", "margin", "badge"):
        sweep.arm(label, lambda seed, label=label: noisy(label)(seed)[: 2 if (label, seed) == ("badge", 3) else 3])
    group = only_group(sweep)
    found = runs(group)
    for arm, line, zhan, final in zip(group.arms, found.areas, found.areas_zhan2021, found.final, strict=True):
        whole = complete_runs(group.rows(arm), 2)
        plain = areas(group.rows(arm), 2)
        expected = [plain.get(seed, np.nan) for seed in range(5)]
        np.testing.assert_allclose(line, expected, rtol=1e-12)
        np.testing.assert_allclose(zhan[~np.isnan(zhan)], [aubc_zhan2021(row) for row in whole.to_numpy()])
        np.testing.assert_allclose(final[~np.isnan(final)], whole[2])
    assert np.isnan(found.areas[2, 3])
    assert np.isnan(found.final[2, 3])
    assert np.isnan(found.areas_zhan2021[2, 3])


def test_seeds_complete_in_several_arms_are_those_complete_in_each(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7][: 3 - (seed == 0)])
    sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7][: 3 - (seed == 2)])
    found = runs(only_group(sweep))
    assert found.named(found.whole("random")) == (1, 2)
    assert found.named(found.whole("random", "margin")) == (1,)
    assert found.begun.all()


def test_a_run_without_a_row_has_not_begun(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin")
    found = runs(only_group(sweep))
    assert found.begun.tolist() == [[True] * 3, [False] * 3]
    assert found.labelled.tolist() == [10, 20, 40]


def test_a_sweep_that_has_not_begun_has_no_labels(sweep: Sweep) -> None:
    sweep.arm("random")
    found = runs(only_group(sweep))
    assert np.isnan(found.labelled).all()
    assert np.isnan(found.areas).all()


def test_two_arms_that_are_no_pair_are_told_also_where_neither_is_random(sweep: Sweep) -> None:
    sweep.arm("badge", lambda seed: [0.5, 0.6, 0.7])
    margin = sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    sweep.run(margin["cells"]["1"], 1, [0.5, 0.6, 0.7], queried=[7, 8, 9])
    with pytest.raises(ResultsError, match=f"{margin['cells']['1']} of seed 1"):
        runs(only_group(sweep))


def test_the_arm_that_began_elsewhere_is_named_with_randoms_cell(two_arms: Sweep) -> None:
    two_arms.arm("badge", lambda seed: [0.5, 0.6, 0.7])
    random, margin, badge = (arm["cells"]["1"] for arm in two_arms.experiments["fig"]["arms"])
    two_arms.run(margin, 1, [0.5, 0.6, 0.7], queried=[7, 8, 9])
    with pytest.raises(ResultsError, match=f"cells {margin} and {random} of seed 1 differ") as told:
        runs(only_group(two_arms))
    assert badge not in str(told.value)


def test_seeds_of_different_budgets_are_not_averaged(sweep: Sweep) -> None:
    arm = sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.labels = (10, 30, 60)
    sweep.run(arm["cells"]["2"], 2, [0.5, 0.6, 0.7])
    with pytest.raises(ResultsError, match="one number of labels per cycle"):
        runs(only_group(sweep))
