"""Figures in the page: the first of a subject large, the others in a grid that opens, each with its data."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.figures import Drawing
from analysis.phrases import counted
from analysis.table_files import frame_as_csv
from analysis.web import page
from analysis.web.findings import Findings

DIGITS = "%.6g"


def illustrations(found: Findings, drawn: Sequence[Drawing]) -> list[str]:
    """The first figure at full width, the rest behind a line that opens them; nothing where there are none."""
    if not drawn:
        return []
    main, *others = (_illustration(found, each, "" if number else "main") for number, each in enumerate(drawn))
    titles = dict.fromkeys(each.kind.title for each in drawn[1:])
    named = f"{counted(len(others), 'more figure')}: {'; '.join(titles)}"
    return [main, page.details(named, [page.box("div", others, "figures")])] if others else [main]


def _illustration(found: Findings, of: Drawing, role: str) -> str:
    """One figure, which scrolls inside its box, and a link that saves the numbers as they are drawn."""
    data = page.download(f"{of.stem}.csv", frame_as_csv(of.table, DIGITS))
    caption = f"<figcaption>{page.written(of.kind.title)}. Data: {data}</figcaption>\n"
    picture = page.scrolled(f"{of.kind.title}: {of.subject.title}", found.pictures[of.stem])
    return page.box("figure", [picture, caption], role)
