"""Fixtures that all tests share."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import needed, strategy

from bench.cell import Cell
from bench.data import Data, load_data
from bench.datasets.digits import Digits
from bench.learners.network import NetworkLearner
from bench.nets.mlp import MLP
from bench.numerics import strict
from bench.protocol import Protocol
from bench.recipe import OneCycle, Train

os.environ.setdefault("LOOKAHEAD_BENCH_TRACKING", "off")  # tests of mirroring turn it on

collect_ignore = ["sample_plugin"]  # a package of its own, tested by running/test_third_party.py


@pytest.fixture(autouse=True)
def _strict_numerics() -> Iterator[None]:
    """One thread and deterministic algorithms, as in a worker."""
    with strict(threads=1):
        yield


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
