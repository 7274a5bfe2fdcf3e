"""Where the numbers come from: machines, versions, code and plugin revisions."""

from __future__ import annotations

from analysis.result_tables import origin as rows_origin
from analysis.web import page
from analysis.web.findings import Findings
from analysis.web.sections.section import Section, section


def origin(found: Findings) -> Section:
    """The section."""
    told = found.numbers.origin
    table = rows_origin.table(told)
    parts = [page.items(told.warnings(), "remarks"), page.table(table)]
    if not table.rows:
        parts.append(page.text("p", "No run has finished a cycle yet."))
    return section("provenance", "Provenance", parts)
