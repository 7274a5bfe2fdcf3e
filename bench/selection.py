"""Rules that turn scores or distances into a batch; shared by all strategies.

A rule that goes by distances asks for them one chosen point at a time, so that no m × m matrix is ever held.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import torch

DistancesTo: TypeAlias = "Callable[[int], torch.Tensor]"
"""From the position of a point to the distances (m,) of every point from it."""

ROUNDING = 16
"""Up to how many units in the last place of ‖a‖² + ‖b‖² a squared distance is taken for 0."""
ROWS = 4096


def top_k(scores: torch.Tensor, budget: int) -> torch.Tensor:
    """Positions of the `budget` largest scores (m,), best first; of equal scores the first comes first.

    Raises ValueError for a score that is NaN, since NaN has no place in an order.
    """
    bad = scores.isnan().sum().item()
    if bad:
        raise ValueError(f"wanted a number as the score of each candidate; {bad} of {len(scores)} are NaN")
    return scores.argsort(descending=True, stable=True)[:budget]


def k_means_plus_plus(
    squared_distances: DistancesTo, budget: int, generator: torch.Generator, first: int
) -> torch.Tensor:
    """Positions (b,) of the seeds of k-means++ (Arthur and Vassilvitskii, SODA 2007, section 2.2), in order.

    After `first`, a point is drawn with probability proportional to its squared distance to the nearest seed; uniformly
    among those that are left where all of these are 0. A distance below 0, by rounding, counts as 0. There are no Lloyd
    steps. Each draw takes one number from `generator`, a CPU generator. O(b·m) time beside the distances, O(m) memory.
    Raises ValueError for distances that are not finite.
    """
    import torch

    seeds = [first]
    nearest = squared_distances(first).clone()  # (m,)
    left = torch.ones(len(nearest), dtype=torch.float64)
    nearest[first], left[first] = 0, 0
    while len(seeds) < budget:
        weights = nearest.to("cpu", torch.float64).clamp_min(0)
        seed = draw(weights if weights.any() else left, generator)
        torch.minimum(nearest, squared_distances(seed), out=nearest)
        nearest[seed], left[seed] = 0, 0
        seeds.append(seed)
    return torch.tensor(seeds)


def draw(weights: torch.Tensor, generator: torch.Generator) -> int:
    """A position drawn with probability proportional to weights (m,), by the inverse of their sum in float64.

    The weights are on the CPU, none negative, one positive; what weighs 0 is never drawn. Takes one number from
    `generator`. Raises ValueError where the sum is not a finite number above 0.
    """
    import torch

    cumulative = weights.double().cumsum(0)  # (m,)
    total = cumulative[-1]
    if not (total > 0 and total.isfinite()):
        got = f"got {total.item()}. Look for NaN in the features"
        raise ValueError(f"wanted weights with a finite sum above 0; {got}")
    level = total * torch.rand((), generator=generator, dtype=torch.float64)
    last = torch.searchsorted(cumulative, total)  # a tiny product may round up to the total
    return int(torch.minimum(torch.searchsorted(cumulative, level, right=True), last))


def k_center(distances: DistancesTo, nearest: torch.Tensor, budget: int) -> torch.Tensor:
    """Positions (b,) of greedy k-centres (Gonzalez 1985; Sener and Savarese, ICLR 2018, Algorithm 1), in order.

    Each is the point farthest from all centres so far; of equally far ones the first. `nearest` (m,) are the distances
    to the centres that there are already, infinite where there are none. Squares of distances give the same picks.
    O(b·m) time beside the distances, O(m) memory. Raises ValueError for a distance that is NaN.
    """
    import torch

    centres: list[int] = []
    nearest = nearest.clone()
    while len(centres) < budget:
        farthest, centre = nearest.max(dim=0)
        if farthest.isnan():
            raise ValueError("wanted a number as each distance; got NaN. Look for NaN in the features")
        centres.append(int(centre))
        torch.minimum(nearest, distances(centres[-1]), out=nearest)
        nearest[centre] = -1  # below every distance, so that it is never picked again
    return torch.tensor(centres)


def squared_distances(
    products: torch.Tensor, norms: torch.Tensor, others: torch.Tensor, precision: torch.dtype
) -> torch.Tensor:
    """‖a − b‖² = ‖a‖² + ‖b‖² − 2⟨a, b⟩ in float64 of inner products, given squared norms in float64 that broadcast.

    `precision` is what the products were computed in. What is below its rounding counts as 0, so that duplicates have
    distance 0 exactly.
    """
    import torch

    sums = norms + others
    squared = torch.sub(sums, products, alpha=2)
    return squared.masked_fill_(squared <= sums.mul_(ROUNDING * torch.finfo(precision).eps), 0)


def squared_norms(points: torch.Tensor) -> torch.Tensor:
    """‖a‖² of each row of points (m, d): (m,) in float64."""
    import torch

    return torch.cat([rows.double().square().sum(dim=1) for rows in points.split(ROWS)])
