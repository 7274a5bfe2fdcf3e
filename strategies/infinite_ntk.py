"""Neural tangent kernels of infinitely wide networks (Jacot et al., NeurIPS 2018; Arora et al., NeurIPS 2019), by
neural-tangents. They do not depend on weights, so what was computed in one cycle of a run serves its later ones.

This module and what stands in strategies/infinite are the only ones that know jax.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from bench.errors import DataError
from bench.nets.fields import image_channels
from bench.nets.mlp import MLP
from bench.run_memory import forgotten_between_runs
from strategies.infinite.architecture import (
    BIAS,
    WEIGHT,
    Readout,
    has_infinite_width,
    infinite_network,
    numbers_per_pair,
)
from strategies.infinite.kernel_cache import KernelCache
from strategies.infinite.library import cpu, import_neural_tangents
from strategies.infinite.tiles import Array, Progress, Rows, TileKernel, computed

if TYPE_CHECKING:
    import torch

    from bench.net import Net

__all__ = [
    "BIAS",
    "WEIGHT",
    "Readout",
    "has_infinite_width",
    "import_neural_tangents",
    "infinite_network",
    "infinite_ntk",
    "pool_kernel",
    "remembered_ntk",
]

TILE_MIB = 512.0
CACHE_MIB = 1024.0
ARRAYS = 8
"""How many arrays of a layer's kernel the compiled function holds at once: 6 to 8, by XLA's own count."""
LARGEST_SIDE = 16
"""Larger tiles than these are not faster."""


def infinite_ntk(
    net: Net,
    readout: Readout,
    x1: torch.Tensor,
    x2: torch.Tensor | None = None,
    memory_mib: float = TILE_MIB,
    progress: Progress | None = None,
) -> torch.Tensor:
    """Θ(x1, x2), or Θ(x1, x1), of the infinite network of `net`: (n1, n2) in float64 on x1's device.

    x1 (n1, …) and x2 (n2, …) are images (channels, height, width), or vectors for an mlp. It is computed on the CPU
    with at most about `memory_mib` for intermediate results, if one pair of inputs fits into that. Time and memory of a
    pair grow with the number of positions; with that number squared with readout gap, and for a cnn with either.

    Raises ValueError for a net without infinite width and DataError for inputs of a shape that it cannot take.
    """
    kernel = tile_kernel(net, readout, _shape_of(x1, x2), memory_mib)
    return _torch(computed(kernel, *_rows(x1, x2), progress), x1)


def remembered_ntk(
    net: Net, readout: Readout, x1: torch.Tensor, x2: torch.Tensor | None = None, progress: Progress | None = None
) -> torch.Tensor:
    """infinite_ntk, to the bit, where pairs of inputs that this run has asked for before cost nothing."""
    kernel = pool_kernel(net, readout, _shape_of(x1, x2))
    return _torch(kernel(*_rows(x1, x2), progress), x1)


@lru_cache(maxsize=2)
def pool_kernel(net: Net, readout: Readout, shape: tuple[int, ...]) -> KernelCache:
    """What this process remembers of a kernel in one run, at most CACHE_MIB. Two are kept: a learner's own and a
    strategy's. The compiled kernel outlives the run."""
    return KernelCache(tile_kernel(net, readout, shape, TILE_MIB), CACHE_MIB)


forgotten_between_runs(pool_kernel.cache_clear)


@lru_cache(maxsize=8)
def tile_kernel(net: Net, readout: Readout, shape: tuple[int, ...], memory_mib: float) -> TileKernel:
    """The compiled kernel of inputs of `shape`, in tiles of a size that fits into the memory."""
    if not isinstance(net, MLP):
        image_channels("the infinite NTK of a convolutional net", shape)
    pair_mib = ARRAYS * 8 * numbers_per_pair(net, readout, shape) / 2**20
    side = min(LARGEST_SIDE, max(1, math.isqrt(int(memory_mib / pair_mib))))
    return TileKernel(_compiled(net, readout), side)


def _compiled(net: Net, readout: Readout) -> Callable[[Array, Array], Array]:
    """The kernel of inputs with channels first, compiled anew for each shape."""
    import jax

    # XLA would fold the pooling of a constant by hand, which takes minutes for a kernel that takes milliseconds
    options = {"xla_disable_hlo_passes": "constant_folding"}
    kernel = jax.jit(infinite_network(net, readout)[2], static_argnames="get", compiler_options=options)
    device = cpu()

    def function(x1: Array, x2: Array) -> Array:
        with jax.enable_x64(True), _no_warning_of_sums():
            inputs = [jax.device_put(_channels_last(x), device) for x in (x1, x2)]
            return np.asarray(kernel(*inputs, get="ntk"))

    return function


@contextmanager
def _no_warning_of_sums() -> Iterator[None]:
    """neural-tangents warns of sums whose terms are not independent; the branches here have weights of their own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`FanIn` layers assume independent inputs")
        yield


def _channels_last(x: Array) -> Array:
    return np.moveaxis(x, 1, -1) if x.ndim == 4 else x


def _rows(x1: torch.Tensor, x2: torch.Tensor | None) -> tuple[Rows, Rows | None]:
    """The inputs, and None for the second ones where they are the first."""
    rows, columns = Rows.of(x1), None if x2 is None else Rows.of(x2)
    same = columns is None or np.array_equal(rows.digests, columns.digests)
    return rows, None if same else columns


def _torch(matrix: Array, like: torch.Tensor) -> torch.Tensor:
    import torch

    return torch.from_numpy(matrix).to(like.device)


def _shape_of(x1: torch.Tensor, x2: torch.Tensor | None) -> tuple[int, ...]:
    if x2 is not None and x1.shape[1:] != x2.shape[1:]:
        raise DataError(f"infinite NTK: wanted inputs of one shape; got {tuple(x1.shape)} and {tuple(x2.shape)}")
    return tuple(x1.shape[1:])
