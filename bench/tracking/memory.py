"""What has been mirrored, in results/NAME/tracking/pushed.jsonl: a line per replayed cell; the last one counts.

A line follows the replay that it tells of. A kill between the two only means that the cell is replayed once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.files import append_line, parsed
from bench.folder import now
from bench.tracked import Tracking


@dataclass(frozen=True)
class Stand:
    """How much of a cell is shown: its last cycle, and in how many cycles it is compared with a Random."""

    cycles: int
    paired: int


def folder_of(results: Path) -> Path:
    """Where everything is that has to do with mirroring a results folder."""
    return results / "tracking"


def remembered(results: Path, tracking: Tracking) -> dict[str, Stand]:
    """How much of each cell has been mirrored to this destination."""
    found: dict[str, Stand] = {}
    for line in _lines(folder_of(results) / "pushed.jsonl"):
        if all(line.get(name) == value for name, value in asdict(tracking).items()):
            found[line["cell"]] = Stand(line["cycles"], line["paired"])
        elif line.get("mode") == tracking.mode == "offline":
            found.pop(line["cell"], None)  # the files of another project replaced this one's
    return found


def remember(results: Path, tracking: Tracking, cell: str, stand: Stand) -> None:
    """Note that a cell has been mirrored."""
    line = {"cell": cell, **asdict(stand), **asdict(tracking), "when": now()}
    append_line(folder_of(results) / "pushed.jsonl", json.dumps(line))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for line in content.split(b"\n"):
        found = parsed(line)
        if found is not None and found.keys() >= {"cell", "cycles", "paired"}:
            yield found
