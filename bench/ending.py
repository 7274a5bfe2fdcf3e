"""How an attempt at a cell ended, and what follows from it: another attempt, or the failure of the cell."""

from __future__ import annotations

import errno
import os
import socket
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from bench import memory
from bench.errors import ConfigError, DataError, Diverged, NoData, Refused, ResultsError
from bench.fate import fate
from bench.folder import RunFolder
from bench.launching.options import Retries
from bench.log import printable, tail
from bench.record import Attempt, Failure, FailureKind, cell_folder, read_attempts

FROM_OUTSIDE = ("timeout", "killed", "preempted")
"""An attempt that ends so is held against its cell only where it did not finish a cycle."""
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
NO_ROOM = "no room"
SENTENCES = {
    "killed": "its process was killed {} without finishing a cycle, as when memory runs out",
    "out_of_memory": "its process was killed {} for want of memory; ask for more of it or run fewer cells at a time",
    "timeout": (
        "it reached the time limit {} without finishing a cycle; allow more time "
        "(launch.slurm.minutes, launch.cell_minutes)"
    ),
    "preempted": "it was preempted {} without finishing a cycle",
}


@dataclass(frozen=True)
class Ending:
    """What becomes of the cells of one launch when attempts at them end."""

    launch: str
    retries: Retries
    device: str

    def settle(self, folder: RunFolder, failure: Failure) -> bool:
        """Note how an attempt ended; the cell fails, and True comes back, where it may not be tried again."""
        kind, number = failure["kind"], failure["attempt"]
        counted = {attempt["attempt"] for attempt in folder.in_vain(self.launch) if attempt["status"] == kind}
        counted |= {number} if kind not in FROM_OUTSIDE or self._in_vain(folder, number) else set()
        failed = len(counted) > self.retries.of(kind)
        if failed:
            folder.fail(failure)
        folder.end_attempt(number, kind)
        return failed

    def bury(self, folder: RunFolder, judge: Callable[[Attempt], str] = fate) -> bool:
        """Find out how attempts ended that could not say so; for the holder of the lease. True where the cell failed.

        `judge` says how an attempt ended.
        """
        failed = False
        for attempt in folder.unended():
            kind, number = judge(attempt), attempt["attempt"]
            if kind not in get_args(FailureKind) or attempt["environment"].get("launch") != self.launch:
                folder.end_attempt(number, kind)
                continue
            failed = self.settle(folder, self.from_outside(folder, number, cast(FailureKind, kind))) or failed
        return failed

    def from_outside(self, folder: RunFolder, number: int, kind: FailureKind) -> Failure:
        """What is known of an attempt that something else ended."""
        times = self.retries.of(kind) + 1
        often = "once" if times == 1 else f"{times} times in a row"
        message = f"{SENTENCES[kind].format(often)}; --retry-failed tries again"
        log, cycle = tail(folder.log(number)), len(folder.rows())
        return Failure(kind=kind, message=message, trace="", cycle=cycle, attempt=number, log=log)

    def from_error(self, folder: RunFolder, number: int, error: BaseException) -> Failure:
        """An exception as the record keeps it."""
        return Failure(
            kind=kind_of(error),
            message=printable(str(error) or repr(error)),
            trace=printable("".join(traceback.format_exception(error))),
            cycle=len(folder.rows()),
            attempt=number,
            log=tail(folder.log(number)),
            host=socket.gethostname(),
            device=self.device,
            peak_mib=memory.peak_mib(self.device),
        )

    def _in_vain(self, folder: RunFolder, number: int) -> bool:
        return all(row["measured"]["attempt"] != number for row in folder.rows())


def refuse_to_lose(error: BaseException, folder: RunFolder) -> None:
    """Raise ResultsError for an error that only says that nothing can be written here: no cell is to blame.

    Where there is room for a word at least, the attempt says how it ended.
    """
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        for attempt in folder.unended():
            with suppress(OSError):
                folder.end_attempt(attempt["attempt"], NO_ROOM)
        raise ResultsError(_no_room(folder, str(error.strerror))) from error


def check_room(results: Path, cell: str | None) -> None:
    """Raise ResultsError where the last attempt at a cell found no room for what it had to write.

    A disk that is almost full takes small files still, and the next attempt would only end in the same way.
    """
    if cell is not None:
        folder = RunFolder(cell_folder(results, cell))
        if [attempt["status"] for attempt in read_attempts(folder.path)][-1:] == [NO_ROOM]:
            raise ResultsError(_no_room(folder, os.strerror(errno.ENOSPC)))


def _no_room(folder: RunFolder, reason: str) -> str:
    return (
        f"{folder.path}: wanted a folder that can be written; got {reason}. Finished cycles are kept: make room, then "
        "start the sweep again"
    )


def kind_of(error: BaseException) -> FailureKind:
    """What kind of failure an error is."""
    if isinstance(error, Diverged):
        return "diverged"
    if isinstance(error, NoData):
        return "no_data"
    if isinstance(error, Refused | DataError | ConfigError):
        return "refused"
    out_of_memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return "out_of_memory" if out_of_memory else "exception"
