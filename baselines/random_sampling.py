"""Random sampling, the arm that every other one is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench.strategy import Strategy, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


@strategies.register("random")
@dataclass(frozen=True)
class Random(Strategy):
    """Uniformly random candidates: the control of every comparison."""

    cost: ClassVar[str] = "O(m)"

    def query(self, view: View, budget: int) -> torch.Tensor:
        import torch

        return torch.randperm(len(view), generator=view.generator)[:budget]
