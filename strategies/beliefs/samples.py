"""The samples that a look-ahead retrains on, in an order that depends on what they are and not on how they came.

Each sample has a key, a hash of its input. An epoch's order sorts by a mix of key and epoch, so that the minibatches of
a set of samples are the same whichever of them was added last, and wherever it stood among the candidates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch

from bench.view import View

Addition: TypeAlias = tuple[int, torch.Tensor]
"""A candidate's position and its target (k,)."""


@dataclass(frozen=True)
class Samples:
    """n labelled inputs, then m candidates: x (n + m, …), targets (n, k) of the labelled, keys (n + m,)."""

    x: torch.Tensor
    targets: torch.Tensor
    keys: np.ndarray

    @classmethod
    def of(cls, view: View, salt: int) -> Samples:
        """The samples of a view; another salt gives other minibatches."""
        x = torch.cat([view.labelled.x, view.candidates])
        return cls(x, view.labelled.one_hot, np.array([_key(row, salt) for row in x.cpu().numpy()], dtype=np.uint64))

    @property
    def labelled(self) -> int:
        return len(self.targets)

    @property
    def candidates(self) -> torch.Tensor:
        return self.x[self.labelled :]

    def chosen(self, added: Sequence[Addition]) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows (s,) of x and targets (s, k) of the labelled inputs and of those added."""
        rows = torch.arange(self.labelled, device=self.x.device)
        if not added:
            return rows, self.targets
        positions = torch.tensor([position for position, _ in added], device=rows.device)
        targets = torch.stack([target for _, target in added]).to(self.targets)
        return torch.cat([rows, self.labelled + positions]), torch.cat([self.targets, targets])

    def order(self, rows: torch.Tensor, targets: torch.Tensor, epoch: int) -> torch.Tensor:
        """The order (s,) in which an epoch goes through rows (s,) of x; equal inputs go by their targets (s, k)."""
        mixed = _mixed(self.keys[rows.cpu().numpy()], epoch)
        classes = targets.argmax(dim=1).cpu().numpy()
        return torch.from_numpy(np.lexsort((classes, mixed))).to(rows.device)


def _key(row: np.ndarray, salt: int) -> int:
    digest = hashlib.blake2b(np.ascontiguousarray(row).tobytes(), digest_size=8, salt=salt.to_bytes(8, "big")).digest()
    return int.from_bytes(digest, "big")


def _mixed(keys: np.ndarray, epoch: int) -> np.ndarray:
    """Another number (s,) of each key and epoch: the finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)."""
    z = keys + np.uint64(epoch * 0x9E3779B97F4A7C15 & (2**64 - 1))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
