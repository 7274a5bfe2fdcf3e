"""Stochastic batches: the picks of any score, perturbed by Gumbel noise (Kirsch et al., TMLR 2023, section 3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from baselines.uncertainty import Entropy
from bench.learner import Learner
from bench.numbers import Positive
from bench.objective import Objective
from bench.protocol import Protocol
from bench.selection import top_k
from bench.strategy import Strategy, TopScore, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch

Transform: TypeAlias = Literal["power", "softmax", "softrank"]
NEGATIVE = 1e-4
"""How far below 0 a score may be, relative to the largest and to 1, and still be an estimate of 0."""


@strategies.register("stochastic_batch")
@dataclass(frozen=True)
class StochasticBatch(Strategy):
    """A batch drawn without replacement, with probabilities that grow with the scores of another strategy.

    `scorer` is any strategy that is a score. A candidate with score s and rank r (1 is the best) is drawn next in
    proportion to s^β (`power`; with BALD it is PowerBALD), exp(β·s) (`softmax`) or r^−β (`softrank`): the largest of
    log s, s or −log r plus Gumbel noise / β. `power` wants scores that are not negative; those of 0 come after all
    others. Published for every budget. Time O(m log m) and memory O(m) beside the scores.
    """

    paper = "Kirsch et al., TMLR 2023"
    regime = "any"
    cost = "that of the scorer, and O(m log m) time, O(m) memory"
    needs = "what the scorer needs"

    scorer: Strategy = field(default_factory=Entropy)
    transform: Transform = "power"
    beta: Positive = 1.0

    def objective(self) -> Objective:
        return self.scorer.objective()

    def refusal(self, learner: Learner, protocol: Protocol) -> str | None:
        name = strategies.name_of(type(self.scorer))
        if not isinstance(self.scorer, TopScore):
            return f"scorer: wanted a strategy that scores candidates one by one, such as entropy; {name} picks sets"
        if self.scorer.sees_labels:
            return f"scorer: {name} looks at the true labels, which are not shown to a strategy that stands for others"
        if self.transform == "power" and self.scorer.below_zero:
            return f"transform: power wants scores not below 0, as those of {name} may be. Use softmax or softrank"
        return self.scorer.refusal(learner, protocol)

    def query(self, view: View, budget: int) -> torch.Tensor:
        assert isinstance(self.scorer, TopScore)
        scores = self.scorer.score(view)  # (m,)
        view.journal.score(scores)
        return perturbed_top_k(transformed(scores, self.transform), self.beta, budget, view.generator)


def transformed(scores: torch.Tensor, transform: Transform) -> torch.Tensor:
    """The logarithm, up to β, of the weights of scores (m,): log s, s or −log rank, (m,) in float64.

    Equal scores have equal ranks. Raises ValueError for power of scores that are clearly negative.
    """
    import torch

    scores = scores.double()
    if transform == "softmax":
        return scores
    if transform == "softrank":
        descending = -scores
        return -(torch.searchsorted(descending.sort().values, descending) + 1).double().log()
    least, most = float(scores.min()), float(scores.abs().max())
    if least < -NEGATIVE * max(1.0, most):
        raise ValueError(
            f"transform: power: wanted scores that are not negative; the least is {least:.3g}. Use softmax or softrank"
        )
    return scores.clamp_min(0).log()


def perturbed_top_k(weights: torch.Tensor, beta: float, budget: int, generator: torch.Generator) -> torch.Tensor:
    """Positions of the `budget` largest of weights (m,) + Gumbel noise / β; those of weight −∞ last, at random.

    It is a draw without replacement in proportion to exp(β·weights) (Gumbel-top-k; Kool et al., ICML 2019).
    Takes m numbers from `generator`, a CPU generator.
    """
    import torch

    noise = -torch.empty(len(weights), dtype=torch.float64).exponential_(generator=generator).log()  # (m,)
    shuffled = noise.argsort(descending=True).to(weights.device)
    perturbed = weights + noise.to(weights.device) / beta
    return shuffled[top_k(perturbed[shuffled], budget)]
