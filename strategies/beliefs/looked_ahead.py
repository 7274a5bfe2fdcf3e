"""A belief that has looked ahead already, so that the same question costs nothing when it is asked again."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from strategies.beliefs.belief import Belief, Materialised


@dataclass(frozen=True)
class LookedAhead(Belief):
    """`belief`, whose m candidates with targets (m, k) are known to lead to the outputs after (m, m, k).

    It asks the belief anew for other targets alone, and for what comes after a label is added.
    """

    outputs: torch.Tensor
    belief: Belief
    targets: torch.Tensor
    after: torch.Tensor

    @property
    def together(self) -> int:
        return self.belief.together

    def ahead(self, positions: torch.Tensor, targets: torch.Tensor, at: torch.Tensor) -> Materialised:
        outputs = self.after[positions[:, None], at]  # (b, p, k)
        new = (targets != self.targets[positions]).any(dim=1)  # (b,)
        if new.any():
            outputs[new] = self.belief.ahead(positions[new], targets[new], at).outputs()
        return Materialised(outputs)

    def condition(self, position: int, target: torch.Tensor, keep: bool = True) -> Belief:
        return self.belief.condition(position, target, keep)
