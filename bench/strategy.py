"""What an acquisition strategy is: a plugin that picks candidates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, final

from bench.learner import Learner
from bench.objective import Objective, TaskLoss
from bench.protocol import Protocol
from bench.registry import Registry
from bench.selection import top_k
from bench.view import View

if TYPE_CHECKING:
    import torch


class Strategy(ABC):
    """Picks the candidates to label. Implementations are frozen dataclasses: the fields are the hyper-parameters.

    Laws, kept by bench.contract for every registered strategy: query() returns `budget` distinct positions in range;
    the same view and generator state give the same picks; the model is left as it was, bit for bit; in the sequential
    protocol only what is returned was revealed.
    """

    revision: ClassVar[int] = 1
    """Raise it when the behaviour changes: results of another revision are another cell."""
    sees_labels: ClassVar[bool] = False
    """Whether view.true_labels is wanted; such a strategy is no competitor and is marked everywhere."""
    sequential: ClassVar[bool] = False
    """Whether query() uses view.reveal, and so makes sense in the sequential protocol."""
    paper: ClassVar[str] = ""
    """Where it is published, as "Ash et al., ICLR 2020"."""
    regime: ClassVar[Literal["low", "high", "any"]] = "any"
    """The budget that it is published for."""
    cost: ClassVar[str] = ""
    """Time and memory of one query, in the letters of the project: m candidates, n labelled, k classes, d features."""
    needs: ClassVar[str] = ""
    """What it needs beyond a fitted learner, such as a network with dropout."""

    @abstractmethod
    def query(self, view: View, budget: int) -> Sequence[int] | torch.Tensor:
        """`budget` distinct positions into view.candidates; budget is at most len(view)."""

    def objective(self) -> Objective:
        """What the learner is trained on under this strategy; the task's own loss by default."""
        return TaskLoss()

    def refusal(self, learner: Learner, protocol: Protocol) -> str | None:
        """Why this strategy makes no sense with a learner or protocol, or None; asked before anything runs."""
        return None


class TopScore(Strategy):
    """A strategy that is a score: the largest scores are picked, of equal ones the first."""

    below_zero: ClassVar[bool] = False
    """Whether scores may be below 0, which powers of them do not allow."""

    @abstractmethod
    def score(self, view: View) -> torch.Tensor:
        """How much each candidate is wanted (m,); larger = more wanted."""

    @final
    def query(self, view: View, budget: int) -> torch.Tensor:
        scores = self.score(view)  # (m,)
        view.journal.score(scores)
        return top_k(scores, budget)


strategies: Registry[Strategy] = Registry("strategy", Strategy, "lookahead_bench.strategies")
