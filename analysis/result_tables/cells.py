"""Numbers as cells of a table: the words of analysis.wording with the value behind them, in the unit of the heading."""

from __future__ import annotations

import math

from analysis.comparison import ArmSummary
from analysis.estimate import Estimate
from analysis.groups import display_name
from analysis.table import Cell
from analysis.wording import interval, number, p_value, seconds


def named(summary: ArmSummary) -> Cell:
    """The arm's name, which begins a row."""
    return Cell(display_name(summary.arm))


def percent(of: Estimate, digits: int, single: str, sign: str = "") -> Cell:
    """A fraction in percent, or a difference of fractions in percentage points, with its interval."""
    return Cell(interval(of, digits, single, sign), 100 * of.mean, 100 * of.low, 100 * of.high, of.n)


def points(fraction: float, digits: int = 2) -> Cell:
    """A difference of fractions in percentage points."""
    return Cell(number(100 * fraction, digits), 100 * fraction)


def plain(value: float, digits: int = 2, sign: str = "") -> Cell:
    """A number without a unit, or a dash."""
    return Cell(number(value, digits, sign), value)


def ranged(of: Estimate, digits: int = 2, sign: str = "") -> Cell:
    """A number without a unit, with its interval where it has one."""
    mean, low, high = (number(value, digits, sign) for value in (of.mean, of.low, of.high))
    return Cell(mean if math.isnan(of.low) else f"{mean} [{low}, {high}]", of.mean, of.low, of.high, of.n)


def p(value: float, pairs: int | None = None) -> Cell:
    """A p-value. Where it is not defined and the number of pairs is given, the text says why."""
    if not math.isnan(value) or pairs is None:
        return Cell(p_value(value), value)
    return Cell("too few" if pairs < 2 else "equal", value)  # equal: every pair differs by the same amount


def time(value: float) -> Cell:
    """Seconds."""
    return Cell(seconds(value), value)
