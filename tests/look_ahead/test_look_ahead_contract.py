"""The contract of every strategy, for look-ahead with each proxy and each rule for batches."""

from __future__ import annotations

from dataclasses import replace

import pytest
from look_ahead_cases import BRIEF

from bench.contract import check_record, check_strategy
from bench.learner import Learner
from bench.learners.linear import Ridge
from bench.learners.network import NetworkLearner
from bench.nets.mlp import MLP
from strategies.empirical_ntk import EmpiricalNTK
from strategies.exact import Exact
from strategies.expected_error import EER
from strategies.last_layer_laplace import LastLayerLaplace
from strategies.look_ahead import LookAhead
from strategies.output_change import EMOC, MLMOC
from strategies.retrained_by_sgd import Naive, OneGradientStep

PERCEPTRON = NetworkLearner(MLP(6, 1), replace(BRIEF, epochs=2))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "learner"),
    [
        (LookAhead(MLMOC(), EmpiricalNTK()), PERCEPTRON),
        (LookAhead(EMOC("flips"), EmpiricalNTK("sum_logits"), probe=9), PERCEPTRON),
        (LookAhead(EER(), EmpiricalNTK(), batch="greedy"), PERCEPTRON),
        (LookAhead(MLMOC(), LastLayerLaplace(), batch="k_dpp"), PERCEPTRON),
        (LookAhead(MLMOC(), Exact(), batch="k_means++"), Ridge()),
        (LookAhead(EMOC(), Exact()), Ridge()),
        (LookAhead(MLMOC(), OneGradientStep()), PERCEPTRON),
        (LookAhead(MLMOC(), OneGradientStep(), batch="k_means++", probe=5), PERCEPTRON),
        (LookAhead(MLMOC(), Naive(1)), PERCEPTRON),
        (LookAhead(MLMOC(), Naive(1), batch="greedy", reference="network", probe=5), PERCEPTRON),
    ],
    ids=repr,
)
def test_look_ahead_keeps_the_contract(strategy: LookAhead, learner: Learner) -> None:
    check_strategy(strategy, learner)


@pytest.mark.parametrize("plugin", [MLMOC("flips"), EER(), EmpiricalNTK(jitter=0.1), Naive(3, together=7)], ids=repr)
def test_parts_are_built_again_from_their_records(plugin: object) -> None:
    check_record(plugin)
