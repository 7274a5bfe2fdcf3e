"""The gradient of a sample's loss with respect to the last layer's weights, which is an outer product (Ash et al.,
ICLR 2020, equation (1)): ∇_W ℓ = (∂ℓ/∂f) hᵀ with outputs f and penultimate features h; biases have no part in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from bench.learner import Learner
from bench.learners.network import NetworkLearner
from bench.view import View

if TYPE_CHECKING:
    import torch

Loss: TypeAlias = Literal["cross_entropy", "squared"]


def own_loss(learner: Learner) -> Loss:
    """The loss that a learner is fitted with: a network's train.loss; squared for kernel regression such as ridge;
    cross-entropy for any other."""
    if isinstance(learner, NetworkLearner):
        return learner.train.loss
    return "squared" if learner.kernel_regression else "cross_entropy"


def most_likely(view: View, loss: Loss) -> torch.Tensor:
    """The classes (m,) that the candidates are taken for: the largest output, or probability for cross-entropy."""
    return (view.outputs if loss == "squared" else view.probabilities).argmax(dim=1)


def output_gradient(view: View, labels: torch.Tensor, loss: Loss) -> torch.Tensor:
    """∂ℓ/∂f of every candidate (m, k), would it have the labels (m,).

    Cross-entropy: p − e_y with the model's probabilities p. Squared error, the mean over classes: 2/k · (f − e_y).
    """
    import torch

    values = view.outputs if loss == "squared" else view.probabilities
    k = values.shape[1]
    gradient = values - torch.nn.functional.one_hot(labels, k).to(values)  # (m, k)
    return gradient * (2 / k) if loss == "squared" else gradient
