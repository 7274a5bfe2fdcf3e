"""What a sweep is: which strategies are compared, under which settings, over which seeds.

The grammar of a sweep file is these dataclasses; `experiments` override `defaults` by the same keys, a `grid` varies
any of them. bench.sweep_file reads one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from bench.audit import Audit
from bench.data import Dataset, Precision
from bench.launching.options import Launch
from bench.learner import Learner
from bench.own_names import SWEEP
from bench.protocol import Protocol
from bench.record import ClaimKind, ClaimMetric, Figure
from bench.seeds import Seeds, listed
from bench.strategy import Strategy
from bench.streams import Varied, in_order
from bench.tracked import Tracking
from bench.tuning.section import Tuning

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A name that is also a folder's or a file's."""

SweepName = Annotated[str, Field(pattern=f"^{SWEEP.pattern}$")]
"""A name of a sweep, which is its results folder's too."""

Label = Annotated[str, Field(min_length=1)]
"""What an arm is called in tables and figures."""


@dataclass(frozen=True)
class Settings:
    """What every cell of an experiment shares, and what a grid may vary.

    `seeds`: how many, from 0 on; or a list of them; or {first, count}. `audit`: what else to measure before queries.
    `vary`: the random streams that follow the seed, such as [initial, weights]; the others stay as with seed 0.
    """

    dataset: Dataset
    learner: Learner
    protocol: Protocol
    seeds: Seeds = 6
    precision: Precision = "float32"
    audit: Audit | None = None
    vary: Varied = "all"

    def __post_init__(self) -> None:
        in_order(self.vary)
        listed(self.seeds)

    @property
    def varied(self) -> Varied:
        """The streams that follow the seed, in the order of bench.streams.NAMES."""
        return in_order(self.vary)

    @property
    def seed_list(self) -> list[int]:
        """The seeds, one by one."""
        return listed(self.seeds)


@dataclass(frozen=True)
class DataFolder:
    """Where data files are; null: the variable LOOKAHEAD_BENCH_DATA, else a cache folder of the user."""

    root: str | None = None


@dataclass(frozen=True)
class Claim:
    """A comparison declared before the run: arm `better` of an experiment against arm `than`.

    superior: better − than > margin; non_inferior: better − than > −margin; equivalent: |better − than| < margin. The
    margin is in percentage points (default 0). For query_speed it is a factor (default 1): superior with 100 means that
    `better` queries more than 100 times faster. `group` is a point of the experiment's grid and may be left out where
    there is only one; `than` stands in the same experiment and group unless `than_experiment` or `than_group` says
    otherwise. With `from_random` each side is its difference from its own group's Random.

    With `metric: note` what is compared is the mean over cycles of a figure that rows have among their notes, such as
    fidelity/entk/rank_correlation of an audit; `note` names it, and the margin is in its unit.
    """

    experiment: str
    better: str
    than: str
    kind: ClaimKind = "superior"
    metric: ClaimMetric = "aubc"
    margin: float | None = None
    group: str | None = None
    than_experiment: str | None = None
    than_group: str | None = None
    from_random: bool = False
    note: str | None = None

    def __post_init__(self) -> None:
        if (self.metric == "note") != (self.note is not None):
            raise ValueError(f"note: wanted a figure's name with metric: note, and none without; got {self.note!r}")
        elsewhere = self.than_experiment not in (None, self.experiment) or self.than_group not in (None, self.group)
        if self.better == self.than and not elsewhere:
            raise ValueError(f"than: wanted another arm than {self.better!r}; got the same")
        if self.from_random and self.metric == "query_speed":
            raise ValueError("from_random: wanted false for query_speed: times are compared as they are; got true")
        margin, strict = self.least_margin if self.margin is None else self.margin, self.kind != "superior"
        if margin < self.least_margin or (strict and margin == self.least_margin):
            unit = {"query_speed": "a factor", "note": "a number"}.get(self.metric, "percentage points")
            wanted = f"{unit} {'>' if strict else '>='} {self.least_margin:g} for kind: {self.kind}"
            raise ValueError(f"margin: wanted {wanted}; got {margin:g}")

    @property
    def least_margin(self) -> float:
        """What the margin is where nothing is written: no difference at all."""
        return 1.0 if self.metric == "query_speed" else 0.0


@dataclass(frozen=True)
class NamedStrategy:
    """A strategy and what it is called in tables and figures."""

    label: str
    strategy: Strategy


@dataclass(frozen=True)
class Point:
    """One point of an experiment's grid: "" without a grid, else what it varies, such as "widen=2"."""

    group: str
    settings: Settings


@dataclass(frozen=True)
class Experiment:
    """Strategies compared with each other at every point of a grid."""

    name: str
    title: str
    figure: Figure
    points: tuple[Point, ...]
    strategies: tuple[NamedStrategy, ...]


@dataclass(frozen=True)
class Sweep:
    """A whole sweep file, resolved and checked."""

    name: str
    source: str
    experiments: tuple[Experiment, ...]
    claims: dict[str, Claim] = field(default_factory=dict)
    launch: Launch = field(default_factory=Launch)
    data: DataFolder = field(default_factory=DataFolder)
    tuning: Tuning | None = None
    tracking: Tracking = field(default_factory=Tracking)
