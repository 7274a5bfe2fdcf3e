"""What became of a trial: the learning curves of its seeds, read from the rows of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.plan import PlannedArm, Schedule
from bench.record import Failure, Row, cell_folder, read_failure, read_rows
from bench.tuning.section import Trial


@dataclass(frozen=True)
class Outcome:
    """One trial so far: `curves` has the accuracies (up to c of them) of the cycles that each seed finished, `labels`
    (c,) the labels of all cycles. A seed is whole, has failed, or is missing."""

    trial: Trial
    labels: tuple[int, ...]
    curves: dict[int, tuple[float, ...]]
    failures: dict[int, Failure]
    classes: int | None

    @property
    def missing(self) -> tuple[int, ...]:
        """The seeds that are neither finished nor failed."""
        short = (seed for seed, curve in self.curves.items() if len(curve) < len(self.labels))
        return tuple(seed for seed in short if seed not in self.failures)


def read_outcomes(planned: Schedule, trials: Sequence[Trial], results: Path) -> list[Outcome]:
    """The outcome of every trial, in the order of a plan whose arms are the trials."""
    return [_outcome(arm, trial, results) for arm, trial in zip(planned.arms, trials, strict=True)]


def _outcome(arm: PlannedArm, trial: Trial, results: Path) -> Outcome:
    protocol = arm.point.settings.protocol
    labels = tuple(protocol.labels(cycle) for cycle in range(protocol.cycles + 1))
    folders = {seed: cell_folder(results, cell.id) for seed, cell in arm.cells.items()}
    rows = {seed: read_rows(folder)[: len(labels)] for seed, folder in folders.items()}
    failures = {seed: read_failure(folders[seed]) for seed, found in rows.items() if len(found) < len(labels)}
    return Outcome(
        trial=trial,
        labels=labels,
        curves={seed: tuple(row["result"]["accuracy"] for row in found) for seed, found in rows.items()},
        failures={seed: failure for seed, failure in failures.items() if failure is not None},
        classes=next((_classes(found[0]) for found in rows.values() if found), None),
    )


def _classes(row: Row) -> int:
    return len(row["result"]["class_accuracy"])
