"""Batches that are diverse in what they would change: k-means++ and a k-DPP over predicted changes f⁺ − f, each
candidate with its most likely label. Inner products come from the belief, which by a kernel makes no change itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from strategies.acquisition import Question


def by_k_means_plus_plus(question: Question, budget: int, generator: torch.Generator) -> torch.Tensor:
    """Positions (b,) by k-means++ seeding (Arthur and Vassilvitskii, SODA 2007), the largest change first. O(m²·p)."""
    from bench.selection import k_means_plus_plus, squared_distances

    products = _change_products(question)  # (m, m)
    norms = products.diagonal()  # (m,)

    def from_centre(centre: int) -> torch.Tensor:
        return squared_distances(products[centre], norms, norms[centre], products.dtype)  # (m,)

    return k_means_plus_plus(from_centre, budget, generator, first=int(norms.argmax()))


def by_k_dpp(question: Question, budget: int, generator: torch.Generator) -> torch.Tensor:
    """A sample (b,) of the determinantal point process of size b whose kernel are the inner products. O(m³)."""
    from bench.determinantal import k_dpp

    return k_dpp(_change_products(question), budget, generator)


def most_likely_targets(question: Question) -> torch.Tensor:
    """One-hot targets (m, k) of every candidate's most likely class."""
    import torch

    outputs = question.label_outputs
    return torch.nn.functional.one_hot(outputs.argmax(dim=1), outputs.shape[1]).to(question.belief.outputs)


def _change_products(question: Question) -> torch.Tensor:
    from strategies.beliefs.belief import change_products

    targets = most_likely_targets(question)[question.positions]
    return change_products(question.belief, question.positions, targets, question.at)
