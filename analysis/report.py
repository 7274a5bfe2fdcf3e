"""`python -m analysis.report [results/NAME]`: everything about a sweep in one HTML file that needs nothing else."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from analysis import command, page, wording
from analysis.comparison import Comparison, compare
from analysis.figures import Drawing, drawings, render, write_figures
from analysis.groups import groups
from analysis.load import Loaded, load, write_rows
from analysis.provenance import Provenance, provenance
from analysis.stats import write_stats
from analysis.vector import inline
from bench.files import write_atomically

KINDS = {"difference": "Difference from Random", "curves": "Learning curves"}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    return command.run(command.parser("analysis.report", "One HTML file about a sweep."), arguments, _write_report)


def report(loaded: Loaded, comparisons: Sequence[Comparison], made: Sequence[Drawing], now: datetime) -> str:
    """The page. `now` is when it is made, in UTC."""
    origin = provenance(loaded)
    body = [*_head(loaded, origin, now), *_contents(comparisons)]
    for experiment, compared in groupby(comparisons, key=lambda each: each.group.experiment):
        body.append(_experiment(experiment, list(compared), made))
    body += [_absences(loaded), _provenance(origin), _regenerate(loaded)]
    return page.page(f"{loaded.plan['name']} – results", body)


def _write_report(results: Path, given: Namespace) -> None:
    loaded = load(results)
    comparisons = [compare(group) for group in groups(loaded)]
    made = drawings(loaded)
    beside = [*write_figures(results, made), write_stats(loaded, comparisons), write_rows(loaded)]
    path = results / "report.html"
    write_atomically(path, report(loaded, comparisons, made, datetime.now(UTC)).encode())
    for written in (*beside, path):
        print(f"wrote {written}")


def _head(loaded: Loaded, origin: Provenance, now: datetime) -> Iterator[str]:
    plan = loaded.plan
    yield page.text("h1", plan["name"])
    ran = f"run {_minute(origin.first)} to {_minute(origin.last)}, " if origin.first and origin.last else ""
    made = f"page made {now:%Y-%m-%d %H:%M} UTC"
    yield page.text("p", f"From {plan['source']}, {wording.commit(plan['commit'])}; {ran}{made}.", "lead")
    counts = {"cells done": _done(loaded), "missing": len(loaded.missing), "failed": len(loaded.failures)}
    counts |= {"arms refused": len(loaded.refused)}
    yield page.box("dl", (page.box("div", (page.text("dt", k), page.text("dd", str(v)))) for k, v in counts.items()))
    yield page.items(origin.warnings(), "remarks")


def _done(loaded: Loaded) -> str:
    """Cells that have every cycle planned for them, of those planned; a cell that experiments share counts once."""
    cells: dict[tuple[str, str, str, int], str] = {}
    for experiment, planned in loaded.plan["experiments"].items():
        for arm in planned["arms"]:
            if arm["refused"] is None:
                keys = [(experiment, arm["group"], arm["label"], seed) for seed in planned["seeds"]]
                cells |= {key: arm["cells"].get(str(key[-1]), repr(key)) for key in keys}
    unfinished = [run.key for run in loaded.missing] + [run.key for run in loaded.failures]
    open_cells = {cells[key] for key in unfinished}
    planned_cells = set(cells.values())
    return f"{len(planned_cells - open_cells)} of {len(planned_cells)}"


def _contents(comparisons: Sequence[Comparison]) -> Iterator[str]:
    titles = {each.group.experiment: each.group.planned["title"] for each in comparisons}
    named = {experiment: f"{experiment}: {title}" if title else experiment for experiment, title in titles.items()}
    links = [page.link(f"experiment-{experiment}", name) for experiment, name in named.items()]
    others = {"absences": "Missing, failed, refused", "provenance": "Provenance", "regenerate": "How to regenerate"}
    yield page.box("nav", [page.box("ul", [*links, *(page.link(anchor, name) for anchor, name in others.items())])])
    yield page.text("p", wording.NOTES, "small")


def _experiment(name: str, comparisons: Sequence[Comparison], made: Sequence[Drawing]) -> str:
    title = comparisons[0].group.planned["title"]
    parts = [page.text("h2", f"{name}: {title}" if title else name)]
    for comparison in comparisons:
        if comparison.group.name:
            parts.append(page.text("h3", comparison.group.name))
        rows = [wording.cells(arm, comparison.planned) for arm in comparison.arms]
        parts += [page.table(wording.HEADINGS, rows, numeric=True), page.items(wording.remarks(comparison), "remarks")]
        where = (name, comparison.group.name)
        figures = [_figure(each) for each in made if (each.group.experiment, each.group.name) == where]
        parts.append(page.box("div", figures, "figures"))
    return page.box("section", parts, name=f"experiment-{name}")


def _figure(drawing: Drawing) -> str:
    described = f"{KINDS[drawing.kind]}. {wording.heading(drawing.group)}"
    svg = inline(render(drawing, "svg").decode(), drawing.stem, described)
    caption = f"{KINDS[drawing.kind]}. Data: figures/{drawing.stem}.csv"
    return page.box("figure", [page.box("div", [svg], "scroll"), page.text("figcaption", caption)])


def _absences(loaded: Loaded) -> str:
    parts = [page.text("h2", "Missing, failed, refused")]
    if not (loaded.missing or loaded.failures or loaded.refused):
        parts.append(page.text("p", "Nothing: every planned run is complete."))
    if loaded.failures:
        rows = [
            (wording.place(f.experiment, f.group, f.label), str(f.seed), f.cell, wording.failure(f))
            for f in loaded.failures
        ]
        parts += [page.text("h3", "Failed"), page.table(("arm", "seed", "cell", "why"), rows)]
        traces = {failed.cell: failed.failure["trace"] for failed in loaded.failures}
        parts += [page.details(f"Traceback of cell {cell}", trace) for cell, trace in traces.items() if trace]
    if loaded.refused:
        refused = [(wording.place(r.experiment, r.group, r.label), r.reason) for r in loaded.refused]
        parts += [page.text("h3", "Refused"), page.table(("arm", "why"), refused)]
    if loaded.missing:
        parts += [page.text("h3", "Missing"), page.table(("arm", "cycles there are"), wording.gaps(loaded))]
    return page.box("section", parts, name="absences")


def _provenance(origin: Provenance) -> str:
    told = {
        fact: "\n".join(f"{value} ({n} {'run' if n == 1 else 'runs'})" for value, n in values.items())
        for fact, values in origin.facts.items()
    }
    parts = [page.text("h2", "Provenance"), page.table(("fact", "values, with the runs that have them"), told.items())]
    return page.box("section", parts, name="provenance")


def _regenerate(loaded: Loaded) -> str:
    sweep = f"python -m bench.sweep {shlex.quote(loaded.plan['source'])}"
    again = f"python -m analysis.report {shlex.quote(str(loaded.results))}"
    parts = [page.text("h2", "How to regenerate"), page.text("pre", f"{sweep}\n{again}")]
    parts.append(
        page.text("p", "The first runs what is missing and nothing else; the second makes this page.", "small")
    )
    return page.box("section", parts, name="regenerate")


def _minute(time: str) -> str:
    """An ISO time to the minute."""
    return time[:16].replace("T", " ")


if __name__ == "__main__":
    sys.exit(main())
