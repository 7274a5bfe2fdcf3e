"""Every registered plugin keeps the laws of its kind."""

from __future__ import annotations

import os
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
from support import needed

from baselines.typiclust import TypiClust
from bench.build import build
from bench.contract import check_dataset, check_learner, check_net, check_strategy
from bench.data import datasets
from bench.errors import DataError
from bench.example import example_learners
from bench.learner import Learner
from bench.learners.network import NetworkLearner
from bench.located import located
from bench.net import nets
from bench.nets.mlp import MLP
from bench.recipe import OneCycle, Train
from bench.registry import Registry, default_of
from bench.strategy import Strategy, strategies

TRAINING = ("-naive", "-onestep")
"""Names that end so train thousands of networks in a contract; their acquisition functions are checked with others."""

SMALL = NetworkLearner(MLP(8, 1), Train(epochs=3, batch_size=16, schedule=OneCycle(max_lr=0.05)))


def with_defaults(registry: Registry[Any]) -> list[Any]:
    """Each registered name whose parameters all have values."""
    return [
        pytest.param(build(registry.base, located(entry.name, "test")), id=entry.name)
        for entry in registry.entries()
        if all(default_of(spec) is not MISSING or spec.name in entry.fixed for spec in fields(entry.cls))
    ]


@pytest.mark.parametrize("strategy", [p for p in with_defaults(strategies) if not p.id.endswith(TRAINING)])
def test_strategy_keeps_its_laws(strategy: Any) -> None:
    check_strategy(strategy)


def test_a_strategy_in_a_given_space_keeps_its_laws() -> None:
    check_strategy(TypiClust(space="given"))


@pytest.mark.slow
@pytest.mark.parametrize("proxy", TRAINING)
def test_look_ahead_that_really_trains_keeps_its_laws(proxy: str) -> None:
    check_strategy(build(Strategy, located(f"mlmoc{proxy}", "test")), SMALL)


@pytest.mark.parametrize("learner", example_learners(), ids=repr)
def test_learner_keeps_its_laws(learner: Learner) -> None:
    check_learner(learner)


@pytest.mark.parametrize("net", with_defaults(nets))
def test_net_keeps_its_laws(net: Any) -> None:
    check_net(net)


@pytest.mark.parametrize("dataset", with_defaults(datasets))
def test_dataset_keeps_its_laws(dataset: Any) -> None:
    root = Path(os.environ.get("LOOKAHEAD_BENCH_DATA", "nowhere"))
    try:
        dataset.load(root)
    except DataError as error:
        missing(datasets.name_of(type(dataset)), str(error))
    check_dataset(dataset, root)


def missing(name: str, reason: str) -> None:
    """Skip a dataset whose files are not there; MNIST's are among what REQUIRE=data promises."""
    needed("data", reason) if name == "mnist" else pytest.skip(reason)
