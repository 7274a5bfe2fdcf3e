"""The laws of every kind of plugin, as checks that a plugin's own tests can call.

    from bench.contract import check_strategy
    def test_my_strategy() -> None:
        check_strategy(MyStrategy())

Each check raises ContractError with the law that was broken; a combination that the plugin refuses is not checked.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.build import build
from bench.cell import Cell, record_of, without_revisions
from bench.data import Data, Dataset, checked
from bench.errors import ContractError
from bench.example import CLASSES, LABELLED, POOL, example_data, example_learners
from bench.journal import Journal
from bench.learner import Fit, Labelled, Learner, Model
from bench.located import located
from bench.net import Net
from bench.objective import TaskLoss
from bench.protocol import Protocol
from bench.query import State, query
from bench.registry import Registry
from bench.strategy import Strategy
from bench.streams import Streams

BUDGET = 5


def check_strategy(strategy: Strategy, learner: Learner | None = None) -> None:
    """Check Strategy's laws on a small trained learner: the one given, else the first that it does not refuse."""
    check_record(strategy)
    stage = _stage(strategy, learner)
    picks = stage.pick()
    law(len(stage.pick(seed=1)) == BUDGET, f"{strategy}: query() returns as many positions as the budget")
    law(torch.equal(picks, stage.pick()), f"{strategy}: the same view and generator give the same picks")
    law(torch.equal(picks, _elsewhere(stage.pick)), f"{strategy}: randomness comes from view.generator alone")
    if not strategy.sees_labels:
        law(torch.equal(picks, stage.pick(poison=1)), f"{strategy}: labels of the pool do not change the picks")
    everything = stage.pick(budget=POOL)
    law(sorted(everything.tolist()) == stage.unlabelled, f"{strategy}: a budget as large as the pool picks all of it")
    if torch.equal(picks, stage.pick(seed=1, order=0)) and torch.equal(picks, stage.pick(seed=2, order=0)):
        law(torch.equal(picks, stage.pick(order=1)), f"{strategy}: permuting the candidates permutes the picks")


def check_learner(learner: Learner) -> None:
    """Check Learner's and Model's laws on small images."""
    check_record(learner)
    data = example_data()
    fit = _first_fit(data, learner)
    model = learner.fit(fit)
    state = _copied(model)
    law(_equal(state, _copied(_elsewhere(lambda: learner.fit(fit)))), f"{learner}: fit() draws from its streams alone")
    _check_model(learner, model, data)
    law(_equal(state, _copied(model)), f"{learner}: asking a model does not change it")
    again = learner.restore(fit, state)
    law(
        torch.equal(again.outputs(data.x_test), model.outputs(data.x_test)),
        f"{learner}: restore() gives the model back",
    )
    warm = replace(fit, previous=model, cycle=1)
    from_saved = learner.fit(replace(warm, previous=again))
    law(
        _equal(_copied(learner.fit(warm)), _copied(from_saved)),
        f"{learner}: a restored model continues as the original",
    )


def check_net(net: Net) -> None:
    """Check Net's and Network's laws on small images, or on feature vectors where it takes no images."""
    check_record(net)
    x = example_data().x_test
    network = net.build(tuple(x.shape[1:]), CLASSES).to(x.dtype)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(torch.nan)
    network.initialise(torch.Generator().manual_seed(0))
    first = {key: value.clone() for key, value in network.state_dict().items()}
    law(all(v.isfinite().all() for v in first.values()), f"{net}: initialise() sets every parameter and buffer")
    _elsewhere(lambda: network.initialise(torch.Generator().manual_seed(0)))
    law(_equal(first, dict(network.state_dict())), f"{net}: initialise() draws from its generator alone")
    network.eval()
    with torch.no_grad():
        parts = network.parts(x)
        law(parts.logits.shape == (len(x), CLASSES), f"{net}: logits are (b, k)")
        law(parts.features.ndim == 2, f"{net}: features are (b, d)")
        law(len(parts.stages) > 0 and all(len(s) == len(x) for s in parts.stages), f"{net}: every stage is (b, …)")
        law(torch.equal(network(x), parts.logits), f"{net}: forward(x) is parts(x).logits")
        law(_close(network.head(parts.features), parts.logits), f"{net}: the logits are head(features)")
        law(_close(network(x[:1]), parts.logits[:1]), f"{net}: in eval mode samples do not see each other")


def check_dataset(dataset: Dataset, root: Path = Path(".")) -> None:
    """Check Dataset's laws; its files must be there."""
    check_record(dataset)
    law(dataset.checksum(root) == dataset.checksum(root) != "", f"{dataset}: checksum() is stable and not empty")
    once, twice = checked(dataset.load(root)), dataset.load(root)
    for key in ("x_train", "y_train", "x_test", "y_test"):
        law(np.array_equal(getattr(once, key), getattr(twice, key)), f"{dataset}: load() gives the same {key} again")


def check_record(plugin: Any) -> None:
    """Check that a plugin is what its record says: frozen, and built again from it."""
    registry = Registry.holding(plugin)
    law(registry is not None, f"{plugin}: a plugin implements the abstract class of its kind")
    assert registry is not None
    again = build(registry.base, located(without_revisions(record_of(plugin)), "record"))
    law(again == plugin, f"{plugin}: it is built again from its record")


def law(holds: bool, statement: str) -> None:
    """Raise ContractError with the law where it does not hold."""
    if not holds:
        raise ContractError(f"broken law: {statement}")


@dataclass(frozen=True)
class _Stage:
    """A strategy before a fitted model and a pool whose first LABELLED inputs are labelled."""

    cell: Cell
    data: Data
    model: Model

    @property
    def unlabelled(self) -> list[int]:
        return list(range(LABELLED, LABELLED + POOL))

    def pick(self, budget: int = BUDGET, seed: int = 0, order: int | None = None, poison: int = 0) -> torch.Tensor:
        """The ids picked; `order` is the seed of the candidates' order, by default that of everything else."""
        labels = self.data.y_pool.clone()
        labels[LABELLED:] = (labels[LABELLED:] + poison) % CLASSES
        cell = replace(self.cell, seed=seed, protocol=replace(self.cell.protocol, budget=budget))
        streams = _Mixed(seed, seed if order is None else order)
        before = _copied(self.model)
        state = State(0, torch.arange(LABELLED), self.model)
        picked = query(cell, replace(self.data, y_pool=labels), state, Journal(), streams)
        law(_equal(before, _copied(self.model)), f"{cell.strategy}: the model is left as it was, bit for bit")
        return picked.ids


@dataclass(frozen=True)
class _Mixed(Streams):
    """Streams whose candidates come from a seed of their own."""

    order: int = 0

    def derive(self, name: str, cycle: int = 0) -> int:
        return Streams(self.order if name == "candidates" else self.seed).derive(name, cycle)


def _stage(strategy: Strategy, learner: Learner | None) -> _Stage:
    protocol = Protocol(LABELLED, BUDGET, 1, mode="sequential" if strategy.sequential else "batch")
    known = [learner] if learner is not None else example_learners()
    for candidate in known:
        cell = Cell(_NoData(), candidate, protocol, strategy, 0, "", "float64")
        if cell.refusal() is None:
            data = example_data()
            fit = replace(_first_fit(data, candidate), objective=strategy.objective())
            return _Stage(cell, data, candidate.fit(fit))
    reasons = "; ".join(f"{c}: {strategy.refusal(c, protocol)}" for c in known)
    raise ContractError(f"{strategy}: wanted a learner that it does not refuse; {reasons}")


class _NoData(Dataset):
    """The contract brings its own data."""

    def checksum(self, root: Path) -> str:
        return ""

    def load(self, root: Path) -> Any:
        raise ContractError("the contract's data is not loaded")


def _first_fit(data: Data, learner: Learner) -> Fit:
    labelled = Labelled(data.x_pool[:LABELLED], data.y_pool[:LABELLED], data.classes)
    return Fit(labelled, None, TaskLoss(), Streams(0), 0)


def _check_model(learner: Learner, model: Model, data: Data) -> None:
    x, n = data.x_test, len(data.x_test)
    outputs, p, features = model.outputs(x), model.probabilities(x), model.features(x)
    law(outputs.shape == p.shape == (n, CLASSES), f"{learner}: outputs and probabilities are (n, k)")
    law(features.ndim == 2 and len(features) == n, f"{learner}: features are (n, d)")
    law(
        bool((p >= 0).all()) and _close(p.sum(1), torch.ones_like(p[:, 0])), f"{learner}: probabilities are a simplex's"
    )
    law(_close(model.outputs(x[:1]), outputs[:1]), f"{learner}: samples do not see each other")
    law(np.isfinite(model.residual(Labelled(x, data.y_test, data.classes))), f"{learner}: the residual is a number")


def _elsewhere(act: Callable[[], Any]) -> Any:
    """Do something with every global random generator in another state, and put them back."""
    states = (torch.get_rng_state(), np.random.get_state(), random.getstate())
    torch.manual_seed(12345)
    np.random.seed(12345)
    random.seed(12345)
    try:
        return act()
    finally:
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])


def _copied(model: Model) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in model.state().items()}


def _equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def _close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool(torch.allclose(a, b, rtol=1e-9, atol=1e-9))
