"""`--set key=value` goes over the file, under the same checks."""

from __future__ import annotations

import pytest
from sweep_texts import BASE, Reader, base_and, base_with

from bench.data import datasets
from bench.datasets.npz import Npz
from bench.learners.network import NetworkLearner
from bench.nets.mlp import MLP
from bench.recipe import Constant, OneCycle


def learner_of(reader: Reader, *assignments: str) -> NetworkLearner:
    learner = reader.settings(BASE, *assignments).learner
    assert isinstance(learner, NetworkLearner)
    return learner


def test_a_setting_holds_in_every_experiment(reader: Reader) -> None:
    text = BASE + "  two:\n    strategies: [margin]\n"
    sweep = reader.load(text, "protocol.cycles=3")
    assert [experiment.points[0].settings.protocol.cycles for experiment in sweep.experiments] == [3, 3]


def test_a_setting_holds_over_the_experiments_own(reader: Reader) -> None:
    assert reader.settings(base_and("protocol: {cycles: 5}"), "protocol.cycles=3").protocol.cycles == 3


def test_a_setting_holds_under_the_grid(reader: Reader) -> None:
    sweep = reader.load(base_and("grid: {protocol.budget: [4, 5]}"), "protocol.budget=3", "protocol.cycles=2")
    protocols = [point.settings.protocol for point in sweep.experiments[0].points]
    assert [(p.cycles, p.budget) for p in protocols] == [(2, 4), (2, 5)]


def test_the_last_of_two_values_holds(reader: Reader) -> None:
    assert reader.settings(BASE, "seeds=3", "seeds=4").seeds == 4


def test_the_value_is_yaml(reader: Reader) -> None:
    settings = reader.settings(BASE, "seeds={first: 3, count: 2}", "dataset={name: npz, path: a=b.npz}")
    assert settings.seed_list == [3, 4]
    assert settings.dataset == Npz(path="a=b.npz")


@pytest.mark.parametrize("assignment", ["protocol.candidates=null", "protocol.candidates=", "protocol.candidates= ~"])
def test_nothing_is_null(reader: Reader, assignment: str) -> None:
    assert reader.settings(BASE, assignment).protocol.candidates is None


def test_a_float_is_written_as_in_the_file(reader: Reader) -> None:
    assert learner_of(reader, "learner.train.schedule.max_lr=1e-3").train.schedule == OneCycle(max_lr=0.001)


def test_another_plugin_can_be_named_and_given_parameters_one_by_one(reader: Reader) -> None:
    found = learner_of(
        reader,
        "learner.net=mlp",
        "learner.net.width=5",
        "learner.train.schedule.name=constant",
        "learner.train.schedule.lr=1",
    )
    assert found.net == MLP(width=5)
    assert found.train.schedule == Constant("constant", 1.0)


def test_the_sweep_can_be_named_without_losing_the_rest_of_it(reader: Reader) -> None:
    sweep = reader.load(BASE, "name=other")
    assert (sweep.name, sweep.experiments) == ("other", reader.load(BASE).experiments)


@pytest.mark.parametrize(
    ("assignment", "slots"), [("launch.slots=3", 3), ("launch={slots: 4}", 4), ("launch.slots=null", None)]
)
def test_any_other_key_is_a_path_of_the_file(reader: Reader, assignment: str, slots: int | None) -> None:
    assert reader.load(f"{BASE}launch: {{slots: 2, threads: 2}}\n", assignment).launch.slots == slots


def test_one_experiments_strategies_can_be_set(reader: Reader) -> None:
    (experiment,) = reader.load(BASE, "experiments.one.strategies=[margin]").experiments
    assert [named.label for named in experiment.strategies] == ["margin"]


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("protocol.cyles=2", "protocol.cyles: unknown key; did you mean 'cycles'? Allowed: initial, budget, cycles"),
        ("learner.net.widne=4", "learner.net.widne: unknown key; did you mean 'widen'? Allowed: stages, widen"),
        ("launch.slot=2", "launch.slot: unknown key; did you mean 'slots'? Allowed: executor, slots"),
        ("lunch.slots=2", "lunch: unknown key; did you mean 'launch'? Allowed: name, include, defaults"),
        ("cycles=2", "cycles: unknown key. Allowed: name, include, defaults, experiments"),
        ("protocol.cycles=two", 'protocol.cycles: wanted an integer >= 1; got "two"'),
        ("protocol={cycles: x}", 'protocol.cycles: wanted an integer >= 1; got "x"'),
        ("dataset=zebra", f"dataset: no dataset named 'zebra'. Known: {', '.join(datasets.names())}"),
        ("protocol.candidates=2", "protocol.candidates: wanted at least the budget of 10; got 2"),
        ("seeds=[1", "seeds: not YAML: while parsing a flow sequence"),
        ("protocol={cycles: 2, cycles: 3}", "protocol.cycles: key given twice"),
    ],
)
def test_a_mistake_is_reported_at_the_assignment(reader: Reader, assignment: str, said: str) -> None:
    assert reader.problem(BASE, assignment).startswith(f"--set {assignment}: {said}")


@pytest.mark.parametrize(
    "assignment", ["protocol.cycles", "", "=3", " = 3", ".seeds=3", "protocol.=3", "protocol..cycles=3"]
)
def test_what_is_no_assignment_is_refused(reader: Reader, assignment: str) -> None:
    found = reader.problem(BASE, assignment)
    assert found == f"--set {assignment}: wanted key=value, such as protocol.cycles=2"


def test_mistakes_of_assignments_and_file_are_reported_together(reader: Reader) -> None:
    found = reader.problems(base_with(("widen: 1", "widne: 1")), "protocol.cycles", "seeds=x", "foo=1")
    assert [said.partition(":")[0] for said in found] == [
        "--set foo=1",
        "--set protocol.cycles",
        "--set seeds=x",
        "s.yaml",
    ]


def test_a_section_can_be_taken_out(reader: Reader) -> None:
    text = f"{BASE}claims: {{c: {{experiment: one, better: entropy, than: random}}}}\n"
    assert set(reader.load(text).claims) == {"c"}
    assert reader.load(text, "claims=null").claims == {}
