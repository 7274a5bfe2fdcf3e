"""A third party's package: installed, listed, run in a sweep, passing the contract by its own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SOURCE = Path(__file__).parents[1] / "sample_plugin"

SWEEP = """
name: theirs
defaults:
  dataset: {name: sample-rings, rings: 2}
  learner: {name: network, net: sample-linear, train: {epochs: 2, schedule: {name: onecycle, max_lr: 0.05}}}
  protocol: {initial: 6, budget: 3, cycles: 2}
  seeds: 1
experiments:
  theirs: {strategies: [random, sample-farthest, {name: sample-farthest, sign: -1}]}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a process that has the package installed."""
    folder = tmp_path_factory.mktemp("third party")
    shutil.copytree(SOURCE, folder / "source")
    site = folder / "site"
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(site),
    ]
    subprocess.run([*pip, str(folder / "source")], check=True)
    return {**os.environ, "PYTHONPATH": str(site)}


def ran(arguments: list[str], environment: dict[str, str], folder: Path) -> str:
    told = subprocess.run(
        [sys.executable, *arguments], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_it_is_listed(installed: dict[str, str], tmp_path: Path) -> None:
    said = ran(["-m", "bench.sweep", "--list"], installed, tmp_path)
    assert "  sample-farthest\n      Candidates farthest from their nearest labelled neighbour" in said
    assert "  sample-nearest\n" in said
    assert "= sign: -1" in said
    assert "rings: an integer >= 1 (default 3)" in said
    assert "sample-linear" in said


def test_it_runs_in_a_sweep(installed: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "theirs.yaml").write_text(SWEEP)
    said = ran(["-m", "bench.sweep", "theirs.yaml", "--jobs", "1"], installed, tmp_path)
    assert "3 done" in said
    assert "sample-farthest(sign=-1)" in said


def test_it_passes_the_contract(installed: dict[str, str], tmp_path: Path) -> None:
    tests = SOURCE / "test_plugin.py"
    said = ran(
        ["-m", "pytest", str(tests), "-p", "no:cacheprovider", "--noconftest", "-c", os.devnull], installed, tmp_path
    )
    assert "3 passed" in said


def test_without_it_the_name_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "theirs.yaml").write_text(SWEEP)
    told = subprocess.run(
        [sys.executable, "-m", "bench.sweep", "theirs.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert told.returncode == 2
    assert "no dataset named 'sample-rings'" in told.stderr
