"""A results folder becomes a table, and what is not there is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from synthetic_results import Sweep

from analysis.groups import groups
from analysis.load import Missing, Refused, load, write_rows
from bench.errors import ResultsError


def test_there_is_a_row_per_arm_seed_and_cycle(two_arms: Sweep) -> None:
    frame = load(two_arms.root).frame
    assert len(frame) == 2 * 3 * 3
    assert not frame.duplicated(["experiment", "group", "label", "seed", "cycle"]).any()


def test_a_row_keeps_what_was_recorded(two_arms: Sweep) -> None:
    frame = load(two_arms.root).frame
    row = frame[(frame["label"] == "margin") & (frame["seed"] == 2)].iloc[1]
    assert (row["labelled"], row["accuracy"], row["brier"], row["revealed"]) == (20, 0.66, 0.25, 0)
    assert (row["query_seconds"], row["fit_seconds"], row["evaluate_seconds"], row["peak_mib"]) == (2.0, 3.0, 0.5, 64.0)
    np.testing.assert_array_equal(row["class_accuracy"], [0.5, np.nan])


def test_a_shared_cell_stands_in_both_experiments_without_the_cycles_of_the_longer(two_arms: Sweep) -> None:
    cells = two_arms.experiments["fig"]["arms"][0]["cells"]
    two_arms.experiment("short", cycles=1)
    two_arms.arm("random", experiment="short", cells=cells)
    frame = load(two_arms.root).frame
    assert set(frame.loc[frame["experiment"] == "short", "cycle"]) == {0, 1}
    assert len(frame[frame["cell"] == cells["0"]]) == 3 + 2


def test_a_cell_that_several_runs_share_gives_each_of_them_its_own_rows(two_arms: Sweep) -> None:
    cells = two_arms.experiments["fig"]["arms"][1]["cells"]
    two_arms.arm("random", experiment="again", cells=cells)
    frame = load(two_arms.root).frame
    of_margin, again = (frame[frame["label"] == "margin"], frame[frame["experiment"] == "again"])
    assert set(again["label"]) == {"random"}
    for column in ("seed", "cycle", "cell", "accuracy", "labelled", "initial"):
        assert again[column].tolist() == of_margin[column].tolist()


def test_runs_of_different_lengths_keep_their_rows_apart(sweep: Sweep) -> None:
    curves = {"random": [0.1, 0.2, 0.3], "margin": [0.4], "badge": [0.5, 0.6], "entropy": []}
    for label, curve in curves.items():
        sweep.arm(label, lambda seed, curve=curve: [value + seed / 100 for value in curve])  # type: ignore[misc]
    frame = load(sweep.root).frame
    for label, curve in curves.items():
        for seed in sweep.seeds:
            run = frame[(frame["label"] == label) & (frame["seed"] == seed)]
            assert run["accuracy"].tolist() == pytest.approx([value + seed / 100 for value in curve])
            assert run["cycle"].tolist() == list(range(len(curve)))


def test_a_stage_that_was_not_timed_is_no_number(two_arms: Sweep) -> None:
    cell = two_arms.experiments["fig"]["arms"][0]["cells"]["0"]
    path = two_arms.folder(cell) / "rows.jsonl"
    path.write_text(path.read_text().replace('"fit": 3.0, ', ""))
    frame = load(two_arms.root).frame
    assert frame.loc[frame["cell"] == cell, "fit_seconds"].isna().all()
    assert frame["fit_seconds"].notna().sum() == 15


def test_runs_that_began_from_the_same_set_and_no_others_share_its_hash(two_arms: Sweep) -> None:
    frame = load(two_arms.root).frame
    assert (frame.groupby("seed")["initial"].nunique() == 1).all()
    assert frame["initial"].nunique() == len(two_arms.seeds)


def test_queried_ids_and_notes_are_read_when_they_are_asked_for(two_arms: Sweep) -> None:
    cell = two_arms.experiments["fig"]["arms"][0]["cells"]["2"]
    path = two_arms.folder(cell) / "rows.jsonl"
    path.write_text(path.read_text().replace('"notes": {}', '"notes": {"r2": 0.5}', 2))
    loaded = load(two_arms.root)
    assert loaded.notes(cell) == [{"r2": 0.5}, {"r2": 0.5}, {}]
    assert [row["result"]["queried"] for row in loaded.rows(cell)] == [[2, 3, 4], [101], [102]]


def test_rows_that_came_since_are_there_at_the_next_reading(sweep: Sweep) -> None:
    cell = sweep.arm("random", lambda seed: [0.5])["cells"]["0"]
    assert len(load(sweep.root).frame) == 3
    sweep.run(cell, 0, [0.5, 0.6, 0.7])
    assert len(load(sweep.root).frame) == 5


def test_unfinished_and_unbegun_runs_are_named_with_their_cycles(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7][: seed + 1])
    sweep.arm("margin", cells={})
    named = [("random", 0, 1), ("random", 1, 2), ("margin", 0, 0), ("margin", 1, 0), ("margin", 2, 0)]
    expected = tuple(Missing("fig", "", label, seed, cycles, 3) for label, seed, cycles in named)
    assert load(sweep.root).missing == expected


def test_a_failed_run_is_listed_with_its_message_and_not_as_missing(sweep: Sweep) -> None:
    arm = sweep.arm("random", lambda seed: [0.5])
    sweep.fail(arm["cells"]["1"], message="loss is inf")
    loaded = load(sweep.root)
    assert [(run.label, run.seed, run.failure["message"]) for run in loaded.failures] == [("random", 1, "loss is inf")]
    assert [run.seed for run in loaded.missing] == [0, 2]


def test_a_failure_after_the_planned_cycles_belongs_to_another_experiment(sweep: Sweep) -> None:
    arm = sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.fail(arm["cells"]["1"], cycle=3)
    assert load(sweep.root).failures == ()


def test_a_refused_arm_is_listed_with_its_reason(sweep: Sweep) -> None:
    sweep.arm("eer", refused="needs squared loss", cells={})
    loaded = load(sweep.root)
    assert loaded.refused == (Refused("fig", "", "eer", "needs squared loss"),)
    assert loaded.missing == ()


def test_a_row_cut_off_by_a_crash_is_not_read(two_arms: Sweep) -> None:
    cell = two_arms.experiments["fig"]["arms"][0]["cells"]["0"]
    path = two_arms.folder(cell) / "rows.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert [(run.seed, run.cycles) for run in load(two_arms.root).missing] == [(0, 2)]


def test_an_empty_sweep_has_an_empty_table_of_the_same_columns(sweep: Sweep, two_arms: Sweep) -> None:
    full = load(two_arms.root).frame
    for folder in (two_arms.root / "cells").iterdir():
        (folder / "rows.jsonl").unlink()
    empty = load(sweep.root).frame
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


def test_the_table_survives_parquet(two_arms: Sweep) -> None:
    loaded = load(two_arms.root)
    read = pd.read_parquet(write_rows(loaded))
    pd.testing.assert_frame_equal(read, loaded.frame)
    assert not list(two_arms.root.glob("*.tmp"))


def test_two_arms_of_one_name_are_refused(two_arms: Sweep) -> None:
    two_arms.arm("margin")
    with pytest.raises(ResultsError, match="several for"):
        load(two_arms.root)


def test_a_plan_that_is_no_json_is_told(two_arms: Sweep) -> None:
    (two_arms.root / "plan.json").write_text("{")
    with pytest.raises(ResultsError, match="readable plan"):
        load(two_arms.root)


def test_an_arm_whose_data_were_nowhere_is_refused_with_that_reason(two_arms: Sweep) -> None:
    for seed, cell in two_arms.arm("badge")["cells"].items():
        two_arms.fail(cell, cycle=0, message=f"svhn: wanted files ({seed})", kind="no_data")
    loaded = load(two_arms.root)
    assert [(each.label, each.reason) for each in loaded.refused] == [("badge", "no data: svhn: wanted files (0)")]
    assert (loaded.failures, loaded.missing) == ((), ())


def test_an_arm_that_lacked_data_once_has_failed_runs(two_arms: Sweep) -> None:
    cells = two_arms.arm("badge", lambda seed: [0.5, 0.6, 0.7])["cells"]
    (two_arms.folder(cells["1"]) / "rows.jsonl").unlink()
    two_arms.fail(cells["1"], cycle=0, message="svhn: wanted files", kind="no_data")
    loaded = load(two_arms.root)
    assert loaded.refused == ()
    assert [(each.label, each.seed) for each in loaded.failures] == [("badge", 1)]


def test_a_group_without_any_data_is_not_compared(two_arms: Sweep) -> None:
    for cell in two_arms.arm("random", experiment="svhn")["cells"].values():
        two_arms.fail(cell, cycle=0, message="svhn: wanted files", kind="no_data")
    loaded = load(two_arms.root)
    assert [group.experiment for group in groups(loaded)] == ["fig"]
