"""Strategies that do as a test wishes, from within a worker: they stop at a gate, or raise.

The gate is the folder that LOOKAHEAD_TEST_GATE names. Where a file `closed` in it holds the number of a cycle, queries
from that cycle on wait for the file to go; a worker that has come there leaves its process number in `at`. With a file
`deaf` it hears no signal that a process can ignore, like one in the middle of a long computation; with a file `once`
only the first process that comes has to wait.
Nothing of this is a hyper-parameter: the cell is the same, and so must be its results.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.strategy import TopScore, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


@strategies.register("gated")
@dataclass(frozen=True)
class Gated(TopScore):
    """Least confident first, once the gate is open."""

    def score(self, view: View) -> torch.Tensor:
        gate = Path(os.environ["LOOKAHEAD_TEST_GATE"])
        while _closed_at(gate) <= view.cycle and not _others_came(gate):
            if (gate / "deaf").exists():
                _ignore(signal.SIGUSR2, signal.SIGTERM)
            (gate / "at" / str(os.getpid())).touch()
            time.sleep(0.05)
        return 1 - view.probabilities.amax(dim=1)  # (m,)


@strategies.register("raising")
@dataclass(frozen=True)
class Raising(TopScore):
    """Prints and raises."""

    def score(self, view: View) -> torch.Tensor:
        print("about to raise")
        raise ValueError("as the test wished")


def _closed_at(gate: Path) -> float:
    try:
        return int((gate / "closed").read_text())
    except FileNotFoundError:
        return float("inf")


def _others_came(gate: Path) -> bool:
    came = {path.name for path in (gate / "at").iterdir()} - {str(os.getpid())}
    return bool(came) and (gate / "once").exists()


def _ignore(*signals: signal.Signals) -> None:
    for each in signals:  # a mask would not do: a thread of the harness's would hear them
        signal.signal(each, signal.SIG_IGN)
