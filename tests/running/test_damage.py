"""Damaged files: every file that a sweep leaves behind, broken in every way, and the next run of the same command.

What can be made again is made again, and costs at most what the file held; what cannot is named, with what to do.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from support import run_of, up_to

from bench import drive
from bench.cell import Cell
from bench.data import Data
from bench.errors import LeaseLost, ResultsError
from bench.files import read_json, write_json
from bench.folder import RunFolder
from bench.launching.folder import Slot
from bench.lease import STALE, is_leased, leased
from bench.record import cell_folder, read_attempts, read_failure, read_plan, read_rows
from bench.state import State, state_of
from bench.sweep import main
from bench.worker import Desk, Worker

SWEEP = """
name: tiny
defaults:
  dataset: digits
  learner:
    name: network
    net: {name: mlp, width: 16, layers: 1}
    train: {epochs: 3, schedule: {name: onecycle, max_lr: 0.05}}
  protocol: {initial: 20, budget: 5, cycles: 3, candidates: 60}
  seeds: 1
experiments:
  first: {title: The first, strategies: [margin]}
"""


def cut_to(share: float) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * share)])

    return damage


def overwrite(content: bytes) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        file.write_bytes(content)

    return damage


def leave_temporary(file: Path) -> None:
    """As a process leaves it that was killed in write_atomically."""
    file.with_name(f".{file.name}.12345.tmp").write_bytes(file.read_bytes()[:10])


DAMAGES: dict[str, Callable[[Path], None]] = {
    "cut after a tenth": cut_to(0.1),
    "cut in the middle": cut_to(0.5),
    "cut before the last bytes": cut_to(0.97),
    "empty": overwrite(b""),
    "garbage": overwrite(bytes(range(256))),
    "garbage with newlines": overwrite(b"\xff\n\x00\n{\n"),
    "zeros": overwrite(bytes(500)),
    "JSON of another kind": overwrite(b"[12]\n"),
    "an empty object": overwrite(b"{}\n"),
    "deleted": Path.unlink,
    "a temporary file beside it": leave_temporary,
}
every_damage = pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver looks often, so that a sweep of nothing costs no half second."""
    monkeypatch.setattr(drive, "POLL", 0.01)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep of one cell, done."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "tiny.yaml").write_text(SWEEP)
    assert sweep(folder) == 0
    return folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished sweep's folder, to be damaged."""
    return shutil.copytree(finished, tmp_path / "copy")


def sweep(folder: Path, *arguments: str) -> int:
    return main([str(folder / "tiny.yaml"), "--results", str(folder / "results"), "--executor", "debug", *arguments])


def cell_of(folder: Path) -> Path:
    (cell,) = (folder / "results/tiny/cells").iterdir()
    return cell


def outcome(folder: Path) -> list[str]:
    """The result columns as text, so that equal means equal bit for bit."""
    return [json.dumps(row["result"]) for row in read_rows(cell_of(folder))]


def made_by(folder: Path) -> list[int]:
    """Which attempt made each row; 1 is the undisturbed one's."""
    return [row["measured"]["attempt"] for row in read_rows(cell_of(folder))]


def reopen(folder: Path) -> None:
    """As if killed after the last row: nothing but the marker is missing."""
    (cell_of(folder) / "done.json").unlink()


def check_whole(folder: Path, as_in: Path) -> None:
    assert outcome(folder) == outcome(as_in)
    cell = RunFolder(cell_of(folder))
    assert cell.finished_cycle() == 3
    assert cell.rows_file.read_bytes().count(b"\n") == 4
    assert not cell.failed()


@every_damage
@pytest.mark.parametrize("name", ["cell.json", "attempts.jsonl", "done.json"])
def test_what_can_be_made_again_without_a_cycle_is(
    folder: Path, finished: Path, name: str, damage: Callable[[Path], None]
) -> None:
    if name != "done.json":
        reopen(folder)
    damage(cell_of(folder) / name)
    assert sweep(folder) == 0
    assert made_by(folder) == [1, 1, 1, 1]
    check_whole(folder, as_in=finished)
    assert json.loads((cell_of(folder) / "cell.json").read_text())["seed"] == 0


@every_damage
@pytest.mark.parametrize("marked", [True, False])
def test_lost_rows_are_made_again(
    folder: Path, finished: Path, capsys: pytest.CaptureFixture[str], marked: bool, damage: Callable[[Path], None]
) -> None:
    if not marked:
        reopen(folder)
    file = cell_of(folder) / "rows.jsonl"
    before = file.read_bytes()
    damage(file)
    changed = not file.exists() or file.read_bytes() != before
    capsys.readouterr()
    assert sweep(folder) == 0
    assert (f"{file}: wanted the 4 rows that done.json vouches for" in capsys.readouterr().out) == (changed and marked)
    check_whole(folder, as_in=finished)


def test_a_row_cut_off_at_the_end_costs_its_cycle_alone(folder: Path, finished: Path) -> None:
    cut_to(0.97)(cell_of(folder) / "rows.jsonl")
    assert sweep(folder) == 0
    assert made_by(folder) == [1, 1, 1, 2]
    check_whole(folder, as_in=finished)


def test_a_whole_line_of_garbage_does_not_hide_the_rows_behind_it(folder: Path, finished: Path) -> None:
    """A row appended behind it could never be read, so it goes first."""
    reopen(folder)
    file = cell_of(folder) / "rows.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:3]) + b"garbage\n")
    assert sweep(folder) == 0
    assert made_by(folder) == [1, 1, 1, 2]
    check_whole(folder, as_in=finished)


def test_a_marker_that_says_more_than_the_rows_is_not_believed(folder: Path, finished: Path) -> None:
    write_json(cell_of(folder) / "done.json", {"cycle": 5})
    assert state_of(folder / "results/tiny", cell_of(folder).name, 5) is State.MISSING
    assert sweep(folder, "--set", "protocol.cycles=5") == 0
    assert made_by(folder) == [1, 1, 1, 1, 2, 2]
    assert outcome(folder)[:4] == outcome(finished)


@every_damage
@pytest.mark.parametrize("name", ["arrays/003.npz", "weights/003.pt"])
def test_damaged_files_of_the_last_cycle_cost_that_cycle(
    folder: Path, finished: Path, name: str, damage: Callable[[Path], None]
) -> None:
    reopen(folder)
    file = cell_of(folder) / name
    before = file.read_bytes()
    damage(file)
    changed = not file.exists() or file.read_bytes() != before
    assert sweep(folder) == 0
    assert made_by(folder) == ([1, 1, 1, 2] if changed else [1, 1, 1, 1])
    assert file.read_bytes() == before
    check_whole(folder, as_in=finished)
    assert not list(cell_of(folder).rglob("*.tmp"))


@every_damage
@pytest.mark.parametrize("cycle", [1, 3])
def test_damaged_arrays_of_a_done_cell_are_named(
    folder: Path, finished: Path, capsys: pytest.CaptureFixture[str], cycle: int, damage: Callable[[Path], None]
) -> None:
    """They are not made again: the results stand without them, and cycle 1 cannot be had without cycle 0's model."""
    file = cell_of(folder) / f"arrays/{cycle:03d}.npz"
    damage(file)
    capsys.readouterr()
    assert sweep(folder, "--verify") == 0
    said = capsys.readouterr().out
    changed = not file.exists() or file.read_bytes() != (cell_of(finished) / f"arrays/{cycle:03d}.npz").read_bytes()
    message = f"damaged: {file}: wanted the file that cycle {cycle} wrote; it is gone or damaged"
    assert (message in said) == changed
    assert (f"to have it made again, delete {cell_of(folder)}" in said) == changed
    check_whole(folder, as_in=finished)
    shutil.rmtree(cell_of(folder))
    assert sweep(folder) == 0
    check_whole(folder, as_in=finished)


@every_damage
def test_a_damaged_failure_is_no_failure(folder: Path, finished: Path, damage: Callable[[Path], None]) -> None:
    reopen(folder)
    file = cell_of(folder) / "failure.json"
    failure = {"kind": "exception", "message": "m", "trace": "t", "cycle": 3, "attempt": 1}
    write_json(file, failure)
    damage(file)
    if damage is leave_temporary:
        assert sweep(folder) == 1
        assert read_failure(cell_of(folder)) == failure
    else:
        assert sweep(folder) == 0
        check_whole(folder, as_in=finished)


@every_damage
@pytest.mark.parametrize("age", [0, 2 * STALE])
def test_a_damaged_lease_holds_for_a_minute(tmp_path: Path, age: float, damage: Callable[[Path], None]) -> None:
    """It may be one that its holder is about to write; without a beat it is stale as any other."""
    lease = tmp_path / "lease.0"
    write_json(lease, {"host": "elsewhere", "pid": 1, "born": "1"})
    damage(lease)
    if lease.exists():
        stamp = lease.stat().st_mtime - age
        os.utime(lease, (stamp, stamp))
    free = age > STALE or not lease.exists()
    assert is_leased(tmp_path) != free
    with leased(tmp_path) as mine:
        assert (mine is not None) == free


@every_damage
def test_who_holds_a_lease_that_is_damaged_stops(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """The next one may create it under the same name, so that the name alone proves nothing."""
    with leased(tmp_path) as mine:
        assert mine is not None
        damage(mine.path)
        if damage is leave_temporary:
            mine.check()
        else:
            with pytest.raises(LeaseLost):
                mine.check()


def test_a_lease_taken_anew_under_the_same_name_is_not_the_old_holders(tmp_path: Path) -> None:
    with leased(tmp_path) as mine:
        assert mine is not None
        anew = {"host": "elsewhere", "pid": 1, "born": "1"}
        mine.path.unlink()
        write_json(mine.path, anew)
        with pytest.raises(LeaseLost):
            mine.check()
    assert read_json(tmp_path / "lease.0") == anew  # and it is not released either


def test_an_error_after_the_lease_was_lost_is_not_the_cells_failure(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench.loop import Run

    def overtaken(self: Run) -> None:
        (self.folder.path / "lease.1").write_text("{}")
        raise FileNotFoundError("moved away by the new holder")

    monkeypatch.setattr(Run, "finish", overtaken)
    write_json(tmp_path / "queue.json", {cell.id: cell.record()})
    desk = Desk(str(tmp_path), str(tmp_path / "queue.json"), str(tmp_path / "status.json"), str(tmp_path))
    assert Worker(desk)() == 0
    folder = cell_folder(tmp_path, cell.id)
    assert read_failure(folder) is None
    assert [attempt["status"] for attempt in read_attempts(folder)] == ["lost the lease"]


@every_damage
def test_a_damaged_plan_is_named_and_written_anew(folder: Path, damage: Callable[[Path], None]) -> None:
    file = folder / "results/tiny/plan.json"
    damage(file)
    if damage is not leave_temporary:
        with pytest.raises(ResultsError, match=r"results/tiny: wanted a .*plan"):
            read_plan(folder / "results/tiny")
    assert sweep(folder) == 0
    assert read_plan(folder / "results/tiny")["name"] == "tiny"


@every_damage
def test_a_damaged_status_says_nothing(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    status = {"cell": None, "doing": "starting", "share": 0.0, "pid": 1, "time": "now"}
    write_json(tmp_path / "status.json", status)
    damage(tmp_path / "status.json")
    assert Slot(0, tmp_path).status == (status if damage is leave_temporary else {})


@every_damage
def test_a_damaged_queue_is_named(cell: Cell, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    queue = tmp_path / "queue.json"
    write_json(queue, {cell.id: cell.record()})
    damage(queue)
    worker = Worker(Desk(str(tmp_path), str(queue), str(tmp_path / "status.json"), str(tmp_path)))
    if damage is leave_temporary:
        assert worker() == 1
    elif queue.exists() and queue.read_bytes() == b"{}\n":
        assert worker() == 0  # a queue of no cells
    else:
        with pytest.raises(ResultsError, match=r"queue\.json"):
            worker()


def attempts(folder: RunFolder) -> Mapping[int, str | None]:
    return {attempt["attempt"]: attempt["status"] for attempt in read_attempts(folder.path)}


def test_an_attempt_cut_off_does_not_swallow_the_next(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.end_attempt(folder.begin_attempt({}), "done")
    folder.begin_attempt({})
    cut_to(0.9)(tmp_path / "attempts.jsonl")
    folder.end_attempt(folder.begin_attempt({}), "failed")
    assert attempts(folder) == {1: "done", 2: "failed"}


def test_an_attempt_without_its_beginning_is_left_out(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.end_attempt(folder.begin_attempt({}), "done")
    lines = (tmp_path / "attempts.jsonl").read_text().splitlines()
    (tmp_path / "attempts.jsonl").write_text("\n".join(["garbage", lines[1], ""]))
    assert attempts(folder) == {}


def test_numbers_of_attempts_go_on_from_those_of_the_rows(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = replace(run_of(up_to(cell, 1), digits, tmp_path), attempt=4)
    run.finish()
    assert run.folder.begin_attempt({}) == 5


@pytest.mark.parametrize(("launch", "in_vain"), [("this", [1, 2, 3]), ("another", [])])
def test_attempts_count_in_their_own_launch(tmp_path: Path, launch: str, in_vain: list[int]) -> None:
    """A machine that reboots often gives no cell up; a cell that kills its worker again and again is."""
    folder = RunFolder(tmp_path)
    folder.end_attempt(folder.begin_attempt({"launch": "this"}), "interrupted")
    for _ in range(2):
        folder.begin_attempt({"launch": "this"})
    assert [attempt["attempt"] for attempt in folder.in_vain(launch)] == in_vain


def test_workers_that_leave_their_cells_undone_are_not_started_for_ever(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reopen(folder)
    monkeypatch.setattr(Worker, "_take", lambda *_: False)
    assert sweep(folder) == 2
    assert "workers end before they take a cell" in capsys.readouterr().err
