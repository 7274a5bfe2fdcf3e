"""`python -m analysis.compare RESULTS OTHER [--json] [--out FILE]`: two results folders side by side.

They may come from two commits, two machines or two revisions of a strategy; arms are matched by experiment, group and
label. Nothing is written but what --out names.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from analysis import command, render_text
from analysis.compared.arms import ComparedFolders, compare_folders
from analysis.compared.tables import environment_table, result_table, time_table
from analysis.load import load
from analysis.provenance import FACTS, Provenance, provenance
from analysis.stats_json import defined
from bench.errors import ResultsError
from bench.files import write_json

SCHEMA = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    made = command.parser("analysis.compare", "Two results folders side by side.")
    made.add_argument("other", nargs="?", type=Path, help="the results folder to compare with")
    made.add_argument("--json", action="store_true", help="print JSON instead of tables")
    made.add_argument("--out", type=Path, help="write the JSON to this file too")
    return command.run(made, arguments, _print_comparison)


def numbers(found: ComparedFolders, this: Provenance, other: Provenance) -> dict[str, object]:
    """What --json prints: every number of the tables in full precision, as fractions; null where undefined."""
    told = {
        "schema": SCHEMA,
        "arms": [asdict(arm) | {"verdict": arm.verdict} for arm in found.arms],
        "rerun_noise": asdict(found.noise),
        "only_this": [asdict(where) for where in found.only_this],
        "only_other": [asdict(where) for where in found.only_other],
        "environment": {fact: {"this": this.facts[fact], "other": other.facts[fact]} for fact in FACTS},
    }
    return {key: defined(value) for key, value in told.items()}


def _print_comparison(results: Path, given: Namespace) -> None:
    if given.other is None:
        raise ResultsError("wanted two results folders, as in `python -m analysis.compare results/a results/b`")
    this, other = load(results), load(given.other)
    found, provenances = compare_folders(this, other), (provenance(this), provenance(other))
    told = {"this": str(results), "other": str(given.other), **numbers(found, *provenances)}
    if given.out is not None:
        write_json(given.out, told)
    if given.json:
        command.print_json(told)
    else:
        _show(found, *provenances)


def _show(found: ComparedFolders, this: Provenance, other: Provenance) -> None:
    console = render_text.console()
    for table in (result_table(found), time_table(found, this, other), environment_table(this, other)):
        render_text.show(console, table)
    sides = (("this", this), ("other", other))
    render_text.lines(console, (f"{name}: {warning}" for name, of in sides for warning in of.warnings()))


if __name__ == "__main__":
    sys.exit(main())
