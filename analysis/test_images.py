"""Final accuracy minus Random's where seeds and test images are resampled, from the arrays of the last cycle.

A run's arrays hold the predicted class of each test image for every cycle, and those of its first cycle the right ones.
Results of versions that did not keep these give the widest interval that the predictions allow, which is then said.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.curves import complete_runs
from analysis.estimate import Estimate, estimate
from analysis.groups import Group, display_name, file_stem
from analysis.load import Loaded
from analysis.phrases import points_interval
from analysis.statistics.test_images import two_way_bootstrap, widest_interval
from analysis.table import Cell, Table
from analysis.wording import place, seed_list
from bench.errors import ResultsError
from bench.record import Arm, cell_folder

DAMAGE = (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error)
HEADINGS = ("arm", "n", "over seeds\npoints", "over seeds and\ntest images")
NOTES = (
    "Final accuracy minus Random's over seeds that finished in both, with 95 % intervals; the last one takes the test "
    "images as a sample too (Owen 2007), and is about the population that they come from."
)
BOUND = (
    "Whether each prediction was right is not recorded in these results: the last column is the widest interval that "
    "the predictions allow."
)


@dataclass(frozen=True)
class Predictions:
    """One run's last cycle on t test images; `correct` is None where it was not recorded."""

    predicted: NDArray[np.int64]  # (t,)
    correct: NDArray[np.bool_] | None  # (t,)


@dataclass(frozen=True, eq=False)
class LastCycle:
    """An arm's finished runs after their last cycle, by seed; predictions are None where they cannot be read."""

    accuracy: Mapping[int, float]
    predictions: Mapping[int, Predictions | None]


@dataclass(frozen=True)
class FinalDifference:
    """Final accuracy of an arm minus the control's, seeds and test images resampled, and over seeds alone.

    `absent` are seeds that both finished and whose arrays are missing or damaged; `bound` says that the two-way
    interval is the widest possible one.
    """

    two_way: Estimate
    over_seeds: Estimate
    absent: tuple[int, ...]
    bound: bool


def final_difference(loaded: Loaded, group: Group, arm: Arm, control: Arm) -> FinalDifference:
    """One arm of a group against another one. Raises ResultsError where runs were tested on different images."""
    return _difference(group, _last(loaded, group, arm), _last(loaded, group, control))


def final_differences(loaded: Loaded, group: Group) -> dict[str, FinalDifference]:
    """Every arm of a group, by its label, minus its Random; none without a Random or any predictions at all."""
    control = group.control
    if control is None:
        return {}
    reference = _last(loaded, group, control)
    arms = [arm for arm in group.arms if arm["label"] != control["label"]]
    found = {arm["label"]: _difference(group, _last(loaded, group, arm), reference) for arm in arms}
    return found if any(each.two_way.n for each in found.values()) else {}


def table(loaded: Loaded, group: Group) -> Table | None:
    """Every arm of a group minus its Random; None without a Random or where no predictions are there at all."""
    return table_of(group, final_differences(loaded, group))


def table_of(group: Group, differences: Mapping[str, FinalDifference]) -> Table | None:
    """`table`, of numbers that are there already."""
    if not differences:
        return None
    found = {display_name(arm): differences[arm["label"]] for arm in group.arms if arm["label"] in differences}
    return Table(
        name=file_stem(group.experiment, group.name, "test-images"),
        title=f"Final accuracy minus Random's over other test images · {place(group.experiment, group.name, '')}",
        headings=HEADINGS,
        rows=tuple(_row(name, each) for name, each in found.items()),
        remarks=(NOTES, *_remarks(found)),
        measured=True,
    )


def _difference(group: Group, ours: LastCycle, theirs: LastCycle) -> FinalDifference:
    here, there = ours.predictions, theirs.predictions
    seeds = [seed for seed in here if seed in there]
    pairs = {seed: (a, b) for seed in seeds if (a := here[seed]) is not None and (b := there[seed]) is not None}
    _check_images(group, pairs)
    differences = [ours.accuracy[seed] - theirs.accuracy[seed] for seed in pairs]
    over_seeds, (two_way, bound) = estimate(differences), _two_way(list(pairs.values()), differences)
    absent = tuple(seed for seed in seeds if seed not in pairs)
    return FinalDifference(replace(two_way, mean=over_seeds.mean), over_seeds, absent, bound)  # equal but for rounding


def _last(loaded: Loaded, group: Group, arm: Arm) -> LastCycle:
    """The last cycle of every finished run; rows of a failed run that count as chance finish none."""
    rows, cycles = group.rows(arm), group.planned["cycles"]
    ran = rows[~rows["imputed"]] if "imputed" in rows else rows
    last = complete_runs(ran, cycles)[cycles]  # (seeds,)
    accuracy = dict(zip(last.index.tolist(), last.tolist(), strict=True))
    folders = {seed: cell_folder(loaded.results, arm["cells"][str(seed)]) for seed in accuracy}
    return LastCycle(accuracy, {seed: _predictions(folder / "arrays", cycles) for seed, folder in folders.items()})


def _predictions(arrays: Path, cycle: int) -> Predictions | None:
    predicted = _read(arrays / f"{cycle:03d}.npz", "predicted")
    if predicted is None:
        return None
    labels = _read(arrays / "000.npz", "test_labels")
    return Predictions(predicted, predicted == labels if labels is not None and len(labels) == len(predicted) else None)


def _read(path: Path, name: str) -> NDArray[np.int64] | None:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return np.asarray(arrays[name])
    except (*DAMAGE, KeyError):
        return None


def _two_way(pairs: Sequence[tuple[Predictions, Predictions]], differences: list[float]) -> tuple[Estimate, bool]:
    """The estimate, and whether its interval is only a bound."""
    right = [(a.correct, b.correct) for a, b in pairs if a.correct is not None and b.correct is not None]
    if len(right) == len(pairs) > 0:
        return two_way_bootstrap([a for a, _ in right], [b for _, b in right]), False
    apart = [a.predicted != b.predicted for a, b in pairs]
    return widest_interval(differences, apart), bool(pairs)


def _check_images(group: Group, pairs: Mapping[int, tuple[Predictions, Predictions]]) -> None:
    sizes = {len(each.predicted) for pair in pairs.values() for each in pair}
    if len(sizes) > 1:
        counts = " and ".join(map(str, sorted(sizes)))
        raise ResultsError(
            f"{group.experiment}: wanted as many test images in every run; got {counts}. The dataset has changed: run "
            "the experiment anew"
        )


def _row(name: str, of: FinalDifference) -> tuple[Cell, ...]:
    return (
        Cell(name),
        Cell(str(of.two_way.n), of.two_way.n),
        _points(of.over_seeds),
        _points(of.two_way),
    )


def _points(of: Estimate) -> Cell:
    return Cell(points_interval(of, digits=2, sign="+"), 100 * of.mean, 100 * of.low, 100 * of.high, of.n)


def _remarks(found: Mapping[str, FinalDifference]) -> Iterator[str]:
    if any(each.bound for each in found.values()):
        yield BOUND
    for name, each in found.items():
        if each.absent:
            yield f"{name}: left out, since an array file is missing or damaged: {seed_list(each.absent)}."
