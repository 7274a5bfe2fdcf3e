"""Where the numbers come from: machines, versions, code and plugin revisions."""

from __future__ import annotations

from analysis.phrases import counted
from analysis.provenance import with_counts
from analysis.table import Cell, Table
from analysis.web import page
from analysis.web.findings import Findings
from analysis.web.sections.section import Section, section


def origin(found: Findings) -> Section:
    """The section."""
    told = found.numbers.origin
    facts = {fact: with_counts(values) for fact, values in told.facts.items()}
    facts["plugins"] = [
        f"{plugin}, revision {revision} ({counted(number, 'cell')})"
        for plugin, by_revision in told.revisions.items()
        for revision, number in sorted(by_revision.items())
    ]
    rows = tuple((Cell(fact), Cell("\n".join(values))) for fact, values in facts.items() if values)
    table = Table("provenance", "The attempts that made the rows", ("fact", "values, with how many have them"), rows)
    parts = [page.items(told.warnings(), "remarks"), page.table(table)]
    if not rows:
        parts.append(page.text("p", "No run has finished a cycle yet."))
    return section("provenance", "Provenance", parts)
