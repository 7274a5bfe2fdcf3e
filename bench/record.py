"""The format of a results folder, and reading it. This module needs no torch; everything in it may be partial.

    plan.json                    what belongs to the sweep: experiments, their arms, the cells behind each
    cells/ID/cell.json           the full configuration
    cells/ID/rows.jsonl          a row per finished cycle; a cycle counts as finished once its row is there
    cells/ID/arrays/003.npz      test predictions, candidate ids and scores of cycle 3; in 000.npz the test labels
    cells/ID/weights/003.pt      the model after cycle 3 (the last two cycles are kept)
    cells/ID/attempts.jsonl      environment, start and end of every attempt
    cells/ID/done.json           the final marker, with the last cycle
    cells/ID/failure.json        why the cell failed
    cells/ID/logs/2.txt          what attempt 2 printed, where it printed anything
    cells/ID/replicates/HASH/    what another run of the same cell gave, where it was different
    tracking/                    what was mirrored to wandb, and its files where that was offline
    launches/                    what workers were told, what they are doing; of no use once they have ended

A row describes one state of the learner and how it came about: the query that bought the newest labels, the fit, the
evaluation. Row 0's query is the initial set, so the labelled set is what all rows up to a cycle queried.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict, cast

from bench.drawable import Figure as Figure
from bench.errors import ResultsError
from bench.files import parsed, read_intact, read_json
from bench.own_names import VOUCHED, check_names

SCHEMA = 1
NO_DATA = "no data: "
"""How the reason begins for which an arm is refused whose files of data are not there."""


class Result(TypedDict):
    """The columns that must come out the same again; k classes, b newly bought labels."""

    labelled: int
    accuracy: float
    balanced_accuracy: float
    class_accuracy: list[float | None]  # (k,), None for a class without test images
    negative_log_likelihood: float
    brier: float
    calibration_error: float
    residual: float
    queried: list[int]  # (b,) ids into the pool, in the order of picking
    queried_classes: list[int]  # (k,) how many of each class are among them
    revealed: int
    mislabelled: int  # how many of the labels so far are wrong, under a noisy oracle
    notes: dict[str, float]


class Measured(TypedDict):
    """The columns that depend on the machine and the moment; seconds and MiB."""

    seconds: dict[str, float]
    peak_mib: float
    attempt: int


class Row(TypedDict):
    """One finished cycle of one cell. `files` holds the name and hash of what the cycle left beside the rows."""

    schema: int
    cell: str
    cycle: int
    result: Result
    measured: Measured
    files: dict[str, str]


FailureKind = Literal["exception", "out_of_memory", "timeout", "killed", "preempted", "diverged", "refused", "no_data"]
"""What an attempt can die of; it is then also the attempt's status."""


class Reason(TypedDict):
    """What is known of every failure: of which kind it is, in which cycle and attempt it happened."""

    kind: FailureKind
    message: str
    trace: str
    cycle: int
    attempt: int


class Failure(Reason, total=False):
    """Why a cell failed. `log` are the last lines that the attempt printed, `peak_mib` is the memory that it held."""

    log: str
    host: str
    device: str
    peak_mib: float


class Attempt(TypedDict):
    """One process's try at a cell; times are ISO 8601, UTC.

    `status` is done, interrupted (Ctrl-C), cancelled, no room, lost the lease, or a kind of failure (formerly: failed);
    None while it runs, and of a process that is gone until somebody takes the cell up and finds out.
    """

    attempt: int
    started: str
    ended: str | None
    status: str | None
    environment: dict[str, Any]


class Arm(TypedDict):
    """One line of a figure: a strategy under one setting. `cells` maps each seed, as text, to its cell's id.

    `group` names the point of the experiment's grid, "" without one; arms of one group share dataset, learner and
    protocol, and are compared with the group's arm whose `strategy` is "random". `dataset` is what readers call it.
    """

    label: str
    group: str
    strategy: str
    parameters: dict[str, Any]
    learner: str
    dataset: str
    sees_labels: bool
    refused: str | None
    cells: dict[str, str]


class PlannedExperiment(TypedDict):
    """One experiment of a sweep, with every arm that it compares."""

    title: str
    figure: Figure
    cycles: int
    seeds: list[int]
    arms: list[Arm]


ClaimKind = Literal["superior", "non_inferior", "equivalent"]
ClaimMetric = Literal["aubc", "final_accuracy", "query_speed", "note"]
OVER_CYCLES: tuple[ClaimMetric, ...] = ("aubc", "final_accuracy")  # what they are depends on how many cycles there are


class PlannedClaim(TypedDict):
    """A comparison declared before the run, between arm `better` and arm `than`; bench.config.Claim has the meaning.

    Plans of earlier versions have the first five keys only: those claims are superior, in the experiment's only group.
    """

    experiment: str
    better: str
    than: str
    metric: ClaimMetric
    margin: float
    kind: NotRequired[ClaimKind]
    group: NotRequired[str]
    than_experiment: NotRequired[str]
    than_group: NotRequired[str]
    from_random: NotRequired[bool]
    note: NotRequired[str | None]


class Plan(TypedDict):
    """What a sweep consists of, as it stood when the sweep was last started."""

    schema: int
    name: str
    source: str
    commit: str | None
    experiments: dict[str, PlannedExperiment]
    claims: dict[str, PlannedClaim]


def read_plan(results: Path) -> Plan:
    """The plan of a results folder. Raises ResultsError where there is none that this version knows."""
    plan: Plan | None = read_json(results / "plan.json")
    if plan is None:
        raise ResultsError(f"{results}: wanted a results folder with plan.json; run `python -m bench.sweep` first")
    if plan.get("schema") != SCHEMA:
        raise ResultsError(f"{results}: wanted a plan of schema {SCHEMA}; got {plan.get('schema')!r}")
    check_names(plan, f"{results}/plan.json")
    return plan


def newest_results(root: Path = Path("results")) -> Path:
    """The results folder under `root` whose sweep was started last. Raises ResultsError where there is none."""
    plans = sorted(root.glob("*/plan.json"), key=lambda plan: plan.stat().st_mtime)
    if not plans:
        raise ResultsError(f"{root}: wanted a folder that holds results; none does. Run `python -m bench.sweep` first")
    return plans[-1].parent


def wanted_cycles(plan: Plan) -> dict[str, int]:
    """The last cycle that the plan wants of each cell."""
    wanted: dict[str, int] = {}
    for experiment in plan["experiments"].values():
        for cell in (cell for arm in experiment["arms"] for cell in arm["cells"].values()):
            wanted[cell] = max(experiment["cycles"], wanted.get(cell, 0))
    return wanted


def cell_folder(results: Path, identifier: str) -> Path:
    """Where one cell's files are."""
    return results / "cells" / identifier


def read_rows(cell: Path) -> list[Row]:
    """The finished cycles of a cell's folder, in order; a row that was cut off by a crash ends the list."""
    return list(_whole_rows(cell / "rows.jsonl"))


def finished_rows(cell: Path) -> int:
    """How many cycles of a cell's folder are finished, at a glance: only the last row is read where it fits its place.

    A row that is damaged in the middle goes unseen; `read_rows` finds it.
    """
    try:
        content = (cell / "rows.jsonl").read_bytes()
    except FileNotFoundError:
        return 0
    count = content.count(b"\n")
    last = parsed(content[: content.rfind(b"\n")].rpartition(b"\n")[2]) or {}
    fits = last.get("schema") == SCHEMA and last.get("cycle") == count - 1 and last.keys() >= Row.__annotations__.keys()
    return count if fits else len(read_rows(cell))


def read_failure(cell: Path) -> Failure | None:
    """Why a cell failed; None where it did not, or where the file is damaged, which a new run makes good."""
    failure: Failure | None = read_intact(cell / "failure.json", *Reason.__annotations__)
    return failure


def read_attempts(cell: Path) -> list[Attempt]:
    """Every attempt at a cell, in order; one whose first line is damaged is left out."""
    try:
        lines = (cell / "attempts.jsonl").read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    attempts: dict[int, Any] = {}
    for line in lines:
        entry = parsed(line) or {}
        number = entry.get("attempt")
        if isinstance(number, int) and ("started" in entry or number in attempts):
            attempts[number] = {**attempts.get(number, {}), **entry}  # the end line joins the start's
    return [attempts[number] for number in sorted(attempts)]


def _whole_rows(path: Path) -> Iterator[Row]:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    for cycle, line in enumerate(lines[:-1]):  # what follows the last newline is a row cut off by a crash
        row = parsed(line)
        if row is None or not row.keys() >= Row.__annotations__.keys():
            return
        if row["schema"] != SCHEMA:
            raise ResultsError(f"{path}: wanted rows of schema {SCHEMA}; got {row['schema']!r}, of another version")
        if row["cycle"] != cycle or not all(map(VOUCHED.fullmatch, row["files"])):
            return
        yield cast(Row, row)
