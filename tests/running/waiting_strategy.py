"""A strategy that waits where a test wants, in whichever process it runs.

Where the file that LOOKAHEAD_TEST_GATE names holds the number of a cycle, queries from that cycle on wait until it is
gone. That is no hyper-parameter: the cell is the same, and so must be its results.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.strategy import TopScore, strategies
from bench.view import View

if TYPE_CHECKING:
    import torch


@strategies.register("waiting")
@dataclass(frozen=True)
class Waiting(TopScore):
    """Least confident first, once the gate is open."""

    def score(self, view: View) -> torch.Tensor:
        gate = Path(os.environ["LOOKAHEAD_TEST_GATE"])
        while _closed_at(gate) <= view.cycle:
            time.sleep(0.02)
        return 1 - view.probabilities.amax(dim=1)  # (m,)


def _closed_at(gate: Path) -> float:
    try:
        return int(gate.read_text())
    except FileNotFoundError:
        return float("inf")
