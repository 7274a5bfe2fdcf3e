"""The labelling protocol of an experiment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from bench.errors import DataError
from bench.numbers import Count, Natural
from bench.registry import NO_RESULT

Mode: TypeAlias = Literal["batch", "sequential"]


Ids: TypeAlias = tuple[Natural, ...]
"""Positions in a pool, in the order of labelling."""


@dataclass(frozen=True)
class Given:
    """A first labelled set that is written down: `ids`, or a JSON `file` with a list of ids or with one for each seed.

    Planning puts the ids in the place of the file, so that a cell holds, and is named by, what they are and not where
    they stood. bench.index_sets reads and writes such files. Over another `initial_set`, write `name: given` too.
    """

    name: Literal["given"] = "given"
    file: str | None = None
    ids: Ids | None = None

    def __post_init__(self) -> None:
        if (self.file is None) == (self.ids is None):
            raise ValueError("wanted either file or ids; got " + ("none" if self.file is None else "both"))
        if self.ids is not None and len(set(self.ids)) < len(self.ids):
            twice = sorted(i for i, times in Counter(self.ids).items() if times > 1)
            raise ValueError(f"ids: wanted each id once; got {', '.join(map(str, twice))} more than once")


@dataclass(frozen=True)
class Protocol:
    """How labels are bought: `initial` at first, then `budget` in each of `cycles` cycles, out of `candidates` random
    unlabelled inputs per cycle (null: the whole pool).

    `mode`: in batch the labels of a cycle come together, after the query; in sequential each label is revealed to the
    strategy as it picks. `initial_set`: uniform, or balanced over the classes (which takes knowledge of labels that a
    real start does not have), or given. `label_noise` is the share of pool inputs for which the oracle names a wrong
    class, drawn once per seed. In a sweep file `initial` and `budget` may also be low, medium or high, where the
    dataset says what that is.
    """

    initial: Count
    budget: Count
    cycles: Count = field(metadata=NO_RESULT)
    candidates: Count | None = None
    mode: Mode = "batch"
    initial_set: Literal["uniform", "balanced"] | Given = "uniform"
    label_noise: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def __post_init__(self) -> None:
        if self.candidates is not None and self.candidates < self.budget:
            raise ValueError(f"candidates: wanted at least the budget of {self.budget}; got {self.candidates}")
        given = self.initial_set.ids if isinstance(self.initial_set, Given) else None
        if given is not None and len(given) != self.initial:
            raise ValueError(f"initial_set: wanted {self.initial} ids, as protocol.initial says; got {len(given)}")

    def labels(self, cycle: int) -> int:
        """How many labels there are after a cycle's query."""
        return self.initial + cycle * self.budget


def check_pool(protocol: Protocol, pool: int) -> None:
    """Raise DataError where a pool of that size has not all the labels that are to be bought."""
    needed = protocol.labels(protocol.cycles)
    if needed > pool:
        raise DataError(
            f"protocol: wanted initial + cycles · budget = {needed} labels; the pool has {pool}. Lower one of them"
        )


def check_ids(protocol: Protocol, pool: int) -> None:
    """Raise DataError where the first labelled set has ids that a pool of that size has not."""
    start = protocol.initial_set
    largest = max(start.ids) if isinstance(start, Given) and start.ids else -1
    if largest >= pool:
        raise DataError(
            f"initial_set: wanted ids from 0 to {pool - 1}, since the pool has {pool} inputs; got {largest}"
        )
