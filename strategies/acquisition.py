"""What an acquisition function is: a score of every candidate, given what the learner would become with its label.

The axes are orthogonal: an acquisition function is a utility of outputs before and after × a rule for the unknown
label; a retraining proxy (strategies/retraining.py) says what the outputs become.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from bench.probabilities import Probabilities
from bench.registry import Registry

if TYPE_CHECKING:
    import torch

    from strategies.beliefs.belief import Ahead, Belief

NUMBERS = 2**21
"""How many numbers of f⁺ are looked at together: about 16 MiB in float64, which stays near the processor."""


@dataclass(frozen=True)
class Question:
    """Which of c candidates is wanted most; m candidates in the belief, k classes.

    before (p, k): the outputs that changes are measured from, at the candidates `at` (p,), the x of the sum;
    label_outputs (m, k): the outputs that unknown labels are guessed from; rule: how outputs become probabilities;
    positions (c,): the candidates to score; progress: told the share that is done.
    """

    belief: Belief
    before: torch.Tensor
    label_outputs: torch.Tensor
    rule: Probabilities
    positions: torch.Tensor
    at: torch.Tensor
    progress: Callable[[float], None]

    @property
    def probabilities(self) -> torch.Tensor:
        """The classes' probabilities of the candidates to score (c, k)."""
        return self.rule(self.label_outputs[self.positions])

    def most_likely(self, utility: Callable[[Ahead], torch.Tensor]) -> torch.Tensor:
        """utility(f⁺) (c,) where each candidate has its most likely label."""
        import torch

        labels = self.label_outputs[self.positions].argmax(dim=1)  # (c,)
        targets = torch.nn.functional.one_hot(labels, self._classes).to(self.belief.outputs)  # (c, k)
        everything = torch.arange(len(labels), device=labels.device)
        return torch.cat([utility(ahead) for ahead, _ in self._looked_ahead(everything, targets)])

    def expected(self, utility: Callable[[Ahead], torch.Tensor]) -> torch.Tensor:
        """Σ_y p(y | x') utility(f⁺ with y) (c,), over the labels of each candidate that are possible, p > 0."""
        import torch

        p = self.probabilities.to(self.belief.outputs)  # (c, k)
        total = torch.zeros_like(p[:, 0])  # (c,)
        for y in range(self._classes):
            possible = (p[:, y] != 0).nonzero()[:, 0]  # (c',)
            targets = torch.zeros_like(p[possible])
            targets[:, y] = 1
            for ahead, rows in self._looked_ahead(possible, targets, y / self._classes, 1 / self._classes):
                total[rows] += p[rows, y] * utility(ahead)
        return total

    @property
    def _classes(self) -> int:
        return self.belief.outputs.shape[1]

    def _looked_ahead(
        self, rows: torch.Tensor, targets: torch.Tensor, done: float = 0.0, share: float = 1.0
    ) -> Iterator[tuple[Ahead, torch.Tensor]]:
        """The look-ahead of the rows (r,) of positions with targets (r, k), a part of them at a time, with its rows."""
        size = max(self.belief.together, NUMBERS // max(1, self.before.numel()))
        for start in range(0, len(rows), size):
            part = rows[start : start + size]
            yield self.belief.ahead(self.positions[part], targets[start : start + size], self.at), part
            self.progress(done + share * min(1.0, (start + size) / len(rows)))


class Acquisition(ABC):
    """An acquisition function. Implementations are frozen dataclasses; fields are part of the cell's id."""

    revision: ClassVar[int] = 1
    unread: ClassVar[frozenset[str]] = frozenset()
    """Which of look-ahead's settings reference, label_from and probe change no score."""

    @abstractmethod
    def score(self, question: Question) -> torch.Tensor:
        """How much each candidate of question.positions is wanted (c,), in float64; larger = more wanted."""


acquisitions: Registry[Acquisition] = Registry("acquisition", Acquisition, "lookahead_bench.acquisitions")
