"""Naive retraining: the trainer's own recipe for some epochs on the labelled set and the additions, candidate by
candidate (the plain loop) or for many candidates at once (the batched form, equal up to rounding)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace

import torch
from torch.func import functional_call, grad, vmap

from bench.modules.network import Network
from bench.recipe import Constant, Train
from bench.train import batch_sizes, learning_rate_schedule, sgd
from strategies.beliefs.losses import loss_of
from strategies.beliefs.samples import Addition, Samples
from strategies.beliefs.sgd_belief import Retrainer, Weights, stacked


@dataclass(frozen=True)
class PlainLoop(Retrainer):
    """One network after the other, by torch's own optimiser and schedule; BatchNorm statistics stay frozen."""

    recipe: Train
    at_once: int = 1

    def weights(self, net: Network, samples: Samples, sets: Sequence[Sequence[Addition]]) -> Weights:
        return stacked([self._trained(net, samples, added) for added in sets])

    def _trained(self, net: Network, samples: Samples, added: Sequence[Addition]) -> Weights:
        student = deepcopy(net).eval()
        rows, targets = samples.chosen(added)
        sizes = list(batch_sizes(len(rows), self.recipe.batch_size))
        optimizer = sgd(student, self.recipe, self.recipe.schedule.max_lr)
        schedule = learning_rate_schedule(
            optimizer, self.recipe, self.recipe.schedule.max_lr, self.recipe.epochs * len(sizes)
        )
        for epoch in range(self.recipe.epochs):
            for batch in samples.order(rows, targets, epoch).split(sizes):
                loss = loss_of(self.recipe, student(samples.x[rows[batch]]), targets[batch]).mean()
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
        return {name: parameter.detach() for name, parameter in student.named_parameters()}


@dataclass(frozen=True)
class Batched(Retrainer):
    """Many networks together, by torch.func: the same updates, each network on minibatches of its own samples."""

    recipe: Train
    at_once: int = 64

    def weights(self, net: Network, samples: Samples, sets: Sequence[Sequence[Addition]]) -> Weights:
        chosen = [samples.chosen(added) for added in sets]
        rows = torch.stack([rows for rows, _ in chosen])  # (b, s)
        targets = torch.stack([targets for _, targets in chosen])  # (b, s, k)
        sizes = list(batch_sizes(rows.shape[1], self.recipe.batch_size))
        state = _Momentum.start(net, self.recipe, len(sets))
        buffers = dict(net.named_buffers())

        def loss(weights: Weights, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return loss_of(self.recipe, functional_call(net, (dict(weights), buffers), (x,)), y).mean()

        rates = _rates(self.recipe, self.recipe.epochs * len(sizes))
        each = torch.arange(len(sets), device=rows.device)[:, None]
        for epoch in range(self.recipe.epochs):
            order = torch.stack([samples.order(*own, epoch) for own in zip(rows, targets, strict=True)])  # (b, s)
            for batch in order.split(sizes, dim=1):
                x, y = samples.x[rows[each, batch]], targets[each, batch]  # (b, batch, …), (b, batch, k)
                state.step(vmap(grad(loss))(state.weights, x, y), *next(rates))
        return state.weights


@dataclass(frozen=True)
class _Momentum:
    """SGD with momentum and weight decay, as torch.optim.SGD, on weights (b, …) of b networks."""

    recipe: Train
    weights: dict[str, torch.Tensor]
    velocity: dict[str, torch.Tensor]

    @classmethod
    def start(cls, net: Network, recipe: Train, networks: int) -> _Momentum:
        weights = {
            name: parameter.detach().expand(networks, *parameter.shape).clone()
            for name, parameter in net.named_parameters()
        }
        return cls(recipe, weights, {})

    def step(self, gradients: Weights, rate: float, momentum: float) -> None:
        """One update in place."""
        kind = self.recipe.optimizer
        for name, weight in self.weights.items():
            gradient = gradients[name] + kind.weight_decay * weight
            if name in self.velocity:
                self.velocity[name].mul_(momentum).add_(gradient)
            else:
                self.velocity[name] = gradient.clone()
            update = gradient + momentum * self.velocity[name] if kind.nesterov else self.velocity[name]
            weight.sub_(rate * (update if momentum else gradient))


def _rates(recipe: Train, steps: int) -> Iterator[tuple[float, float]]:
    """Learning rate and momentum of every step, as torch's own schedule gives them."""
    module = torch.nn.Linear(1, 1)
    optimizer = sgd(module, recipe, recipe.schedule.max_lr)
    schedule = learning_rate_schedule(optimizer, recipe, recipe.schedule.max_lr, steps)
    for _ in range(steps):
        group = optimizer.param_groups[0]
        yield group["lr"], group["momentum"]
        optimizer.step()
        schedule.step()


def shortened(recipe: Train, epochs: int, rate: float | None) -> Train:
    """The recipe for another number of epochs, never ended early, and for another largest learning rate if one is
    given."""
    schedule = recipe.schedule
    if rate is not None:
        schedule = replace(schedule, lr=rate) if isinstance(schedule, Constant) else replace(schedule, max_lr=rate)
    return replace(recipe, epochs=epochs, tolerance=None, schedule=schedule)
