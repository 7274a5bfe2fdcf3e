"""How much the outputs would change: MLMOC (13) and EMOC (3) of Mohamadi, Bae and Sutherland, NeurIPS 2022."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from strategies.acquisition import Acquisition, Question, acquisitions

if TYPE_CHECKING:
    import torch

    from strategies.beliefs.belief import Ahead

Distance: TypeAlias = Literal["l2", "flips"]


@acquisitions.register("mlmoc")
@dataclass(frozen=True)
class MLMOC(Acquisition):
    """Most likely model output change, equation (13): the change that a candidate's most likely label would make.

    `distance`: l2 sums ‖f(x) − f⁺(x)‖₂ over the candidates x, flips counts the x whose predicted class changes (as the
    authors' released code does). By a kernel: O(m²k) time, O(m²) memory.
    """

    distance: Distance = "l2"

    def score(self, question: Question) -> torch.Tensor:
        return question.most_likely(partial(DISTANCES[self.distance], question.before))


@acquisitions.register("emoc")
@dataclass(frozen=True)
class EMOC(Acquisition):
    """Expected model output change, equation (3): the change that a candidate's label makes, in expectation over it.

    `distance` as in mlmoc. k times the cost of MLMOC.
    """

    distance: Distance = "l2"

    def score(self, question: Question) -> torch.Tensor:
        return question.expected(partial(DISTANCES[self.distance], question.before))


def l2(before: torch.Tensor, ahead: Ahead) -> torch.Tensor:
    """Σₓ ‖f(x) − f⁺(x)‖₂ for each addition (b,); before (p, k).

    Where f⁺ is base + g·h, with c = f − base: ‖c − g h‖² = ‖c‖² − 2g⟨c, h⟩ + g²‖h‖², one product for all.
    """
    from strategies.beliefs.belief import RankOne

    if not isinstance(ahead, RankOne):
        return (ahead.outputs() - before).norm(dim=2).sum(dim=1)
    c, g, h = before - ahead.base, ahead.gain, ahead.step
    squared = (h @ c.T).mul_(-2)  # (b, p)
    squared.addcmul_(g, h.square().sum(dim=1, keepdim=True)).mul_(g).add_(c.square().sum(dim=1))
    return squared.clamp_min_(0).sqrt_().sum(dim=1)


def flips(before: torch.Tensor, ahead: Ahead) -> torch.Tensor:
    """The number of x whose most likely class changes, for each addition (b,); before (p, k)."""
    return (ahead.outputs().argmax(dim=2) != before.argmax(dim=1)).sum(dim=1).to(before)


DISTANCES: Mapping[Distance, Callable[[torch.Tensor, Ahead], torch.Tensor]] = {"l2": l2, "flips": flips}
