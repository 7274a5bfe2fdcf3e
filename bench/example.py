"""Small data and learners that the contract runs on."""

from __future__ import annotations

import torch

from bench.data import Data
from bench.learner import Learner, learners
from bench.learners.network import NetworkLearner
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.recipe import OneCycle, Train

LABELLED, POOL, CLASSES = 12, 36, 3
SHAPE = (1, 6, 6)
FEATURES = 5


def example_data() -> Data:
    """Small images (1, 6, 6) in float64: a noisy pattern for each of three classes; features (48, 5) of the pool."""
    generator = torch.Generator().manual_seed(0)
    patterns = torch.randn(CLASSES, *SHAPE, generator=generator, dtype=torch.float64)
    y_pool, y_test = (torch.arange(n) % CLASSES for n in (LABELLED + POOL, 20))
    noise = [1.5 * torch.randn(len(y), *SHAPE, generator=generator, dtype=torch.float64) for y in (y_pool, y_test)]
    x_pool = patterns[y_pool] + noise[0]
    features = x_pool.flatten(1)[:, :FEATURES]
    return Data(x_pool, y_pool, patterns[y_test] + noise[1], y_test, CLASSES, features=features)


def example_learners() -> list[Learner]:
    """Small, quickly fitted learners: networks, the last with dropout, then every other one with its defaults."""
    small = [
        NetworkLearner(net, Train(epochs=3, batch_size=8, schedule=OneCycle(max_lr=0.05)))
        for net in (WideResNet(1, 1), MLP(16, 1), MLP(16, 1, dropout=0.2))
    ]
    others = [entry.cls() for entry in learners.entries() if entry.cls is not NetworkLearner and not entry.fixed]
    return [*small, *others]
