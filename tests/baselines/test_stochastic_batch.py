"""Stochastic batches: their law, their limits and what they refuse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import scipy.stats
import torch
from given_model import given_view

from baselines.coreset import CoreSet
from baselines.expected_gradient_length import ExpectedGradientLength
from baselines.ll4al import LL4AL
from baselines.stochastic_batch import StochasticBatch, Transform, perturbed_top_k, transformed
from baselines.uncertainty import Entropy, LeastConfidence, Margin
from bench.learner import Learner
from bench.learners.linear import Ridge
from bench.learners.network import NetworkLearner
from bench.objective import Objective, Step
from bench.protocol import Protocol
from bench.strategy import TopScore, strategies
from bench.view import View

SCORES = torch.tensor([4.0, 1.0, 2.0, 0.0, 3.0], dtype=torch.float64)
PROTOCOL = Protocol(10, 5, 1)


class Own(Objective):
    """An objective unlike any other."""

    def total(self, step: Step) -> torch.Tensor:
        return step.per_sample.sum()


@dataclass(frozen=True)
class Fixed(TopScore):
    """The scores that it was told."""

    own: ClassVar[Own] = Own()
    scores: tuple[float, ...] = tuple(SCORES.tolist())

    def score(self, view: View) -> torch.Tensor:
        return torch.tensor(self.scores, dtype=torch.float64)

    def objective(self) -> Objective:
        return self.own

    def refusal(self, learner: Learner, protocol: Protocol) -> str | None:
        return "no ridge here" if isinstance(learner, Ridge) else None


@dataclass(frozen=True)
class Peeking(Fixed):
    """Scores that come from true labels."""

    sees_labels: ClassVar[bool] = True


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    strategies.names()
    monkeypatch.setattr(strategies, "_entries", dict(strategies._entries))
    strategies.register("fixed")(Fixed)
    strategies.register("peeking")(Peeking)


def view_of(m: int = 5, seed: int = 0) -> View:
    return given_view(torch.zeros(m, 2), torch.zeros(m, 1), seed=seed)


def weights(transform: Transform, beta: float) -> np.ndarray:
    """The paper's unnormalised probabilities of SCORES."""
    s, rank = SCORES.numpy(), np.array([1, 4, 3, 5, 2])
    return {"power": s**beta, "softmax": np.exp(beta * s), "softrank": rank ** -float(beta)}[transform]


@pytest.mark.parametrize("beta", [0.5, 2.0])
@pytest.mark.parametrize("transform", ["power", "softmax", "softrank"])
def test_pairs_are_drawn_without_replacement_by_the_papers_weights(transform: Transform, beta: float) -> None:
    w, draws = weights(transform, beta), torch.Generator().manual_seed(0)
    key = transformed(SCORES, transform)
    pairs = [tuple(perturbed_top_k(key, beta, 2, draws).tolist()) for _ in range(2000)]
    possible = [(i, j) for i in range(5) for j in range(5) if i != j and w[i] * w[j] > 0]
    law = np.array([w[i] / w.sum() * w[j] / (w.sum() - w[i]) for i, j in possible])
    counts = np.array([pairs.count(pair) for pair in possible])
    assert counts.sum() == 2000
    assert scipy.stats.chisquare(counts, 2000 * law / law.sum()).pvalue > 0.001


def test_it_is_the_scores_and_gumbel_noise() -> None:
    scores = torch.linspace(0, 3, 40, dtype=torch.float64)
    noise = torch.empty(40, dtype=torch.float64).exponential_(generator=torch.Generator().manual_seed(3)).log().neg()
    wanted = (scores + noise / 0.7).argsort(descending=True)[:30]
    strategy = StochasticBatch(Fixed(tuple(scores.tolist())), "softmax", beta=0.7)
    assert strategy.query(view_of(40, seed=3), 30).tolist() == wanted.tolist()


@pytest.mark.parametrize("transform", ["power", "softmax", "softrank"])
def test_a_large_beta_is_the_plain_top(transform: Transform) -> None:
    strategy = StochasticBatch(scorer=Fixed(), transform=transform, beta=1e9)
    assert strategy.query(view_of(), 4).tolist() == [0, 4, 2, 1]


def test_scores_of_zero_come_last_and_in_random_order() -> None:
    scorer = Fixed((0.0, 1e-300, 0.0, -1e-9, 0.0))
    orders = [StochasticBatch(scorer, beta=0.01).query(view_of(seed=seed), 5).tolist() for seed in range(40)]
    assert all(order[0] == 1 for order in orders)
    assert {order[1] for order in orders} == {0, 2, 3, 4}


def test_power_refuses_scores_below_zero() -> None:
    with pytest.raises(ValueError, match="wanted scores that are not negative; the least is -0"):
        StochasticBatch(Fixed((1.0, -0.5))).query(view_of(2), 1)


@pytest.mark.parametrize("transform", ["softmax", "softrank"])
def test_the_others_take_scores_below_zero(transform: Transform) -> None:
    strategy = StochasticBatch(Fixed((-1.0, -3.0, -2.0)), transform, beta=1e9)
    assert strategy.query(view_of(3), 3).tolist() == [0, 2, 1]


def test_estimates_of_zero_may_fall_below_it_in_the_units_of_the_scores() -> None:
    assert transformed(torch.tensor([1e6, -1.0]), "power")[1] == -torch.inf


def test_equal_scores_have_equal_ranks() -> None:
    ranks = transformed(torch.tensor([1.0, 2.0, 1.0, 0.0, 2.0]), "softrank").neg().exp()
    torch.testing.assert_close(ranks, torch.tensor([3.0, 1.0, 3.0, 5.0, 1.0], dtype=torch.float64))


def test_candidates_that_are_all_alike_are_picked_uniformly() -> None:
    strategy = StochasticBatch(Fixed((0.0,) * 4))
    first = [int(strategy.query(view_of(4, seed=seed), 1)) for seed in range(400)]
    assert scipy.stats.chisquare(np.bincount(first, minlength=4)).pvalue > 0.001


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="1 of 2 are NaN"):
        StochasticBatch(Fixed((1.0, float("nan")))).query(view_of(2), 1)


def test_the_scores_are_kept() -> None:
    view = view_of()
    StochasticBatch(Fixed()).query(view, 2)
    assert view.journal.scores is not None
    assert torch.equal(view.journal.scores, SCORES)


def test_a_strategy_that_picks_sets_is_refused() -> None:
    reason = StochasticBatch(CoreSet()).refusal(NetworkLearner(), PROTOCOL)
    assert reason is not None
    assert "coreset picks sets" in reason


def test_a_scorer_that_looks_at_labels_is_refused() -> None:
    reason = StochasticBatch(Peeking()).refusal(NetworkLearner(), PROTOCOL)
    assert reason is not None
    assert "peeking looks at the true labels" in reason


def test_what_the_scorer_refuses_is_refused() -> None:
    assert StochasticBatch(Fixed()).refusal(Ridge(), PROTOCOL) == "no ridge here"
    assert StochasticBatch(Margin(), "softmax").refusal(Ridge(), PROTOCOL) is None


@pytest.mark.parametrize("scorer", [Margin(), LL4AL()], ids=["margin", "ll4al"])
def test_power_of_a_scorer_whose_scores_may_be_negative_is_refused_before_anything_runs(scorer: TopScore) -> None:
    reason = StochasticBatch(scorer).refusal(NetworkLearner(), PROTOCOL)
    name = strategies.name_of(type(scorer))
    assert reason == f"transform: power wants scores not below 0, as those of {name} may be. Use softmax or softrank"
    assert StochasticBatch(scorer, "softrank").refusal(NetworkLearner(), PROTOCOL) is None


@pytest.mark.parametrize("scorer", [Entropy(), Margin(), LeastConfidence(), ExpectedGradientLength()], ids=repr)
def test_scorers_say_whether_their_scores_may_be_negative(scorer: TopScore) -> None:
    outputs = torch.randn(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    scores = scorer.score(given_view(outputs, torch.ones(20, 2, dtype=torch.float64)))
    assert bool((scores < 0).any()) == scorer.below_zero


def test_the_network_is_trained_as_the_scorer_wants_it() -> None:
    assert StochasticBatch(Fixed()).objective() is Fixed.own


def test_the_scorer_is_entropy_by_default() -> None:
    assert StochasticBatch() == StochasticBatch(Entropy(), "power", 1.0)
