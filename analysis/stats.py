"""`python -m analysis.stats [results/NAME]`: every test and table of a sweep, with stats.json and tables/ beside them.

The comparisons that were declared before the run come first; every other one is exploratory. With `--table FILE.csv`
the same tests are made of any table of scores.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from analysis import command, render_text
from analysis.load import load, write_rows
from analysis.rank_test import Blocks
from analysis.stats_json import summary
from analysis.stats_text import sections, show
from analysis.sweep_numbers import FailedRuns, Selection, SweepNumbers, sweep_numbers
from analysis.table_files import write_tables
from bench.errors import ResultsError
from bench.files import write_json

HERE = Path()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    made = _parser()
    given = sys.argv[1:] if arguments is None else arguments
    if any(each.partition("=")[0] == "--table" for each in given):
        made.set_defaults(results=HERE)  # no results folder is needed, so none is looked for
        return command.run(made, given, _print_scores)
    return command.run(made, given, _print_stats)


def write_stats(numbers: SweepNumbers) -> Path:
    """Write stats.json; returns where."""
    path = numbers.loaded.results / "stats.json"
    write_json(path, summary(numbers))
    return path


def _parser() -> ArgumentParser:
    made = command.parser("analysis.stats", "Tests and tables of a sweep, or of any table of scores.")
    made.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="NAME", help="tell these experiments alone"
    )
    made.add_argument(
        "--blocks",
        choices=[each.value for each in Blocks],
        help="what arms are ranked within; by default seeds within a group, and datasets across groups",
    )
    made.add_argument(
        "--failed",
        choices=[each.value for each in FailedRuns],
        default=FailedRuns.CHANCE.value,
        help="failed runs count as chance accuracy (with the numbers without them beside), or are left out",
    )
    made.add_argument("--table", type=Path, metavar="FILE", help="a CSV file of scores: datasets × methods")
    made.add_argument("--json", action="store_true", help="print stats.json instead of tables")
    return made


def _print_stats(results: Path, given: Namespace) -> None:
    blocks = None if given.blocks is None else Blocks(given.blocks)
    selection = Selection(tuple(given.only), blocks, FailedRuns(given.failed))
    numbers = sweep_numbers(load(results), selection)
    told = list(sections(numbers))
    write = (write_stats(numbers), write_rows(numbers.loaded))
    tables = write_tables(results / "tables", (table for section in told for table in section.alone))
    if given.json:
        print(write[0].read_text(), end="")
        return
    console = render_text.console()
    show(console, numbers, told)
    folder = [f"{len(tables)} files under {results / 'tables'}"] if tables else []
    render_text.lines(console, (f"wrote {where}" for where in (*write, *folder)))


def _print_scores(results: Path, given: Namespace) -> None:
    from analysis.scores import study

    if results is not HERE:
        raise ResultsError(f"--table: wanted a file of scores alone; got the folder {results} too. Leave one out")
    made, told = study.run(given.table, given.json)
    if given.json:
        command.print_json(told)
    console = render_text.console()
    for table in made:
        render_text.show(console, table)


if __name__ == "__main__":
    sys.exit(main())
