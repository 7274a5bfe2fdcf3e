"""The contract notices every kind of breach."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from bench.contract import check_net, check_strategy
from bench.errors import ContractError, DataError
from bench.learners.network import NetworkModel
from bench.modules.mlp import MLPModule
from bench.modules.network import Network
from bench.net import Net, nets
from bench.strategy import Strategy, TopScore, strategies
from bench.view import View


@pytest.fixture(autouse=True)
def _clean_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    for registry in (strategies, nets):
        registry.names()
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))


def breach_of(cls: type[Strategy]) -> str:
    strategies.register("broken")(dataclass(frozen=True)(cls))
    with pytest.raises(ContractError) as caught:
        check_strategy(cls())
    return str(caught.value)


def test_too_few_positions() -> None:
    class Few(Strategy):
        """Returns one position too few."""

        def query(self, view: View, budget: int) -> list[int]:
            return list(range(budget - 1))

    assert "wanted 5 positions; got 4" in breach_of(Few)


def test_a_position_twice() -> None:
    class Twice(Strategy):
        """Returns the first position over and over."""

        def query(self, view: View, budget: int) -> list[int]:
            return [0] * budget

    assert "wanted distinct positions" in breach_of(Twice)


def test_a_position_out_of_range() -> None:
    class Far(Strategy):
        """Returns positions behind the last."""

        def query(self, view: View, budget: int) -> list[int]:
            return [len(view) + i for i in range(budget)]

    assert "wanted positions from 0 to 35" in breach_of(Far)


def test_scores_instead_of_positions() -> None:
    class Scores(Strategy):
        """Returns scores."""

        def query(self, view: View, budget: int) -> torch.Tensor:
            return view.probabilities[:, 0]

    assert "wanted a list of integer positions" in breach_of(Scores)


def test_a_global_random_generator() -> None:
    class Global(Strategy):
        """Draws from torch's global generator."""

        def query(self, view: View, budget: int) -> torch.Tensor:
            torch.manual_seed(torch.initial_seed())
            return torch.randperm(len(view))[:budget]

    assert "randomness comes from view.generator alone" in breach_of(Global)


def test_a_changed_model() -> None:
    class Trains(TopScore):
        """Leaves the network in training mode, so that its running statistics move."""

        def score(self, view: View) -> torch.Tensor:
            assert isinstance(view.model, NetworkModel)
            view.model.net.train()
            with torch.no_grad():
                scores = view.model.net(view.candidates)[:, 0]
            view.model.net.eval()
            return scores

    assert "the model is left as it was, bit for bit" in breach_of(Trains)


def test_a_score_that_depends_on_the_order() -> None:
    class Positional(TopScore):
        """Prefers the last candidates."""

        def score(self, view: View) -> torch.Tensor:
            return torch.arange(len(view))

    assert "permuting the candidates permutes the picks" in breach_of(Positional)


def test_a_score_that_is_not_a_number() -> None:
    class NotANumber(TopScore):
        """Scores NaN."""

        def score(self, view: View) -> torch.Tensor:
            return torch.full((len(view),), torch.nan)

    strategies.register("nan")(dataclass(frozen=True)(NotANumber))
    with pytest.raises(ValueError, match="36 of 36 are NaN"):
        check_strategy(NotANumber())


def test_a_net_that_draws_globally() -> None:
    class Global(MLPModule):
        def initialise(self, generator: torch.Generator) -> None:
            super().initialise(generator)
            self.head.reset_parameters()

    @nets.register("broken")
    @dataclass(frozen=True)
    class GlobalNet(Net):
        """A perceptron whose head is drawn from torch's global generator."""

        def build(self, shape: tuple[int, ...], classes: int) -> Network:
            return Global(36, classes, 8, 1)

    with pytest.raises(ContractError, match="initialise\\(\\) draws from its generator alone"):
        check_net(GlobalNet())


def test_a_net_that_takes_no_images_is_checked_on_vectors() -> None:
    shapes = []

    @nets.register("vectors")
    @dataclass(frozen=True)
    class Vectors(Net):
        """A perceptron that refuses images."""

        def build(self, shape: tuple[int, ...], classes: int) -> Network:
            if len(shape) != 1:
                raise DataError(f"vectors: wanted feature vectors; got {shape}")
            shapes.append(shape)
            return MLPModule(*shape, classes, 8, 1)

    check_net(Vectors())
    assert shapes == [(36,)]
