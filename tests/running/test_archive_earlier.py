"""Rows of earlier versions, which lack a column: they meet this version's as if it were there."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

from archive_cases import CYCLES, bring, cells_of, rerun, shorten, tree

from bench.folder import RunFolder
from bench.record import Row, read_attempts, read_rows
from bench.replicates import ADDED, read_replicates, replicate_hash
from bench.state import State, state_of


def without_columns(rows: list[Row]) -> list[Row]:
    """Rows as a version wrote them that had no column of ADDED."""
    kept = [{name: value for name, value in row["result"].items() if name not in ADDED} for row in rows]
    return [{**row, "result": result} for row, result in zip(rows, kept, strict=True)]


def age(cell: Path) -> None:
    """Leave a cell as an earlier version would have it."""
    RunFolder(cell).keep(without_columns(read_rows(cell)))


def former_hash(rows: list[Row]) -> str:
    """The hash of the columns as they stand, which is what the first versions gave."""
    results = json.dumps([row["result"] for row in rows], sort_keys=True)
    return hashlib.blake2b(results.encode(), digest_size=8).hexdigest()


def keep_former(cell: Path) -> str:
    """Give a cell a replicate as an earlier version kept it; its name."""
    rows = [{**row, "files": {}} for row in without_columns(read_rows(cell))]
    rows[1]["result"]["brier"] = 0.5
    folder = cell / "replicates" / former_hash(rows)
    folder.mkdir(parents=True)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "attempts.jsonl").write_text("".join(json.dumps(each) + "\n" for each in read_attempts(cell)))
    return folder.name


def test_an_older_run_that_is_longer_completes_the_cell(here: Path, there: Path) -> None:
    mine = cells_of(here)[0]
    shorten(mine, 2)
    age(cells_of(there)[0])
    bring(there, here)
    assert state_of(here, mine.name, CYCLES) is State.DONE
    assert read_replicates(mine) == {}


def test_an_older_run_that_is_the_same_changes_nothing(here: Path, there: Path) -> None:
    before = tree(here)
    for cell in cells_of(there):
        age(cell)
    bring(there, here)
    assert tree(here) == before


def test_an_older_run_does_not_agree_with_a_column_that_says_more(here: Path, there: Path) -> None:
    mine = cells_of(here)[0]
    rows = read_rows(mine)
    rows[1]["result"]["mislabelled"] = 1
    RunFolder(mine).keep(rows)
    age(cells_of(there)[0])
    bring(there, here)
    assert len(read_replicates(mine)) == 1


def test_the_hash_is_that_of_rows_with_every_column(finished: Path) -> None:
    rows = read_rows(cells_of(finished)[0])
    assert all(row["result"].keys() >= ADDED.keys() for row in rows)
    assert replicate_hash(rows) == replicate_hash(without_columns(rows)) == former_hash(rows)


def test_a_replicate_under_its_former_name_travels_and_is_known(here: Path, there: Path) -> None:
    name = keep_former(cells_of(there)[0])
    shutil.rmtree(cells_of(here)[0])
    bring(there, here)
    assert list(read_replicates(cells_of(here)[0])) == [name]
    after = tree(here)
    bring(there, here)
    assert tree(here) == after


def test_an_older_replicate_is_kept_once_beside_its_like(here: Path, there: Path) -> None:
    mine, theirs = cells_of(here)[0], cells_of(there)[0]
    rerun(theirs, "second")
    bring(there, here)
    before = tree(here)
    age(theirs)
    bring(there, here)
    assert len(read_replicates(mine)) == 1
    assert tree(here) == before
