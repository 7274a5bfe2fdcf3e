"""Starting workers through submitit: in this process (`debug`), or in a bounded pool of local processes (`local`)."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from bench.cell import Cell
from bench.config import Launch
from bench.files import read_intact, write_json
from bench.worker import STOP, Desk, Worker

PATIENCE = 5.0
FOREVER = 60 * 24 * 365  # minutes; submitit's local executor would kill a worker after five


class Job(Protocol):
    """The part of submitit.Job that is used here."""

    def done(self) -> bool: ...

    def stderr(self) -> str | None: ...


@dataclass(frozen=True)
class Slot:
    """A place that one worker fills at a time, with the folder of its logs and status."""

    number: int
    folder: Path

    @property
    def status(self) -> dict[str, Any]:
        """What the slot's worker says it is doing; {} before it says anything, and where the file is damaged."""
        return read_intact(self.folder / "status.json", "cell", "doing", "share", "pid") or {}


@dataclass(frozen=True)
class Pool:
    """The workers of one launch and the queue that they share; all of it below `folder`."""

    launch: Launch
    folder: Path
    desk: Desk
    slots: tuple[Slot, ...]

    def start(self, slot: Slot) -> Job:
        """Start a worker in a slot. With the debug executor it runs when its job is first asked for its outcome."""
        import submitit

        desk = replace(self.desk, status=str(slot.folder / "status.json"))
        slot.folder.mkdir(parents=True, exist_ok=True)
        (slot.folder / "status.json").unlink(missing_ok=True)
        if self.launch.executor == "debug":
            return submitit.DebugExecutor(slot.folder).submit(Worker(desk))
        executor = submitit.LocalExecutor(slot.folder)
        executor.update_parameters(timeout_min=FOREVER, setup=_setup(self.launch))
        return executor.submit(Worker(desk))

    def stop(self, jobs: Mapping[Slot, Job]) -> None:
        """End running workers: each notes that it was interrupted and leaves its cell to whoever comes next.

        Those that Ctrl-C has reached already are given a moment; the others, and those that need longer, are told. One
        that is not up yet finds the mark when it is.
        """
        (self.folder / STOP).touch()
        for _ in range(2):
            deadline = time.monotonic() + PATIENCE
            while not all(job.done() for job in jobs.values()) and time.monotonic() < deadline:
                time.sleep(0.1)
            for slot, job in jobs.items():
                if not job.done() and "pid" in slot.status:
                    with suppress(ProcessLookupError):
                        os.kill(slot.status["pid"], signal.SIGINT)


def pool(launch: Launch, results: Path, data_root: Path, cells: dict[str, Cell]) -> Pool:
    """Write the queue of a launch and lay out its slots; nothing is started yet."""
    folder = results / "launches" / f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"
    queue = folder / "queue.json"
    write_json(queue, {identifier: cell.record() for identifier, cell in cells.items()})
    count = min(slot_count(launch), len(cells))
    desk = Desk(str(results), str(queue), "", str(data_root), launch.device, launch.threads, count)
    return Pool(launch, folder, desk, tuple(Slot(i, folder / f"slot{i}") for i in range(count)))


def slot_count(launch: Launch) -> int:
    """How many workers run at a time: what was asked for, else one for each core that a worker's threads leave."""
    if launch.executor == "debug":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return launch.slots or max(1, cores // launch.threads)


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


def _setup(launch: Launch) -> list[str]:
    """Shell lines run before a worker: its share of threads, before any library counts the cores.

    Ctrl-C on the terminal is ignored from here on, or submitit's controller would print its trace over the display;
    the worker listens to it again (Worker.__call__).
    """
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return ["trap '' INT", *(f"export {name}={launch.threads}" for name in names)]
