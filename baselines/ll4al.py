"""Learning Loss for Active Learning (Yoo and Kweon, CVPR 2019): a module beside the network predicts losses."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from bench.errors import Refused
from bench.learner import Learner
from bench.learners.network import NetworkLearner, NetworkModel
from bench.numbers import Count, NonNegative, Positive
from bench.objective import Objective, Step
from bench.protocol import Protocol
from bench.strategy import TopScore, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch

    from baselines.modules.loss_prediction import LossPrediction
    from bench.modules.network import Forward, Network

TILE = 512


@strategies.register("ll4al")
@dataclass(frozen=True)
class LL4AL(TopScore):
    """Largest loss as predicted by a module that is trained beside the network (Yoo and Kweon, CVPR 2019).

    Training minimises the mean task loss plus `weight` (λ) times the ranking loss of equations (1) and (2) with margin
    `margin` (ξ). After the share `detach_after` of the epochs (the authors' 120 of 200) the ranking loss no longer
    reaches the network. `learning_rate` is the maximum one of the module, by default the network's; its schedule,
    momentum and weight decay are the network's.

    `reduction` says what the loss of a sample is, as task loss of this arm and as target of the module: with squared
    loss, mean or sum over the k classes. Mean is what all other arms train on. Sum is k times that, as in the code of
    the look-ahead paper (Mohamadi et al., NeurIPS 2022), where only this arm had it: k times the learning rate.

    `evaluate`: joint is the paper's, where the network that is evaluated is trained by the ranking loss too, so that
    its accuracy at equal labels is not comparable with that of other arms. With separate that network is trained as
    in every other arm, and `reduction`, `weight` and `learning_rate` concern a copy of it that the module comes with;
    in each cycle the copy starts from the weights that the network starts from. It is only there to pick.
    """

    below_zero: ClassVar[bool] = True
    paper: ClassVar[str] = "Yoo and Kweon, CVPR 2019"
    regime: ClassVar[Literal["low", "high", "any"]] = "high"
    cost: ClassVar[str] = "one forward pass, O(m) memory; separate doubles the time of training"
    needs: ClassVar[str] = "a network"

    weight: NonNegative = 1.0
    margin: Positive = 1.0
    width: Count = 128
    detach_after: Annotated[float, Field(ge=0, le=1)] = 0.6
    learning_rate: Positive | None = None
    reduction: Literal["mean", "sum"] = "mean"
    evaluate: Literal["joint", "separate"] = "joint"

    def objective(self) -> Objective:
        return Separate(self) if self.evaluate == "separate" else Joint(self)

    def score(self, view: View) -> torch.Tensor:
        import torch

        network, module = _trained(view)
        with torch.no_grad():
            return torch.cat([module(network.parts(x).stages) for x in view.candidates.split(TILE)])

    def refusal(self, learner: Learner, protocol: Protocol) -> str | None:
        if not isinstance(learner, NetworkLearner):
            return "wanted a network, whose stages the loss is predicted from. Use the learner network"
        if self.reduction == "sum" and learner.train.loss == "cross_entropy":
            return "cross-entropy is no sum over classes. Use reduction: mean, or learner.train.loss: squared"
        return None


@dataclass(frozen=True)
class LossPredictionObjective(Objective):
    """What both ways of training have in common: the module, and the loss of a network that it watches."""

    strategy: LL4AL

    def reset(self, module: torch.nn.Module, generator: torch.Generator) -> None:
        _checked(module).initialise(generator)

    def learning_rate(self, task_rate: float) -> float:
        return self.strategy.learning_rate or task_rate

    def module(self, example: Forward, own: Network | None) -> LossPrediction:
        """A new module for stages like those of `example`, with a network of its own or without."""
        from baselines.modules.loss_prediction import LossPrediction

        return LossPrediction([stage.shape[1] for stage in example.stages], self.strategy.width, own)

    def watched(self, module: LossPrediction, forward: Forward, losses: torch.Tensor, step: Step) -> torch.Tensor:
        """Mean loss (b,) of the network that made `forward`, plus λ times the ranking loss."""
        from baselines.modules.loss_prediction import ranking_loss

        losses = losses * step.batch.classes if self.strategy.reduction == "sum" else losses
        detached = step.progress >= self.strategy.detach_after
        stages = tuple(stage.detach() if detached else stage for stage in forward.stages)
        ranking = ranking_loss(module(stages), losses, self.strategy.margin)
        return losses.mean() if ranking is None else losses.mean() + self.strategy.weight * ranking


@dataclass(frozen=True)
class Joint(LossPredictionObjective):
    """The module watches the network that is evaluated, and helps to train it."""

    def auxiliary(self, net: Network, example: Forward) -> LossPrediction:
        return self.module(example, own=None)

    def total(self, step: Step) -> torch.Tensor:
        return self.watched(_checked(step.auxiliary), step.forward, step.per_sample, step)


@dataclass(frozen=True)
class Separate(LossPredictionObjective):
    """The module watches a copy of the network, trained on the same batches; the network itself is left alone."""

    def auxiliary(self, net: Network, example: Forward) -> LossPrediction:
        return self.module(example, own=copy.deepcopy(net))

    def total(self, step: Step) -> torch.Tensor:
        module = _checked(step.auxiliary)
        forward = module.training_pass(step.batch.x)
        losses = step.loss(forward.logits, step.batch)
        return step.per_sample.mean() + self.watched(module, forward, losses, step)


def _trained(view: View) -> tuple[Network, LossPrediction]:
    """The network that the module watches, and the module."""
    if not isinstance(view.model, NetworkModel):
        raise Refused(f"wanted the model of a network; got {type(view.model).__name__}. Use the learner network")
    module = _checked(view.model.auxiliary)
    return view.model.net if module.own is None else module.own, module


def _checked(module: torch.nn.Module | None) -> LossPrediction:
    from baselines.modules.loss_prediction import LossPrediction

    if isinstance(module, LossPrediction):
        return module
    raise Refused(f"wanted the module that this strategy trains; got {type(module).__name__}. Train with its objective")
