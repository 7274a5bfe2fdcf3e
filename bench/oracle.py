"""The oracle: the only way from a pool id to its label, and it counts."""

from __future__ import annotations

import torch


class Oracle:
    """Answers with labels of the pool (n,) and remembers which ids it was asked for before the end of a query."""

    def __init__(self, labels: torch.Tensor) -> None:
        self._labels = labels
        self.revealed: list[int] = []

    def labels(self, ids: torch.Tensor) -> torch.Tensor:
        """The labels (n,) of a finished query's ids (n,)."""
        return self._labels[ids]

    def reveal(self, identifier: int) -> int:
        """One label in the middle of a query; counted."""
        self.revealed.append(identifier)
        return int(self._labels[identifier])


def noisy(labels: torch.Tensor, classes: int, rate: float, generator: torch.Generator) -> torch.Tensor:
    """Labels (n,) of which each is, with probability `rate`, replaced by another class, uniformly drawn."""
    wrong = torch.rand(len(labels), generator=generator) < rate  # (n,)
    shift = torch.randint(1, classes, (len(labels),), generator=generator)  # (n,), never 0
    return torch.where(wrong.to(labels.device), (labels + shift.to(labels.device)) % classes, labels)
