"""A small finished sweep, made by really running it, and ways to change it as other machines and strangers would."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from support import run_of

from bench.archive import main
from bench.archiving.contents import MANIFEST
from bench.config import Sweep
from bench.data import Data
from bench.files import sha256, write_json
from bench.folder import RunFolder
from bench.numerics import strict
from bench.plan import Schedule, schedule
from bench.record import read_rows
from bench.sweep_file import load_sweep

SWEEP = """
name: tiny
defaults:
  dataset: digits
  learner:
    name: network
    net: {name: mlp, width: 16, layers: 1}
    train: {epochs: 2, schedule: {name: onecycle, max_lr: 0.05}}
  protocol: {initial: 20, budget: 5, cycles: 3, candidates: 60}
  seeds: 2
experiments:
  first: {title: The first, strategies: [random, margin]}
  second: {title: The second, strategies: [margin, entropy]}
"""
CYCLES = 3
Members = list[tuple[tarfile.TarInfo, bytes]]


def planned(folder: Path) -> Schedule:
    """The sweep as it is planned; its file is written into a folder."""
    file = folder / "tiny.yaml"
    file.write_text(SWEEP)
    sweep: Sweep = load_sweep(file, [])
    return schedule(sweep, folder)


def run_sweep(results: Path, data: Data, host: str = "first") -> Path:
    """Run every cell into a results folder."""
    results.mkdir(parents=True)
    plan = planned(results.parent)
    write_json(results / "plan.json", plan.record())
    for cell in plan.cells().values():
        run = run_of(cell, data, results / "cells")
        attempt = run.folder.begin_attempt(environment(host))
        with strict(threads=1):
            run.finish()
        run.folder.end_attempt(attempt, "done")
    return results


def environment(host: str) -> dict[str, object]:
    """What an attempt says of a machine."""
    named = {"host": host, "device": "cpu", "threads": 1, "python": "3.11.2", "processor": "A CPU"}
    return {**named, "commit": "a" * 40, "uncommitted_changes": False, "packages": {"torch": "2.11.0"}}


def cells_of(results: Path) -> list[Path]:
    """The folders of all cells, in order."""
    return sorted((results / "cells").iterdir())


def shorten(cell: Path, rows: int) -> None:
    """Leave a cell as it was when it had so many rows."""
    (cell / "done.json").unlink(missing_ok=True)
    RunFolder(cell).keep(read_rows(cell)[:rows])
    for path in [*(cell / "arrays").iterdir(), *(cell / "weights").iterdir()]:
        if int(path.stem) >= rows:
            path.unlink()


def rerun(cell: Path, host: str, change: float = 0.002, first: int = 1) -> None:
    """Leave a cell as another machine would have it whose results differ from a cycle on."""
    rows = read_rows(cell)
    for row in rows[first:]:
        row["result"]["accuracy"] += change
    RunFolder(cell).keep(rows)
    move_to(cell, host)


def move_to(cell: Path, host: str) -> None:
    """Leave a cell as another machine would have it."""
    attempts = cell / "attempts.jsonl"
    attempts.write_text(attempts.read_text().replace('"host": "first"', f'"host": "{host}"'))


def store_otherwise(cell: Path) -> None:
    """Leave a cell's arrays as another version of numpy might pack them: the same numbers in other bytes."""
    rows = read_rows(cell)
    for row in rows:
        path = cell / "arrays" / f"{row['cycle']:03d}.npz"
        with np.load(path, allow_pickle=False) as arrays:
            np.savez(path, **arrays)
        row["files"][f"arrays/{path.name}"] = sha256(path)
    RunFolder(cell).keep(rows)


def bring(there: Path, here: Path, *options: str, status: int = 0) -> None:
    """Import what is there into what is here."""
    archive = there.parent / "tiny.tar.xz"
    assert main(["pack", str(there), "--out", str(archive), *options]) == 0
    assert main(["import", str(archive), "--results", str(here.parent)]) == status


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def members(archive: Path) -> Members:
    """What is in an archive."""
    with tarfile.open(archive, "r:xz") as tar:
        return [(info, tar.extractfile(info).read()) for info in tar]  # type: ignore[union-attr]


def file(name: str, content: bytes) -> tuple[tarfile.TarInfo, bytes]:
    """A regular file for an archive."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    return info, content


def write_archive(path: Path, content: Members, preset: int = 0) -> Path:
    """Write an archive of whatever is given."""
    with lzma.open(path, "wb", preset=preset) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        for info, data in content:
            tar.addfile(info, io.BytesIO(data))
    return path


def with_manifest(content: Members) -> Members:
    """The same with a manifest that is true of it, in the order of the names."""
    told = json.loads(next(data for info, data in content if info.name == MANIFEST))
    others = sorted(((i, d) for i, d in content if i.name != MANIFEST), key=lambda each: each[0].name)
    told["files"] = {i.name: {"bytes": len(d), "sha256": hashlib.sha256(d).hexdigest()} for i, d in others}
    return [file(MANIFEST, json.dumps(told).encode()), *others]


def changed(content: Members, ending: str, change: Callable[[bytes], bytes]) -> Members:
    """The same with the content of the first file changed whose name ends so, and a manifest that is true of it."""
    at = next(i for i, (info, _) in enumerate(content) if info.name.endswith(ending))
    name, data = content[at][0].name, content[at][1]
    return with_manifest([*content[:at], file(name, change(data)), *content[at + 1 :]])


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """A change of one piece of text, which must be there."""

    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change
