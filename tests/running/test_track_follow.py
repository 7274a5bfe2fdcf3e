"""The process that mirrors a sweep while it runs: whatever befalls it, the sweep goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mirrored_sweep import CELLS, arm_of, finished_sweep, mark, pushed, run_sweep, runs_of

from bench.process import born
from bench.track import main
from bench.tracked import Tracking
from bench.tracking.backlog import Backlog
from bench.tracking.follower import Follower, start_following
from bench.tracking.mirror import Mirror, MirrorError
from bench.tracking.push import Wait, alone, follow, push
from bench.tracking.replay import Replay

BROKEN = {"missing": "raise ImportError('No module named wandb')", "hanging": "import time; time.sleep(600)"}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return finished_sweep(tmp_path)


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Follower]]:
    """Start followers of this process; none of them outlives the test."""
    monkeypatch.chdir(Path(__file__).parents[2])
    started: list[Follower] = []

    def start(results: Path, tracking: Tracking | None = None) -> Follower:
        started.append(start_following(results, tracking or Tracking(), os.getpid()))
        return started[-1]

    yield start
    for follower in started:
        if follower.process is not None and follower.process.poll() is None:
            follower.process.kill()


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def lines(results: Path) -> int:
    file = results / "tracking/pushed.jsonl"
    return len(pushed(results)) if file.exists() else 0


def process_of(follower: Follower) -> subprocess.Popen[bytes]:
    assert follower.process is not None
    return follower.process


def service_of(pid: int) -> list[int]:
    """The service processes that wandb started for a process and that are still there."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"wandb-core") and str(pid).encode() in words and born(int(folder.name)):
            found.append(int(folder.name))
    return found


@pytest.mark.slow
def test_cells_are_mirrored_as_they_finish(results: Path, following: Callable[..., Follower]) -> None:
    late = arm_of(results, "second", "entropy")["cells"]["0"]
    mark(results, late, None)
    follower = following(results)
    wait_for(lambda: lines(results) == CELLS - 1)
    assert process_of(follower).poll() is None
    mark(results, late, 3)
    wait_for(lambda: lines(results) == CELLS)
    assert follower.finish(30) is None
    assert process_of(follower).returncode == 0
    assert len(runs_of(results)) == CELLS


@pytest.mark.slow
def test_what_finished_last_is_mirrored_when_the_driver_says_that_it_ends(
    results: Path, following: Callable[..., Follower]
) -> None:
    mark(results, arm_of(results, "second", "entropy")["cells"]["0"], None)  # or it would end by itself
    follower = following(results)
    assert follower.finish(60) is None
    assert process_of(follower).returncode == 0
    assert len(runs_of(results)) == CELLS - 1


@pytest.mark.slow
def test_one_service_of_low_priority_serves_all_runs_and_ends_with_them(
    results: Path, following: Callable[..., Follower]
) -> None:
    late = arm_of(results, "second", "entropy")["cells"]["0"]
    mark(results, late, None)
    follower = following(results)
    pid = process_of(follower).pid
    wait_for(lambda: lines(results) == CELLS - 1)
    services = service_of(pid)
    assert len(services) == 1
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    for process in (pid, *services):
        assert os.getpriority(os.PRIO_PROCESS, process) == min(mine + 10, 19)
    assert follower.finish(30) is None
    wait_for(lambda: not service_of(pid), 20)


@pytest.mark.slow
def test_a_killed_follower_loses_nothing(results: Path, following: Callable[..., Follower]) -> None:
    late = arm_of(results, "second", "entropy")["cells"]["0"]
    mark(results, late, None)
    follower = following(results)
    wait_for(lambda: lines(results) >= 2)
    os.kill(process_of(follower).pid, signal.SIGKILL)
    mark(results, late, 3)
    noted = lines(results)
    said = follower.finish(5)
    left = CELLS - noted
    assert said is not None
    assert said.startswith(f"{left} finished runs are not mirrored yet" if left > 1 else "1 finished run is not")
    assert said.endswith(f"`python -m bench.track push {results}` does it")
    wait_for(lambda: not service_of(process_of(follower).pid), 20)
    assert main(["push", str(results)]) == 0
    assert len(runs_of(results)) == lines(results) == CELLS


@pytest.mark.slow
def test_a_follower_mirrors_what_is_left_and_ends_when_its_driver_is_killed(results: Path) -> None:
    script = (
        "import os, sys, time; from pathlib import Path; from bench.tracked import Tracking;"
        "from bench.tracking.follower import start_following;"
        "follower = start_following(Path(sys.argv[1]), Tracking(), os.getpid());"
        "print(follower.process.pid, flush=True); time.sleep(600)"
    )
    driver = subprocess.Popen([sys.executable, "-c", script, results], stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    pid = int(driver.stdout.readline())
    driver.kill()
    driver.wait()
    wait_for(lambda: born(pid) is None)
    assert len(runs_of(results)) == CELLS


@pytest.mark.slow
def test_a_sweep_ends_in_time_though_its_follower_hangs(tmp_path: Path, following: Callable[..., Follower]) -> None:
    results = run_sweep(tmp_path, "--only", "first")
    follower = following(results)
    os.kill(process_of(follower).pid, signal.SIGSTOP)
    run_sweep(tmp_path, "--only", "second")
    began = time.monotonic()
    said = follower.finish(1)
    assert time.monotonic() - began < 10
    assert said is not None
    assert "6 finished runs are not mirrored yet" in said
    assert born(process_of(follower).pid) is None


@pytest.mark.slow
@pytest.mark.parametrize("how", BROKEN)
def test_a_wandb_that_is_missing_or_hangs_costs_only_the_mirror(
    how: str, results: Path, tmp_path: Path, following: Callable[..., Follower], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/wandb.py").write_text(BROKEN[how])
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'broken'}:{os.environ.get('PYTHONPATH', '')}")
    began = time.monotonic()
    said = following(results).finish(5)
    assert time.monotonic() - began < 20
    assert said is not None
    assert said.startswith(f"{CELLS} finished runs are not mirrored yet (see {results}/tracking/log.txt)")
    if how == "missing":
        assert "No module named wandb" in (results / "tracking/log.txt").read_text()


@pytest.mark.slow
def test_a_dead_server_is_told_of_in_time_with_the_command_for_later(
    results: Path, following: Callable[..., Follower], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    began = time.monotonic()
    said = following(results, Tracking("online", "mine", "us")).finish(3)
    assert time.monotonic() - began < 15
    assert said is not None
    assert said.endswith(f"`python -m bench.track push {results} --mode online --project mine --entity us` does it")


def test_starting_never_raises_where_the_folder_cannot_be_written(
    results: Path, following: Callable[..., Follower]
) -> None:
    (results / "tracking").write_text("a file, where a folder is wanted")
    follower = following(results)
    assert follower.process is None
    said = follower.finish(5)
    assert said is not None
    assert "tracking" in said


def test_starting_never_raises_where_no_process_can_be_started(
    results: Path, following: Callable[..., Follower], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    said = following(results).finish(5)
    assert said is not None
    assert said.startswith(f"{CELLS} finished runs are not mirrored yet ([Errno 2] No such file or directory")


def test_finishing_never_raises_where_the_results_are_gone(tmp_path: Path, following: Callable[..., Follower]) -> None:
    said = following(tmp_path / "nothing").finish(20)
    assert said is not None
    assert "could not be told" in said


def test_nothing_is_started_where_tracking_is_off(results: Path, following: Callable[..., Follower]) -> None:
    follower = following(results, Tracking("off"))
    assert follower.process is None
    assert follower.finish(5) is None
    assert not (results / "tracking").exists()


def test_following_by_hand_ends_when_everything_is_settled(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["follow", str(results), "--only", "second"]) == 0
    assert "4 runs mirrored to" in capsys.readouterr().out


def test_a_damaged_cell_keeps_nothing_from_being_mirrored_and_is_told_of_once(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = arm_of(results, "second", "entropy")["cells"]["0"]
    file = results / "cells" / cell / "rows.jsonl"
    rows = file.read_text().splitlines(keepends=True)
    file.write_text("".join([rows[0], "{}\n", *rows[2:]]))
    assert main(["follow", str(results), "--only", "second"]) == 1
    said = capsys.readouterr()
    assert said.out.count("wanted the 4 rows of the finished cycles") == 1
    assert "3 runs mirrored to" in said.out
    assert "1 are left" in said.out


def scripted(*ends: bool) -> tuple[Wait, list[float]]:
    """A wait that says whether the end has come in this order, and how long it was asked to wait."""
    told, asked = iter(ends), []

    def wait(seconds: float) -> bool:
        asked.append(seconds)
        return next(told)

    return wait, asked


@dataclass(frozen=True)
class Refusing(Mirror):
    """A mirror that takes nothing but the runs of some cells."""

    taken: frozenset[str] = frozenset()

    def send(self, replay: Replay) -> None:
        if replay.subject.cell not in self.taken:
            raise MirrorError("no answer")


def test_a_dead_server_is_asked_again_every_minute_but_not_after_the_end(results: Path) -> None:
    said: list[str] = []
    wait, asked = scripted(False, False, False, True)
    outcome = follow(Backlog(results, Tracking()), Refusing(results, Tracking()), said.append, wait)
    assert [seconds for seconds in asked if seconds] == [60, 60]
    assert said == ["random seed 0: no answer\nrandom seed 1: no answer"] * 2
    assert (outcome.sent, outcome.left, outcome.reason) == (0, CELLS, said[0])


def test_a_run_that_is_not_taken_keeps_no_other_from_being_mirrored(results: Path) -> None:
    cells = [subject.cell for subject in Backlog(results, Tracking()).subjects]
    for refused in (cells[3:4], [cells[0], cells[4], cells[-1]]):
        mirror = Refusing(results, Tracking(), taken=frozenset(cells) - {*refused})
        with alone(results, Tracking()):
            backlog = Backlog(results, Tracking())
            outcome = push(backlog, mirror, lambda sentence: None)
        assert (outcome.left, outcome.refused, outcome.stuck) == (len(refused), True, False)
        assert outcome.reason.count("no answer") == len(refused)
        assert [subject.cell for subject, _ in backlog.due()] == refused
        (results / "tracking/pushed.jsonl").unlink()


def test_at_the_end_the_last_runs_are_mirrored_though_one_is_refused(results: Path) -> None:
    _, *others = (subject.cell for subject in Backlog(results, Tracking()).subjects)
    mark(results, others[-1], None)
    mirror = Refusing(results, Tracking(), taken=frozenset(others))

    def wait(seconds: float) -> bool:
        if seconds > 0:  # it finishes while what was refused is let rest
            mark(results, others[-1], 3)
        return seconds > 0

    with alone(results, Tracking()):
        outcome = follow(Backlog(results, Tracking()), mirror, lambda sentence: None, wait)
    assert (outcome.sent, outcome.left) == (CELLS - 1, 1)


def test_following_some_experiments_does_not_wait_for_the_cycles_of_others(results: Path) -> None:
    plan = json.loads((results / "plan.json").read_text())
    plan["experiments"]["first"]["cycles"] = 9
    (results / "plan.json").write_text(json.dumps(plan))
    assert Backlog(results, Tracking(), only=["second"]).settled()
    assert not Backlog(results, Tracking(), only=["first"]).settled()


def test_offline_and_online_are_mirrored_side_by_side(results: Path) -> None:
    with alone(results, Tracking("offline")), alone(results, Tracking("online")):
        pass


@pytest.mark.parametrize("given", ["offline", "dryrun"])
def test_wandb_s_own_word_for_offline_is_heeded(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOOKAHEAD_BENCH_TRACKING")
    monkeypatch.setenv("WANDB_MODE", given)
    assert Tracking("online").here == Tracking("offline")
    assert Tracking("off").here == Tracking("off")


@pytest.mark.slow
def test_a_second_follower_waits_for_its_turn(results: Path, following: Callable[..., Follower]) -> None:
    late = arm_of(results, "second", "entropy")["cells"]["0"]
    mark(results, late, None)
    first = following(results)
    wait_for(lambda: lines(results) >= 1)
    second = following(results)
    wait_for(lambda: lines(results) == CELLS - 1)
    assert process_of(second).poll() is None
    os.kill(process_of(first).pid, signal.SIGKILL)
    mark(results, late, 3)
    wait_for(lambda: lines(results) == CELLS)
    assert second.finish(30) is None
