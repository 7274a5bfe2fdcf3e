"""The figures as elements of the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from analysis.drawing.kept import figures
from analysis.figures import Drawing
from analysis.web.compact import compact
from analysis.web.vector import inline


def pictures(results: Path, drawn: Sequence[Drawing]) -> dict[str, str]:
    """The <svg> element of every figure, by its stem."""
    named = zip(drawn, figures(results, drawn, ("svg",)), strict=True)
    return {
        each.stem: compact(inline(made.files["svg"].decode(), each.stem, description(each))) for each, made in named
    }


def description(of: Drawing) -> str:
    """What a figure shows, for those who do not see it."""
    return f"{of.kind.title}. {of.subject.title}"
