"""The labelling protocol of an experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from bench.numbers import Count
from bench.registry import NO_RESULT


@dataclass(frozen=True)
class Protocol:
    """How labels are bought: `initial` at first, then `budget` in each of `cycles` cycles, out of `candidates` random
    unlabelled inputs per cycle (null: the whole pool).

    `mode`: in batch the labels of a cycle come together, after the query; in sequential each label is revealed to the
    strategy as it picks. `initial_set`: uniform, or balanced over the classes (which takes knowledge of labels that a
    real start does not have). `label_noise` is the share of pool inputs for which the oracle names a wrong class, drawn
    once per seed. In a sweep file `initial` and `budget` may also be low, medium or high, where the dataset says what
    that is.
    """

    initial: Count
    budget: Count
    cycles: Count = field(metadata=NO_RESULT)
    candidates: Count | None = None
    mode: Literal["batch", "sequential"] = "batch"
    initial_set: Literal["uniform", "balanced"] = "uniform"
    label_noise: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def __post_init__(self) -> None:
        if self.candidates is not None and self.candidates < self.budget:
            raise ValueError(f"candidates: wanted at least the budget of {self.budget}; got {self.candidates}")

    def labels(self, cycle: int) -> int:
        """How many labels there are after a cycle's query."""
        return self.initial + cycle * self.budget
