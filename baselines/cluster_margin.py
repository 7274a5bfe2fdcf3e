"""Cluster-Margin: uncertain candidates, spread over clusters (Citovsky et al., NeurIPS 2021, Algorithms 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from baselines.uncertainty import margin
from bench.numbers import Count
from bench.selection import top_k
from bench.strategy import Strategy, strategies
from bench.view import Space, View

if TYPE_CHECKING:
    import torch


@strategies.register("cluster_margin")
@dataclass(frozen=True)
class ClusterMargin(Strategy):
    """Candidates of small margin, drawn in turns from average-linkage clusters, the smallest cluster first.

    The `shortlist`·b candidates of smallest margin, at most `limit`, are clustered by their Euclidean distance, and the
    tree is cut where clusters have `mean_size` members on average, which stands for the paper's threshold ε. A budget
    of `limit` or more is margin sampling. The paper clusters the whole pool once, in the features of the first model;
    here it is the shortlist of every cycle, since a tree of the pool takes O(m²) memory. Published for high budgets.
    With s = min(shortlist·b, limit): time O(m·k + s²·d), memory O(m·k + s²), 8·s² bytes (800 MB for 10 000).
    """

    paper = "Citovsky et al., NeurIPS 2021"
    regime = "high"
    cost = "O(m·k + s²·d) time, O(m·k + s²) memory, s = min(10·b, 10 000)"

    space: Space = "penultimate"
    shortlist: Annotated[float, Field(ge=1)] = 10.0
    mean_size: Annotated[float, Field(ge=1)] = 10.0
    limit: Count = 10_000

    def query(self, view: View, budget: int) -> torch.Tensor:
        scores = -margin(view.probabilities)  # (m,)
        view.journal.score(scores)
        uncertain = top_k(scores, max(budget, min(round(self.shortlist * budget), self.limit)))  # (s,)
        if len(uncertain) == budget:
            return uncertain
        with view.journal.stage("clusters"):
            points = view.embedding(self.space).candidates[uncertain]
            clusters = average_linkage(points, max(1, round(len(uncertain) / self.mean_size)))
        return uncertain[round_robin(clusters, budget, view.generator).to(uncertain.device)]


def average_linkage(points: torch.Tensor, clusters: int) -> torch.Tensor:
    """The cluster (s,) of each of s ≥ 2 points (s, d): the average-linkage tree cut into at most `clusters` parts.

    It is fewer where merges are equally high. Time O(s²·d), memory 8 bytes for each of s²/2 distances, of which scipy
    makes a copy.
    """
    import torch
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(points.double().cpu().numpy(), method="average", metric="euclidean")
    return torch.from_numpy(fcluster(tree, clusters, criterion="maxclust")).long()


def round_robin(clusters: torch.Tensor, budget: int, generator: torch.Generator) -> torch.Tensor:
    """Positions (b,) into clusters (s,): one random member of each cluster, the smallest cluster first, then a second
    one of each that has more, and so on. Of equally large clusters the one whose first member comes first.

    Random members are those that come first in one random order of all.
    """
    import torch

    shuffled = torch.randperm(len(clusters), generator=generator)
    kinds, cluster = clusters.unique(return_inverse=True)  # (c,), (s,)
    sizes = cluster.bincount()  # (c,)
    first = torch.full_like(sizes, len(cluster)).scatter_reduce(0, cluster, torch.arange(len(cluster)), "amin")
    place = (sizes * len(cluster) + first).argsort().argsort()  # (c,), where a cluster stands in the round
    grouped = shuffled[cluster[shuffled].argsort(stable=True)]  # (s,), cluster after cluster
    starts = sizes.cumsum(0) - sizes  # (c,)
    turn = torch.arange(len(cluster)) - starts[cluster[grouped]]  # (s,), 0 for a cluster's first draw
    return grouped[(turn * len(kinds) + place[cluster[grouped]]).argsort()][:budget]
