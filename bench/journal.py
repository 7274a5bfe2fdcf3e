"""What is written down while a cycle runs: how long each stage took, and the scores that a strategy gave."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Watcher = Callable[[str, float], None]


def unwatched(stage: str, share: float) -> None:
    """Watch nothing."""


class Journal:
    """Stage times in seconds and candidate scores of one cycle.

    Stages nest, their names joined by "/": a strategy's own stages stand under `query/`. `watcher` hears of every
    stage that begins and of its progress; it serves the display and cannot change a result.
    """

    def __init__(self, device: str = "cpu", watcher: Watcher = unwatched) -> None:
        self.seconds: dict[str, float] = {}
        self.scores: torch.Tensor | None = None
        self._device = device
        self._watcher = watcher
        self._open: list[str] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, with the device's queue empty at both ends; times of one name add up."""
        self._open.append(name)
        path = "/".join(self._open)
        self._watcher(path, 0.0)
        self._synchronise()
        started = time.perf_counter()
        try:
            yield
        finally:
            self._synchronise()
            self.seconds[path] = self.seconds.get(path, 0.0) + time.perf_counter() - started
            self._open.pop()

    def progress(self, share: float) -> None:
        """Tell the display which share of the current stage is done, from 0 to 1."""
        self._watcher("/".join(self._open), share)

    def score(self, scores: torch.Tensor) -> None:
        """Keep the scores (m,) of the candidates, larger = more wanted, beside the rows."""
        self.scores = scores.detach()

    def _synchronise(self) -> None:
        if self._device.startswith("cuda"):
            import torch

            torch.cuda.synchronize()
