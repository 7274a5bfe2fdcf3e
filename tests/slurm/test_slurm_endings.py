"""How attempts end that Slurm or somebody else ends, and that their cells go on to the same results."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from slurm_cluster import Cluster
from slurm_daemons import until
from slurm_sweep import SlurmSweep, slurm_sweep

pytestmark = [pytest.mark.slow]

PREEMPTED_WITHIN = 90.0
"""Seconds: Slurm's time of grace, its wait before it kills, and the requeue, on a busy machine."""


@pytest.fixture(scope="module")
def without_sacct(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A PATH with all programs but one."""
    folder = tmp_path_factory.mktemp("bin")
    for program in (each for place in os.get_exec_path() for each in Path(place).glob("*")):
        if program.name != "sacct" and not (folder / program.name).is_symlink():
            (folder / program.name).symlink_to(program)
    return {"PATH": str(folder)}


def test_a_killed_worker_s_cell_is_taken_up_again(sweep: SlurmSweep, undisturbed: dict[str, list[str]]) -> None:
    sweep.close()
    driver = sweep.start()
    sweep.wait_for_workers(2)
    os.kill(sweep.waiting()[0], signal.SIGKILL)
    sweep.open()
    assert sweep.ended(driver) == 0, sweep.said()
    assert sorted(sweep.statuses()) == [["done"], ["killed", "done"]]
    assert sweep.outcome() == undisturbed


@pytest.mark.parametrize("warned", [True, False])
def test_a_preempted_cell_goes_on_from_its_last_cycle(
    sweep: SlurmSweep, slurm: Cluster, undisturbed: dict[str, list[str]], warned: bool
) -> None:
    """Also where the worker was too busy to hear Slurm's warning, and was killed."""
    if not warned:
        sweep.deafen()
    sweep.close()
    driver = sweep.start("--set", "launch.slurm.gpus=1")
    sweep.wait_for_workers(2)
    job = slurm.submit("sleep 2", "--gpus=1", "--partition=high")
    slurm.wait(job, "COMPLETED", PREEMPTED_WITHIN)
    sweep.open()
    assert sweep.ended(driver) == 0, sweep.said()
    assert sorted(sweep.statuses())[-1] == ["preempted", "done"]
    assert sweep.outcome() == undisturbed
    again = [attempt["environment"]["slurm"].get("SLURM_RESTART_COUNT") for attempt in sweep.attempts()]
    assert "1" in again, "Slurm itself put the job back in the queue"
    assert len(sweep.arrays()) == 1


def test_cancelled_in_slurm_the_command_ends_and_the_next_one_goes_on(
    sweep: SlurmSweep, slurm: Cluster, undisturbed: dict[str, list[str]]
) -> None:
    sweep.close()
    driver = sweep.start()
    sweep.wait_for_workers(2)
    slurm.run("scancel", *sweep.arrays())
    assert sweep.ended(driver) == 1, sweep.said()
    assert "cancelled" in sweep.said()
    assert sweep.statuses() == [["cancelled"]] * 2
    assert sweep.failures() == []
    sweep.open()
    assert sweep.run() == 0, sweep.said()
    assert sweep.statuses() == [["cancelled", "done"]] * 2
    assert sweep.outcome() == undisturbed


def test_cancelled_in_slurm_a_command_that_found_the_jobs_there_ends_too(sweep: SlurmSweep, slurm: Cluster) -> None:
    sweep.close()
    assert sweep.run("--detach") == 0, sweep.said()
    sweep.wait_for_workers(2)
    second = sweep.start()
    until(lambda: "2 running" in sweep.said(), "a second command that waits")
    slurm.run("scancel", *sweep.arrays())
    assert sweep.ended(second) == 1, sweep.said()
    assert sweep.statuses() == [["cancelled"]] * 2


@pytest.mark.parametrize("by", ["killed", "cancelled"])
def test_without_accounting_what_became_of_a_worker_is_found_out(
    slurm_without_accounting: Cluster, by: str, tmp_path: Path, without_sacct: dict[str, str]
) -> None:
    sweep = slurm_sweep(tmp_path, {**slurm_without_accounting.environment, **without_sacct})
    sweep.close()
    driver = sweep.start("--set", "seeds=1")
    sweep.wait_for_workers(1)
    if by == "killed":
        os.kill(sweep.waiting()[0], signal.SIGKILL)
    else:
        slurm_without_accounting.run("scancel", *sweep.arrays())
        assert sweep.ended(driver) == 1, sweep.said()
        driver = sweep.start("--set", "seeds=1")
    sweep.open()
    assert sweep.ended(driver) == 0, sweep.said()
    assert sweep.statuses() == [[by, "done"]]
