"""How often each arm significantly beats each other one over the settings of a sweep: the pairwise penalty matrix of
BADGE (Ash et al. 2020, section 5)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.drawing.canvas import Caption
from analysis.drawing.heat_map import Matrix, heat_map
from analysis.drawing.kind import Kind
from analysis.drawing.subject import NO_FAMILY, NothingToDraw, Subject, each_family

COLUMNS = ["row", "column", "beaten", "penalty", "n"]
PENALTY = "Φ"


def series(subject: Subject) -> pd.DataFrame:
    """`beaten`: in how many of the n settings the row's arm beats the column's, a setting's label counts sharing one.

    `penalty` is the mean of the column: smaller is better.
    """
    found = None if subject.family is None else subject.family.penalty
    if found is None or not found.names:
        raise NothingToDraw("no arm has two complete seeds in every setting")
    rows = [
        (row, column, found.counts[i, j], found.totals[j], len(found.settings))
        for i, row in enumerate(found.names)
        for j, column in enumerate(found.names)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A row and a column per arm, and the penalty of each column in a last row."""
    labels = list(dict.fromkeys(table["row"]))
    counts = table.pivot(index="row", columns="column", values="beaten").loc[labels, labels].to_numpy()  # (k, k)
    penalties = table.groupby("column")["penalty"].first().loc[labels].to_numpy()  # (k,)
    values = np.vstack([np.where(np.eye(len(labels), dtype=bool), np.nan, counts), np.full(len(labels), np.nan)])
    texts = [[f"{count:.1f}" if i != j else "" for j, count in enumerate(row)] for i, row in enumerate(counts)]
    texts.append([f"{penalty:.2f}" for penalty in penalties])
    names = [caption.names[label] for label in labels]
    matrix = Matrix(values, texts, [*names, f"{PENALTY}, mean of the column"], names, 0.0, float(table["n"].iloc[0]))
    return heat_map(
        matrix,
        caption,
        f"Settings in which the row beats the column, by a paired t-test over seeds. {PENALTY}: smaller is better.",
    )


SHOWS = "paired t-tests at 5 %, unadjusted"
KIND = Kind(
    "penalty_matrix", "Pairwise penalties", SHOWS, each_family, series, draw, unit="settings", otherwise=NO_FAMILY
)
