"""DropQuery (Gupte et al., TMLR 2024): candidates whose prediction does not survive dropout, spread by k-means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from bench.errors import Refused
from bench.learner import Learner, Model
from bench.learners.linear import LinearLearner, LinearModel, with_constant
from bench.learners.network import NetworkLearner, NetworkModel
from bench.numbers import Count, Share
from bench.protocol import Protocol
from bench.strategy import Strategy, strategies
from bench.view import Space, View

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    LastLayer: TypeAlias = Callable[[torch.Tensor], torch.Tensor]

TILE = 4096


@strategies.register("dropquery")
@dataclass(frozen=True)
class DropQuery(Strategy):
    """Candidates whose label flips under dropout of their features, nearest to the centres of `budget` clusters.

    Section 4 of "Revisiting Active Learning in the Era of Vision Foundation Models": the features of the last layer are
    dropped `draws` times at rate `rate`, and the candidates kept whose predicted label changes in more than half of
    them. k-means with `budget` clusters on these, in the feature space `space`; of each cluster the candidate nearest
    to its centre. Where fewer than `budget` are kept, those with fewer flips are let in too, level by level: at worst
    this is k-means on all candidates.
    """

    paper: ClassVar[str] = "Gupte et al., TMLR 2024"
    regime: ClassVar[Literal["low", "high", "any"]] = "low"
    cost: ClassVar[str] = "O(m·d·(k + b)) time for each draw and each of at most 300 iterations, O(m·d) memory"
    needs: ClassVar[str] = "a linear last layer"

    draws: Count = 3
    rate: Share = 0.75
    space: Space = "penultimate"

    def query(self, view: View, budget: int) -> torch.Tensor:
        import torch

        with view.journal.stage("dropout"):
            flips = flip_counts(view.features, last_layer(view.model), self.draws, self.rate, view.generator)  # (m,)
        view.journal.score(flips.double())
        kept = undecided(flips, self.draws, budget).nonzero()[:, 0].cpu()
        with view.journal.stage("clusters"):
            seed = int(torch.randint(2**31 - 1, (), generator=view.generator))
            return kept[spread(view.embedding(self.space).candidates.cpu()[kept], budget, seed)]

    def refusal(self, learner: Learner, protocol: Protocol) -> str | None:
        if isinstance(learner, NetworkLearner | LinearLearner):
            return None
        return "wanted a learner with a linear last layer. Use network, ridge or logistic"


def last_layer(model: Model) -> LastLayer:
    """The map from features (n, d) to outputs (n, k). Raises Refused for a model without one."""
    if isinstance(model, NetworkModel):
        return model.net.head
    if isinstance(model, LinearModel):
        return lambda features: with_constant(features) @ model.weights
    raise Refused(f"wanted a model with a linear last layer; got {type(model).__name__}")


def flip_counts(
    features: torch.Tensor, layer: LastLayer, draws: int, rate: float, generator: torch.Generator
) -> torch.Tensor:
    """In how many of `draws` draws of dropout on features (m, d) the predicted label changes: (m,).

    Every candidate has masks of its own, drawn on the CPU; what is kept is divided by 1 − rate.
    """
    import torch

    def label(part: torch.Tensor) -> torch.Tensor:
        return layer(part).argmax(dim=1)

    def flips(part: torch.Tensor) -> torch.Tensor:
        masks = torch.rand(draws, *part.shape, generator=generator) >= rate  # (draws, t, d)
        before = label(part)
        after = torch.stack([label(part * mask.to(part.device) / (1 - rate)) for mask in masks])  # (draws, t)
        return (after != before).sum(dim=0)

    with torch.no_grad():
        return torch.cat([flips(part) for part in features.split(TILE)])


def undecided(flips: torch.Tensor, draws: int, budget: int) -> torch.Tensor:
    """Which candidates (m,) are kept: more than half of the draws flipped, or as many as leave `budget` candidates."""
    needed = draws // 2 + 1
    while int((flips >= needed).sum()) < budget:
        needed -= 1
    return flips >= needed


def spread(features: torch.Tensor, budget: int, seed: int) -> torch.Tensor:
    """Positions (b,) of the points of features (n, d) nearest to the centres of `budget` clusters by seeded k-means.

    Each centre takes the nearest point that is still free. Where fewer points are distinct than clusters are wanted,
    the first free points fill the batch.
    """
    import torch
    from sklearn.cluster import KMeans

    distinct = len(features.unique(dim=0))
    means = KMeans(min(budget, distinct), n_init=1, random_state=seed).fit(features.numpy())
    centres = torch.as_tensor(means.cluster_centers_, dtype=features.dtype)
    free, picks = torch.ones(len(features), dtype=torch.bool), list[int]()
    for centre in centres:
        distance = (features - centre).square().sum(dim=1)  # (n,)
        picks.append(int(distance.where(free, torch.inf).argmin()))
        free[picks[-1]] = False
    rest = free.nonzero()[: budget - len(picks), 0]
    return torch.cat([torch.tensor(picks), rest])
