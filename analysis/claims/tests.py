"""From the differences of a claim to its verdict: the test that the claim calls for, and the test of its opposite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis.statistics.families import holm
from analysis.statistics.margins import equivalent, non_inferior, superior
from analysis.statistics.paired import PairedTest, paired_t_test
from analysis.statistics.power import seeds_needed
from bench.record import ClaimKind

ALPHA = 0.05
POWER = 0.8
NAMES: dict[ClaimKind, str] = {
    "superior": "two-sided paired t",
    "non_inferior": "one-sided paired t",
    "equivalent": "two one-sided paired t (Schuirmann 1987)",
}
Verdict = Literal["supported", "refuted", "undecided"]


@dataclass(frozen=True)
class ClaimTest:
    """One claim tested: against its denial with p-value `p`, and against itself with p-value `opposing`.

    `paired` is of the differences minus `bound`, the end of what is claimed that their mean is nearest to; its t and
    degrees are those of the test. `holds` says whether the mean lies within what is claimed.
    """

    kind: ClaimKind
    bound: float
    paired: PairedTest
    holds: bool
    p: float
    opposing: float


def claim_test(kind: ClaimKind, differences: ArrayLike, margin: float) -> ClaimTest:
    """Test differences (n,), better − than, against a margin in the same unit; NaN where fewer than two differ.

    `p` is that of analysis.statistics.margins for the kind. `opposing` is the two-sided paired t of the differences
    against the bound, 1 where their mean lies within what is claimed: below 0.05 just where the whole 95 % interval
    lies on the other side of the bound.
    """
    d = np.asarray(differences, dtype=np.float64)  # (n,)
    mean = float(d.mean()) if len(d) else math.nan
    bound = {"superior": margin, "non_inferior": -margin, "equivalent": math.copysign(margin, mean)}[kind]
    holds = abs(mean) < margin if kind == "equivalent" else mean > bound
    paired = paired_t_test(d - bound)
    opposing = 1.0 if holds and not math.isnan(paired.p) else paired.p
    return ClaimTest(kind, bound, paired, holds, _p(kind, d, margin), opposing)


def over_family(p: Sequence[float], interim: Sequence[bool]) -> NDArray[np.float64]:
    """Holm-adjusted p-values (m,) over all claims of a sweep.

    A claim without a p-value keeps NaN and counts: the family is what was declared, not what has been run. A claim
    whose runs are all in is adjusted as if those that are `interim` had none yet: whatever becomes of them, it is as
    certain in the end as it is now.
    """
    settled = holm([math.nan if moving else each for each, moving in zip(p, interim, strict=True)], size=len(p))  # (m,)
    return np.where(interim, holm(p, size=len(p)), settled)


def verdict(test: ClaimTest, adjusted: float, opposing: float) -> Verdict:
    """What two adjusted p-values, of the claim's test and of its opposite's, say; NaN decides nothing."""
    if test.holds and adjusted < ALPHA:
        return "supported"
    return "refuted" if opposing < ALPHA else "undecided"


def deciding_seeds(test: ClaimTest, claims: int) -> int | None:
    """About how many seeds would decide the claim at 80 % power, were the difference and its deviation as observed.

    At the level 0.05 / `claims`, which Holm's is never below; None where nothing can be said. For equivalence the
    farther margin is not counted.
    """
    if math.isnan(test.paired.t):
        return None
    one_sided = test.holds and test.kind != "superior"
    alpha = (2 if one_sided else 1) * ALPHA / claims
    return seeds_needed(abs(test.paired.difference.mean), test.paired.deviation, power=POWER, alpha=alpha)


def _p(kind: ClaimKind, d: NDArray[np.float64], margin: float) -> float:
    tests = {"superior": superior, "non_inferior": non_inferior, "equivalent": equivalent}
    return tests[kind](d, margin).p
