"""A cell as a dashboard shows it, before wandb: names, numbers, differences from Random."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mirrored_sweep import arm_of, change_rows, finished_sweep, mark

from analysis.curves import aubc as area_of_the_analysis
from bench.errors import ConfigError, ResultsError
from bench.record import Row, read_plan, read_rows
from bench.tracking.places import Subject, subjects
from bench.tracking.replay import Replay, replay
from bench.tracking.series import aubc


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return finished_sweep(tmp_path)


def subject_of(results: Path, cell: str) -> Subject:
    return next(subject for subject in subjects(read_plan(results)) if subject.cell == cell)


def replay_of(results: Path, cell: str) -> Replay:
    return replay(results, read_plan(results), subject_of(results, cell))


def values(found: Replay, name: str) -> list[Any]:
    return [step.values.get(name) for step in found.steps]


def accuracies(rows: Sequence[Row]) -> list[float]:
    return [row["result"]["accuracy"] for row in rows]


@given(
    st.lists(st.integers(1, 50), min_size=2, max_size=12),
    st.lists(st.floats(0, 1), min_size=12, max_size=12),
)
def test_the_area_is_that_of_the_analysis(steps: list[int], accuracy: list[float]) -> None:
    labels = [sum(steps[: end + 1]) for end in range(len(steps))]
    assert aubc(labels, accuracy[: len(labels)]) == pytest.approx(
        area_of_the_analysis(labels, accuracy[: len(labels)]), abs=1e-12
    )


def test_one_cycle_has_no_area() -> None:
    assert aubc([20], [0.5]) is None


def test_ids_are_those_of_the_cells_within_the_sweep(results: Path) -> None:
    plan = read_plan(results)
    found = subjects(plan)
    assert {subject.id for subject in found} == {f"mirrored-{cell.name}" for cell in (results / "cells").iterdir()}
    assert [subject.id for subject in found] == [subject.id for subject in subjects(plan, ["first", "second", "sizes"])]


def test_a_shared_cell_is_named_by_its_first_experiment_and_tagged_with_the_others(results: Path) -> None:
    cell = arm_of(results, "second", "random")["cells"]["1"]
    subject = subject_of(results, cell)
    assert (subject.name, subject.experiment) == ("random seed 1", "first")
    assert set(subject.tags) == {"random", "seed 1", "budget=5", "second", "sizes"}


def test_a_point_of_a_grid_is_in_the_name(results: Path) -> None:
    subject = subject_of(results, arm_of(results, "sizes", "margin", "budget=10")["cells"]["0"])
    assert subject.name == "margin [budget=10] seed 0"


def test_only_keeps_the_cells_of_an_experiment_under_their_names_in_the_whole_plan(results: Path) -> None:
    plan = read_plan(results)
    chosen = subjects(plan, ["second"])
    assert {subject.cell for subject in chosen} == {
        cell for arm in plan["experiments"]["second"]["arms"] for cell in arm["cells"].values()
    }
    assert set(chosen) <= set(subjects(plan))


def test_an_unknown_experiment_is_refused_with_those_that_exist(results: Path) -> None:
    with pytest.raises(ConfigError, match=r"frist: no such experiment\. Known: first, second, sizes"):
        subjects(read_plan(results), ["frist"])


def test_texts_that_wandb_would_refuse_for_their_length_are_cut(results: Path) -> None:
    plan = read_plan(results)
    plan["experiments"]["first"]["arms"][1]["label"] = "m" * 200
    subject = next(each for each in subjects(plan) if each.places[0].label == "m" * 200)
    assert max(map(len, subject.tags)) == 64
    assert len(subject.name) == 128


def test_the_difference_from_random_is_paired_by_seed_group_and_cycle(results: Path) -> None:
    for group in ("budget=5", "budget=10"):
        for seed in ("0", "1"):
            ours, random = (arm_of(results, "sizes", name, group)["cells"][seed] for name in ("margin", "random"))
            by_hand = [
                a - b
                for a, b in zip(
                    *(accuracies(read_rows(results / "cells" / cell)) for cell in (ours, random)), strict=True
                )
            ]
            found = replay_of(results, ours)
            assert values(found, "experiments/sizes/difference_from_random") == by_hand
            assert values(found, "difference_from_random") == by_hand
            assert any(by_hand)


def test_there_is_a_difference_only_where_random_has_the_cycle(results: Path) -> None:
    ours, random = (arm_of(results, "first", name)["cells"]["0"] for name in ("margin", "random"))
    mark(results, random, 1)
    assert [value is None for value in values(replay_of(results, ours), "difference_from_random")] == [
        False,
        False,
        True,
        True,
    ]
    mark(results, random)
    assert values(replay_of(results, ours), "difference_from_random") == [None] * 4


def test_runs_from_other_initial_sets_or_budgets_are_no_pair(results: Path) -> None:
    ours, random = (arm_of(results, "first", name)["cells"]["0"] for name in ("margin", "random"))
    change_rows(results, random, lambda row: row["result"].update(labelled=row["result"]["labelled"] + row["cycle"]))
    assert [value is None for value in values(replay_of(results, ours), "difference_from_random")] == [
        False,
        True,
        True,
        True,
    ]
    change_rows(results, random, lambda row: row["result"]["queried"].reverse())
    assert values(replay_of(results, ours), "difference_from_random")[0] is not None
    change_rows(results, random, lambda row: row["result"]["queried"].pop())
    assert values(replay_of(results, ours), "difference_from_random")[0] is None


def test_a_class_without_test_images_is_left_out(results: Path) -> None:
    cell = arm_of(results, "first", "margin")["cells"]["0"]
    change_rows(results, cell, lambda row: row["result"]["class_accuracy"].__setitem__(3, None))
    found = replay_of(results, cell).steps[0].values
    assert "class_accuracy/3" not in found
    assert {f"class_accuracy/{number}" for number in range(10) if number != 3} <= found.keys()


def test_the_classes_queried_add_up_to_the_labels(results: Path) -> None:
    found = replay_of(results, arm_of(results, "first", "margin")["cells"]["0"])
    for before, step in zip([None, *found.steps], found.steps, strict=False):
        assert sum(step.queried) == step.values["labels"]
        for number, count in enumerate(step.queried):
            new = count - (before.queried[number] if before is not None else 0)
            assert (step.values[f"queried/{number}"], step.values[f"newly_queried/{number}"]) == (count, new)


def test_many_classes_get_no_number_each(results: Path) -> None:
    cell = arm_of(results, "first", "margin")["cells"]["0"]
    change_rows(results, cell, lambda row: row["result"].update(queried_classes=[1] * 101, class_accuracy=[0.5] * 101))
    step = replay_of(results, cell).steps[1]
    assert step.queried == (2,) * 101
    assert not [name for name in step.values if name.startswith(("queried/", "newly_queried/", "class_accuracy/"))]


def test_the_summary_has_the_final_accuracy_and_the_areas(results: Path) -> None:
    cell = arm_of(results, "first", "margin")["cells"]["0"]
    rows = read_rows(results / "cells" / cell)
    area = area_of_the_analysis([row["result"]["labelled"] for row in rows], accuracies(rows))
    summary = replay_of(results, cell).summary
    assert summary["final_accuracy"] == rows[-1]["result"]["accuracy"]
    assert summary["cycles"] == 3
    for name in ("aubc", "experiments/first/aubc", "experiments/sizes/aubc"):
        assert summary[name] == pytest.approx(area, abs=1e-12)
    assert "experiments/second/aubc" not in summary


def test_an_experiment_shows_its_own_cycles_of_a_longer_cell(results: Path) -> None:
    plan = read_plan(results)
    plan["experiments"]["first"]["cycles"] = 2
    cell = arm_of(results, "first", "margin")["cells"]["0"]
    subject = next(each for each in subjects(plan) if each.cell == cell)
    found = replay(results, plan, subject)
    rows = read_rows(results / "cells" / cell)
    assert values(found, "experiments/first/accuracy") == [*accuracies(rows[:3]), None]
    assert values(found, "experiments/sizes/accuracy") == accuracies(rows)
    assert found.summary["experiments/first/aubc"] == pytest.approx(
        area_of_the_analysis([row["result"]["labelled"] for row in rows[:3]], accuracies(rows[:3]))
    )


def test_an_area_is_told_only_of_a_whole_run(results: Path) -> None:
    cell = arm_of(results, "first", "margin")["cells"]["0"]
    mark(results, cell, 2)
    summary = replay_of(results, cell).summary
    assert "experiments/first/aubc" not in summary
    assert summary["cycles"] == 2


def test_the_configuration_says_where_the_cell_stands_and_where_it_ran(results: Path) -> None:
    config = replay_of(results, arm_of(results, "sizes", "random", "budget=5")["cells"]["0"]).config
    assert config["arms"] == {"first": "random", "second": "random", "sizes": "random [budget=5]"}
    assert config["arm"] == "random"
    assert config["protocol"]["budget"] == 5
    assert config["seed"] == 0
    assert config["environment"]["packages"]["torch"]
    assert [attempt["status"] for attempt in config["attempts"]] == ["done"]
    assert config["sweep"]["name"] == "mirrored"


def test_a_cell_whose_rows_were_lost_is_told_of(results: Path) -> None:
    cell = arm_of(results, "first", "margin")["cells"]["0"]
    file = results / "cells" / cell / "rows.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], "{}\n", *lines[2:]]))
    with pytest.raises(ResultsError, match="wanted the 4 rows"):
        replay_of(results, cell)


def test_a_damaged_random_costs_only_the_differences(results: Path) -> None:
    ours, random = (arm_of(results, "first", name)["cells"]["0"] for name in ("margin", "random"))
    file = results / "cells" / random / "rows.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], "{}\n", *lines[2:]]))
    assert [value is None for value in values(replay_of(results, ours), "difference_from_random")] == [
        False,
        True,
        True,
        True,
    ]


def test_of_two_arms_of_one_experiment_that_share_a_cell_the_first_names_it(results: Path) -> None:
    plan = read_plan(results)
    first = plan["experiments"]["first"]
    random, margin = first["arms"]
    first["arms"] = [random, margin, {**margin, "label": "the same", "group": "without a Random"}]
    subject = next(each for each in subjects(plan) if each.cell == margin["cells"]["0"])
    found = replay(results, plan, subject)
    assert found.config["arms"]["first"] == "margin"
    assert None not in values(found, "experiments/first/difference_from_random")
    assert "the same" in subject.tags
    first["arms"].reverse()
    reverse = replay(results, plan, next(each for each in subjects(plan) if each.cell == subject.cell))
    assert reverse.config["arms"]["first"] == "the same [without a Random]"
    assert values(reverse, "experiments/first/difference_from_random") == [None] * 4
