"""Where the time of one empirical kernel goes, and how fast its matrix products are beside the best library at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

from bench.journal import Journal
from perf.timing import seconds
from strategies.gram import parts, products
from strategies.gram.convolution import WeightGradient
from strategies.gram.empirical_kernel import empirical_ntk
from strategies.gram.plan import CHUNK

Product = Callable[[torch.Tensor, torch.Tensor], object]

LIBRARIES: dict[str, Product] = {
    "torch.mm": lambda left, right: left @ right.T,
    "oneDNN": products.onednn,
    "OpenBLAS": lambda left, right: np.matmul(left.numpy(), right.numpy().T),
}


def breakdown(network: nn.Module, x: torch.Tensor) -> str:
    """Shares of the whole, and the products' speed beside the best of the libraries' on the largest of their shapes."""
    journal, spent, shapes = Journal(), Counter[str](), Counter[tuple[int, int]]()
    with watched(spent, shapes):
        whole = seconds(lambda: empirical_ntk(network, x, journal=journal))
    n, width = max(shapes, key=lambda shape: shape[0] ** 2 * shape[1] * shapes[shape])
    ours = sum(count * multiply_adds(*shape) for shape, count in shapes.items()) / spent["products"]
    name, best = fastest(n, width)
    forward = journal.seconds["capture"] - spent["gradients in capture"]
    shares = {"network": forward, **{key: spent[key] for key in ("gradients", "products", "ghosts")}}
    text = ", ".join(f"{key} {value / whole:.0%}" for key, value in shares.items())
    return f"products at {ours / best:.0%} of {name}'s {2e-9 * best:.0f} GF/s; {text} of {whole:.2f} s"


@contextmanager
def watched(spent: Counter[str], shapes: Counter[tuple[int, int]]) -> Iterator[None]:
    """Add up the time of each kind of work in `spent` and the shapes of the rows that are multiplied in `shapes`."""
    add_gram, write, add_ghost = parts.add_gram, WeightGradient.write, parts.add_ghost

    def timed_gram(kernel: torch.Tensor, rows: torch.Tensor) -> None:
        spent["products"] += seconds(lambda: add_gram(kernel, rows))  # type: ignore[assignment]
        shapes[len(rows), rows.shape[1]] += 1

    def timed_write(self: WeightGradient, *arguments: object) -> None:
        taken = seconds(lambda: write(self, *arguments))  # type: ignore[arg-type]
        spent["gradients"] += taken  # type: ignore[assignment]
        if len(arguments[0]) <= CHUNK["cpu"]:  # type: ignore[arg-type]
            spent["gradients in capture"] += taken  # type: ignore[assignment]

    def timed_ghost(*arguments: object) -> None:
        spent["ghosts"] += seconds(lambda: add_ghost(*arguments))  # type: ignore[arg-type, assignment]

    with ExitStack() as stack:
        stack.enter_context(patch.object(parts, "add_gram", timed_gram))
        stack.enter_context(patch.object(WeightGradient, "write", timed_write))
        stack.enter_context(patch.object(parts, "add_ghost", timed_ghost))
        yield


def fastest(n: int, width: int) -> tuple[str, float]:
    """The library that is fastest on the products of rows (n, width) by blocks, and its multiply-adds per second."""
    rows = torch.randn(n, width)
    taken = {name: speed(multiply, rows) for name, multiply in available().items()}
    name = max(taken, key=lambda library: taken[library])
    return name, taken[name]


def speed(multiply: Product, rows: torch.Tensor) -> float:
    """Multiply-adds per second of a library on rows (n, width): the best of five tries."""
    return multiply_adds(*rows.shape) / min(seconds(lambda: blocks(multiply, rows)) for _ in range(5))


def available() -> dict[str, Product]:
    """The libraries of this machine."""
    return {name: call for name, call in LIBRARIES.items() if name != "oneDNN" or products.onednn_is_there()}


def blocks(multiply: Product, rows: torch.Tensor) -> None:
    """The products that a Gram matrix takes, by one library."""
    for start in range(0, len(rows), products.BLOCK):
        multiply(rows[start : start + products.BLOCK], rows[start:])


def multiply_adds(n: int, width: int) -> int:
    """Of the products of rows (n, width) by blocks."""
    return sum(min(products.BLOCK, n - start) * (n - start) * width for start in range(0, n, products.BLOCK))
