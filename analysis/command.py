"""What the commands of analysis share: the folder argument, and mistakes told in one line with exit status 2."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentError, ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.errors import ResultsError
from bench.malformed import told_if_malformed
from bench.record import newest_results


def parser(module: str, description: str) -> ArgumentParser:
    """A parser with the folder argument that every command takes."""
    made = ArgumentParser(prog=f"python -m {module}", description=description, exit_on_error=False, allow_abbrev=False)
    made.add_argument("results", nargs="?", type=Path, help="a results folder; the newest under results/ by default")
    return made


def run(made: ArgumentParser, arguments: Sequence[str] | None, work: Callable[[Path, Namespace], None]) -> int:
    """Parse, find the folder and do the work; returns the exit status."""
    try:
        given, unknown = made.parse_known_args(arguments)
        if unknown:
            raise ResultsError(f"unknown argument {unknown[0]}; `{made.prog} --help` lists those that exist")
        results = given.results or newest_results()
        with told_if_malformed(results):
            work(results, given)
    except (ArgumentError, ResultsError, OSError) as error:
        print(f"{made.prog}: {error}", file=sys.stderr)
        return 2
    return 0


def print_json(told: object) -> None:
    """Print what a command with --json is asked for, laid out as the JSON files are."""
    print(json.dumps(told, indent=2, ensure_ascii=False))
