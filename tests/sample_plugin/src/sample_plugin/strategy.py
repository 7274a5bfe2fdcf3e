"""Distance to the labelled set in feature space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from bench.strategy import TopScore, strategies
from bench.view import View


@strategies.register("sample-farthest", presets={"sample-nearest": {"sign": -1}})
@dataclass(frozen=True)
class Farthest(TopScore):
    """Candidates farthest from their nearest labelled neighbour, or (sign −1) nearest to it."""

    sign: Literal[1, -1] = 1

    def score(self, view: View) -> torch.Tensor:
        labelled = view.model.features(view.labelled.x)  # (n, d)
        return self.sign * torch.cdist(view.features, labelled).amin(dim=1)  # (m,)
