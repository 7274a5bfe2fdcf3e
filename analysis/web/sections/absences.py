"""What is not there: runs that failed, with their tracebacks, arms that were refused, runs that are not in yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analysis import wording
from analysis.load import Failed
from analysis.table import Cell, Table
from analysis.web import page
from analysis.web.findings import Findings
from analysis.web.sections.section import Section, section

MOST = 40  # different tracebacks that are shown


def absences(found: Findings) -> Section:
    """The section."""
    loaded = found.loaded
    parts = []
    if not (loaded.missing or loaded.failures or loaded.refused):
        parts.append(page.text("p", "Nothing: every planned run is complete."))
    parts += [page.table(each) for each in (_failed(found), _refused(found), _missing(found))]
    parts += _tracebacks(loaded.failures)
    return section("absences", "Missing, failed, refused", parts)


def _failed(found: Findings) -> Table:
    rows = [
        (Cell(wording.place(*run.key[:3])), Cell(str(run.seed), run.seed), Cell(run.cell), Cell(wording.failure(run)))
        for run in found.loaded.failures
    ]
    return Table("failed", "Failed runs", ("arm", "seed", "cell", "why"), tuple(rows))


def _refused(found: Findings) -> Table:
    rows = [(wording.place(r.experiment, r.group, r.label), r.reason) for r in found.loaded.refused]
    return _plain("refused", "Arms refused before the run", ("arm", "why"), rows)


def _missing(found: Findings) -> Table:
    return _plain("missing", "Runs not in yet", ("arm", "cycles there are"), wording.gaps(found.loaded))


def _plain(name: str, title: str, headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    return Table(name, title, headings, tuple(tuple(Cell(text) for text in row) for row in rows))


def _tracebacks(failures: Iterable[Failed]) -> Iterator[str]:
    """Each different traceback once, with the cells that ended in it."""
    cells: dict[str, list[str]] = {}
    for failed in failures:
        if failed.failure["trace"] and failed.cell not in cells.setdefault(failed.failure["trace"], []):
            cells[failed.failure["trace"]].append(failed.cell)
    for trace, ended in list(cells.items())[:MOST]:
        named = f"cell {ended[0]}" if len(ended) == 1 else f"{len(ended)} cells: {', '.join(ended)}"
        yield page.details(f"Traceback of {named}", [page.scrolled("Traceback", page.text("pre", trace))])
    if len(cells) > MOST:
        yield page.text("p", f"{len(cells) - MOST} further tracebacks stand in cells/ID/failure.json.", "small")
