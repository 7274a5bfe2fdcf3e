"""How alike the arms choose: the Jaccard overlap of what each two of them bought, |A ∩ B| / |A ∪ B|, by seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.comparison import Comparison
from analysis.drawing.canvas import Caption
from analysis.drawing.heat_map import Matrix, heat_map
from analysis.drawing.kind import Kind
from analysis.drawing.subject import NothingToDraw, Subject, each_group
from analysis.load import Loaded
from analysis.runs import Floats
from bench.record import Arm

COLUMNS = ["row", "column", "overlap", "n"]


def series(subject: Subject) -> pd.DataFrame:
    """Mean overlap in % of the labels that two arms bought over all planned cycles, over the n seeds that both have
    complete; the initial set, which all share, is left out. Two arms that buy at random overlap a little too.
    """
    part = subject.part
    of_seeds = [_overlaps(_bought(subject.loaded, part, seed)) for seed in part.runs.seeds]
    overlaps = np.array(of_seeds).reshape(-1, len(part.group.arms), len(part.group.arms))  # (s, a, a)
    counts = (~np.isnan(overlaps)).sum(axis=0)  # (a, a)
    means = 100 * np.nansum(overlaps, axis=0) / np.maximum(counts, 1)  # (a, a)
    rows = [
        (row["label"], column["label"], means[i, j], counts[i, j])
        for i, row in enumerate(part.group.arms)
        for j, column in enumerate(part.group.arms)
        if i != j and counts[i, j] > 0
    ]
    if not rows:
        raise NothingToDraw("no seed that two arms have complete")
    return pd.DataFrame(rows, columns=COLUMNS)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A symmetric matrix of the arms."""
    labels = list(dict.fromkeys([*table["row"], *table["column"]]))
    values = table.pivot(index="row", columns="column", values="overlap").reindex(index=labels, columns=labels)
    texts = [["" if np.isnan(value) else f"{value:.0f}" for value in row] for row in values.to_numpy()]
    names = [caption.names[label] for label in labels]
    matrix = Matrix(values.to_numpy(), texts, names, names, 0.0, 100.0)
    return heat_map(matrix, caption, "Of all that the two bought, what both bought, in %.")


def _bought(loaded: Loaded, part: Comparison, seed: int) -> list[frozenset[int]]:
    """The ids that each arm's queries bought with a seed, empty where that run is not complete."""
    return [_ids(loaded, arm, seed, part.group.planned["cycles"]) for arm in part.group.arms]


def _ids(loaded: Loaded, arm: Arm, seed: int, cycles: int) -> frozenset[int]:
    bought = loaded.queried.get(arm["cells"].get(str(seed), ""), ())[: cycles + 1]
    if cycles < 1 or len(bought) < cycles + 1:
        return frozenset()
    return frozenset(np.concatenate(bought[1:]).tolist())


def _overlaps(bought: list[frozenset[int]]) -> Floats:
    """The Jaccard overlap of every two sets (a, a); NaN on the diagonal and where one is empty."""
    ids = sorted(frozenset().union(*bought))
    column = {identifier: position for position, identifier in enumerate(ids)}
    holds = np.zeros((len(bought), len(ids)))
    for row, of_arm in enumerate(bought):
        holds[row, [column[identifier] for identifier in of_arm]] = 1
    common = holds @ holds.T  # (a, a)
    sizes = holds.sum(axis=1)  # (a,)
    either = sizes[:, None] + sizes[None, :] - common  # (a, a)
    meaningful = (sizes[:, None] > 0) & (sizes[None, :] > 0) & ~np.eye(len(bought), dtype=bool)
    return np.where(meaningful, common / np.maximum(either, 1), np.nan)


SHOWS = "mean over seeds, without the initial set"
KIND = Kind("overlap", "Overlap of the labels bought", SHOWS, each_group, series, draw)
