"""The command: `python -m bench.tune sweeps/mnist.yaml` searches what the section `tune` of a sweep file names.

Only Random is run, with seeds that are not the sweep's, so that no strategy is favoured by who tuned. Every trial is
made of ordinary cells under results/NAME-tune; run the command again to go on, or with more seeds or trials.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from bench.errors import ConfigError, RegistryError, ResultsError
from bench.launching.options import EXECUTORS
from bench.malformed import told_if_malformed
from bench.start import no_room
from bench.tuning.search import planned_search


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, 1 where no winner could be chosen, 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (ConfigError, RegistryError, ResultsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{no_room(error, options.results)}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped; finished cycles are kept, the same command goes on from there\n")
        return 130


def _run(options: argparse.Namespace) -> int:
    assignments = [*options.set, *_assignments(options)]
    search = planned_search(options.sweep, assignments, options.results, Console())
    if options.dry_run:
        search.say_size()
        return 0
    with told_if_malformed(search.results):
        return 0 if search.conclude(search.run(options.retry_failed), assignments) else 1


def _assignments(options: argparse.Namespace) -> Iterator[str]:
    """The options that are short for an assignment."""
    if options.experiment is not None:
        yield f"tune.experiment={json.dumps(options.experiment)}"
    if options.executor is not None:
        yield f"launch.executor={options.executor}"
    if options.jobs is not None:
        yield f"launch.slots={options.jobs}"


def _parser() -> argparse.ArgumentParser:
    description = "Choose hyper-parameters on the Random arm of a sweep."
    parser = argparse.ArgumentParser(prog="python -m bench.tune", description=description)
    add = parser.add_argument
    add("sweep", type=Path, help="a sweep file with a section `tune`")
    add("--experiment", metavar="NAME", help="tune the settings of this one (default: the section's)")
    add("--set", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help="override the file")
    add("--dry-run", action="store_true", help="print how many trials and cells there are, and what is missing")
    add("--retry-failed", action="store_true", help="run failed cells again")
    add("--executor", choices=EXECUTORS, help="where cells run (default: the sweep's)")
    add("--jobs", type=int, metavar="N", help="how many cells run at a time on this machine")
    add("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    return parser


if __name__ == "__main__":
    sys.exit(main())
