"""`python -m analysis.stats [results/NAME]`: the table of every comparison, and stats.json beside the results.

All p-values here are exploratory: two-sided paired t against Random, not adjusted for their number.
"""

from __future__ import annotations

import math
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from analysis import command, wording
from analysis.comparison import ArmSummary, Comparison, compare
from analysis.groups import groups
from analysis.load import Loaded, load, write_rows
from bench.files import write_json

SCHEMA = 1
UNLIMITED = 10_000  # columns; a file has no right edge at which to break


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    return command.run(command.parser("analysis.stats", "Tests and tables of a sweep."), arguments, _print_stats)


def summary(loaded: Loaded, comparisons: Sequence[Comparison]) -> dict[str, object]:
    """What stats.json holds: every number of the tables in full precision, as fractions, null where undefined."""
    plan = loaded.plan
    told: dict[str, object] = {
        "schema": SCHEMA,
        "name": plan["name"],
        "source": plan["source"],
        "commit": plan["commit"],
        "p": "two-sided paired t of the difference in AUBC from Random over seeds; exploratory, unadjusted",
        "comparisons": [_comparison(each) for each in comparisons],
        "missing": [asdict(run) for run in loaded.missing],
        "failures": [asdict(run) for run in loaded.failures],
        "refused": [asdict(arm) for arm in loaded.refused],
    }
    return {key: _without_nan(value) for key, value in told.items()}


def write_stats(loaded: Loaded, comparisons: Sequence[Comparison]) -> Path:
    """Write stats.json; returns where."""
    path = loaded.results / "stats.json"
    write_json(path, summary(loaded, comparisons))
    return path


def _print_stats(results: Path, given: Namespace) -> None:
    loaded = load(results)
    comparisons = [compare(group) for group in groups(loaded)]
    console = Console(width=None if sys.stdout.isatty() else UNLIMITED, highlight=False, markup=False, emoji=False)
    for comparison in comparisons:
        console.print(_table(comparison))
        for remark in wording.remarks(comparison):
            console.print(f"  {remark}", soft_wrap=True)
        console.print()
    for line in (wording.NOTES, *_absences(loaded)):
        console.print(line, soft_wrap=True)
    for path in (write_stats(loaded, comparisons), write_rows(loaded)):
        console.print(f"wrote {path}", soft_wrap=True)


def _table(comparison: Comparison) -> Table:
    table = Table(title=wording.heading(comparison.group), title_justify="left", box=None, padding=(0, 1, 0, 0))
    first, *others = wording.HEADINGS
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    for arm in comparison.arms:
        table.add_row(*wording.cells(arm, comparison.planned))
    return table


def _absences(loaded: Loaded) -> Iterator[str]:
    for where, seeds in wording.gaps(loaded):
        yield f"missing: {where}: {seeds}"
    for failed in loaded.failures:
        where = wording.place(failed.experiment, failed.group, failed.label)
        yield f"failed: {where}: seed {failed.seed} (cell {failed.cell}): {wording.failure(failed)}"
    for refused in loaded.refused:
        yield f"refused: {wording.place(refused.experiment, refused.group, refused.label)}: {refused.reason}"


def _comparison(comparison: Comparison) -> dict[str, object]:
    group = comparison.group
    return {
        "experiment": group.experiment,
        "group": group.name,
        "title": group.planned["title"],
        "control": None if group.control is None else group.control["label"],
        "planned_seeds": group.planned["seeds"],
        "interim": comparison.interim,
        "arms": [_arm(arm) for arm in comparison.arms],
    }


def _arm(of: ArmSummary) -> dict[str, object]:
    named = {name: of.arm[name] for name in ("label", "strategy", "learner", "dataset", "sees_labels")}
    return named | {name: value for name, value in asdict(of).items() if name != "arm"}


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    sys.exit(main())
