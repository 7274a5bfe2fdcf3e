"""What of a cell travels: all that is known of its finished cycles, and nothing that a process still works with."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.files import read_intact, sha256, write_atomically
from bench.record import Attempt, Row, read_attempts, read_failure, read_rows
from bench.replicates import REPLICATES, read_replicates

ARRAYS = "arrays/"
LEFT = "interrupted"
"""The status of an attempt that had not ended: where the results arrive, nobody can find out how it did."""


@dataclass(frozen=True)
class Parcel:
    """The files of one cell by name within its folder: texts with their content, arrays where they are.

    Every row vouches for the files that travel with it and for no other; `lost` names arrays that were wanted and are
    missing or damaged.
    """

    cell: str
    rows: int
    texts: Mapping[str, bytes]
    arrays: Mapping[str, Path]
    lost: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Lay the files out as a cell's folder; arrays are linked where the file system can."""
        for name, content in self.texts.items():
            write_atomically(folder / name, content, durable=False)
        for name, source in self.arrays.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            _link(source, folder / name)


def parcel(folder: Path, arrays: bool) -> Parcel | None:
    """What travels of a cell; None where nothing is known of it. A running one is taken with the cycles that it has."""
    record, marker = read_intact(folder / "cell.json"), read_intact(folder / "done.json", "cycle")
    rows, failure = read_rows(folder), read_failure(folder)
    if record is None or not (rows or failure):
        return None
    vouched = {name: digest for row in rows for name, digest in row["files"].items() if name.startswith(ARRAYS)}
    there = {name for name, digest in vouched.items() if arrays and _holds(folder / name, digest)}
    texts = {"cell.json": _indented(record), "rows.jsonl": lines_of([vouching(row, there) for row in rows])}
    texts |= {"attempts.jsonl": attempt_lines(read_attempts(folder))} | dict(_replicates(folder))
    if marker is not None and isinstance(marker["cycle"], int) and rows:
        texts["done.json"] = _indented({"cycle": min(marker["cycle"], len(rows) - 1)})
    if failure is not None:
        texts["failure.json"] = _indented(_printable(failure))
    lost = tuple(sorted(vouched.keys() - there)) if arrays else ()
    return Parcel(folder.name, len(rows), texts, {name: folder / name for name in sorted(there)}, lost)


def vouching(row: Row, names: set[str]) -> Row:
    """A row that vouches for no files but these."""
    return {**row, "files": {name: digest for name, digest in row["files"].items() if name in names}}


def lines_of(values: Iterable[Mapping[str, object]]) -> bytes:
    """JSON, a value a line."""
    return "".join(json.dumps(value, allow_nan=False) + "\n" for value in values).encode()


def attempt_lines(attempts: list[Attempt]) -> bytes:
    """attempts.jsonl with a line for each attempt, all of them ended."""
    return lines_of([{**attempt, "status": attempt["status"] or LEFT} for attempt in attempts])


def _replicates(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name, rows in read_replicates(folder).items():
        place = f"{REPLICATES}/{name}"
        yield f"{place}/rows.jsonl", lines_of([vouching(row, set()) for row in rows])
        yield f"{place}/attempts.jsonl", attempt_lines(read_attempts(folder / place))


def _indented(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _printable(value: object) -> object:
    """The same without control characters, which a terminal would obey; lines and tabs stay."""
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, str):
        return "".join(letter if letter.isprintable() or letter in "\n\t" else "\ufffd" for letter in value)
    return value


def _holds(file: Path, digest: str) -> bool:
    return file.is_file() and sha256(file) == digest


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
