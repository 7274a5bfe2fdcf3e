"""Training of a network on a labelled set: no loader, no Python per sample, every draw from a named stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch.nn import functional

from bench.augment import augmented
from bench.errors import Diverged
from bench.learner import Fit, Labelled
from bench.modules.dropout import seed_dropout
from bench.modules.network import Network
from bench.objective import Objective, Step
from bench.recipe import OneCycle, Train
from bench.training_pass import Pass, laid_out, training_pass


@dataclass(frozen=True)
class Trained:
    """What training left beside the network's own weights."""

    auxiliary: torch.nn.Module | None
    epochs: int


def train(net: Network, recipe: Train, fit: Fit) -> Trained:
    """Train `net` in place and leave it in eval mode. Raises Diverged where a loss is not finite."""
    auxiliary = new_auxiliary(net, fit)
    seed_dropout(net, fit.streams.generator("dropout", fit.cycle))
    with laid_out(net, recipe):
        epochs = _descended(net, auxiliary, recipe, fit)
    net.eval()
    return Trained(auxiliary, epochs)


def _descended(net: Network, auxiliary: torch.nn.Module | None, recipe: Train, fit: Fit) -> int:
    """Descend to the recipe's last epoch or its tolerance; how many epochs that took."""
    batches, images = (fit.streams.generator(name, fit.cycle) for name in ("batches", "augmentation"))
    steps = len(list(batch_sizes(len(fit.labelled), recipe.batch_size)))
    descent = _Descent.start(net, auxiliary, recipe, fit, steps)
    for epoch in range(1, recipe.epochs + 1):
        if not net.training:
            net.train()
        total = torch.zeros((), device=fit.labelled.x.device)
        for i, batch in enumerate(_shuffled(fit.labelled, recipe.batch_size, batches)):
            progress = (epoch - 1 + i / steps) / recipe.epochs
            total += descent.step(replace(batch, x=augmented(batch.x, fit.augment, images)), progress)
        if not torch.isfinite(total):
            raise Diverged(
                f"the training loss became {total.item()} in epoch {epoch} of {recipe.epochs} at cycle {fit.cycle} "
                f"({len(fit.labelled)} labels); lower schedule.max_lr"
            )
        if recipe.tolerance is not None and residual(net.eval(), recipe, fit.labelled) <= recipe.tolerance:
            return epoch
    return recipe.epochs


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
    """What is run, minimised and stepped in one training: the network and the objective's own module."""

    parts: Pass
    auxiliary: torch.nn.Module | None
    objective: Objective
    recipe: Train
    optimizers: tuple[torch.optim.Optimizer, ...]
    schedules: tuple[torch.optim.lr_scheduler.LRScheduler, ...]

    @classmethod
    def start(
        cls, net: Network, auxiliary: torch.nn.Module | None, recipe: Train, fit: Fit, steps_per_epoch: int
    ) -> _Descent:
        rate, total = recipe.schedule.max_lr, recipe.epochs * steps_per_epoch
        rates = {net: rate} | ({auxiliary: fit.objective.learning_rate(rate)} if auxiliary is not None else {})
        optimizers = {sgd(module, recipe, lr): lr for module, lr in rates.items()}
        schedules = tuple(learning_rate_schedule(optimizer, recipe, lr, total) for optimizer, lr in optimizers.items())
        parts = training_pass(net, recipe, fit.labelled.x.device.type)
        return cls(parts, auxiliary, fit.objective, recipe, tuple(optimizers), schedules)

    def step(self, batch: Labelled, progress: float) -> torch.Tensor:
        """One update on one batch; the loss before it, detached."""
        forward = self.parts(batch.x)
        per_sample = loss_per_sample(self.recipe, forward.logits, batch)
        own = partial(loss_per_sample, self.recipe)
        loss = self.objective.total(Step(batch, per_sample, forward, self.auxiliary, progress, own))
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in self.optimizers:
            optimizer.step()
        for schedule in self.schedules:
            schedule.step()
        return loss.detach()


def sgd(module: torch.nn.Module, recipe: Train, lr: float) -> torch.optim.SGD:
    """The recipe's optimiser for a module's parameters."""
    kind = recipe.optimizer
    return torch.optim.SGD(
        module.parameters(),
        lr=lr,
        momentum=kind.momentum,
        weight_decay=kind.weight_decay,
        nesterov=kind.nesterov,
        foreach=True,  # the same bits as a Python loop over parameters, which is torch's default on a CPU, but sooner
    )


def learning_rate_schedule(
    optimizer: torch.optim.Optimizer, recipe: Train, lr: float, total: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The recipe's schedule over `total` steps, up to a largest rate `lr`."""
    kind = recipe.schedule
    if not isinstance(kind, OneCycle):
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    momentum = kind.cycle_momentum and recipe.optimizer.momentum > 0
    # with a warm-up of just one step torch divides by the steps between it and the first one, none
    share = kind.warm_up * (1 - 1e-9) if kind.warm_up * total == 1 else kind.warm_up
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=total, pct_start=share, cycle_momentum=momentum
    )


def _shuffled(labelled: Labelled, batch_size: int, generator: torch.Generator) -> Iterator[Labelled]:
    order = torch.randperm(len(labelled), generator=generator).to(labelled.x.device)
    for chosen in order.split(list(batch_sizes(len(labelled), batch_size))):
        yield Labelled(labelled.x[chosen], labelled.y[chosen], labelled.classes)


def batch_sizes(n: int, batch_size: int) -> Iterator[int]:
    """Full batches and the rest; a rest of one sample joins the batch before it."""
    full, rest = divmod(n, batch_size)
    sizes = [batch_size] * full + ([rest] if rest else [])
    if len(sizes) > 1 and sizes[-1] == 1:
        sizes[-2:] = [batch_size + 1]
    yield from sizes
