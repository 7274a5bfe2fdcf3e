"""One search: the trials as a sweep of their own, what is run of it, and what is made of the results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from bench.config import Settings, Sweep
from bench.data import data_root
from bench.drive import Drive
from bench.environment import code_commit
from bench.errors import ConfigError, Ended, Problem
from bench.overview import names
from bench.plan import Schedule, schedule
from bench.start import begin, check_start
from bench.state import counted, states
from bench.sweep_file import load_sweep, load_untuned
from bench.tuning.findings import doubts, no_winner, winner_sentence
from bench.tuning.in_use import unused
from bench.tuning.kept import best_trials, check_keep, write_kept
from bench.tuning.outcome import read_outcomes
from bench.tuning.ranking import Ranked, Ranking, rank
from bench.tuning.section import Tuning
from bench.tuning.table import table


@dataclass(frozen=True)
class Search:
    """The tuning of a sweep file, planned; `planned` has an arm for each trial, in their order."""

    sweep: Sweep
    tuning: Tuning
    planned: Schedule
    results: Path
    console: Console

    @property
    def keep(self) -> Path:
        """Where the winner goes."""
        return Path(self.sweep.source).parent / self.tuning.section.keep

    @property
    def seeds(self) -> list[int]:
        return self.tuning.experiment.points[0].settings.seed_list

    def say_size(self) -> None:
        """Say how many trials and cells there are, and how many of them are done."""
        cells = {identifier: cell.protocol.cycles for identifier, cell in self.planned.cells().items()}
        size = f"{len(self.tuning.trials)} trials with {len(self.seeds)} seeds: {len(cells)} cells in {self.results}"
        self._say(f"{self.planned.sweep.name}: {size}: {counted(states(self.results, cells))}")

    def run(self, retry_failed: bool) -> Ranking:
        """Run what is missing, and show the ranking. Raises ResultsError."""
        try:
            run_trials(self.planned, self.results, retry_failed, self.console)
        except Ended as reason:
            self._say(f"{reason}; finished cycles are kept, the same command goes on from there")
        section = self.tuning.section
        ranking = rank(read_outcomes(self.planned, self.tuning.trials, self.results), section.metric)
        self.console.print(table(ranking, f"{self.planned.sweep.name}: Random of {section.experiment}"))
        return ranking

    def conclude(self, ranking: Ranking, assignments: Sequence[str]) -> bool:
        """Write the winner down and say what there is to say; whether there is one."""
        winner = ranking.winner
        if winner is None:
            self._say(no_winner(ranking))
            return False
        found = [winner_sentence(ranking, winner), *doubts(ranking, winner, self.tuning.section.space)]
        settings, values = self._settings(winner), winner.outcome.trial.values
        write_kept(self.keep, values, settings, [*self._origin(assignments), "", *found, "", *best_trials(ranking)])
        self._say("\n".join([*found, f"written to {self.keep}"]))
        told = list(unused(load_sweep(Path(self.sweep.source), assignments), self.tuning.section, settings))
        self._say("\n".join(told) or f"{self.sweep.source} runs with it")
        return True

    def _settings(self, winner: Ranked) -> Settings:
        return self.tuning.experiment.points[self.tuning.trials.index(winner.outcome.trial)].settings

    def _origin(self, assignments: Sequence[str]) -> Iterator[str]:
        section = self.tuning.section
        seeds = ", ".join(map(str, self.seeds))
        yield f"Sweep {self.sweep.name}, experiment {section.experiment}, Random alone; seeds {seeds}."
        measured = f"{section.metric} on test images: mean over the seeds [95 % interval]"
        yield f"Metric {measured}. Commit {code_commit() or 'unknown'}."
        changed = [each for each in assignments if not each.startswith(("launch.", "data.", "tune.experiment="))]
        if changed:
            yield f"With --set {' '.join(changed)}."

    def _say(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=True, markup=False)


def planned_search(path: Path, assignments: Sequence[str], results: Path, console: Console) -> Search:
    """The search that a sweep file describes. Raises ConfigError with everything that is wrong with it."""
    sweep = load_untuned(path, assignments)
    if sweep.tuning is None:
        raise ConfigError.of(sweep.source, "tune", "missing; wanted a mapping of experiment, space and keep at least")
    trials = replace(sweep, name=f"{sweep.name}-tune", experiments=(sweep.tuning.experiment,), claims={}, tuning=None)
    planned = schedule(trials, data_root(sweep.data.root))
    _check_every_trial(planned)
    search = Search(sweep, sweep.tuning, planned, results / trials.name, console)
    check_keep(search.keep, sweep.source)
    return search


def _check_every_trial(planned: Schedule) -> None:
    """Raise ConfigError where a point of the search makes no sense, so that the others are not ranked without it."""
    senseless = [arm for arm in planned.arms if arm.refused is not None and not arm.lacking]
    if senseless:
        where = planned.sweep.source
        raise ConfigError([Problem(where, f"tune.space: {arm.point.group}", str(arm.refused)) for arm in senseless])


def run_trials(planned: Schedule, results: Path, retry_failed: bool, console: Console) -> None:
    """Run whatever is missing of the trials, as bench.sweep does of a sweep. Raises ConfigError, ResultsError and
    Ended.
    """
    cells, root = planned.cells(), data_root(planned.sweep.data.root)
    check_start(planned, cells, root, results)
    begin(planned, cells, root, results, retry_failed)
    Drive(results, cells, names(planned)).run(planned.sweep.launch, root, console)
