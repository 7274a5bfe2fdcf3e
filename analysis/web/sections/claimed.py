"""The claims: comparisons that were declared before the run, a sentence each, and what was left undeclared."""

from __future__ import annotations

from analysis.claims import judged
from analysis.web import page
from analysis.web.findings import Findings
from analysis.web.sections.section import Section, section

NONE = (
    "No comparison was declared in the sweep file before the run, so everything on this page is exploratory: it may "
    "suggest what to test on new seeds, and confirms nothing."
)
OTHERS = "Every other comparison on this page is exploratory."


def claimed(found: Findings) -> Section:
    """The section."""
    if not found.numbers.claims:
        return section("claims", "Claims", [page.text("p", NONE)])
    told = [page.text("li", each.sentence, each.verdict) for each in found.numbers.claims]
    table = page.table(judged.table(found.numbers.claims))
    return section("claims", "Claims", [page.box("ul", told, "claims"), table, page.text("p", OTHERS, "small")])
