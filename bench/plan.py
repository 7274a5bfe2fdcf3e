"""From a sweep to the cells that it needs; cells that experiments share are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.cell import Cell, canonical, record_of
from bench.config import Experiment, NamedStrategy, Point, Sweep
from bench.data import Dataset
from bench.environment import code_commit
from bench.errors import ConfigError, DataError, Problem
from bench.record import SCHEMA, Arm, Plan, PlannedClaim, PlannedExperiment


@dataclass(frozen=True)
class PlannedArm:
    """A strategy at one point of an experiment's grid, with a cell for every seed; none where it is refused."""

    experiment: str
    point: Point
    named: NamedStrategy
    cells: Mapping[int, Cell]
    refused: str | None


@dataclass(frozen=True)
class Schedule:
    """Every arm of a sweep."""

    sweep: Sweep
    arms: tuple[PlannedArm, ...]

    def cells(self, only: Sequence[str] = ()) -> dict[str, Cell]:
        """The distinct cells by id, of some experiments or (with none named) of all, seed by seed.

        Where two experiments want one cell for different numbers of cycles, it is run for the larger.
        """
        arms = [arm for arm in self.arms if not only or arm.experiment in only]
        seeds = sorted({seed for arm in arms for seed in arm.cells})
        found: dict[str, Cell] = {}
        for seed in seeds:
            for arm in arms:
                if seed in arm.cells:
                    _add(found, arm.cells[seed])
        return found

    def record(self) -> Plan:
        """The plan as plan.json keeps it."""
        return Plan(
            schema=SCHEMA,
            name=self.sweep.name,
            source=self.sweep.source,
            commit=code_commit(),
            experiments={e.name: self._experiment(e) for e in self.sweep.experiments},
            claims={name: PlannedClaim(**vars(claim)) for name, claim in self.sweep.claims.items()},  # type: ignore[typeddict-item]
        )

    def _experiment(self, experiment: Experiment) -> PlannedExperiment:
        settings = experiment.points[0].settings  # seeds and cycles are the same in all of a grid
        return PlannedExperiment(
            title=experiment.title,
            figure=experiment.figure,
            cycles=settings.protocol.cycles,
            seeds=sorted(settings.seed_list),
            arms=[_arm_record(arm) for arm in self.arms if arm.experiment == experiment.name],
        )


def schedule(sweep: Sweep, root: Path) -> Schedule:
    """Resolve a sweep. `root` is the data folder. Raises ConfigError with every dataset that cannot be read."""
    checksums = _checksums(sweep, root)
    arms = (
        _arm(experiment, point, named, checksums[_key(point.settings.dataset)])
        for experiment in sweep.experiments
        for point in experiment.points
        for named in experiment.strategies
    )
    return Schedule(sweep, tuple(arms))


def check_names(sweep: Sweep, only: Sequence[str]) -> None:
    """Raise ConfigError where a name given to --only is no experiment of the sweep."""
    known = [experiment.name for experiment in sweep.experiments]
    wrong = [name for name in only if name not in known]
    if wrong:
        raise ConfigError([Problem("--only", name, f"no such experiment. Known: {', '.join(known)}") for name in wrong])


def _arm(experiment: Experiment, point: Point, named: NamedStrategy, checksum: str) -> PlannedArm:
    s = point.settings
    first = Cell(s.dataset, s.learner, s.protocol, named.strategy, s.seed_list[0], checksum, s.precision)
    cells = {seed: replace(first, seed=seed) for seed in s.seed_list}
    refused = first.refusal()
    return PlannedArm(experiment.name, point, named, {} if refused else cells, refused)


def _arm_record(arm: PlannedArm) -> Arm:
    strategy, settings = record_of(arm.named.strategy), arm.point.settings
    return Arm(
        label=arm.named.label,
        group=arm.point.group,
        strategy=str(strategy.pop("name")),
        parameters=strategy,
        learner=str(record_of(settings.learner)["name"]),
        dataset=str(record_of(settings.dataset)["name"]),
        sees_labels=arm.named.strategy.sees_labels,
        refused=arm.refused,
        cells={str(seed): cell.id for seed, cell in arm.cells.items()},
    )


def _checksums(sweep: Sweep, root: Path) -> dict[str, str]:
    datasets = {_key(p.settings.dataset): p.settings.dataset for e in sweep.experiments for p in e.points}
    found: dict[str, str] = {}
    problems = []
    for key, dataset in datasets.items():
        try:
            found[key] = dataset.checksum(root)
        except DataError as error:
            problems.append(Problem(sweep.source, "dataset", str(error)))
    if problems:
        raise ConfigError(problems)
    return found


def _key(dataset: Dataset) -> str:
    return canonical(record_of(dataset))


def _add(found: dict[str, Cell], cell: Cell) -> None:
    kept = found.get(cell.id)
    if kept is None or kept.protocol.cycles < cell.protocol.cycles:
        found[cell.id] = cell if kept is None else replace(kept, protocol=cell.protocol)
