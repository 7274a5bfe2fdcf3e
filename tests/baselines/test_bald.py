"""BALD against its definition and its limits."""

from __future__ import annotations

import math

import pytest
import scipy.stats
import torch
from cycle_views import BRIEF, WITH_DROPOUT, cycle_view, given_view

from baselines import bald
from baselines.bald import BALD
from baselines.monte_carlo_dropout import sampled_probabilities
from bench.contract import check_strategy
from bench.learner import Learner
from bench.learners.network import NetworkLearner
from bench.nets.cnn import CNN
from bench.protocol import Protocol

HALVES = [[1.0, 0.0], [0.0, 1.0]]


def score_of(draws: list[list[float]], monkeypatch: pytest.MonkeyPatch) -> float:
    """BALD of one candidate that has these probabilities (j, k) in the draws."""
    p = torch.tensor(draws, dtype=torch.float64)[:, None, :]
    monkeypatch.setattr(bald, "sampled_probabilities", lambda view, count: iter(p))
    return float(BALD(draws=len(draws)).score(given_view(candidates=1, classes=p.shape[2])))


def test_draws_that_are_sure_of_different_labels_tell_log_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert score_of(HALVES, monkeypatch) == pytest.approx(math.log(2))


@pytest.mark.parametrize("p", [[0.5, 0.5], [1.0, 0.0], [0.9, 0.1]])
def test_draws_that_agree_tell_nothing_however_unsure_they_are(p: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    assert score_of([p, p, p], monkeypatch) == pytest.approx(0, abs=1e-15)


def test_probabilities_are_averaged_and_not_logits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Averaged logits would give softmax of ½(log .99/.01 + log .3/.7)."""
    draws = [[0.99, 0.01], [0.3, 0.7]]
    by_hand = scipy.stats.entropy([0.645, 0.355]) - (scipy.stats.entropy(draws[0]) + scipy.stats.entropy(draws[1])) / 2
    assert score_of(draws, monkeypatch) == pytest.approx(by_hand)


def test_the_score_is_mutual_information_of_the_draws() -> None:
    p = torch.stack(list(sampled_probabilities(cycle_view(WITH_DROPOUT), 6))).numpy()  # (j, m, k)
    by_hand = scipy.stats.entropy(p.mean(0), axis=1) - scipy.stats.entropy(p, axis=2).mean(0)
    torch.testing.assert_close(BALD(draws=6).score(cycle_view(WITH_DROPOUT)), torch.from_numpy(by_hand))


def test_scores_lie_between_0_and_log_k() -> None:
    scores = BALD().score(cycle_view(WITH_DROPOUT))
    assert scores.min() >= 0
    assert scores.max() <= math.log(3)
    assert scores.max() > 0


def test_rounding_makes_no_score_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    p = torch.rand(500, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64).softmax(dim=1)
    monkeypatch.setattr(bald, "sampled_probabilities", lambda view, count: iter([p] * 7))
    assert (BALD(draws=7).score(given_view(candidates=500)) >= 0).all()


@pytest.mark.parametrize("learner", [WITH_DROPOUT, NetworkLearner(CNN(4, dropout=0.5), BRIEF)])
def test_bald_keeps_the_contract(learner: Learner) -> None:
    check_strategy(BALD(draws=4), learner)


def test_bald_refuses_a_network_without_dropout() -> None:
    assert "learner.net.dropout is 0" in str(BALD().refusal(NetworkLearner(CNN(4)), Protocol(1, 1, 1)))
