"""The same work on many things, in processes beside each other where there are enough of them."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")
MOST = 4  # processes


def beside(work: Callable[[T], R], things: Sequence[T], worth: int, together: int = 1) -> Iterator[R]:
    """The results in the order of the things, which go to a process `together` at a time.

    Fewer than `worth` things for each process are worked on here. Work, things and results must be picklable, but where
    processes are forked only the results travel.
    """
    processes = min(MOST, os.cpu_count() or 1, len(things) // worth)
    if processes < 2:
        yield from map(work, things)
        return
    with ProcessPoolExecutor(processes, initializer=_Held.hold, initargs=(work, things)) as pool:
        yield from pool.map(_Held.work_on, range(len(things)), chunksize=together)


def share(least: int, total: int, things: int) -> int:
    """How many of the things have `least` of the `total` that they share: a `worth` for `beside`."""
    return max(1, math.ceil(least * things / max(total, 1)))


class _Held:
    """What a process of the pool works on: given to it once, at its start."""

    work: Callable[[Any], Any]
    things: Sequence[Any]

    @classmethod
    def hold(cls, work: Callable[[Any], Any], things: Sequence[Any]) -> None:
        """Keep them."""
        cls.work, cls.things = staticmethod(work), things

    @classmethod
    def work_on(cls, place: int) -> Any:
        """The result of the thing at this place."""
        return cls.work(cls.things[place])
