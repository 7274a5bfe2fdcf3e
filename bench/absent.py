"""Data that are not on this machine: said before a sweep starts, and made good once they are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.cell import Cell
from bench.errors import ConfigError, Problem
from bench.record import cell_folder, read_failure
from bench.state import State, states


def told_absent(cells: Mapping[str, Cell], root: Path) -> list[str]:
    """A line for each dataset whose files are not here. `root` is the data folder."""
    return [f"not on this machine: {reason}" for reason in dict.fromkeys(_absent(cells, root).values())]


def check_any_data(cells: Mapping[str, Cell], root: Path, results: Path, source: str) -> None:
    """Raise ConfigError where something is left to run and no dataset of these cells is here: that is a slip.

    Where some are here, the cells of the others fail by name, and the sweep goes on. `source` is the sweep file.
    """
    absent = _absent(cells, root)
    if len(absent) < len(cells):
        return
    if any(state is not State.DONE for state in states(results, _wanted(cells)).values()):
        raise ConfigError([Problem(source, "dataset", reason) for reason in dict.fromkeys(absent.values())])


def found_since(cells: Mapping[str, Cell], root: Path, results: Path) -> Iterator[str]:
    """The ids of the cells that failed for want of data that are here now."""
    absent = _absent(cells, root)
    for identifier in cells:
        if identifier not in absent:
            failure = read_failure(cell_folder(results, identifier))
            if failure is not None and failure["kind"] == "no_data":
                yield identifier


def _absent(cells: Mapping[str, Cell], root: Path) -> dict[str, str]:
    """Why the data of cells are not here, by the cells' ids; cells whose data are here are left out."""
    known: dict[int, str | None] = {}  # cells of one arm share the object
    found: dict[str, str] = {}
    for identifier, cell in cells.items():
        key = id(cell.dataset)
        if key not in known:
            known[key] = cell.dataset.absent(root)
        reason = known[key]
        if reason is not None:
            found[identifier] = reason
    return found


def _wanted(cells: Mapping[str, Cell]) -> dict[str, int]:
    return {identifier: cell.protocol.cycles for identifier, cell in cells.items()}
