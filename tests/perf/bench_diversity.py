"""CoreSet at the size of CIFAR: time, peak memory, and how the time grows with the pool."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import torch
from given_model import given_view

from baselines.coreset import CoreSet
from perf.case import Case
from perf.timing import seconds, threads

THREADS = 2
LABELLED, D, BUDGET = 1000, 512, 1000
SIZES = (12_500, 25_000, 50_000)


def cases() -> Iterator[Case]:
    """A query of 1 000 among 50 000 with 1 000 labelled."""
    yield Case(f"coreset/n{SIZES[-1]}-d{D}-b{BUDGET}", lambda: query(SIZES[-1]), repeats=3, note=growth)


@cache
def features(m: int) -> torch.Tensor:
    """Noise (n + m, d), since the speed is the same."""
    return torch.randn(LABELLED + m, D, generator=torch.Generator().manual_seed(0))


def query(m: int) -> None:
    """The strategy as a cell runs it, on m candidates."""
    view = given_view(torch.zeros(LABELLED + m, 2), features(m), LABELLED)
    with threads(THREADS):
        CoreSet().query(view, BUDGET)


def growth() -> str:
    """The time at each of three sizes."""
    taken = ", ".join(f"{seconds(lambda m=m: query(m)):.1f} s at m = {m}" for m in SIZES)
    return f"{THREADS} threads, {LABELLED} labelled; {taken}"
