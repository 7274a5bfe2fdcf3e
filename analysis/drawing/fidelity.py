"""What an audit found: how well retraining proxies predict what retraining really gives (strategies/fidelity.py)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.drawing.canvas import AXIS, INK, TICK, Caption, Entry, Room, dress, place
from analysis.drawing.kind import MEAN, Kind
from analysis.drawing.lines import draw_line, frame, mark_labels, shade_of
from analysis.drawing.subject import NothingToDraw, Subject, each_group
from analysis.estimate import estimate
from analysis.groups import Group
from analysis.load import Loaded
from analysis.palette import Style, styles
from bench.record import Arm, Row

PREFIX = "fidelity/"
PANELS = {
    "r2": "R² of the change",
    "r2_excess": "R² beyond the mean change",
    "rank_correlation": "rank correlation of the scores",
    "overlap": "overlap of the best candidates",
}
LOOKS = {"entk": "mlmoc-entk", "infinite_ntk": "mlmoc-infinite", "one_step": "mlmoc-onestep", "naive": "mlmoc-naive"}
LOOKS |= {"laplace": "mlmoc-laplace", "exact": "mlmoc-exact"}
LOWEST = -1.0  # R² has no lower end; what is below stands at the edge
COLUMNS = ["label", "proxy", "figure", "cycle", "labelled", "mean", "low", "high", "n"]


def series(subject: Subject) -> pd.DataFrame:
    """Each figure of each `proxy` per audited query, mean and 95 % interval over n seeds, in one arm's runs.

    The arm (`label`) is Random, or the first one with an audit; `labelled` is how many labels the model had that was
    asked.
    """
    group = subject.part.group
    audited = next((arm for arm in _in_order(group) if _is_audited(subject.loaded, group, arm)), None)
    if audited is None:
        raise NothingToDraw("no audit of retraining proxies among the rows")
    found = pd.DataFrame(
        [note for cell in audited["cells"].values() for note in _notes(subject.loaded.rows(cell), group)],
        columns=["proxy", "figure", "cycle", "labelled", "value"],
    )
    rows = []
    for (proxy, figure, cycle, labelled), values in found.groupby(["proxy", "figure", "cycle", "labelled"], sort=False):
        over = estimate(values["value"])
        rows.append((audited["label"], proxy, figure, cycle, labelled, over.mean, over.low, over.high, over.n))
    return pd.DataFrame(rows, columns=COLUMNS)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A panel per figure of merit, a line per proxy."""
    figure = Figure()
    shown = [name for name in PANELS if name in set(table["figure"])]
    grid = figure.subplots(-(-len(shown) // 2), 2, sharex=True, squeeze=False).ravel()
    looks = _looks(list(table["proxy"].unique()))
    legend: dict[str, Entry] = {}
    for axes, name in zip(grid, shown, strict=False):
        for proxy, curve in table[table["figure"] == name].groupby("proxy", sort=False):
            line = draw_line(axes, _clipped(curve, name), looks[str(proxy)], shade_of(len(looks)))
            legend.setdefault(str(proxy), (line, str(proxy)))
        _dress(axes, name, table)
    for axes in grid[len(shown) :]:
        axes.set_visible(False)
    for axes in grid[max(len(shown) - 2, 0) : len(shown)]:
        axes.set_xlabel("labels of the model that was asked", color=INK, fontsize=AXIS)
    placed = place(figure, caption, Room(height=2.0 * -(-len(shown) // 2), above=0.12), list(legend.values()))
    figure.subplots_adjust(wspace=0.2, hspace=0.28)
    return placed


def _in_order(group: Group) -> Iterator[Arm]:
    """Random first: an audit there does not depend on what any proxy chose."""
    if group.control is not None:
        yield group.control
    yield from group.arms


def _is_audited(loaded: Loaded, group: Group, arm: Arm) -> bool:
    """Whether the arm's longest run has figures of an audit; one is enough, since an audit belongs to the settings."""
    rows = group.rows(arm)
    if rows.empty:
        return False
    cell = str(rows["cell"].iloc[int(rows["cycle"].to_numpy().argmax())])
    return any(name.startswith(PREFIX) for notes in loaded.notes(cell) for name in notes)


def _notes(rows: list[Row], group: Group) -> Iterator[tuple[str, str, int, int, float]]:
    """Proxy, figure, cycle, labels and value of each figure: an audit precedes the query that led to its row."""
    for before, row in pairwise(rows[: group.planned["cycles"] + 1]):
        for name, value in row["result"]["notes"].items():
            if name.startswith(PREFIX):
                proxy, _, figure = name.removeprefix(PREFIX).rpartition("/")
                yield proxy, figure, row["cycle"], before["result"]["labelled"], value


def _looks(proxies: list[str]) -> dict[str, Style]:
    """A proxy looks like the arm that queries by it."""
    stand_ins = [LOOKS.get(proxy, proxy) for proxy in proxies]
    found = styles(stand_ins)
    return {proxy: found[stand_in] for proxy, stand_in in zip(proxies, stand_ins, strict=True)}


def _clipped(curve: pd.DataFrame, figure: str) -> pd.DataFrame:
    """R² cut off below, since one proxy that fails would flatten all others."""
    if not figure.startswith("r2"):
        return curve
    return curve.assign(**{name: np.maximum(curve[name], LOWEST) for name in ("mean", "low", "high")})


def _dress(axes: Axes, figure: str, table: pd.DataFrame) -> None:
    dress(axes)
    cut = figure.startswith("r2") and (table.loc[table["figure"] == figure, "low"] < LOWEST).any()
    title = PANELS[figure] + (" (cut off at −1)" if cut else "")
    axes.set_title(title, loc="left", y=1, fontsize=TICK, color=INK, pad=3)
    shown = _clipped(table[table["figure"] == figure], figure)
    frame(axes, shown, LOWEST - 0.05, 1.05)
    mark_labels(axes, table["labelled"], 2.6)


KIND = Kind("fidelity", "Fidelity of retraining proxies", MEAN, each_group, series, draw)
