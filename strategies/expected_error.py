"""Expected error reduction: equation (2) of Mohamadi, Bae and Sutherland, NeurIPS 2022; Roy and McCallum, ICML 2001."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from strategies.acquisition import Acquisition, Question, acquisitions

if TYPE_CHECKING:
    import torch

    from strategies.beliefs.belief import Ahead


@acquisitions.register("eer")
@dataclass(frozen=True)
class EER(Acquisition):
    """Expected error reduction, equation (2): minus the entropy of all candidates' predictions after training on one,
    in expectation over its label.

    O(m²k²) time by a kernel, since every f⁺ has to be made into probabilities.
    """

    unread: ClassVar[frozenset[str]] = frozenset({"reference"})

    def score(self, question: Question) -> torch.Tensor:
        def certainty(ahead: Ahead) -> torch.Tensor:
            after = ahead.outputs()  # (b, p, k)
            p = question.rule(after.flatten(0, 1)).view_as(after)
            return p.xlogy(p).sum(dim=(1, 2))  # (b,)

        return question.expected(certainty)
