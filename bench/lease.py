"""Leases: who works on a cell right now.

A lease is a file `lease.N` that only one process can create; the highest N holds. Its holder touches it every few
seconds. Where it was not touched for STALE seconds, or its process is gone from this host, the cell may be taken over
by creating `lease.N+1`, which again only one process can do.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import LeaseLost

BEAT = 5.0
STALE = 60.0


class Lease:
    """A lease that this process holds."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self) -> None:
        """Raise LeaseLost where another process has taken the cell over, as after a long sleep of this machine."""
        if _newest(self.path.parent) != self.path:
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
    try:
        yield Lease(path)
    finally:
        stop.set()
        beat.join()
        if _newest(folder) == path:
            _remove(folder)


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
            json.dump({"host": socket.gethostname(), "pid": os.getpid(), "born": _born(os.getpid())}, file)
    except FileExistsError:
        return None
    return path


def _beat(path: Path, stop: threading.Event) -> None:
    while not stop.wait(BEAT):
        try:
            os.utime(path)
        except OSError:
            return  # taken over or removed; Lease.check tells the holder


def _abandoned(path: Path) -> bool:
    try:
        text, touched = path.read_text(), path.stat().st_mtime
    except FileNotFoundError:
        return True
    try:
        holder = json.loads(text)
    except ValueError:
        holder = {}  # a holder that died, or is about to finish writing
    if holder.get("host") == socket.gethostname() and holder.get("born") is not None:
        return bool(_born(holder["pid"]) != holder["born"])
    return _now(path.parent) - touched > STALE


def _born(pid: int) -> str | None:
    """When a process of this host began, in clock ticks since boot: tells it from a later one with the same number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None


def _now(folder: Path) -> float:
    """The time by the clock of the file system, which may be another machine's."""
    probe = folder / f".clock.{os.getpid()}"
    probe.touch()
    try:
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _newest(folder: Path) -> Path | None:
    return max(folder.glob("lease.*"), key=_number, default=None)


def _number(path: Path) -> int:
    return int(path.suffix[1:])


def _remove(folder: Path) -> None:
    for path in sorted(folder.glob("lease.*"), key=_number):
        path.unlink(missing_ok=True)
