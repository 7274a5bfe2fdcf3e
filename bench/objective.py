"""What a network is trained on. A strategy may carry an objective of its own; the trainer never asks whose it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.errors import ContractError

if TYPE_CHECKING:
    import torch

    from bench.learner import Labelled
    from bench.modules.network import Forward, Network


@dataclass(frozen=True)
class Step:
    """What an objective sees of one training step on b samples.

    batch: the samples as the network saw them; per_sample (b,): the learner's own loss of each; forward: logits,
    features and stage features of the same pass; auxiliary: the objective's own module, if it has one; progress: the
    share of training done, in [0, 1); loss: the learner's own loss of each sample (b,), from logits (b, k) and targets,
    for an objective that trains a network of its own.
    """

    batch: Labelled
    per_sample: torch.Tensor
    forward: Forward
    auxiliary: torch.nn.Module | None
    progress: float
    loss: Callable[[torch.Tensor, Labelled], torch.Tensor]


class Objective(ABC):
    """How the loss that is minimised is made of the task's loss and, possibly, a part of the objective's own.

    Implementations are frozen dataclasses: what is learnt lives in the auxiliary module.
    """

    def auxiliary(self, net: Network, example: Forward) -> torch.nn.Module | None:
        """A module trained beside the network, given one forward pass for its shapes; None without one.

        Its parameters are drawn anew by the trainer through `reset(module, generator)` of this class.
        """
        return None

    def reset(self, module: torch.nn.Module, generator: torch.Generator) -> None:
        """Draw the auxiliary module's parameters from a generator. Raises ContractError unless a subclass says how."""
        name = type(self).__name__
        raise ContractError(f"{name}: wanted reset(module, generator) too, since auxiliary() gives a module; add it")

    def learning_rate(self, task_rate: float) -> float:
        """The auxiliary module's maximum learning rate, given the network's; its schedule is the network's."""
        return task_rate

    @abstractmethod
    def total(self, step: Step) -> torch.Tensor:
        """The scalar to minimise."""


@dataclass(frozen=True)
class TaskLoss(Objective):
    """The mean of the task's own loss over the samples: what every learner minimises unless told otherwise."""

    def total(self, step: Step) -> torch.Tensor:
        return step.per_sample.mean()
