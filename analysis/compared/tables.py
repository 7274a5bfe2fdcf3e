"""Two results folders side by side, as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator

from analysis.claims.sides import Place
from analysis.compared.arms import ComparedArm, ComparedFolders
from analysis.estimate import Estimate
from analysis.phrases import counted, factor, points, points_interval
from analysis.provenance import FACTS, Provenance
from analysis.statistics.paired import PairedTest
from analysis.table import Cell, Table
from analysis.wording import p_value, place, seed_list

RESULTS = ("arm", "verdict", "n", "same\nresults", "AUBC\npoints", "Holm p", "final accuracy\npoints")
TIMES = ("arm", "query s\nthis / other", "fit s\nthis / other")
NOTES = (
    "Differences are this folder minus the other, paired by seed, in percentage points, with 95 % t-intervals. same "
    "results: seeds whose rows are equal bit for bit. Holm p: two-sided paired t of the AUBC, adjusted over all arms; "
    "beyond noise means below 0.05.",
)
NO_RERUN = "No configuration was run in both folders, so the noise of a rerun is not known here."


def result_table(found: ComparedFolders) -> Table:
    """What became of every arm, and the noise of a rerun where both folders ran the same cells."""
    rows = tuple(_result_row(arm) for arm in found.arms)
    remarks = (*NOTES, _noise(found), *_unlike(found), *_unpaired(found), *_alone(found))
    return Table("compared-results", "Results in both folders", RESULTS, rows, remarks)


def time_table(found: ComparedFolders, this: Provenance, other: Provenance) -> Table:
    """How much longer the queries and the training of every arm took here, and on which devices."""
    rows = tuple(_time_row(arm) for arm in found.arms)
    devices = (f"{name}: {_devices(of)}" for name, of in (("this", this), ("other", other)))
    return Table("compared-times", "Seconds per cycle, as ratios", TIMES, rows, tuple(devices))


def environment_table(this: Provenance, other: Provenance) -> Table:
    """The facts about machines and code that are not one and the same in both folders."""
    unlike = [fact for fact in FACTS if len({*this.facts[fact], *other.facts[fact]}) > 1]
    rows = tuple((Cell(fact), Cell(_listed(this, fact)), Cell(_listed(other, fact))) for fact in unlike)
    remarks = () if rows else ("Both folders were made by the same code in the same environment, as far as recorded.",)
    return Table("compared-environments", "Environments", ("fact", "this", "other"), rows, remarks)


def _result_row(arm: ComparedArm) -> tuple[Cell, ...]:
    same = f"{arm.identical} of {len(arm.seeds)}"
    return (
        Cell(_named(arm.place)),
        Cell(arm.verdict),
        Cell(str(len(arm.seeds)), len(arm.seeds)),
        Cell(same, arm.identical),
        _points(arm.aubc),
        Cell(p_value(arm.adjusted), arm.adjusted),
        _points(arm.final_accuracy),
    )


def _time_row(arm: ComparedArm) -> tuple[Cell, ...]:
    return (
        Cell(_named(arm.place)),
        Cell(factor(arm.query_ratio), arm.query_ratio),
        Cell(factor(arm.fit_ratio), arm.fit_ratio),
    )


def _points(test: PairedTest) -> Cell:
    of: Estimate = test.difference
    return Cell(points_interval(of, digits=2, sign="+"), 100 * of.mean, 100 * of.low, 100 * of.high, of.n)


def _noise(found: ComparedFolders) -> str:
    noise = found.noise
    if noise.cells == 0:
        return NO_RERUN
    if noise.aubc == noise.final_accuracy == 0:
        return f"Noise of a rerun: none in {counted(noise.cells, 'cell')} that both folders ran."
    if math.isnan(noise.aubc):
        return "Noise of a rerun: not known from one cell that both folders ran."
    told = f"{points(noise.aubc, 2)} points of AUBC and {points(noise.final_accuracy, 2)} of final accuracy"
    return f"Noise of a rerun (standard deviation, from {counted(noise.cells, 'cell')} that both folders ran): {told}."


def _unlike(found: ComparedFolders) -> Iterator[str]:
    for arm in found.arms:
        if arm.unlike:
            yield f"{_named(arm.place)}: no pairs, other initial sets or numbers of labels: {seed_list(arm.unlike)}."


def _unpaired(found: ComparedFolders) -> Iterator[str]:
    """Arms with seeds that are complete in one folder alone: unfinished, failed or not planned in the other."""
    for arm in found.arms:
        told = [f"{seed_list(arm.only_this)} only in this folder"] if arm.only_this else []
        told += [f"{seed_list(arm.only_other)} only in the other"] if arm.only_other else []
        if told:
            yield f"{_named(arm.place)}: not compared, complete in one folder alone: {'; '.join(told)}."


def _alone(found: ComparedFolders) -> Iterator[str]:
    for name, places in (("this", found.only_this), ("the other", found.only_other)):
        if places:
            yield f"Only in {name} folder: {', '.join(map(_named, places))}."


def _devices(of: Provenance) -> str:
    """What computed, with processors where that is the CPU."""
    devices = [_listed(of, "processor") if device == "cpu" else device for device in of.facts["device"]]
    return f"{', '.join(devices) or 'nothing ran'}; runs at a time on each: {_listed(of, 'slots') or 'unknown'}"


def _listed(of: Provenance, fact: str) -> str:
    return ", ".join(of.facts[fact])


def _named(where: Place) -> str:
    return place(where.experiment, where.group, where.label)
