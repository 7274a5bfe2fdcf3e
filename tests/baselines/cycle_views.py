"""A fitted model and the view of one cycle, for tests of strategies."""

from __future__ import annotations

from dataclasses import replace

import torch

from bench.data import Data
from bench.example import CLASSES, LABELLED, example_data
from bench.learner import Fit, Labelled, Learner, Model
from bench.learners.network import NetworkLearner
from bench.nets.mlp import MLP
from bench.objective import TaskLoss
from bench.probabilities import Probabilities
from bench.recipe import OneCycle, Train
from bench.strategy import Strategy
from bench.streams import Streams
from bench.view import View

BRIEF = Train(epochs=3, batch_size=8, schedule=OneCycle(max_lr=0.05))
WITH_DROPOUT = NetworkLearner(MLP(16, 2, dropout=0.5), BRIEF)


class Given(Model):
    """A model whose inputs are the features, and whose outputs are those features through given weights (d, k)."""

    def __init__(self, weights: torch.Tensor) -> None:
        self.weights = weights
        self.classes = weights.shape[1]
        self.rule = Probabilities()

    def outputs(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weights

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def residual(self, labelled: Labelled) -> float:
        return 0.0

    def state(self) -> dict[str, torch.Tensor]:
        return {"weights": self.weights}


def view_of(model: Model, labelled: Labelled, candidates: torch.Tensor, seed: int = 0) -> View:
    """A view with a fresh generator; the learner is a network that was not trained."""
    generator = torch.Generator().manual_seed(seed)
    return View(model, labelled, candidates, generator, NetworkLearner(), TaskLoss())


def given_view(labelled: int = 8, candidates: int = 30, features: int = 3, classes: int = 3, seed: int = 0) -> View:
    """Gaussian features with a linear model; `classes` of the labels."""
    generator = torch.Generator().manual_seed(seed)
    shape = (labelled + candidates + classes, features)
    x = torch.randn(*shape, generator=generator, dtype=torch.float64)
    known = Labelled(x[:labelled], torch.arange(labelled) % classes, classes)
    return view_of(Given(x[-classes:].T), known, x[labelled : labelled + candidates], seed)


def cycle_view(learner: Learner, strategy: Strategy | None = None, seed: int = 0) -> View:
    """The contract's small images with a learner that is fitted under a strategy's objective."""
    data = example_data()
    objective = strategy.objective() if strategy is not None else TaskLoss()
    model = learner.fit(Fit(labelled_of(data), None, objective, Streams(seed), 0))
    view = view_of(model, labelled_of(data), data.x_pool[LABELLED:], seed)
    return replace(view, learner=learner, objective=objective)


def labelled_of(data: Data) -> Labelled:
    """The labelled part of the contract's data."""
    return Labelled(data.x_pool[:LABELLED], data.y_pool[:LABELLED], CLASSES)
