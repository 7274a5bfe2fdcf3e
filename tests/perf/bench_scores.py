"""What scoring by a kernel costs, against equation (11) solved anew for each candidate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch

from bench.probabilities import Probabilities
from perf.case import Case
from perf.timing import threads
from strategies.acquisition import Question
from strategies.beliefs.kernel_belief import KernelBelief, kernel_belief
from strategies.beliefs.solver import by_cholesky
from strategies.mlmoc_plain import one_hot_like, output_change, retrained
from strategies.output_change import MLMOC

TIMED = 10


def cases() -> Iterator[Case]:
    """MLMOC of all candidates, and what one more label costs, on two threads."""
    problem = Problem(labelled=1000, candidates=6000, classes=10)
    yield Case(
        "scores/l1000-u6000-c10/brute-force",
        problem.ours,
        problem.brute_force,
        "equation (11) for each candidate",
        repeats=5,
        note=lambda: f"float64, 2 threads; brute force timed on {TIMED} candidates and extrapolated",
        peer_share=TIMED / problem.candidates,
    )
    yield Case(
        "scores/condition-u6000/stream",
        problem.condition,
        problem.stream,
        "S read and written once",
        repeats=9,
        note=lambda: "one label added to a belief over 6 000 candidates",
    )
    yield Case(
        "scores/sequential-pick-u6000", problem.pick, repeats=5, note=lambda: "all scores, the best, its label added"
    )


@dataclass(frozen=True)
class Problem:
    """A random kernel of 2 000 features, outputs and labels."""

    labelled: int
    candidates: int
    classes: int

    def ours(self) -> torch.Tensor:
        """The preparation and all scores."""
        with threads(2):
            return MLMOC().score(self._question(self._belief()))

    def brute_force(self) -> list[torch.Tensor]:
        """A few candidates, each with a solve of its own."""
        n = self.labelled
        with threads(2):
            noise = 1e-4 * self.kernel.diagonal()[:n].mean()
            most_likely = self.outputs[n:].argmax(dim=1)
            targets = torch.cat([self.targets, one_hot_like(most_likely, self.outputs)])
            changes = []
            for i in range(TIMED):
                train = torch.tensor([*range(n), n + i])
                after = retrained(self.kernel, self.outputs, targets, train, noise)
                changes.append(output_change(self.outputs[n:], after[n:]))
            return changes

    def condition(self) -> KernelBelief:
        """One label."""
        with threads(2):
            return self.prepared.condition(0, self.targets[0], keep=False)

    def stream(self) -> torch.Tensor:
        """The least that changing every number of S takes."""
        with threads(2):
            return self.prepared.covariance.mul_(1.0)

    def pick(self) -> KernelBelief:
        """One pick of the sequential protocol."""
        with threads(2):
            best = int(MLMOC().score(self._question(self.prepared)).argmax())
            return self.prepared.condition(best, self.targets[0], keep=False)

    @cached_property
    def kernel(self) -> torch.Tensor:
        total = self.labelled + self.candidates
        features = torch.randn(total, 2000, generator=torch.Generator().manual_seed(0), dtype=torch.float64) / 2000**0.5
        return features @ features.T

    @cached_property
    def outputs(self) -> torch.Tensor:
        generator = torch.Generator().manual_seed(1)
        return torch.rand(self.labelled + self.candidates, self.classes, generator=generator, dtype=torch.float64)

    @cached_property
    def targets(self) -> torch.Tensor:
        return one_hot_like(torch.arange(self.labelled) % self.classes, self.outputs)

    @cached_property
    def prepared(self) -> KernelBelief:
        return self._belief()

    def _belief(self) -> KernelBelief:
        noise = 1e-4 * float(self.kernel.diagonal()[: self.labelled].mean())
        return kernel_belief(self.kernel, self.outputs, self.targets, noise, by_cholesky)

    def _question(self, belief: KernelBelief) -> Question:
        network, everything = self.outputs[self.labelled :], torch.arange(self.candidates)
        return Question(belief, network, network, Probabilities(project=True), everything, everything, lambda _: None)
