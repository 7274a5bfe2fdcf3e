"""Freeing the disk: what can be made again goes, and only where nothing is left to do."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pandas as pd
import pytest
from archive_cases import CYCLES, SWEEP, cells_of, environment, planned, shorten, tree
from support import run_of

from analysis.load import load
from bench.archive import main
from bench.data import Data
from bench.files import write_json
from bench.folder import RunFolder
from bench.lease import leased
from bench.process import me
from bench.record import read_rows
from bench.slurm import Tasks
from bench.state import State, state_of
from bench.worker import STOP


@pytest.fixture
def tiny(finished: Path, tmp_path: Path) -> Path:
    """A finished sweep of one's own."""
    return Path(shutil.copytree(finished, tmp_path / "tiny"))


def prune(results: Path, *options: str) -> None:
    assert main(["prune", str(results), *options]) == 0


def weights(cell: Path) -> int:
    return len(list(cell.glob("weights/*.pt")))


def taken(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def test_weights_of_finished_cells_go_and_nothing_else(
    tiny: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = taken(tiny)
    prune(tiny)
    assert tree(tiny) == {name: content for name, content in tree(finished).items() if "/weights/" not in name}
    assert f"6 finished cells: {(before - taken(tiny)) / 1e6:.1f} MB freed" in capsys.readouterr().out
    assert all(state_of(tiny, cell.name, CYCLES) is State.DONE for cell in cells_of(tiny))
    assert all(RunFolder(cell).damage() == [] for cell in cells_of(tiny))


def test_arrays_go_when_asked_for_and_no_row_vouches_for_them(tiny: Path, finished: Path) -> None:
    prune(tiny, "--arrays")
    assert not list(tiny.rglob("*.npz"))
    assert not [name for cell in cells_of(tiny) for row in read_rows(cell) for name in row["files"] if "npz" in name]
    assert all(RunFolder(cell).damage() == [] for cell in cells_of(tiny))
    pd.testing.assert_frame_equal(load(tiny).frame, load(finished).frame)


def test_an_unfinished_cell_keeps_what_it_goes_on_from(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unfinished, failed = cells_of(tiny)[:2]
    shorten(unfinished, 3)
    shorten(failed, 3)
    RunFolder(failed).fail({"kind": "killed", "message": "m", "trace": "", "cycle": 3, "attempt": 1})
    prune(tiny, "--arrays")
    assert [weights(cell) for cell in cells_of(tiny)] == [1, 1, 0, 0, 0, 0]
    assert [len(list(cell.glob("arrays/*"))) for cell in cells_of(tiny)] == [3, 3, 0, 0, 0, 0]
    assert "2 cells are not finished" in capsys.readouterr().out


def test_a_cell_that_the_plan_wants_more_cycles_of_is_not_finished(tiny: Path) -> None:
    plan = json.loads((tiny / "plan.json").read_text())
    plan["experiments"]["first"]["cycles"] = CYCLES + 1
    write_json(tiny / "plan.json", plan)
    prune(tiny)
    wanted = {cell for arm in plan["experiments"]["first"]["arms"] for cell in arm["cells"].values()}
    assert {cell.name for cell in cells_of(tiny) if weights(cell)} == wanted


def test_a_finished_cell_that_the_plan_no_longer_has_is_freed_too(tiny: Path) -> None:
    plan = json.loads((tiny / "plan.json").read_text())
    write_json(tiny / "plan.json", plan | {"experiments": {}})
    shorten(cells_of(tiny)[0], 3)
    prune(tiny)
    assert [weights(cell) for cell in cells_of(tiny)] == [1, 0, 0, 0, 0, 0]


def test_a_cell_that_is_worked_on_is_left_alone(tiny: Path) -> None:
    with leased(cells_of(tiny)[0]):
        prune(tiny)
    assert [weights(cell) for cell in cells_of(tiny)] == [2, 0, 0, 0, 0, 0]


def test_a_pruned_cell_that_is_wanted_for_more_cycles_is_run_anew(tiny: Path, digits: Data, tmp_path: Path) -> None:
    name = cells_of(tiny)[0].name
    before = [row["result"] for row in read_rows(tiny / "cells" / name)]
    prune(tiny)
    (tmp_path / "other").mkdir()
    cell = planned(tmp_path / "other").cells()[name]
    (tiny / "cells" / name / "done.json").unlink()
    run_of(cell, digits, tiny / "cells").finish()
    assert [row["result"] for row in read_rows(tiny / "cells" / name)] == before


def test_a_folder_without_a_plan_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prune", str(tmp_path)]) == 2
    assert "plan.json" in capsys.readouterr().err


def launch(results: Path, name: str, seconds: float = 7200.0, **status: object) -> Path:
    """A launch of one worker that has last said something so many seconds ago."""
    folder = results / "launches" / name
    write_json(folder / "queue.json", {})
    write_json(folder / "slot0" / "status.json", {"cell": None, "doing": "cycle 1", "share": 0.0, "pid": 1, **status})
    age(folder, seconds)
    return folder


def age(folder: Path, seconds: float = 7200.0) -> None:
    """Leave everything in a folder as it would be if it had last been written so many seconds ago."""
    moment = time.time() - seconds
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (moment, moment))


def test_folders_of_launches_that_have_ended_go(tiny: Path) -> None:
    ended = [launch(tiny, "one"), launch(tiny, "two", doing="finished", **me())]
    prune(tiny, "--launches")
    assert not any(folder.exists() for folder in ended)


def test_launches_are_left_alone_unless_asked_for(tiny: Path) -> None:
    ended = launch(tiny, "one")
    prune(tiny)
    assert ended.exists()


def test_a_launch_with_a_living_worker_stays(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    living = launch(tiny, "one", **me())
    prune(tiny, "--launches")
    assert living.exists()
    assert "1 may still be at work" in capsys.readouterr().out


def test_a_launch_with_a_living_driver_stays(tiny: Path) -> None:
    living = launch(tiny, "one")
    write_json(living / "launch.json", {"executor": "slurm", "driver": me(), "jobs": []})
    os.utime(living / "launch.json", (1, 1))
    os.utime(living, (1, 1))
    prune(tiny, "--launches")
    assert living.exists()


def test_a_launch_that_wrote_anything_in_the_last_hour_stays(tiny: Path) -> None:
    recent = launch(tiny, "one", seconds=600)
    prune(tiny, "--launches")
    assert recent.exists()


def test_a_launch_whose_worker_holds_a_lease_anywhere_stays(tiny: Path) -> None:
    far, gone = launch(tiny, "far"), launch(tiny, "gone")
    cell = cells_of(tiny)[0]
    RunFolder(cell).begin_attempt({**environment("elsewhere"), "launch": "far"})
    (cell / "lease.0").write_text(json.dumps({"host": "elsewhere", "pid": 1, "born": "1"}))
    prune(tiny, "--launches")
    assert far.exists()
    assert not gone.exists()


NOBODY_CAN_SAY = None


def submitted(results: Path, cells: list[Path], name: str = "one") -> Path:
    """A launch of cells whose jobs have said nothing for hours."""
    folder = launch(results, name)
    write_json(folder / "queue.json", {cell.name: {} for cell in cells})
    write_json(folder / "launch.json", {"executor": "slurm", "driver": {}, "jobs": ["7", "8"]})
    age(folder)
    return folder


@pytest.mark.parametrize(("tasks", "stays"), [(Tasks(waiting=2), True), (NOBODY_CAN_SAY, True), (Tasks(), False)])
def test_a_launch_with_open_cells_stays_unless_slurm_knows_of_no_job(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, tasks: Tasks | None, stays: bool
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr("bench.slurm.live_tasks", lambda jobs: asked.append(jobs) or tasks)
    waiting = submitted(tiny, cells_of(tiny)[:2])
    shorten(cells_of(tiny)[0], 2)
    prune(tiny, "--launches")
    assert waiting.exists() == stays
    assert asked == [["7", "8"]]


@pytest.mark.parametrize("why", ["done", "failed", "stopped"])
def test_a_launch_that_has_nothing_left_to_do_goes_without_a_word_of_slurm(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    monkeypatch.setattr("bench.slurm.live_tasks", lambda jobs: NOBODY_CAN_SAY)
    cell, ended = cells_of(tiny)[0], submitted(tiny, cells_of(tiny)[:2])
    if why != "done":
        shorten(cell, 2)
    if why == "failed":
        RunFolder(cell).fail({"kind": "killed", "message": "m", "trace": "", "cycle": 2, "attempt": 1})
    if why == "stopped":
        (ended / STOP).touch()
        age(ended)
    prune(tiny, "--launches")
    assert not ended.exists()


def test_the_sweep_of_these_tests_ends_with_weights(finished: Path) -> None:
    assert "cycles: 3" in SWEEP
    assert [weights(cell) for cell in cells_of(finished)] == [2] * 6
