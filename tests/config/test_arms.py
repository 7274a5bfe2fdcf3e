"""The arms of an experiment, what they are called, and the claims about them."""

from __future__ import annotations

import pytest
from sweep_texts import ARMS, BASE, Reader, base_with

JITTERS = "[{name: mlmoc-entk-plain, jitter: 1e-3}, {name: mlmoc-entk-plain, jitter: 1e-2}, mlmoc-entk-plain]"


def labels(reader: Reader, listed: str) -> list[str]:
    (experiment,) = reader.load(base_with((ARMS, listed))).experiments
    return [named.label for named in experiment.strategies]


def claimed(claim: str) -> str:
    return f"{BASE}claims:\n  c: {{{claim}}}\n"


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


def test_a_claim_is_kept_as_it_was_written(reader: Reader) -> None:
    claim = reader.load(claimed("experiment: one, better: entropy, than: random, margin: 0.5")).claims["c"]
    assert (claim.experiment, claim.better, claim.than, claim.metric, claim.margin) == (
        "one",
        "entropy",
        "random",
        "aubc",
        0.5,
    )


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (
            "experiment: onne, better: entropy, than: random",
            "experiment: no experiment named 'onne'; did you mean 'one'? Known: one",
        ),
        (
            "experiment: one, better: entrop, than: random",
            "better: no arm named 'entrop'; did you mean 'entropy'? Known: random, entropy",
        ),
        ("experiment: one, better: entropy, than: xyz", "than: no arm named 'xyz'. Known: random, entropy"),
        ("experiment: one, better: entropy", "than: missing; wanted a text"),
        (
            "experiment: one, better: entropy, than: random, metric: acc",
            'metric: wanted aubc; got "acc"',
        ),
        (
            "experiment: one, better: entropy, than: random, margin: .nan",
            "margin: wanted a number; got NaN",
        ),
    ],
)
def test_a_claim_that_cannot_be_is_refused(reader: Reader, claim: str, said: str) -> None:
    assert reader.problem(claimed(claim)) == f"s.yaml:17: claims.c.{said}"


def test_a_claim_names_an_arm_by_its_label(reader: Reader) -> None:
    text = claimed("experiment: one, better: ours, than: random").replace("entropy]", "{name: entropy, label: ours}]")
    assert reader.load(text).claims["c"].better == "ours"
