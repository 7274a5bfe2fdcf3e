"""What tests share beside fixtures. What a test needs from the system is skipped with the reason where it is missing,
and fails instead where the variable REQUIRE (slurm,chromium,latex,data) names it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bench.build import build
from bench.cell import Cell
from bench.data import Data
from bench.folder import RunFolder
from bench.located import located
from bench.loop import Run
from bench.strategy import Strategy


def needed(name: str, reason: str) -> None:
    """Skip the running test for want of `name`, or fail it where REQUIRE says that it must be there."""
    if name in os.environ.get("REQUIRE", "").split(","):
        pytest.fail(f"REQUIRE names {name}, but {reason}")
    pytest.skip(reason)


def strategy(name: str) -> Strategy:
    """A registered strategy, by its name alone."""
    return build(Strategy, located(name, "test"))


def run_of(cell: Cell, data: Data, path: Path) -> Run:
    """A run of a cell in a folder below `path`."""
    folder = RunFolder(path / cell.id)
    folder.create(cell.record())
    return Run(cell, data, folder)


def up_to(cell: Cell, cycles: int) -> Cell:
    """The same cell with another number of cycles."""
    return replace(cell, protocol=replace(cell.protocol, cycles=cycles))
