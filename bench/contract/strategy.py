"""The laws of strategies, on a small trained learner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from bench.cell import Cell
from bench.contract.laws import check_record, copied, elsewhere, equal, first_fit, law
from bench.data import Data, Dataset
from bench.errors import ContractError
from bench.example import CLASSES, LABELLED, POOL, example_data, example_learners
from bench.journal import Journal
from bench.learner import Learner, Model
from bench.protocol import Mode, Protocol
from bench.query import State, query
from bench.strategy import Strategy
from bench.streams import Streams

BUDGET = 5


def check_strategy(strategy: Strategy, learner: Learner | None = None) -> None:
    """Check Strategy's laws on a small trained learner: the one given, else the first that it does not refuse; in batch
    and, where the strategy is sequential, in the sequential protocol."""
    check_record(strategy)
    stages = _stages(strategy, [learner] if learner is not None else example_learners())
    if not stages:
        raise ContractError(f"{strategy}: wanted a learner that it does not refuse; {_refusals(strategy, learner)}")
    for stage in stages:
        _check_picks(strategy, stage)


def _check_picks(strategy: Strategy, stage: _Stage) -> None:
    picks = stage.pick()
    law(len(stage.pick(seed=1)) == BUDGET, f"{strategy}: query() returns as many positions as the budget")
    law(torch.equal(picks, stage.pick()), f"{strategy}: the same view and generator give the same picks")
    law(torch.equal(picks, elsewhere(stage.pick)), f"{strategy}: randomness comes from view.generator alone")
    if not strategy.sees_labels:
        paid = picks if stage.cell.protocol.mode == "sequential" else None
        law(
            torch.equal(picks, stage.pick(poison=1, paid=paid)),
            f"{strategy}: labels of the pool do not change the picks, but for those revealed",
        )
    everything = stage.pick(budget=POOL)
    law(sorted(everything.tolist()) == stage.unlabelled, f"{strategy}: a budget as large as the pool picks all of it")
    if torch.equal(picks, stage.pick(seed=1, order=0)) and torch.equal(picks, stage.pick(seed=2, order=0)):
        law(torch.equal(picks, stage.pick(order=1)), f"{strategy}: permuting the candidates permutes the picks")


@dataclass(frozen=True)
class _Stage:
    """A strategy before a fitted model and a pool whose first LABELLED inputs are labelled."""

    cell: Cell
    data: Data
    model: Model

    @property
    def unlabelled(self) -> list[int]:
        return list(range(LABELLED, LABELLED + POOL))

    def pick(
        self,
        budget: int = BUDGET,
        seed: int = 0,
        order: int | None = None,
        poison: int = 0,
        paid: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """The ids picked; `order` is the seed of the candidates' order, by default that of everything else. `poison`
        shifts every label of the pool but those `paid` for."""
        labels = self.data.y_pool.clone()
        labels[LABELLED:] = (labels[LABELLED:] + poison) % CLASSES
        if paid is not None:
            labels[paid] = self.data.y_pool[paid]
        cell = replace(self.cell, seed=seed, protocol=replace(self.cell.protocol, budget=budget))
        streams = _Mixed(seed, order=seed if order is None else order)
        before = copied(self.model)
        state = State(0, torch.arange(LABELLED), self.model)
        picked = query(cell, replace(self.data, y_pool=labels), state, Journal(), streams)
        law(equal(before, copied(self.model)), f"{cell.strategy}: the model is left as it was, bit for bit")
        return picked.ids


@dataclass(frozen=True)
class _Mixed(Streams):
    """Streams whose candidates come from a seed of their own."""

    order: int = 0

    def derive(self, name: str, cycle: int = 0) -> int:
        return Streams(self.order if name == "candidates" else self.seed).derive(name, cycle)


def _stages(strategy: Strategy, known: Sequence[Learner]) -> list[_Stage]:
    """For every mode, the strategy before the first learner that it does not refuse."""
    cells = [[_cell(strategy, learner, mode) for learner in known] for mode in _modes(strategy)]
    accepted = [next((cell for cell in row if cell.refusal() is None), None) for row in cells]
    data = example_data()
    return [_fitted(cell, data) for cell in accepted if cell is not None]


def _fitted(cell: Cell, data: Data) -> _Stage:
    fit = replace(first_fit(data, cell.learner), objective=cell.strategy.objective())
    return _Stage(cell, data, cell.learner.fit(fit))


def _cell(strategy: Strategy, learner: Learner, mode: Mode) -> Cell:
    return Cell(_NoData(), learner, Protocol(LABELLED, BUDGET, 1, mode=mode), strategy, 0, "", "float64")


def _modes(strategy: Strategy) -> tuple[Mode, ...]:
    return ("batch", "sequential") if strategy.sequential else ("batch",)


def _refusals(strategy: Strategy, learner: Learner | None) -> str:
    known = [learner] if learner is not None else example_learners()
    return "; ".join(f"{c}: {_cell(strategy, c, _modes(strategy)[-1]).refusal()}" for c in known)


class _NoData(Dataset):
    """The contract brings its own data."""

    def checksum(self, root: Path) -> str:
        return ""

    def load(self, root: Path) -> Any:
        raise ContractError("the contract's data is not loaded")
