"""Small kernel regressions and fitted networks for the tests of look-ahead, with the slow way to retrain them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from given_model import GivenModel

from bench.example import CLASSES, LABELLED, example_data
from bench.learner import Fit, Labelled, Learner
from bench.learners.network import NetworkLearner
from bench.objective import TaskLoss
from bench.probabilities import Probabilities
from bench.recipe import OneCycle, Train
from bench.streams import Streams
from bench.view import View
from strategies.acquisition import Question
from strategies.beliefs.belief import Belief, Materialised
from strategies.beliefs.kernel_belief import KernelBelief, kernel_belief
from strategies.beliefs.solver import by_cholesky
from strategies.retraining import Retraining

BRIEF = Train(epochs=3, batch_size=8, schedule=OneCycle(max_lr=0.05))
Added = Sequence[tuple[int, torch.Tensor]]
"""Positions among the candidates with their targets (k,)."""


@dataclass(frozen=True)
class Regression:
    """n labelled points, then m candidates: a kernel (n + m, n + m), outputs f₀ (n + m, k), labels (n + m,), σ²."""

    kernel: torch.Tensor
    prior: torch.Tensor
    labels: torch.Tensor
    labelled: int
    noise: float

    @property
    def classes(self) -> int:
        return self.prior.shape[1]

    @property
    def targets(self) -> torch.Tensor:
        """One-hot targets (n + m, k) of all points."""
        return one_hot(self.labels, self.classes)

    @property
    def candidates(self) -> int:
        return len(self.labels) - self.labelled

    def belief(self) -> KernelBelief:
        """The belief under test."""
        return kernel_belief(self.kernel, self.prior, self.targets[: self.labelled], self.noise, by_cholesky)

    def refitted(self, added: Added) -> torch.Tensor:
        """Equation (11), literally: the outputs (m, k) after training on the labelled points and all that was added."""
        n = self.labelled
        rows = [*range(n), *(n + position for position, _ in added)]
        targets = torch.stack([*self.targets[:n], *(target for _, target in added)])
        system = self.kernel[rows][:, rows] + self.noise * torch.eye(len(rows), dtype=torch.float64)
        return self.prior[n:] + self.kernel[n:, rows] @ torch.linalg.solve(system, targets - self.prior[rows])

    def view(self, reveal: Callable[[int], int] | None = None, rule: Probabilities = Probabilities(True)) -> View:  # noqa: B008
        """A view whose inputs are the rows' numbers; the model's outputs are f₀."""
        x = torch.arange(len(self.labels), dtype=torch.float64)[:, None]
        model = GivenModel(self.prior, x, rule)
        labelled = Labelled(x[: self.labelled], self.labels[: self.labelled], self.classes)
        generator = torch.Generator().manual_seed(7)
        return View(model, labelled, x[self.labelled :], generator, NetworkLearner(), TaskLoss(), reveal=reveal)


@dataclass(frozen=True)
class FromRegression(Retraining):
    """The belief of a regression, whatever the view."""

    regression: Regression

    def belief(self, view: View) -> Belief:
        return self.regression.belief()


def regression(
    labelled: int = 6, candidates: int = 9, classes: int = 3, seed: int = 0, features: int = 12, noise: float = 0.05
) -> Regression:
    """Gaussian features, outputs that are near one-hot but often wrong, and random labels."""
    generator = torch.Generator().manual_seed(seed)
    points = labelled + candidates
    x = torch.randn(points, features, generator=generator, dtype=torch.float64)
    labels = torch.randint(classes, (points,), generator=generator)
    said = torch.randint(classes, (points,), generator=generator)
    outputs = 0.6 * one_hot(said, classes) + 0.2 * torch.randn(points, classes, generator=generator).double()
    return Regression(x @ x.T / features, outputs, labels, labelled, noise)


@dataclass(frozen=True)
class Plainly(Belief):
    """Another belief, whose look-ahead is the law: each candidate is really added, one after the other."""

    belief: Belief
    outputs: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outputs", self.belief.outputs)

    def ahead(self, positions: torch.Tensor, targets: torch.Tensor, at: torch.Tensor) -> Materialised:
        pairs = zip(positions.tolist(), targets, strict=True)
        return Materialised(torch.stack([self.belief.condition(i, y).outputs[at] for i, y in pairs]))

    def condition(self, position: int, target: torch.Tensor, keep: bool = True) -> Plainly:
        return Plainly(self.belief.condition(position, target, keep))


def one_hot(classes: torch.Tensor, k: int) -> torch.Tensor:
    """Rows (·, k) in float64."""
    return torch.nn.functional.one_hot(classes, k).double()


def asked(
    belief: Belief,
    before: torch.Tensor,
    label_outputs: torch.Tensor,
    at: torch.Tensor | None = None,
    rule: Probabilities = Probabilities(True),  # noqa: B008
) -> Question:
    """A question about all candidates, where changes are measured from `before` (m, k)."""
    everything = torch.arange(len(belief.outputs))
    at = everything if at is None else at
    return Question(belief, before[at], label_outputs, rule, everything, at, lambda share: None)


def fitted_view(learner: Learner, candidates: int = 8, labelled: int = LABELLED, seed: int = 0) -> View:
    """The contract's small images, with a learner that was fitted on the first of them."""
    data = example_data()
    known = Labelled(data.x_pool[:labelled], data.y_pool[:labelled], CLASSES)
    model = learner.fit(Fit(known, None, TaskLoss(), Streams(seed), 0))
    shown = data.x_pool[LABELLED : LABELLED + candidates]
    return View(model, known, shown, torch.Generator().manual_seed(seed), learner, TaskLoss())


def close(a: torch.Tensor, b: torch.Tensor, tolerance: float = 1e-9) -> None:
    """Assert that two tensors are equal up to a relative and absolute tolerance."""
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)
