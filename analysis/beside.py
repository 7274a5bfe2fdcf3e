"""The same work on many things, in processes beside each other where there are enough of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST = 4  # processes


def beside(work: Callable[[T], R], things: Sequence[T], worth: int, together: int = 1) -> Iterator[R]:
    """The results in the order of the things, which go to a process `together` at a time.

    Fewer than `worth` things for each process are worked on here. Work, things and results must be picklable.
    """
    processes = min(MOST, os.cpu_count() or 1, len(things) // worth)
    if processes < 2:
        yield from map(work, things)
        return
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(work, things, chunksize=together)
