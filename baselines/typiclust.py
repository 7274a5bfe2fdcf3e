"""TypiClust: the most typical candidate of each cluster (Hacohen, Dekel and Weinshall, ICML 2022, Algorithm 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.clusters import kmeans
from baselines.tiles import AREA, Points, squared_distances, tiles, unit
from bench.numbers import Count, Natural
from bench.strategy import Strategy, strategies
from bench.view import Space, View

if TYPE_CHECKING:
    import torch


@strategies.register("typiclust")
@dataclass(frozen=True)
class TypiClust(Strategy):
    """The most typical candidate of each of n + b clusters, those with fewest labelled points first, then the largest.

    At most `max_clusters` clusters by k-means on features of norm 1 of labelled set and candidates together; typicality
    is one over the mean distance to the `neighbours` nearest candidates of the cluster, or half of them where those are
    fewer. Clusters take turns while the budget lasts, each giving its next most typical candidate; those of at most
    `small` points come after all others are used up.
    Time O(m·K·d) for k-means and O(Σ s²·d) for candidates s of each of K clusters; memory O(m·d).
    """

    paper: ClassVar[str] = "Hacohen et al., ICML 2022"
    regime: ClassVar[Literal["low", "high", "any"]] = "low"
    cost: ClassVar[str] = "O(m·K·d + m²·d/K) time for K ≤ 500 clusters of one size, O((m + n)·d) memory"

    max_clusters: Count = 500
    small: Natural = 5
    neighbours: Count = 20
    space: Space = "penultimate"

    def query(self, view: View, budget: int) -> torch.Tensor:
        import torch

        embedding = view.embedding(self.space)
        labelled, points = unit(embedding.labelled), unit(embedding.candidates)
        count = min(len(labelled) + budget, self.max_clusters)
        with view.journal.stage("clusters"):
            clusters = kmeans(torch.cat([labelled, points]), count, view.generator)  # (n + m,)
        with view.journal.stage("typicality"):
            distances = mean_distances(points, clusters[len(labelled) :], self.neighbours)  # (m,)
        return in_turns(clusters, len(labelled), distances, self.small)[:budget]


def in_turns(clusters: torch.Tensor, labelled: int, distances: torch.Tensor, small: int) -> torch.Tensor:
    """All candidates (m,) in the order in which the clusters, by turns, give their most typical ones.

    `clusters` (n + m,) are those of the labelled points, then of the candidates; `distances` (m,) are one over the
    typicality.
    """
    own = clusters[labelled:]  # (m,)
    sizes = clusters.bincount(minlength=int(clusters.max()) + 1)  # (K,)
    known = clusters[:labelled].bincount(minlength=len(sizes))  # (K,)
    order = _ranks(known * (len(clusters) + 1) - sizes)  # (K,), fewest labelled first, then the largest
    typical_first = distances.argsort(stable=True)  # (m,)
    turns = _turns(own[typical_first])  # (m,)
    big = sizes[own[typical_first]] > small
    keys = ((~big) * len(own) + turns) * len(sizes) + order[own[typical_first]]  # (m,), all different
    return typical_first[keys.argsort()]


def mean_distances(x: torch.Tensor, clusters: torch.Tensor, neighbours: int) -> torch.Tensor:
    """The mean distance (m,) of each point of x (m, d) to its nearest ones in its own cluster, in float64.

    The nearest are `neighbours`, or half of the cluster's points where those are fewer, but at least one; a point that
    is alone has 0. The distances themselves are averaged, not their squares, and a point is no neighbour of itself.
    """
    import torch

    means = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    for cluster in clusters.unique():
        members = (clusters == cluster).nonzero()[:, 0]  # (s,)
        points = Points.of(x[members].double())
        count = min(neighbours, max(len(members) // 2, 1))
        for rows in tiles(len(members) if len(members) > 1 else 0, max(AREA // len(members), 1)):
            squared = squared_distances(points[rows], points)  # (tile, s)
            squared[:, rows].fill_diagonal_(torch.inf)
            nearest = squared.topk(count, dim=1, largest=False).values.sqrt()  # (tile, count)
            means[members[rows]] = nearest.mean(dim=1)
    return means


def _turns(clusters: torch.Tensor) -> torch.Tensor:
    """How many before each (m,) are of the same cluster."""
    import torch

    order = clusters.argsort(stable=True)
    sizes = clusters.bincount()
    starts = sizes.cumsum(0) - sizes  # (K,)
    turns = torch.empty_like(clusters)
    turns[order] = torch.arange(len(clusters), device=clusters.device) - starts[clusters[order]]
    return turns


def _ranks(keys: torch.Tensor) -> torch.Tensor:
    """The place (K,) of each key in ascending order, of equal ones the first first."""
    import torch

    ranks = torch.empty_like(keys)
    ranks[keys.argsort(stable=True)] = torch.arange(len(keys), device=keys.device)
    return ranks
