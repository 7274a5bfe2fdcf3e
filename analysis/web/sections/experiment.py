"""One experiment: its main figure, then each of its groups with figures, tables and remarks."""

from __future__ import annotations

from collections.abc import Sequence

from analysis import wording
from analysis.comparison import Comparison
from analysis.figures import Drawing
from analysis.groups import file_stem
from analysis.phrases import counted
from analysis.table import Table
from analysis.web import page
from analysis.web.findings import Findings, title_of
from analysis.web.sections.illustrations import illustrations
from analysis.web.sections.section import Section, section

OPENED = 3  # groups of an experiment that are shown without a click
READ = 2  # tables of a group that are shown without a click


def experiment(found: Findings, name: str, compared: Sequence[Comparison]) -> Section:
    """The section. What compares the groups comes before them."""
    about = [each for each in found.drawings if each.subject.experiment == name]
    place, title = file_stem("experiment", name), title_of(name, compared)
    if len(compared) == 1 and not compared[0].group.name:
        return section(place, title, _group(found, compared[0], about))
    parts = [
        *illustrations(found, [each for each in about if len(each.subject.groups) > 1]),
        *_tables(found.numbers.experiment_tables(name)),
    ]
    for each in compared:
        own = [drawn for drawn in about if [group.name for group in drawn.subject.groups] == [each.group.name]]
        anchor = file_stem("group", name, each.group.name)
        parts.append(page.details(each.group.name, _group(found, each, own), len(compared) <= OPENED, anchor))
    return section(place, title, parts)


def over_all(found: Findings) -> Section:
    """What compares all groups of the sweep, of whatever experiment."""
    drawn = illustrations(found, [each for each in found.drawings if each.subject.experiment == ""])
    return section("sweep", "Over all experiments", [*drawn, *_tables(found.numbers.sweep_tables())])


def _group(found: Findings, comparison: Comparison, drawn: Sequence[Drawing]) -> list[str]:
    remarks = page.items(wording.remarks(comparison), "remarks")
    return [*illustrations(found, drawn), remarks, *_tables(found.numbers.group_tables(comparison))]


def _tables(made: Sequence[Table]) -> list[str]:
    shown = [page.table(each) for each in made]
    more = [page.details(_named(made[READ:]), shown[READ:])] if shown[READ:] else []
    return [*shown[:READ], *more]


def _named(made: Sequence[Table]) -> str:
    titles = "; ".join(dict.fromkeys(each.title.partition(" · ")[0] for each in made))
    return f"{counted(len(made), 'more table')}: {titles}"
