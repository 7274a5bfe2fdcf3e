"""Processes of this host: which one it is, and whether it is still there."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any


def me() -> dict[str, Any]:
    """This process, as others find it again."""
    return {**_here(), "pid": os.getpid(), "born": born(os.getpid())}


def lives(process: dict[str, Any]) -> bool | None:
    """Whether a process that `me` described is there; None where this host cannot tell, since it ran elsewhere."""
    if {name: process.get(name) for name in _here()} != _here() or process.get("born") is None:
        return None
    return bool(born(process.get("pid")) == process["born"])


def born(pid: int | None) -> str | None:
    """When a process of this host began, in clock ticks since boot: tells it from a later one with the same number.

    None for one that is gone, or was killed and is a zombie: in a container nobody may ever collect those.
    """
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state in "ZX" else rest[18]
    except (OSError, IndexError, ValueError):
        return None


@cache
def _here() -> dict[str, str]:
    """The host and, of two containers that call themselves the same, which one."""
    namespace = ""
    with suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")
    return {"host": socket.gethostname(), "namespace": namespace}
