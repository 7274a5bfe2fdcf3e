"""What a retraining proxy is: a way to know what a learner would become, without really training it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from bench.learner import Learner
from bench.learners.network import NetworkLearner
from bench.registry import Registry
from bench.view import View

if TYPE_CHECKING:
    from strategies.beliefs.belief import Belief


class Retraining(ABC):
    """A retraining proxy. Implementations are frozen dataclasses; fields are part of the cell's id.

    Law: the belief that it returns keeps the laws of strategies.beliefs.belief.Belief.
    """

    revision: ClassVar[int] = 1

    @abstractmethod
    def belief(self, view: View) -> Belief:
        """What the fitted learner answers on the candidates, able to look ahead. The model stays as it is."""

    def refusal(self, learner: Learner) -> str | None:
        """Why this proxy makes no sense for a learner, or None; asked before anything runs."""
        return None


retrainings: Registry[Retraining] = Registry("retraining proxy", Retraining, "lookahead_bench.retrainings")


def refuse_all_but_squared_loss(learner: Learner) -> str | None:
    """The reason why a kernel proxy refuses a learner that is no network trained with squared loss, or None."""
    if not isinstance(learner, NetworkLearner):
        return f"the proxy imitates the training of a network; got {type(learner).__name__}. Use learner: network"
    if learner.train.loss != "squared":
        return "the kernel look-ahead assumes squared loss; set learner.train.loss: squared"
    return None
