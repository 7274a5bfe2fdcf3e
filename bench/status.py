"""How a sweep is doing, from the state on disk alone: what runs where, what failed and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.launching.folder import launches
from bench.progress import Names, doing
from bench.record import Failure, cell_folder, read_attempts, read_failure
from bench.state import State

TOLD = 20  # failures whose last lines are shown
LINES = 6


def running(results: Path, found: Mapping[str, State], names: Names) -> list[str]:
    """What every cell that is being run is at, a line for each; the newest word on it counts."""
    said: dict[str, tuple[str, str]] = {}
    for launch in launches(results):
        for slot in launch.slots:
            status = slot.status
            cell = str(status.get("cell"))
            if found.get(cell) is State.RUNNING:
                said[cell] = max(said.get(cell, ("", "")), (status.get("time", ""), doing(status, names)))
    return [f"running: {told}" for _, told in said.values()]


def failures(results: Path, found: Mapping[str, State], labels: Mapping[str, str]) -> RenderableType | None:
    """A table of what failed, with the reason and the last lines of each below; None where nothing did."""
    failed = {i: read_failure(cell_folder(results, i)) for i, state in found.items() if state is State.FAILED}
    known = {i: failure for i, failure in failed.items() if failure is not None}
    if not known:
        return None
    table = Table(title=f"{len(known)} failed", title_justify="left")
    for heading in ("cell", "cycle", "kind", "attempt", "host", "device", "MiB"):
        table.add_column(heading, justify="right" if heading in ("cycle", "attempt", "MiB") else "left")
    for identifier, failure in known.items():
        table.add_row(*_entries(results, identifier, labels[identifier], failure))
    alike: dict[tuple[str, str], list[str]] = {}
    for i, failure in known.items():
        alike.setdefault((failure["kind"], failure["message"]), []).append(i)
    told = [line for cells in list(alike.values())[:TOLD] for line in _reason(results, cells, labels, known[cells[0]])]
    return Group(table, *told, Text("--retry-failed runs them again"))


def _entries(results: Path, identifier: str, label: str, failure: Failure) -> Iterator[Text]:
    attempts = {each["attempt"]: each["environment"] for each in read_attempts(cell_folder(results, identifier))}
    where = attempts.get(failure["attempt"], {})
    peak = f"{failure['peak_mib']:.0f}" if "peak_mib" in failure else "–"
    shown = (label, failure["cycle"], failure["kind"], failure["attempt"])
    yield from (Text(str(each)) for each in (*shown, where.get("host", "–"), where.get("device", "–"), peak))


def _reason(
    results: Path, cells: Sequence[str], labels: Mapping[str, str], failure: Failure
) -> Iterator[RenderableType]:
    """What went wrong in these cells alike, and of the first the end of what was printed and of the trace."""
    more = f" and {len(cells) - 1} more" if len(cells) > 1 else ""
    yield Text(f"{labels[cells[0]]}{more}: {failure['kind']} in cycle {failure['cycle']}: {failure['message']}")
    if failure["kind"] == "no_data":
        return
    lines = [*failure.get("log", "").splitlines()[-LINES:], *failure["trace"].splitlines()[-LINES:]]
    lines.append(f"all of it: {cell_folder(results, cells[0]) / 'failure.json'}")
    yield Text("\n".join(f"    {line}" for line in lines), style="dim")
