"""What an archive may hold: names, sizes, and the manifest that comes first and names every file.

An archive is an xz-compressed ustar of regular files in the order of their names, without times and owners:
MANIFEST.json, then plan.json and files of cells/ID as bench.record has them. Weights, logs and leases never travel.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePosixPath
from typing import TypedDict

MANIFEST = "MANIFEST.json"
SCHEMA = 1
WHAT = "lookahead-bench results"
ID = "[0-9a-f]{16}"
CELL = re.compile(ID)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""A sweep's name, which becomes a folder's."""
MEMBER = re.compile(
    rf"plan\.json|cells/{ID}/((cell|done|failure)\.json|(rows|attempts)\.jsonl|arrays/[0-9]{{3,6}}\.npz"
    rf"|replicates/{ID}/(rows|attempts)\.jsonl)"
)

MIB = 2**20
LARGEST = {
    MANIFEST: 64 * MIB,
    "plan.json": 256 * MIB,
    "cell.json": MIB,
    "done.json": MIB,
    "failure.json": 8 * MIB,
    "rows.jsonl": 256 * MIB,
    "attempts.jsonl": 64 * MIB,
}
LARGEST_ARRAYS = 256 * MIB


class Member(TypedDict):
    """What the manifest says of one file."""

    bytes: int
    sha256: str


class Manifest(TypedDict):
    """What an archive is: of which sweep, made from which commit, and every file but itself by name."""

    schema: int
    what: str
    name: str
    commit: str | None
    counts: dict[str, int]
    files: dict[str, Member]


def largest(name: str) -> int:
    """How many bytes a member of this name may have."""
    return LARGEST.get(PurePosixPath(name).name, LARGEST_ARRAYS)


def largest_whole(packed: int) -> int:
    """How many bytes an archive of `packed` bytes may become; rows shrink to about a tenth."""
    return 256 * MIB + 100 * packed


def member(content: bytes) -> Member:
    """The manifest's entry for a file of this content."""
    return Member(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def cell_of(name: str) -> str | None:
    """The id of the cell that a member belongs to; None for the plan."""
    parts = PurePosixPath(name).parts
    return parts[1] if len(parts) > 2 else None
