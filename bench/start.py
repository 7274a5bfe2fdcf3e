"""How a run of cells begins, be it a sweep's or a search's: what must be there, and which failures are tried again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.absent import check_any_data, found_since
from bench.cell import Cell
from bench.ending import UNWRITABLE
from bench.files import check_writable, write_json
from bench.folder import RunFolder
from bench.kept_arms import plan_to_write
from bench.plan import Schedule
from bench.record import cell_folder


def check_start(planned: Schedule, cells: Mapping[str, Cell], root: Path, results: Path) -> None:
    """Raise ConfigError where none of the data of these cells are here, ResultsError where nothing can be written.

    `root` is the data folder. A machine that submits to Slurm may lack what its nodes have.
    """
    if planned.sweep.launch.executor != "slurm":
        check_any_data(cells, root, results, planned.sweep.source)
    check_writable(results)


def begin(planned: Schedule, cells: Mapping[str, Cell], root: Path, results: Path, retry_failed: bool) -> None:
    """Write the plan, and forget failures: all of them, or else those for want of data that are here by now."""
    write_json(results / "plan.json", plan_to_write(planned, results))
    for identifier in cells if retry_failed else found_since(cells, root, results):
        folder = RunFolder(cell_folder(results, identifier))
        if folder.failed():
            folder.check_own()
            folder.forgive()


def no_room(error: OSError, results: Path) -> str:
    """What a command says where a disk took nothing more; any other error is raised again."""
    if error.errno not in UNWRITABLE:
        raise error
    return f"{error.filename or results}: wanted room to write; got {error.strerror}"
