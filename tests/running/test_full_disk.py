"""A results folder that takes no more: the sweep stops with a sentence, and goes on when there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from launched_sweep import LaunchedSweep, Said, expected, launched_sweep, until
from support import needed

from bench.sweep import main

PAGE = 4096
ROOM = 40 * PAGE  # for all that a worker writes but the weights of a cycle
SMALL = """
name: small
defaults:
  dataset: digits
  learner: {name: ridge, penalty: 10}
  protocol: {initial: 20, budget: 5, cycles: 2, candidates: 60}
  seeds: 1
experiments:
  only: {title: The only one, strategies: [random]}
"""


@dataclass(frozen=True)
class Disk:
    """A small disk of its own, mounted at a folder."""

    folder: Path

    def remount(self, options: str) -> None:
        """Change its options; that is refused for the moment in which a file that was replaced is still being read."""
        command = ["mount", "-o", f"remount,{options}", self.folder]
        until(lambda: subprocess.run(command, capture_output=True).returncode == 0, f"to {command}", 10)

    def fill(self, leaving: int = 0) -> None:
        """Write until nothing more fits, then make so many bytes of room."""
        filler = os.open(self.folder / "filler", os.O_WRONLY | os.O_CREAT)
        written = 0
        with suppress(OSError):
            while True:
                written += os.write(filler, bytes(PAGE))
        os.ftruncate(filler, written - leaving)
        os.close(filler)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 4 MiB at `results`."""
    made = Disk(tmp_path / "results")
    made.folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", made.folder]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        needed("mount", "a disk can only be mounted by root, where that is allowed")
    yield made
    subprocess.run(["umount", "--lazy", made.folder], check=True)


@pytest.fixture
def sweep(tmp_path: Path, disk: Disk) -> Iterator[LaunchedSweep]:
    """A sweep with its results on that disk, of which nothing outlives the test."""
    made = launched_sweep(tmp_path)
    yield made
    made.end()


def stops(said: Said, reason: str) -> None:
    """One sentence that names the reason and what to do, and no trace."""
    assert said.status == 2, said
    assert said.errors.startswith("results/launched"), said.errors
    assert said.errors.count(f": wanted a folder that can be written; got {reason}. ") == 1
    assert said.errors.endswith(", then start the sweep again")
    assert "Traceback" not in said.output + said.errors


@pytest.mark.slow
def test_on_a_full_disk_a_sweep_stops_and_with_more_room_it_completes(sweep: LaunchedSweep, disk: Disk) -> None:
    sweep.close()
    driver = sweep.start("--jobs", "1")
    sweep.wait_for_cells(1)
    disk.fill()
    sweep.open()
    stops(driver.ended(), "No space left on device")
    assert sweep.failed() == []
    disk.remount("size=16m")
    said = sweep.run("--executor", "debug")
    assert said.status == 0, said
    assert sweep.outcome() == expected(2)


@pytest.mark.slow
def test_a_disk_that_still_takes_small_files_is_a_full_one(sweep: LaunchedSweep, disk: Disk) -> None:
    """Whether a few bytes can be written says nothing of what a cell has to write; its own word counts."""
    sweep.close()
    driver = sweep.start("--jobs", "1", "--set", "launch.retries.killed=0")
    sweep.wait_for_cells(1)
    disk.fill(leaving=ROOM)
    sweep.open()
    stops(driver.ended(), "No space left on device")
    assert sweep.failed() == []
    assert sweep.statuses() == [["no room"]]


@pytest.mark.slow
def test_on_a_disk_that_becomes_read_only_a_sweep_stops_and_goes_on_when_it_is_not(
    sweep: LaunchedSweep, disk: Disk
) -> None:
    """In one process: while the logs of others are open, such a disk does not let itself be made read-only."""
    sweep.close()
    driver = sweep.start("--executor", "debug")
    sweep.wait_for_cells(1)
    disk.remount("ro")
    sweep.open()
    stops(driver.ended(), "Read-only file system")
    assert sweep.failed() == []
    disk.remount("rw")
    said = sweep.run("--executor", "debug")
    assert said.status == 0, said
    assert sweep.outcome() == expected(2)


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sweep file for commands in this process."""
    (tmp_path / "small.yaml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    return "small.yaml"


@pytest.mark.parametrize("option", [(), ("--detach",), ("--executor", "debug"), ("--retry-failed",)])
def test_where_nothing_can_be_written_a_sweep_does_not_start(
    disk: Disk, small: str, capfd: pytest.CaptureFixture[str], option: tuple[str, ...]
) -> None:
    disk.remount("ro")
    assert main([small, *option]) == 2
    output, errors = capfd.readouterr()
    assert output == ""
    assert errors == (
        "results/small: wanted a folder that can be written; got Read-only file system. What is there is kept: make "
        "room or name another folder (--results), then start the sweep again\n"
    )
    assert list(disk.folder.iterdir()) == []


def test_what_is_on_a_read_only_disk_can_be_looked_at(
    disk: Disk, small: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([small, "--executor", "debug"]) == 0
    disk.remount("ro")
    for look in ("--status", "--dry-run"):
        capfd.readouterr()
        assert main([small, look]) == 0
        output, errors = capfd.readouterr()
        assert "small: 1 cells in results/small: 1 done" in output
        assert errors == ""


def test_a_sweep_on_a_read_only_disk_cannot_be_told_to_stop_and_that_is_said(
    disk: Disk, small: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([small, "--executor", "debug"]) == 0
    disk.remount("ro")
    capfd.readouterr()
    assert main([small, "--cancel"]) == 2
    assert "wanted to leave the mark that tells workers to stop; got Read-only file system" in capfd.readouterr().err
