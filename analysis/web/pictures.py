"""The figures as elements of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.beside import beside
from analysis.drawing.kept import figures
from analysis.figures import Drawing
from analysis.web.vector import inline

WORTH = 30  # figures from which on a process pays


def pictures(results: Path, drawn: Sequence[Drawing]) -> dict[str, str]:
    """The <svg> element of every figure, by its stem."""
    files = figures(results, drawn, ("svg",))
    told = [(made.files["svg"], each.stem, description(each)) for each, made in zip(drawn, files, strict=True)]
    return dict(zip((stem for _, stem, _ in told), beside(_element, told, WORTH), strict=True))


def description(of: Drawing) -> str:
    """What a figure shows, with what is missing or failed in it, for those who do not see it."""
    return ". ".join(part for part in (of.kind.title, of.subject.title, of.caption.notice, of.caption.stamp) if part)


def _element(told: tuple[bytes, str, str]) -> str:
    svg, stem, described = told
    return inline(svg.decode(), stem, described)
