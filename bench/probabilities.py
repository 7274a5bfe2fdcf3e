"""Class probabilities from a model's outputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import torch

Rule: TypeAlias = Literal["simplex", "softmax", "softmax_calibrated"]
COLDEST, HOTTEST = 1e-3, 1e3


@dataclass(frozen=True)
class Probabilities:
    """How outputs (n, k) become probabilities (n, k): projected onto the simplex, or softmax(outputs / temperature)."""

    project: bool = False
    temperature: float = 1.0

    def __call__(self, outputs: torch.Tensor) -> torch.Tensor:
        return simplex(outputs) if self.project else softmax(outputs / self.temperature)


def fitted(rule: Rule, outputs: Callable[[], torch.Tensor], labels: torch.Tensor) -> Probabilities:
    """The probabilities of a rule; outputs() (n, k) on the labelled set, with labels (n,), are asked for if needed."""
    if rule == "softmax_calibrated":
        return Probabilities(temperature=best_temperature(outputs(), labels))
    return Probabilities(project=rule == "simplex")


def softmax(outputs: torch.Tensor) -> torch.Tensor:
    """Softmax of logits (n, k)."""
    return outputs.softmax(dim=1)


def simplex(outputs: torch.Tensor) -> torch.Tensor:
    """The nearest point of the simplex, in Euclidean distance, to each row of outputs (n, k).

    A network trained with squared loss has near-one-hot outputs, whose softmax would be nearly uniform.
    Source: Held, Wolfe and Crowder 1974; Duchi et al., ICML 2008, Figure 1.
    """
    import torch

    outputs = outputs - outputs.amax(dim=1, keepdim=True)  # the projection does not notice; large outputs stay exact
    ordered = outputs.sort(dim=1, descending=True).values  # (n, k)
    sizes = torch.arange(1, outputs.shape[1] + 1, device=outputs.device, dtype=outputs.dtype)  # (k,)
    shifts = (ordered.cumsum(dim=1) - 1) / sizes  # (n, k)
    support = (ordered > shifts).sum(dim=1, keepdim=True)  # (n, 1)
    return (outputs - shifts.gather(1, support - 1)).clamp_min(0)


def best_temperature(outputs: torch.Tensor, labels: torch.Tensor) -> float:
    """The T in [1e-3, 1e3] of least negative log-likelihood of softmax(outputs / T) (Guo et al., ICML 2017).

    The likelihood has one optimum in 1/T, which is searched on a log scale.
    """
    import torch
    from scipy.optimize import minimize_scalar

    logits, labels = outputs.double().cpu(), labels.cpu()

    def loss(log_temperature: float) -> float:
        return float(torch.nn.functional.cross_entropy(logits / math.exp(log_temperature), labels))

    found = minimize_scalar(loss, bounds=(math.log(COLDEST), math.log(HOTTEST)), method="bounded")
    return math.exp(found.x)
