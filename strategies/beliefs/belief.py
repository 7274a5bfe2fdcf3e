"""The law of look-ahead: what the outputs on the candidates are, and what they become as a label is added.

A retraining proxy builds a belief; acquisition functions only ask it (strategies/acquisition.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch


class Ahead(ABC):
    """The outputs after each of b additions, at p inputs, for k classes; a form with structure need not hold them."""

    @abstractmethod
    def outputs(self) -> torch.Tensor:
        """f⁺ (b, p, k)."""


@dataclass(frozen=True)
class Materialised(Ahead):
    """Outputs (b, p, k) as they are."""

    after: torch.Tensor

    def outputs(self) -> torch.Tensor:
        return self.after


@dataclass(frozen=True)
class RankOne(Ahead):
    """f⁺ of addition b at input x is base[x] + gain[b, x] · step[b], with base (p, k), gain (b, p), step (b, k)."""

    base: torch.Tensor
    gain: torch.Tensor
    step: torch.Tensor

    def outputs(self) -> torch.Tensor:
        return self.base + self.gain[:, :, None] * self.step[:, None, :]  # (b, p, k)


class Belief(ABC):
    """What a learner answers on m candidates, and how it would answer if it were trained on more of them.

    Laws: ahead(i, y, at).outputs()[b] == condition(i[b], y[b]).outputs[at]; conditioning on two candidates gives the
    same in either order.
    """

    outputs: torch.Tensor
    """(m, k), in float64."""

    @property
    def together(self) -> int:
        """How many candidates to look ahead at in one call, at least; more only cost memory."""
        return 1

    @abstractmethod
    def ahead(self, positions: torch.Tensor, targets: torch.Tensor, at: torch.Tensor) -> Ahead:
        """What the outputs at the candidates `at` (p,) become, for each of the candidates `positions` (b,) alone, if
        its target is that of `targets` (b, k). Nothing is kept."""

    @abstractmethod
    def condition(self, position: int, target: torch.Tensor, keep: bool = True) -> Belief:
        """The belief after candidate `position` is really added with `target` (k,).

        With keep=False the new belief may take over this one's memory, which is then not to be asked again.
        """


def change_products(belief: Belief, positions: torch.Tensor, targets: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Inner products (b, b) of the changes f⁺ − f that b additions make at p inputs.

    O(b·p + b·k) memory where changes are of rank one, else O(b·p·k) for the changes themselves.
    """
    ahead = belief.ahead(positions, targets, at)
    if isinstance(ahead, RankOne):
        return (ahead.gain @ ahead.gain.T) * (ahead.step @ ahead.step.T)
    change = (ahead.outputs() - belief.outputs[at]).flatten(1)  # (b, p·k)
    return change @ change.T
