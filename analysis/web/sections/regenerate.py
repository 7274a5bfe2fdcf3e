"""How to make all of it again."""

from __future__ import annotations

import shlex

from analysis.web import page
from analysis.web.findings import Findings
from analysis.web.sections.section import Section, section

MEANING = (
    "The first runs what is missing and nothing else. The second writes the tables as CSV, LaTeX and Markdown, and all "
    "their numbers as JSON; the third draws those figures that have changed, as PNG, PDF and SVG with their data; the "
    "last makes this page."
)


def regenerate(found: Findings) -> Section:
    """The section."""
    results = shlex.quote(str(found.loaded.results))
    commands = [f"python -m bench.sweep {shlex.quote(found.loaded.plan['source'])}"]
    commands += [f"python -m analysis.{name} {results}" for name in ("stats", "figures", "report")]
    told = page.scrolled("Commands", page.text("pre", "\n".join(commands)))
    return section("regenerate", "How to regenerate", [told, page.text("p", MEANING, "small")])
