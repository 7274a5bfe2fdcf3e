"""What becomes of a cell that arrives where one of the same id is: nothing, more of it, or a replicate."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest
from archive_cases import CYCLES, bring, cells_of, move_to, planned, rerun, shorten, store_otherwise, tree
from support import run_of, up_to

from analysis.load import load
from bench.archive import main
from bench.archiving.reception import WAITING
from bench.data import Data
from bench.folder import RunFolder
from bench.lease import leased
from bench.record import read_attempts, read_rows
from bench.replicates import agree, read_replicates, replicate_hash
from bench.state import State, state_of


def same(one: Path, other: Path) -> bool:
    """Whether two cells have the same rows but for what they vouch for."""
    first, second = ([{**row, "files": {}} for row in read_rows(cell)] for cell in (one, other))
    return first == second


def test_the_same_again_changes_nothing(here: Path, there: Path) -> None:
    before = tree(here)
    bring(there, here)
    bring(there, here, "--arrays")
    assert tree(here) == before


def test_a_shorter_run_that_agrees_changes_nothing(here: Path, there: Path) -> None:
    before = tree(here)
    shorten(cells_of(there)[0], 2)
    bring(there, here)
    assert tree(here) == before


def test_only_the_result_columns_decide_what_is_the_same(here: Path, there: Path) -> None:
    before = tree(here)
    rows = read_rows(cells_of(there)[0])
    for row in rows:
        row["measured"]["seconds"]["fit"] = 123.0
    RunFolder(cells_of(there)[0]).keep(rows)
    bring(there, here)
    assert tree(here) == before


@pytest.mark.parametrize("options", [[], ["--arrays"]])
def test_a_longer_run_takes_the_place_of_its_beginning(
    here: Path, there: Path, finished: Path, options: list[str]
) -> None:
    cell = cells_of(here)[0]
    shorten(cell, 3)
    bring(there, here, *options)
    assert state_of(here, cell.name, CYCLES) is State.DONE
    assert same(cell, cells_of(there)[0])
    assert RunFolder(cell).damage() == []
    assert (cell / "weights" / "002.pt").is_file()
    assert (cell / "arrays" / "001.npz").read_bytes() == (cells_of(there)[0] / "arrays" / "001.npz").read_bytes()
    assert (cell / "arrays" / "003.npz").exists() == bool(options)
    assert not read_replicates(cell)
    pd.testing.assert_frame_equal(load(here).frame, load(finished).frame)


def test_a_run_goes_on_from_its_own_weights_after_it_was_prolonged(here: Path, there: Path) -> None:
    cell = cells_of(here)[0]
    shorten(cell, 3)
    bring(there, here)
    assert RunFolder(cell).intact(read_rows(cell)[2])
    assert "weights/002.pt" in read_rows(cell)[2]["files"]
    assert "weights/003.pt" not in read_rows(cell)[3]["files"]


def test_attempts_of_both_are_kept_and_rows_name_their_own(here: Path, there: Path) -> None:
    mine, theirs = cells_of(here)[0], cells_of(there)[0]
    move_to(theirs, "second")
    shorten(mine, 2)
    bring(there, here)
    hosts = {attempt["attempt"]: attempt["environment"]["host"] for attempt in read_attempts(mine)}
    assert hosts == {1: "first", 2: "second"}
    assert {hosts[row["measured"]["attempt"]] for row in read_rows(mine)} == {"second"}


def test_an_attempt_that_both_know_is_one(here: Path, there: Path) -> None:
    mine = cells_of(here)[0]
    shorten(mine, 2)
    before = len(read_attempts(mine))
    bring(there, here)
    assert len(read_attempts(mine)) == before


def test_two_attempts_of_one_machine_are_two(here: Path, there: Path) -> None:
    mine, attempts = cells_of(here)[0], cells_of(there)[0] / "attempts.jsonl"
    attempts.write_text(attempts.read_text().replace('"started": "2', '"started": "1'))
    shorten(mine, 2)
    bring(there, here)
    assert [attempt["attempt"] for attempt in read_attempts(mine)] == [1, 2]


def test_what_a_killed_process_left_half_written_goes(here: Path, there: Path) -> None:
    mine = cells_of(here)[0]
    shorten(mine, 2)
    (mine / ".rows.jsonl.12345.tmp").write_text("half")
    bring(there, here)
    assert not list(mine.glob(".*"))


def test_a_marker_comes_to_rows_that_lack_it(here: Path, there: Path) -> None:
    cell = cells_of(here)[0]
    (cell / "done.json").unlink()
    bring(there, here)
    assert RunFolder(cell).finished_cycle() == CYCLES


def test_arrays_come_to_rows_that_lack_them(here: Path, there: Path) -> None:
    shutil.rmtree(here / "cells")
    bring(there, here)
    bring(there, here, "--arrays")
    for mine, theirs in zip(cells_of(here), cells_of(there), strict=True):
        assert tree(mine / "arrays") == tree(theirs / "arrays")
        assert all(f"arrays/{row['cycle']:03d}.npz" in row["files"] for row in read_rows(mine))
        assert RunFolder(mine).damage() == []


def test_a_damaged_array_is_replaced_and_a_sound_one_stays(here: Path, there: Path) -> None:
    mine, theirs = cells_of(here)[0], cells_of(there)[0]
    store_otherwise(theirs)
    sound = (mine / "arrays" / "001.npz").read_bytes()
    (mine / "arrays" / "002.npz").write_bytes(b"damaged")
    (mine / "done.json").unlink()
    bring(there, here, "--arrays")
    assert (mine / "arrays" / "001.npz").read_bytes() == sound
    assert (mine / "arrays" / "002.npz").read_bytes() == (theirs / "arrays" / "002.npz").read_bytes()
    assert RunFolder(mine).damage() == []


def test_other_results_are_kept_as_a_replicate_once(here: Path, there: Path) -> None:
    mine, theirs = cells_of(here)[0], cells_of(there)[0]
    before = tree(here)
    rerun(theirs, "second")
    bring(there, here)
    after = tree(here)
    assert {name: after[name] for name in before} == before
    assert sorted(name.rpartition("/")[2] for name in after.keys() - before.keys()) == ["attempts.jsonl", "rows.jsonl"]
    (name, rows), *_ = read_replicates(mine).items()
    assert name == replicate_hash(read_rows(theirs))
    assert [row["result"] for row in rows] == [row["result"] for row in read_rows(theirs)]
    assert read_attempts(mine / "replicates" / name)[0]["environment"]["host"] == "second"
    for options in ([], ["--arrays"]):
        bring(there, here, *options)
    assert tree(here) == after


def test_several_replicates_are_kept_beside_each_other(here: Path, there: Path) -> None:
    for number in (1, 2, 3):
        rerun(cells_of(there)[0], f"host {number}")
        bring(there, here)
    assert len(read_replicates(cells_of(here)[0])) == 3


def test_a_replicate_that_has_come_further_makes_its_beginning_go(here: Path, there: Path, tmp_path: Path) -> None:
    theirs = cells_of(there)[0]
    rerun(theirs, "second")
    shutil.copytree(there, tmp_path / "short" / "tiny")
    shorten(cells_of(tmp_path / "short" / "tiny")[0], 3)
    bring(tmp_path / "short" / "tiny", here)
    assert [len(rows) for rows in read_replicates(cells_of(here)[0]).values()] == [3]
    bring(there, here)
    assert [len(rows) for rows in read_replicates(cells_of(here)[0]).values()] == [4]
    bring(tmp_path / "short" / "tiny", here)
    assert [len(rows) for rows in read_replicates(cells_of(here)[0]).values()] == [4]


def test_replicates_travel_and_are_weighed_against_what_is_here(here: Path, there: Path, finished: Path) -> None:
    mine, own = cells_of(here)[0], cells_of(finished)[0]
    rerun(mine, "second")
    bring(there, here)  # ours is the second run, with the first as its replicate
    shutil.copytree(finished, there, dirs_exist_ok=True)
    bring(here, there)  # theirs is the first run, with the second as its replicate
    assert [agree(rows, read_rows(mine)) for rows in read_replicates(cells_of(there)[0]).values()] == [True]
    bring(there, here)
    assert [agree(rows, read_rows(own)) for rows in read_replicates(mine).values()] == [True]


def test_a_cell_that_is_worked_on_is_refused_and_named(
    here: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy, short = cells_of(here)[:2]
    shorten(busy, 2)
    shorten(short, 2)
    with leased(busy):
        before = tree(busy)
        bring(there, here, status=1)
        assert tree(busy) == before
    told = capsys.readouterr().out
    assert f"refused: {busy}" in told
    assert "1 completed, 4 here already, 1 refused" in told
    assert RunFolder(short).finished_cycle() == CYCLES
    bring(there, here)
    assert RunFolder(busy).finished_cycle() == CYCLES


def test_a_replicate_comes_to_a_cell_that_is_worked_on(here: Path, there: Path) -> None:
    rerun(cells_of(there)[0], "second")
    with leased(cells_of(here)[0]):
        bring(there, here)
    assert len(read_replicates(cells_of(here)[0])) == 1


def test_another_configuration_under_the_same_id_is_refused(
    here: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = cells_of(here)[0]
    record = (cell / "cell.json").read_text()
    (cell / "cell.json").write_text(record.replace('"epochs": 2', '"epochs": 9'))
    shorten(cell, 2)
    bring(there, here, status=1)
    assert "epochs = 9" in capsys.readouterr().out
    assert len(read_rows(cell)) == 2


def test_a_merge_does_the_same_as_an_import(here: Path, there: Path, tmp_path: Path) -> None:
    shorten(cells_of(here)[0], 2)
    shutil.rmtree(cells_of(here)[1])
    rerun(cells_of(there)[2], "second")
    other = Path(shutil.copytree(here, tmp_path / "other" / "tiny"))
    bring(there, here, "--arrays")
    assert main(["merge", str(there), "--into", str(other)]) == 0
    assert tree(other) == tree(here)


def test_two_imports_into_one_folder_do_not_meet(here: Path, there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with leased(here / WAITING):
        bring(there, here, status=2)
    assert "the only one" in capsys.readouterr().err
    bring(there, here)


def test_what_a_killed_import_left_behind_is_cleared_away(here: Path, there: Path) -> None:
    before = tree(here)
    left = here / WAITING / "0" / "cells" / cells_of(here)[0].name / "arrays" / "009.npz"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    (here / WAITING / "lease.0").write_text("{}")
    os.utime(here / WAITING / "lease.0", (1, 1))
    bring(there, here)
    assert tree(here) == before
    assert not (here / WAITING).exists()


def test_an_imported_cell_can_be_run_further(
    here: Path, there: Path, finished: Path, digits: Data, tmp_path: Path
) -> None:
    name = cells_of(here)[0].name
    cell = up_to(planned(tmp_path).cells()[name], CYCLES + 1)
    shorten(here / "cells" / name, 3)
    bring(there, here)
    for results in (here, there):
        run_of(cell, digits, results / "cells").finish()
    ours, straight = (read_rows(results / "cells" / name) for results in (here, there))
    assert len(ours) == CYCLES + 2
    assert [row["result"] for row in ours] == [row["result"] for row in straight]
    assert RunFolder(here / "cells" / name).damage() == []
