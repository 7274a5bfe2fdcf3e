"""A worker: one long-lived process that takes cells of a queue by lease until none is left or it has had its share."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import slurm
from bench.cell import Cell, canonical, cell_from_record, record_of
from bench.ending import Ending, refuse_to_lose
from bench.environment import environment
from bench.errors import LeaseLost, ResultsError, TimeLimit
from bench.files import read_json, write_json
from bench.folder import RunFolder, now
from bench.journal import Watcher
from bench.launching.options import Launch
from bench.lease import Lease, leased
from bench.log import captured
from bench.numerics import strict
from bench.process import me
from bench.record import FailureKind, cell_folder
from bench.state import State, state_of

if TYPE_CHECKING:
    from bench.data import Data

PAUSE, AGAIN = 0.5, 3.0
EARLY = 90  # seconds that Slurm's warning may come before the time that was asked for: its 60, and some to be heard
STARTING, FINISHED = "starting", "finished"
STOP = "stop"
KEPT_DATA = 2
"""So many datasets stay loaded, each with its own size, augmentation and so on: those that were used last."""


@dataclass(frozen=True)
class Desk:
    """What a worker is told, as JSON knows it, so that submitit pickles nothing of ours but this.

    `queue` is a JSON file of id → Cell.record(); `status` is where the worker says what it is doing; `slots` is how
    many workers share its GPU, or else the machine, which readers of its timings want to know; `share` is how many
    cells it may settle.
    """

    results: str
    queue: str
    status: str
    data_root: str
    launch: Launch = field(default_factory=Launch)
    slots: int = 1
    share: int | None = None


@dataclass
class Worker:
    """Runs cells one after the other in this process."""

    desk: Desk
    _loaded: dict[str, Data] = field(default_factory=dict)
    _environment: dict[str, Any] = field(default_factory=dict)
    _at: tuple[RunFolder, int] | None = None
    _started: float = field(default_factory=time.monotonic)

    def __call__(self) -> int:
        """Run whatever of the queue is not done, failed or taken; returns how many cells this worker settled."""
        self._started = time.monotonic()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._say(cell=None, doing=STARTING, share=0.0)
        with strict(self.desk.launch.threads):
            self._prepare()
            return self._work()

    def _work(self) -> int:
        settled = 0
        for identifier, record in self._queue():
            if self._stopped() or settled == self.desk.share:
                break
            settled += self._take(identifier, record)
        self._say(cell=None, doing=FINISHED, share=1.0)
        return settled

    def leave(self) -> None:
        """Note that this process is about to be ended by its scheduler: its time is over, or another job needs the
        place. For a signal handler; whoever takes the cell up next goes on from its last finished cycle."""
        if self._at is not None:
            (folder, number), self._at = self._at, None
            minutes = self.desk.launch.slurm.minutes
            left = 60 * minutes - slurm.seconds_of_this_job(time.monotonic() - self._started)
            kind: FailureKind = "timeout" if left < slurm.warning(minutes) + EARLY else "preempted"
            self._ending.settle(folder, self._ending.from_outside(folder, number, kind))

    @property
    def _ending(self) -> Ending:
        return Ending(Path(self.desk.queue).parent.name, self.desk.launch.retries, self.desk.launch.device)

    def _prepare(self) -> None:
        import torch

        launch = self.desk.launch
        if launch.device == "cuda" and self.desk.slots > 1:
            torch.cuda.set_per_process_memory_fraction(1 / self.desk.slots)
        self._environment = {**environment(launch.device), "slots": self.desk.slots, "launch": self._ending.launch}

    def _stopped(self) -> bool:
        return (Path(self.desk.queue).parent / STOP).exists()

    def _queue(self) -> Iterator[tuple[str, dict[str, Any]]]:
        queue: dict[str, dict[str, Any]] | None = read_json(Path(self.desk.queue))
        if queue is None:
            raise ResultsError(f"{self.desk.queue}: wanted the worker's queue; the file is missing")
        yield from queue.items()

    def _take(self, identifier: str, record: dict[str, Any]) -> bool:
        """Run one cell if nobody else does; whether it was settled (done or failed) here."""
        results, cycles = Path(self.desk.results), record["protocol"]["cycles"]
        if state_of(results, identifier, cycles) is not State.MISSING:
            return False
        folder = RunFolder(cell_folder(results, identifier))
        with leased(folder.path) as lease:
            if lease is None:
                return False
            if self._ending.bury(folder):
                return True
            while not (folder.failed() or folder.finished_cycle() >= cycles):
                if not self._attempt(folder, record, lease):
                    return False
                if folder.finished_cycle() < cycles:
                    self._make_room()
            return True

    def _attempt(self, folder: RunFolder, record: dict[str, Any], lease: Lease) -> bool:
        """Try once; False where this process may not go on with the cell."""
        number = folder.begin_attempt(self._environment)
        self._at = folder, number
        try:
            with self._limited(), self._logged(folder.log(number)):
                self._run(folder, record, lease, number)
        except LeaseLost:
            return self._end(folder, number, "lost the lease")
        except KeyboardInterrupt:
            self._end(folder, number, "interrupted")
            raise
        except TimeLimit:
            self._at = None
            self._ending.settle(folder, self._ending.from_outside(folder, number, "timeout"))
            return True
        except Exception as error:  # it is recorded with its trace, and the other cells go on
            if self._at is None:  # raised while this process was leaving: how the attempt ended is noted already
                raise
            self._at = None
            return self._failed(error, folder, number, lease)
        self._at = None
        folder.end_attempt(number, "done")
        return True

    def _make_room(self) -> None:
        """Give back the memory that is held for other cells: the next attempt may need what the last one lacked."""
        import torch

        self._loaded.clear()
        gc.collect()
        if self.desk.launch.device == "cuda":
            torch.cuda.empty_cache()

    def _end(self, folder: RunFolder, number: int, status: str) -> bool:
        self._at = None
        folder.end_attempt(number, status)
        return False

    def _failed(self, error: Exception, folder: RunFolder, number: int, lease: Lease) -> bool:
        refuse_to_lose(error, folder)
        if not lease.held():
            return self._end(folder, number, "lost the lease")
        self._ending.settle(folder, self._ending.from_error(folder, number, error))
        return True

    def _logged(self, path: Path) -> Any:
        """Prints go into the cell's folder, but for the debug executor, whose user wants to see them."""
        return nullcontext() if self.desk.launch.executor == "debug" else captured(path)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """Raise TimeLimit here once an attempt has taken as long as it may."""
        if self.desk.launch.cell_minutes is None:
            yield
            return
        before = signal.signal(signal.SIGALRM, _raise_time_limit)
        # again and again: a library may swallow the first one, as in a bare `except`
        signal.setitimer(signal.ITIMER_REAL, 60 * self.desk.launch.cell_minutes, AGAIN)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _run(self, folder: RunFolder, record: dict[str, Any], lease: Lease, number: int) -> None:
        from bench.loop import Run

        cell = cell_from_record(record)
        if cell.id != folder.id:
            raise ResultsError(
                f"cell {folder.id}: a plugin of it changed since the sweep was planned; start the sweep anew"
            )
        folder.create(cell.record())
        Run(cell, self._data(cell), folder, number, self._watcher(folder.id), lease.check).finish()

    def _data(self, cell: Cell) -> Data:
        from bench.data import check_unchanged, load_data

        key = canonical([record_of(cell.dataset), cell.precision, cell.checksum])
        if key in self._loaded:
            self._loaded[key] = self._loaded.pop(key)  # the latest stands last
        else:
            for oldest in list(self._loaded)[: len(self._loaded) + 1 - KEPT_DATA]:
                del self._loaded[oldest]
            self._say(cell=cell.id, doing="loading data", share=0.0)
            root, device = Path(self.desk.data_root), self.desk.launch.device
            check_unchanged(cell.dataset, root, cell.checksum)
            self._loaded[key] = load_data(cell.dataset, root, device, cell.precision)
        return self._loaded[key]

    def _watcher(self, identifier: str) -> Watcher:
        said = ("", 0.0)

        def watch(doing: str, share: float) -> None:
            nonlocal said
            if doing != said[0] or time.monotonic() - said[1] > PAUSE:
                said = (doing, time.monotonic())
                self._say(cell=identifier, doing=doing, share=share)
                if self._stopped():
                    raise KeyboardInterrupt

        return watch

    def _say(self, **status: Any) -> None:
        with suppress(OSError):  # a full disk is told by what has to be written
            write_json(Path(self.desk.status), {**status, **me(), "time": now()}, durable=False)


def _raise_time_limit(number: int, frame: object) -> None:
    raise TimeLimit
