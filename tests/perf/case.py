"""A case of the benchmark: our code and, where there is one, a peer's, measured in turns in one run."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from bench.memory import peak_mib, reset_peak


class Row(TypedDict):
    """A line of results/bench.json: medians in seconds, peak memory above what was held before in MiB.

    ratio = peer_s / ours_s, so larger is better for us; None where there is no peer.
    """

    name: str
    ours_s: float
    peer: str | None
    peer_s: float | None
    ratio: float | None
    ours_peak_mb: float
    peer_peak_mb: float | None
    note: str


@dataclass(frozen=True)
class Case:
    """What is measured. Both sides are called once before the clock runs, and then `repeats` times, in turns.

    `note` is asked for after the runs, so that it may state what they showed. A peer that does only `peer_share` of the
    work has its times divided by that.
    """

    name: str
    ours: Callable[[], object]
    peer: Callable[[], object] | None = None
    peer_name: str | None = None
    repeats: int = 5
    note: Callable[[], str] = str
    peer_share: float = 1.0

    def measure(self) -> Row:
        """Run the case."""
        sides = [self.ours] if self.peer is None else [self.ours, self.peer]
        peaks = [_peak(side) for side in sides]
        seconds: list[list[float]] = [[] for _ in sides]
        for _ in range(self.repeats):
            for times, side in zip(seconds, sides, strict=True):
                times.append(_seconds(side))
        medians = [statistics.median(times) for times in seconds]
        peer = medians[1] / self.peer_share if self.peer is not None else None
        return Row(
            name=self.name,
            ours_s=medians[0],
            peer=self.peer_name,
            peer_s=peer,
            ratio=None if peer is None else peer / medians[0],
            ours_peak_mb=peaks[0],
            peer_peak_mb=peaks[1] if self.peer is not None else None,
            note=self.note(),
        )


def _seconds(side: Callable[[], object]) -> float:
    started = time.perf_counter()
    side()
    return time.perf_counter() - started


def _peak(side: Callable[[], object]) -> float:
    gc.collect()
    reset_peak("cpu")
    before = peak_mib("cpu")
    side()
    return peak_mib("cpu") - before
