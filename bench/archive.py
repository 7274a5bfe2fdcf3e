"""The command: `python -m bench.archive pack|import|merge|prune` moves results between machines and frees the disk.

    pack results/digits                        the cells of its plan without weights in one file, digits.tar.xz
    import digits.tar.xz                       its cells become cells here, in results/digits
    merge other/digits --into results/digits   the same from a folder
    prune results/digits                       the weights of finished cells go

Cells that the plan of a folder does not have are neither packed nor merged: they stay, and are counted.
Whatever arrives is checked as a whole before any of it counts. An interrupted import is made good by another one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from bench.archiving import Track
from bench.errors import ConfigError, ResultsError
from bench.malformed import told_if_malformed
from bench.record import read_plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0, 1 where something was refused, 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        with told_if_malformed(options.into if "into" in options else options.results):
            refused: bool = options.work(options, Console())
        return int(refused)
    except (ConfigError, ResultsError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("stopped; what is in place is whole, the same command does the rest\n")
        return 130


def _pack(options: argparse.Namespace, console: Console) -> bool:
    from bench.archiving.packing import outside_plan, pack, parcels, planned_cells

    plan = read_plan(options.results)
    cells = planned_cells(plan, options.only)
    found = list(parcels(options.results, _shown(console)(cells, "reading"), options.arrays))
    packed = pack(options.results, options.out or Path(f"{plan['name']}.tar.xz"), found, _shown(console))
    absent = len(cells) - len(found)
    _say(console, f"{packed}{f'; {absent} cells of the plan are not there yet' if absent else ''}")
    if outside := outside_plan(options.results, plan):
        _say(console, f"{options.results}: {outside} cells outside the plan stay here")
    for name in packed.lost:
        _say(console, f"left out: {name}: wanted the file that its row names; it is gone or damaged")
    return False


def _import(options: argparse.Namespace, console: Console) -> bool:
    from bench.archiving.arrival import import_files

    arrivals = import_files(options.files, options.results, _shown(console))
    _say(console, *(sentence for arrival in arrivals for sentence in arrival.sentences()))
    return any(arrival.refusals for arrival in arrivals)


def _merge(options: argparse.Namespace, console: Console) -> bool:
    from bench.archiving.arrival import merge_folders

    arrivals = merge_folders(options.folders, options.into, _shown(console))
    _say(console, *(sentence for arrival in arrivals for sentence in arrival.sentences()))
    return any(arrival.refusals for arrival in arrivals)


def _prune(options: argparse.Namespace, console: Console) -> bool:
    from bench.archiving.pruning import prune_cells, prune_launches

    plan = read_plan(options.results)
    cells = sorted(path.name for path in (options.results / "cells").glob("*") if path.is_dir())
    freed = prune_cells(options.results, plan, options.arrays, _shown(console)(cells, "pruning"))
    what = "weights and arrays" if options.arrays else "weights"
    unfinished = f"; {freed.kept} cells are not finished and keep theirs" if freed.kept else ""
    _say(console, f"{what} of {freed.folders} finished cells: {freed.bytes / 1e6:.1f} MB freed{unfinished}")
    if options.launches:
        freed = prune_launches(options.results, plan)
        live = f"; {freed.kept} may still be at work and stay" if freed.kept else ""
        _say(console, f"folders of {freed.folders} ended launches: {freed.bytes / 1e6:.1f} MB freed{live}")
    return False


def _shown(console: Console) -> Track:
    """Passes a sequence on, with a bar on a terminal."""

    def shown(sequence: Sequence[Any], words: str) -> Iterable[Any]:
        return track(sequence, words, console=console, transient=True, disable=not console.is_terminal)

    return shown


def _say(console: Console, *sentences: str) -> None:
    for sentence in sentences:
        console.print(sentence, highlight=False, soft_wrap=True, markup=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.archive", description="Move results between machines.")
    commands = parser.add_subparsers(required=True, metavar="pack|import|merge|prune")
    pack = commands.add_parser("pack", help="put a results folder into one file")
    _folder(pack, "results")
    pack.add_argument("--out", type=Path, metavar="FILE", help="default: NAME.tar.xz in this folder")
    pack.add_argument("--arrays", action="store_true", help="also test predictions, candidates and scores")
    pack.add_argument(
        "--only", nargs="+", action="extend", default=[], metavar="NAME", help="the cells of these experiments"
    )
    pack.set_defaults(work=_pack)
    importing = commands.add_parser("import", help="take archives in")
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE", help="as pack writes them")
    importing.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="default: results")
    importing.set_defaults(work=_import)
    merge = commands.add_parser("merge", help="take the cells of other results folders in")
    merge.add_argument("folders", nargs="+", type=Path, metavar="FROM", help="results folders")
    merge.add_argument("--into", type=Path, required=True, metavar="results/NAME", help="where they go")
    merge.set_defaults(work=_merge)
    _add_prune(commands.add_parser("prune", help="remove what can be made again"))
    return parser


def _add_prune(prune: argparse.ArgumentParser) -> None:
    _folder(prune, "results")
    prune.add_argument(
        "--arrays", action="store_true", help="also the arrays of finished cells; they cannot be had again from rows"
    )
    prune.add_argument("--launches", action="store_true", help="also the folders of launches that have ended")
    prune.description = (
        "Remove the weights of finished cells. Rows stay; a cell without weights that is later wanted for more cycles "
        "is run anew from its start."
    )
    prune.set_defaults(work=_prune)


def _folder(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument(name, type=Path, metavar="results/NAME", help="a results folder")


if __name__ == "__main__":
    sys.exit(main())
