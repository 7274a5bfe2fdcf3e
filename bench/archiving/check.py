"""Checking what a stranger sent of one cell before any of it counts: JSON, rows, arrays, and the cell's id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.archiving.npz import check_arrays
from bench.archiving.parcel import ARRAYS
from bench.archiving.shapes import checked, checked_object
from bench.cell import cell_from_record
from bench.errors import ConfigError, RegistryError, ResultsError
from bench.files import sha256
from bench.own_names import check_names
from bench.record import SCHEMA, Attempt, Failure, Plan, Row
from bench.replicates import REPLICATES, replicate_names

LARGEST_ID = 2**31 - 1
MOST_CYCLES = 10**6
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def check_plan(content: bytes, where: str) -> Plan:
    """The plan written in `content`. Raises ResultsError."""
    plan: Plan = checked(Plan, content, where)
    if plan["schema"] != SCHEMA:
        raise ResultsError(f"{where}: wanted a plan of schema {SCHEMA}; got {plan['schema']!r}, of another version")
    check_names(plan, where)
    for name, experiment in plan["experiments"].items():
        if not 0 <= experiment["cycles"] <= MOST_CYCLES:
            raise ResultsError(f"{where}: {name}: wanted 0 to {MOST_CYCLES} cycles; got {experiment['cycles']}")
        seeds = set(map(str, experiment["seeds"]))
        strange = [arm["label"] for arm in experiment["arms"] if not arm["cells"].keys() <= seeds]
        if strange:
            raise ResultsError(f"{where}: {name}: wanted cells of its seeds alone; {strange[0]} has others")
    _check_printable(plan, where)
    return plan


def check_cell(folder: Path) -> str | None:
    """Check every file of a cell's folder, which is named by its id; nothing in it counts as true before.

    Returns why the id could not be worked out again from cell.json, or None where it was and is right.
    Raises ResultsError.
    """
    try:
        record = checked_object(_content(folder / "cell.json"), f"{folder.name}/cell.json")
        _check_printable(record, f"{folder.name}/cell.json")
        rows = _check_run(folder, folder.name)
        _check_marks(folder, len(rows))
        _check_files(folder, rows)
        for replicate in sorted((folder / REPLICATES).glob("*")):
            _check_replicate(replicate, folder.name)
        return _doubt(record, folder.name)
    except RecursionError:
        raise ResultsError(f"{folder.name}: wanted JSON as this version writes it; it is nested too deeply") from None


def check_row(content: bytes, where: str) -> Row:
    """The row written in `content`. Raises ResultsError."""
    row: Row = checked(Row, content, where)
    counts = row["cycle"], row["result"]["labelled"], *row["result"]["queried"]
    if not all(0 <= number <= LARGEST_ID for number in counts):
        raise ResultsError(f"{where}: wanted ids and counts from 0 to {LARGEST_ID}")
    return row


def _check_run(folder: Path, cell: str) -> list[Row]:
    where = f"{cell}/rows.jsonl"
    lines = enumerate(_lines(folder / "rows.jsonl"), 1)
    rows = [check_row(line, f"{where}, line {number}") for number, line in lines]
    for cycle, row in enumerate(rows):
        if (row["schema"], row["cell"], row["cycle"]) != (SCHEMA, cell, cycle):
            raise ResultsError(
                f"{where}: wanted schema {SCHEMA}, cell {cell}, cycle {cycle} in line {cycle + 1}; "
                f"got schema {row['schema']}, cell {row['cell']}, cycle {row['cycle']}"
            )
    for line in _lines(folder / "attempts.jsonl"):
        attempt: Attempt = checked(Attempt, line, f"{cell}/attempts.jsonl")
        _check_printable(attempt, f"{cell}/attempts.jsonl")
        if attempt["status"] is None:
            raise ResultsError(f"{cell}/attempts.jsonl: wanted attempts that have ended; {attempt['attempt']} has not")
    return rows


def _check_marks(folder: Path, rows: int) -> None:
    done, failed = folder / "done.json", folder / "failure.json"
    if done.is_file():
        cycle = checked_object(done.read_bytes(), f"{folder.name}/done.json").get("cycle")
        if type(cycle) is not int or not 0 <= cycle < rows:
            raise ResultsError(
                f"{folder.name}/done.json: wanted a cycle below {rows}, as there are rows; got {cycle!r}"
            )
    if failed.is_file():
        _check_printable(
            checked(Failure, failed.read_bytes(), f"{folder.name}/failure.json"), f"{folder.name}: failure"
        )


def _check_files(folder: Path, rows: list[Row]) -> None:
    """Rows vouch for the arrays that are there, for all of them and for nothing else."""
    vouched = {name: digest for row in rows for name, digest in row["files"].items()}
    there = {f"{ARRAYS}{path.name}" for path in (folder / "arrays").glob("*")}
    odd = sorted(vouched.keys() ^ there) or [name for name in sorted(there) if sha256(folder / name) != vouched[name]]
    if odd:
        raise ResultsError(f"{folder.name}/{odd[0]}: wanted each file that a row names, with its hash, and no other")
    for name in sorted(there):
        check_arrays(folder / name, f"{folder.name}/{name}")


def _check_replicate(folder: Path, cell: str) -> None:
    rows = _check_run(folder, cell)
    if not rows or folder.name not in replicate_names(rows) or any(row["files"] for row in rows):
        raise ResultsError(f"{cell}/{REPLICATES}/{folder.name}: wanted rows of this hash that name no files")


def _doubt(record: dict[str, Any], identifier: str) -> str | None:
    """Why an id cannot be verified, or None. Raises ResultsError for a wrong one."""
    try:
        cell = cell_from_record(record)
    except ConfigError as error:
        return str(error.problems[0])
    except (RegistryError, ResultsError) as error:
        return str(error)
    if cell.id == identifier:
        return None
    here, there = dict(_revisions(cell.record())), dict(_revisions(record))
    changed = [key for key, revision in there.items() if here.get(key, revision) != revision]
    if changed:
        return f"{changed[0]} was {there[changed[0]]} and is {here[changed[0]]} here"
    raise ResultsError(f"{identifier}/cell.json: wanted the configuration that has this id; got that of {cell.id}")


def _revisions(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items() if isinstance(value, dict) else ():
        if key == "revision":
            yield f"{path}{key}", item
        yield from _revisions(item, f"{path}{key}.")


def _check_printable(value: Any, where: str) -> None:
    """Refuse what a terminal would take for a command."""
    if isinstance(value, str) and CONTROL.search(value):
        raise ResultsError(f"{where}: wanted text without control characters; got {value[:40]!r}")
    if isinstance(value, dict):
        _check_printable([*value.keys(), *value.values()], where)
    for item in value if isinstance(value, list) else ():
        _check_printable(item, where)


def _lines(path: Path) -> list[bytes]:
    *lines, rest = _content(path).split(b"\n")
    if rest:
        raise ResultsError(f"{path.parent.name}/{path.name}: wanted whole lines; the last one is cut off")
    return lines


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ResultsError(f"{path.parent.name}: wanted {path.name} among its files; it is missing") from None
