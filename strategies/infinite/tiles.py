"""A kernel matrix in tiles of one fixed size, so that a compiled kernel is compiled once and memory is bounded.

An entry's bits depend on its two inputs alone, not on what else was asked for or in which order, so that a run that
was interrupted, and lost what it had in memory, computes what it had before. Kernels that treat their two arguments
alike but for rounding are asked for every pair in the same order, that of the inputs' digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import torch

Array: TypeAlias = np.ndarray
Progress: TypeAlias = Callable[[float], None]
"""Told the share that is done, from 0 to 1."""


@dataclass(frozen=True)
class Rows:
    """Inputs (n, …) in float64 with the digest of each one's shape and content."""

    values: Array
    digests: Array

    @classmethod
    def of(cls, x: torch.Tensor) -> Rows:
        values = np.ascontiguousarray(x.detach().cpu().double().numpy())
        shape = repr(values.shape[1:]).encode()
        digests = [hashlib.blake2b(shape + row.tobytes(), digest_size=16).hexdigest() for row in values]
        return cls(values, np.array(digests, dtype="U32"))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, chosen: slice | Array) -> Rows:
        return Rows(self.values[chosen], self.digests[chosen])


@dataclass(frozen=True)
class TileKernel:
    """A kernel of inputs (side, …) and (side, …) to (side, side) in float64."""

    function: Callable[[Array, Array], Array]
    side: int

    def __call__(self, rows: Rows, columns: Rows) -> Array:
        """The kernel of at most `side` rows and columns: (rows, columns)."""
        forward = rows.digests[:, None] <= columns.digests  # (rows, columns)
        if forward.all():
            return self._padded(rows, columns)
        backward = self._padded(columns, rows).T
        return np.where(forward, self._padded(rows, columns), backward) if forward.any() else backward

    def _padded(self, rows: Rows, columns: Rows) -> Array:
        full = [np.resize(part.values, (self.side, *part.values.shape[1:])) for part in (rows, columns)]
        return self.function(*full)[: len(rows), : len(columns)]


def fill(
    block: Array, kernel: TileKernel, rows: Rows, columns: Rows | None = None, progress: Progress | None = None
) -> None:
    """Compute the tiles of `block` (n1, n2) that hold a NaN; the others stay as they are.

    Without columns these are the rows, and one half of the matrix is computed. Rows that are known should stand
    together, and inputs be in the order of their digests beyond that: then few tiles are computed in vain or twice.
    """
    others = rows if columns is None else columns
    tiles = [(r, c) for r in _slices(len(rows), kernel.side) for c in _slices(len(others), kernel.side)]
    for done, (r, c) in enumerate(tiles, start=1):
        if np.isnan(block[r, c]).any():
            block[r, c] = kernel(rows[r], others[c])
            if columns is None:
                block[c, r] = block[r, c].T
        if progress is not None:
            progress(done / len(tiles))


def computed(kernel: TileKernel, rows: Rows, columns: Rows | None = None, progress: Progress | None = None) -> Array:
    """The whole kernel matrix (n1, n2) of rows and columns, or of the rows with themselves."""
    others = rows if columns is None else columns
    at_rows, at_columns = (np.argsort(part.digests, kind="stable") for part in (rows, others))
    block = np.full((len(rows), len(others)), np.nan)
    fill(block, kernel, rows[at_rows], None if columns is None else columns[at_columns], progress)
    result = np.empty_like(block)
    result[np.ix_(at_rows, at_columns)] = block
    return result


def _slices(length: int, side: int) -> Iterator[slice]:
    return (slice(start, start + side) for start in range(0, length, side))
