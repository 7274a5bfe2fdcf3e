"""Which form each layer's share of the kernel takes, and which layers are captured together so that they fit in memory.

The form is chosen by counting multiply-adds for n samples; only shapes decide, so that a result does not depend on how
busy the machine was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import torch

from strategies.gram.convolution import CACHE, WeightGradient
from strategies.gram.gradients import Gradient
from strategies.gram.parts import Direct, Factors, Ghost, Layer, Part, Rows
from strategies.gram.products import BLOCK

WRITING = 16
"""What writing one number of a gradient costs, in multiply-adds of a matrix product; measured, as the next."""
ELEMENTWISE = 30
"""What one pass over one number of a matrix over pairs of positions costs."""

SCRATCH = 128 * 2**20
CHUNK = {"cpu": 32}
"""Samples per pass, by device: on a CPU so few that their activations mostly stay in its caches."""
LARGE_CHUNK = 256

Surveyed = Sequence[tuple[Layer, tuple[Gradient, ...]]]


@dataclass(frozen=True)
class Plan:
    """Groups of parts that are captured together, samples per pass, and the entries of the scratch vector."""

    groups: tuple[tuple[Part, ...], ...]
    chunk: int
    scratch: int


def planned(layers: Surveyed, kernel: torch.Tensor, memory: int) -> Plan:
    """The plan for a kernel (n, n) and `memory` bytes beyond inputs and result.

    Raises ValueError, with the least that works, where the memory is too little.
    """
    n, size = len(kernel), kernel.element_size()
    activations = 4 * size * sum(prod(shape) for layer, _ in layers for shape in layer.outputs)  # bytes per sample
    chunk = max(1, min(n, CHUNK.get(kernel.device.type, LARGE_CHUNK), memory // 4 // activations))
    scratch = min(SCRATCH, memory // 4)
    copies = min(CACHE, memory // 8)
    room = (memory - scratch - copies - chunk * activations) // (n * size)  # entries per sample
    parts = [part for layer, rules in layers for rule in rules for part in fitting(best(layer, rule, n), room)]
    return Plan(tuple(grouped(parts, room)), chunk, min(scratch // size, max(map(wanted, parts), default=0) * n))


def best(layer: Layer, gradient: Gradient, n: int) -> Part:
    """The cheapest form of some parameters for n samples."""
    rows = Rows(layer, gradient, slice(0, gradient.units))
    if not isinstance(gradient, WeightGradient) or gradient.filters.groups > 1:
        return rows
    if len(layer.inputs) == 1 and ghost_cost(layer, gradient, n) < direct_cost(layer, gradient, n):
        return Ghost(layer, gradient)
    direct = Direct(layer, gradient)
    return rows if kept(rows) <= kept(direct) else direct


def direct_cost(layer: Layer, gradient: WeightGradient, n: int) -> float:
    """Multiply-adds to form n gradients and multiply every pair of them."""
    weights = gradient.filters.weights
    positions = sum(prod(shape) for shape in layer.outputs) // gradient.filters.outputs
    return n * weights * (positions + WRITING + min(n, (n + BLOCK) / 2))


def ghost_cost(layer: Layer, gradient: WeightGradient, n: int) -> float:
    """Multiply-adds over every pair of positions of every pair of samples."""
    filters = gradient.filters
    outside, inside = (prod(shape) for shape in (layer.outputs[0], layer.inputs[0]))
    t = outside // filters.outputs
    seen = t if filters.kernel == (1, 1) and filters.padding == (0, 0) else inside // filters.inputs
    sums = ELEMENTWISE * seen**2 * (1 + (sum(filters.kernel) if filters.kernel != (1, 1) else 0))
    return n * (n + 1) / 2 * (seen**2 * filters.inputs + t**2 * filters.outputs + sums)


def kept(part: Part) -> int:
    """Entries kept of one sample."""
    return sum(prod(shape) for shape in part.shapes)


def wanted(part: Part) -> int:
    """Entries of scratch for one sample with which a part is added at once; more are of no use."""
    return sum(part.gradient.widths(part.gradient.units)) if isinstance(part, Direct) else 0


def fitting(part: Part, room: int) -> Iterator[Part]:
    """The part, or parts that together are the same and of which each keeps at most `room` entries of a sample."""
    if kept(part) <= room:
        yield part
    elif isinstance(part, Factors):
        yield from fitting(Rows(part.layer, part.gradient, slice(0, part.gradient.units)), room)
    else:
        assert isinstance(part, Rows)
        step = room // sum(part.gradient.widths(1))
        if step < 1:
            raise ValueError(_too_little(part, room))
        ends = range(0, part.gradient.units, step)
        yield from (Rows(part.layer, part.gradient, slice(i, min(part.gradient.units, i + step))) for i in ends)


def grouped(parts: Sequence[Part], room: int) -> Iterator[tuple[Part, ...]]:
    """The parts in few groups of which each keeps at most `room` entries of a sample: first fit, the largest first."""
    groups: list[list[Part]] = []
    for part in sorted(parts, key=kept, reverse=True):
        fits = (group for group in groups if sum(map(kept, group)) + kept(part) <= room)
        group = next(fits, None)
        if group is None:
            groups.append([part])
        else:
            group.append(part)
    yield from map(tuple, groups)


def _too_little(part: Rows, room: int) -> str:
    return (
        f"memory_mib: wanted room for {sum(part.gradient.widths(1))} numbers of every sample, the least that layer "
        f"{part.layer.name!r} can be cut into; got room for {max(0, room)}. Raise memory_mib"
    )
