"""What a row says of a model, against scikit-learn on the model's own answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from given_model import GivenModel
from sklearn.metrics import balanced_accuracy_score, log_loss
from torch.nn.functional import one_hot, softmax

from bench.data import Data
from bench.errors import Diverged
from bench.evaluate import evaluate
from bench.learner import Labelled
from bench.probabilities import Probabilities
from bench.query import Query

CLASSES = 3
TEST = torch.arange(40, dtype=torch.float64)[:, None]
LABELS = torch.arange(40) % CLASSES
OUTPUTS = torch.randn(40, CLASSES, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
BOUGHT = Query(torch.tensor([4, 1, 7]), torch.arange(9), revealed=2)


def of(outputs: torch.Tensor, rule: Probabilities) -> tuple[dict[str, object], torch.Tensor]:
    data = Data(TEST, LABELS, TEST, LABELS, CLASSES)
    labelled = Labelled(TEST[:5], LABELS[:5], CLASSES)
    result, predicted = evaluate(GivenModel(outputs, outputs, rule), data, labelled, BOUGHT, mislabelled=1)
    return dict(result), predicted


def test_classes_come_from_outputs_and_scores_from_the_models_probabilities() -> None:
    """A temperature changes how sure a model is and not what it says."""
    found, predicted = of(OUTPUTS, Probabilities(temperature=0.5))
    p = softmax(OUTPUTS / 0.5, dim=1)
    assert torch.equal(predicted, OUTPUTS.argmax(dim=1))
    assert found["accuracy"] == pytest.approx(float(np.mean(predicted.numpy() == LABELS.numpy())))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(LABELS.numpy(), predicted.numpy()))
    assert found["negative_log_likelihood"] == pytest.approx(log_loss(LABELS.numpy(), p.numpy()))
    assert found["brier"] == pytest.approx(float((p - one_hot(LABELS, CLASSES)).square().sum(dim=1).mean()))


def test_what_was_bought_stands_beside() -> None:
    found, _ = of(OUTPUTS, Probabilities())
    assert (found["queried"], found["queried_classes"]) == ([4, 1, 7], [0, 3, 0])
    assert (found["labelled"], found["revealed"], found["mislabelled"]) == (5, 2, 1)


def test_outputs_that_are_not_finite_are_a_divergence() -> None:
    broken = OUTPUTS.clone()
    broken[7, 1] = float("nan")
    with pytest.raises(Diverged, match=r"not finite after training; lower schedule\.max_lr"):
        of(broken, Probabilities())
