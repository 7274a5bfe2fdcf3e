"""Rules that turn scores or distances into a batch; shared by all strategies."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def top_k(scores: torch.Tensor, budget: int) -> torch.Tensor:
    """Positions of the `budget` largest scores (m,), best first; of equal scores the first comes first.

    Raises ValueError for a score that is NaN, since NaN has no place in an order.
    """
    bad = scores.isnan().sum().item()
    if bad:
        raise ValueError(f"wanted a number as the score of each candidate; {bad} of {len(scores)} are NaN")
    return scores.argsort(descending=True, stable=True)[:budget]
