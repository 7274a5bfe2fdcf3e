"""Greedy maximisation of how well chosen points cover a pool, exact and without a kernel matrix; no strategy itself.

The coverage is monotone and submodular, so a gain computed earlier bounds the gain of now from above, and only the
candidates at the top are computed anew (lazy greedy: Minoux 1978).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from baselines.tiles import Points, squared_distances, tile_pairs, tiles
from bench.journal import Journal

if TYPE_CHECKING:
    import torch

FIRST_ROUND, LARGEST_ROUND = 16, 512
ROUNDING = 0.7
"""Numbers that differ by less than this power of the precision count as equal: 1e-5 in float32, 1e-11 in float64."""


class Kernel(ABC):
    """What covering means. Similarities are in [0, 1], and 1 at distance 0.

    Law: gains() never grows where `covered` grows.
    """

    covers_once: ClassVar[bool] = False
    """Whether a point that is covered at all gains nothing more. What such points no longer add is then subtracted from
    every gain as they are covered, which takes one more pass over all pairs for all picks together."""

    @abstractmethod
    def similarity(self, squared: torch.Tensor) -> torch.Tensor:
        """Squared distances (a, b) to similarities (a, b); the argument may be overwritten."""

    @abstractmethod
    def gains(self, similarity: torch.Tensor, covered: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """What each of a candidates would add (a,), in float64, over b points with these similarities (a, b) to them,
        which are covered to (b,) so far and weigh (b,)."""

    @abstractmethod
    def slack(self, best: float, weights: torch.Tensor) -> float:
        """How far below `best` a gain still counts as equal to it: above what rounding does, below what matters."""


@dataclass(frozen=True)
class Cover:
    """Points (m, d) to cover with some of themselves, where labelled ones (n, d) already cover; weights (m,) say how
    much each point matters."""

    labelled: Points
    points: Points
    kernel: Kernel
    weights: torch.Tensor

    def covered_by(self, chosen: Points) -> torch.Tensor:
        """How much `chosen` cover each point: the largest similarity to any of them (m,), 0 for no chosen ones."""
        import torch

        covered = torch.zeros_like(self.weights)
        for rows in tiles(len(chosen)):
            for columns in tiles(len(self.points)):
                similarity = self._similarity(chosen[rows], columns)  # (tile, tile)
                covered[columns] = torch.maximum(covered[columns], similarity.amax(dim=0))
        return covered

    def all_gains(self, covered: torch.Tensor) -> torch.Tensor:
        """The gain of every point (m,) in float64: each kernel tile is made once and serves its rows and columns."""
        import torch

        gains = torch.zeros_like(covered, dtype=torch.float64)
        for rows, columns in tile_pairs(len(self.points)):
            similarity = self._similarity(self.points[rows], columns)  # (tile, tile)
            gains[rows] += self.kernel.gains(similarity, covered[columns], self.weights[columns])
            if rows != columns:
                gains[columns] += self.kernel.gains(similarity.T, covered[rows], self.weights[rows])
        return gains

    def some_gains(self, positions: torch.Tensor, covered: torch.Tensor) -> torch.Tensor:
        """The gains of the points at positions (a,): (a,) in float64."""
        import torch

        gains = torch.zeros(len(positions), dtype=torch.float64, device=covered.device)
        asked = self.points[positions]
        for columns in tiles(len(self.points)):
            similarity = self._similarity(asked, columns)  # (a, tile)
            gains += self.kernel.gains(similarity, covered[columns], self.weights[columns])
        return gains

    def gains_from(self, positions: torch.Tensor) -> torch.Tensor:
        """What every point (m,) would gain in float64, were those at positions (s,) all and none of them covered."""
        import torch

        gains = torch.zeros_like(self.weights, dtype=torch.float64)
        for rows in tiles(len(positions)):
            asked, weights = self.points[positions[rows]], self.weights[positions[rows]]
            for columns in tiles(len(self.points)):
                similarity = self._similarity(asked, columns)  # (tile, tile)
                gains[columns] += self.kernel.gains(similarity.T, torch.zeros_like(weights), weights)
        return gains

    def _similarity(self, chosen: Points, columns: slice) -> torch.Tensor:
        return self.kernel.similarity(squared_distances(chosen, self.points[columns]))


def greedy(cover: Cover, budget: int, journal: Journal) -> torch.Tensor:
    """Positions (b,) of the points that a greedy choice takes one after the other.

    Of equal gains that of the point most like the mean of the pool is taken, then the first one. Such ties are no
    accident: two points that are the only ones to gain from each other always gain the same.
    Time O((m + n)·m·d) for the first gains and O(e·m·d) for e gains computed anew, at least one per pick; memory
    O(TILE²) beyond the points.
    """
    import torch

    with journal.stage("first_gains"):
        covered = cover.covered_by(cover.labelled)  # (m,)
        bounds = cover.all_gains(covered)  # (m,)
    journal.score(bounds.clone())
    picks: list[int] = []
    with journal.stage("greedy"):
        centrality = cover.points.x @ cover.points.x.mean(dim=0)  # (m,)
        while len(picks) < budget:
            picks.append(_first_of(_rivals(cover, covered, bounds), centrality))
            bounds[picks[-1]] = -torch.inf
            only = cover.points[picks[-1] : picks[-1] + 1]
            before, covered = covered, torch.maximum(covered, cover.covered_by(only))
            if cover.kernel.covers_once:
                bounds -= cover.gains_from(((before == 0) & (covered > 0)).nonzero()[:, 0])
            journal.progress(len(picks) / budget)
    return torch.tensor(picks)


def _rivals(cover: Cover, covered: torch.Tensor, bounds: torch.Tensor) -> torch.Tensor:
    """Which points (m,) have the largest gain; the bounds on the way are lowered in place to what they are now."""
    fresh = (bounds <= 0) | cover.kernel.covers_once  # a gain is never negative, so nothing is left to compute at 0
    size = FIRST_ROUND
    while True:
        best = float(bounds.max())
        rivals = bounds >= best - cover.kernel.slack(best, cover.weights)  # (m,)
        if bool(fresh[rivals].all()):
            return rivals
        top = bounds.topk(min(size, len(bounds))).indices
        stale = top[~fresh[top]]
        bounds[stale] = cover.some_gains(stale, covered)
        fresh[stale] = True
        size = min(2 * size, LARGEST_ROUND) if len(stale) else 2 * size


def _first_of(rivals: torch.Tensor, centrality: torch.Tensor) -> int:
    """The first position of the largest centrality (m,), up to rounding, among rivals (m,)."""
    import torch

    positions = rivals.nonzero()[:, 0]
    central = centrality[positions]
    equal = central >= central.max() - torch.finfo(central.dtype).eps ** ROUNDING
    return int(positions[equal][0])
