"""The command: `python -m bench.sweep sweeps/digits.yaml` runs what is missing of a sweep, and nothing else.

Everything is kept under results/NAME; run it again to go on, to add seeds, cycles, strategies or experiments.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.config import Launch, Sweep
from bench.data import data_root
from bench.drive import Drive
from bench.errors import ConfigError, RegistryError, ResultsError
from bench.files import write_json
from bench.folder import RunFolder
from bench.plan import Schedule, check_names, schedule
from bench.record import cell_folder, read_failure, read_rows
from bench.state import State, counted, states
from bench.sweep_file import load_sweep


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 when every cell is done, 1 when some failed, 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options, Console())
    except (ConfigError, RegistryError, ResultsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped; finished cycles are kept, the same command goes on from there\n")
        return 130


def _run(options: argparse.Namespace, console: Console) -> int:
    if options.list:
        from bench.listing import listing

        console.print(listing(), highlight=False, soft_wrap=True, markup=False)
        return 0
    if options.sweep is None:
        raise ConfigError.of("command line", "sweep", "wanted a sweep file, such as sweeps/digits.yaml")
    sweep = load_sweep(options.sweep, options.set)
    check_names(sweep, options.only)
    planned = schedule(sweep, data_root(sweep.data.root))
    results = options.results / sweep.name
    if options.dry_run or options.status:
        console.print(overview(planned, results, options.only), highlight=False, soft_wrap=True, markup=False)
        return 0
    write_json(results / "plan.json", planned.record())
    if options.retry_failed:
        for identifier in planned.cells(options.only):
            RunFolder(cell_folder(results, identifier)).forgive()
    drive = Drive(results, planned.cells(options.only), names(planned))
    found = drive.run(_launch(sweep, options), data_root(sweep.data.root), console)
    console.print(summary(planned, results, options.only))
    _report_failures(results, found, names(planned), console)
    console.print(f"{counted(found)}; rows in {results}", highlight=False, soft_wrap=True)
    return 1 if any(state is not State.DONE for state in found.values()) else 0


def names(planned: Schedule) -> dict[str, str]:
    """What each cell is called on the screen: its arm, grid point and seed, in the first experiment that has it."""
    found: dict[str, str] = {}
    for arm in planned.arms:
        group = f" [{arm.point.group}]" if arm.point.group else ""
        for seed, cell in arm.cells.items():
            found.setdefault(cell.id, f"{arm.named.label}{group} seed {seed}")
    return found


def overview(planned: Schedule, results: Path, only: Sequence[str]) -> str:
    """What would run, what is done and what is missing, experiment by experiment."""
    cells = planned.cells(only)
    found = states(results, {identifier: cell.protocol.cycles for identifier, cell in cells.items()})
    lines = [f"{planned.sweep.name}: {len(cells)} cells in {results}: {counted(found)}"]
    for experiment in planned.sweep.experiments:
        if only and experiment.name not in only:
            continue
        lines.append(f"  {experiment.name}: {experiment.title}")
        for arm in (arm for arm in planned.arms if arm.experiment == experiment.name):
            name = f"{arm.named.label} [{arm.point.group}]" if arm.point.group else arm.named.label
            if arm.refused is not None:
                lines.append(f"    {name}: refused: {arm.refused}")
            else:
                mine = {cell.id: found[cell.id] for cell in arm.cells.values()}
                lines.append(f"    {name}: {len(mine)} seeds: {counted(mine)}")
    return "\n".join([*lines, *_shared(planned, only)])


def summary(planned: Schedule, results: Path, only: Sequence[str]) -> Table:
    """The accuracy of every arm at its last finished cycle, averaged over the seeds that are there."""
    table = Table(title=f"{planned.sweep.name}: test accuracy", title_justify="left")
    for heading in ("experiment", "arm", "seeds", "labels", "accuracy"):
        table.add_column(heading, justify="left" if heading in ("experiment", "arm") else "right")
    for arm in planned.arms:
        if arm.refused is not None or (only and arm.experiment not in only):
            continue
        last = arm.point.settings.protocol.cycles
        rows = [read_rows(cell_folder(results, cell.id)) for cell in arm.cells.values()]
        ends = [run[last]["result"] for run in rows if len(run) > last]
        mean = f"{sum(end['accuracy'] for end in ends) / len(ends):.3f}" if ends else "–"
        labels = str(arm.point.settings.protocol.labels(last))
        name = f"{arm.named.label} [{arm.point.group}]" if arm.point.group else arm.named.label
        table.add_row(arm.experiment, Text(name), f"{len(ends)}/{len(arm.cells)}", labels, mean)
    return table


def _shared(planned: Schedule, only: Sequence[str]) -> list[str]:
    arms = [arm for arm in planned.arms if not only or arm.experiment in only]
    shared = sum(len(arm.cells) for arm in arms) - len(planned.cells(only))
    return [f"  {shared} cells are shared between arms and run once"] if shared else []


def _report_failures(results: Path, found: Mapping[str, State], labels: Mapping[str, str], console: Console) -> None:
    failed = [identifier for identifier, state in found.items() if state is State.FAILED]
    for identifier in failed:
        failure = read_failure(cell_folder(results, identifier))
        if failure is not None:
            message = (
                f"failed: {labels[identifier]} in cycle {failure['cycle']}: {failure['kind']}: {failure['message']}"
            )
            console.print(message, highlight=False, soft_wrap=True, markup=False)
    if failed:
        file = results / "cells" / failed[0] / "failure.json"
        console.print(f"traces are in files such as {file}; --retry-failed runs them again", soft_wrap=True)


def _launch(sweep: Sweep, options: argparse.Namespace) -> Launch:
    chosen = {
        key: value for key, value in (("executor", options.executor), ("slots", options.jobs)) if value is not None
    }
    return replace(sweep.launch, **chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.sweep", description="Run what is missing of a sweep.")
    parser.add_argument("sweep", nargs="?", type=Path, help="a sweep file, such as sweeps/digits.yaml")
    parser.add_argument("--only", nargs="+", default=[], metavar="EXPERIMENT", help="run these experiments alone")
    parser.add_argument("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override the file")
    parser.add_argument("--dry-run", action="store_true", help="print what would run, what is done, what is missing")
    parser.add_argument("--status", action="store_true", help="the same, for a sweep that runs")
    parser.add_argument("--retry-failed", action="store_true", help="run failed cells again")
    parser.add_argument("--executor", choices=("local", "debug"), help="where cells run (default: the sweep's)")
    parser.add_argument("--jobs", type=_positive, metavar="N", help="how many cells run at a time")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    parser.add_argument("--list", action="store_true", help="name every plugin and its parameters")
    return parser


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"wanted an integer >= 1; got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
