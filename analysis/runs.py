"""A group's accuracies as one array of arms, seeds and cycles, from which every number of the group is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from analysis.curves import aubc_each, aubc_zhan2021_each, check_pairs
from analysis.groups import Group
from bench.errors import ResultsError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Runs:
    """The runs of `arms` (a) over `seeds` (s) and cycles (c); NaN where a cycle is not there.

    `imputed` are the cycles that a failed run did not reach, scored as chance. A run is complete where it has every
    planned cycle. Areas and final accuracies are NaN for runs that are not.
    """

    arms: tuple[str, ...]
    seeds: tuple[int, ...]
    labelled: Floats  # (c,) labels per cycle, NaN for a cycle that no run has
    accuracy: Floats  # (a, s, c)
    imputed: npt.NDArray[np.bool_]  # (a, s, c)

    @cached_property
    def complete(self) -> npt.NDArray[np.bool_]:
        """Whether a run has all cycles, (a, s)."""
        return np.asarray(~np.isnan(self.accuracy).any(axis=2))

    @cached_property
    def begun(self) -> npt.NDArray[np.bool_]:
        """Whether a run has any cycle, (a, s)."""
        return np.asarray(~np.isnan(self.accuracy).all(axis=2))

    @cached_property
    def areas(self) -> Floats:
        """The AUBC of every run, (a, s)."""
        return aubc_each(self.labelled, self.accuracy)

    @cached_property
    def areas_zhan2021(self) -> Floats:
        """The AUBC of every run by the convention of Zhan et al. 2021, (a, s)."""
        return aubc_zhan2021_each(self.accuracy)

    @cached_property
    def final(self) -> Floats:
        """The accuracy after the last cycle of every run that reached it, (a, s)."""
        return self.accuracy[:, :, -1]

    def whole(self, *arms: str) -> npt.NDArray[np.bool_]:
        """Which seeds (s,) are complete in all of these arms."""
        return np.asarray(self.complete[[self.arms.index(arm) for arm in arms]].all(axis=0))

    def named(self, chosen: npt.NDArray[np.bool_]) -> tuple[int, ...]:
        """The seeds (s,) that are chosen."""
        return tuple(seed for seed, wanted in zip(self.seeds, chosen, strict=True) if wanted)


def runs(group: Group) -> Runs:
    """Every run of a group. Raises ResultsError where two runs of one seed are no pair, or budgets differ by seed."""
    _check(group)
    names, cycles = [arm["label"] for arm in group.arms], group.planned["cycles"] + 1
    seeds = sorted({*group.planned["seeds"], *group.frame["seed"].tolist()})
    rows = group.frame[group.frame["label"].isin(names) & (group.frame["cycle"] < cycles)]
    arm_at, seed_at = ({name: at for at, name in enumerate(known)} for known in (names, seeds))
    places = rows["label"].map(arm_at), rows["seed"].map(seed_at), rows["cycle"]
    where = tuple(place.to_numpy(dtype=np.int64) for place in places)  # (rows,) each
    accuracy = np.full((len(names), len(seeds), cycles), np.nan)
    accuracy[where] = rows["accuracy"].to_numpy()
    labelled = np.full(cycles, np.nan)
    labelled[where[2]] = rows["labelled"].to_numpy()
    imputed = np.zeros(accuracy.shape, dtype=bool)
    if "imputed" in rows:
        imputed[where] = rows["imputed"].to_numpy()
    return Runs(tuple(names), tuple(seeds), labelled, accuracy, imputed)


def _check(group: Group) -> None:
    frame, control = group.frame, group.control
    of_control = (frame["label"] == ("" if control is None else control["label"])).to_numpy()  # (rows,)
    check_pairs(frame[~of_control], frame[of_control])
    uneven = frame.groupby("cycle")["labelled"].nunique() > 1
    if uneven.any():
        cells = sorted(set(frame.loc[frame["cycle"] == uneven.idxmax(), "cell"]))
        told = ", ".join(cells[:6]) + (f" and {len(cells) - 6} more" if len(cells) > 6 else "")
        raise ResultsError(
            f"{group.experiment}: wanted one number of labels per cycle; cells {told} differ in cycle "
            f"{uneven.idxmax()}. Run them anew from one plan"
        )
