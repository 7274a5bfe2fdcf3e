"""Workers on this machine: a bounded pool of processes (`local`), or one in this process (`debug`)."""

from __future__ import annotations

import os
import shlex
import time
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from bench.ending import check_room
from bench.errors import Ended, ResultsError
from bench.files import check_writable
from bench.launching.crew import STILLBORN, Order, setup, undisturbed
from bench.launching.folder import Slot, launches
from bench.launching.gpus import numbered_by_driver, places
from bench.worker import FINISHED, STARTING, Desk, Worker

if TYPE_CHECKING:
    import submitit

CANCELLED = "stopped by --cancel"
PATIENCE = 5.0
NUMBERED = "export CUDA_DEVICE_ORDER=PCI_BUS_ID"  # as nvidia-smi numbers GPUs; CUDA itself begins with the fastest
FOREVER = 60 * 24 * 365  # minutes; submitit's local executor would kill a worker after five


class Job(Protocol):
    """The part of submitit.Job that is used here."""

    def done(self) -> bool: ...

    def stderr(self) -> str | None: ...


class LocalCrew:
    """A worker for each slot, started again where it ends and cells are left.

    Workers of this sweep that outlived their driver on this machine keep their places: so many slots stay free.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._places = places(order.launch)[: len(order.cells)]
        self._own = [Slot(i, order.folder.path / f"slot{i}") for i in range(len(self._places))]
        others = [each for each in launches(order.results) if each.path != order.folder.path]
        self._adopted = [slot for each in others for slot in each.slots if slot.busy]
        self._jobs: dict[Slot, Job] = {}
        self._stillborn: Counter[Slot] = Counter()

    @property
    def slots(self) -> Sequence[Slot]:
        return [*self._adopted, *self._free[: len(self._places) - len(self._adopted)]]

    @property
    def alive(self) -> bool:
        return bool(self._jobs)

    def fill(self, missing: Collection[str]) -> None:
        room = len(self._places) - len(self._adopted) - len(self._jobs)
        free = [slot for slot in self._free if slot not in self._jobs]
        starting = sum(slot.status.get("doing", STARTING) == STARTING for slot in self._jobs)
        for slot in free[: max(0, min(room, len(missing) - starting))]:
            with undisturbed():
                self._jobs[slot] = self._start(slot)

    def bury(self) -> None:
        self._adopted = [slot for slot in self._adopted if slot.busy]
        for slot in self._ended():
            job, last = self._jobs.pop(slot), slot.status.get("doing")
            if self._order.folder.stopped:
                raise Ended(CANCELLED)
            check_writable(self._order.results)
            check_room(self._order.results, slot.status.get("cell"))
            self._stillborn[slot] = self._stillborn[slot] + 1 if last in (None, STARTING, FINISHED) else 0
            if self._stillborn[slot] > STILLBORN:
                raise ResultsError(f"workers end before they take a cell; {_last_words(job)}")

    def progress(self) -> None:
        self._stillborn.clear()

    def leave(self) -> None:
        """Each worker notes that it was interrupted and leaves its cell to whoever comes next.

        Those that Ctrl-C has reached already are given a moment; the others, and those that need longer, are told. One
        that is not up yet finds the mark when it is.
        """
        with suppress(OSError):  # where nothing can be written any more, they are told by the signal alone
            self._order.folder.stop()
        for _ in range(2):
            if self._all_end_within(PATIENCE):
                return
            self._order.folder.interrupt()

    def dismiss(self) -> None:
        """Nothing to do: none waits."""

    @property
    def _free(self) -> list[Slot]:
        """The slots that no adopted worker fills, so that none gets the GPU of another while one is idle."""
        taken = {slot.number for slot in self._adopted}
        return [slot for slot in self._own if slot.number not in taken]

    def _ended(self) -> list[Slot]:
        try:
            return [slot for slot, job in self._jobs.items() if job.done()]
        except KeyboardInterrupt:
            if self._order.folder.stopped:  # --cancel interrupts a worker in this process like any other
                raise Ended(CANCELLED) from None
            raise

    def _all_end_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not all(job.done() for job in self._jobs.values()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _start(self, slot: Slot) -> Job:
        """Start a worker in a slot. With the debug executor it runs when its job is first asked for its outcome."""
        import submitit

        slot.folder.mkdir(parents=True, exist_ok=True)
        (slot.folder / "status.json").unlink(missing_ok=True)
        worker = Worker(self._desk(slot))
        if self._order.launch.executor == "debug":
            if (gpu := self._places[slot.number]) is not None:
                os.environ.update(CUDA_VISIBLE_DEVICES=gpu, CUDA_DEVICE_ORDER="PCI_BUS_ID")
            return _Here(submitit.DebugExecutor(slot.folder).submit(worker))
        executor = submitit.LocalExecutor(slot.folder)
        executor.update_parameters(timeout_min=FOREVER, setup=self._setup(slot))
        return executor.submit(worker)

    def _desk(self, slot: Slot) -> Desk:
        return self._order.desk(slot, self._places.count(self._places[slot.number]))

    def _setup(self, slot: Slot) -> list[str]:
        """Ctrl-C on the terminal is ignored from here on, or submitit's controller would print its trace over the
        display; the worker listens to it again (Worker.__call__)."""
        gpu = self._places[slot.number]
        # submitit hides every GPU from a job that asked for none
        named = [] if gpu is None else [f"export CUDA_VISIBLE_DEVICES={shlex.quote(gpu)}"]
        order = [NUMBERED] if named and numbered_by_driver(self._order.launch) else []
        return ["trap '' INT", *setup(self._order.launch.threads), *named, *order]


class _Here:
    """A worker in this process: it runs, once, when it is first asked for; what it raises is raised here.

    submitit itself would open a debugger on an error, and run the worker again when asked again.
    """

    def __init__(self, job: submitit.Job[int]) -> None:
        self._job = job
        self._ran = False

    def done(self) -> bool:
        if not self._ran:
            self._ran = True
            if (error := self._job.exception()) is not None:
                raise error
        return True

    def stderr(self) -> str | None:
        return None


def _last_words(job: Job) -> str:
    """The end of what a dead worker wrote to its error stream."""
    lines = (job.stderr() or "").strip().splitlines()
    return f"the last one said: {lines[-1]}" if lines else "the last one said nothing"
