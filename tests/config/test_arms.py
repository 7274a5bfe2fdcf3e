"""The arms of an experiment, and what they are called."""

from __future__ import annotations

import pytest
from sweep_texts import ARMS, Reader, base_with

JITTERS = "[{name: mlmoc-entk-plain, jitter: 1e-3}, {name: mlmoc-entk-plain, jitter: 1e-2}, mlmoc-entk-plain]"


def labels(reader: Reader, listed: str) -> list[str]:
    (experiment,) = reader.load(base_with((ARMS, listed))).experiments
    return [named.label for named in experiment.strategies]


def test_an_arm_is_called_as_its_strategy_with_what_was_written_for_it(reader: Reader) -> None:
    assert labels(reader, JITTERS) == [
        "mlmoc-entk-plain(jitter=0.001)",
        "mlmoc-entk-plain(jitter=0.01)",
        "mlmoc-entk-plain",
    ]


def test_a_label_is_what_an_arm_is_called(reader: Reader) -> None:
    assert labels(reader, "[random, {name: mlmoc-entk-plain, jitter: 1e-3, label: ours}]") == ["random", "ours"]


@pytest.mark.parametrize(
    "listed",
    [
        "[random, random]",
        "[random, {name: random}]",
        "[random, {name: entropy, label: random}]",
        "[{name: random, label: x}, {name: entropy, label: x}]",
    ],
)
def test_arms_with_the_same_label_are_refused(reader: Reader, listed: str) -> None:
    found = reader.problem(base_with((ARMS, listed)))
    assert found.startswith("s.yaml:15: experiments.one.strategies[1]: wanted each arm once; '")
    assert found.endswith("' is also experiments.one.strategies[0]. Give one of them a label")


@pytest.mark.parametrize(("label", "shown"), [("3", "3"), ('""', '""'), ("[a]", '["a"]'), ("null", "null")])
def test_a_label_is_a_text(reader: Reader, label: str, shown: str) -> None:
    found = reader.problem(base_with((ARMS, f"[{{name: random, label: {label}}}]")))
    assert found == f"s.yaml:15: experiments.one.strategies[0].label: wanted a text that is not empty; got {shown}"


@pytest.mark.parametrize("listed", ["random", "[]", "", "{a: random}", "3"])
def test_strategies_are_a_list_of_at_least_one(reader: Reader, listed: str) -> None:
    found = reader.problem(base_with((ARMS, listed)))
    assert found.startswith("s.yaml:15: experiments.one.strategies: wanted a list of at least one strategy; got ")


def test_an_experiment_without_strategies_is_refused(reader: Reader) -> None:
    found = reader.problem(base_with((f"strategies: {ARMS}", "title: One")))
    assert found == "s.yaml:14: experiments.one.strategies: missing; wanted a list of at least one strategy"


def test_entries_that_are_no_strategies_are_reported_one_by_one(reader: Reader) -> None:
    found = reader.problems(base_with((ARMS, "[3, null, [a], {label: x}, {name: 3}]")))
    assert [said.partition(": ")[2].partition(":")[0] for said in found] == [
        f"experiments.one.strategies[{i}]" for i in range(5)
    ]
