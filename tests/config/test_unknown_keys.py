"""No key of a sweep file is silently ignored."""

from __future__ import annotations

from dataclasses import fields

import pytest
from sweep_texts import ARMS, BASE, Reader, base_and, base_with

from bench.config import Claim, DataFolder, Launch, Settings
from bench.learners.network import NetworkLearner
from bench.nets.wide_resnet import WideResNet
from bench.protocol import Protocol
from bench.recipe import SGD, OneCycle, Train
from bench.sweep_file import OWN_KEYS, SECTIONS


def keys(cls: type) -> tuple[str, ...]:
    return tuple(spec.name for spec in fields(cls))


@pytest.mark.parametrize(
    ("old", "new", "place", "guess", "allowed"),
    [
        ("name: small", "nmae: small", "1: nmae", "name", SECTIONS),
        ("  seeds: 2", "  sedes: 2", "12: defaults.sedes", "seeds", keys(Settings)),
        (
            "dataset: digits",
            "dataset: {name: digits, normalize: none}",
            "3: defaults.dataset.normalize",
            "normalise",
            ("limit", "imbalance", "subset_seed", "size", "normalise", "augment", "features"),
        ),
        ("name: network", "name: network\n    nets: mlp", "6: defaults.learner.nets", "net", keys(NetworkLearner)),
        ("widen: 1", "widne: 1", "6: defaults.learner.net.widne", "widen", keys(WideResNet)),
        ("loss: squared", "epoch: 3", "8: defaults.learner.train.epoch", "epochs", keys(Train)),
        ("momentum: 0.9", "momentun: 0.9", "9: defaults.learner.train.optimizer.momentun", "momentum", keys(SGD)),
        ("max_lr: 0.5", "maxlr: 0.5", "10: defaults.learner.train.schedule.maxlr", "max_lr", keys(OneCycle)),
        ("candidates: 500", "candidate: 500", "11: defaults.protocol.candidate", "candidates", keys(Protocol)),
        (
            ARMS,
            "[random, {name: mlmoc-entk-plain, jiter: 1e-3}]",
            "15: experiments.one.strategies[1].jiter",
            "jitter",
            ("jitter",),
        ),
    ],
)
def test_an_unknown_key_is_reported_with_its_place_and_what_is_allowed(
    reader: Reader, old: str, new: str, place: str, guess: str, allowed: tuple[str, ...]
) -> None:
    said = f"s.yaml:{place}: unknown key; did you mean {guess!r}? Allowed: {', '.join(allowed)}"
    assert reader.problem(base_with((old, new))) == said


@pytest.mark.parametrize(
    ("section", "place", "guess", "cls"),
    [
        ("claims: {c: {experiment: one, better: entropy, than: random, margn: 1}}", "claims.c.margn", "margin", Claim),
        ("launch: {slot: 2}", "launch.slot", "slots", Launch),
        ("data: {rot: /data}", "data.rot", "root", DataFolder),
    ],
)
def test_an_unknown_key_of_a_section_beside_the_experiments_is_reported(
    reader: Reader, section: str, place: str, guess: str, cls: type
) -> None:
    said = f"s.yaml:16: {place}: unknown key; did you mean {guess!r}? Allowed: {', '.join(keys(cls))}"
    assert reader.problem(f"{BASE}{section}\n") == said


def test_an_unknown_key_of_an_experiment_is_reported(reader: Reader) -> None:
    allowed = ", ".join((*OWN_KEYS, *keys(Settings)))
    said = f"s.yaml:16: experiments.one.titel: unknown key; did you mean 'title'? Allowed: {allowed}"
    assert reader.problem(base_and("titel: One")) == said


def test_a_strategy_without_parameters_says_so(reader: Reader) -> None:
    said = "s.yaml:15: experiments.one.strategies[0].k: unknown key. Allowed: no key at all"
    assert reader.problem(base_with((ARMS, "[{name: random, k: 3}]"))) == said


def test_a_key_of_another_alternative_is_unknown(reader: Reader) -> None:
    found = reader.problems(base_with(("name: onecycle", "name: constant")))
    assert found == [
        "s.yaml:10: defaults.learner.train.schedule.lr: missing; wanted a number > 0",
        "s.yaml:10: defaults.learner.train.schedule.max_lr: unknown key. Allowed: name, lr",
    ]


def test_every_mistake_is_reported_at_once_in_the_order_of_the_file(reader: Reader) -> None:
    text = base_with(
        ("name: small", "foo: 1"), ("widen: 1", "widne: 1"), ("seeds: 2", "seeds: two"), (ARMS, "[radnom]")
    )
    assert [said.split(":")[1] for said in reader.problems(text)] == ["1", "6", "12", "15"]


def test_a_mistake_in_the_defaults_is_reported_once_for_all_experiments(reader: Reader) -> None:
    text = base_with(("widen: 1", "widne: 1")) + "  two:\n    strategies: [margin]\n"
    assert "widne" in reader.problem(text)


def test_the_line_is_that_of_the_key_where_a_block_follows_it(reader: Reader) -> None:
    found = reader.problem(base_and("learnr:\n  name: network"))
    assert found.startswith("s.yaml:16: experiments.one.learnr: unknown key; did you mean 'learner'?")


def test_a_missing_key_is_reported_with_what_is_wanted(reader: Reader) -> None:
    said = reader.problem(base_with(("initial: 20, ", "")))
    assert said == "s.yaml:11: defaults.protocol.initial: missing; wanted an integer >= 1"
