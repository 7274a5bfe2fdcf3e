"""CoreSet: greedy k-centres around the labelled set (Sener and Savarese, ICLR 2018, Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.selection import k_center, squared_distances, squared_norms
from bench.strategy import Strategy, strategies
from bench.view import Embedding, Space, View

if TYPE_CHECKING:
    import torch

TILE = 2**21
"""How many distances to the labelled set are held at once."""


@strategies.register("coreset")
@dataclass(frozen=True)
class CoreSet(Strategy):
    """The candidate farthest from all labelled and picked points, over and over, in a feature space.

    The covering radius is at most twice the smallest possible one. Euclidean distances, not normalised, as in the
    paper; of equally far candidates the first, which is the first candidate where nothing is labelled. Published for
    high budgets. Time O((n + b)·m·d), memory O(m·d): distances to the labelled set are made in tiles.
    """

    paper = "Sener and Savarese, ICLR 2018"
    regime = "high"
    cost = "O((n + b)·m·d) time, O(m·d) memory"

    space: Space = "penultimate"

    def query(self, view: View, budget: int) -> torch.Tensor:
        with view.journal.stage("features"):
            embedding = centred(view.embedding(self.space))
        points = embedding.candidates
        norms = squared_norms(points)  # (m,)

        def distances(i: int) -> torch.Tensor:
            return squared_distances(points.mv(points[i]).double(), norms, norms[i], points.dtype)  # (m,)

        with view.journal.stage("labelled"):
            nearest = squared_distances_to_labelled(embedding)
        with view.journal.stage("centres"):
            return k_center(distances, nearest, budget)


def centred(embedding: Embedding) -> Embedding:
    """The embedding less the candidates' mean, float32 at least: the same distances, from smaller norms."""
    import torch

    precision = torch.promote_types(embedding.candidates.dtype, torch.float32)
    candidates, labelled = embedding.candidates.to(precision), embedding.labelled.to(precision)
    mean = candidates.mean(dim=0)  # (d,)
    return Embedding(labelled - mean, candidates - mean)


def squared_distances_to_labelled(embedding: Embedding) -> torch.Tensor:
    """The squared distance of each candidate to the nearest labelled point (m,) in float64; infinite without any."""
    import torch

    labelled, candidates = embedding.labelled, embedding.candidates
    if len(labelled) == 0:
        return torch.full((len(candidates),), torch.inf, dtype=torch.float64, device=candidates.device)
    norms = squared_norms(labelled)  # (n,)

    def nearest(tile: torch.Tensor) -> torch.Tensor:
        products = (tile @ labelled.T).double()  # (t, n)
        return squared_distances(products, squared_norms(tile)[:, None], norms, tile.dtype).amin(dim=1)

    return torch.cat([nearest(tile) for tile in candidates.split(max(1, TILE // len(labelled)))])
