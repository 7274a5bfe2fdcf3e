"""What all executors share: a crew is the workers of one launch, as its driver sees them."""

from __future__ import annotations

import signal
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bench.cell import Cell
from bench.launching.folder import LaunchFolder, Slot
from bench.launching.options import Launch
from bench.worker import Desk

STILLBORN = 2


class Crew(Protocol):
    """The workers of a launch. Nothing that they have done is known from here: what counts is on disk."""

    @property
    def slots(self) -> Sequence[Slot]:
        """The places whose workers have something to say."""
        ...

    @property
    def alive(self) -> bool:
        """Whether there are workers to wait for, even where every cell is settled."""
        ...

    def fill(self, missing: Collection[str]) -> None:
        """Start workers for the cells that nobody is at, as far as there is room."""
        ...

    def bury(self) -> None:
        """Forget the workers that ended.

        Raises ResultsError where they keep ending without taking a cell, Ended where somebody stopped the launch.
        """
        ...

    def progress(self) -> None:
        """Hear that a cycle was finished since the last time."""
        ...

    def leave(self) -> None:
        """The driver goes: workers of this machine are stopped, those of a cluster go on."""
        ...

    def dismiss(self) -> None:
        """Every cell is settled: workers that still wait for their turn are not needed."""
        ...


@dataclass(frozen=True)
class Order:
    """What a crew is made of: where the sweep's files are, and how its workers are to run."""

    launch: Launch
    results: Path
    data_root: Path
    folder: LaunchFolder
    cells: Mapping[str, Cell]

    def desk(self, slot: Slot, slots: int, share: int | None = None) -> Desk:
        """What the worker in a slot is told."""
        desk = Desk(str(self.results), str(self.folder.queue), "", str(self.data_root), self.launch, slots, share)
        return replace(desk, status=str(slot.folder / "status.json"))


def setup(threads: int) -> list[str]:
    """Shell lines run before a worker: its share of threads, before any library counts the cores."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "PJRT_NPROC", "NPROC")
    return [f"export {name}={threads}" for name in names]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait: a submission cut in half leaves a process that waits for the other half.

    For the main thread. Processes started inside inherit the mask. It alone would not do: where a library keeps threads
    of its own, the signal goes to one of them, and Python raises it here all the same; so a handler takes note of it.
    """
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if came:
        raise KeyboardInterrupt
