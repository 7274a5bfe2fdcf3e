"""Values of a wrong type, and impossible ones, are refused with what may be written instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweep_texts import ARMS, BASE, Reader, base_and, base_with

from bench.data import datasets
from bench.errors import ConfigError
from bench.own_names import FOLDER
from bench.sweep_file import load_sweep

SEEDS = "an integer >= 1 and <= 10000, or a list, each item an integer >= 0, or a mapping of first, count"
PLUGIN = "its name, or a mapping with its name and parameters"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("stages: 1", "stages: 4", "defaults.learner.net.stages: wanted 1 | 2 | 3; got 4"),
        ("widen: 1", "widen: true", "defaults.learner.net.widen: wanted an integer >= 1; got true"),
        ("widen: 1", "widen: 1.0", "defaults.learner.net.widen: wanted an integer >= 1; got 1.0"),
        ("initial: 20", "initial: 0", "defaults.protocol.initial: wanted an integer >= 1; got 0"),
        ("cycles: 8", 'cycles: "8"', 'defaults.protocol.cycles: wanted an integer >= 1; got "8"'),
        (
            "candidates: 500",
            "candidates: all",
            'defaults.protocol.candidates: wanted an integer >= 1 or null; got "all"',
        ),
        (
            "momentum: 0.9",
            "momentum: 1",
            "defaults.learner.train.optimizer.momentum: wanted a number >= 0 and < 1; got 1",
        ),
        ("max_lr: 0.5", "max_lr: 0", "defaults.learner.train.schedule.max_lr: wanted a number > 0; got 0"),
        ("max_lr: 0.5", "max_lr: .inf", "defaults.learner.train.schedule.max_lr: wanted a number > 0; got Infinity"),
        ("max_lr: 0.5", "max_lr: 1e999", "defaults.learner.train.schedule.max_lr: wanted a number > 0; got Infinity"),
        ("max_lr: 0.5", "max_lr: .nan", "defaults.learner.train.schedule.max_lr: wanted a number > 0; got NaN"),
        (
            "loss: squared",
            "loss: square",
            "defaults.learner.train.loss: wanted squared | cross_entropy; got \"square\"; did you mean 'squared'?",
        ),
        ("name: small", "name: a/b", 'name: wanted a text that matches ^[A-Za-z0-9][A-Za-z0-9._-]{0,94}$; got "a/b"'),
        ("seeds: 2", "seeds: two", f'defaults.seeds: wanted {SEEDS}; got "two"'),
    ],
)
def test_a_value_that_cannot_be_is_refused(reader: Reader, old: str, new: str, said: str) -> None:
    assert reader.problem(base_with((old, new))).partition(": ")[2] == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "dataset: digits",
            "dataset: digist",
            "s.yaml:3: defaults.dataset: no dataset named 'digist'. Did you mean 'digits'?",
        ),
        (
            "name: network",
            "name: netwrk",
            "s.yaml:5: defaults.learner.name: no learner named 'netwrk'. Did you mean 'network'?",
        ),
        (
            "wide_resnet",
            "wideresnet",
            "s.yaml:6: defaults.learner.net.name: no net named 'wideresnet'. Did you mean 'wide_resnet'?",
        ),
        (
            ARMS,
            "[radnom]",
            "s.yaml:15: experiments.one.strategies[0]: no strategy named 'radnom'. Did you mean 'random'?",
        ),
        ("name: sgd", "name: adam", 's.yaml:9: defaults.learner.train.optimizer.name: wanted sgd; got "adam"'),
        (
            "name: onecycle",
            "name: cosine",
            's.yaml:10: defaults.learner.train.schedule.name: wanted onecycle | constant; got "cosine"',
        ),
        (
            "name: onecycle",
            "name: constnt",
            's.yaml:10: defaults.learner.train.schedule.name: wanted onecycle | constant; got "constnt"; '
            "did you mean 'constant'?",
        ),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(reader: Reader, old: str, new: str, said: str) -> None:
    assert reader.problem(base_with((old, new))).startswith(said)


@pytest.mark.parametrize("value", ["3", "[digits]", "null", "{normalise: none}", "{name: 3}"])
def test_a_plugin_without_a_name_is_refused(reader: Reader, value: str) -> None:
    found = reader.problem(base_with(("dataset: digits", f"dataset: {value}")))
    assert found.startswith(f"s.yaml:3: defaults.dataset: wanted a dataset: {PLUGIN}; got ")
    assert f"Known: {', '.join(datasets.names())}" in found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "protocol: {initial: 20, budget: 10, cycles: 8, candidates: 500}",
            "protocol: 3",
            "defaults.protocol: wanted a mapping of initial, budget, cycles, candidates, mode, initial_set, "
            "label_noise; got 3",
        ),
        (
            "{name: sgd, momentum: 0.9}",
            "fast",
            "defaults.learner.train.optimizer: "
            'wanted a mapping of name (sgd), momentum, weight_decay, nesterov; got "fast"',
        ),
    ],
)
def test_a_section_that_is_no_mapping_is_refused(reader: Reader, old: str, new: str, said: str) -> None:
    assert reader.problem(base_with((old, new))).partition(": ")[2] == said


@pytest.mark.parametrize(("value", "shown"), [("3", "3"), ("[a]", '["a"]'), ("", "null")])
def test_defaults_that_are_no_mapping_are_refused(reader: Reader, value: str, shown: str) -> None:
    wanted = "wanted a mapping of dataset, learner, protocol, seeds, precision, audit, vary"
    text = f"defaults: {value}\nexperiments:\n  one: {{strategies: [random]}}\n"
    assert f"s.yaml:1: defaults: {wanted}; got {shown}" in reader.problems(text)


@pytest.mark.parametrize("value", ["3", "[]", "{}", ""])
def test_experiments_that_are_none_are_refused(reader: Reader, value: str) -> None:
    found = reader.problem(f"experiments: {value}\n")
    assert found.startswith("s.yaml:1: experiments: wanted a mapping of at least one experiment; got ")


def test_a_file_without_experiments_is_refused(reader: Reader) -> None:
    found = reader.problem("name: small\n")
    assert found == "s.yaml:1: experiments: missing; wanted a mapping of at least one experiment"


@pytest.mark.parametrize("section", ["claims", "launch", "data"])
def test_a_section_that_is_left_empty_is_refused(reader: Reader, section: str) -> None:
    assert reader.problem(f"{BASE}{section}:\n").startswith(f"s.yaml:16: {section}: wanted a mapping of ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("protocol: {candidates: 9}", "candidates: wanted at least the budget of 10; got 9"),
        (
            "learner: {train: {optimizer: {momentum: 0, nesterov: true}}}",
            "optimizer.nesterov: wanted momentum > 0 with it; got momentum 0",
        ),
    ],
)
def test_a_condition_between_keys_is_reported_at_the_key(reader: Reader, given: str, said: str) -> None:
    found = reader.problem(base_and(given))
    assert found.startswith("s.yaml:16: ")
    assert said in found


def test_an_experiment_needs_a_name_that_is_a_folders(reader: Reader) -> None:
    found = reader.problem(base_with(("  one:", '  "a b":')))
    assert found.startswith("s.yaml:14: experiments.a b: wanted a text that matches")


def test_a_long_value_is_cut_in_the_message(reader: Reader) -> None:
    found = reader.problem(base_with(("loss: squared", f"loss: {'x' * 1000}")))
    assert len(found) < 200


def test_the_number_of_problems_heads_the_message(reader: Reader) -> None:
    with pytest.raises(ConfigError, match=r"^2 problems in the configuration\n  .*\n  .*$"):
        reader.load(base_with(("stages: 1", "stages: 4"), ("widen: 1", "widen: 0")))


@pytest.mark.parametrize("name", ["one cell", "-x", "a" * 96])
def test_a_sweeps_name_is_a_folders_be_it_written_or_the_files_own(tmp_path: Path, name: str) -> None:
    unnamed = tmp_path / f"{name}.yaml"
    unnamed.write_text(base_with(("name: small\n", "")))
    with pytest.raises(ConfigError, match=rf'wanted a text that matches \[.*; got "{name}"\. Write name: …') as caught:
        load_sweep(unnamed)
    assert len(caught.value.problems) == 1
    unnamed.write_text(base_with(("name: small", f"name: {name}")))
    with pytest.raises(ConfigError, match="name: wanted a text that matches"):
        load_sweep(unnamed)


def test_the_longest_name_of_a_sweep_leaves_room_for_its_tuning(tmp_path: Path) -> None:
    longest = "a" * 95
    (tmp_path / f"{longest}.yaml").write_text(base_with(("name: small\n", "")))
    assert load_sweep(tmp_path / f"{longest}.yaml").name == longest
    assert FOLDER.fullmatch(f"{longest}-tune")
    assert not FOLDER.fullmatch(f"a{longest}-tune")
