"""The folder of one cell, as the runner writes it; bench.record has the format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.cell import free_keys
from bench.errors import ResultsError
from bench.files import append_line, read_intact, sha256, write_atomically, write_json
from bench.located import join
from bench.record import Attempt, Failure, Row, finished_rows, read_attempts, read_failure, read_rows


@dataclass(frozen=True)
class RunFolder:
    """Where one cell's files are, and how they change."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def rows_file(self) -> Path:
        return self.path / "rows.jsonl"

    def arrays(self, cycle: int) -> Path:
        return self.path / "arrays" / f"{cycle:03d}.npz"

    def weights(self, cycle: int) -> Path:
        return self.path / "weights" / f"{cycle:03d}.pt"

    def check_own(self) -> None:
        """Raise ResultsError where what a run changes is a link: what that leads to is not ours to change."""
        folders = [self.path, self.path / "arrays", self.path / "weights", self.path / "logs"]
        found = [self.rows_file, self.path / "attempts.jsonl", *folders, *self.path.glob("logs/*")]
        links = [path for path in found if path.is_symlink()]
        if links:
            raise ResultsError(
                f"{links[0]}: wanted a file or folder of the cell's own; got a link. Put a copy in its place"
            )

    def create(self, record: dict[str, Any]) -> None:
        """Make the folder and write cell.json; one that is damaged, or has no rows yet, is written anew, since the id
        vouches for what it said.

        Raises ResultsError where it already holds results of another configuration.
        """
        self.check_configuration(record)
        if finished_rows(self.path) == 0 or not read_intact(self.path / "cell.json"):
            write_json(self.path / "cell.json", record)

    def check_configuration(self, record: dict[str, Any]) -> None:
        """Raise ResultsError where the folder holds results of another configuration under the same id.

        That is what a changed default without a raised revision looks like.
        """
        kept = (read_intact(self.path / "cell.json") if finished_rows(self.path) else None) or {}
        found = list(_differences(kept, record))
        free = free_keys(record) if found else frozenset[str]()
        for key, value, now in found:
            if key not in free:
                raise ResultsError(
                    f"{self.path}: holds results for {key} = {value!r}, but this version resolves it to {now!r}. "
                    "Raise the plugin's revision, set the value in the sweep file, or use another results folder"
                )

    def rows(self) -> list[Row]:
        """The finished cycles, in order."""
        return read_rows(self.path)

    def append(self, row: Row) -> None:
        """Write a row: from now on its cycle is finished."""
        if self.rows_file.is_file() and not self.rows_file.read_bytes().endswith(b"\n"):
            self.keep(self.rows())
        append_line(self.rows_file, json.dumps(row, allow_nan=False))

    def keep(self, rows: list[Row]) -> None:
        """Write the rows anew where the file holds anything else: rows that are not given, or half a row."""
        text = "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows).encode()
        if self.rows_file.is_file() and self.rows_file.read_bytes() != text:
            write_atomically(self.rows_file, text)

    def intact(self, row: Row) -> bool:
        """Whether the files that a row vouches for are there and unchanged."""
        return all(_holds(self.path / name, digest) for name, digest in row["files"].items())

    def damage(self, thorough: bool = False) -> list[str]:
        """What is broken here that a run does not make good by itself, or makes good at a cost; a sentence for each.

        Arrays are looked for, unless none came along with an archive; only a thorough look reads them.
        """
        rows, vouched = self.rows(), self._marked_cycle() + 1
        there = {f"arrays/{path.name}" for path in self.path.glob("arrays/*.npz")}
        found = [
            f"{self.path / name}: wanted the file that cycle {row['cycle']} wrote; it is gone or damaged. The results "
            f"stand without it; to have it made again, delete {self.path} and start the sweep again"
            for row in rows
            for name, digest in row["files"].items()
            if there and name.startswith("arrays/") and (name not in there or self._changed(name, digest, thorough))
        ]
        if vouched > len(rows):
            lost = f"{self.rows_file}: wanted the {vouched} rows that done.json vouches for; got {len(rows)}"
            found.append(f"{lost}. The missing cycles are run again; there is nothing to do")
        return found

    def _changed(self, name: str, digest: str, thorough: bool) -> bool:
        return thorough and not _holds(self.path / name, digest)

    def tidy(self) -> None:
        """Remove the temporary files of processes that were killed; for the holder of the lease."""
        for temporary in self.path.rglob(".*.tmp"):
            temporary.unlink(missing_ok=True)

    def begin_attempt(self, environment: dict[str, Any]) -> int:
        """Note that a process has taken the cell up; returns the attempt's number, from 1."""
        known = [attempt["attempt"] for attempt in read_attempts(self.path)]
        number = 1 + max([*known, *(row["measured"]["attempt"] for row in self.rows())], default=0)
        self._note(attempt=number, started=now(), ended=None, status=None, environment=environment)
        return number

    def end_attempt(self, number: int, status: str) -> None:
        """Note how an attempt ended."""
        self._note(attempt=number, ended=now(), status=status)

    def unended(self) -> list[Attempt]:
        """The attempts that have not said how they ended: of the process that is at it, and of those that are gone."""
        return [attempt for attempt in read_attempts(self.path) if attempt["status"] is None]

    def in_vain(self, launch: str) -> list[Attempt]:
        """The attempts of a launch since the last row was written.

        Those of other launches do not count: their driver may have died with them, as when the machine was restarted.
        """
        wrote = max((row["measured"]["attempt"] for row in self.rows()), default=0)
        attempts = [attempt for attempt in read_attempts(self.path) if attempt["attempt"] > wrote]
        return [attempt for attempt in attempts if attempt["environment"].get("launch", launch) == launch]

    def log(self, attempt: int) -> Path:
        return self.path / "logs" / f"{attempt}.txt"

    def fail(self, failure: Failure) -> None:
        """Mark the cell as failed."""
        write_json(self.path / "failure.json", failure)

    def forgive(self) -> None:
        """Take a failure back, so that the cell is run again."""
        (self.path / "failure.json").unlink(missing_ok=True)

    def finish(self, cycle: int) -> None:
        """Write the final marker: every cycle up to this one is recorded."""
        write_json(self.path / "done.json", {"cycle": cycle})

    def unfinish(self) -> None:
        """Take the final marker away, where it vouches for what is not there."""
        (self.path / "done.json").unlink(missing_ok=True)

    def finished_cycle(self) -> int:
        """The last cycle that the final marker vouches for and whose row is there; -1 without one."""
        marked = self._marked_cycle()
        return marked if marked < 0 else min(marked, finished_rows(self.path) - 1)

    def failed(self) -> bool:
        return read_failure(self.path) is not None

    def _marked_cycle(self) -> int:
        marker = read_intact(self.path / "done.json", "cycle")
        return marker["cycle"] if marker is not None and isinstance(marker["cycle"], int) else -1

    def _note(self, **entry: Any) -> None:
        append_line(self.path / "attempts.jsonl", json.dumps(entry))


def now() -> str:
    """The time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _holds(file: Path, digest: str) -> bool:
    return file.is_file() and sha256(file) == digest


def _differences(kept: Any, now: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The keys of plain values that two records both have and that differ, with the values; a list that became longer
    or shorter is one value."""
    if isinstance(kept, dict) and isinstance(now, dict):
        for key in (key for key in kept if key in now):
            yield from _differences(kept[key], now[key], join(path, key))
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for place, (value, new) in enumerate(zip(kept, now, strict=True)):
            yield from _differences(value, new, f"{path}[{place}]")
    elif kept != now and not isinstance(kept, dict) and not isinstance(now, dict):
        yield path, kept, now
