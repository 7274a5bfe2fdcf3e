"""Failed runs: scored as chance in the primary analysis, left out in the secondary one.

A strategy that makes training diverge must not gain by it, and runs do not fail at random; so what a failed run lacks
counts as guessing. An unfinished run is something else: it will come, and is never filled in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionDtype

from analysis.load import Failed, Loaded
from bench.record import Plan

Dtype = np.dtype[np.generic] | ExtensionDtype
KEY = ["experiment", "group", "label", "seed"]
BLANK = {"i": 0, "b": False}  # by kind of numpy type; NaN or None elsewhere


@dataclass(frozen=True)
class _Known:
    """What the runs of a group tell about one of them that failed: k classes and the labels per cycle.

    `cycles` are those that each run has, by label and seed; `initial` the hash of its initial set, by seed and label.
    """

    classes: int
    labelled: Mapping[int, int]
    cycles: Mapping[tuple[str, int], set[int]]
    initial: Mapping[int, Mapping[str, str]]


def scored_as_chance(loaded: Loaded) -> Loaded:
    """The same results with the missing cycles of failed runs filled with chance accuracy, 1/k for k classes.

    The frame gets a column `imputed`, True in the rows filled in. They have the initial set of the other runs of their
    seed, so that they pair, and neither times nor any other score. A cycle whose number of labels no run of the group
    tells stays away, as does a run in a group without any row: `unscored` names the runs that are not whole.
    """
    frame = loaded.frame.assign(imputed=False)
    filled = list(_imputed_rows(loaded))
    if not filled:
        return replace(loaded, frame=frame)
    return replace(loaded, frame=pd.concat([frame, _frame(filled, frame.dtypes.to_dict())], ignore_index=True))


def left_out(loaded: Loaded) -> Loaded:
    """The same results without any row of a failed run; the column `imputed` is False throughout."""
    failed = {run.key for run in loaded.failures}
    keys = zip(*(loaded.frame[name].tolist() for name in KEY), strict=True)
    kept = np.array([key not in failed for key in keys], dtype=bool)  # (rows,)
    return replace(loaded, frame=loaded.frame[kept].assign(imputed=False))


def unscored(failures: Iterable[Failed], frame: pd.DataFrame, cycles: int) -> tuple[Failed, ...]:
    """The failed runs of one group that have not all cycles from 0 to `cycles` in its frame."""
    there = frame.groupby(["label", "seed"])["cycle"].nunique().to_dict()
    return tuple(run for run in failures if there.get((run.label, run.seed), 0) < cycles + 1)


def _imputed_rows(loaded: Loaded) -> Iterator[dict[str, object]]:
    groups = dict(iter(loaded.frame.groupby(["experiment", "group"]))) if loaded.failures else {}
    wanted = {(failed.experiment, failed.group) for failed in loaded.failures}
    known = {place: _known(rows) for place, rows in groups.items() if place in wanted}
    for failed in loaded.failures:
        told = known.get((failed.experiment, failed.group))
        if told is not None:
            yield from _rows(loaded.plan, failed, told)


def _known(rows: pd.DataFrame) -> _Known:
    cycles: dict[tuple[str, int], set[int]] = {}
    initial: dict[int, dict[str, str]] = {}
    labels, seeds, number = (rows[name].tolist() for name in ("label", "seed", "cycle"))
    for label, seed, cycle, began in zip(labels, seeds, number, rows["initial"].tolist(), strict=True):
        cycles.setdefault((label, seed), set()).add(cycle)
        initial.setdefault(seed, {})[label] = began
    labelled = dict(zip(number, rows["labelled"].tolist(), strict=True))
    return _Known(len(rows["class_accuracy"].iloc[0]), labelled, cycles, initial)


def _rows(plan: Plan, failed: Failed, known: _Known) -> Iterator[dict[str, object]]:
    """A row per planned cycle that the run has not, as far as the group tells how many labels it would have had."""
    planned = plan["experiments"][failed.experiment]
    there = known.cycles.get((failed.label, failed.seed), set())
    arm = next(arm for arm in planned["arms"] if (arm["group"], arm["label"]) == (failed.group, failed.label))
    shared = dict(zip(KEY, failed.key, strict=True)) | {"cell": failed.cell, "imputed": True}
    shared |= {name: value for name, value in arm.items() if name in ("strategy", "learner", "dataset")}
    shared |= dict.fromkeys(("accuracy", "balanced_accuracy"), 1 / known.classes)
    shared["initial"] = _initial(known.initial.get(failed.seed, {}), failed.label)
    for cycle in range(planned["cycles"] + 1):
        if cycle not in there and cycle in known.labelled:
            yield shared | {"cycle": cycle, "labelled": known.labelled[cycle]}


def _initial(of_seed: Mapping[str, str], label: str) -> str:
    """The hash of a run's initial set: its own, else that of the seed's other runs, all the same; "" if none began."""
    return of_seed.get(label, next(iter(of_seed.values()), ""))


def _frame(rows: list[dict[str, object]], types: Mapping[Hashable, Dtype]) -> pd.DataFrame:
    """The rows with every column of the table; what they do not name is blank."""
    columns = {name: [row.get(str(name), BLANK.get(kind.kind)) for row in rows] for name, kind in types.items()}
    return pd.DataFrame({name: pd.Series(values, dtype=types[name]) for name, values in columns.items()})
