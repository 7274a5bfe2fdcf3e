"""Uncertainty of the belief's own predictions: controls that look at the same outputs but not ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from strategies.acquisition import Acquisition, Question, acquisitions

if TYPE_CHECKING:
    import torch

OF_LOOKING_AHEAD = frozenset({"reference", "label_from", "probe"})
"""The settings that say how to look ahead, which these do not."""


@acquisitions.register("margin")
@dataclass(frozen=True)
class BeliefMargin(Acquisition):
    """Smallest margin between the two most probable classes of the belief's outputs.

    In the sequential protocol it sees every label revealed so far, as look-ahead does.
    """

    unread: ClassVar[frozenset[str]] = OF_LOOKING_AHEAD

    def score(self, question: Question) -> torch.Tensor:
        first, second = question.rule(question.belief.outputs[question.positions]).topk(2, dim=1).values.unbind(dim=1)
        return second - first  # (c,)


@acquisitions.register("entropy")
@dataclass(frozen=True)
class BeliefEntropy(Acquisition):
    """Largest entropy of the belief's predicted classes."""

    unread: ClassVar[frozenset[str]] = OF_LOOKING_AHEAD

    def score(self, question: Question) -> torch.Tensor:
        p = question.rule(question.belief.outputs[question.positions])  # (c, k)
        return -p.xlogy(p).sum(dim=1)
