"""What a section of the report is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.web import page


@dataclass(frozen=True)
class Section:
    """A part of the page under its own heading, with its anchor; `markup` is "" where there is nothing to tell."""

    name: str
    title: str
    markup: str


def section(name: str, title: str, parts: Iterable[str]) -> Section:
    """A section of these parts; one without any tells nothing."""
    told = "".join(parts)
    return Section(name, title, page.box("section", [page.text("h2", title), told], name=name) if told else "")
