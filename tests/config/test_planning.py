"""From sweep files to cells: shared ones once, refused ones not at all, and without torch."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sweep_texts import ARMS, BASE, Reader, base_and, base_with

from bench.errors import ConfigError
from bench.overview import without_data
from bench.plan import check_names

ROOT = Path(__file__).parents[2]


def test_every_arm_has_a_cell_for_every_seed_at_every_point(reader: Reader) -> None:
    planned = reader.plan(base_and("grid: {learner.net.widen: [1, 2, 3]}"))
    assert [sorted(arm.cells) for arm in planned.arms] == [[0, 1]] * 6
    assert len(planned.cells()) == 12


def test_the_first_seed_of_every_arm_comes_before_the_second_of_any(reader: Reader) -> None:
    assert [cell.seed for cell in reader.plan(BASE).cells().values()] == [0, 0, 1, 1]


def test_a_cell_that_experiments_share_counts_once_with_the_larger_number_of_cycles(reader: Reader) -> None:
    for first, second in ((8, 3), (3, 8)):
        text = base_with(("cycles: 8", f"cycles: {first}"))
        text += f"  two:\n    strategies: [entropy, margin]\n    protocol: {{cycles: {second}}}\n"
        cells = reader.plan(text).cells().values()
        assert len(cells) == 6
        assert {cell.protocol.cycles for cell in cells if type(cell.strategy).__name__ == "Entropy"} == {8}


def test_each_experiment_alone_wants_its_own_number_of_cycles(reader: Reader) -> None:
    planned = reader.plan(BASE + "  two:\n    strategies: [entropy]\n    protocol: {cycles: 3}\n")
    assert {cell.protocol.cycles for cell in planned.of(["two"]).cells().values()} == {3}


def test_arms_of_another_label_share_their_cells(reader: Reader) -> None:
    planned = reader.plan(base_with((ARMS, "[random, {name: random, label: chance}]")))
    assert [arm.named.label for arm in planned.arms] == ["random", "chance"]
    assert len(planned.cells()) == 2


def test_a_strategy_that_makes_no_sense_with_the_learner_has_a_reason_and_no_cells(reader: Reader) -> None:
    text = base_with((ARMS, "[random, mlmoc-entk-plain]"), ("loss: squared", "loss: cross_entropy"))
    planned = reader.plan(text)
    refused = planned.arms[1]
    assert refused.refused == "the kernel look-ahead assumes squared loss; set learner.train.loss: squared"
    assert not refused.cells
    assert len(planned.cells()) == 2
    record = planned.record()["experiments"]["one"]["arms"][1]
    assert (record["refused"], record["cells"]) == (refused.refused, {})


def test_a_strategy_is_refused_only_at_the_points_where_it_makes_no_sense(reader: Reader) -> None:
    grid = "grid: {learner.train.loss: [squared, cross_entropy]}"
    planned = reader.plan(base_and(grid).replace(ARMS, "[mlmoc-entk-plain]"))
    assert [(arm.point.group, arm.refused is None) for arm in planned.arms] == [
        ("loss=squared", True),
        ("loss=cross_entropy", False),
    ]


def test_a_strategy_that_reveals_nothing_shares_its_cells_between_the_modes(reader: Reader) -> None:
    planned = reader.plan(base_and("grid: {protocol.mode: [batch, sequential]}"))
    batch, sequential = (
        [cell.id for arm in planned.arms if arm.point.group == f"mode={mode}" for cell in arm.cells.values()]
        for mode in ("batch", "sequential")
    )
    assert batch == sequential != []


def test_a_strategy_that_reveals_has_cells_of_its_own_in_each_mode(reader: Reader) -> None:
    text = base_and("grid: {protocol.mode: [batch, sequential]}").replace(ARMS, "[mlmoc-entk]")
    arms = reader.plan(text).arms
    assert {arm.cells[0].protocol.mode for arm in arms} == {"batch", "sequential"}
    assert len({arm.cells[0].id for arm in arms}) == 2


def test_readers_tell_files_apart_by_their_names_or_else_by_their_paths(reader: Reader) -> None:
    files = ("a/train.npz", "b/train.npz", "other.npz")
    text = base_and(f"grid: {{dataset: [digits, {', '.join(f'{{name: npz, path: {file}}}' for file in files)}]}}")
    arms = reader.plan(text).record()["experiments"]["one"]["arms"]
    assert list(dict.fromkeys(arm["dataset"] for arm in arms)) == ["digits", "a/train.npz", "b/train.npz", "other"]


def test_where_no_dataset_is_there_all_of_them_are_named(reader: Reader) -> None:
    text = base_and("grid: {dataset: [{name: npz, path: a.npz}, {name: npz, path: b.npz}]}")
    with pytest.raises(ConfigError) as caught:
        reader.plan(text)
    assert ["'a.npz'" in str(caught.value), "'b.npz'" in str(caught.value)] == [True, True]
    assert len(caught.value.problems) == 2


def test_arms_without_their_data_are_refused_beside_others(reader: Reader) -> None:
    planned = reader.plan(base_and("grid: {dataset: [{name: npz, path: a.npz}, digits]}"))
    lacking, there = (arm for arm in planned.arms if arm.named.label == "random")
    assert lacking.refused == "no data: npz: no file 'a.npz'; looked for a.npz and " + str(reader.folder / "a.npz")
    assert lacking.cells == {}
    assert there.refused is None
    assert without_data(planned) == [f"no data for one: {str(lacking.refused)[9:]}"]
    assert without_data(planned.of(["two"])) == []


IMAGE_NET = "net: {name: wide_resnet, stages: 1, widen: 1}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("protocol.cycles=200", "protocol: wanted initial + cycles · budget = 2020 labels; the pool has 1297"),
        ("dataset.limit=50", "protocol: wanted initial + cycles · budget = 100 labels; the pool has 50"),
        ("dataset.limit=2000", "limit: wanted at most the 1297 inputs of the pool; got 2000"),
        ("dataset.size=9", "size: wanted at most the images' own 8 pixels; got 9"),
        ("dataset.normalise=cifar10", "normalise: cifar10 is for images of 3 channels; got inputs of shape (1, 8, 8)"),
        ("dataset=breast_cancer", "wide_resnet: wanted images (channels, height, width); got (30,). Use the net mlp"),
        ("dataset={name: breast_cancer, size: 4}", "size: wanted images; got inputs of shape (30,). Leave size out"),
        ("dataset={name: breast_cancer, augment: {flip: true}}", "augment: wanted images to flip or crop; got inputs"),
        ("learner={name: ridge, encoder: cnn} dataset=breast_cancer", "cnn: wanted images (channels, height, width)"),
        ("learner={name: gp, net: cnn} dataset=breast_cancer", "cnn: wanted images (channels, height, width)"),
        ("protocol.initial=2 protocol.initial_set={ids: [0, 1297]}", "initial_set: wanted ids from 0 to 1296, since"),
        ("learner.train.autocast=bfloat16 precision=float64", "wanted precision: float32 for bfloat16; got float64"),
    ],
)
def test_settings_that_do_not_fit_the_dataset_are_refused_before_anything_runs(
    reader: Reader, change: str, reason: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        reader.plan(BASE, *re.split(r" (?=\w+[.=])", change))
    (problem,) = caught.value.problems
    assert reason in str(problem)


def test_settings_are_refused_only_at_the_points_where_they_do_not_fit(reader: Reader) -> None:
    planned = reader.plan(base_and("grid: {dataset.limit: [1000, 2000]}"))
    assert [(arm.point.group, arm.refused is None, len(arm.cells)) for arm in planned.arms[::2]] == [
        ("limit=1000", True, 2),
        ("limit=2000", False, 0),
    ]


def test_features_that_a_strategy_wants_are_looked_for_in_the_dataset(reader: Reader) -> None:
    x, y = np.zeros((200, 3)), np.arange(200) % 2
    arrays = {"x_train": x, "y_train": y, "x_test": x, "y_test": y}
    np.savez(reader.folder / "bare.npz", **arrays)  # type: ignore[arg-type]
    np.savez(reader.folder / "rich.npz", **arrays, features_train=x)  # type: ignore[arg-type]
    np.save(reader.folder / "own.npy", x)
    rich = "{name: npz, path: rich.npz}, {name: npz, path: bare.npz, features: own.npy}"
    text = base_and(f"grid: {{dataset: [{rich}, {{name: npz, path: bare.npz}}, digits]}}")
    text = text.replace(ARMS, "[random, {name: coreset, space: given}]").replace(IMAGE_NET, "net: mlp")
    arms = reader.plan(text).arms
    refused = [str(arm.refused).partition(":")[0] for arm in arms if arm.named.label != "random"]
    assert refused == ["None", "None", "space", "space"]
    assert {arm.refused for arm in arms if arm.named.label == "random"} == {None}


def test_a_dataset_that_nothing_is_known_of_is_left_to_the_run(reader: Reader) -> None:
    np.savez(reader.folder / "odd.npz", x_train=np.zeros(0), y_test=np.array(["a"]))
    (arm, _) = reader.plan(base_with(("dataset: digits", "dataset: {name: npz, path: odd.npz}"))).arms
    assert (arm.refused, len(arm.cells)) == (None, 2)


def test_only_takes_names_of_experiments(reader: Reader) -> None:
    sweep = reader.load(BASE)
    check_names(sweep, ["one"])
    with pytest.raises(ConfigError, match=r"--only: onne: no such experiment\. Known: one"):
        check_names(sweep, ["one", "onne"])


@pytest.mark.parametrize(
    ("sweep", "question"), [("digits", "--status"), ("digits_ridge", "--status"), ("digits_ridge", "--dry-run")]
)
def test_planning_a_sweep_never_loads_torch(sweep: str, question: str, tmp_path: Path) -> None:
    """But for a dry run that has to count the parameters of networks that have not run yet."""
    code = (
        "import sys; from bench.sweep import main;"
        f"status = main(['sweeps/{sweep}.yaml', '{question}', '--results', {str(tmp_path)!r}]);"
        "print(status, [m for m in ('torch', 'jax', 'sklearn', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert done.stdout.startswith(f"{sweep}: ")
    assert not list(tmp_path.iterdir())
