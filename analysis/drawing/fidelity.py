"""What an audit found: how well retraining proxies predict what retraining really gives (strategies/fidelity.py)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.audits import FIGURES, audited, figures
from analysis.drawing.canvas import AXIS, INK, TICK, Caption, Entry, Room, dress, place
from analysis.drawing.framing import CUT, frame, note, runs_out
from analysis.drawing.kind import MEAN, Kind
from analysis.drawing.lines import draw_line, mark_labels, shade_of
from analysis.drawing.subject import NothingToDraw, Subject, each_group
from analysis.estimate import estimate
from analysis.palette import Style, styles

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
    arm = audited(subject.loaded, group)
    if arm is None:
        raise NothingToDraw("no audit of retraining proxies among the rows")
    rows = []
    found = figures(subject.loaded, group, arm)
    for (proxy, name, cycle, labelled), values in found.groupby(["proxy", "figure", "cycle", "labelled"], sort=False):
        over = estimate(values["value"])
        rows.append((arm["label"], proxy, name, cycle, labelled, over.mean, over.low, over.high, over.n))
    return pd.DataFrame(rows, columns=COLUMNS)


def draw(table: pd.DataFrame, caption: Caption) -> Figure:
    """A panel per figure of merit, a line per proxy."""
    figure = Figure()
    shown = [name for name in FIGURES if name in set(table["figure"])]
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
    noted = note(caption, [CUT] if _cut(grid, shown, table) else [])
    placed = place(figure, noted, Room(height=2.0 * -(-len(shown) // 2), above=0.12), list(legend.values()))
    figure.subplots_adjust(wspace=0.2, hspace=0.28)
    return placed


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


def _cut(grid: Iterable[Axes], shown: list[str], table: pd.DataFrame) -> bool:
    """Whether an interval runs out of its panel, beside those of R² whose panel says so itself."""
    panels = zip(grid, shown, strict=False)
    return any(runs_out(axes, _clipped(table[table["figure"] == name], name)) for axes, name in panels)


def _dress(axes: Axes, figure: str, table: pd.DataFrame) -> None:
    dress(axes)
    cut = figure.startswith("r2") and (table.loc[table["figure"] == figure, ["mean", "low"]] < LOWEST).any(axis=None)
    title = FIGURES[figure] + (" (cut off at −1)" if cut else "")
    axes.set_title(title, loc="left", y=1, fontsize=TICK, color=INK, pad=3)
    shown = _clipped(table[table["figure"] == figure], figure)
    frame(axes, shown, LOWEST - 0.05, 1.05)
    mark_labels(axes, table["labelled"], 2.6)


KIND = Kind("fidelity", "Fidelity of retraining proxies", MEAN, each_group, series, draw)
