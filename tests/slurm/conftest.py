"""What the tests of this folder share: Slurm, and what is to run for longer than a test should wait."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from out_of_time import OutOfTime, out_of_time
from slurm_cluster import Cluster, can_account, cluster, why_not
from slurm_sweep import SlurmSweep, slurm_sweep
from support import needed


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running Slurm, with accounting."""
    reason = why_not()
    if reason is None and not can_account():
        reason = "no accounting is installed (Debian: apt-get install slurmdbd mariadb-server)"
    if reason is not None:
        needed("slurm", reason)
    with cluster(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture(scope="session")
def slurm_without_accounting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Another Slurm, of which sacct knows nothing."""
    reason = why_not()
    if reason is not None:
        needed("slurm", reason)
    with cluster(tmp_path_factory.mktemp("slurm"), accounting=False) as running:
        yield running


@pytest.fixture
def sweep(slurm: Cluster, tmp_path: Path) -> Iterator[SlurmSweep]:
    """A sweep of two cells, and none of its jobs after the test."""
    yield slurm_sweep(tmp_path, slurm.environment)
    slurm.run("scancel", "--partition=low")


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The result columns of the cells of such a sweep, run in one process on this machine."""
    alone = slurm_sweep(tmp_path_factory.mktemp("undisturbed"), os.environ)
    assert alone.run("--executor", "debug") == 0, alone.said()
    return alone.outcome()


@pytest.fixture(scope="session")
def timing_out(slurm: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OutOfTime]:
    """What runs into its limit, a minute at least."""
    with out_of_time(slurm, tmp_path_factory.mktemp("time")) as started:
        yield started


@pytest.fixture(scope="session", autouse=True)
def _begin_what_takes_long(request: pytest.FixtureRequest) -> None:
    """Let time pass for what is to run out of it, while the other tests run."""
    if any("timing_out" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("timing_out")
