"""BatchBALD against joint entropies over every configuration of labels, and against the paper's estimator."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from cycle_views import WITH_DROPOUT, cycle_view

from baselines import label_configurations
from baselines.bald import BALD
from baselines.batch_bald import BatchBALD, greedy
from baselines.label_configurations import Configurations
from bench.contract import check_strategy
from bench.learners.linear import Ridge
from bench.protocol import Protocol
from bench.selection import top_k


def random_draws(m: int, draws: int, classes: int, seed: int = 0, sharpness: float = 2) -> torch.Tensor:
    """Probabilities (m, j, k)."""
    generator = torch.Generator().manual_seed(seed)
    logits = sharpness * torch.randn(m, draws, classes, generator=generator, dtype=torch.float64)
    return logits.softmax(dim=2)


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def joint_information(p: torch.Tensor) -> float:
    """I(y₁…yₙ; θ) of points with probabilities (n, j, k), over all kⁿ configurations."""
    n, _, classes = p.shape
    each = torch.stack(
        [
            torch.stack([p[i, :, y] for i, y in enumerate(labels)]).prod(dim=0).mean()
            for labels in itertools.product(range(classes), repeat=n)
        ]
    )
    return float(torch.special.entr(each).sum() - torch.special.entr(p).sum(dim=2).mean(dim=1).sum())


def brute_force(p: torch.Tensor, budget: int) -> list[int]:
    picks: list[int] = []
    for _ in range(budget):
        gains = [joint_information(p[[*picks, i]]) if i not in picks else -math.inf for i in range(len(p))]
        picks.append(gains.index(max(gains)))
    return picks


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [2, 3])
def test_exact_picks_are_those_of_the_joint_entropy_over_all_configurations(seed: int, classes: int) -> None:
    p = random_draws(12, 6, classes, seed)
    assert greedy(p, 5, classes**5, generator()) == brute_force(p, 5)


def test_information_is_the_growth_of_the_joint_information() -> None:
    p = random_draws(6, 5, 3)
    labels = Configurations.none(p)
    for n in range(3):
        growth = joint_information(p[: n + 1]) - joint_information(p[:n]) if n else joint_information(p[:1])
        assert float(labels.information(p)[n]) == pytest.approx(growth, abs=1e-12)
        labels = labels.with_last(p[: n + 1], 100, generator())


def test_the_first_pick_is_that_of_bald() -> None:
    view, same = cycle_view(WITH_DROPOUT), cycle_view(WITH_DROPOUT)
    assert BatchBALD().query(view, 1) == BALD().query(same, 1).tolist()


def test_impossible_labels_are_no_configurations() -> None:
    p = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]], dtype=torch.float64)
    labels = Configurations.none(p).with_last(p, 2, generator())
    assert labels.origin is None
    assert labels.weights.tolist() == [0.5, 0.5]
    assert labels.log_posterior.exp().tolist() == [[1, 0], [0, 1]]


def test_a_duplicate_of_a_pick_is_left_to_the_end_where_bald_takes_it_next() -> None:
    sure = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 1.0]], dtype=torch.float64)
    other = torch.tensor([[0.9, 0.1], [0.1, 0.9], [0.9, 0.1], [0.1, 0.9]], dtype=torch.float64)
    p = torch.stack([sure, sure, other])
    assert top_k(Configurations.none(p).information(p), 2).tolist() == [0, 1]
    assert greedy(p, 3, 100, generator()) == [0, 2, 1]


def sampled_oracle(p: torch.Tensor, budget: int, limit: int, samples: int) -> list[int]:
    """Joint entropies while kⁿ ≤ limit, then the paper's estimator by products of probabilities, with labels drawn as
    the configurations draw them."""
    draws, classes = p.shape[1:]
    exact = max(n for n in range(budget) if classes**n <= limit)
    picks, random = brute_force(p, exact + 1), generator()
    origin = torch.arange(draws).repeat(samples // draws)
    products = torch.ones(samples, draws, dtype=torch.float64)  # (S, j)
    labelled = 0
    while len(picks) < budget:
        for pick in picks[labelled:]:
            labels = torch.multinomial(p[pick][origin], 1, generator=random)[:, 0]
            products = products * p[pick][:, labels].T
        labelled = len(picks)
        joint = torch.einsum("sj,mjk->msk", products / draws, p)  # (m, S, k)
        gain = -(joint / products.mean(dim=1)[None, :, None] * joint.log()).sum(dim=2).mean(dim=1)
        gain -= torch.special.entr(p).sum(dim=2).mean(dim=1)
        gain[picks] = -math.inf
        picks.append(int(gain.argmax()))
    return picks


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("limit", "samples"), [(2, 2), (5, 6), (16, 16), (20, 20)])
def test_picks_beyond_the_limit_are_those_of_the_papers_estimator(seed: int, limit: int, samples: int) -> None:
    """With 4 classes the limits allow for 0, 1, 2 and 2 exact labels; samples are the limit rounded up to even."""
    p = random_draws(15, 2, 4, seed)
    assert greedy(p, 6, limit, generator()) == sampled_oracle(p, 6, limit, samples)


def test_many_samples_come_to_the_exact_information() -> None:
    p = random_draws(20, 5, 3)
    exact = sampled = Configurations.none(p)
    for n in range(1, 4):
        exact, sampled = exact.with_last(p[:n], 10**6, generator()), sampled.with_last(p[:n], 10**6, generator())
    sampled = Configurations.none(p)._unlabelled_samples(20_000)
    for picked in p[:3]:
        sampled = sampled._sampled(picked, generator())
    torch.testing.assert_close(sampled.information(p), exact.information(p), atol=0.02, rtol=0)


def test_samples_take_over_once_the_configurations_exceed_the_limit() -> None:
    p = random_draws(5, 3, 3)
    within = Configurations.none(p).with_last(p[:1], 9, generator()).with_last(p[:2], 9, generator())
    beyond = within.with_last(p[:3], 9, generator())
    assert within.origin is None
    assert len(within.weights) == 9
    assert beyond.origin is not None
    assert len(beyond.weights) == 9
    assert float(beyond.weights.sum()) == pytest.approx(1)
    assert len(Configurations.none(p).with_last(p[:1], 2, generator()).weights) == 3


def test_a_long_batch_does_not_underflow() -> None:
    """0.1 to the power of 400 is 0 in float64."""
    p = random_draws(400, 3, 10, sharpness=0.1)
    labels = Configurations.none(p)._unlabelled_samples(6)
    for picked in p:
        labels = labels._sampled(picked, generator())
    assert labels.information(p).isfinite().all()
    torch.testing.assert_close(labels.log_posterior.exp().sum(dim=1), torch.ones(6, dtype=torch.float64))


@pytest.mark.parametrize("tile", [1, 20])
def test_tiles_do_not_change_the_information(tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    p = random_draws(7, 4, 3)
    labels = Configurations.none(p).with_last(p[:1], 9, generator())
    whole = labels.information(p)
    monkeypatch.setattr(label_configurations, "TILE", tile)
    torch.testing.assert_close(labels.information(p), whole)


def test_equal_candidates_and_certain_ones_are_all_picked_once() -> None:
    p = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64).expand(6, 2, 2)
    assert greedy(p, 6, 10, generator()) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("configurations", [4, 1000])
def test_batch_bald_keeps_the_contract(configurations: int) -> None:
    check_strategy(BatchBALD(draws=4, configurations=configurations), WITH_DROPOUT)


def test_batch_bald_refuses_a_learner_without_dropout() -> None:
    assert BatchBALD().refusal(Ridge(), Protocol(1, 1, 1)) is not None
