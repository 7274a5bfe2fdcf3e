"""A sweep for which every kind of figure has data: grids over a protocol, a width and a dataset, audits, and bought ids
that a test can count."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from synthetic_results import Sweep

from analysis.drawing.inscriptions import Inscriptions, Names

FEW = ("random", "margin", "mlmoc-entk")
LONG = (
    *("random", "entropy", "margin", "least_confidence", "expected_gradient_length", "badge", "coreset"),
    *(
        "cluster_margin",
        "mlmoc-entk",
        "mlmoc-infinite",
        "stochastic_batch with the softmax of margin",
        "mlmoc-entk flips",
    ),
)
PROXIES = ("entk", "infinite_ntk", "one_step", "laplace")
LABELS = (20, 30, 40, 50, 60, 70, 80, 90, 100)
CLASSES, BUDGET, POOL = 10, 10, 300


def every_kind(root: Path, arms: Sequence[str] = FEW, seeds: int = 4) -> Sweep:
    """Three experiments of two groups each; arms differ in accuracy, time and taste."""
    sweep = Sweep(root, labels=LABELS, seeds=tuple(range(seeds)))
    grids = {"protocols": "mode=batch mode=sequential", "widths": "widen=1 widen=4", "data": "dataset=a dataset=b"}
    for experiment, groups in grids.items():
        for number, group in enumerate(groups.split()):
            dataset = group.removeprefix("dataset=") if experiment == "data" else "digits"
            for position, label in enumerate(arms):
                made = sweep.arm(label, _curve(position, number), experiment=experiment, group=group, dataset=dataset)
                for seed, cell in made["cells"].items():
                    rewrite(sweep, cell, _bought(position, int(seed)))
    audited = sweep.experiments["protocols"]["arms"][0]["cells"]
    for seed, cell in audited.items():
        rewrite(sweep, cell, _audited(int(seed)))
    return sweep


def rewrite(sweep: Sweep, cell: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change every row of a cell."""
    path = sweep.folder(cell) / "rows.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:
        change(row)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def written(figure: Figure) -> dict[str, list[Bbox]]:
    """Every text that a reader sees, with the boxes in which it stands, in pixels."""
    FigureCanvasAgg(figure).draw()
    found: dict[str, list[Bbox]] = {}
    for text in _texts(figure):
        if text.get_visible() and text.get_text().strip():
            found.setdefault(text.get_text(), []).append(text.get_window_extent())
    return found


def inscribed(axes: Axes) -> list[Text]:
    """The inscriptions of the axes as texts that matplotlib places by itself."""
    found = [
        Text(x, y, text, fontsize=each.size, ha="center", va="center_baseline", parse_math=False)
        for each in axes.findobj(Inscriptions)
        for x, y, text in each.inscriptions
    ]
    for text in found:
        text.set_figure(axes.figure)
        text.set_transform(axes.transData)
    return found + [_named(each.model, name) for each in axes.findobj(Names) for name in each.names]


def _named(model: Text, name: tuple[float, float, str]) -> Text:
    made = copy(model)
    made.set_position(name[:2])
    made.set_text(name[2])
    return made


def _texts(figure: Figure) -> list[Text]:
    texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    for axes in figure.axes:
        if not axes.get_visible():
            continue
        texts += [*axes.texts, *inscribed(axes), axes.title, axes._left_title, axes._right_title]  # type: ignore[attr-defined]
        if not axes.axison or not axes.xaxis.get_visible():
            continue
        for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim()))):
            ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            texts += [axis.label, *(tick.label1 for tick in ticks), *(tick.label2 for tick in ticks)]
    return texts


def _curve(position: int, group: int) -> Callable[[int], list[float]]:
    def accuracies(seed: int) -> list[float]:
        noise = np.random.default_rng([position, group, seed]).normal(0, 0.01, len(LABELS))  # (c,)
        rise = 1 - np.exp(-np.arange(len(LABELS)) / 3)  # (c,)
        return [float(value) for value in 0.4 + (0.4 + 0.015 * position) * rise + noise * (rise > 0)]

    return accuracies


def _bought(position: int, seed: int) -> Callable[[dict[str, Any]], None]:
    """Ids and classes that lean the more to one end the later an arm stands, and times that grow with it."""
    generator = np.random.default_rng([7, position, seed])
    weights = np.exp(-0.02 * position * np.arange(POOL) / 10)  # (pool,)
    order = generator.choice(POOL, size=BUDGET * len(LABELS), replace=False, p=weights / weights.sum())

    def change(row: dict[str, Any]) -> None:
        if row["cycle"] > 0:
            ids = order[BUDGET * (row["cycle"] - 1) : BUDGET * row["cycle"]]
            row["result"]["queried"] = [int(each) for each in ids]
        counts = np.bincount(np.array(row["result"]["queried"]) % CLASSES, minlength=CLASSES)
        row["result"]["queried_classes"] = [int(each) for each in counts]
        row["result"]["class_accuracy"] = [0.5] * CLASSES
        row["measured"]["seconds"]["query"] = 0.001 * 3**position * (1 + 0.1 * seed)

    return change


def _audited(seed: int) -> Callable[[dict[str, Any]], None]:
    def change(row: dict[str, Any]) -> None:
        if row["cycle"] > 0:
            for place, proxy in enumerate(PROXIES):
                figures = {"r2": 0.9 - place, "r2_excess": 0.5 - place, "rank_correlation": 0.8 - 0.2 * place}
                figures["overlap"] = 0.6 - 0.1 * place
                row["result"]["notes"] |= {
                    f"fidelity/{proxy}/{name}": value + 0.01 * seed for name, value in figures.items()
                }

    return change
