"""Leases: who works on a cell, or on whatever else a folder stands for, right now.

A lease is a file `lease.N` that only one process can create; the highest N holds. Its holder touches it every few
seconds. Where it was not touched for STALE seconds, or its process is gone from this host, the cell may be taken over
by creating `lease.N+1`, which again only one process can do.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bench.errors import LeaseLost
from bench.files import read_intact
from bench.process import lives, me

BEAT = 5.0
STALE = 60.0
PAUSE = 0.5
"""How often a process looks that waits for another one."""


class Lease:
    """A lease that this process holds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def held(self) -> bool:
        """Whether it still counts. The name alone does not say so: after a release, names begin anew."""
        return _newest(self.path.parent) == self.path and _holder(self.path) == me()

    def check(self) -> None:
        """Raise LeaseLost where another process has taken the cell over, as after a long sleep of this machine."""
        if not self.held():
            raise LeaseLost(f"{self.path}: another process took this cell over; its results stand, these are dropped")


@contextmanager
def leased(folder: Path) -> Iterator[Lease | None]:
    """Hold the lease of a cell's folder for a while; None where somebody else has it."""
    path = _acquire(folder)
    if path is None:
        yield None
        return
    stop = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, stop), daemon=True)
    beat.start()
    lease = Lease(path)
    try:
        yield lease
    finally:
        stop.set()
        beat.join()
        if lease.held():
            with suppress(OSError):  # a disk that takes no more: the lease ends with this process
                _remove(folder)


@contextmanager
def alone(folder: Path) -> Iterator[Lease]:
    """Hold the lease of a folder, as soon as nobody else does: for work that one process does and others wait for."""
    while True:
        with leased(folder) as lease:
            if lease is not None:
                yield lease
                return
        time.sleep(PAUSE)


def is_leased(folder: Path) -> bool:
    """Whether a process that is still there holds the folder's lease."""
    newest = _newest(folder)
    return newest is not None and not _abandoned(newest)


def _acquire(folder: Path) -> Path | None:
    newest = _newest(folder)
    if newest is not None and not _abandoned(newest):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"lease.{0 if newest is None else _number(newest) + 1}"
    try:
        with path.open("x") as file:
            json.dump(me(), file)
    except FileExistsError:
        return None
    except OSError:  # a full disk: half a lease would hold the cell for STALE seconds
        path.unlink(missing_ok=True)
        raise
    return path


def _beat(path: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        try:
            os.utime(path)
        except FileNotFoundError:
            return  # taken over or removed; Lease.check tells the holder
        except OSError:  # such as a file server that was away for a moment
            continue


def _abandoned(path: Path) -> bool:
    try:
        holder, touched = _holder(path), path.stat().st_mtime
    except FileNotFoundError:
        return True
    living = lives(holder)
    return _now(path.parent) - touched > STALE if living is None else not living


def _holder(path: Path) -> dict[str, Any]:
    """Who a lease says it is held by; {} for one that is damaged, or that its holder is about to finish writing."""
    return read_intact(path) or {}


def _now(folder: Path) -> float:
    """The time by the clock of the file system, which may be another machine's."""
    probe = folder / f".clock.{os.getpid()}"
    try:
        probe.touch()
        return probe.stat().st_mtime
    except OSError:  # only to be looked at: this machine's clock is near enough
        return time.time()
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def _newest(folder: Path) -> Path | None:
    return max(_leases(folder), key=_number, default=None)


def _leases(folder: Path) -> list[Path]:
    return [path for path in folder.glob("lease.*") if path.suffix[1:].isdecimal()]


def _number(path: Path) -> int:
    return int(path.suffix[1:])


def _remove(folder: Path) -> None:
    for path in sorted(_leases(folder), key=_number):
        path.unlink(missing_ok=True)
