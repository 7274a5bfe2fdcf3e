"""Sweeps through a real Slurm: what is submitted, waited for and said, and that results do not depend on it."""

from __future__ import annotations

import pytest
from slurm_cluster import Cluster
from slurm_daemons import until
from slurm_sweep import SlurmSweep, ctrl_c

pytestmark = [pytest.mark.slow]

ONE_JOB = "launch.slurm.cells_per_job=2"


def test_an_array_completes_with_the_columns_of_one_process(
    sweep: SlurmSweep, slurm: Cluster, undisturbed: dict[str, list[str]]
) -> None:
    assert sweep.run() == 0, sweep.said()
    assert sweep.outcome() == undisturbed
    assert sweep.statuses() == [["done"]] * 2
    (array,) = sweep.arrays()
    ended = {f"{array}_0": "COMPLETED", f"{array}_1": "COMPLETED"}
    until(lambda: slurm.sacct(array) == ended, "a completed array by the accounting")


def test_a_cell_that_raises_fails_with_its_trace_and_the_job_goes_on(sweep: SlurmSweep) -> None:
    assert sweep.run("--set", "experiments.gated.strategies=[gated, raising]", "seeds=1", ONE_JOB) == 1
    (failure,) = sweep.failures()
    assert failure["kind"] == "exception"
    assert failure["message"] == "as the test wished"
    assert "gated_strategies.py" in failure["trace"]
    assert failure["log"] == "about to raise"
    assert sorted(sweep.statuses()) == [["done"], ["exception"]]
    assert "raising seed 0" in sweep.said()
    assert "as the test wished" in sweep.said()
    assert "1 done, 1 failed" in sweep.said()
    assert len({attempt["environment"]["slurm"]["SLURM_JOB_ID"] for attempt in sweep.attempts()}) == 1


def test_cancel_takes_the_jobs_out_and_fails_no_cell(sweep: SlurmSweep, slurm: Cluster) -> None:
    sweep.close()
    assert sweep.run("--detach") == 0, sweep.said()
    sweep.wait_for_workers(2)
    assert sweep.run("--status") == 0
    assert "2 running" in sweep.said()
    (array,) = sweep.arrays()
    assert sweep.run("--cancel") == 0
    until(lambda: not [job for job in slurm.squeue() if job.startswith(array)], "no job of the array")
    assert sweep.run("--status") == 0
    assert "2 missing" in sweep.said()
    assert sweep.failures() == []


def test_ctrl_c_leaves_the_jobs_and_the_next_command_waits_for_them(
    sweep: SlurmSweep, undisturbed: dict[str, list[str]]
) -> None:
    sweep.close()
    driver = sweep.start()
    sweep.wait_for_workers(2)
    ctrl_c(driver)
    assert sweep.ended(driver) == 130
    assert "detached" in sweep.said()
    second = sweep.start()
    sweep.open()
    assert sweep.ended(second) == 0, sweep.said()
    assert sweep.statuses() == [["done"]] * 2
    assert len(sweep.arrays()) == 1
    assert sweep.outcome() == undisturbed


def test_what_is_under_way_is_not_submitted_again(sweep: SlurmSweep) -> None:
    sweep.close()
    assert sweep.run("--detach") == 0, sweep.said()
    sweep.wait_for_workers(2)
    assert sweep.run("--detach") == 0, sweep.said()
    assert sweep.said().count("nothing to submit. The same command waits for it") == 1
    sweep.open()
    assert sweep.run() == 0, sweep.said()
    assert sweep.statuses() == [["done"]] * 2
    assert len(sweep.arrays()) == 1


def test_a_failed_cell_is_submitted_again_while_others_of_its_array_go_on(sweep: SlurmSweep) -> None:
    given = ("--set", "experiments.gated.strategies=[gated, raising]", "seeds=1")
    sweep.close()
    driver = sweep.start(*given)
    sweep.wait_for_workers(1)
    until(lambda: sweep.failures() != [], "the failure of the cell that raises")
    ctrl_c(driver)
    assert sweep.ended(driver) == 130
    assert sweep.run(*given, "--retry-failed", "--detach") == 0, sweep.said()
    until(lambda: ["exception", "exception"] in sweep.statuses(), "its second attempt")
    assert [None] in sweep.statuses()
    sweep.open()
    assert sweep.run(*given) == 1, sweep.said()
    assert sorted(sweep.statuses()) == [["done"], ["exception", "exception"]]


def test_more_seeds_are_submitted_while_the_first_ones_go_on(sweep: SlurmSweep) -> None:
    sweep.close()
    assert sweep.run("--detach", "--set", "seeds=1") == 0, sweep.said()
    sweep.wait_for_workers(1)
    driver = sweep.start()
    sweep.wait_for_workers(2)
    sweep.open()
    assert sweep.ended(driver) == 0, sweep.said()
    assert sweep.statuses() == [["done"]] * 2
    assert len(sweep.arrays()) == 2


def test_jobs_that_slurm_refuses_are_a_message_with_its_words(sweep: SlurmSweep) -> None:
    assert sweep.run("--set", "launch.slurm.partition=nowhere") == 2
    assert "invalid partition" in sweep.said()
    assert "Traceback" not in sweep.said()


def test_jobs_that_end_before_they_take_a_cell_stop_the_command(sweep: SlurmSweep) -> None:
    assert sweep.run("--set", "launch.slurm.setup=['echo no such module >&2; exit 1']", "seeds=1") == 2
    assert "no such module" in sweep.said()
    assert "Traceback" not in sweep.said()


def test_workers_at_once_see_one_gpu_each(sweep: SlurmSweep) -> None:
    sweep.close()
    driver = sweep.start("--set", "launch.slurm.gpus=1")
    sweep.wait_for_workers(2)
    sweep.open()
    assert sweep.ended(driver) == 0, sweep.said()
    assert sorted(each["environment"]["cuda_visible_devices"] for each in sweep.attempts()) == ["0", "1"]
