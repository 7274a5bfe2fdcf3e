"""Packing a results folder into one file; the same content makes the same bytes."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import os
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.archiving import Track, untracked
from bench.archiving.contents import MANIFEST, NAME, SCHEMA, WHAT, Manifest, Member, member
from bench.archiving.parcel import Parcel, parcel
from bench.errors import ConfigError, ResultsError
from bench.record import Plan, cell_folder, read_plan

PRESET = 2
"""Of xz: a fifth larger than with the default, in a quarter of the time."""


@dataclass(frozen=True)
class Packed:
    """What went into an archive, and the arrays that should have and are gone or damaged."""

    file: Path
    size: int
    counts: Mapping[str, int]
    lost: tuple[str, ...]

    def __str__(self) -> str:
        told = ", ".join(f"{number} {kind}" for kind, number in self.counts.items() if number)
        return f"{self.file}: {told or 'no cells'}; {self.size / 1e6:.3g} MB"


def planned_cells(plan: Plan, only: Sequence[str] = ()) -> list[str]:
    """The ids of the cells of some experiments or, with none named, of all. Raises ConfigError for unknown names."""
    unknown = [name for name in only if name not in plan["experiments"]]
    if unknown:
        known = ", ".join(plan["experiments"])
        raise ConfigError.of("--only", unknown[0], f"no such experiment. Known: {known}")
    chosen = [experiment for name, experiment in plan["experiments"].items() if not only or name in only]
    return sorted({cell for experiment in chosen for arm in experiment["arms"] for cell in arm["cells"].values()})


def outside_plan(results: Path, plan: Plan) -> int:
    """How many cells a folder has results of that are not in its plan; they do not travel."""
    found = {path.parent.name for name in ("rows.jsonl", "failure.json") for path in results.glob(f"cells/*/{name}")}
    return len(found - {*planned_cells(plan)})


def parcels(results: Path, cells: Iterable[str], arrays: bool) -> Iterator[Parcel]:
    """What travels of these cells, of those of which anything is known."""
    for cell in cells:
        found = parcel(cell_folder(results, cell), arrays)
        if found is not None:
            yield found


def pack(results: Path, file: Path, packed: Sequence[Parcel], track: Track = untracked) -> Packed:
    """Write an archive of these cells and the plan. It appears whole or not at all. Raises ResultsError."""
    plan = read_plan(results)
    if not NAME.fullmatch(plan["name"]):
        raise ResultsError(f"{results}: wanted a sweep's name that can name a folder; got {plan['name']!r}")
    texts = {f"cells/{each.cell}/{name}": text for each in packed for name, text in each.texts.items()}
    texts["plan.json"] = (results / "plan.json").read_bytes()
    arrays = {f"cells/{each.cell}/{name}": path for each in packed for name, path in each.arrays.items()}
    manifest = _manifest(plan, packed, {**{n: member(t) for n, t in texts.items()}, **_members(arrays)})
    texts[MANIFEST] = (json.dumps(manifest, indent=1) + "\n").encode()
    _write(file, texts, arrays, track)
    lost = tuple(f"{results / 'cells' / each.cell / name}" for each in packed for name in each.lost)
    return Packed(file, file.stat().st_size, manifest["counts"], lost)


def _manifest(plan: Plan, packed: Sequence[Parcel], files: Mapping[str, Member]) -> Manifest:
    return Manifest(
        schema=SCHEMA,
        what=WHAT,
        name=plan["name"],
        commit=plan["commit"],
        counts={
            "cells": len(packed),
            "rows": sum(each.rows for each in packed),
            "replicates": sum(name.endswith("/rows.jsonl") for each in packed for name in each.texts),
            "arrays": sum(len(each.arrays) for each in packed),
        },
        files={name: files[name] for name in sorted(files)},
    )


def _members(arrays: Mapping[str, Path]) -> dict[str, Member]:
    found = {}
    for name, path in arrays.items():
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[name] = Member(bytes=file.tell(), sha256=digest)
    return found


def _write(file: Path, texts: Mapping[str, bytes], arrays: Mapping[str, Path], track: Track) -> None:
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        with (
            lzma.open(temporary, "wb", preset=PRESET) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.USTAR_FORMAT) as tar,
        ):
            for name in track(sorted([*texts, *arrays]), "packing"):
                content = texts[name] if name in texts else arrays[name].read_bytes()
                tar.addfile(_header(name, len(content)), io.BytesIO(content))
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o644
    return header
