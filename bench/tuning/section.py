"""The section `tune` of a sweep file: which settings are searched, and by what they are judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue

from bench.numbers import Count
from bench.seeds import SeedRange, Seeds, listed

if TYPE_CHECKING:
    from bench.config import Experiment

Metric: TypeAlias = Literal["aubc", "final_accuracy"]


@dataclass(frozen=True)
class Tune:
    """A search over settings of one experiment, with Random as the only strategy.

    `space`: dotted keys of learner, dataset.augment or dataset.normalise, each with its list of values. `seeds`: none
    of them may be a seed of the sweep. `metric`: its mean over the seeds is to be large. `trials`: how many points of
    the space are drawn, by a stream of the first seed; null: all of them are tried. `keep`: the file that the winner is
    written to, relative to the sweep file.
    """

    experiment: str
    space: dict[str, JsonValue]
    keep: Annotated[str, Field(min_length=1)]
    seeds: Seeds = field(default_factory=lambda: SeedRange(1000, 3))
    metric: Metric = "aubc"
    trials: Count | None = None

    def __post_init__(self) -> None:
        if not self.space:
            raise ValueError("space: wanted at least one key with its list of values; got none")
        listed(self.seeds)


@dataclass(frozen=True)
class Trial:
    """One point of the space: what it is called, and the value of each of its dotted keys."""

    name: str
    values: dict[str, JsonValue]


@dataclass(frozen=True)
class Tuning:
    """A section with what it stands for: `experiment` is Random at every trial's settings, in the order of `trials`."""

    section: Tune
    experiment: Experiment
    trials: tuple[Trial, ...]
