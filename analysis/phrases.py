"""Numbers inside sentences: counts with their noun, differences in points, factors and p-values."""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.estimate import Estimate
from analysis.wording import LEVEL, number


def counted(number: int, noun: str) -> str:
    """ "1 run" or "2 runs"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(names: Sequence[str], most: int) -> str:
    """ "a, b and c", or "a, b and 2 more" where there are more than so many."""
    more = len(names) - most
    shown = [*names[:most], f"{more} more"] if more > 0 else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "nothing"


def points(fraction: float, digits: int = 1, sign: str = "") -> str:
    """A difference of fractions in percentage points, with a real minus; a dash where there is none."""
    return number(100 * fraction, digits, sign)


def factor(value: float) -> str:
    """How many times, in three digits; a dash where there is none."""
    return "–" if math.isnan(value) else f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def points_interval(of: Estimate, digits: int = 1, sign: str = "") -> str:
    """A difference in points with its interval; the difference alone where one seed gives no interval."""
    mean, low, high = (points(value, digits, sign) for value in (of.mean, of.low, of.high))
    return mean if math.isnan(of.low) else f"{mean} [{low}, {high}]"


def plain_interval(of: Estimate) -> str:
    """A number with its interval; the number alone where one seed gives no interval."""
    mean, low, high = (number(value, 2) for value in (of.mean, of.low, of.high))
    return mean if math.isnan(of.low) else f"{mean} [{low}, {high}]"


def factor_interval(of: Estimate) -> str:
    """A factor with its interval; the factor alone where one seed gives no interval."""
    mean, low, high = (factor(value) for value in (of.mean, of.low, of.high))
    return mean if math.isnan(of.low) else f"{mean} [{low}, {high}]"


def p_is(p: float) -> str:
    """ "= 0.031" or "< 0.0001", to stand behind a p; to as many digits as tell it from 0.05."""
    if p < 0.0001:
        return "< 0.0001"
    if p >= 0.995:
        return "= 1"
    to_digits = (f"{p:.{digits}g}" for digits in range(2, 18))
    return next(f"= {told}" for told in to_digits if p == LEVEL or float(told) != LEVEL)
