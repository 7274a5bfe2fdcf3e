"""The folder of one cell, as the runner writes it; bench.record has the format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.errors import ResultsError
from bench.files import append_line, read_json, sha256, write_atomically, write_json
from bench.record import Failure, Row, read_attempts, read_rows


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

    def create(self, record: dict[str, Any]) -> None:
        """Make the folder and write cell.json.

        Raises ResultsError where it already holds results of another configuration under the same id, which is what
        a changed default without a raised revision looks like.
        """
        kept = read_json(self.path / "cell.json")
        if kept is None:
            write_json(self.path / "cell.json", record)
            return
        resolved = dict(_leaves(record))
        for key, value in _leaves(kept):
            now = resolved.get(key, value)
            if now != value and key.rpartition(".")[2] not in ("cycles", "path"):
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
        """Write the rows anew, dropping those that are not given."""
        text = "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows)
        write_atomically(self.rows_file, text.encode())

    def intact(self, row: Row) -> bool:
        """Whether the files that a row vouches for are there and unchanged."""
        files = ((self.path / name, digest) for name, digest in row["files"].items())
        return all(file.is_file() and sha256(file) == digest for file, digest in files)

    def begin_attempt(self, environment: dict[str, Any]) -> int:
        """Note that a process has taken the cell up; returns the attempt's number, from 1."""
        number = len(read_attempts(self.path)) + 1
        self._note(attempt=number, started=now(), ended=None, status=None, environment=environment)
        return number

    def end_attempt(self, number: int, status: str) -> None:
        """Note how an attempt ended."""
        self._note(attempt=number, ended=now(), status=status)

    def lost_attempts(self) -> list[int]:
        """The numbers of the attempts that ended without a word since the last row was written."""
        wrote = max((row["measured"]["attempt"] for row in self.rows()), default=0)
        return [a["attempt"] for a in read_attempts(self.path) if a["status"] is None and a["attempt"] > wrote]

    def fail(self, failure: Failure) -> None:
        """Mark the cell as failed."""
        write_json(self.path / "failure.json", failure)

    def forgive(self) -> None:
        """Take a failure back, so that the cell is run again."""
        (self.path / "failure.json").unlink(missing_ok=True)

    def finish(self, cycle: int) -> None:
        """Write the final marker: every cycle up to this one is recorded."""
        write_json(self.path / "done.json", {"cycle": cycle})

    def finished_cycle(self) -> int:
        """The last cycle that the final marker vouches for; -1 without one."""
        marker = read_json(self.path / "done.json")
        return -1 if marker is None else int(marker["cycle"])

    def failed(self) -> bool:
        return (self.path / "failure.json").is_file()

    def _note(self, **entry: Any) -> None:
        append_line(self.path / "attempts.jsonl", json.dumps(entry))


def now() -> str:
    """The time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, value
