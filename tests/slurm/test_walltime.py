"""The limit of a job's time. All of it begins with the first test of this folder, and the limits have passed by now."""

from __future__ import annotations

import pytest
from out_of_time import WITHIN, OutOfTime
from slurm_cluster import Cluster
from slurm_daemons import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * WITHIN)]


def test_a_job_is_ended_when_its_time_is_over(slurm: Cluster, timing_out: OutOfTime) -> None:
    job = timing_out.job
    slurm.wait(job, "TIMEOUT", WITHIN)
    until(lambda: slurm.sacct(job) == {job: "TIMEOUT"}, "the accounting's word")


def test_a_cell_whose_cycle_is_longer_than_a_job_fails_as_a_timeout(timing_out: OutOfTime) -> None:
    """Its first job finished two cycles, so that only the second one, which finished none, is held against it."""
    sweep, driver = timing_out.warned
    assert driver.wait(WITHIN) == 1, sweep.said()
    (failure,) = sweep.failures()
    assert failure["kind"] == "timeout"
    assert failure["cycle"] == 2
    assert sweep.statuses() == [["timeout", "timeout"]]
    assert "time limit" in sweep.said()


def test_a_worker_that_was_killed_at_its_limit_is_a_timeout_and_its_cell_goes_on(
    slurm: Cluster, timing_out: OutOfTime, undisturbed: dict[str, list[str]]
) -> None:
    sweep, driver = timing_out.deaf
    assert driver.wait(WITHIN) == 0, sweep.said()
    assert sweep.statuses() == [["timeout", "done"]]
    assert "TIMEOUT" in slurm.sacct(sweep.arrays()[0]).values()
    assert sweep.outcome().items() <= undisturbed.items()
