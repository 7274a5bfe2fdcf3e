"""What the stats command tells, in the order in which it is told: claims, groups, experiments, the whole sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.console import Console

from analysis import render_text, rerun_noise, wording
from analysis.claims import judged
from analysis.comparison import Comparison
from analysis.load import Loaded
from analysis.result_tables import origin
from analysis.sweep_numbers import FailedRuns, SweepNumbers
from analysis.table import Table

EXPLORATORY = "No comparison was declared before the run: everything here is exploratory."


@dataclass(frozen=True)
class Section:
    """Tables under one heading, with the sentences that a reader must know before them.

    `marks` are those that each table needs where it stands alone: that runs are not in yet, what failed runs count as.
    """

    heading: str
    remarks: tuple[str, ...]
    tables: tuple[Table, ...]
    marks: tuple[str, ...] = ()

    @property
    def alone(self) -> tuple[Table, ...]:
        """The tables for files and documents, each with its marks."""
        return tuple(_marked(table, self.marks) for table in self.tables)


def sections(numbers: SweepNumbers) -> Iterator[Section]:
    """Every table of a sweep."""
    sentences = tuple(claim.sentence for claim in numbers.claims)
    yield Section("Claims", sentences or (EXPLORATORY,), (judged.table(numbers.claims),) if numbers.claims else ())
    for name, compared in numbers.experiments.items():
        yield from (_group(numbers, comparison) for comparison in compared)
        yield from _experiment(numbers, name, compared[0].group.planned["title"])
    over = tuple(numbers.sweep_tables())
    if over:
        heading = f"Sweep {numbers.loaded.plan['name']}: groups that share their arms"
        yield Section(heading, (), over, _marks(numbers, numbers.comparisons))
    if numbers.noise:
        heading = f"Sweep {numbers.loaded.plan['name']}: cells with several results"
        yield Section(heading, (), (rerun_noise.table(numbers.noise),))
    made_by = origin.table(numbers.origin)
    if made_by.rows:
        yield Section("Provenance", numbers.warnings, (made_by,))


def show(console: Console, numbers: SweepNumbers, told: list[Section]) -> None:
    """Print the sections, then what the words mean, what is mixed and what is not there."""
    for section in told:
        render_text.head(console, section.heading, section.remarks)
        for table in section.tables:
            render_text.show(console, table)
    render_text.lines(console, (wording.NOTES, *_absences(numbers.loaded)))


def _group(numbers: SweepNumbers, comparison: Comparison) -> Section:
    made = tuple(numbers.group_tables(comparison))
    remarks, marks = tuple(wording.remarks(comparison)), tuple(wording.marks(comparison))
    return Section(wording.heading(comparison.group), remarks, made, marks)


def _experiment(numbers: SweepNumbers, name: str, title: str) -> Iterator[Section]:
    """What compares the groups of one experiment."""
    made = numbers.experiment_tables(name)
    if made:
        heading = f"{name}: {title}, all settings" if title else f"{name}, all settings"
        yield Section(heading, (), tuple(made), _marks(numbers, numbers.experiments[name]))


def _marks(numbers: SweepNumbers, compared: Sequence[Comparison]) -> tuple[str, ...]:
    """The marks of what stands over several groups."""
    interim = (wording.INTERIM,) if any(each.interim for each in compared) else ()
    failed = numbers.selection.failed is FailedRuns.OUT and any(each.group.failures for each in compared)
    return (*interim, wording.OUT) if failed else interim


def _marked(table: Table, marks: Sequence[str]) -> Table:
    fitting = (mark for mark in marks if not (table.measured and wording.AS_CHANCE in mark))
    return replace(table, remarks=(*table.remarks, *(mark for mark in fitting if mark not in table.remarks)))


def _absences(loaded: Loaded) -> Iterator[str]:
    for where, seeds in wording.gaps(loaded):
        yield f"missing: {where}: {seeds}"
    for failed in loaded.failures:
        where = wording.place(failed.experiment, failed.group, failed.label)
        yield f"failed: {where}: seed {failed.seed} (cell {failed.cell}): {wording.failure(failed)}"
    for refused in loaded.refused:
        yield f"refused: {wording.place(refused.experiment, refused.group, refused.label)}: {refused.reason}"
