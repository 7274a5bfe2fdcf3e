"""`python -m analysis.figures [results/NAME]`: every figure that there is data for, as PNG, PDF and SVG, with a CSV."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from analysis import command
from analysis.comparison import Comparison, compare_all
from analysis.drawing.gallery import Absent, Drawing, gallery
from analysis.drawing.kept import figures
from analysis.drawing.kinds import KINDS
from analysis.drawing.published import read_published
from analysis.drawing.studio import render, rendered
from analysis.failed import scored_as_chance
from analysis.groups import groups
from analysis.load import Loaded, load, write_rows
from analysis.phrases import counted
from analysis.provenance import commits
from analysis.sweep_numbers import SweepNumbers
from bench.errors import ResultsError

__all__ = ["Drawing", "drawings", "main", "render", "rendered", "write_figures"]

ENDINGS = ("png", "pdf", "svg", "csv")
NAMED = 3  # places that a line names before "and n more"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = command.parser("analysis.figures", "Every figure of a sweep.")
    parser.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="NAME", help="draw these experiments alone"
    )
    names = ", ".join(dict.fromkeys(kind.name for kind in KINDS))
    parser.add_argument("--kinds", nargs="+", default=[], metavar="KIND", help=f"draw these kinds alone: {names}")
    curves = "curves of others to draw beside ours: CSV files with the columns label, labelled, accuracy (in %%)"
    parser.add_argument("--published", nargs="+", default=[], type=Path, metavar="CSV", help=curves)
    return command.run(parser, arguments, _draw_figures)


def drawings(loaded: Loaded, only: Sequence[str] = (), numbers: SweepNumbers | None = None) -> list[Drawing]:
    """Every figure that there is data for, experiment by experiment, its main kind first.

    `numbers` are those of the results where they are there already. Raises ResultsError for an unknown experiment in
    `only`, and where two runs of a seed are no pair.
    """
    if numbers is None:
        return gallery(loaded, _compared(loaded, only), commits(loaded), pd.DataFrame())[0]
    return gallery(loaded, numbers.comparisons, numbers.origin.commits, pd.DataFrame())[0]


def write_figures(results: Path, made: Sequence[Drawing]) -> Iterator[str]:
    """Write each figure as PNG, PDF and SVG and its data as CSV into figures/; tells in lines what was written."""
    kept = 0
    for figure in figures(results, made, ENDINGS):
        kept += not figure.new
        if figure.new:
            yield from (f"wrote {results / 'figures' / figure.stem}.{ending}" for ending in figure.files)
    if kept:
        yield f"kept {counted(kept, 'figure')} under {results / 'figures'} that would come out the same"


def _draw_figures(results: Path, given: Namespace) -> None:
    known = list(dict.fromkeys(kind.name for kind in KINDS))
    unknown = [kind for kind in given.kinds if kind not in known]
    if unknown:
        raise ResultsError(f"--kinds: no kind of figure {unknown[0]!r}; there are {', '.join(known)}")
    published, loaded = read_published(given.published), load(results)
    made, absent = gallery(loaded, _compared(loaded, given.only), commits(loaded), published, given.kinds)
    for line in write_figures(results, made):
        print(line)
    print(f"wrote {write_rows(loaded)}")
    for line in _told(absent):
        print(line)


def _compared(loaded: Loaded, only: Sequence[str]) -> list[Comparison]:
    return compare_all(groups(scored_as_chance(loaded), only))


def _told(absent: Sequence[Absent]) -> Iterator[str]:
    """What is not drawn and why, a line for each kind and reason."""
    places: dict[tuple[str, str], list[str]] = {}
    for each in absent:
        places.setdefault((each.kind, each.reason), []).append(each.where)
    for (kind, reason), where in places.items():
        named = [place for place in where[:NAMED] if place]
        more = [f"and {len(where) - NAMED} more"] if len(where) > NAMED else []
        told = f" ({'; '.join([*named, *more])})" if named else ""
        yield f"not drawn: {kind}: {reason}{told}"


if __name__ == "__main__":
    sys.exit(main())
