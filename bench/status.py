"""How a sweep is doing, from the state on disk alone: what runs where, how long it may take, what failed and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from bench.cell import Cell
from bench.launching.folder import launches
from bench.plan import Schedule
from bench.progress import Names, doing, duration
from bench.record import Failure, cell_folder, finished_rows, read_attempts, read_failure, read_rows
from bench.state import State

TOLD = 20  # failures whose last lines are shown
SAMPLE = 3  # finished cells of an arm whose times are read
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


def time_left(planned: Schedule, results: Path, found: Mapping[str, State]) -> str | None:
    """How long the open cells may take, by the pace of finished cycles of their arms; None before there are any."""
    open_cells = [i for i, state in found.items() if state in (State.MISSING, State.RUNNING)]
    pace = _pace(planned, results, found)
    if not pace or not open_cells:
        return None
    usual = sum(pace.values()) / len(pace)
    arms = {cell.id: (number, cell) for number, arm in enumerate(planned.arms) for cell in arm.cells.values()}
    work = sum(_left(results, arms[i][1]) * pace.get(arms[i][0], usual) for i in open_cells)
    workers = max(1, sum(state is State.RUNNING for state in found.values()))
    return f"about {duration(work / workers)} left with {workers} cell{'s' if workers > 1 else ''} at a time"


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
    told = [line for i, failure in list(known.items())[:TOLD] for line in _reason(results, i, labels[i], failure)]
    return Group(table, *told, Text("--retry-failed runs them again"))


def _entries(results: Path, identifier: str, label: str, failure: Failure) -> Iterator[Text]:
    attempts = {each["attempt"]: each["environment"] for each in read_attempts(cell_folder(results, identifier))}
    where = attempts.get(failure["attempt"], {})
    peak = f"{failure['peak_mib']:.0f}" if "peak_mib" in failure else "–"
    shown = (label, failure["cycle"], failure["kind"], failure["attempt"])
    yield from (Text(str(each)) for each in (*shown, where.get("host", "–"), where.get("device", "–"), peak))


def _reason(results: Path, identifier: str, label: str, failure: Failure) -> Iterator[RenderableType]:
    """What went wrong, and the end of what was printed and of the trace."""
    yield Text(f"{label}: {failure['kind']} in cycle {failure['cycle']}: {failure['message']}")
    lines = [*failure.get("log", "").splitlines()[-LINES:], *failure["trace"].splitlines()[-LINES:]]
    lines.append(f"all of it: {cell_folder(results, identifier) / 'failure.json'}")
    yield Text("\n".join(f"    {line}" for line in lines), style="dim")


def _pace(planned: Schedule, results: Path, found: Mapping[str, State]) -> dict[int, float]:
    """Seconds per cycle of the arms, by their numbers, from a few cells that are done."""
    times: dict[int, list[float]] = defaultdict(list)
    for number, arm in enumerate(planned.arms):
        done = [cell.id for cell in arm.cells.values() if found.get(cell.id) in (State.DONE, State.RUNNING)]
        for identifier in done[:SAMPLE]:
            rows = read_rows(cell_folder(results, identifier))
            stages = [row["measured"]["seconds"] for row in rows]
            times[number] += [sum(took for name, took in each.items() if "/" not in name) for each in stages]
    return {number: sum(each) / len(each) for number, each in times.items() if each}


def _left(results: Path, cell: Cell) -> int:
    return max(0, cell.protocol.cycles + 1 - finished_rows(cell_folder(results, cell.id)))
