"""A model that answers from arrays, for tests of strategies: its inputs are row numbers."""

from __future__ import annotations

import torch

from bench.learner import Labelled, Learner, Model
from bench.learners.network import NetworkLearner
from bench.objective import TaskLoss
from bench.probabilities import Probabilities
from bench.view import Embedding, View


class GivenModel(Model):
    """Outputs (r, k) and features (r, d) of r inputs, which are the numbers of their rows (·, 1)."""

    def __init__(self, outputs: torch.Tensor, features: torch.Tensor, rule: Probabilities) -> None:
        self._outputs, self._features, self.rule = outputs, features, rule
        self.classes = outputs.shape[1]

    def outputs(self, x: torch.Tensor) -> torch.Tensor:
        return self._outputs[x[:, 0].long()]

    def features(self, x: torch.Tensor) -> torch.Tensor:
        return self._features[x[:, 0].long()]

    def residual(self, labelled: Labelled) -> float:
        return 0.0

    def state(self) -> dict[str, torch.Tensor]:
        return {}


def given_view(
    outputs: torch.Tensor,
    features: torch.Tensor,
    labelled: int = 0,
    seed: int = 0,
    learner: Learner | None = None,
    given: Embedding | None = None,
) -> View:
    """A view in which the first `labelled` rows of outputs (r, k) and features (r, d) are labelled, with class 0, and
    the others are the candidates; probabilities are the softmax of outputs."""
    x = torch.arange(len(outputs), dtype=torch.float64)[:, None]
    return View(
        model=GivenModel(outputs, features, Probabilities()),
        labelled=Labelled(x[:labelled], torch.zeros(labelled, dtype=torch.long), outputs.shape[1]),
        candidates=x[labelled:],
        generator=torch.Generator().manual_seed(seed),
        learner=learner or NetworkLearner(),
        objective=TaskLoss(),
        given=given,
    )
