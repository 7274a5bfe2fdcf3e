"""A kernel that does not change from cycle to cycle, remembered for the inputs that it was asked for."""

from __future__ import annotations

import math

import numpy as np

from strategies.infinite.tiles import Array, Progress, Rows, TileKernel, computed, fill

GROWTH = 1.5


class KernelCache:
    """One symmetric matrix over all distinct inputs seen, so that only pairs that are new cost anything.

    Inputs are known by their content: equal ones share a row. The matrix takes at most `memory_mib`; where the inputs
    seen would need more, as many as needed are forgotten of those that the request at hand does not name: first those
    that the fewest requests named, of equal ones those named longest ago. So test inputs, which every cycle names, stay
    before candidates that do not return. A request that needs more on its own is computed without being remembered.
    Answers are the same bits either way. For one thread at a time.
    """

    def __init__(self, kernel: TileKernel, memory_mib: float) -> None:
        self.kernel = kernel
        self.limit = math.isqrt(int(memory_mib * 2**20) // 8)
        self._position: dict[str, int] = {}
        self._named: dict[str, tuple[int, int]] = {}  # in how many requests, and which was the last, forgotten or not
        self._requests = 0
        self._matrix = np.empty((0, 0))

    def __len__(self) -> int:
        """How many distinct inputs are remembered."""
        return len(self._position)

    @property
    def mib(self) -> float:
        """The size of the matrix."""
        return self._matrix.nbytes / 2**20

    def __call__(self, rows: Rows, columns: Rows | None = None, progress: Progress | None = None) -> Array:
        """The kernel of rows and columns, or of the rows with themselves: (n1, n2) in float64."""
        asked = rows.digests if columns is None else np.concatenate([rows.digests, columns.digests])
        distinct = np.unique(asked)
        if len(distinct) > self.limit:
            return computed(self.kernel, rows, columns, progress)
        self._admit(distinct)
        self._learn(rows, columns, progress)
        return self._matrix[np.ix_(self._at(rows), self._at(rows if columns is None else columns))]

    def _learn(self, rows: Rows, columns: Rows | None, progress: Progress | None) -> None:
        rows, columns = self._distinct(rows), None if columns is None else self._distinct(columns)
        at_rows, at_columns = self._at(rows), self._at(rows if columns is None else columns)
        block = self._matrix[np.ix_(at_rows, at_columns)]
        if np.isnan(block).any():
            fill(block, self.kernel, rows, columns, progress)
            self._matrix[np.ix_(at_rows, at_columns)] = block
            self._matrix[np.ix_(at_columns, at_rows)] = block.T

    def _distinct(self, rows: Rows) -> Rows:
        """Every input once, in the order of the matrix: what came together stands together, by its digests."""
        rows = rows[np.unique(rows.digests, return_index=True)[1]]
        return rows[np.argsort(self._at(rows))]

    def _at(self, rows: Rows) -> Array:
        return np.array([self._position[digest] for digest in rows.digests], dtype=np.intp)

    def _admit(self, distinct: Array) -> None:
        self._count(distinct)
        new = [digest for digest in distinct if digest not in self._position]
        excess = len(self) + len(new) - self.limit
        if excess > 0:
            self._forget(excess, set(distinct))
        self._grow(len(self) + len(new))
        for digest in new:
            self._position[digest] = len(self)

    def _count(self, distinct: Array) -> None:
        self._requests += 1
        for digest in distinct:
            self._named[digest] = (self._named.get(digest, (0, 0))[0] + 1, self._requests)

    def _forget(self, number: int, wanted: set[str]) -> None:
        """Forget so many inputs that are not wanted; the others move up in place, in the order in which they came."""
        others = [digest for digest in self._position if digest not in wanted]
        gone = set(sorted(others, key=self._named.__getitem__)[:number])
        kept = [digest for digest in self._position if digest not in gone]
        at = np.array([self._position[digest] for digest in kept], dtype=np.intp)
        for row, before in enumerate(at):
            self._matrix[row, : len(at)] = self._matrix[before, at]
        self._matrix[len(at) :] = np.nan
        self._matrix[:, len(at) :] = np.nan
        self._position = {digest: i for i, digest in enumerate(kept)}

    def _grow(self, wanted: int) -> None:
        known = len(self._matrix)
        if wanted > known:
            size = min(self.limit, max(wanted, int(GROWTH * known)))
            grown = np.full((size, size), np.nan)
            grown[:known, :known] = self._matrix
            self._matrix = grown
