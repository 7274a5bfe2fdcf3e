"""The calibrated temperature."""

from __future__ import annotations

import pytest
import torch

from bench.probabilities import best_temperature, fitted, softmax


@pytest.mark.parametrize("true", [0.2, 1.0, 7.0])
def test_it_recovers_the_temperature_that_made_the_labels(true: float) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(40_000, 4, generator=generator, dtype=torch.float64)
    labels = torch.multinomial((logits / true).softmax(1), 1, generator=generator)[:, 0]
    assert best_temperature(logits, labels) == pytest.approx(true, rel=0.05)


def test_no_other_temperature_has_a_larger_likelihood() -> None:
    logits = torch.randn(200, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    labels = torch.arange(200) % 3
    best = best_temperature(logits, labels)

    def loss(t: float) -> float:
        return torch.nn.functional.cross_entropy(logits / t, labels).item()

    assert all(loss(best) <= loss(best * factor) + 1e-9 for factor in (0.5, 0.9, 1.1, 2))


def test_outputs_that_are_always_right_stay_finite() -> None:
    outputs = torch.eye(3, dtype=torch.float64)
    rule = fitted("softmax_calibrated", lambda: outputs, torch.arange(3))
    assert rule(outputs).isfinite().all()


def test_the_calibrated_rule_divides_by_the_temperature() -> None:
    logits = torch.randn(50, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    labels = logits.argmax(1)
    labels[:10] = 0
    rule = fitted("softmax_calibrated", lambda: logits, labels)
    torch.testing.assert_close(rule(logits), softmax(logits / best_temperature(logits, labels)))
