"""Freeing a results folder of what can be made again: weights of finished cells, folders of ended launches."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import slurm
from bench.archiving.parcel import ARRAYS, vouching
from bench.files import read_intact
from bench.folder import RunFolder
from bench.launching.folder import LaunchFolder, launches
from bench.lease import is_leased, leased
from bench.process import lives
from bench.record import Plan, cell_folder, read_attempts, wanted_cycles

RECENT = 3600.0


@dataclass
class Freed:
    """What was removed: bytes of the disk, files, and of how many cells or launches; `kept` says what was not."""

    bytes: int = 0
    files: int = 0
    folders: int = 0
    kept: int = 0

    def remove(self, folder: Path) -> None:
        """Remove a folder and count it."""
        sizes = [path.lstat().st_blocks * 512 for path in folder.rglob("*") if not path.is_dir()]
        shutil.rmtree(folder, ignore_errors=True)
        self.bytes += sum(sizes)
        self.files += len(sizes)


def prune_cells(results: Path, plan: Plan, arrays: bool, cells: Iterable[str]) -> Freed:
    """Remove the weights of finished cells and, if wanted, their arrays; those that resume from them are kept."""
    freed, wanted = Freed(), wanted_cycles(plan)
    for cell in cells:
        folder = RunFolder(results / "cells" / cell)
        parts = [part for part in ("weights", "arrays")[: 2 if arrays else 1] if _is_own(folder.path / part)]
        if not parts or folder.path.is_symlink():
            continue
        with leased(folder.path) as lease:
            if lease is None or not _finished(folder, wanted):
                freed.kept += 1
                continue
            if "arrays" in parts:
                _disclaim_arrays(folder)
            for part in parts:
                freed.remove(folder.path / part)
            freed.folders += 1
    return freed


def _is_own(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()


def prune_launches(results: Path, plan: Plan) -> Freed:
    """Remove the folders of launches that have ended; Slurm is asked for those that may have jobs which wait."""
    freed, busy, wanted = Freed(), _busy_launches(results), wanted_cycles(plan)
    for launch in list(launches(results)):
        if launch.path.name in busy or _lives(launch) or _waits(launch, results, wanted):
            freed.kept += 1
            continue
        freed.remove(launch.path)
        freed.folders += 1
    return freed


def _finished(folder: RunFolder, wanted: Mapping[str, int]) -> bool:
    """Whether nothing is left to do; a cell that no plan wants any more is where its marker vouches for every row."""
    return folder.finished_cycle() >= wanted.get(folder.id, max(0, len(folder.rows()) - 1))


def _disclaim_arrays(folder: RunFolder) -> None:
    """Let no row vouch for arrays any more, before they go."""
    rows = folder.rows()
    folder.keep([vouching(row, {name for name in row["files"] if not name.startswith(ARRAYS)}) for row in rows])


def _lives(launch: LaunchFolder) -> bool:
    """Whether it may still be at work: a process of it lives on this host, or something in it was written lately."""
    driver = (read_intact(launch.path / "launch.json") or {}).get("driver")
    if any(slot.busy for slot in launch.slots) or (isinstance(driver, dict) and lives(driver) is True):
        return True
    return time.time() - max(path.lstat().st_mtime for path in _within(launch.path)) < RECENT


def _waits(launch: LaunchFolder, results: Path, wanted: Mapping[str, int]) -> bool:
    """Whether jobs of it may still begin: nothing is written meanwhile, and each would miss its file."""
    if not launch.jobs or launch.stopped:
        return False
    cells = (RunFolder(cell_folder(results, cell)) for cell in launch.cells)
    if all(_finished(cell, wanted) or cell.failed() for cell in cells):
        return False
    return slurm.live_tasks(launch.jobs) != slurm.Tasks()  # None, where Slurm cannot be asked, says nothing of them


def _within(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.rglob("*")


def _busy_launches(results: Path) -> set[str]:
    """The launches whose workers hold a lease, on whatever host."""
    held = [path.parent for path in results.glob("cells/*/lease.*") if is_leased(path.parent)]
    ends = [attempts[-1]["environment"] for folder in held if (attempts := read_attempts(folder))]
    return {str(environment.get("launch")) for environment in ends}
