"""The ids of three configurations with every parameter written out."""

from __future__ import annotations

import pytest

from bench.build import build
from bench.cell import Cell
from bench.yaml_tree import parse_yaml

GOLDEN = {
    "bcfd0cbd66ebea39": """
dataset: {name: digits, normalise: standard}
learner:
  name: network
  net: {name: wide_resnet, stages: 1, widen: 1}
  train:
    loss: squared
    epochs: 60
    tolerance: null
    batch_size: 32
    start: warm
    optimizer: {name: sgd, momentum: 0.9, weight_decay: 1e-4, nesterov: false}
    schedule: {name: onecycle, max_lr: 0.5, warm_up: 0.3, cycle_momentum: true}
  probabilities: null
protocol: {initial: 20, budget: 10, cycles: 8, candidates: 500, mode: batch}
strategy: random
seed: 0
checksum: 09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22
precision: float32
""",
    "23023400479d3e43": """
dataset: {name: npz, path: mine.npz, classes: 7, normalise: none}
learner:
  name: network
  net: {name: mlp, width: 64, layers: 3}
  train:
    loss: cross_entropy
    epochs: 500
    tolerance: 1e-3
    batch_size: 16
    start: cold
    optimizer: {name: sgd, momentum: 0.5, weight_decay: 0, nesterov: true}
    schedule: {name: constant, lr: 0.01}
  probabilities: softmax
protocol: {initial: 5, budget: 1, cycles: 100, candidates: null, mode: batch}
strategy: entropy
seed: 41
checksum: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
precision: float64
""",
    "b9008058b9b2b66a": """
dataset: {name: digits, normalise: none}
learner:
  name: network
  net: {name: wide_resnet, stages: 3, widen: 2}
  train:
    loss: squared
    epochs: 100
    tolerance: null
    batch_size: 64
    start: warm
    optimizer: {name: sgd, momentum: 0.9, weight_decay: 5e-4, nesterov: false}
    schedule: {name: onecycle, max_lr: 1, warm_up: 0.2, cycle_momentum: false}
  probabilities: simplex
protocol: {initial: 100, budget: 50, cycles: 3, candidates: 1000, mode: batch}
strategy: {name: mlmoc-entk-plain, jitter: 1e-2}
seed: 3
checksum: 09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22
precision: float32
""",
}


def written_out(text: str) -> Cell:
    return build(Cell, parse_yaml(text, "golden"))


@pytest.mark.parametrize(("identifier", "text"), GOLDEN.items())
def test_the_ids_of_written_out_configurations_never_change(identifier: str, text: str) -> None:
    # As first released. A change here orphans everybody's results: every finished cell would be run again.
    assert written_out(text).id == identifier
