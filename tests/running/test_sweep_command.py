"""The command end to end: real workers on real digits, and what a person reads."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.record import read_plan, read_rows
from bench.sweep import _assignments, _parser, main

SWEEP = """
name: tiny
defaults:
  dataset: digits
  learner:
    name: network
    net: {name: mlp, width: 16, layers: 1}
    train: {epochs: 3, schedule: {name: onecycle, max_lr: 0.05}}
  protocol: {initial: 20, budget: 5, cycles: 2, candidates: 60}
  seeds: 2
experiments:
  first: {title: The first, strategies: [random, margin]}
  second: {title: The second, strategies: [random, entropy]}
  third:
    title: Refused
    learner: {train: {loss: cross_entropy}}
    strategies: [random, mlmoc-entk-plain]
launch: {slots: 2}
"""


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(SWEEP)
    monkeypatch.chdir(tmp_path)
    return file


def results_of(folder: Path) -> dict[str, list[Any]]:
    """The result columns of every cell, by id."""
    return {cell.name: [row["result"] for row in read_rows(cell)] for cell in sorted((folder / "cells").iterdir())}


@pytest.mark.slow
def test_a_sweep_runs_in_two_slots_and_is_done_the_second_time(
    sweep: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([str(sweep)]) == 0
    said = capsys.readouterr().out
    assert "8/8 cells · 24/24 cycles" in said
    assert "8 done; rows in results/tiny" in said
    before = results_of(tmp_path / "results/tiny")
    assert [len(rows) for rows in before.values()] == [3] * 8
    assert main([str(sweep)]) == 0
    assert "8 done" in capsys.readouterr().out
    assert results_of(tmp_path / "results/tiny") == before
    assert len(list((tmp_path / "results/tiny/launches").iterdir())) == 1


@pytest.mark.slow
def test_slots_do_not_change_results(sweep: Path, tmp_path: Path) -> None:
    assert main([str(sweep), "--only", "first"]) == 0
    assert main([str(sweep), "--only", "first", "--executor", "debug", "--results", "alone"]) == 0
    assert results_of(tmp_path / "results/tiny") == results_of(tmp_path / "alone/tiny")


def test_a_point_of_a_grid_is_named_in_brackets(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.write_text(SWEEP.replace("{title: The first,", "{title: The first, grid: {learner.net.width: [4]},"))
    assert main([str(sweep), "--only", "first", "--executor", "debug"]) == 0
    said = capsys.readouterr().out
    assert "done random [width=4] seed 0" in said
    assert "│ margin [width=4] │" in said


def test_dry_run_says_what_would_run_and_runs_nothing(
    sweep: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([str(sweep), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "tiny: 8 cells in results/tiny: 8 missing" in said
    assert "    margin: 2 seeds: 2 missing" in said
    assert "mlmoc-entk-plain: refused: the kernel look-ahead assumes squared loss" in said
    assert "2 cells are shared between arms and run once" in said
    assert not (tmp_path / "results").exists()


def test_more_seeds_run_only_what_is_missing(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(sweep), "--only", "first", "--executor", "debug"])
    capsys.readouterr()
    main([str(sweep), "--only", "first", "--set", "seeds=3", "--dry-run"])
    assert "6 cells in results/tiny: 4 done, 2 missing" in capsys.readouterr().out


def test_finished_cells_of_another_default_are_refused_before_anything_runs(
    sweep: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    main([str(sweep), "--only", "first", "--executor", "debug"])
    cells = tmp_path / "results/tiny/cells"
    file = next(cells.glob("*/cell.json"))
    file.write_text(file.read_text().replace('"warm_up": 0.3', '"warm_up": 0.4'))  # as an earlier version left it
    before = results_of(tmp_path / "results/tiny")
    without_rows = next(each for each in cells.glob("*/cell.json") if each != file)
    without_rows.write_text(without_rows.read_text().replace('"warm_up": 0.3', '"warm_up": 0.2'))
    for each in ("rows.jsonl", "done.json"):
        (without_rows.parent / each).unlink()
    before[without_rows.parent.name] = []
    capsys.readouterr()
    assert main([str(sweep), "--only", "first", "--executor", "debug", "--set", "seeds=3"]) != 0
    said = capsys.readouterr().err
    assert f"{file.parent.name}: holds results for learner.train.schedule.warm_up = 0.4, but this version" in said
    assert results_of(tmp_path / "results/tiny") == before
    shutil.rmtree(file.parent)
    assert main([str(sweep), "--only", "first", "--executor", "debug"]) == 0  # nothing is lost where there are no rows


def test_cycles_that_failed_cells_will_never_have_are_not_counted(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rates = "grid: {learner.train.schedule.max_lr: [1.0e+9, 0.05]}"
    sweep.write_text(SWEEP.replace("{title: The first,", f"{{title: The first, {rates},"))
    given = [str(sweep), "--only", "first", "--executor", "debug", "--set", "seeds=1"]
    assert main(given) == 1
    assert "2/4 cells · 2 failed · 6/6 cycles" in capsys.readouterr().out
    assert main([*given, "protocol.cycles=3"]) == 1
    assert "2/4 cells · 2 failed · 8/8 cycles" in capsys.readouterr().out


def test_gpus_that_are_named_bring_their_own_number_of_slots() -> None:
    options = _parser().parse_args(["s.yaml", "--devices", "0,1"])
    assert [*_assignments(options)] == ["launch.device=cuda", 'launch.devices=["0", "1"]', "launch.slots=null"]
    options = _parser().parse_args(["s.yaml", "--devices", "0,1", "--jobs", "4"])
    assert "launch.slots=null" not in [*_assignments(options)]
    options = _parser().parse_args(["s.yaml", "--devices", "0,1", "--set", "launch.slots=4"])
    assert "launch.slots=null" not in [*_assignments(options)]


def test_the_plan_names_the_cells_of_every_arm(sweep: Path, tmp_path: Path) -> None:
    main([str(sweep), "--only", "first", "--executor", "debug"])
    plan = read_plan(tmp_path / "results/tiny")
    arms = {(e, arm["label"]): arm for e, x in plan["experiments"].items() for arm in x["arms"]}
    assert arms["first", "random"]["cells"] == arms["second", "random"]["cells"]
    assert set(arms["first", "random"]["cells"]) == {"0", "1"}
    assert arms["third", "mlmoc-entk-plain"]["cells"] == {}


def test_failures_are_listed_and_the_status_says_so(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wild = ["--set", "learner.train.schedule={name: constant, lr: 1e9}", "--only", "first", "--executor", "debug"]
    assert main([str(sweep), *wild]) == 1
    said = capsys.readouterr().out
    assert "random seed 0 and 3 more: diverged in cycle 0: the training loss became" in said
    assert "4 failed" in said
    assert "--retry-failed runs them again" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "wanted a sweep file, such as sweeps/digits.yaml"),
        (["nowhere.yaml"], "wanted a readable YAML file"),
        (["tiny.yaml", "--only", "frist"], "no such experiment. Known: first, second, third"),
        (["tiny.yaml", "--set", "protocol.cycles=0"], "protocol.cycles: wanted an integer >= 1; got 0"),
        (["tiny.yaml", "--set", "cycles"], "wanted key=value"),
    ],
)
def test_bad_input_gets_one_message_and_status_2(
    sweep: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_list_names_plugins_with_parameters_and_docstrings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    said = capsys.readouterr().out
    assert "  margin\n      Smallest margin between the two most probable classes" in said
    assert "jitter: a number > 0 (default 0.0001)" in said


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_nothing_is_lost(sweep: Path, tmp_path: Path) -> None:
    """A real SIGKILL on every worker in turn, in the middle of a sweep; results equal an undisturbed run's."""
    slower = ["--set", "learner.train.epochs=60", "--only", "first"]
    command = [sys.executable, "-m", "bench.sweep", str(sweep), *slower]
    driver = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    killed: set[int] = set()
    deadline = time.monotonic() + 120
    while driver.poll() is None and len(killed) < 2 and time.monotonic() < deadline:
        for status in (tmp_path / "results/tiny/launches").glob("*/slot*/status.json"):
            pid, cell = (json.loads(status.read_text()).get(key) for key in ("pid", "cell"))
            if cell and pid not in killed and read_rows(tmp_path / "results/tiny/cells" / cell):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
        time.sleep(0.05)
    said, _ = driver.communicate(timeout=120)
    assert len(killed) == 2
    assert driver.returncode == 0, said
    assert main([str(sweep), *slower, "--results", "undisturbed"]) == 0
    assert results_of(tmp_path / "results/tiny") == results_of(tmp_path / "undisturbed/tiny")


@pytest.mark.slow
@pytest.mark.parametrize("after", ["at once", "a row"])
def test_ctrl_c_stops_quietly_and_the_same_command_goes_on(sweep: Path, tmp_path: Path, after: str) -> None:
    """SIGINT to the whole foreground group, as a terminal sends it."""
    slower = ["--set", "learner.train.epochs=60", "--only", "first"]
    command = [sys.executable, "-m", "bench.sweep", str(sweep), *slower]
    driver = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    waited_for = "results/tiny/launches/*/slot*" if after == "at once" else "results/tiny/cells/*/rows.jsonl"
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(waited_for)) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(driver.pid, signal.SIGINT)
    _, errors = driver.communicate(timeout=60)
    assert driver.returncode == 130
    assert errors == "stopped; finished cycles are kept, the same command goes on from there\n"
    with pytest.raises(ProcessLookupError):  # nobody of the group is left
        os.killpg(driver.pid, 0)
    assert main([str(sweep), *slower]) == 0
    assert main([str(sweep), *slower, "--results", "undisturbed", "--executor", "debug"]) == 0
    assert results_of(tmp_path / "results/tiny") == results_of(tmp_path / "undisturbed/tiny")
