"""Failed runs count as chance, unfinished ones as nothing, and both ways of counting stand side by side."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from compared import compared, noisy
from synthetic_results import Sweep

from analysis.comparison import compare
from analysis.failed import left_out, scored_as_chance, unscored
from analysis.groups import groups
from analysis.load import load

CHANCE = 0.5  # the synthetic rows have two classes


@pytest.fixture
def failing(two_arms: Sweep) -> Sweep:
    """Badge as good as Random, but seed 1 diverged after its first cycle."""
    badge = two_arms.arm("badge", lambda seed: [0.5, 0.6, 0.7][: 1 if seed == 1 else 3])
    two_arms.fail(badge["cells"]["1"])
    return two_arms


def filled(sweep: Sweep) -> pd.DataFrame:
    frame = scored_as_chance(load(sweep.root)).frame
    return frame[frame["imputed"]]


def test_the_cycles_that_a_failed_run_lacks_are_chance_and_the_others_its_own(failing: Sweep) -> None:
    frame = scored_as_chance(load(failing.root)).frame
    run = frame[(frame["label"] == "badge") & (frame["seed"] == 1)].sort_values("cycle")
    assert run["accuracy"].tolist() == [0.5, CHANCE, CHANCE]
    assert run["imputed"].tolist() == [False, True, True]
    assert run["labelled"].tolist() == [10, 20, 40]


def test_everything_that_ran_is_left_as_it_was(failing: Sweep) -> None:
    loaded = load(failing.root)
    scored = scored_as_chance(loaded)
    pd.testing.assert_frame_equal(
        scored.frame.iloc[: len(loaded.frame)].drop(columns="imputed"), loaded.frame, check_like=True
    )
    assert scored.failures == loaded.failures
    assert scored.missing == loaded.missing


def test_a_sweep_without_failures_only_gets_the_column(two_arms: Sweep) -> None:
    loaded = load(two_arms.root)
    scored = scored_as_chance(loaded).frame
    assert scored["imputed"].dtype == bool
    assert not scored["imputed"].any()
    pd.testing.assert_frame_equal(scored.drop(columns="imputed"), loaded.frame)


def test_the_columns_keep_their_types_with_rows_filled_in(failing: Sweep) -> None:
    loaded = load(failing.root)
    types = scored_as_chance(loaded).frame.dtypes
    assert types[list(loaded.frame.columns)].to_dict() == loaded.frame.dtypes.to_dict()


def test_a_failed_run_without_a_row_pairs_with_randoms_run_of_its_seed(two_arms: Sweep) -> None:
    badge = two_arms.arm("badge", lambda seed: [] if seed == 2 else [0.5, 0.6, 0.7])
    two_arms.fail(badge["cells"]["2"], cycle=0)
    frame = scored_as_chance(load(two_arms.root)).frame
    own = frame[frame["seed"] == 2].groupby("label")["initial"].unique()
    assert own["badge"].tolist() == own["random"].tolist()
    assert len(filled(two_arms)) == 3


def test_an_unfinished_run_is_never_filled_in(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.6])
    assert filled(sweep).empty


def test_a_failed_run_is_filled_in_every_experiment_that_holds_it(failing: Sweep) -> None:
    cells = failing.experiments["fig"]["arms"][2]["cells"]
    failing.experiment("short", cycles=1)
    failing.arm("random", experiment="short", cells=failing.experiments["fig"]["arms"][0]["cells"])
    failing.arm("badge", experiment="short", cells=cells)
    assert filled(failing).groupby("experiment")["cycle"].apply(list).to_dict() == {"fig": [1, 2], "short": [1]}


def test_a_failed_run_whose_classes_nobody_knows_is_named_and_left_out(sweep: Sweep) -> None:
    random = sweep.arm("random")
    sweep.fail(random["cells"]["0"], cycle=0)
    (comparison,) = compared(sweep)
    assert filled(sweep).empty
    assert [(run.label, run.seed) for run in comparison.unscored] == [("random", 0)]


def test_a_failed_run_is_not_scored_while_no_run_reached_its_last_cycle(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6])
    margin = sweep.arm("margin", lambda seed: [0.5])
    sweep.fail(margin["cells"]["0"])
    loaded = scored_as_chance(load(sweep.root))
    assert [run.seed for run in unscored(loaded.failures, loaded.frame, 2)] == [0]
    of_margin = loaded.frame[loaded.frame["label"] == "margin"]
    assert sorted(of_margin["seed"]) == [1, 2], "half a run is in no mean"


def test_a_run_that_lacked_its_data_is_not_scored(failing: Sweep) -> None:
    failing.fail(failing.experiments["fig"]["arms"][2]["cells"]["1"], kind="no_data")
    (comparison,) = compared(failing)
    assert filled(failing).empty
    assert [(run.label, run.seed) for run in comparison.unscored] == [("badge", 1)]
    assert comparison.summary("badge").complete == (0, 2)


@pytest.fixture
def outright(sweep: Sweep) -> Sweep:
    """A learning rate at which everything fails at once, beside one at which nothing does, with other budgets."""
    for label in ("random", "ours"):
        sweep.arm(label, lambda seed: [0.6, 0.7, 0.8], group="lr=1")
        for cell in sweep.arm(label, group="lr=9")["cells"].values():
            sweep.fail(cell, cycle=0)
            (sweep.folder(cell) / "cell.json").write_text('{"protocol": {"initial": 10, "budget": 20}}')
    return sweep


def test_a_group_in_which_everything_failed_is_chance_at_the_labels_of_its_own_protocol(outright: Sweep) -> None:
    rows = filled(outright)
    assert rows["group"].unique().tolist() == ["lr=9"]
    assert len(rows) == 2 * 3 * 3
    told = set(zip(rows["cycle"], rows["labelled"], rows["accuracy"], strict=True))
    assert told == {(0, 10, CHANCE), (1, 30, CHANCE), (2, 50, CHANCE)}


@pytest.mark.parametrize("damaged", ["{}", '{"protocol": 3}', '{"protocol": {"initial": "ten", "budget": 20}}', "{"])
def test_a_group_in_which_everything_failed_stays_away_where_its_labels_are_not_known(
    outright: Sweep, damaged: str
) -> None:
    for arm in outright.experiments["fig"]["arms"]:
        for cell in arm["cells"].values():
            (outright.folder(cell) / "cell.json").write_text(damaged)
    assert filled(outright).empty


def test_a_group_in_which_everything_failed_stays_away_where_its_dataset_is_another(outright: Sweep) -> None:
    for arm in outright.experiments["fig"]["arms"]:
        arm["dataset"] = "letters" if arm["group"] == "lr=9" else "digits"
    outright.write()
    assert filled(outright).empty


def test_left_out_removes_every_row_of_a_failed_run_and_no_other(failing: Sweep) -> None:
    frame, kept = load(failing.root).frame, left_out(load(failing.root)).frame
    assert len(kept) == len(frame) - 1
    assert kept[(kept["label"] == "badge") & (kept["seed"] == 1)].empty


def test_a_strategy_that_diverges_does_not_gain_by_it(sweep: Sweep) -> None:
    sweep.seeds = range(6)
    sweep.arm("random", noisy("random"))
    lucky = sweep.arm("lucky", lambda seed: noisy("random")(seed)[: 1 if seed < 3 else 3])
    for seed in ("0", "1", "2"):
        sweep.fail(lucky["cells"][seed])
    (comparison,) = compared(sweep)
    without = comparison.without_failed
    assert without is not None
    versus, versus_without = (each.summary("lucky").against_random for each in (comparison, without))
    assert versus is not None
    assert versus_without is not None
    assert versus.difference.mean < -0.03
    assert versus.difference.n == 6
    assert versus_without.difference.mean == pytest.approx(0, abs=1e-12)
    assert versus_without.difference.n == 3


def test_numbers_without_failed_runs_are_those_of_a_sweep_that_lacks_them(failing: Sweep) -> None:
    (comparison,) = compared(failing)
    (group,) = groups(left_out(load(failing.root)))
    other = compare(group)
    assert comparison.without_failed is not None
    assert comparison.without_failed.arms == other.arms
    assert other.without_failed is None


def test_rows_filled_in_do_not_count_in_times(failing: Sweep) -> None:
    (comparison,) = compared(failing)
    costs = comparison.summary("badge").costs
    assert (costs.query.n, costs.fit.n) == (4, 7)  # two whole runs of three cycles, and one first cycle
    assert costs.fit.mean == 3.0
    assert costs.query.median == 2.0


def test_only_failed_seeds_are_marked_as_scored(failing: Sweep) -> None:
    (comparison,) = compared(failing)
    assert {arm.arm["label"]: arm.imputed for arm in comparison.arms} == {"random": (), "margin": (), "badge": (1,)}


def test_a_failed_random_counts_as_chance_for_everyone(two_arms: Sweep) -> None:
    random = two_arms.experiments["fig"]["arms"][0]
    two_arms.run(random["cells"]["0"], 0, [0.5])
    two_arms.fail(random["cells"]["0"])
    (comparison,) = compared(two_arms)
    assert comparison.summary("random").imputed == (0,)
    areas = comparison.runs.areas[0]
    assert areas[0] == pytest.approx(CHANCE)
    assert not np.isnan(areas).any()
    assert math.isfinite(comparison.arms[1].aubc.mean)
