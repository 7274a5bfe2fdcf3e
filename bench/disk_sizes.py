"""The sizes of a cell's files before any like it has run: from the dataset, the network and the protocol.

They are rough: what is compressed is taken by its entropy, and a cell's texts by what those of others come to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import singledispatch
from pathlib import Path

from bench.cell import Cell
from bench.data import Precision
from bench.dataset_facts import Facts, facts_of
from bench.errors import DataError
from bench.learner import Learner
from bench.learners.linear import LinearLearner
from bench.learners.network import NetworkLearner
from bench.net import Net

PAGE = 4096
"""Files take whole pages of the disk."""
NETWORKS = 12
"""So many networks are built at most, without memory, to count their parameters: that needs torch."""
TEXTS, ROW, PER_CLASS, PER_LABEL = 5 * PAGE, 700, 24, 6
"""Bytes of a cell's other files and folders, of a row, and in it of each class and each label bought."""
PER_FILE, PER_TENSOR, PER_ARRAY, PER_SCORE = 2000, 400, 250, 3.7


@dataclass(frozen=True)
class Sizes:
    """Bytes on the disk: of arrays and rows per cycle, of one weights file, and of what a cell has once. None: not
    known."""

    arrays: float | None
    weights: float | None
    rows: float | None
    once: float | None

    @property
    def complete(self) -> bool:
        return None not in vars(self).values()

    def filled(self, other: Sizes) -> Sizes:
        """These, and those of the other where these are not known."""
        return Sizes(**{name: vars(other)[name] if value is None else value for name, value in vars(self).items()})


UNKNOWN = Sizes(None, None, None, None)


@dataclass
class Calculator:
    """Computes sizes; `root` is the data folder. Parameters of networks are counted by building them `with_torch`."""

    root: Path
    with_torch: bool = True
    _counted: dict[tuple[Learner, Facts, Precision], float | None] = field(default_factory=dict)

    def sizes(self, cell: Cell) -> Sizes:
        """What can be said of a cell; a dataset without facts says nothing of arrays and weights."""
        facts = facts_of(cell.dataset, self.root)
        if facts is None:
            return UNKNOWN
        row = ROW + PER_CLASS * facts.classes + PER_LABEL * cell.protocol.budget
        return Sizes(_arrays(cell, facts), self._weights(cell, facts), row, TEXTS)

    def _weights(self, cell: Cell, facts: Facts) -> float | None:
        key = (cell.learner, facts, cell.precision)
        if key not in self._counted:
            known = self.with_torch and len(self._counted) < NETWORKS
            self._counted[key] = weights_size(cell.learner, facts, cell.precision) if known else None
        return self._counted[key]


@singledispatch
def weights_size(learner: Learner, facts: Facts, precision: Precision) -> float | None:
    """The size of one weights file in bytes; None for a learner that there is no rule for."""
    return None


@weights_size.register
def _(learner: NetworkLearner, facts: Facts, precision: Precision) -> float | None:
    tensors = _tensors(learner.net, facts)
    width = 8 if precision == "float64" else 4
    return None if tensors is None else _paged(PER_FILE + sum(width * size + PER_TENSOR for size in tensors.values()))


@weights_size.register
def _(learner: LinearLearner, facts: Facts, precision: Precision) -> float | None:
    tensors = None if learner.encoder is None else _tensors(learner.encoder, facts)
    if learner.encoder is not None and tensors is None:
        return None
    features = math.prod(facts.shape) if tensors is None else tensors["head.weight"] // facts.classes
    return _paged(PER_FILE + PER_TENSOR + 8 * (features + 1) * facts.classes)


def _tensors(net: Net, facts: Facts) -> dict[str, int] | None:
    """How many numbers each tensor of a network has; it is built without memory. None where it cannot be built so."""
    import torch

    try:
        with torch.device("meta"):
            return {name: tensor.numel() for name, tensor in net.build(facts.shape, facts.classes).state_dict().items()}
    except (DataError, RuntimeError, NotImplementedError):
        return None


def _arrays(cell: Cell, facts: Facts) -> float:
    """Test predictions, the candidates' ids and a score for each of them, compressed."""
    candidates = min(cell.protocol.candidates or facts.pool, facts.pool)
    bits = facts.test * math.log2(facts.classes) + candidates * math.log2(max(2, facts.pool))
    return _paged(bits / 8 * 1.1 + PER_SCORE * candidates + 3 * PER_ARRAY)


def _paged(size: float) -> float:
    return PAGE * math.ceil(size / PAGE)
