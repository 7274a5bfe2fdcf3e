"""One full-batch gradient step of explicit size on the labelled set and the additions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch.func import functional_call, grad

from bench.modules.network import Network
from bench.recipe import Train
from strategies.beliefs.losses import loss_of
from strategies.beliefs.samples import Addition, Samples
from strategies.beliefs.sgd_belief import Retrainer, Weights, stacked

BATCH = 256


@dataclass(frozen=True)
class OneStep(Retrainer):
    """θ − η ∇ of the mean loss over n labelled samples and a additions; the labelled samples' part is found once.

    It is for one network and its samples: weights() raises ValueError for others.
    """

    net: Network
    samples: Samples
    recipe: Train
    rate: float
    at_once: int = 1

    def weights(self, net: Network, samples: Samples, sets: Sequence[Sequence[Addition]]) -> Weights:
        if net is not self.net or samples is not self.samples:
            raise ValueError("wanted the network and the samples that this step was made for; make another OneStep")
        return stacked([self._stepped(added) for added in sets])

    def _stepped(self, added: Sequence[Addition]) -> Weights:
        parameters, n = self._parameters, self.samples.labelled
        positions = torch.tensor([n + position for position, _ in added], device=self.samples.x.device)
        own = self._gradient(self.samples.x[positions], torch.stack([target for _, target in added]))
        scale = self.rate / (n + len(added))
        return {name: p - scale * (self._labelled_gradient[name] + own[name]) for name, p in parameters.items()}

    @cached_property
    def _parameters(self) -> dict[str, torch.Tensor]:
        return {name: parameter.detach() for name, parameter in self.net.named_parameters()}

    @cached_property
    def _labelled_gradient(self) -> dict[str, torch.Tensor]:
        x, targets = self.samples.x[: self.samples.labelled], self.samples.targets
        parts = [self._gradient(*part) for part in zip(x.split(BATCH), targets.split(BATCH), strict=True)]
        return {name: torch.stack([part[name] for part in parts]).sum(dim=0) for name in parts[0]}

    def _gradient(self, x: torch.Tensor, targets: torch.Tensor) -> dict[str, torch.Tensor]:
        """The gradient of the summed loss of x (s, …) with targets (s, k), by parameter."""
        buffers = dict(self.net.named_buffers())

        def total(parameters: dict[str, torch.Tensor]) -> torch.Tensor:
            return loss_of(self.recipe, functional_call(self.net, (parameters, buffers), (x,)), targets.to(x)).sum()

        return grad(total)(self._parameters)
