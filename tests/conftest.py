"""Shared fixtures. What a test needs from the system is skipped with the reason where it is missing, and fails
instead where the variable REQUIRE (slurm,chromium,data) names it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bench.cell import Cell
from bench.data import Data, load_data
from bench.datasets.digits import Digits
from bench.folder import RunFolder
from bench.learners.network import NetworkLearner
from bench.loop import Run
from bench.nets.mlp import MLP
from bench.protocol import Protocol
from bench.recipe import OneCycle, Train
from bench.strategy import Strategy, strategies


def needed(name: str, reason: str) -> None:
    """Skip the running test for want of `name`, or fail it where REQUIRE says that it must be there."""
    if name in os.environ.get("REQUIRE", "").split(","):
        pytest.fail(f"REQUIRE names {name}, but {reason}")
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _strict_numerics() -> Iterator[None]:
    """One thread and deterministic algorithms, as in a worker."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def chromium() -> str:
    """The path of a Chromium that can be run headless."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        needed("chromium", "no chromium is installed (Debian: apt-get install chromium)")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def digits() -> Data:
    """The digits on the CPU."""
    return load_data(Digits(), Path("."), "cpu", "float32")


@pytest.fixture
def cell() -> Cell:
    """A cell that runs in a second: margin sampling by a small perceptron on digits."""
    learner = NetworkLearner(MLP(16, 1), Train(epochs=3, schedule=OneCycle(max_lr=0.05)))
    dataset = Digits()
    return Cell(dataset, learner, Protocol(20, 5, 3, 100), strategy("margin"), 0, dataset.checksum(Path(".")))


def strategy(name: str) -> Strategy:
    """A registered strategy with its default parameters."""
    return strategies.find(name).cls()


def run_of(cell: Cell, data: Data, path: Path) -> Run:
    """A run of a cell in a folder below `path`."""
    folder = RunFolder(path / cell.id)
    folder.create(cell.record())
    return Run(cell, data, folder)


def up_to(cell: Cell, cycles: int) -> Cell:
    """The same cell with another number of cycles."""
    return replace(cell, protocol=replace(cell.protocol, cycles=cycles))
