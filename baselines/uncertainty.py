"""Uncertainty sampling: three scores of the predicted class probabilities (Settles 2009, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench.strategy import TopScore, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


def entropy(p: torch.Tensor) -> torch.Tensor:
    """Shannon entropy in nats of probabilities (m, k): (m,), from 0 (one-hot) to log k (uniform); 0·log 0 = 0."""
    return -p.xlogy(p).sum(dim=1)


def margin(p: torch.Tensor) -> torch.Tensor:
    """The largest minus the second largest probability of (m, k): (m,), from 0 to 1; the smallest is most uncertain."""
    first, second = p.topk(2, dim=1).values.unbind(dim=1)
    return first - second


def least_confidence(p: torch.Tensor) -> torch.Tensor:
    """One minus the largest probability of (m, k): (m,), from 0 to 1 − 1/k."""
    return 1 - p.amax(dim=1)


@strategies.register("entropy")
@dataclass(frozen=True)
class Entropy(TopScore):
    """Largest entropy of the predicted classes (Shannon 1948)."""

    paper: ClassVar[str] = "Shannon 1948; Settles 2009"
    cost: ClassVar[str] = "O(m·k)"

    def score(self, view: View) -> torch.Tensor:
        return entropy(view.probabilities)


@strategies.register("margin")
@dataclass(frozen=True)
class Margin(TopScore):
    """Smallest margin between the two most probable classes (Scheffer et al. 2001)."""

    below_zero: ClassVar[bool] = True
    paper: ClassVar[str] = "Scheffer et al., IDA 2001"
    cost: ClassVar[str] = "O(m·k)"

    def score(self, view: View) -> torch.Tensor:
        return -margin(view.probabilities)


@strategies.register("least_confidence")
@dataclass(frozen=True)
class LeastConfidence(TopScore):
    """Smallest probability of the most probable class (Lewis and Gale 1994)."""

    paper: ClassVar[str] = "Lewis and Gale, SIGIR 1994"
    cost: ClassVar[str] = "O(m·k)"

    def score(self, view: View) -> torch.Tensor:
        return least_confidence(view.probabilities)
