"""Distances between many points, a tile at a time: no array with a row and a column for every point is ever made.

Shared by the strategies that look at a whole pool in a feature space; no strategy itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

TILE = 2048
AREA = TILE**2
"""Rows and columns of a tile, and their product: 16 MiB in float32."""

SINGLE_FROM = 0.03
"""Below this distance float32, which rounds squared distances of unit vectors by about 1e-7, lacks four digits."""


@dataclass(frozen=True)
class Points:
    """Points x (m, d) of one feature space with their squared norms (m,); `points[rows]` are some of them."""

    x: torch.Tensor
    squares: torch.Tensor

    @classmethod
    def of(cls, x: torch.Tensor) -> Points:
        """Points (m, d) as they are."""
        return cls(x, x.square().sum(dim=1))

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, rows: slice | torch.Tensor) -> Points:
        return Points(self.x[rows], self.squares[rows])

    def double(self) -> Points:
        """The same points in float64."""
        return Points.of(self.x.double())

    def resolving(self, distance: float) -> Points:
        """Unit vectors in a type that tells this distance to four digits: float64 below SINGLE_FROM."""
        return self.double() if distance < SINGLE_FROM else self


def unit(features: torch.Tensor) -> torch.Tensor:
    """Features (m, d) scaled to norm 1, in float32 or more; a vector of zeros stays one."""
    import torch

    wide = features.to(torch.promote_types(features.dtype, torch.float32))
    return torch.nn.functional.normalize(wide, dim=1)


def squared_distances(a: Points, b: Points) -> torch.Tensor:
    """‖a − b‖² (a, b) by one matrix product; of unit vectors, off by about twice the precision of their type."""
    import torch

    return torch.addmm(b.squares, a.x, b.x.T, alpha=-2).add_(a.squares[:, None]).clamp_min_(0)


def tiles(length: int, size: int | None = None) -> Iterator[slice]:
    """Slices of at most `size`, by default TILE, that cover `length` positions in order."""
    step = size or TILE
    return (slice(start, min(start + step, length)) for start in range(0, length, step))


def tile_pairs(length: int) -> Iterator[tuple[slice, slice]]:
    """Every unordered pair of tiles once, a tile with itself included: what a symmetric matrix needs, half of it."""
    return ((rows, columns) for rows in tiles(length) for columns in tiles(length) if rows.start <= columns.start)
