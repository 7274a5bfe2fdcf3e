"""`python -m analysis.figures [results/NAME] [--only EXPERIMENT …]`: every figure as PNG and PDF, its data as CSV."""

from __future__ import annotations

import hashlib
import io
import re
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from analysis import command
from analysis.groups import Group, display_name, groups
from analysis.load import Loaded, load, write_rows
from analysis.palette import styles
from analysis.plots import Caption, curves_figure, difference_figure
from analysis.series import difference_from_random, learning_curves
from analysis.wording import heading, short_commit
from bench.files import write_atomically
from bench.record import Plan

RESOLUTION = 200  # dots per inch
UNDATED: dict[str, dict[str, None]] = {"png": {"Software": None}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
DRAWN: dict[str, tuple[Callable[[Group], pd.DataFrame], Callable[[pd.DataFrame, Caption], Figure]]] = {
    "difference": (difference_from_random, difference_figure),
    "curves": (learning_curves, curves_figure),
}


@dataclass(frozen=True)
class Drawing:
    """One figure of one group: what it shows, its data as drawn, and its file name without the ending."""

    group: Group
    kind: str
    stem: str
    table: pd.DataFrame
    figure: Figure


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = command.parser("analysis.figures", "Every figure of a sweep.")
    parser.add_argument("--only", nargs="+", default=[], metavar="EXPERIMENT", help="draw these experiments alone")
    return command.run(parser, arguments, _draw_figures)


def drawings(loaded: Loaded, only: Sequence[str] = ()) -> list[Drawing]:
    """Every figure that there is data for. Raises ResultsError for an unknown experiment in `only`."""
    made = [_drawing(loaded.plan, group, kind) for group in groups(loaded, only) for kind in DRAWN]
    return [each for each in made if each is not None]


def write_figures(results: Path, made: Sequence[Drawing]) -> list[Path]:
    """Write each figure as PNG and PDF and its data as CSV into figures/; returns where."""
    written = []
    for drawing in made:
        stem = results / "figures" / drawing.stem
        contents = {ending: render(drawing, ending) for ending in ("png", "pdf")}
        contents["csv"] = drawing.table.to_csv(index=False).encode()
        for ending, content in contents.items():
            path = stem.with_name(f"{stem.name}.{ending}")
            write_atomically(path, content)
            written.append(path)
    return written


def render(drawing: Drawing, ending: str) -> bytes:
    """A figure as the bytes of a png, pdf or svg file, the same for the same data; an svg has no background."""
    packed = io.BytesIO()
    FigureCanvasAgg(drawing.figure)
    with matplotlib.rc_context({"pdf.fonttype": 42, "svg.hashsalt": drawing.stem}):
        drawing.figure.savefig(
            packed, format=ending, dpi=RESOLUTION, metadata=UNDATED[ending], transparent=ending == "svg"
        )
    return packed.getvalue()


def _drawing(plan: Plan, group: Group, kind: str) -> Drawing | None:
    series, draw = DRAWN[kind]
    table = series(group)
    if table.empty:
        return None
    caption = Caption(
        title=heading(group),
        stamp=_stamp(plan, table),
        names={arm["label"]: display_name(arm) for arm in group.arms},
        styles=styles(arm["label"] for arm in group.arms),
    )
    return Drawing(group, kind, _stem(group, kind), table, draw(table, caption))


def _stamp(plan: Plan, table: pd.DataFrame) -> str:
    fewest, most = int(table["n"].min()), int(table["n"].max())
    seeds = f"{most} seeds" if fewest == most else f"{fewest} to {most} seeds"
    return f"mean and 95 % interval of the mean, n = {seeds} · sweep {plan['name']} · {short_commit(plan['commit'])}"


def _stem(group: Group, kind: str) -> str:
    """A file name that is safe everywhere; a hash keeps names apart that differ in replaced characters only."""
    name = f"{group.experiment}--{group.name}" if group.name else group.experiment
    safe = re.sub(r"[^A-Za-z0-9._=,+-]+", "_", name)[:100]
    mark = "" if safe == name else f"-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
    return f"{safe}{mark}-{kind}"


def _draw_figures(results: Path, given: Namespace) -> None:
    loaded = load(results)
    made = drawings(loaded, given.only)
    for path in (*write_figures(results, made), write_rows(loaded)):
        print(f"wrote {path}")
    drawn = {(drawing.group.experiment, drawing.group.name, drawing.kind) for drawing in made}
    for group in groups(loaded, given.only):
        for kind in DRAWN:
            if (group.experiment, group.name, kind) not in drawn:
                print(f"not drawn: {heading(group)}: {kind}: no finished cycles of two arms, Random among them")


if __name__ == "__main__":
    sys.exit(main())
