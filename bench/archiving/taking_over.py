"""Going on from a cell that is here with what arrived of the same run: more cycles, its end, its arrays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from bench.archiving.parcel import ARRAYS, lines_of
from bench.files import read_intact, sha256, write_atomically, write_json
from bench.folder import RunFolder
from bench.record import Attempt, Failure, Row, read_attempts, read_failure, read_rows


def adds(arrived: Path, here: Path) -> bool:
    """Whether what arrived, whose results agree, has anything that is not here: cycles, an end, arrays.

    An end is the final marker or a failure.
    """
    theirs, ours = read_rows(arrived), read_rows(here)
    if len(theirs) > len(ours) or _marked(arrived) > _marked(here):
        return True
    if _failure_to_take(arrived, here, len(ours)) is not None:
        return True
    return any(row["files"].keys() - mine["files"].keys() for row, mine in zip(theirs, ours, strict=False))


def take_over(arrived: Path, here: Path) -> None:
    """Bring a cell up to what arrived; for the holder of its lease. The longer of both gives the rows.

    Attempts of both are kept, theirs with new numbers; arrays that are here and sound stay, as do weights. Their
    failure counts where here has none.
    """
    RunFolder(here).tidy()
    theirs, ours = read_rows(arrived), read_rows(here)
    attempts, numbers = _joined(read_attempts(here), read_attempts(arrived))
    longer = len(theirs) > len(ours)
    base = [_renumbered(row, numbers) for row in theirs] if longer else ours
    rows = [_with_files(row, here, theirs, ours) for row in base]
    for name in (name for name in _missing(rows, here) if (arrived / name).is_file()):
        (here / name).parent.mkdir(exist_ok=True)
        os.replace(arrived / name, here / name)
    write_atomically(here / "attempts.jsonl", lines_of(attempts))
    write_atomically(here / "rows.jsonl", lines_of(rows))
    _conclude(arrived, here, len(rows), numbers)


def _conclude(arrived: Path, here: Path, rows: int, numbers: dict[int, int]) -> None:
    """Say how the cell stands with so many rows; `numbers` has their attempts' new ones."""
    failure = _failure_to_take(arrived, here, rows)
    if failure is not None:
        RunFolder(here).fail({**failure, "attempt": numbers.get(failure["attempt"], failure["attempt"])})
    elif _failure(here, rows) is None:
        RunFolder(here).forgive()
    marked = max(_marked(arrived), _marked(here))
    if marked >= 0:
        write_json(here / "done.json", {"cycle": marked})


def _failure_to_take(arrived: Path, here: Path, rows: int) -> Failure | None:
    """Their failure after so many rows; None where there is none, or where here has one or is marked as further on."""
    failure = _failure(arrived, rows)
    if failure is None or _failure(here, rows) is not None or _marked(here) >= failure["cycle"]:
        return None
    return failure


def _failure(folder: Path, rows: int) -> Failure | None:
    """Why a cell failed: it counts in the cycle after the last row, not before."""
    failure = read_failure(folder)
    return failure if failure is not None and failure["cycle"] >= rows else None


def _marked(folder: Path) -> int:
    marker = read_intact(folder / "done.json", "cycle") or {"cycle": -1}
    return marker["cycle"] if isinstance(marker["cycle"], int) else -1


def _joined(ours: list[Attempt], theirs: list[Attempt]) -> tuple[list[Attempt], dict[int, int]]:
    """The attempts of both, and the number that each of theirs has among them; one that both know is one."""
    joined, numbers = list(ours), {}
    for attempt in theirs:
        known = next((each for each in ours if _same(each, attempt)), None)
        number = known["attempt"] if known else 1 + max((each["attempt"] for each in joined), default=0)
        numbers[attempt["attempt"]] = number
        if known is None:
            joined.append({**attempt, "attempt": number})
    return joined, numbers


def _same(one: Attempt, other: Attempt) -> bool:
    return one["started"] == other["started"] and one["environment"] == other["environment"]


def _renumbered(row: Row, numbers: dict[int, int]) -> Row:
    measured = row["measured"]
    return cast(
        Row, {**row, "measured": {**measured, "attempt": numbers.get(measured["attempt"], measured["attempt"])}}
    )


def _with_files(row: Row, here: Path, theirs: list[Row], ours: list[Row]) -> Row:
    """The row as it vouches for the files that will be here: ours where they are sound, else theirs."""
    at = row["cycle"]
    their_files = theirs[at]["files"] if at < len(theirs) else {}
    our_files = ours[at]["files"] if at < len(ours) else {}
    sound = {n: d for n, d in our_files.items() if n not in their_files or _holds(here / n, d)}
    return {**row, "files": {**their_files, **sound}}


def _missing(rows: list[Row], here: Path) -> list[str]:
    """The arrays that rows vouch for and that have to come from what arrived."""
    files = {name: digest for row in rows for name, digest in row["files"].items() if name.startswith(ARRAYS)}
    return [name for name, digest in files.items() if not _holds(here / name, digest)]


def _holds(file: Path, digest: str) -> bool:
    return file.is_file() and sha256(file) == digest
