"""What becomes of failures where cells meet: the one that stands is known, one that a run went past is forgotten."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from archive_cases import CYCLES, bring, cells_of, move_to, shorten, tree

from bench.folder import RunFolder
from bench.lease import leased
from bench.record import read_attempts, read_failure, read_rows
from bench.state import State, state_of


def fail(cell: Path, cycle: int, message: str = "m") -> None:
    """Leave a cell as one that failed in a cycle of its first attempt."""
    RunFolder(cell).fail({"kind": "diverged", "message": message, "trace": "", "cycle": cycle, "attempt": 1})


def stop_at(cell: Path, rows: int, message: str = "m") -> None:
    """Leave a cell as one that failed after so many rows."""
    shorten(cell, rows)
    fail(cell, rows, message)


def test_a_failure_is_forgotten_where_the_run_went_on(here: Path, there: Path) -> None:
    cell = cells_of(here)[0]
    shorten(cell, 2)
    fail(cell, 2)
    assert state_of(here, cell.name, CYCLES) is State.FAILED
    bring(there, here)
    assert state_of(here, cell.name, CYCLES) is State.DONE
    assert read_failure(cell) is None


def test_a_failure_further_on_is_taken_over(here: Path, there: Path) -> None:
    mine, theirs = cells_of(here)[0], cells_of(there)[0]
    shorten(mine, 1)
    shorten(theirs, 2)
    fail(theirs, 2)
    bring(there, here)
    assert len(read_rows(mine)) == 2
    assert read_failure(mine) == read_failure(theirs)


def test_a_failure_here_stays_where_nothing_longer_comes(here: Path, there: Path) -> None:
    mine = cells_of(here)[0]
    shorten(cells_of(there)[0], 2)
    shutil.rmtree(mine)
    bring(there, here)
    fail(mine, 2)
    bring(there, here, "--arrays")  # which brings its arrays
    assert (mine / "arrays" / "001.npz").is_file()
    assert read_failure(mine) is not None


def test_an_import_that_was_cut_off_before_the_failure_went_is_made_good(here: Path, there: Path) -> None:
    cell = cells_of(here)[0]
    (cell / "done.json").unlink()
    fail(cell, 2)
    bring(there, here)
    assert read_failure(cell) is None
    assert RunFolder(cell).finished_cycle() == CYCLES


@pytest.mark.parametrize("rows", [0, 2])
def test_a_failure_comes_to_a_cell_of_as_many_rows(here: Path, there: Path, rows: int) -> None:
    mine, theirs = cells_of(here)[0], cells_of(there)[0]
    shorten(mine, rows)
    stop_at(theirs, rows)
    bring(there, here)
    assert state_of(here, mine.name, CYCLES) is State.FAILED
    assert read_failure(mine) == read_failure(theirs)
    after = tree(here)
    bring(there, here)
    assert tree(here) == after


def test_a_failure_names_its_attempt_among_those_of_both(here: Path, there: Path) -> None:
    mine, theirs = cells_of(here)[0], cells_of(there)[0]
    shorten(mine, 2)
    stop_at(theirs, 2)
    move_to(theirs, "second")
    bring(there, here)
    failure = read_failure(mine)
    assert failure is not None
    hosts = {attempt["attempt"]: attempt["environment"]["host"] for attempt in read_attempts(mine)}
    assert (hosts[failure["attempt"]], len(hosts)) == ("second", 2)


def test_a_failure_that_the_cell_here_went_past_changes_nothing(here: Path, there: Path) -> None:
    before = tree(here)
    stop_at(cells_of(there)[0], 2)
    bring(there, here)
    assert tree(here) == before


def test_of_two_failures_that_of_here_stays(here: Path, there: Path) -> None:
    stop_at(cells_of(here)[0], 2)
    stop_at(cells_of(there)[0], 2, "another")
    before = tree(here)
    bring(there, here)
    assert tree(here) == before


def test_a_failure_does_not_come_to_a_cell_that_was_finished_and_lost_rows(here: Path, there: Path) -> None:
    mine = cells_of(here)[0]
    RunFolder(mine).keep(read_rows(mine)[:2])
    stop_at(cells_of(there)[0], 2)
    before = tree(here)
    bring(there, here)
    assert tree(here) == before


def test_a_failure_is_refused_where_the_cell_is_worked_on(
    here: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = cells_of(here)[0]
    shorten(mine, 2)
    stop_at(cells_of(there)[0], 2)
    with leased(mine):
        bring(there, here, status=1)
    assert read_failure(mine) is None
    assert f"refused: {mine}" in capsys.readouterr().out
