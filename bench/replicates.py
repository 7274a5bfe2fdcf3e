"""Replicates: results of one and the same cell that came out differently elsewhere, kept beside its own.

    cells/ID/replicates/HASH/rows.jsonl        its rows, which vouch for no files
    cells/ID/replicates/HASH/attempts.jsonl    where they came from

HASH is of the result columns alone, so that a run is kept once by whatever way it comes. Nothing is known of runs
that came out equal: those are not kept. A column that came with a later version says in older rows what ADDED says.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bench.record import Row, read_rows

REPLICATES = "replicates"
ADDED: Mapping[str, object] = {"mislabelled": 0}
"""Columns that rows of earlier versions lack, with what they stand for there."""


def comparable(row: Row) -> dict[str, object]:
    """The result columns by which runs are compared, those that an earlier version lacks among them."""
    return {**ADDED, **row["result"]}


def read_replicates(cell: Path) -> dict[str, list[Row]]:
    """The rows of every replicate of a cell's folder by its hash, in the order of the hashes."""
    try:
        folders = sorted(path for path in (cell / REPLICATES).iterdir() if path.is_dir())
    except FileNotFoundError:
        return {}
    return {folder.name: read_rows(folder) for folder in folders}


def replicate_hash(rows: Sequence[Row]) -> str:
    """Sixteen hexadecimal digits; equal for rows whose result columns are."""
    return _hash([comparable(row) for row in rows])


def replicate_names(rows: Sequence[Row]) -> set[str]:
    """The hash that names a replicate of these rows, and the one of their columns as they stand: earlier versions'."""
    return {replicate_hash(rows), _hash([row["result"] for row in rows])}


def agree(first: Sequence[Row], second: Sequence[Row]) -> bool:
    """Whether the results of all cycles that both have are equal."""
    return all(comparable(one) == comparable(other) for one, other in zip(first, second, strict=False))


def is_known(rows: Sequence[Row], runs: Iterable[Sequence[Row]]) -> bool:
    """Whether one of these runs has all that the rows say."""
    return any(len(rows) <= len(run) and agree(rows, run) for run in runs)


def keep_replicate(cell: Path, arrived: Path) -> bool:
    """Move a folder of rows.jsonl and attempts.jsonl among a cell's replicates; False where they are known already.

    Known is what a run here has in full. A replicate that the new one goes on from makes way for it.
    """
    rows, replicates = read_rows(arrived), read_replicates(cell)
    if is_known(rows, (read_rows(cell), *replicates.values())):
        return False
    target = cell / REPLICATES / replicate_hash(rows)
    target.parent.mkdir(exist_ok=True)
    arrived.rename(target)
    for name, known in replicates.items():
        if agree(rows, known):
            shutil.rmtree(target.with_name(name))
    return True


def _hash(results: object) -> str:
    text = json.dumps(results, sort_keys=True, allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
