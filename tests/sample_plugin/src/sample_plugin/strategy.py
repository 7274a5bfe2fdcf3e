"""Distance to the labelled set in feature space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench.strategy import TopScore, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


@strategies.register("sample-farthest", presets={"sample-nearest": {"sign": -1}})
@dataclass(frozen=True)
class Farthest(TopScore):
    """Candidates farthest from their nearest labelled neighbour, or (sign −1) nearest to it."""

    sign: Literal[1, -1] = 1

    def score(self, view: View) -> torch.Tensor:
        import torch  # here, so that planning need not load it

        labelled = view.model.features(view.labelled.x)  # (n, d)
        return self.sign * torch.cdist(view.features, labelled).amin(dim=1)  # (m,)
