"""`PYTHONPATH=tests python -m perf [SUBSTRING]`: measure the cases whose name holds the substring; `make bench`."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import sys
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

import perf
from bench.environment import code_commit
from bench.files import write_json
from bench.folder import now
from perf.case import Case, Row

FILE = Path("results/bench.json")


def main(only: str) -> int:
    """Measure with one thread, where a case does not say otherwise, and print; status 1 if one failed.

    Each result goes into results/bench.json as soon as it is there, in place of what the file had for the case.
    """
    torch.set_num_threads(1)
    console = Console() if sys.stdout.isatty() else Console(width=140)
    chosen = [case for case in cases() if only in case.name]
    if not chosen:
        console.print(f"no case holds {only!r}. Known: {', '.join(case.name for case in cases())}")
        return 1
    console.print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}")
    rows = []
    for case in chosen:
        console.print(f"measuring {case.name}", style="dim")
        try:
            rows.append(case.measure())
        except Exception:  # of whatever kind: the cases after it are measured all the same
            console.print_exception()
        else:
            keep(rows[-1])
    console.print(table(rows))
    return 0 if len(rows) == len(chosen) else 1


def keep(row: Row) -> None:
    """Write a row into the file, with the time and the commit that it is of."""
    dated = {**row, "commit": code_commit(), "when": now()}
    kept = json.loads(FILE.read_bytes()) if FILE.is_file() else []
    write_json(FILE, sorted([*(each for each in kept if each["name"] != row["name"]), dated], key=itemgetter("name")))


def cases() -> Iterator[Case]:
    """Every case of every module bench_*.py in this folder."""
    for info in pkgutil.iter_modules(perf.__path__):
        if info.name.startswith("bench_"):
            yield from importlib.import_module(f"perf.{info.name}").cases()


def table(rows: list[Row]) -> Table:
    """The rows for a person to read."""
    shown = Table(title="medians; ratio = peer / ours", title_justify="left")
    for heading in ("case", "ours", "peer", "ratio", "peak MiB", "note"):
        shown.add_column(heading, justify="right" if heading in ("ours", "ratio", "peak MiB") else "left")
    for row in rows:
        peer = "" if row["peer_s"] is None else f"{row['peer']} {row['peer_s']:.3g} s"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        peaks = [f"{peak:.0f}" for peak in (row["ours_peak_mb"], row["peer_peak_mb"]) if peak is not None]
        shown.add_row(row["name"], f"{row['ours_s']:.3g} s", peer, ratio, " / ".join(peaks), row["note"])
    return shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
