"""The contents: a link to every section, and what the columns of the tables mean."""

from __future__ import annotations

from collections.abc import Iterable

from analysis.web import page
from analysis.wording import NOTES


def contents(places: Iterable[tuple[str, str]]) -> str:
    """The navigation over sections, each given as its anchor and its title."""
    links = [page.box("li", [page.link(name, title)]) for name, title in places]
    return page.box("nav", [page.box("ul", links)]) + page.details(
        "How to read the tables", [page.text("p", NOTES, "small")]
    )
