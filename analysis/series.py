"""The numbers behind the figures, as they are drawn and as they stand in the CSV beside each one; in percent."""

from __future__ import annotations

import pandas as pd

from analysis.curves import mean_curve, paired_curve
from analysis.groups import Group
from bench.record import Arm

VALUES = ["mean", "low", "high"]


def learning_curves(group: Group) -> pd.DataFrame:
    """Accuracy in % per arm and cycle, with the 95 % interval of the mean over the n seeds that have the cycle."""
    return _stacked([_labelled(arm, mean_curve(group.rows(arm))) for arm in group.arms])


def difference_from_random(group: Group) -> pd.DataFrame:
    """Accuracy minus Random's in percentage points per arm and cycle, paired by seed; empty without a Random.

    `random_accuracy` is Random's own mean, in %, over all its seeds.
    """
    control = group.control
    if control is None or group.rows(control).empty:
        return _stacked([])
    reference = group.rows(control)
    others = [arm for arm in group.arms if arm["label"] != control["label"]]
    stacked = _stacked([_labelled(arm, paired_curve(group.rows(arm), reference)) for arm in others])
    accuracy = mean_curve(reference).set_index("cycle")["mean"]
    return stacked.assign(random_accuracy=100 * stacked["cycle"].map(accuracy))


def _labelled(arm: Arm, curve: pd.DataFrame) -> pd.DataFrame:
    percent = curve.assign(**{name: 100 * curve[name] for name in VALUES})
    percent.insert(0, "label", arm["label"])
    return percent


def _stacked(curves: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [curve for curve in curves if not curve.empty]
    columns = ["label", "cycle", "labelled", *VALUES, "n"]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=columns)
