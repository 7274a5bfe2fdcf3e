"""Claims of a sweep file: what they may say, what they leave out, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sweep_texts import BASE, Reader

from bench.config import Claim
from bench.errors import ConfigError
from bench.record import PlannedClaim

WIDE = """\
  wide:
    grid: {learner.net.widen: [1, 2]}
    strategies: [random, entropy, margin]
  wider:
    grid: {learner.net.widen: [2, 4]}
    strategies: [entropy, margin]
  budgets:
    grid: {protocol.budget: [10, 20]}
    strategies: [random, entropy]
"""
SIDES = "experiment: one, better: entropy, than: random"
PLACE = "experiment: wide, better: entropy, than: random"


def claimed(claim: str) -> str:
    return f"{BASE}{WIDE}claims:\n  c: {{{claim}}}\n"


LINE = claimed("").count("\n")


def read(reader: Reader, claim: str) -> Claim:
    return reader.load(claimed(claim)).claims["c"]


def recorded(reader: Reader, claim: str) -> PlannedClaim:
    return reader.plan(claimed(claim)).record()["claims"]["c"]


@pytest.mark.parametrize(("metric", "fine"), [("aubc", False), ("final_accuracy", False), ("query_speed", True)])
def test_accuracies_after_other_numbers_of_cycles_are_not_compared(reader: Reader, metric: str, fine: bool) -> None:
    text = claimed(f"{SIDES}, than_experiment: short, metric: {metric}")
    text = text.replace("claims:", "  short: {strategies: [random], protocol: {cycles: 3}}\nclaims:")
    if fine:
        assert reader.load(text).claims["c"].metric == metric
        return
    with pytest.raises(ConfigError) as caught:
        reader.load(text)
    wanted = f"wanted as many cycles as 'one' has, 8, since {metric} is over all of them; 'short' has 3"
    assert wanted in str(caught.value)


def test_what_a_claim_leaves_out_is_recorded(reader: Reader) -> None:
    assert recorded(reader, SIDES) == {
        "experiment": "one",
        "better": "entropy",
        "than": "random",
        "metric": "aubc",
        "margin": 0.0,
        "kind": "superior",
        "group": "",
        "than_experiment": "one",
        "than_group": "",
        "from_random": False,
        "note": None,
    }


def test_a_plan_has_every_key_that_a_claim_may_have(reader: Reader) -> None:
    assert recorded(reader, SIDES).keys() == PlannedClaim.__annotations__.keys()


def test_what_a_claim_says_is_recorded(reader: Reader) -> None:
    said: dict[str, Any] = {
        "experiment": "wide",
        "better": "entropy",
        "than": "entropy",
        "kind": "equivalent",
        "metric": "final_accuracy",
        "margin": 1.5,
        "group": "widen=1",
        "than_experiment": "budgets",
        "than_group": "budget=20",
        "from_random": True,
        "note": None,
    }
    assert recorded(reader, ", ".join(f"{key}: {json.dumps(value)}" for key, value in said.items())) == said


@pytest.mark.parametrize(("metric", "margin"), [("aubc", 0.0), ("final_accuracy", 0.0), ("query_speed", 1.0)])
def test_without_a_margin_any_difference_counts(reader: Reader, metric: str, margin: float) -> None:
    assert read(reader, f"{SIDES}, metric: {metric}").margin == margin


def test_than_stands_in_the_same_group(reader: Reader) -> None:
    claim = read(reader, f"{PLACE}, group: widen=2")
    assert (claim.group, claim.than_experiment, claim.than_group) == ("widen=2", "wide", "widen=2")


def test_than_stands_in_the_same_group_of_another_experiment_where_there_is_one(reader: Reader) -> None:
    claim = read(reader, "experiment: wide, group: widen=2, better: entropy, than: entropy, than_experiment: wider")
    assert claim.than_group == "widen=2"


def test_than_stands_in_the_only_group_of_another_experiment(reader: Reader) -> None:
    claim = read(reader, "experiment: wide, group: widen=2, better: entropy, than: entropy, than_experiment: one")
    assert claim.than_group == ""


def test_an_arm_can_be_compared_with_itself_elsewhere(reader: Reader) -> None:
    claim = read(reader, "experiment: wide, group: widen=2, better: entropy, than: entropy, than_group: widen=1")
    assert (claim.group, claim.than_group) == ("widen=2", "widen=1")


def test_a_claim_names_an_arm_by_its_label(reader: Reader) -> None:
    text = claimed("experiment: one, better: ours, than: random")
    text = text.replace("[random, entropy]", "[random, {name: entropy, label: ours}]", 1)
    assert reader.load(text).claims["c"].better == "ours"


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (
            "experiment: onne, better: entropy, than: random",
            "experiment: no experiment named 'onne'; did you mean 'one'? Known: one, wide, wider, budgets",
        ),
        (
            "experiment: one, better: entrop, than: random",
            "better: no arm named 'entrop'; did you mean 'entropy'? Known: random, entropy",
        ),
        ("experiment: one, better: entropy, than: xyz", "than: no arm named 'xyz'. Known: random, entropy"),
        ("experiment: one, better: entropy", "than: missing; wanted a text"),
        (f"{SIDES}, margin: .nan", "margin: wanted a number or null; got NaN"),
        (f"{SIDES}, metric: acc", 'metric: wanted aubc | final_accuracy | query_speed | note; got "acc"'),
        (f"{SIDES}, metric: note", "note: wanted a figure's name with metric: note, and none without; got None"),
        (f"{SIDES}, note: entropy", "note: wanted a figure's name with metric: note, and none without; got 'entropy'"),
        (f"{SIDES}, metric: note, note: x, margin: -0.1", "margin: wanted a number >= 0 for kind: superior; got -0.1"),
        (PLACE, "group: missing; wanted one of widen=1, widen=2"),
        (
            f"{PLACE}, group: widen=3",
            "group: no group named 'widen=3'; did you mean 'widen=2'? Known: widen=1, widen=2",
        ),
        (f"{SIDES}, group: widen=1", "group: no group named 'widen=1'. Known: \"\""),
        (
            "experiment: one, better: entropy, than: entropy, than_experiment: wide",
            "than_group: missing; wanted one of widen=1, widen=2",
        ),
        (
            f"{PLACE}, group: widen=2, than_group: wide=1",
            "than_group: no group named 'wide=1'; did you mean 'widen=1'? Known: widen=1, widen=2",
        ),
        (
            f"{SIDES}, than_experiment: wid",
            "than_experiment: no experiment named 'wid'; did you mean 'wide'? Known: one, wide, wider, budgets",
        ),
        (
            "experiment: one, better: entropy, than: random, than_experiment: wider, than_group: widen=2",
            "than: no arm named 'random'. Known: entropy, margin",
        ),
        (
            "experiment: wider, group: widen=2, better: entropy, than: margin, from_random: true",
            "from_random: wanted a Random among the arms of 'wider'; it has none",
        ),
        ("experiment: one, better: random, than: random", "than: wanted another arm than 'random'; got the same"),
        (
            'experiment: one, better: random, than: random, than_group: ""',
            "than: wanted another arm than 'random'; got the same",
        ),
        (
            "experiment: wide, group: widen=2, better: random, than: random, than_experiment: wide",
            "than: wanted another arm than 'random'; got the same",
        ),
        (f"{SIDES}, kind: better", 'kind: wanted superior | non_inferior | equivalent; got "better"'),
        (
            f"{SIDES}, metric: query_sped",
            'metric: wanted aubc | final_accuracy | query_speed | note; got "query_sped"; did you',
        ),
        (f"{SIDES}, margin: -1", "margin: wanted percentage points >= 0 for kind: superior; got -1"),
        (
            f"{SIDES}, kind: equivalent, margin: 0",
            "margin: wanted percentage points > 0 for kind: equivalent; got 0",
        ),
        (
            f"{SIDES}, kind: non_inferior",
            "margin: wanted percentage points > 0 for kind: non_inferior; got 0",
        ),
        (
            f"{SIDES}, metric: query_speed, margin: 0.5",
            "margin: wanted a factor >= 1 for kind: superior; got 0.5",
        ),
        (
            f"{SIDES}, metric: query_speed, kind: equivalent, margin: 1",
            "margin: wanted a factor > 1 for kind: equivalent; got 1",
        ),
        (
            f"{SIDES}, metric: query_speed, from_random: true",
            "from_random: wanted false for query_speed: times are compared as they are; got true",
        ),
    ],
)
def test_a_claim_that_makes_no_sense_is_refused(reader: Reader, claim: str, said: str) -> None:
    found = reader.problem(claimed(claim))
    place = f"s.yaml:{LINE}: claims.c"
    assert found.startswith((f"{place}.{said}", f"{place}: {said}"))


def test_every_name_that_is_wrong_is_reported_at_once(reader: Reader) -> None:
    found = reader.problems(claimed("experiment: wide, group: x, better: a, than: b, than_group: y"))
    assert sorted(said.split(": ")[1] for said in found) == [
        "claims.c.better",
        "claims.c.group",
        "claims.c.than",
        "claims.c.than_group",
    ]


def test_groups_whose_names_hold_commas_are_told_apart(reader: Reader) -> None:
    text = claimed(SIDES).replace("grid: {protocol.budget: [10, 20]}", "grid: {protocol.budget: [10], seeds: [2]}")
    found = reader.problem(text.replace(SIDES, "experiment: budgets, group: x, better: entropy, than: random"))
    assert found.endswith('Known: "budget=10, seeds=2"')


def test_the_claims_of_the_recipes_are_valid(reader: Reader) -> None:
    recipes = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text()
    (block,) = [found for found in re.findall(r"```yaml\n(.*?)```", recipes, re.DOTALL) if "claims:" in found]
    experiments = """\
  strategies:
    strategies: [random, mlmoc-entk, mlmoc-naive]
  widths:
    grid: {learner.net.widen: [1, 2, 4]}
    strategies: [random, entropy, margin]
"""
    claims = reader.load(f"{BASE}{experiments}{block}").claims
    assert [claim.kind for claim in claims.values()] == ["superior", "equivalent", "superior", "superior"]
    assert claims["wider_gains_more"].group == "widen=4"
