"""Labelled sets as files: a sweep starts from one (`initial_set: {file: starts.json}`), a results folder gives one.

    python -m bench.index_sets results/digits --out starts.json
    python -m bench.index_sets results/digits --experiment fig1b --arm margin --cycle 8

The format is JSON: one list of ids into the pool, used for every seed, or a mapping from seeds to such lists.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.data import data_file
from bench.errors import ConfigError, DataError, ResultsError
from bench.files import write_atomically
from bench.protocol import Given, Ids, Protocol
from bench.record import Arm, cell_folder, newest_results, read_plan, read_rows

WANTED = "wanted JSON: a list of ids, or a mapping from seeds to such lists"


@dataclass(frozen=True)
class IndexSets:
    """What a file holds for each seed, not checked yet; `every` is what it holds for all of them, if it is a list."""

    file: str
    by_seed: Mapping[str, object]
    every: object = None

    def resolved(self, protocol: Protocol, seed: int) -> Protocol:
        """The protocol with the ids of a seed. Raises ConfigError where they are missing or not what it wants."""
        if self.every is None and str(seed) not in self.by_seed:
            known = ", ".join(self.by_seed) or "none"
            raise ConfigError.of(self.file, "", f"wanted ids for seed {seed}; got those of seeds {known}. Add it")
        found, at = (self.by_seed[str(seed)], str(seed)) if self.every is None else (self.every, "")
        try:
            return replace(protocol, initial_set=Given(ids=_ids(found)))
        except ValueError as error:
            raise ConfigError.of(self.file, at, str(error).partition(": ")[2]) from error


def read_index_sets(path: str, root: Path) -> IndexSets:
    """The index sets of a file; a relative path is taken from the folder in which the command runs, then from `root`,
    the data folder. Raises ConfigError where there is none that can be read."""
    try:
        file = str(data_file("initial_set", path, root))
        value = json.loads(Path(file).read_text(), object_pairs_hook=_each_key_once)
    except (DataError, OSError) as error:
        raise ConfigError.of(path, "", str(error)) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError.of(file, "", f"{WANTED}; got something else: {error}") from error
    if isinstance(value, list):
        return IndexSets(file, {}, every=value)
    if not isinstance(value, dict):
        raise ConfigError.of(file, "", f"{WANTED}; got {json.dumps(value)}")
    return IndexSets(file, value)


def resolved(protocol: Protocol, seed: int, root: Path) -> Protocol:
    """The protocol of one seed, with the ids in the place of a file that holds them. Raises ConfigError."""
    start = protocol.initial_set
    if not isinstance(start, Given) or start.file is None:
        return protocol
    return read_index_sets(start.file, root).resolved(protocol, seed)


def _ids(found: object) -> Ids:
    if not isinstance(found, list):
        raise ValueError(f"ids: wanted a list of ids; got {json.dumps(found)}")
    wrong = [item for item in found if type(item) is not int or item < 0]  # a bool is an int, too
    if wrong:
        raise ValueError(f"ids: wanted ids, integers from 0 on; got {json.dumps(wrong[0])}")
    return tuple(found)


def _each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a seed stands there twice")
    return found


def written(sets: Mapping[int, Sequence[int]]) -> str:
    """The labelled sets of seeds in the format that read_index_sets takes, a line for each seed."""
    lines = (f'  "{seed}": {json.dumps(list(ids))}' for seed, ids in sorted(sets.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


@dataclass(frozen=True)
class Choice:
    """Whose labelled sets are taken: every arm's where nothing is named; `cycle` is the last one counted."""

    experiments: Sequence[str] = ()
    arm: str | None = None
    group: str | None = None
    cycle: int = 0

    def arms(self, results: Path) -> list[Arm]:
        """The arms of a plan that are meant. Raises ResultsError where a name is not in it."""
        planned = read_plan(results)["experiments"]
        _check_known("experiment", self.experiments, planned)
        found = [arm for name in self.experiments or planned for arm in planned[name]["arms"]]
        if self.arm is not None:
            _check_known("arm", [self.arm], {arm["label"] for arm in found})
        found = [arm for arm in found if self.arm in (None, arm["label"])]
        if self.group is not None:
            _check_known("group", [self.group], {arm["group"] for arm in found})
        return [arm for arm in found if self.group in (None, arm["group"])]


def labelled_sets(results: Path, choice: Choice) -> dict[int, list[int]]:
    """The ids labelled after a cycle, in the order of labelling, for every seed that is so far.

    Raises ResultsError where no seed is, and where arms of one seed differ: the sets of a seed must be one.
    """
    found: dict[int, list[int]] = {}
    owner: dict[int, str] = {}
    for name, seed, ids in _labelled(results, choice):
        if found.setdefault(seed, ids) != ids:
            raise ResultsError(
                f"{results}: wanted one labelled set for seed {seed} after cycle {choice.cycle}; {owner[seed]} and "
                f"{name} have different ones. Narrow it with --experiment, --arm and --group"
            )
        owner.setdefault(seed, name)
    if not found:
        raise ResultsError(f"{results}: wanted rows of cycle {choice.cycle}; no cell that is meant has come so far")
    return found


def _labelled(results: Path, choice: Choice) -> Iterator[tuple[str, int, list[int]]]:
    """The name of an arm, a seed and the ids, for every cell that has come so far."""
    for arm in choice.arms(results):
        name = f"{arm['label']} [{arm['group']}]" if arm["group"] else arm["label"]
        for seed, cell in arm["cells"].items():
            rows = read_rows(cell_folder(results, cell))[: choice.cycle + 1]
            if len(rows) > choice.cycle:
                yield name, int(seed), [i for row in rows for i in row["result"]["queried"]]


def _check_known(kind: str, wanted: Sequence[str], known: Collection[str]) -> None:
    for name in wanted:
        if name not in known:
            raise ResultsError(f"--{kind}: no {kind} {name!r}. Known: {', '.join(sorted(known))}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, or 2 for bad input."""
    options = _parser().parse_args(arguments)
    choice = Choice(options.experiment, options.arm, options.group, options.cycle)
    try:
        results = options.results or newest_results()
        sets = labelled_sets(results, choice)
        missing = sorted({int(seed) for arm in choice.arms(results) for seed in arm["cells"]} - sets.keys())
        if options.out is not None:
            _write(options.out, sets)
    except (ResultsError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if missing:
        sys.stderr.write(f"without seeds {', '.join(map(str, missing))}: no row of cycle {choice.cycle} yet\n")
    if options.out is None:
        sys.stdout.write(written(sets))
    return 0


def _write(file: Path, sets: Mapping[int, Sequence[int]]) -> None:
    if file.is_dir():
        raise ResultsError(f"--out: wanted the name of a file; got the folder {file}")
    write_atomically(file, written(sets).encode())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.index_sets", description="Write labelled sets as a sweep's initial_set takes them."
    )
    parser.add_argument("results", nargs="?", type=Path, help="default: the newest sweep under results/")
    parser.add_argument("--experiment", action="append", default=[], metavar="NAME", help="of these experiments alone")
    parser.add_argument("--arm", metavar="LABEL", help="of this arm alone; strategies share the initial sets")
    parser.add_argument("--group", metavar="POINT", help="of this point of a grid alone, such as widen=2")
    parser.add_argument("--cycle", type=_natural, default=0, metavar="N", help="after this cycle (default 0: initial)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write to a file instead of the terminal")
    return parser


def _natural(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"wanted an integer >= 0; got {text!r}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
