"""What state a cell is in, read from disk alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from bench.folder import RunFolder
from bench.lease import is_leased
from bench.record import cell_folder


class State(StrEnum):
    """The state of a cell. A failed one stays so until it is forgiven (--retry-failed)."""

    DONE = "done"
    FAILED = "failed"
    RUNNING = "running"
    MISSING = "missing"


OPEN = (State.MISSING, State.RUNNING)
"""What may still become done by itself."""


def state_of(results: Path, identifier: str, cycles: int) -> State:
    """The state of one cell that is wanted up to cycle `cycles`."""
    folder = RunFolder(cell_folder(results, identifier))
    if folder.finished_cycle() >= cycles:
        return State.DONE
    if folder.failed():
        return State.FAILED
    return State.RUNNING if is_leased(folder.path) else State.MISSING


def begun_cells(results: Path) -> set[str]:
    """The ids of the cells that have a folder."""
    return set(os.listdir(results / "cells")) if (results / "cells").is_dir() else set()


def states(results: Path, wanted: Mapping[str, int]) -> dict[str, State]:
    """The state of every wanted cell, given as id → last cycle."""
    begun = begun_cells(results)
    return {
        identifier: state_of(results, identifier, cycles) if identifier in begun else State.MISSING
        for identifier, cycles in wanted.items()
    }


def counted(found: Mapping[str, State]) -> str:
    """How many cells are in each state, in words."""
    counts = Counter(found.values())
    return ", ".join(f"{counts[state]} {state}" for state in State if counts[state]) or "no cells"
