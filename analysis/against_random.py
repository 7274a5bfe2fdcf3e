"""Each arm of a group against its Random, paired by seed: how large the difference is, and what the seeds can show."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from analysis.estimate import ROUNDING, Estimate
from analysis.runs import Floats, Runs
from analysis.statistics.families import holm
from analysis.statistics.label_efficiency import (
    DrawnControl,
    LabelEfficiency,
    drawn_control,
    efficiency_against,
)
from analysis.statistics.paired import PairedTest, SignedRank, WinTieLoss, paired_t_test, signed_rank, win_tie_loss
from analysis.statistics.power import minimum_detectable

POWER = 0.8
SEED = 0  # of the bootstrap, for every arm anew, so that the same results give the same intervals


@dataclass(frozen=True)
class AgainstRandom:
    """The differences in AUBC over `seeds`, those complete in both: arm minus Random, as fractions.

    `unpaired` are seeds that one of the two was begun with and that could not be used. `holm` is the paired t-test's p
    adjusted over the `family` arms of the group that were tested against Random. `detectable` is the smallest true
    difference that these seeds would find at 80 % power, `correlation` how alike the two arms' areas are over seeds:
    pairing divides the variance of the difference by about 1 / (1 − correlation). NaN where a number is not defined.
    """

    seeds: tuple[int, ...]
    unpaired: tuple[int, ...]
    test: PairedTest
    holm: float
    family: int
    signed_rank: SignedRank
    wins: WinTieLoss
    detectable: float
    correlation: float
    labels: LabelEfficiency | None

    @property
    def difference(self) -> Estimate:
        """Mean difference with its 95 % interval."""
        return self.test.difference

    @property
    def p(self) -> float:
        """The two-sided p of the paired t-test, unadjusted."""
        return self.test.p


def against_random(runs: Runs, control: str, competitors: Collection[str]) -> dict[str, AgainstRandom]:
    """Every other arm against the control; Holm runs over the competitors among them that have a p."""
    drawn = cache(partial(_drawn, runs, control))  # most arms share their seeds with Random, and so its draws
    found = {arm: _versus(runs, arm, control, drawn) for arm in runs.arms if arm != control}
    p = np.array([each.test.p if arm in competitors else np.nan for arm, each in found.items()])  # (arms,)
    family = int(np.isfinite(p).sum())
    adjusted = holm(p)
    return {arm: replace(each, holm=float(adjusted[at]), family=family) for at, (arm, each) in enumerate(found.items())}


def _versus(runs: Runs, arm: str, control: str, drawn: Callable[[tuple[int, ...]], DrawnControl]) -> AgainstRandom:
    paired = runs.whole(arm, control)
    ours, theirs = (runs.areas[runs.arms.index(name)][paired] for name in (arm, control))  # (n,) each
    differences = ours - theirs  # (n,)
    test = paired_t_test(differences)
    begun = runs.begun[runs.arms.index(arm)] | runs.begun[runs.arms.index(control)]
    return AgainstRandom(
        seeds=runs.named(paired),
        unpaired=runs.named(begun & ~paired),
        test=test,
        holm=np.nan,
        family=0,
        signed_rank=signed_rank(differences),
        wins=win_tie_loss(differences),
        detectable=np.nan if np.isnan(test.t) else minimum_detectable(test.deviation, test.n, POWER),
        correlation=correlation(ours, theirs),
        labels=_labels(runs, arm, paired, drawn),
    )


def _labels(
    runs: Runs, arm: str, paired: NDArray[np.bool_], drawn: Callable[[tuple[int, ...]], DrawnControl]
) -> LabelEfficiency | None:
    if not paired.any():
        return None
    ours = runs.accuracy[runs.arms.index(arm), paired]  # (n, c)
    return efficiency_against(drawn(tuple(np.flatnonzero(paired).tolist())), runs.labelled, ours)


def _drawn(runs: Runs, control: str, seeds: tuple[int, ...]) -> DrawnControl:
    """The draws of the control over the seeds at these positions."""
    theirs = runs.accuracy[runs.arms.index(control), list(seeds)]  # (n, c)
    return drawn_control(runs.labelled, theirs, np.random.default_rng(SEED))


def correlation(ours: Floats, theirs: Floats) -> float:
    """Pearson's correlation of (n,) and (n,); NaN below three pairs or where one side does not vary."""
    if len(ours) < 3 or min(np.ptp(ours), np.ptp(theirs)) <= ROUNDING:
        return np.nan
    return float(np.corrcoef(ours, theirs)[0, 1])
