"""`python -m analysis.report [results/NAME]`: everything about a sweep in one HTML file that needs nothing else."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from analysis import command
from analysis.load import load
from analysis.web import page
from analysis.web.findings import Findings, findings
from analysis.web.sections.absences import absences
from analysis.web.sections.claimed import claimed
from analysis.web.sections.contents import contents
from analysis.web.sections.experiment import experiment, over_all
from analysis.web.sections.opening import opening
from analysis.web.sections.origin import origin
from analysis.web.sections.regenerate import regenerate
from analysis.web.sections.section import Section
from bench.files import write_atomically


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    return command.run(command.parser("analysis.report", "One HTML file about a sweep."), arguments, _write_report)


def report(found: Findings) -> str:
    """The page."""
    return page.page(f"{found.loaded.plan['name']} – results", _body(found))


def _body(found: Findings) -> Iterator[str]:
    """The opening and the claims, then the way to everything else."""
    told = [section for section in _sections(found) if section.markup]
    yield opening(found)
    yield claimed(found).markup
    yield contents((section.name, section.title) for section in told)
    yield from (section.markup for section in told)


def _sections(found: Findings) -> Iterator[Section]:
    for name, compared in found.numbers.experiments.items():
        yield experiment(found, name, compared)
    yield from (over_all(found), absences(found), origin(found), regenerate(found))


def _write_report(results: Path, given: Namespace) -> None:
    path = results / "report.html"
    write_atomically(path, report(findings(load(results), datetime.now(UTC))).encode())
    print(f"wrote {path}")


if __name__ == "__main__":
    sys.exit(main())
