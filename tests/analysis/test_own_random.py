"""Arms of different learners are compared by their difference from their own Random, never by accuracy."""

from __future__ import annotations

import numpy as np
import pytest
from compared import compared, noisy
from scipy import stats
from synthetic_results import Sweep

from analysis.own_random import MOST, OwnRandom, own_random
from analysis.result_tables import across

SEEDS = range(5)


def shifted(label: str, height: float, gain: float = 0.0):
    return lambda seed: (np.array(noisy(label, gain)(seed)) + height).tolist()


@pytest.fixture
def learners(sweep: Sweep) -> Sweep:
    """A Gaussian process 20 points above a network, in which margin gains less over Random."""
    sweep.seeds = SEEDS
    sweep.arm("random", shifted("net", 0.0), group="learner=network")
    sweep.arm("margin", shifted("net margin", 0.0, 0.06), group="learner=network")
    sweep.arm("random", shifted("gp", 0.2), group="learner=gp", learner="gp")
    sweep.arm("margin", shifted("gp margin", 0.2, 0.02), group="learner=gp", learner="gp")
    return sweep


def found(sweep: Sweep) -> OwnRandom:
    told = own_random(compared(sweep))
    assert told is not None
    return told


def test_raising_one_learner_by_any_amount_changes_no_difference(learners: Sweep) -> None:
    higher = Sweep(learners.root.parent / "higher", seeds=SEEDS)
    for arm in learners.experiments["fig"]["arms"]:
        raised = 0.05 if arm["learner"] == "gp" else 0.0
        name = ("gp" if raised else "net") + (" margin" if arm["label"] == "margin" else "")
        gain = {"net margin": 0.06, "gp margin": 0.02}.get(name, 0.0)
        curve = shifted(name, (0.2 if raised else 0.0) + raised, gain)
        higher.arm(arm["label"], curve, group=arm["group"], learner=arm["learner"])
    for one, other in zip(found(learners).rows, found(higher).rows, strict=True):
        assert one.arm.against_random is not None
        assert other.arm.against_random is not None
        assert one.arm.against_random.difference.mean == pytest.approx(other.arm.against_random.difference.mean)


def test_the_arms_of_two_learners_are_tested_on_their_gains(learners: Sweep) -> None:
    network, gp = compared(learners)
    gains = [each.runs.areas[1] - each.runs.areas[0] for each in (network, gp)]
    ranks = found(learners).ranks
    assert ranks is not None
    test = ranks.pairs.tests["margin (learner=network)", "margin (learner=gp)"]
    assert test.p == pytest.approx(stats.ttest_rel(*gains).pvalue)
    assert test.difference.mean > 0


def test_the_table_has_every_arm_with_its_own_random(learners: Sweep) -> None:
    table = across(compared(learners))[0]
    rows = [[cell.text for cell in row] for row in table.rows]
    assert [row[:2] for row in rows] == [["margin", "learner=network"], ["margin", "learner=gp"]]
    network, gp = compared(learners)
    assert [row[2].value for row in table.rows] == [100 * each.summary("random").aubc.mean for each in (network, gp)]


def test_a_single_group_has_nothing_to_compare_across(two_arms: Sweep) -> None:
    assert own_random(compared(two_arms)) is None
    assert across(compared(two_arms)) == []


def test_groups_that_have_not_begun_are_not_compared(sweep: Sweep) -> None:
    for group in ("width=1", "width=2"):
        for label in ("random", "margin"):
            sweep.arm(label, group=group)
    assert own_random(compared(sweep)) is None


def test_a_group_without_random_is_not_compared(sweep: Sweep) -> None:
    for group in ("width=1", "width=2"):
        sweep.arm("margin", noisy("margin"), group=group)
    assert own_random(compared(sweep)) is None


def test_seeds_of_two_datasets_are_no_pairs(learners: Sweep) -> None:
    for arm in learners.experiments["fig"]["arms"][2:]:
        arm["dataset"] = "letters"
    learners.write()
    assert found(learners).ranks is None
    assert len(found(learners).rows) == 2


def test_a_seed_that_one_learner_lacks_is_no_block(learners: Sweep) -> None:
    cell = learners.experiments["fig"]["arms"][3]["cells"]["2"]
    learners.run(cell, 2, [0.5])
    ranks = found(learners).ranks
    assert ranks is not None
    assert ranks.blocks == ("seed 0", "seed 1", "seed 3", "seed 4")
    assert ranks.dropped == ("seed 2",)


def test_more_methods_than_anyone_reads_are_not_paired(sweep: Sweep) -> None:
    for width in range(MOST + 1):
        sweep.arm("random", noisy("random"), group=f"width={width}")
        sweep.arm("margin", noisy(f"margin {width}"), group=f"width={width}")
    assert found(sweep).ranks is None
    assert len(found(sweep).rows) == MOST + 1


def test_an_arm_whose_cells_two_groups_share_is_one_method(sweep: Sweep) -> None:
    """As Margin in batch and sequential mode: it reveals nothing, so that both are the same runs."""
    sweep.seeds = SEEDS
    for label, gain in (("random", 0.0), ("margin", 0.04)):
        made = sweep.arm(label, shifted(label, 0.0, gain), group="mode=batch")
        sweep.arm(label, group="mode=sequential", cells=made["cells"])
    for mode, gain in (("batch", 0.05), ("sequential", 0.08)):
        sweep.arm("ours", shifted(f"ours {mode}", 0.0, gain), group=f"mode={mode}")
    told = found(sweep)
    assert told.ranks is not None
    assert list(told.ranks.names) == ["margin (mode=batch)", "ours (mode=batch)", "ours (mode=sequential)"]
    assert len(told.rows) == 4


def test_an_arm_that_sees_labels_is_shown_but_not_ranked(learners: Sweep) -> None:
    learners.arm("oracle", noisy("oracle"), group="learner=gp", learner="gp", sees_labels=True)
    told = found(learners)
    assert told.ranks is not None
    assert not any("oracle" in name for name in told.ranks.names)
    assert [row.arm.arm["label"] for row in told.rows] == ["margin", "margin", "oracle"]


def test_failed_runs_are_counted_in_both_ways(learners: Sweep) -> None:
    assert found(learners).without_failed is None
    cells = learners.experiments["fig"]["arms"][3]["cells"]
    learners.run(cells["2"], 2, shifted("gp margin", 0.2)(2)[:1])
    learners.fail(cells["2"])
    told = found(learners)
    assert told.without_failed is not None
    pairs = [each.rows[1].arm.against_random for each in (told, told.without_failed)]
    assert [versus.difference.n for versus in pairs if versus is not None] == [5, 4]
    made = across(compared(learners))
    assert len({table.name for table in made}) == len(made) == 6
    assert sum("failed runs scored as chance" in table.title for table in made) == 3
    assert sum("failed runs left out" in table.title for table in made) == 3
