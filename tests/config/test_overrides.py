"""What an experiment says goes over the defaults, key by key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_texts import BASE, Reader, base_and, base_with

from bench.learners.network import NetworkLearner
from bench.located import Plain, located, merged, overlaid
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.recipe import Constant, OneCycle

trees = st.recursive(
    st.integers() | st.none(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8
)


def net_of(reader: Reader, given: str) -> object:
    learner = reader.settings(base_and(given)).learner
    assert isinstance(learner, NetworkLearner)
    return learner.net


def test_one_key_of_a_mapping_leaves_the_others_as_they_are(reader: Reader) -> None:
    protocol = reader.settings(base_and("protocol: {cycles: 3}")).protocol
    assert (protocol.initial, protocol.budget, protocol.cycles, protocol.candidates) == (20, 10, 3, 500)


def test_null_takes_a_default_back(reader: Reader) -> None:
    assert reader.settings(base_and("protocol: {candidates: null}")).protocol.candidates is None


def test_a_key_deep_inside_a_plugin_can_be_overridden(reader: Reader) -> None:
    assert net_of(reader, "learner: {net: {widen: 7}}") == WideResNet(stages=1, widen=7)


def test_naming_the_same_plugin_keeps_its_other_parameters(reader: Reader) -> None:
    assert net_of(reader, "learner: {net: {name: wide_resnet, stages: 3}}") == WideResNet(stages=3, widen=1)


@pytest.mark.parametrize("given", ["wide_resnet", "{name: wide_resnet}", "{}"])
def test_naming_the_same_plugin_alone_changes_nothing(reader: Reader, given: str) -> None:
    assert net_of(reader, f"learner: {{net: {given}}}") == WideResNet(stages=1, widen=1)


@pytest.mark.parametrize(("given", "net"), [("mlp", MLP()), ("{name: mlp, width: 5}", MLP(width=5))])
def test_naming_another_plugin_replaces_the_whole_mapping(reader: Reader, given: str, net: MLP) -> None:
    assert net_of(reader, f"learner: {{net: {given}}}") == net


def test_naming_another_schedule_replaces_the_whole_mapping(reader: Reader) -> None:
    learner = reader.settings(base_and("learner: {train: {schedule: {name: constant, lr: 0.1}}}")).learner
    assert isinstance(learner, NetworkLearner)
    assert learner.train.schedule == Constant("constant", 0.1)


def test_a_plugin_given_by_its_name_can_be_given_parameters(reader: Reader) -> None:
    settings = reader.settings(base_and("dataset: {normalise: none}"))
    assert settings.dataset.normalise == "none"


def test_what_does_not_fit_the_other_plugin_is_reported_at_the_override(reader: Reader) -> None:
    found = reader.problem(base_and("learner: {net: {name: mlp, widen: 3}}"))
    assert found.startswith("s.yaml:16: experiments.one.learner.net.widen: unknown key; did you mean 'width'?")


def test_an_experiment_can_say_everything_itself(reader: Reader) -> None:
    lines = BASE.splitlines()
    settings = "\n".join(f"  {line}" for line in lines[2:12])
    alone = f"experiments:\n  one:\n    strategies: [random]\n{settings}\n"
    assert reader.settings(alone) == reader.settings(BASE)


def test_a_sweep_without_a_name_is_called_as_its_file(reader: Reader) -> None:
    assert reader.load(base_with(("name: small\n", ""))).name == "s"


def test_an_experiment_without_a_title_is_called_as_its_key(reader: Reader) -> None:
    (experiment,) = reader.load(BASE).experiments
    assert experiment.title == "one"


@given(trees, trees)
def test_merging_twice_changes_nothing_more(base: Plain, over: Plain) -> None:
    once = merged(located(base, "a"), located(over, "b"))
    assert merged(once, located(over, "b")).plain == once.plain


@given(trees)
def test_nothing_over_a_mapping_is_the_mapping(base: Plain) -> None:
    wrapped = located({"x": base}, "a")
    assert merged(wrapped, located({}, "b")).plain == wrapped.plain == overlaid(wrapped, located({}, "b")).plain


@pytest.mark.parametrize("named", ["", "name: onecycle, "])
def test_a_section_without_a_name_is_of_the_plugin_that_the_other_names(reader: Reader, named: str) -> None:
    text = base_with(("schedule: {name: onecycle, max_lr: 0.5}", "schedule: {max_lr: 0.01}"))
    text += f"    learner: {{train: {{schedule: {{{named}warm_up: 0.1}}}}}}\n"
    learner = reader.settings(text).learner
    assert isinstance(learner, NetworkLearner)
    assert learner.train.schedule == OneCycle(max_lr=0.01, warm_up=0.1)
