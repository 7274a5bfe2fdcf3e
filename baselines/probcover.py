"""ProbCover: candidates whose balls cover most of the pool (Yehuda et al., NeurIPS 2022, Algorithm 1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.clusters import kmeans
from baselines.coverage import Cover, Kernel, greedy
from baselines.tiles import SINGLE_FROM, Points, squared_distances, tile_pairs, unit
from bench.numbers import Positive, Share
from bench.strategy import Strategy, strategies
from bench.view import Space, View

if TYPE_CHECKING:
    import torch

DIAMETER = 2.0
"""No two features of norm 1 are further apart."""
RESOLUTION = 1e-4
"""Sums of similarities that differ by less than this count as equal."""
EDGE = 1e-9
"""By how much of the radius' square a point must be inside a ball, above what float64 rounds: a point at the radius
itself, where the default radius always puts one, is outside, whichever of the two distances is asked for."""


@dataclass(frozen=True)
class Ball(Kernel):
    """x covers y where ‖x − y‖ < radius. Gain(x) is the number of points newly covered, out of `points`; of equal
    numbers, that of nearer points is larger, by less than 1. For points in float64: what is covered is subtracted from
    gains computed before, which in float32 would drift apart by more than what tells them apart."""

    covers_once: ClassVar[bool] = True

    radius: float
    points: int

    def similarity(self, squared: torch.Tensor) -> torch.Tensor:
        return squared.div_(-(self.radius**2)).add_(1 - EDGE).clamp_min_(0)  # positive inside the ball alone

    def gains(self, similarity: torch.Tensor, covered: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        new = similarity * (weights * (covered == 0))  # (a, b)
        return (new > 0).sum(dim=1).double() + new.sum(dim=1).double() / (2 * self.points)  # (a,)

    def slack(self, best: float, weights: torch.Tensor) -> float:
        return RESOLUTION / (2 * self.points)


@strategies.register("probcover")
@dataclass(frozen=True)
class ProbCover(Strategy):
    """The most points not yet covered within a radius, greedily, on features of norm 1.

    `radius` is the paper's δ; None takes the largest at which a share `purity` of all balls holds one pseudo-label
    alone, by k-means with as many clusters as classes. Of equally many new points nearer ones are preferred, so that
    the picks hardly depend on the order of the candidates; once all is covered, those most like the mean are taken.
    Edges are not stored: those into a point are computed once for the first degrees and once more when it is covered.
    Time O((m + n)·m·d) and O(m·d) per pick, memory O((m + n)·d), whatever the radius; in float64.
    """

    paper: ClassVar[str] = "Yehuda et al., NeurIPS 2022"
    regime: ClassVar[Literal["low", "high", "any"]] = "low"
    cost: ClassVar[str] = "O((m + n + b)·m·d) time, O((m + n)·d) memory"

    radius: Positive | None = None
    purity: Share = 0.95
    space: Space = "penultimate"

    def query(self, view: View, budget: int) -> torch.Tensor:
        import torch

        embedding = view.embedding(self.space)
        labelled, points = Points.of(unit(embedding.labelled)), Points.of(unit(embedding.candidates))
        radius = self.radius
        if radius is None:
            with view.journal.stage("radius"):
                everything = torch.cat([labelled.x, points.x])
                radius = pure_radius(everything, kmeans(everything, view.classes, view.generator), self.purity)
        labelled, points = labelled.double(), points.double()
        cover = Cover(labelled, points, Ball(radius, len(points)), torch.ones_like(points.squares))
        return greedy(cover, budget, view.journal)


def pure_radius(x: torch.Tensor, clusters: torch.Tensor, purity: float) -> float:
    """The largest radius at which at least a share `purity` of the balls around x (n, d) lies in one of clusters (n,).

    A ball is pure up to the distance of the nearest point of another cluster, so the answer is a quantile of those
    (section 4.2). Where there is one cluster alone any radius is pure: then it is 2, the diameter.
    """
    impure = math.floor((1 - purity) * len(x) + 1e-9)
    points = Points.of(x)
    rough = float(other_distances(points, clusters).sort().values[impure])
    if rough < SINGLE_FROM:
        rough = float(other_distances(points.double(), clusters).sort().values[impure])
    return min(rough, DIAMETER)


def other_distances(points: Points, clusters: torch.Tensor) -> torch.Tensor:
    """The distance (n,) of each point to the nearest one of another cluster, infinite where there is none."""
    import torch

    nearest = torch.full_like(points.squares, torch.inf)  # (n,), squared
    for rows, columns in tile_pairs(len(points)):
        squared = squared_distances(points[rows], points[columns])  # (tile, tile)
        squared.masked_fill_(clusters[rows, None] == clusters[columns], torch.inf)
        nearest[rows] = torch.minimum(nearest[rows], squared.amin(dim=1))
        nearest[columns] = torch.minimum(nearest[columns], squared.amin(dim=0))
    return nearest.sqrt()
