"""What all contracts rest on: a law, and ways to see whether one holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from bench.build import build
from bench.cell import record_of, without_revisions
from bench.data import Data
from bench.errors import ContractError
from bench.example import LABELLED
from bench.learner import Fit, Labelled, Learner, Model
from bench.located import located
from bench.objective import TaskLoss
from bench.registry import Registry
from bench.streams import Streams


def law(holds: bool, statement: str) -> None:
    """Raise ContractError with the law where it does not hold."""
    if not holds:
        raise ContractError(f"broken law: {statement}")


def check_record(plugin: Any) -> None:
    """Check that a plugin is what its record says: frozen, and built again from it."""
    registry = Registry.holding(plugin)
    law(registry is not None, f"{plugin}: a plugin implements the abstract class of its kind")
    assert registry is not None
    again = build(registry.base, located(without_revisions(record_of(plugin)), "record"))
    law(again == plugin, f"{plugin}: it is built again from its record")


def first_fit(data: Data, learner: Learner) -> Fit:
    """The order to fit on the first inputs of the pool."""
    labelled = Labelled(data.x_pool[:LABELLED], data.y_pool[:LABELLED], data.classes)
    return Fit(labelled, None, TaskLoss(), Streams(0), 0)


def elsewhere(act: Callable[[], Any]) -> Any:
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


def copied(model: Model) -> dict[str, torch.Tensor]:
    """A model's state as it is now."""
    return {key: value.clone() for key, value in model.state().items()}


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    """Whether two states are the same, bit for bit."""
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two tensors are equal up to rounding in float64."""
    return bool(torch.allclose(a, b, rtol=1e-9, atol=1e-9))
