"""The arms of two results folders, matched by experiment, group and label, in numbers paired by seed.

Equal cells (same id) are runs of one configuration: what differs between them is a rerun's noise, or changed code.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.claims.sides import Place
from analysis.curves import areas, complete_runs
from analysis.estimate import ROUNDING
from analysis.load import Loaded
from analysis.statistics.families import holm
from analysis.statistics.paired import PairedTest, paired_t_test
from bench.record import Arm, cell_folder, read_rows
from bench.replicates import comparable


@dataclass(frozen=True)
class ComparedArm:
    """One arm in this folder against the same one in the other; differences are this minus other, as fractions.

    `seeds` are complete in both, began with the same labelled set and had as many labels in every cycle; `unlike` are
    complete in both and did not; `only_this` and `only_other` are complete in one folder alone. Of the seeds,
    `same_cells` have one configuration in both folders and `identical` of those the same results, bit for bit.
    `adjusted` is the p of `aubc` by Holm over all arms, those with the same cells counting once. Ratios of mean seconds
    per cycle are this / other, over the same seeds and cycles.
    """

    place: Place
    seeds: tuple[int, ...]
    unlike: tuple[int, ...]
    only_this: tuple[int, ...]
    only_other: tuple[int, ...]
    same_cells: int
    identical: int
    aubc: PairedTest
    final_accuracy: PairedTest
    adjusted: float
    query_ratio: float
    fit_ratio: float

    @property
    def verdict(self) -> str:
        """What became of the arm, in words; beyond noise: its Holm-adjusted p is below 0.05."""
        if not self.seeds:
            return "no pair of runs"
        if self.identical == len(self.seeds):
            return "equal bit for bit"
        if len(self.seeds) < 2:
            return "too few pairs"
        if math.isnan(self.aubc.p):
            equal = abs(self.aubc.difference.mean) <= ROUNDING
            return "equal AUBC in every pair" if equal else "every pair differs by the same"
        return "changed beyond noise" if self.adjusted < 0.05 else "no change beyond noise"


@dataclass(frozen=True)
class Noise:
    """The standard deviation of one run around the mean of its reruns, from `cells` run in both folders, as fractions.

    That of the differences around their arm's mean, pooled over arms, divided by √2: a change of a whole arm is no
    noise.
    """

    cells: int
    aubc: float
    final_accuracy: float


@dataclass(frozen=True)
class ComparedFolders:
    """Two results folders; `only_this` and `only_other` are arms that the other folder has not."""

    arms: tuple[ComparedArm, ...]
    noise: Noise
    only_this: tuple[Place, ...]
    only_other: tuple[Place, ...]


@dataclass(frozen=True)
class _Side:
    """One arm in one folder."""

    loaded: Loaded
    arm: Arm
    cycles: int
    rows: pd.DataFrame


@dataclass(frozen=True)
class _Differences:
    """One arm's cells that both folders hold: this minus other, by cell."""

    aubc: dict[str, float]
    final_accuracy: dict[str, float]


def compare_folders(this: Loaded, other: Loaded) -> ComparedFolders:
    """Every arm that both folders plan, and what only one of them has."""
    ours, theirs = _sides(this), _sides(other)
    both = [place for place in ours if place in theirs]
    found = [_compared(place, ours[place], theirs[place]) for place in both]
    adjusted = _adjusted([arm for arm, _ in found], [_cells(ours[place], theirs[place]) for place in both])
    return ComparedFolders(
        arms=tuple(replace(arm, adjusted=p) for (arm, _), p in zip(found, adjusted, strict=True)),
        noise=_noise([differences for _, differences in found]),
        only_this=tuple(place for place in ours if place not in theirs),
        only_other=tuple(place for place in theirs if place not in ours),
    )


def _cells(ours: _Side, theirs: _Side) -> tuple[str, ...]:
    return (*ours.arm["cells"].values(), *theirs.arm["cells"].values())


def _adjusted(arms: list[ComparedArm], cells: list[tuple[str, ...]]) -> list[float]:
    """Holm's p of each arm over all arms; arms that have the same cells are one test."""
    tests = dict(zip(reversed(cells), (arm.aubc.p for arm in reversed(arms)), strict=True))
    over_all = dict(zip(tests, holm(list(tests.values())).tolist(), strict=True)) if tests else {}
    return [over_all[own] for own in cells]


def _sides(loaded: Loaded) -> dict[Place, _Side]:
    frames = dict(iter(loaded.frame.groupby(["experiment", "group", "label"])))
    return {
        Place(name, arm["group"], arm["label"]): _Side(
            loaded, arm, planned["cycles"], frames.get((name, arm["group"], arm["label"]), loaded.frame.iloc[:0])
        )
        for name, planned in loaded.plan["experiments"].items()
        for arm in planned["arms"]
    }


def _compared(place: Place, ours: _Side, theirs: _Side) -> tuple[ComparedArm, _Differences]:
    """An arm, and the differences of those of its cells that both folders hold."""
    cycles = min(ours.cycles, theirs.cycles)
    complete = [set(complete_runs(side.rows, cycles).index.tolist()) for side in (ours, theirs)]
    shared = sorted(complete[0] & complete[1])
    begun, begun_there = _begun(ours, cycles), _begun(theirs, cycles)
    seeds = tuple(seed for seed in shared if begun[seed] == begun_there[seed])
    same = [seed for seed in seeds if ours.arm["cells"][str(seed)] == theirs.arm["cells"][str(seed)]]
    aubc, final = _differences(ours, theirs, cycles)
    arm = ComparedArm(
        place=place,
        seeds=seeds,
        unlike=tuple(seed for seed in shared if seed not in seeds),
        only_this=tuple(sorted(complete[0] - complete[1])),
        only_other=tuple(sorted(complete[1] - complete[0])),
        same_cells=len(same),
        identical=sum(_identical(ours, theirs, seed, cycles) for seed in same),
        aubc=paired_t_test([aubc[seed] for seed in seeds]),
        final_accuracy=paired_t_test([final[seed] for seed in seeds]),
        adjusted=math.nan,
        query_ratio=_ratio(ours, theirs, "query_seconds", shared, cycles),
        fit_ratio=_ratio(ours, theirs, "fit_seconds", shared, cycles),
    )
    cells = {seed: ours.arm["cells"][str(seed)] for seed in same}
    of_cells = ({cell: of[seed] for seed, cell in cells.items()} for of in (aubc, final))
    return arm, _Differences(*of_cells)


def _begun(side: _Side, cycles: int) -> dict[int, list[tuple[str, int]]]:
    """What two runs of one seed must share to be a pair: the initial set and the labels of every cycle."""
    rows, found = side.rows[side.rows["cycle"] <= cycles], defaultdict[int, list[tuple[str, int]]](list)
    for seed, *origin in zip(*(rows[name].tolist() for name in ("seed", "initial", "labelled")), strict=True):
        found[seed].append((origin[0], origin[1]))
    return found


def _differences(ours: _Side, theirs: _Side, cycles: int) -> tuple[dict[int, float], dict[int, float]]:
    areas_here, areas_there = areas(ours.rows, cycles), areas(theirs.rows, cycles)
    here, there = (complete_runs(side.rows, cycles)[cycles] for side in (ours, theirs))
    both = areas_here.keys() & areas_there.keys()
    return (
        {seed: areas_here[seed] - areas_there[seed] for seed in both},
        {seed: float(here[seed] - there[seed]) for seed in both},
    )


def _identical(ours: _Side, theirs: _Side, seed: int, cycles: int) -> bool:
    """Whether every result column of a cell came out the same in both folders, up to a cycle."""
    identifier = ours.arm["cells"][str(seed)]
    here, there = (
        [comparable(row) for row in read_rows(cell_folder(side.loaded.results, identifier))[: cycles + 1]]
        for side in (ours, theirs)
    )
    return here == there


def _ratio(ours: _Side, theirs: _Side, column: str, seeds: list[int], cycles: int) -> float:
    """Mean seconds here / there over these seeds up to a cycle, the drawing of initial sets left out of queries."""
    first = 1 if column == "query_seconds" else 0
    rows = [side.rows[side.rows["seed"].isin(seeds)] for side in (ours, theirs)]
    here, there = (each.loc[each["cycle"].between(first, cycles), column].dropna() for each in rows)
    return float(here.mean() / there.mean()) if len(here) and len(there) and there.mean() > 0 else math.nan


def _noise(found: list[_Differences]) -> Noise:
    """Of each cell once, in the first of the arms that share it."""
    seen: set[str] = set()
    aubc, final = [], []
    for each in found:
        new = [cell for cell in each.aubc if cell not in seen]
        seen.update(new)
        aubc.append([each.aubc[cell] for cell in new])
        final.append([each.final_accuracy[cell] for cell in new])
    return Noise(len(seen), _pooled(aubc), _pooled(final))


def _pooled(differences: list[list[float]]) -> float:
    """√(Σ (d − mean of its arm)² / Σ (n − 1) / 2)."""
    degrees = sum(len(of_arm) - 1 for of_arm in differences if of_arm)
    squares = sum(len(of_arm) * float(np.var(of_arm)) for of_arm in differences if of_arm)
    return math.sqrt(squares / degrees / 2) if degrees else math.nan
