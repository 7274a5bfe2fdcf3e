"""Launches as a person commands them: in the background, cancelled from elsewhere, left by a driver that was killed."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from launched_sweep import PATIENCE, WORKER, Command, LaunchedSweep, expected, launched_sweep, until

from bench.files import write_json
from bench.launching.cancel import cancel
from bench.launching.folder import LaunchFolder
from bench.process import me
from bench.record import cell_folder

STOPPED = "stopped by --cancel; finished cycles are kept, the same command goes on from there"


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[LaunchedSweep]:
    """A sweep of which nothing outlives the test."""
    made = launched_sweep(tmp_path)
    yield made
    made.end()


def most_workers(sweep: LaunchedSweep, driver: Command, seconds: float) -> int:
    """The largest number of workers that live at once until the driver ends, or the time is over."""
    most, deadline = 0, time.monotonic() + seconds
    while driver.process.poll() is None and time.monotonic() < deadline:
        most = max(most, len(sweep.processes(WORKER)))
        time.sleep(0.2)
    return most


@pytest.mark.slow
def test_a_detached_sweep_completes_in_the_background(sweep: LaunchedSweep) -> None:
    sweep.close()
    said = sweep.run("--detach", "--jobs", "1", "--set", "seeds=1")
    assert said.status == 0
    told = re.search(r"process (\d+) drives the sweep and writes (\S+)\.", said.output)
    assert told is not None
    driver = int(told.group(1))
    assert os.getsid(driver) == driver, "it belongs to no terminal"
    sweep.wait_for_cells(1)
    sweep.open()
    until(lambda: driver not in sweep.processes(), "the end of the driver")
    assert sweep.outcome() == expected(1)
    assert "1 done; rows in results/launched" in (sweep.folder / told.group(2)).read_text()


@pytest.mark.slow
def test_a_sweep_is_cancelled_from_another_process_and_gone_on_with(sweep: LaunchedSweep) -> None:
    sweep.close()
    driver = sweep.start()
    sweep.wait_for_cells(2)
    said = sweep.run("--cancel")
    assert said.status == 0
    assert said.output.endswith(": told 2 workers on this machine to stop")
    said = driver.ended(seconds=15)
    assert said.status == 1
    assert STOPPED in said.output
    assert said.errors == ""
    assert sweep.statuses() == [["interrupted"]] * 2
    assert [len(rows) for rows in sweep.outcome().values()] == [2, 2]
    assert sweep.processes() == []
    sweep.open()
    assert sweep.run("--executor", "debug").status == 0
    assert sweep.outcome() == expected(2)


@pytest.mark.slow
def test_a_sweep_in_one_process_is_cancelled_all_the_same(sweep: LaunchedSweep) -> None:
    sweep.close()
    driver = sweep.start("--executor", "debug")
    sweep.wait_for_cells(1)
    assert sweep.run("--cancel").output.endswith(": told 1 worker on this machine to stop")
    said = driver.ended(seconds=15)
    assert said.status == 1
    assert STOPPED in said.output
    assert sweep.statuses() == [["interrupted"]]


@pytest.mark.slow
def test_the_workers_of_a_killed_driver_keep_their_slots(sweep: LaunchedSweep) -> None:
    """Three cells in two slots: the third cell waits until one of the two is free, as if nothing had happened."""
    sweep.close()
    three = ("--set", "seeds=3")
    first = sweep.start(*three)
    sweep.wait_for_cells(2)
    workers = sweep.processes(WORKER)
    first.process.kill()
    first.process.wait()
    second = sweep.start(*three)
    assert most_workers(sweep, second, 4) == 2
    assert sweep.processes(WORKER) == workers
    sweep.open()
    assert most_workers(sweep, second, PATIENCE) <= 2
    said = second.ended()
    assert said.status == 0
    assert "3 done; rows in results/launched" in said.output
    assert sweep.statuses() == [["done"]] * 3
    assert sweep.outcome() == expected(3)


def test_where_nothing_runs_there_is_nothing_to_cancel(tmp_path: Path) -> None:
    assert list(cancel(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_workers_of_another_machine_are_said_to_be_told_by_the_mark(tmp_path: Path) -> None:
    launch = LaunchFolder(tmp_path / "launches/one")
    launch.note("local")
    elsewhere = {**me(), "host": "node7"}
    for number, cell in enumerate(("a", "b")):
        status = {"cell": cell, "doing": "cycle 1: fit", "share": 0.0, **elsewhere}
        write_json(launch.path / f"slot{number}/status.json", status)
    write_json(cell_folder(tmp_path, "a") / "lease.0", elsewhere)  # nobody holds b any more
    assert list(cancel(tmp_path)) == ["one: left a mark for 1 worker on node7, to stop at it"]
    assert launch.stopped


def test_a_launch_that_was_cancelled_bears_the_mark(tmp_path: Path) -> None:
    launch = LaunchFolder(tmp_path / "launches/one")
    launch.note("local")
    assert not launch.stopped
    assert list(cancel(tmp_path)) == []
    assert launch.stopped
