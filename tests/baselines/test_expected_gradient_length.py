"""Expected gradient length against autograd, label by label."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from given_model import given_view

from baselines.expected_gradient_length import ExpectedGradientLength
from baselines.last_layer_gradient import Loss
from bench.learner import Labelled
from bench.learners.network import NetworkLearner
from bench.recipe import Train
from bench.train import loss_per_sample
from bench.view import View


def view_of(m: int = 12, k: int = 4, d: int = 5) -> View:
    draws = torch.Generator().manual_seed(0)
    outputs, features = (torch.randn(m, size, generator=draws, dtype=torch.float64) for size in (k, d))
    return given_view(outputs, features)


def length(loss: Loss, outputs: torch.Tensor, h: torch.Tensor, y: int) -> torch.Tensor:
    """‖∇_W ℓ(W h, y)‖ by autograd, at a W with W h = outputs."""
    weights = torch.outer(outputs, h) / h.square().sum()
    weights.requires_grad_()
    error = loss_per_sample(Train(loss=loss), (weights @ h)[None], Labelled(h[None], torch.tensor([y]), len(outputs)))
    (gradient,) = torch.autograd.grad(error.sum(), weights)
    return gradient.norm()


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
def test_it_is_the_mean_length_over_the_predicted_labels(loss: Loss) -> None:
    view = view_of()
    wanted = [
        sum(p[y] * length(loss, f, h, y) for y in range(4))
        for p, f, h in zip(view.probabilities, view.outputs, view.features, strict=True)
    ]
    torch.testing.assert_close(ExpectedGradientLength(gradient=loss).score(view), torch.tensor(wanted))


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
def test_the_learners_own_loss_is_the_default(loss: Loss) -> None:
    view = replace(view_of(), learner=NetworkLearner(train=Train(loss=loss)))
    assert torch.equal(ExpectedGradientLength().score(view), ExpectedGradientLength(gradient=loss).score(view))


def test_a_certain_candidate_has_length_zero() -> None:
    view = given_view(torch.tensor([[1e3, 0.0, 0.0], [0.0, 0.0, 0.0]], dtype=torch.float64), torch.ones(2, 4))
    scores = ExpectedGradientLength(gradient="cross_entropy").score(view)
    assert scores[0] == 0
    assert scores[1] == pytest.approx(2 * (2 / 3) ** 0.5)


def test_the_longest_gradient_is_picked_first() -> None:
    view = view_of()
    scores = ExpectedGradientLength().score(view)
    assert ExpectedGradientLength().query(view, 5).tolist() == scores.argsort(descending=True)[:5].tolist()


def test_nearly_certain_candidates_have_a_length() -> None:
    """Rounding may leave less than 0 under the root."""
    outputs = torch.randn(50, 4, generator=torch.Generator().manual_seed(0)) * 30
    assert (
        ExpectedGradientLength(gradient="cross_entropy").score(given_view(outputs, torch.ones(50, 2))).isfinite().all()
    )
