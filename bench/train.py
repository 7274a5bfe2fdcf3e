"""Training of a network on a labelled set: no loader, no Python per sample, every draw from a named stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch.nn import functional

from bench.augment import augmented
from bench.errors import Diverged
from bench.learner import Fit, Labelled
from bench.modules.dropout import seed_dropout
from bench.modules.network import Network
from bench.objective import Objective, Step
from bench.recipe import OneCycle, Train


@dataclass(frozen=True)
class Trained:
    """What training left beside the network's own weights."""

    auxiliary: torch.nn.Module | None
    epochs: int


def train(net: Network, recipe: Train, fit: Fit) -> Trained:
    """Train `net` in place and leave it in eval mode. Raises Diverged where a loss is not finite."""
    auxiliary = new_auxiliary(net, fit)
    seed_dropout(net, fit.streams.generator("dropout", fit.cycle))
    batches, images = (fit.streams.generator(name, fit.cycle) for name in ("batches", "augmentation"))
    steps = len(list(_batch_sizes(len(fit.labelled), recipe.batch_size)))
    descent = _Descent.start(net, auxiliary, recipe, fit.objective, steps)
    epoch = 0
    for epoch in range(1, recipe.epochs + 1):
        net.train()
        total = torch.zeros((), device=fit.labelled.x.device)
        for i, batch in enumerate(_shuffled(fit.labelled, recipe.batch_size, batches)):
            progress = (epoch - 1 + i / steps) / recipe.epochs
            batch = replace(batch, x=augmented(batch.x, fit.augment, images))
            total += descent.step(net, auxiliary, fit.objective, batch, progress)
        if not torch.isfinite(total):
            raise Diverged(
                f"the training loss became {total.item()} in epoch {epoch} of {recipe.epochs} at cycle {fit.cycle} "
                f"({len(fit.labelled)} labels); lower schedule.max_lr"
            )
        net.eval()
        if recipe.tolerance is not None and residual(net, recipe, fit.labelled) <= recipe.tolerance:
            break
    return Trained(auxiliary, epoch)


def new_auxiliary(net: Network, fit: Fit) -> torch.nn.Module | None:
    """The objective's own module with fresh parameters on the network's device, or None."""
    net.eval()
    with torch.no_grad():
        example = net.parts(fit.labelled.x[:2])
    module = fit.objective.auxiliary(net, example)
    if module is not None:
        module.to(fit.labelled.x)
        fit.objective.reset(module, fit.streams.generator("weights", fit.cycle + 1))
    return module


def loss_per_sample(recipe: Train, logits: torch.Tensor, targets: Labelled) -> torch.Tensor:
    """The task's loss of each sample (b,): squared error is the mean over classes."""
    if recipe.loss == "squared":
        return (logits - targets.one_hot).square().mean(dim=1)
    return functional.cross_entropy(logits, targets.y, reduction="none")


def residual(net: Network, recipe: Train, labelled: Labelled) -> float:
    """Root mean square of target − output over the labelled set, in eval mode; outputs of cross-entropy are softmax."""
    with torch.no_grad():
        logits = torch.cat([net(x) for x in labelled.x.split(1024)])
    outputs = logits if recipe.loss == "squared" else logits.softmax(dim=1)
    return float((labelled.one_hot - outputs).square().mean().sqrt())


@dataclass(frozen=True)
class _Descent:
    """The optimisers and schedules of the network and of the objective's own module."""

    optimizers: tuple[torch.optim.Optimizer, ...]
    schedules: tuple[torch.optim.lr_scheduler.LRScheduler, ...]
    loss: Train

    @classmethod
    def start(
        cls, net: Network, auxiliary: torch.nn.Module | None, recipe: Train, objective: Objective, steps: int
    ) -> _Descent:
        rate = recipe.schedule.max_lr
        rated = [(net, rate)] + ([(auxiliary, objective.learning_rate(rate))] if auxiliary is not None else [])
        optimizers = tuple(_sgd(module, recipe, lr) for module, lr in rated)
        total = recipe.epochs * steps
        pairs = zip(optimizers, rated, strict=True)
        return cls(optimizers, tuple(_schedule(optimizer, recipe, lr, total) for optimizer, (_, lr) in pairs), recipe)

    def step(
        self, net: Network, auxiliary: torch.nn.Module | None, objective: Objective, batch: Labelled, progress: float
    ) -> torch.Tensor:
        """One update on one batch; the loss before it, detached."""
        forward = net.parts(batch.x)
        per_sample = loss_per_sample(self.loss, forward.logits, batch)
        loss = objective.total(Step(per_sample, forward, auxiliary, progress))
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        for schedule in self.schedules:
            schedule.step()
        return loss.detach()


def _sgd(module: torch.nn.Module, recipe: Train, lr: float) -> torch.optim.SGD:
    kind = recipe.optimizer
    return torch.optim.SGD(
        module.parameters(), lr=lr, momentum=kind.momentum, weight_decay=kind.weight_decay, nesterov=kind.nesterov
    )


def _schedule(
    optimizer: torch.optim.Optimizer, recipe: Train, lr: float, total: int
) -> torch.optim.lr_scheduler.LRScheduler:
    kind = recipe.schedule
    if not isinstance(kind, OneCycle):
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    momentum = kind.cycle_momentum and recipe.optimizer.momentum > 0
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=total, pct_start=kind.warm_up, cycle_momentum=momentum
    )


def _shuffled(labelled: Labelled, batch_size: int, generator: torch.Generator) -> Iterator[Labelled]:
    order = torch.randperm(len(labelled), generator=generator).to(labelled.x.device)
    for chosen in order.split(list(_batch_sizes(len(labelled), batch_size))):
        yield Labelled(labelled.x[chosen], labelled.y[chosen], labelled.classes)


def _batch_sizes(n: int, batch_size: int) -> Iterator[int]:
    """Full batches and the rest; a rest of one sample joins the batch before it."""
    full, rest = divmod(n, batch_size)
    sizes = [batch_size] * full + ([rest] if rest else [])
    if len(sizes) > 1 and sizes[-1] == 1:
        sizes[-2:] = [batch_size + 1]
    yield from sizes
