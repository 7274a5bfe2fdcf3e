"""Clocks and threads for cases that state more than a median."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


def seconds(act: Callable[[], object]) -> float:
    """How long a call takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Run with so many of torch's threads, and give the number back that was set before."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def read_speed() -> float:
    """Bytes per second of reading memory once: the best of several sums over 512 MiB."""
    stream = torch.ones(2**27)
    return stream.nbytes / min(seconds(stream.sum) for _ in range(8))
