"""Putting one cell that arrived where it belongs: a new cell, more of one that is here, or a replicate of it.

A cell that is here already is only changed by the holder of its lease, file by file, each whole, the marker last;
wherever that is interrupted, the cell is sound, and the same import again does the rest.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from bench.archiving.parcel import lines_of, vouching
from bench.archiving.taking_over import adds, take_over
from bench.errors import ResultsError
from bench.files import read_json, write_atomically
from bench.folder import RunFolder
from bench.lease import leased
from bench.record import read_rows
from bench.replicates import REPLICATES, agree, keep_replicate


class Outcome(StrEnum):
    """What became of a cell that arrived."""

    NEW = "new"
    LONGER = "completed"
    SAME = "here already"
    DIFFERENT = "kept as replicates"


def place(arrived: Path, here: Path) -> Outcome:
    """Put a checked cell's folder where it belongs. Raises ResultsError where it is refused: a process works on the
    cell, or its configuration is another under the same id."""
    here.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # something is there
        arrived.rename(here)
        return Outcome.NEW
    RunFolder(here).create(read_json(arrived / "cell.json"))
    outcome = _compare(arrived, here)
    if outcome is Outcome.LONGER:
        outcome = _prolong(arrived, here)
    replicates = sorted((arrived / REPLICATES).glob("*"))
    if outcome is Outcome.DIFFERENT:
        replicates.insert(0, _as_replicate(arrived))
    kept = [keep_replicate(here, replicate) for replicate in replicates]
    if outcome is Outcome.LONGER:
        return outcome
    return Outcome.DIFFERENT if any(kept) else Outcome.SAME


def _compare(arrived: Path, here: Path) -> Outcome:
    if not agree(read_rows(arrived), read_rows(here)):
        return Outcome.DIFFERENT
    return Outcome.LONGER if adds(arrived, here) else Outcome.SAME


def _prolong(arrived: Path, here: Path) -> Outcome:
    with leased(here) as lease:
        if lease is None:
            raise ResultsError(
                f"{here}: wanted a cell that no process works on; one does. Import again once it has ended"
            )
        outcome = _compare(arrived, here)  # as it is now that nobody else writes
        if outcome is Outcome.LONGER:
            take_over(arrived, here)
        return outcome


def _as_replicate(arrived: Path) -> Path:
    """A folder of what a replicate keeps."""
    made = arrived / "own"
    shutil.rmtree(made, ignore_errors=True)
    rows = [vouching(row, set()) for row in read_rows(arrived)]
    write_atomically(made / "rows.jsonl", lines_of(rows), durable=False)
    (arrived / "attempts.jsonl").rename(made / "attempts.jsonl")
    return made
