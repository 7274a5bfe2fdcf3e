"""How good a trial is: one number per seed, and their mean with its 95 % interval (Student 1908)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.tuning.outcome import Outcome
from bench.tuning.section import Metric


@dataclass(frozen=True)
class Estimate:
    """A mean and the ends of its 95 % interval, which are NaN for one value alone."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        interval = "" if math.isnan(self.low) else f" [{self.low:.4f}, {self.high:.4f}]"
        return f"{self.mean:.4f}{interval}"


def estimate(values: Sequence[float]) -> Estimate:
    """Mean ± t(0.975, n − 1) · s / √n of at least one value, with s of ddof = 1."""
    n = len(values)
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, math.nan, math.nan)
    from scipy.special import stdtrit

    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    half = float(stdtrit(n - 1, 0.975)) * deviation / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half)


def difference(one: Mapping[int, float], other: Mapping[int, float]) -> Estimate:
    """One trial's score minus another's, paired by seed."""
    return estimate([one[seed] - other[seed] for seed in one])


def scores(outcome: Outcome, metric: Metric, chance: float) -> dict[int, float]:
    """The metric of every seed that is settled; the cycles that a failed run did not reach count as chance."""
    measure = aubc if metric == "aubc" else final_accuracy
    cycles = len(outcome.labels)
    whole = {seed: curve + (chance,) * (cycles - len(curve)) for seed, curve in outcome.curves.items()}
    return {seed: measure(outcome.labels, whole[seed]) for seed in whole if seed not in outcome.missing}


def aubc(labels: Sequence[int], accuracy: Sequence[float]) -> float:
    """The area under accuracy (c,) by the trapezoid over labels (c,), divided by their range."""
    heights = [(a + b) / 2 for a, b in pairwise(accuracy)]  # (c - 1,)
    widths = [b - a for a, b in pairwise(labels)]  # (c - 1,)
    area = math.fsum(height * width for height, width in zip(heights, widths, strict=True))
    return area / (labels[-1] - labels[0])


def final_accuracy(labels: Sequence[int], accuracy: Sequence[float]) -> float:
    """The accuracy (c,) after the last cycle."""
    return accuracy[-1]
