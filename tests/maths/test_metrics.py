"""Metrics against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import balanced_accuracy_score, log_loss

from bench import metrics


@pytest.fixture
def case() -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(1)
    return torch.from_numpy(rng.dirichlet(np.ones(5), size=300)), torch.from_numpy(rng.integers(0, 5, 300))


def test_mean_class_accuracy_is_balanced_accuracy(case: tuple[torch.Tensor, torch.Tensor]) -> None:
    p, y = case
    mean = metrics.class_accuracy(p.argmax(1), y, 5).mean().item()
    assert mean == pytest.approx(balanced_accuracy_score(y, p.argmax(1)))


def test_a_class_without_test_images_has_no_accuracy() -> None:
    assert metrics.class_accuracy(torch.tensor([0, 1]), torch.tensor([0, 0]), 2).isnan().tolist() == [False, True]


def test_negative_log_likelihood_agrees_with_scikit_learn(case: tuple[torch.Tensor, torch.Tensor]) -> None:
    p, y = case
    assert metrics.negative_log_likelihood(p, y) == pytest.approx(log_loss(y, p.numpy()))


def test_brier_is_the_squared_distance_to_the_label(case: tuple[torch.Tensor, torch.Tensor]) -> None:
    p, y = case
    by_hand = np.mean([((row - np.eye(5)[label]) ** 2).sum() for row, label in zip(p.numpy(), y.numpy(), strict=True)])
    assert metrics.brier(p, y) == pytest.approx(by_hand)


def test_calibration_error_sums_the_gaps_of_bins(case: tuple[torch.Tensor, torch.Tensor]) -> None:
    p, y = case
    confidence, right = p.max(1).values.numpy(), (p.argmax(1) == y).numpy()
    bins = np.minimum((confidence * 15).astype(int), 14)
    gaps = [abs(right[bins == b].mean() - confidence[bins == b].mean()) * (bins == b).mean() for b in set(bins)]
    assert metrics.calibration_error(p, y) == pytest.approx(sum(gaps))


def test_a_perfect_prediction_has_no_error() -> None:
    p, y = torch.eye(3, dtype=torch.float64), torch.arange(3)
    assert metrics.calibration_error(p, y) == metrics.brier(p, y) == metrics.negative_log_likelihood(p, y) == 0
