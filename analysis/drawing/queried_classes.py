"""Which classes an arm bought labels of, against the same number of each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from analysis.drawing.canvas import INK, TICK, Caption
from analysis.drawing.heat_map import AROUND, CELL, Matrix, heat_map
from analysis.drawing.kind import Kind
from analysis.drawing.subject import NothingToDraw, Subject, each_group

COLUMNS = ["label", "class", "share", "balanced", "distance", "n"]
DOUBLE = 1.0  # a cell has its darkest colour at twice or half the balanced share
BESIDE = 0.84  # inches
READ = 20  # classes up to which numbers are written
NOTE = (
    "Share of each class among the labels bought, in %; balanced: {:.3g} %. Orange: fewer than balanced; blue, the "
    "darker end: more. Off balance: how many of the labels would have to be of another class."
)


def series(subject: Subject) -> pd.DataFrame:
    """Mean share in % of each class among the labels that queries bought, over the n seeds; the initial set left out.

    `balanced` is 100/k. `distance`, in %, is how many of the labels would have to be of another class for all classes
    to be equally frequent (total variation distance), mean over seeds.
    """
    frame = subject.part.group.frame
    bought = frame[(frame["cycle"] > 0) & ~frame["imputed"]]
    rows = [row for arm in subject.arms for row in _shares(arm["label"], bought[bought["label"] == arm["label"]])]
    if not rows:
        raise NothingToDraw("no label has been bought")
    return pd.DataFrame(rows, columns=COLUMNS)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A row per arm and a column per class: orange where it bought fewer than a balanced share, blue where more."""
    shares = table.pivot(index="label", columns="class", values="share").loc[table["label"].unique()]
    balanced = float(table["balanced"].iloc[0])
    values = np.log2(np.maximum(shares.to_numpy(), 1e-9) / balanced)  # (arms, k)
    names = [caption.names[str(label)] for label in shares.index]
    few = len(shares.columns) <= READ
    texts = [[_percent(share) if few else "" for share in row] for row in shares.to_numpy()]
    classes = [str(number) if few or number % 10 == 0 else "" for number in range(shares.shape[1])]
    matrix = Matrix(values, texts, names, classes, -DOUBLE, DOUBLE, AROUND)
    figure = heat_map(matrix, caption, NOTE.format(balanced), BESIDE)
    _write_distances(figure, table.groupby("label", sort=False)["distance"].first())
    return figure


def _shares(label: str, bought: pd.DataFrame) -> list[tuple[object, ...]]:
    if bought.empty:
        return []
    counts = np.stack(bought["queried_classes"].tolist())  # (rows, k)
    run, seeds = pd.factorize(bought["seed"])  # (rows,)
    of_seed = np.zeros((len(seeds), counts.shape[1]))
    np.add.at(of_seed, run, counts)
    totals = of_seed.sum(axis=1)  # (s,)
    if not totals.any():
        return []
    shares = of_seed[totals > 0] / totals[totals > 0, None]  # (s, k)
    even = 1 / counts.shape[1]
    distance = 100 * float(np.abs(shares - even).sum(axis=1).mean() / 2)
    means = 100 * shares.mean(axis=0)  # (k,)
    return [(label, i, float(mean), 100 * even, distance, len(shares)) for i, mean in enumerate(means)]


def _percent(share: float) -> str:
    return f"{share:.0f}" if share >= 9.95 else f"{share:.1f}"


def _write_distances(figure: Figure, distances: pd.Series[float]) -> None:
    """On the right of each row, how far the arm is from balanced."""
    (axes,) = figure.axes
    right = axes.get_xlim()[1]
    inch = right / (figure.get_size_inches()[0] * axes.get_position().width)  # in columns
    told = [axes.text(0, row + 0.5, f"{each:.1f} %", va="center_baseline") for row, each in enumerate(distances)]
    for text in (*told, axes.text(0, -0.04 / CELL, "off balance", va="bottom")):
        text.set(x=right + BESIDE / 2 * inch, ha="center", fontsize=TICK, color=INK, clip_on=False)


SHOWS = "mean over seeds, without the initial set"
KIND = Kind("queried_classes", "Classes of the labels bought", SHOWS, each_group, series, draw)
