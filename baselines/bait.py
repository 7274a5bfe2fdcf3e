"""BAIT: a batch that leaves little uncertainty about the last layer, as its Fisher information measures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from baselines.fisher import Factors, Trace, forward_backward
from bench.errors import Refused
from bench.numbers import Count, Positive
from bench.strategy import Strategy, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch

LARGEST = 16_384


@strategies.register("bait", presets={"bait-binary": {"fisher": "binary"}})
@dataclass(frozen=True)
class BAIT(Strategy):
    """Smallest trace of M⁻¹F by forward-backward selection on the last layer's Fisher information (Ash et al., 2021).

    Algorithm 1 of "Gone Fishing", NeurIPS 2021: F is the mean information of labelled set and candidates, M is λI plus
    that of the labelled set and the batch; `oversample` times the budget is added greedily and the excess taken away.
    Weights as in the authors' code: M = λI + n/(n+b)·mean of the labelled + b/(n+b)·sum of the batch.

    `fisher`, from "Fast Fishing" (Huseljic et al., ECML 2024): exp takes the expectation over the `top_classes` most
    probable classes, their probabilities made to sum to 1 (BAIT-Exp; null: all classes, the original). binary takes
    the most probable class against the rest, p(1 − p)·h·hᵀ (BAIT-Binary), the only one for many classes: exp holds
    four matrices of (k·d)² float64 numbers and is refused at work where k·d exceeds 16,384, which is 2 GiB each.

    The likelihood is the categorical one on the learner's probabilities, whatever it was trained on. A candidate with a
    probability of exactly 1, as the simplex rule of squared loss gives it, carries no information.
    """

    paper: ClassVar[str] = "Ash et al., NeurIPS 2021; Huseljic et al., ECML 2024"
    regime: ClassVar[Literal["low", "high", "any"]] = "any"
    cost: ClassVar[str] = (
        "O((m + n)·k²·d² + k³·d³ + b·c·(m·k·d + k²·d²)) time, O(m·(d + k·c + c²) + k²·d²) memory; binary: k = c = 1"
    )
    needs: ClassVar[str] = "a last layer"

    fisher: Literal["exp", "binary"] = "exp"
    top_classes: Count | None = 2
    penalty: Positive = 1.0
    oversample: Count = 2

    def query(self, view: View, budget: int) -> list[int]:
        self._check_size(view)
        with view.journal.stage("fisher"):
            trace = self.trace(view, budget)
        view.journal.score(trace.decrease())
        with view.journal.stage("selection"):
            return forward_backward(trace, budget, self.oversample)

    def trace(self, view: View, budget: int) -> Trace:
        """The objective before any candidate is picked, with each candidate weighted for a batch of `budget`."""
        known = self._factors(view.model.probabilities(view.labelled.x), view.model.features(view.labelled.x))
        pool = self._factors(view.probabilities, view.features)
        n, m = len(view.labelled), len(view)
        seen = known.total()  # (k·d, k·d)
        target = pool.total().add_(seen).div_(n + m)
        initial = seen.div_(n + budget)
        initial.diagonal().add_(self.penalty)
        weighted = Factors(pool.weights * (budget / (n + budget)) ** 0.5, pool.features)
        return Trace.start(weighted, initial, target)

    def _factors(self, p: torch.Tensor, features: torch.Tensor) -> Factors:
        weights = binary(p.double()) if self.fisher == "binary" else expected(p.double(), self.top_classes)
        return Factors(weights, features.double())

    def _check_size(self, view: View) -> None:
        size = view.features.shape[1] * (view.classes if self.fisher == "exp" else 1)
        if size > LARGEST:
            raise Refused(
                f"wanted at most {LARGEST} weights in the last layer; got {size}, whose Fisher information takes "
                f"{8 * size**2 / 2**30:.0f} GiB four times over. Use fisher: binary, or a narrower network"
            )


def expected(p: torch.Tensor, top: int | None) -> torch.Tensor:
    """Q (m, k, c) of probabilities (m, k), its columns √p_y·(e_y − p) for the c = `top` most probable classes y.

    Q Qᵀ = Σ_y p_y (e_y − p)(e_y − p)ᵀ, the information of the logits; the p_y of fewer than k classes sum to 1.
    """
    import torch

    likely = p.topk(min(top or p.shape[1], p.shape[1]), dim=1)  # (m, c)
    share = likely.values / likely.values.sum(dim=1, keepdim=True)  # (m, c)
    gradients = torch.nn.functional.one_hot(likely.indices, p.shape[1]) - p[:, None, :]  # (m, c, k)
    return (share.sqrt()[:, :, None] * gradients).mT


def binary(p: torch.Tensor) -> torch.Tensor:
    """Q (m, 1, 1) of probabilities (m, k): √(p(1 − p)) for the most probable class."""
    largest = p.amax(dim=1)  # (m,)
    return (largest * (1 - largest)).clamp_min(0).sqrt()[:, None, None]
