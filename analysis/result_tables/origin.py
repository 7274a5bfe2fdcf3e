"""Where the rows come from: machines, versions, code and plugin revisions."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.phrases import counted
from analysis.provenance import Provenance, with_counts
from analysis.table import Cell, Table

NAME, TITLE = "provenance", "The attempts that made the rows"
HEADINGS = ("fact", "values, with how many have them")


def table(told: Provenance) -> Table:
    """A fact per row; no rows where no run has finished a cycle."""
    facts = {**{fact: with_counts(values) for fact, values in told.facts.items()}, "plugins": list(_plugins(told))}
    rows = tuple((Cell(fact), Cell("\n".join(values))) for fact, values in facts.items() if values)
    return Table(NAME, TITLE, HEADINGS, rows)


def _plugins(told: Provenance) -> Iterator[str]:
    for plugin, by_revision in told.revisions.items():
        for revision, number in sorted(by_revision.items()):
            yield f"{plugin}, revision {revision} ({counted(number, 'cell')})"
