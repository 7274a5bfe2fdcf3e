"""MaxHerding and UHerding: candidates that cover the pool, each point weighed by how uncertain it is.

Gain(x) = Σ_y u(y)·max(0, k(x, y) − max_{l ∈ L} k(l, y)) over labelled and unlabelled y, k(x, y) = exp(−‖x − y‖²/r²) on
features of norm 1. u ≡ 1 is MaxHerding (Bae et al., ECCV 2024, Algorithm 1); u = 1 − margin at a calibrated
temperature is UHerding (Bae et al., ICLR 2025). A labelled y gains nothing, since k(y, y) = 1 already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.coverage import ROUNDING, Cover, Kernel, greedy
from baselines.tiles import Points, squared_distances, tile_pairs, unit
from baselines.uncertainty import margin
from bench.numbers import Positive
from bench.probabilities import best_temperature
from bench.strategy import Strategy, strategies
from bench.view import Space, View

if TYPE_CHECKING:
    import torch

RADIUS = 1.0
SAME = 1e-5
"""Features of norm 1 that are nearer than this are one point: float32 networks repeat themselves no better."""


@dataclass(frozen=True)
class Gaussian(Kernel):
    """k = exp(−‖x − y‖²/radius²)."""

    radius: float

    def similarity(self, squared: torch.Tensor) -> torch.Tensor:
        return squared.mul_(-1 / self.radius**2).exp_()

    def gains(self, similarity: torch.Tensor, covered: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        return ((similarity - covered).clamp_min_(0) @ weights).double()  # (a,)

    def slack(self, best: float, weights: torch.Tensor) -> float:
        import torch

        precision = torch.finfo(weights.dtype).eps
        return precision**ROUNDING * best + 2 * precision * float(weights.sum())


@strategies.register("maxherding")
@dataclass(frozen=True)
class MaxHerding(Strategy):
    """Greedy generalised coverage of the pool by a Gaussian kernel.

    `radius` is that of the kernel on features of norm 1; None takes the smallest distance between two labelled points.
    Every later gain is bounded by an earlier one, so the picks are those of the plain greedy algorithm.
    Time O((m + n)·m·d) for the first gains and O(e·m·d) for e gains computed anew; memory O((m + n)·d), never (m, m).
    """

    paper: ClassVar[str] = "Bae et al., ECCV 2024"
    regime: ClassVar[Literal["low", "high", "any"]] = "low"
    cost: ClassVar[str] = "O((m + n + e)·m·d) time for e gains computed anew, O((m + n)·d) memory"

    radius: Positive | None = RADIUS
    space: Space = "penultimate"

    def query(self, view: View, budget: int) -> torch.Tensor:
        import torch

        return herded(view, self.space, self.radius, torch.ones(len(view)), budget)


@strategies.register("uherding")
@dataclass(frozen=True)
class UHerding(Strategy):
    """Greedy coverage of the pool by a Gaussian kernel, weighed by one minus the margin at a calibrated temperature.

    `radius` as in MaxHerding. `temperature` divides the model's outputs before the softmax; None fits it to the
    labelled set, or takes the model's own probabilities where it has every labelled point right: then no temperature
    is best, and the coldest would leave nothing uncertain. Time and memory as of MaxHerding.
    """

    paper: ClassVar[str] = "Bae et al., ICLR 2025"
    regime: ClassVar[Literal["low", "high", "any"]] = "any"
    cost: ClassVar[str] = "O((m + n + e)·m·d) time for e gains computed anew, O((m + n)·d) memory"

    radius: Positive | None = None
    temperature: Positive | None = None
    space: Space = "penultimate"

    def query(self, view: View, budget: int) -> torch.Tensor:
        with view.journal.stage("uncertainty"):
            weights = self._uncertainty(view)  # (m,)
        return herded(view, self.space, self.radius, weights, budget)

    def _uncertainty(self, view: View) -> torch.Tensor:
        temperature = self.temperature or fitted_temperature(view)
        if temperature is None:
            return 1 - margin(view.probabilities)
        return uncertainty(view.outputs, temperature)


def herded(view: View, space: Space, radius: float | None, weights: torch.Tensor, budget: int) -> torch.Tensor:
    """The picks (b,) where each candidate weighs (m,); only the proportions of the weights matter."""
    embedding = view.embedding(space)
    labelled, points = Points.of(unit(embedding.labelled)), Points.of(unit(embedding.candidates))
    radius = radius or smallest_distance(labelled) or RADIUS
    labelled, points = labelled.resolving(radius), points.resolving(radius)
    cover = Cover(labelled, points, Gaussian(radius), proportions(weights).to(points.x))
    return greedy(cover, budget, view.journal)


def proportions(weights: torch.Tensor) -> torch.Tensor:
    """Weights (m,) with a largest one of 1, so that small ones stay apart in float32; all 1 where all are 0."""
    import torch

    largest = weights.max()
    return weights / largest if largest > 0 else torch.ones_like(weights)


def uncertainty(outputs: torch.Tensor, temperature: float) -> torch.Tensor:
    """1 − p₁ + p₂ (m,) for the two largest p of softmax(outputs / temperature) (m, k), in float64.

    From sums of what the largest leaves over, so that it keeps its digits where p₁ is nearly 1.
    """
    logits = (outputs.double() / temperature).sort(dim=1, descending=True).values  # (m, k)
    odds = (logits[:, 1:] - logits[:, :1]).exp()  # (m, k − 1), of the other classes against the most probable
    others = odds.sum(dim=1)
    return (others + odds[:, 0]) / (1 + others)


def fitted_temperature(view: View) -> float | None:
    """The temperature of largest likelihood on the labelled set, or None where the model has all of it right."""
    outputs = view.model.outputs(view.labelled.x)  # (n, k)
    if bool((outputs.argmax(dim=1) == view.labelled.y).all()):
        return None
    return best_temperature(outputs, view.labelled.y)


def smallest_distance(points: Points) -> float | None:
    """The smallest distance between two points, copies of a point left out, or None where there is no such pair."""
    exact = points.double()
    smallest = float("inf")
    for rows, columns in tile_pairs(len(exact)):
        squared = squared_distances(exact[rows], exact[columns])
        apart = squared[squared > SAME**2]
        smallest = min(smallest, float(apart.min().sqrt()) if len(apart) else smallest)
    return smallest if smallest < float("inf") else None
