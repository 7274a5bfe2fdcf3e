"""What the results of a sweep say about one declared comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from analysis.claims.sides import Declared
from analysis.claims.tests import Verdict
from analysis.estimate import Estimate

UNKNOWN = Estimate(math.nan, math.nan, math.nan, 0)


@dataclass(frozen=True)
class ClaimResult:
    """One claim with its numbers, its verdict and a sentence for readers; what is undefined is NaN.

    `planned` is None, and `sentence` says why, where what the claim means cannot be found in the results. `n` seeds out
    of `planned_n` are paired; `unpaired` ones were begun and could not be used; `failed` are the cells that count as
    chance, and `without_failed` is the claim judged without them, as all others. `estimate` is better − than with its
    unadjusted 95 % interval: a fraction for accuracies, for query_speed how many times faster, a note as it is. `p` is
    that of `test`, with its `statistic` and `degrees`; `adjusted` is p by Holm over all claims; `opposing` is the
    adjusted p of the opposite. `status` is interim until every planned run of both arms is in. About `seeds_needed`
    seeds would support the claim where it is undecided and `estimate` lies within it (`holds`), or else refute it.
    """

    name: str
    planned: Declared | None
    n: int = 0
    planned_n: int = 0
    unpaired: tuple[int, ...] = ()
    failed: tuple[str, ...] = ()
    estimate: Estimate = UNKNOWN
    test: str = ""
    statistic: float = math.nan
    degrees: int = 0
    p: float = math.nan
    adjusted: float = math.nan
    opposing: float = math.nan
    holds: bool = False
    verdict: Verdict = "undecided"
    status: Literal["confirmatory", "interim"] = "confirmatory"
    seeds_needed: int | None = None
    remarks: tuple[str, ...] = ()
    sentence: str = ""
    without_failed: ClaimResult | None = None
