"""A worker: one long-lived process that takes cells of a queue by lease until none is left."""

from __future__ import annotations

import os
import signal
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.cell import Cell, canonical, cell_from_record, record_of
from bench.environment import environment
from bench.errors import Diverged, LeaseLost, Refused, ResultsError
from bench.files import read_json, write_json
from bench.folder import RunFolder, now
from bench.journal import Watcher
from bench.lease import Lease, leased
from bench.record import Failure, cell_folder
from bench.state import State, state_of

if TYPE_CHECKING:
    from bench.data import Data

LOST_ATTEMPTS = 3
"""As many deaths of one launch in one cycle are taken for the cell's own fault; the launch itself outlived them."""

PAUSE = 0.5
STARTING, FINISHED = "starting", "finished"
STOP = "stop"


@dataclass(frozen=True)
class Desk:
    """What a worker is told, as JSON knows it, so that submitit pickles nothing of ours but this.

    `queue` is a JSON file of id → Cell.record(); `status` is where the worker says what it is doing; `slots` is how
    many workers share the machine, which readers of its timings want to know.
    """

    results: str
    queue: str
    status: str
    data_root: str
    device: str
    threads: int
    slots: int = 1


@dataclass
class Worker:
    """Runs cells one after the other in this process."""

    desk: Desk
    _loaded: dict[str, Data] = field(default_factory=dict)
    _environment: dict[str, Any] = field(default_factory=dict)

    def __call__(self) -> int:
        """Run whatever of the queue is not done, failed or taken; returns how many cells this worker settled."""
        self._prepare()
        settled = sum(self._take(identifier, record) for identifier, record in self._queue() if not self._stopped())
        self._say(cell=None, doing=FINISHED, share=1.0)
        return settled

    def _prepare(self) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._say(cell=None, doing=STARTING, share=0.0)
        import torch

        torch.set_num_threads(self.desk.threads)
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what cuBLAS needs to be deterministic
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False
        self._environment = {**environment(self.desk.device), "slots": self.desk.slots, "launch": self._launch}

    @property
    def _launch(self) -> str:
        return Path(self.desk.queue).parent.name

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
            if lease is None or folder.failed() or folder.finished_cycle() >= cycles:
                return False
            return self._attempt(folder, record, lease)

    def _attempt(self, folder: RunFolder, record: dict[str, Any], lease: Lease) -> bool:
        if len(folder.lost_attempts(self._launch)) >= LOST_ATTEMPTS:
            self._give_up(folder)
            return True
        number = folder.begin_attempt(self._environment)
        try:
            self._run(folder, record, lease, number)
        except LeaseLost:
            folder.end_attempt(number, "lost the lease")
            return False
        except KeyboardInterrupt:
            folder.end_attempt(number, "interrupted")
            raise
        except Exception as error:  # it is recorded with its trace, and the other cells go on
            if not lease.held():
                folder.end_attempt(number, "lost the lease")
                return False
            folder.fail(failure(error, len(folder.rows()), number))
            folder.end_attempt(number, "failed")
            return True
        folder.end_attempt(number, "done")
        return True

    def _give_up(self, folder: RunFolder) -> None:
        lost = folder.lost_attempts(self._launch)
        message = (
            f"its process was killed {len(lost)} times in a row without finishing a cycle, as when memory runs out; "
            "--retry-failed tries again"
        )
        folder.fail(Failure(kind="killed", message=message, trace="", cycle=len(folder.rows()), attempt=lost[-1]))
        for number in lost:
            folder.end_attempt(number, "killed")

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
        from bench.data import load_data

        key = canonical([record_of(cell.dataset), cell.precision])
        if key not in self._loaded:
            self._say(cell=cell.id, doing="loading data", share=0.0)
            self._loaded[key] = load_data(cell.dataset, Path(self.desk.data_root), self.desk.device, cell.precision)
        return self._loaded[key]

    def _watcher(self, identifier: str) -> Watcher:
        said = ("", 0.0)

        def watch(doing: str, share: float) -> None:
            nonlocal said
            if doing != said[0] or time.monotonic() - said[1] > PAUSE:
                said = (doing, time.monotonic())
                self._say(cell=identifier, doing=doing, share=share)

        return watch

    def _say(self, **status: Any) -> None:
        write_json(Path(self.desk.status), {**status, "pid": os.getpid(), "time": now()}, durable=False)


def failure(error: Exception, cycle: int, attempt: int) -> Failure:
    """An exception as the record keeps it."""
    trace = "".join(traceback.format_exception(error))
    return Failure(kind=_kind(error), message=str(error) or repr(error), trace=trace, cycle=cycle, attempt=attempt)


def _kind(error: Exception) -> str:
    if isinstance(error, Diverged):
        return "diverged"
    if isinstance(error, Refused):
        return "refused"
    out_of_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return "out_of_memory" if out_of_memory else "exception"
