"""A finished cell as a dashboard shows it: what it was made of, a step per cycle, and what came out in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from bench.errors import ResultsError
from bench.files import read_intact
from bench.folder import RunFolder
from bench.record import Plan, Row, cell_folder, read_attempts
from bench.tracking.places import Place, Subject
from bench.tracking.series import aubc, by_class, differences, scalars

MOST_CLASSES = 100
"""With more classes than this there is no number per class: a dashboard of thousands of panels is of no use."""


@dataclass(frozen=True)
class Step:
    """What is shown of one cycle; `queried` is how many of each class were bought so far, (k,)."""

    cycle: int
    values: Mapping[str, float]
    queried: tuple[int, ...]


@dataclass(frozen=True)
class Replay:
    """One run of a dashboard, complete."""

    subject: Subject
    config: Mapping[str, Any]
    steps: tuple[Step, ...]
    summary: Mapping[str, float]


def replay(results: Path, plan: Plan, subject: Subject) -> Replay:
    """Read a finished cell and the Randoms that it is compared with. Raises ResultsError where rows are damaged."""
    rows = finished(results, subject.cell)
    _check(results, subject.cell, rows)
    compared = {place: _compared(results, place, rows) for place in subject.leading}
    counts = list(accumulate((row["result"]["queried_classes"] for row in rows), _sum))
    steps = tuple(
        Step(row["cycle"], _values(row, count, compared), tuple(count)) for row, count in zip(rows, counts, strict=True)
    )
    return Replay(subject, _config(results, plan, subject, rows), steps, _summary(rows, compared))


def finished(results: Path, cell: str) -> list[Row]:
    """The rows of a cell that its final marker vouches for and that can be read."""
    folder = RunFolder(cell_folder(results, cell))
    return folder.rows()[: folder.finished_cycle() + 1]


def _check(results: Path, cell: str, rows: Sequence[Row]) -> None:
    folder = RunFolder(cell_folder(results, cell))
    wanted = folder.finished_cycle() + 1
    if len(rows) < wanted or not rows:
        raise ResultsError(
            f"{folder.rows_file}: wanted the {wanted} rows of the finished cycles; got {len(rows)} that can be read. "
            "Start the sweep again"
        )
    if len({len(row["result"]["queried_classes"]) for row in rows}) > 1:
        raise ResultsError(f"{folder.rows_file}: wanted as many classes in every row; they differ. Run the cell anew")


def _compared(results: Path, place: Place, rows: Sequence[Row]) -> dict[int, float]:
    """Accuracy minus Random's by cycle, within the experiment's cycles; {} where there is no Random to pair with."""
    if place.random is None:
        return {}
    return differences(rows[: place.cycles + 1], finished(results, place.random))


def _values(row: Row, queried: Sequence[int], compared: Mapping[Place, Mapping[int, float]]) -> dict[str, float]:
    result, measured = row["result"], row["measured"]
    values = {"labels": float(result["labelled"]), **scalars(result)}
    del values["labelled"]
    if len(queried) <= MOST_CLASSES:
        values |= by_class("class_accuracy", result["class_accuracy"]) | by_class("queried", queried)
        values |= by_class("newly_queried", result["queried_classes"])
    values |= {f"notes/{name}": value for name, value in result["notes"].items()}
    values |= {f"seconds/{name}": value for name, value in measured["seconds"].items()}
    values |= {"peak_mib": measured["peak_mib"], "attempt": measured["attempt"]}
    own = compared[next(iter(compared))]
    if row["cycle"] in own:
        values["difference_from_random"] = own[row["cycle"]]
    for place, found in compared.items():
        if row["cycle"] <= place.cycles:
            values |= _of_experiment(place, row, found)
    return values


def _of_experiment(place: Place, row: Row, compared: Mapping[int, float]) -> dict[str, float]:
    """What only the runs of one experiment have: a panel of a workspace cannot choose its runs, but its metrics."""
    stem = stem_of(place.experiment)
    values = {f"{stem}/accuracy": row["result"]["accuracy"]}
    if "query" in row["measured"]["seconds"]:
        values[f"{stem}/query_seconds"] = row["measured"]["seconds"]["query"]
    if row["cycle"] in compared:
        values[f"{stem}/difference_from_random"] = compared[row["cycle"]]
    return values


def stem_of(experiment: str) -> str:
    """What the metrics of an experiment begin with; wandb takes dots for levels of a tree."""
    return f"experiments/{experiment.replace('.', '-')}"


def _summary(rows: Sequence[Row], compared: Mapping[Place, Mapping[int, float]]) -> dict[str, float]:
    labels, accuracy = [row["result"]["labelled"] for row in rows], [row["result"]["accuracy"] for row in rows]
    found = {"cycles": rows[-1]["cycle"], "final_accuracy": accuracy[-1], "aubc": aubc(labels, accuracy)}
    for place in compared:
        end = place.cycles + 1
        if len(rows) >= end:
            found[f"{stem_of(place.experiment)}/aubc"] = aubc(labels[:end], accuracy[:end])
    return {name: value for name, value in found.items() if value is not None}


def _config(results: Path, plan: Plan, subject: Subject, rows: Sequence[Row]) -> dict[str, Any]:
    """The whole configuration, where it stands in the sweep, and the environment of every attempt and the last row."""
    folder = cell_folder(results, subject.cell)
    attempts = read_attempts(folder)
    last = [a["environment"] for a in attempts if a["attempt"] == rows[-1]["measured"]["attempt"]]
    return {
        **(read_intact(folder / "cell.json") or {}),
        "cell": subject.cell,
        "sweep": {"name": plan["name"], "source": plan["source"], "commit": plan["commit"]},
        "arm": subject.places[0].arm,
        "arms": {place.experiment.replace(".", "-"): place.arm for place in subject.leading},
        "environment": last[0] if last else {},
        "attempts": attempts,
    }


def _sum(one: Sequence[int], other: Sequence[int]) -> list[int]:
    return [a + b for a, b in zip(one, other, strict=True)]
