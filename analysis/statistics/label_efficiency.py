"""How many labels a method needs for an accuracy, and how many the control needs for the same.

The mean curve over seeds is made non-decreasing (isotonic least squares, Barlow et al. 1972) and read by linear
interpolation between label counts. Intervals are bootstrapped over seeds; what is never reached is censored, not
extrapolated: None, which is above every number of labels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike, NDArray

from analysis.estimate import ROUNDING

DRAWS = 2_000
TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class LabelsNeeded:
    """The labels at which the mean curve reaches a target, or a ratio of two such numbers, with its 95 % interval.

    None where it is censored: not reached with the labels that there are. `reached` is the share of bootstrap draws
    that reach the target; below two seeds it is NaN and there is no interval. A curve that begins above the target
    needs its first label count, which may be more than enough.
    """

    value: float | None
    low: float | None
    high: float | None
    reached: float


@dataclass(frozen=True)
class LabelEfficiency:
    """The labels that ours and the control need for `target`, the control's mean final accuracy; ratio = ours / its.

    A ratio below 1 saves labels. The control's need is its own, so it is less than all its labels where its curve is
    flat at the end.
    """

    target: float
    ours: LabelsNeeded
    theirs: LabelsNeeded
    ratio: LabelsNeeded


@dataclass(frozen=True, eq=False)
class DrawnControl:
    """A control's mean over its seeds in the first row, and in bootstrap draws of them in the others.

    `shares` (1 + draws, seeds) are the weights of the seeds, `targets` (1 + draws,) its final accuracies, `needs`
    (1 + draws,) the labels at which it reaches them.
    """

    shares: NDArray[np.float64]
    targets: NDArray[np.float64]
    needs: NDArray[np.float64]


def labels_to_reach(
    labels: ArrayLike, accuracy: ArrayLike, target: float, generator: Generator, draws: int = DRAWS
) -> LabelsNeeded:
    """The labels, of increasing labels (c,), at which the mean of accuracy (seeds, c) reaches the target."""
    curves = _curves(labels, accuracy)  # (seeds, c)
    means = _resampled_means(curves, _resampling(len(curves), draws, generator))  # (1 + draws, c)
    return _needed(crossings(labels, means, np.full(len(means), target)), len(curves))


def label_efficiency(
    labels: ArrayLike, ours: ArrayLike, theirs: ArrayLike, generator: Generator, draws: int = DRAWS
) -> LabelEfficiency:
    """Labels that ours (seeds, c) needs to reach the final accuracy of the control, theirs (seeds, c), on labels (c,).

    Both share the seeds in the same order: a draw takes the same seeds of both, and its own target.
    """
    return efficiency_against(drawn_control(labels, theirs, generator, draws), labels, ours)


def drawn_control(labels: ArrayLike, theirs: ArrayLike, generator: Generator, draws: int = DRAWS) -> DrawnControl:
    """The draws of a control, theirs (seeds, c) on labels (c,)."""
    curves = _curves(labels, theirs)  # (seeds, c)
    shares = _resampling(len(curves), draws, generator)  # (1 + draws, seeds)
    means = _resampled_means(curves, shares)  # (1 + draws, c)
    targets = means[:, -1]  # (1 + draws,)
    return DrawnControl(shares, targets, crossings(labels, means, targets))


def efficiency_against(control: DrawnControl, labels: ArrayLike, ours: ArrayLike) -> LabelEfficiency:
    """`label_efficiency` of ours (seeds, c), with the control's part done once for all methods on its seeds."""
    seeds = control.shares.shape[1]
    means = _resampled_means(_curves(labels, ours), control.shares)  # (1 + draws, c)
    needs = crossings(labels, means, control.targets)  # (1 + draws,)
    return LabelEfficiency(
        target=float(control.targets[0]),
        ours=_needed(needs, seeds),
        theirs=_needed(control.needs, seeds),
        ratio=_needed(needs / control.needs, seeds),  # the control always reaches its own final accuracy
    )


def crossings(labels: ArrayLike, curves: ArrayLike, targets: ArrayLike) -> NDArray[np.float64]:
    """The labels (b,) at which each of curves (b, c) over labels (c,), made isotonic, reaches its target of (b,).

    Infinite where it never does, NaN where the curve is NaN.
    """
    x, goal = np.asarray(labels, dtype=np.float64), np.asarray(targets, dtype=np.float64)  # (c,), (b,)
    fits = isotonic(curves)  # (b, c)
    enough = fits >= goal[:, None] - ROUNDING  # (b, c)
    first = enough.argmax(axis=1)  # (b,)
    before = np.maximum(first - 1, 0)  # (b,)
    left, right = (np.take_along_axis(fits, at[:, None], axis=1)[:, 0] for at in (before, first))  # (b,), (b,)
    way = np.divide(goal - left, right - left, out=np.ones_like(goal), where=right > left)  # (b,)
    reached = x[before] + way * (x[first] - x[before])  # (b,)
    return np.where(np.isnan(fits[:, -1]), math.nan, np.where(enough.any(axis=1), reached, math.inf))


def isotonic(curves: ArrayLike) -> NDArray[np.float64]:
    """The non-decreasing curves (b, c) nearest to curves (b, c) in least squares.

    At i it is the maximum over j ≤ i of the minimum over k ≥ i of the mean from j to k.
    """
    fit = np.array(curves, dtype=np.float64)  # (b, c)
    rising = (fit[:, 1:] >= fit[:, :-1]).all(axis=1)  # (b,) such a curve is its own fit
    fit[~rising] = _levelled(fit[~rising])
    return fit


def _levelled(y: NDArray[np.float64]) -> NDArray[np.float64]:
    fit = np.full_like(y, -math.inf)  # (b, c)
    for start in range(y.shape[1]):
        means = np.cumsum(y[:, start:], axis=1) / np.arange(1, y.shape[1] - start + 1)  # (b, c − start) from start on
        least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]  # (b, c − start)
        fit[:, start:] = np.maximum(fit[:, start:], least)
    return fit


def _curves(labels: ArrayLike, accuracy: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(accuracy, dtype=np.float64).reshape(-1, np.size(labels))  # (seeds, c)


def _resampled_means(curves: NDArray[np.float64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    return shares @ curves if len(curves) else np.full((len(shares), curves.shape[1]), math.nan)  # (1 + draws, c)


def _resampling(seeds: int, draws: int, generator: Generator) -> NDArray[np.float64]:
    """Weights (1 + draws, seeds) of the seeds in a mean: all alike in the first row, a bootstrap draw in the others."""
    alike = np.full((1, seeds), 1 / max(seeds, 1))
    drawn = generator.multinomial(seeds, alike[0], size=draws) / seeds if seeds > 1 else np.empty((0, seeds))
    return np.vstack([alike, drawn])


def _needed(needs: NDArray[np.float64], seeds: int) -> LabelsNeeded:
    """The estimate in needs[0], with the order statistics of the other rows, the draws, around it."""
    drawn = np.sort(needs[1:])
    if seeds < 2:
        return LabelsNeeded(_finite(needs[0]), None, None, math.nan)
    low, high = (drawn[math.ceil(tail * len(drawn)) - 1] for tail in TAILS)
    return LabelsNeeded(_finite(needs[0]), _finite(low), _finite(high), float(np.isfinite(drawn).mean()))


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
