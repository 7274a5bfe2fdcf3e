"""Class probabilities from a network's outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


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
