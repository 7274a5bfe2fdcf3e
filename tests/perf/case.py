"""A case of the benchmark: our code and, where there is one, a peer's, measured in turns in one run."""

from __future__ import annotations

import ctypes
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from bench.memory import peak_mib, reset_peak


class Row(TypedDict):
    """An entry of results/bench.json: medians in seconds, peak memory of this process above what it held before in MiB.

    ratio = peer_s / ours_s, so larger is better for us; None where there is no peer. Peaks are None where other
    processes do the work.
    """

    name: str
    ours_s: float
    peer: str | None
    peer_s: float | None
    ratio: float | None
    ours_peak_mb: float | None
    peer_peak_mb: float | None
    note: str


@dataclass(frozen=True)
class Case:
    """What is measured. Both sides are called once before the clock runs, and then `repeats` times, in turns.

    The peak is the largest of those runs. `note` is asked for after them, so that it may state what they showed. A peer
    that does only `peer_share` of the work has its times divided by that. `elsewhere`: other processes do the work.
    """

    name: str
    ours: Callable[[], object]
    peer: Callable[[], object] | None = None
    peer_name: str | None = None
    repeats: int = 5
    note: Callable[[], str] = str
    peer_share: float = 1.0
    elsewhere: bool = False

    def measure(self) -> Row:
        """Run the case."""
        sides = [self.ours] if self.peer is None else [self.ours, self.peer]
        for side in sides:
            side()
        measured: list[list[tuple[float, float]]] = [[] for _ in sides]
        for _ in range(self.repeats):
            for runs, side in zip(measured, sides, strict=True):
                runs.append(_run(side))
        medians = [statistics.median(seconds for seconds, _ in runs) for runs in measured]
        peaks = [None if self.elsewhere else max(peak for _, peak in runs) for runs in measured]
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


def _run(side: Callable[[], object]) -> tuple[float, float]:
    """Seconds and peak memory of a call; what was freed before it is given back to the system, so as to count again."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    reset_peak("cpu")
    before, started = peak_mib("cpu"), time.perf_counter()
    side()
    return time.perf_counter() - started, peak_mib("cpu") - before
