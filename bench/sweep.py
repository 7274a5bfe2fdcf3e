"""The command: `python -m bench.sweep sweeps/digits.yaml` runs what is missing of a sweep, and nothing else.

Everything is kept under results/NAME; run it again to go on, to add seeds, cycles, strategies or experiments.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rich.console import Console

from bench import pace, status
from bench.absent import told_absent
from bench.cell import Cell
from bench.data import data_root
from bench.disk import disk_estimate
from bench.drive import Drive, Manner
from bench.errors import ConfigError, Ended, RegistryError, ResultsError
from bench.files import no_link
from bench.launching.cancel import cancel
from bench.launching.options import EXECUTORS
from bench.malformed import told_if_malformed
from bench.overview import names, overview, summary, without_data
from bench.plan import Schedule, check_names, schedule
from bench.progress import Names
from bench.start import begin, check_start, no_room
from bench.state import State, counted, states
from bench.sweep_file import load_sweep
from bench.tracking.follower import start_following

MIRRORING = 10.0  # seconds that a sweep waits at its end for what mirrors it
ATTACH = "The same command waits for it, --status tells how it goes, --cancel stops it"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 when every cell is done, 1 when some are not, 2 for bad input."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(given)
    console = Console()
    try:
        if options.list:
            from bench.listing import listing

            _print(console, listing())
            return 0
        command = _Command(options, _planned(options), console)
        with told_if_malformed(command.results):
            return command.run(given)
    except (ConfigError, RegistryError, ResultsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{no_room(error, options.results)}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped; finished cycles are kept, the same command goes on from there\n")
        return 130


def _planned(options: argparse.Namespace) -> Schedule:
    if options.sweep is None:
        raise ConfigError.of("command line", "sweep", "wanted a sweep file, such as sweeps/digits.yaml")
    sweep = load_sweep(options.sweep, [*options.set, *_assignments(options)])
    check_names(sweep, options.only)
    return schedule(sweep, data_root(sweep.data.root))


@dataclass(frozen=True)
class _Command:
    """What was asked for, of which sweep."""

    options: argparse.Namespace
    planned: Schedule
    console: Console

    @property
    def results(self) -> Path:
        return Path(self.options.results / self.planned.sweep.name)

    @cached_property
    def chosen(self) -> Schedule:
        return self.planned.of(self.options.only)

    @cached_property
    def cells(self) -> dict[str, Cell]:
        return self.chosen.cells()

    @cached_property
    def data(self) -> Path:
        return data_root(self.planned.sweep.data.root)

    def run(self, given: Sequence[str]) -> int:
        """Do it; `given` is the command line. Returns the exit status."""
        if self.options.dry_run or self.options.status:
            return self._tell()
        if self.options.cancel:
            told = "\n".join(cancel(self.results))
            _print(self.console, told or f"{self.results}: nothing of it is running")
            return 0
        check_start(self.planned, self.cells, self.data, self.results)
        if self.options.detach and self.planned.sweep.launch.executor != "slurm":
            return self._leave_alone(given)
        return self._drive()

    def _drive(self) -> int:
        begin(self.planned, self.cells, self.data, self.results, self.options.retry_failed)
        _print(self.console, "\n".join(without_data(self.chosen)))
        launch = self.planned.sweep.launch
        drive = Drive(self.results, self.cells, names(self.planned))
        follower = start_following(self.results, self.planned.sweep.tracking.here, os.getpid())
        try:
            drive.run(launch, self.data, self.console, Manner(self.options.detach, self.options.verify))
        except Ended as reason:
            _print(self.console, f"{reason}; finished cycles are kept, the same command goes on from there")
        except KeyboardInterrupt:
            if launch.executor != "slurm":
                raise
            _print(self.console, f"detached: jobs in Slurm go on. {ATTACH}")
            return 130
        finally:
            _print(self.console, follower.finish(MIRRORING) or "")
        if self.options.detach:
            _print(self.console, f"{'submitted' if drive.submitted else 'nothing to submit'}. {ATTACH}")
            return 0
        return self._conclude(drive.states)

    def _conclude(self, found: dict[str, State]) -> int:
        self.console.print(summary(self.chosen, self.results))
        self._print_failures(found)
        absent = without_data(self.chosen)
        _print(self.console, "\n".join([*absent, f"{counted(found)}; rows in {self.results}"]))
        return 1 if absent or any(state is not State.DONE for state in found.values()) else 0

    def _tell(self) -> int:
        """What there is and what is missing; with --status, how it is going too."""
        wanted = {identifier: cell.protocol.cycles for identifier, cell in self.cells.items()}
        found = states(self.results, wanted)
        _print(self.console, overview(self.chosen, self.results, found))
        if self.options.dry_run:
            _print(self.console, f"time: {pace.expected(self.chosen, self.results, found)}")
            _print(self.console, f"disk: {disk_estimate(self.cells, self.results, self.data)}")
            _print(self.console, "\n".join(told_absent(self.cells, self.data)))
        if self.options.status:
            at_work = status.running(self.results, found, Names(names(self.chosen), wanted))
            left = pace.time_left(self.chosen, self.results, found)
            _print(self.console, "\n".join([*at_work, *([left] if left else [])]))
            self._print_failures(found)
        return 0

    def _leave_alone(self, given: Sequence[str]) -> int:
        """Run the same command in the background, where no terminal can end it."""
        command = [sys.executable, "-m", "bench.sweep", *(each for each in given if each != "--detach")]
        log = self.results / "driver.log"
        with open(log, "ab", opener=no_link) as file:
            driver = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
            )
        _print(self.console, f"process {driver.pid} drives the sweep and writes {log}. {ATTACH}")
        return 0

    def _print_failures(self, found: Mapping[str, State]) -> None:
        told = status.failures(self.results, found, names(self.chosen))
        if told is not None:
            self.console.print(told, highlight=False, soft_wrap=True)


def _print(console: Console, text: str) -> None:
    if text:
        console.print(text, highlight=False, soft_wrap=True, markup=False)


def _assignments(options: argparse.Namespace) -> Iterator[str]:
    """The options that are short for an assignment to a key of the section `launch`."""
    if options.executor is not None:
        yield f"launch.executor={options.executor}"
    if options.jobs is not None:
        yield f"launch.slots={options.jobs}"
    if options.devices is not None:
        yield "launch.device=cuda"
        yield f"launch.devices=[{', '.join(json.dumps(each) for each in options.devices.split(','))}]"
        if options.jobs is None and not any(given.startswith("launch.slots=") for given in options.set):
            yield "launch.slots=null"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.sweep", description="Run what is missing of a sweep.", allow_abbrev=False
    )
    add = parser.add_argument
    add("sweep", nargs="?", type=Path, help="a sweep file, such as sweeps/digits.yaml")
    add("--only", nargs="+", action="extend", default=[], metavar="NAME", help="run these experiments alone")
    add("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override the file")
    add("--dry-run", action="store_true", help="print what would run, what is done, what is missing")
    add("--status", action="store_true", help="the same, with what runs now, what failed and why, and the time left")
    add("--retry-failed", action="store_true", help="run failed cells again")
    add("--cancel", action="store_true", help="stop the sweep's workers, here and in Slurm")
    add("--detach", action="store_true", help="start it and come back at once")
    add("--verify", action="store_true", help="before the run, read all arrays and name those that are damaged")
    add("--executor", choices=EXECUTORS, help="where cells run (default: the sweep's)")
    add("--jobs", type=_positive, metavar="N", help="how many cells run at a time on this machine")
    add("--devices", metavar="0,1", help="the GPUs to use, by number or UUID")
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    add("--list", action="store_true", help="name every plugin and its parameters")
    return parser


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"wanted an integer >= 1; got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
