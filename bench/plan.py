"""From a sweep to the cells that it needs; cells that experiments share are one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from bench.cell import Cell, protocol_under, record_of
from bench.config import Experiment, NamedStrategy, Point, Sweep
from bench.environment import code_commit
from bench.errors import ConfigError, Problem
from bench.fitness import lacks_features, misfit
from bench.planning_files import PlanningFiles
from bench.record import NO_DATA, SCHEMA, Arm, Plan, PlannedClaim, PlannedExperiment


@dataclass(frozen=True)
class PlannedArm:
    """A strategy at one point of an experiment's grid, with a cell for every seed; none where it is refused.

    Where only its data are missing, `lacking` are the cells that it would have but for their checksum.
    """

    experiment: str
    point: Point
    named: NamedStrategy
    cells: Mapping[int, Cell]
    refused: str | None
    lacking: Mapping[int, Cell] = field(default_factory=dict)


@dataclass(frozen=True)
class Schedule:
    """Every arm of a sweep."""

    sweep: Sweep
    arms: tuple[PlannedArm, ...]

    def of(self, experiments: Sequence[str]) -> Schedule:
        """The part of the schedule that these experiments are; all of it where none is named."""
        if not experiments:
            return self
        chosen = tuple(each for each in self.sweep.experiments if each.name in experiments)
        return Schedule(
            replace(self.sweep, experiments=chosen), tuple(arm for arm in self.arms if arm.experiment in experiments)
        )

    def cells(self) -> dict[str, Cell]:
        """The distinct cells by id, seed by seed.

        Where two experiments want one cell for different numbers of cycles, it is run for the larger.
        """
        seeds = sorted({seed for arm in self.arms for seed in arm.cells})
        found: dict[str, Cell] = {}
        for seed in seeds:
            for arm in self.arms:
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
            arms=[_arm_record(arm, self._dataset_names) for arm in self.arms if arm.experiment == experiment.name],
        )

    @cached_property
    def _dataset_names(self) -> dict[str, str]:
        """What each dataset is called, by its long name: its short name, where no other one has that too."""
        named = {arm.point.settings.dataset.long_name: arm.point.settings.dataset.short_name for arm in self.arms}
        uses = Counter(named.values())
        return {long: short if uses[short] == 1 else long for long, short in named.items()}


def schedule(sweep: Sweep, root: Path) -> Schedule:
    """Resolve a sweep. `root` is the data folder. Raises ConfigError with everything that is wrong with its files."""
    files = PlanningFiles(sweep.source, root)
    points = ((experiment, point) for experiment in sweep.experiments for point in experiment.points)
    arms = tuple(arm for experiment, point in points for arm in _arms(experiment, point, files))
    if all(arm.refused is not None for arm in arms):  # a slip, or nothing to run anyway
        told = dict.fromkeys(str(arm.refused) for arm in arms)
        files.problems[:0] = [_problem(sweep.source, each) for each in told]
    if files.problems:
        raise ConfigError(list(dict.fromkeys(files.problems)))
    return Schedule(sweep, arms)


def _problem(source: str, refused: str) -> Problem:
    return Problem(source, "dataset" if refused.startswith(NO_DATA) else "", refused.removeprefix(NO_DATA))


def check_names(sweep: Sweep, only: Sequence[str]) -> None:
    """Raise ConfigError where a name given to --only is no experiment of the sweep."""
    known = [experiment.name for experiment in sweep.experiments]
    wrong = [name for name in only if name not in known]
    if wrong:
        raise ConfigError([Problem("--only", name, f"no such experiment. Known: {', '.join(known)}") for name in wrong])


def _arms(experiment: Experiment, point: Point, files: PlanningFiles) -> Iterator[PlannedArm]:
    s = point.settings
    checksum, protocols = files.checksum(s.dataset), files.protocols(s)
    absent, facts = files.absent(s.dataset), files.facts(s.dataset)
    unfit = misfit(s, {id(each): each for each in protocols.values()}.values(), facts)  # seeds share few
    for named in experiment.strategies:
        strategy = named.strategy
        own = protocol_under(strategy, s.protocol)
        first = Cell(s.dataset, s.learner, own, strategy, s.seed_list[0], checksum, s.precision, s.audit, s.varied)
        under = {id(protocol): protocol_under(strategy, protocol) for protocol in protocols.values()}
        cells = {seed: replace(first, seed=seed, protocol=under[id(protocol)]) for seed, protocol in protocols.items()}
        senseless = first.refusal() or unfit or lacks_features(strategy, facts)
        refused, lacking = absent or senseless, absent is not None and senseless is None
        runs, lacks = {} if refused else cells, cells if lacking else {}
        yield PlannedArm(experiment.name, point, named, runs, refused, lacks)


def _arm_record(arm: PlannedArm, dataset_names: Mapping[str, str]) -> Arm:
    strategy, settings = record_of(arm.named.strategy), arm.point.settings
    return Arm(
        label=arm.named.label,
        group=arm.point.group,
        strategy=str(strategy.pop("name")),
        parameters=strategy,
        learner=str(record_of(settings.learner)["name"]),
        dataset=dataset_names[settings.dataset.long_name],
        sees_labels=arm.named.strategy.sees_labels,
        refused=arm.refused,
        cells={str(seed): cell.id for seed, cell in arm.cells.items()},
    )


def _add(found: dict[str, Cell], cell: Cell) -> None:
    kept = found.get(cell.id)
    if kept is None or kept.protocol.cycles < cell.protocol.cycles:
        found[cell.id] = cell if kept is None else replace(kept, protocol=cell.protocol)
