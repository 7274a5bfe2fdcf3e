"""What the stats command tells, in the order in which it is told: claims, groups, experiments, the whole sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console

from analysis import render_text, result_tables, stream_variance, test_images, wording
from analysis.claims import judged
from analysis.comparison import Comparison
from analysis.groups import Group
from analysis.load import Loaded
from analysis.sweep_numbers import SweepNumbers, by_experiment
from analysis.table import Table

EXPLORATORY = "No comparison was declared before the run: everything here is exploratory."


@dataclass(frozen=True)
class Section:
    """Tables under one heading, with the sentences that a reader must know before them."""

    heading: str
    remarks: tuple[str, ...]
    tables: tuple[Table, ...]


def sections(numbers: SweepNumbers) -> Iterator[Section]:
    """Every table of a sweep."""
    sentences = tuple(claim.sentence for claim in numbers.claims)
    yield Section("Claims", sentences or (EXPLORATORY,), (judged.table(numbers.claims),) if numbers.claims else ())
    for compared in by_experiment(numbers.comparisons):
        yield from (_group(numbers.loaded, comparison) for comparison in compared)
        yield from _experiment(numbers, [comparison.group for comparison in compared])
    over = tuple(result_tables.of_families(numbers.families))
    if over:
        yield Section(f"Sweep {numbers.loaded.plan['name']}: groups that share their arms", (), over)


def show(console: Console, numbers: SweepNumbers, told: list[Section]) -> None:
    """Print the sections, then what the words mean, what is mixed and what is not there."""
    for section in told:
        render_text.head(console, section.heading, section.remarks)
        for table in section.tables:
            render_text.show(console, table)
    render_text.lines(console, (wording.NOTES, *numbers.warnings, *_absences(numbers.loaded)))


def _group(loaded: Loaded, comparison: Comparison) -> Section:
    resampled = test_images.table(loaded, comparison.group)
    made = result_tables.tables(comparison)
    remarks = tuple(wording.remarks(comparison))
    return Section(wording.heading(comparison.group), remarks, (*made, *([] if resampled is None else [resampled])))


def _experiment(numbers: SweepNumbers, together: Sequence[Group]) -> Iterator[Section]:
    """What compares the groups of one experiment."""
    name, title = together[0].experiment, together[0].planned["title"]
    own = [found for found in numbers.own_randoms if found.experiment == name]
    made = [table for found in own for table in result_tables.of_own_random(found)]
    made += stream_variance.tables(together)
    if made:
        yield Section(f"{name}: {title}, all settings" if title else f"{name}, all settings", (), tuple(made))


def _absences(loaded: Loaded) -> Iterator[str]:
    for where, seeds in wording.gaps(loaded):
        yield f"missing: {where}: {seeds}"
    for failed in loaded.failures:
        where = wording.place(failed.experiment, failed.group, failed.label)
        yield f"failed: {where}: seed {failed.seed} (cell {failed.cell}): {wording.failure(failed)}"
    for refused in loaded.refused:
        yield f"refused: {wording.place(refused.experiment, refused.group, refused.label)}: {refused.reason}"
