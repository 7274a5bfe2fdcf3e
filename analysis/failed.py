"""Failed runs: scored as chance in the primary analysis, left out in the secondary one.

A strategy that makes training diverge must not gain by it, and runs do not fail at random; so what a failed run lacks
counts as guessing. An unfinished run is something else: it will come, and is never filled in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionDtype

from analysis.curves import UNKNOWN
from analysis.load import Failed, Loaded
from bench.files import read_intact
from bench.record import Arm, Plan, cell_folder

Dtype = np.dtype[np.generic] | ExtensionDtype
KEY = ["experiment", "group", "label", "seed"]
BLANK = {"i": 0, "b": False}  # by kind of numpy type; NaN or None elsewhere


@dataclass(frozen=True)
class _Known:
    """What the rows of a group tell of its runs that failed: k classes, 0 where nothing ran, and the labels per cycle.

    `cycles` are those that each run has, by label and seed; `initial` the hash of its initial set, by seed and label.
    """

    classes: int
    labelled: Mapping[int, int]
    cycles: Mapping[tuple[str, int], set[int]]
    initial: Mapping[int, Mapping[str, str]]


def scored_as_chance(loaded: Loaded) -> Loaded:
    """The same results with the missing cycles of failed runs filled with chance accuracy, 1/k for k classes.

    The frame gets a column `imputed`, True in the rows filled in. They have the initial set of the other runs of their
    seed, so that they pair, and neither times nor any other score. Where no run of the group tells how many labels a
    cycle has, or how many classes there are, the run's own configuration and the experiment's other runs on its
    dataset do. A run that lacked its data is not filled, for that says nothing about its strategy. A failed run that
    is not whole then has no row here at all; `unscored` names those.
    """
    frame = loaded.frame.assign(imputed=False)
    filled = list(_imputed_rows(loaded))
    if filled:
        frame = pd.concat([frame, _frame(filled, frame.dtypes.to_dict())], ignore_index=True)
    return replace(loaded, frame=_without(frame, _partial(loaded, frame)))


def left_out(loaded: Loaded) -> Loaded:
    """The same results without any row of a failed run; the column `imputed` is False throughout."""
    return replace(loaded, frame=_without(loaded.frame, {run.key for run in loaded.failures}).assign(imputed=False))


def unscored(failures: Iterable[Failed], frame: pd.DataFrame, cycles: int) -> tuple[Failed, ...]:
    """The failed runs of one group that have not all cycles from 0 to `cycles` in its frame."""
    there = frame.groupby(["label", "seed"])["cycle"].nunique().to_dict()
    return tuple(run for run in failures if there.get((run.label, run.seed), 0) < cycles + 1)


def _partial(loaded: Loaded, frame: pd.DataFrame) -> set[tuple[str, str, str, int]]:
    """The failed runs that lack a planned cycle in `frame`."""
    if not loaded.failures:
        return set()
    there, experiments = frame.groupby(KEY)["cycle"].nunique().to_dict(), loaded.plan["experiments"]
    return {run.key for run in loaded.failures if there.get(run.key, 0) <= experiments[run.experiment]["cycles"]}


def _without(frame: pd.DataFrame, runs: set[tuple[str, str, str, int]]) -> pd.DataFrame:
    if not runs:
        return frame
    keys = zip(*(frame[name].tolist() for name in KEY), strict=True)
    return frame[np.array([key not in runs for key in keys], dtype=bool)]


def _imputed_rows(loaded: Loaded) -> Iterator[dict[str, object]]:
    counting = [failed for failed in loaded.failures if failed.failure["kind"] != "no_data"]
    if not counting:
        return
    groups = dict(iter(loaded.frame.groupby(["experiment", "group"])))
    experiments = dict(iter(loaded.frame.groupby(["experiment", "dataset"])))
    nothing, known = loaded.frame.iloc[:0], {}
    for failed in counting:
        arm = _arm(loaded.plan, failed)
        place = failed.experiment, failed.group
        if place not in known:
            beside = experiments.get((failed.experiment, arm["dataset"]), nothing)
            known[place] = _known(groups.get(place, nothing), beside)
        yield from _rows(loaded, arm, failed, known[place])


def _arm(plan: Plan, failed: Failed) -> Arm:
    arms = plan["experiments"][failed.experiment]["arms"]
    return next(arm for arm in arms if (arm["group"], arm["label"]) == (failed.group, failed.label))


def _known(rows: pd.DataFrame, beside: pd.DataFrame) -> _Known:
    """What the rows of a group tell; without any, those `beside` it tell how many classes there are."""
    cycles: dict[tuple[str, int], set[int]] = {}
    initial: dict[int, dict[str, str]] = {}
    labels, seeds, number = (rows[name].tolist() for name in ("label", "seed", "cycle"))
    for label, seed, cycle, began in zip(labels, seeds, number, rows["initial"].tolist(), strict=True):
        cycles.setdefault((label, seed), set()).add(cycle)
        initial.setdefault(seed, {})[label] = began
    told = beside if rows.empty else rows
    classes = 0 if told.empty else len(told["class_accuracy"].iloc[0])
    return _Known(classes, _labelled(rows), cycles, initial)


def _labelled(rows: pd.DataFrame) -> dict[int, int]:
    """The labels of every cycle; of none where rows differ in them."""
    told = rows[["cycle", "labelled"]].drop_duplicates()
    pairs = zip(told["cycle"].tolist(), told["labelled"].tolist(), strict=True)
    return {} if told["cycle"].duplicated().any() else dict(pairs)


def _configured(results: Path, cell: str, cycles: int) -> dict[int, int]:
    """The labels of every cycle by a cell's configuration; of none where that is missing or damaged."""
    protocol = (read_intact(cell_folder(results, cell) / "cell.json") or {}).get("protocol")
    initial, budget = (protocol.get(name) if isinstance(protocol, dict) else None for name in ("initial", "budget"))
    if not (isinstance(initial, int) and isinstance(budget, int)):
        return {}
    return {cycle: initial + cycle * budget for cycle in range(cycles + 1)}


def _rows(loaded: Loaded, arm: Arm, failed: Failed, known: _Known) -> Iterator[dict[str, object]]:
    """A row per planned cycle that the run has not, as far as it is known how many labels it would have had."""
    planned = loaded.plan["experiments"][failed.experiment]
    there = known.cycles.get((failed.label, failed.seed), set())
    if not known.classes:
        return
    shared = dict(zip(KEY, failed.key, strict=True)) | {"cell": failed.cell, "imputed": True}
    shared |= {name: value for name, value in arm.items() if name in ("strategy", "learner", "dataset")}
    shared |= dict.fromkeys(("accuracy", "balanced_accuracy"), 1 / known.classes)
    shared["initial"] = _initial(known.initial.get(failed.seed, {}), failed.label)
    lacking = {*range(planned["cycles"] + 1)} - there
    labelled = dict(known.labelled)
    if lacking - labelled.keys():
        labelled = _configured(loaded.results, failed.cell, planned["cycles"]) | labelled
    for cycle in sorted(lacking & labelled.keys()):
        yield shared | {"cycle": cycle, "labelled": labelled[cycle]}


def _initial(of_seed: Mapping[str, str], label: str) -> str:
    """The hash of a run's initial set: its own, else that of the seed's other runs, all the same, if one began."""
    return of_seed.get(label, next(iter(of_seed.values()), UNKNOWN))


def _frame(rows: list[dict[str, object]], types: Mapping[Hashable, Dtype]) -> pd.DataFrame:
    """The rows with every column of the table; what they do not name is blank."""
    columns = {name: [row.get(str(name), BLANK.get(kind.kind)) for row in rows] for name, kind in types.items()}
    return pd.DataFrame({name: pd.Series(values, dtype=types[name]) for name, values in columns.items()})
