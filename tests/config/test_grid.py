"""A grid varies settings: every combination of its values is a point."""

from __future__ import annotations

import pytest
from sweep_texts import BASE, Reader, base_and

from bench.config import Point
from bench.learners.network import NetworkLearner
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet

MIXED = "[mlp, {name: mlp, width: 3}, {name: wide_resnet, widen: 3}]"

LEARNERS = ["learner=plain, budget=many", "learner=wide one, budget=few"]
VALUES = "a list of values, or a mapping from what each is called to it"


def points(reader: Reader, grid: str) -> tuple[Point, ...]:
    (experiment,) = reader.load(base_and(f"grid: {grid}")).experiments
    return experiment.points


def groups(reader: Reader, grid: str) -> list[str]:
    return [point.group for point in points(reader, grid)]


def net_of(point: Point) -> object:
    assert isinstance(point.settings.learner, NetworkLearner)
    return point.settings.learner.net


def test_without_a_grid_there_is_one_point_without_a_group(reader: Reader) -> None:
    (experiment,) = reader.load(BASE).experiments
    assert [point.group for point in experiment.points] == [""]


def test_an_empty_grid_is_no_grid(reader: Reader) -> None:
    assert groups(reader, "{}") == [""]


def test_two_keys_give_their_product_the_last_one_fastest(reader: Reader) -> None:
    found = points(reader, "{learner.net.widen: [1, 2], protocol.budget: [3, 4]}")
    assert [point.group for point in found] == [
        "widen=1, budget=3",
        "widen=1, budget=4",
        "widen=2, budget=3",
        "widen=2, budget=4",
    ]
    assert [(net_of(p), p.settings.protocol.budget) for p in found] == [
        (WideResNet(1, widen), budget) for widen in (1, 2) for budget in (3, 4)
    ]


def test_a_value_can_be_a_plugin(reader: Reader) -> None:
    found = points(reader, f"{{learner.net: {MIXED}}}")
    assert [net_of(point) for point in found] == [MLP(), MLP(width=3), WideResNet(stages=1, widen=3)]


def test_a_plugin_is_shown_by_its_name_and_parameters(reader: Reader) -> None:
    assert groups(reader, f"{{learner.net: {MIXED}}}") == ["net=mlp", "net=mlp(width=3)", "net=wide_resnet(widen=3)"]


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ("{protocol.candidates: [null, 500]}", ["candidates=null", "candidates=500"]),
        ("{learner.train.optimizer.nesterov: [true, false]}", ["nesterov=true", "nesterov=false"]),
        ("{learner.train.optimizer.weight_decay: [0, 1e-4]}", ["weight_decay=0", "weight_decay=0.0001"]),
        ("{seeds: [[0, 1], 2]}", ["seeds=[0, 1]", "seeds=2"]),
        (
            "{protocol: [{budget: 2}, {initial: 3, budget: 4}]}",
            ["protocol={budget: 2}", "protocol={initial: 3, budget: 4}"],
        ),
    ],
)
def test_a_value_is_shown_as_it_is_written(reader: Reader, grid: str, expected: list[str]) -> None:
    assert groups(reader, grid) == expected


def test_a_value_is_called_by_its_key_in_a_mapping(reader: Reader) -> None:
    grid = "{learner: {plain: {}, wide one: {net: {widen: 3}}, gp: {name: gp}}, protocol.budget: {few: 2, many: 4}}"
    found = points(reader, grid)
    assert [point.group for point in found[:3]] == ["learner=plain, budget=few", *LEARNERS]
    assert [point.settings.protocol.budget for point in found] == [2, 4] * 3
    assert [type(point.settings.learner).__name__ for point in found[::2]] == ["NetworkLearner"] * 2 + [
        "GaussianProcess"
    ]


def test_keys_with_the_same_end_are_shown_whole(reader: Reader) -> None:
    grid = "{learner.net.name: [wide_resnet], dataset.name: [digits], protocol.budget: [1]}"
    assert groups(reader, grid) == ["learner.net.name=wide_resnet, dataset.name=digits, budget=1"]


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ("{learnr.net.widen: [1, 2]}", "learnr.net.widen: unknown key. Allowed: dataset, learner, protocol, seeds"),
        ("{strategies: [random]}", "strategies: unknown key. Allowed: dataset, learner, protocol, seeds"),
        ("{learner.net.widen: 3}", f"learner.net.widen: wanted {VALUES}; got 3"),
        ("{learner.net.widen: []}", f"learner.net.widen: wanted {VALUES}; got []"),
        ("{learner.net.widen: {}}", f"learner.net.widen: wanted {VALUES}; got {{}}"),
        ("{learner: {name: gp, net: mlp}}", f'learner: wanted {VALUES}; got {{"name": "gp", "net": "mlp"}}'),
        ("{learner.net.widen: {a: 1, b: 1}}", "learner.net.widen: wanted each value once; got"),
        ("{learner.net.widen: {a=: 1}}", "learner.net.widen: wanted letters, digits and - _ . + in what a value"),
        ('{learner.net.widen: {"a ": 1}}', "learner.net.widen: wanted letters, digits and - _ . + in what a value"),
        ("{learner.net.widen: {a: x}}", 'learner.net.widen.a: wanted an integer >= 1; got "x"'),
        ("{learner.net.widen: [1, 2, 1]}", "learner.net.widen: wanted each value once; got [1, 2, 1]"),
        ("{learner.net: [mlp, {name: mlp}]}", 'learner.net: wanted each value once; got ["mlp", {"name": "mlp"}]'),
        ("{learner.net.widen: [1, a]}", 'learner.net.widen[1]: wanted an integer >= 1; got "a"'),
        ("{learner.net.widne: [1]}", "learner.net.widne[0]: unknown key; did you mean 'widen'?"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(reader: Reader, grid: str, said: str) -> None:
    assert reader.problem(base_and(f"grid: {grid}")).startswith(f"s.yaml:16: experiments.one.grid.{said}")


@pytest.mark.parametrize(("grid", "shown"), [("3", "3"), ("[a]", '["a"]'), ("", "null")])
def test_a_grid_that_is_no_mapping_is_refused(reader: Reader, grid: str, shown: str) -> None:
    wanted = "wanted a mapping of dotted keys, each with values"
    assert reader.problem(base_and(f"grid: {grid}")) == f"s.yaml:16: experiments.one.grid: {wanted}; got {shown}"


@pytest.mark.parametrize("grid", ["{seeds: [1, 2]}", "{protocol.cycles: [1, 2]}", "{protocol: [{cycles: 1}, mixed]}"])
def test_what_does_not_make_another_cell_cannot_be_varied(reader: Reader, grid: str) -> None:
    (problem,) = reader.problems(base_and(f"grid: {grid.replace('mixed', '{cycles: 2}')}"))
    assert "experiments.one.grid: wanted the same seeds and cycles everywhere" in problem


@pytest.mark.parametrize(
    ("inner", "outer"),
    [
        ("learner.train.epochs: [10, 20]", "learner.train: {short: {epochs: 5}, long: {batch_size: 8}}"),
        ("learner.net.widen: [1, 2]", "learner: {network: {}, ridge: ridge}"),
    ],
)
def test_a_key_comes_after_what_it_stands_in(reader: Reader, inner: str, outer: str) -> None:
    (told,) = reader.problems(base_and(f"grid: {{{inner}, {outer}}}"))
    assert f"wanted before '{inner.partition(':')[0]}', whose values it may undo; got after it. Move it up" in told


def test_a_key_may_come_after_what_it_stands_in(reader: Reader) -> None:
    found = points(reader, "{learner.train: {short: {epochs: 5}}, learner.train.epochs: [10, 20]}")
    assert [point.group for point in found] == ["train=short, epochs=10", "train=short, epochs=20"]
    epochs = [point.settings.learner.train.epochs for point in found]  # type: ignore[attr-defined]
    assert epochs == [10, 20]
