"""Retraining for real, as the oracle of the others and as their cheap rival: naive and one_step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.learner import Learner
from bench.learners.network import NetworkLearner
from bench.numbers import Count, Positive
from bench.view import View
from strategies.retraining import Retraining, retrainings

if TYPE_CHECKING:
    import torch

    from bench.learners.network import NetworkModel
    from strategies.beliefs.samples import Samples
    from strategies.beliefs.sgd_belief import Retrainer, SGDBelief


MOST = 64
PARAMETERS = 4_000_000
"""How many parameters are trained together on a GPU: what their activations take goes with it, more or less."""


@retrainings.register("naive")
@dataclass(frozen=True)
class Naive(Retraining):
    """Really train on each candidate: from the network's weights, by its own recipe for `epochs`, without augmentation
    and with BatchNorm statistics frozen.

    `rate` is the largest of its learning rates, by default the recipe's, at which a network with BatchNorm may diverge,
    for its statistics no longer follow. `together`: how many candidates are trained at once by torch.func; by default
    64 where the network has no convolutions; 1 where it has, which is faster on a CPU, and on a GPU as many up to 64 as
    have four million parameters in all. O(m · epochs · n) gradients for MLMOC, k times that for EMOC and EER.
    """

    epochs: Count = 15
    rate: Positive | None = None
    together: Count | None = None

    def refusal(self, learner: Learner) -> str | None:
        return _refuse_all_but_networks(learner)

    def belief(self, view: View) -> SGDBelief:
        from strategies.beliefs.naive import Batched, PlainLoop, shortened

        model, samples = _prepared(view)
        recipe = shortened(model.learner.train, self.epochs, self.rate)
        together = self.together or trained_at_once(model.net, samples.x.is_cuda)
        return _belief(view, model, samples, PlainLoop(recipe) if together == 1 else Batched(recipe, together))


@retrainings.register("one_step")
@dataclass(frozen=True)
class OneGradientStep(Retraining):
    """One full-batch gradient step on the labelled set and the candidate (the paper's "1-step").

    `rate` is its size η, by default the recipe's largest learning rate. A backward pass and a forward pass over the
    candidates for each candidate.
    """

    rate: Positive | None = None

    def refusal(self, learner: Learner) -> str | None:
        return _refuse_all_but_networks(learner)

    def belief(self, view: View) -> SGDBelief:
        from strategies.beliefs.one_step import OneStep

        model, samples = _prepared(view)
        recipe = model.learner.train
        return _belief(view, model, samples, OneStep(model.net, samples, recipe, self.rate or recipe.schedule.max_lr))


def _refuse_all_but_networks(learner: Learner) -> str | None:
    if isinstance(learner, NetworkLearner):
        return None
    return f"retraining by SGD needs a network; got {type(learner).__name__}. Use learner: network"


def _prepared(view: View) -> tuple[NetworkModel, Samples]:
    import torch

    from bench.learners.network import NetworkModel
    from strategies.beliefs.samples import Samples

    assert isinstance(view.model, NetworkModel)
    salt = int(torch.randint(2**62, (), generator=view.generator))
    return view.model, Samples.of(view, salt)


def _belief(view: View, model: NetworkModel, samples: Samples, retrainer: Retrainer) -> SGDBelief:
    from strategies.beliefs.sgd_belief import SGDBelief

    return SGDBelief(model.net, retrainer, samples, view.outputs.double())


def trained_at_once(net: torch.nn.Module, on_gpu: bool) -> int:
    """How many copies of a network are trained together where nobody says it."""
    from torch.nn.modules.conv import _ConvNd

    if not any(isinstance(module, _ConvNd) for module in net.modules()):
        return MOST
    if not on_gpu:
        return 1
    return min(MOST, max(1, PARAMETERS // sum(parameter.numel() for parameter in net.parameters())))
