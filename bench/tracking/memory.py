"""What has been mirrored, in results/NAME/tracking/pushed.jsonl: a line per replayed cell; the last one counts.

A line follows the replay that it tells of. A kill between the two only means that the cell is replayed once more, as
does a line of an earlier version, which lacks `places` or `server`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.files import append_line, parsed
from bench.folder import now
from bench.tracked import Tracking


@dataclass(frozen=True)
class Stand:
    """How much of a cell is shown: its last cycle, in how many cycles it is compared with a Random, and a digest of the
    places in the plan that it is shown at."""

    cycles: int
    paired: int
    places: str


def folder_of(results: Path) -> Path:
    """Where everything is that has to do with mirroring a results folder."""
    return results / "tracking"


def remembered(results: Path, tracking: Tracking) -> dict[str, Stand]:
    """How much of each cell has been mirrored to this destination."""
    found: dict[str, Stand] = {}
    for line in _lines(folder_of(results) / "pushed.jsonl"):
        if all(line.get(name) == value for name, value in _destination(tracking).items()):
            found[line["cell"]] = Stand(line["cycles"], line["paired"], line.get("places", ""))
        elif line.get("mode") == tracking.mode == "offline":
            found.pop(line["cell"], None)  # the files of another project replaced this one's
    return found


def remember(results: Path, tracking: Tracking, cell: str, stand: Stand) -> None:
    """Note that a cell has been mirrored."""
    line = {"cell": cell, **asdict(stand), **_destination(tracking), "when": now()}
    append_line(folder_of(results) / "pushed.jsonl", json.dumps(line))


def _destination(tracking: Tracking) -> dict[str, Any]:
    """Where runs go to, as far as the settings and the environment name it."""
    return {**asdict(tracking), "server": os.environ.get("WANDB_BASE_URL") if tracking.mode == "online" else None}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for line in content.split(b"\n"):
        found = parsed(line)
        if found is not None and found.keys() >= {"cell", "cycles", "paired"}:
            yield found
