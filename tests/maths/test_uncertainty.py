"""Uncertainty scores against scipy and by their limits."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import torch
from given_model import given_view

from baselines.uncertainty import Entropy, LeastConfidence, Margin, entropy, least_confidence, margin
from bench.strategy import TopScore


@pytest.fixture
def p() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).dirichlet(np.ones(7), size=40))


def test_entropy_agrees_with_scipy(p: torch.Tensor) -> None:
    np.testing.assert_allclose(entropy(p), scipy.stats.entropy(p.numpy(), axis=1), rtol=1e-12)


def test_entropy_is_zero_at_one_hot_and_log_k_at_uniform() -> None:
    assert entropy(torch.eye(4, dtype=torch.float64)).tolist() == [0, 0, 0, 0]
    torch.testing.assert_close(entropy(torch.full((1, 4), 0.25)), torch.tensor([4.0]).log())


def test_margin_is_the_gap_between_the_two_largest(p: torch.Tensor) -> None:
    ordered = np.sort(p.numpy(), axis=1)
    np.testing.assert_allclose(margin(p), ordered[:, -1] - ordered[:, -2])


def test_margin_is_one_at_one_hot_and_zero_at_a_tie() -> None:
    assert margin(torch.tensor([[0.0, 1.0, 0.0], [0.4, 0.2, 0.4]])).tolist() == [1, 0]


def test_least_confidence_is_what_the_largest_leaves(p: torch.Tensor) -> None:
    np.testing.assert_allclose(least_confidence(p), 1 - p.numpy().max(axis=1))


@pytest.mark.parametrize("strategy", [Entropy(), Margin(), LeastConfidence()])
def test_the_most_uncertain_candidate_is_picked_first(strategy: TopScore) -> None:
    p = torch.tensor([[0.9, 0.05, 0.05], [0.4, 0.35, 0.25], [0.6, 0.3, 0.1]])
    view = given_view(outputs=p.log(), features=p)
    assert strategy.query(view, 3).tolist() == [1, 2, 0]
