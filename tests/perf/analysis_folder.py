"""A results folder as large as a thousand-run study leaves it: rows that look real, in the format of bench.record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

DATASETS = ("mnist", "svhn", "cifar10", "cifar100")
WIDTHS = (1, 2, 4, 8, 16)
ARMS = ("random", "margin", "entropy", "badge", "coreset", "bald", "typiclust", "mlmoc-entk", "ll4al", "uherding")
CLASSES, BUDGET, POOL = 10, 10, 5000
SCORES = ("negative_log_likelihood", "brier", "calibration_error", "residual")
STAGES = ("query/gram", "query/solve", "query", "fit", "evaluate")


@dataclass(frozen=True)
class Size:
    """An experiment per dataset, a group per width, and in each of them `arms` arms of `seeds` seeds and `cycles`."""

    seeds: int = 50
    cycles: int = 10
    arms: tuple[str, ...] = ARMS

    @property
    def cells(self) -> int:
        return len(DATASETS) * len(WIDTHS) * len(self.arms) * self.seeds


def write_folder(root: Path, size: Size) -> None:
    """Write the plan and every cell of a finished sweep into `root`."""
    experiments = {f"widths-{dataset}": _experiment(dataset, size) for dataset in DATASETS}
    plan = {"schema": 1, "name": root.name, "source": "sweeps/large.yaml", "commit": "c" * 40, "claims": {}}
    root.mkdir(parents=True)
    (root / "plan.json").write_text(json.dumps(plan | {"experiments": experiments}))
    for name, experiment in experiments.items():
        for arm in experiment["arms"]:
            for seed, cell in arm["cells"].items():
                write_cell(root / "cells" / cell, (name, arm["group"], arm["label"], int(seed)), size)


def _experiment(dataset: str, size: Size) -> dict[str, Any]:
    arms = [_arm(dataset, f"widen={width}", label, size) for width in WIDTHS for label in size.arms]
    planned = {"title": f"Strategies on {dataset} at several widths", "figure": "difference_from_random"}
    return planned | {"cycles": size.cycles, "seeds": list(range(size.seeds)), "arms": arms}


def _arm(dataset: str, group: str, label: str, size: Size) -> dict[str, Any]:
    cells = {str(seed): _hash(dataset, group, label, seed)[:16] for seed in range(size.seeds)}
    named = {"label": label, "group": group, "strategy": label, "learner": "network", "dataset": dataset}
    return named | {"parameters": {}, "sees_labels": False, "refused": None, "cells": cells}


def write_cell(folder: Path, place: tuple[str, str, str, int], size: Size) -> None:
    """Write one finished cell; `place` is its experiment, group, label and seed."""
    folder.mkdir(parents=True)
    lines = [json.dumps(row) for row in _rows(folder.name, place, size)]
    (folder / "rows.jsonl").write_text("\n".join([*lines, ""]))
    strategy = {"name": place[2], "revision": 1}
    (folder / "cell.json").write_text(json.dumps({"strategy": strategy, "seed": place[3], "precision": "float32"}))
    environment = {"python": "3.11.7", "packages": {"torch": "2.11.0", "jax": "0.8.3"}, "commit": "a" * 40}
    environment |= {"uncommitted_changes": False, "host": f"node{place[3] % 4}", "device": "NVIDIA H100"}
    environment |= {"processor": "A processor", "threads": 4, "slots": 1, "tf32": False, "driver": "550.1"}
    begun = {"attempt": 1, "started": "2025-01-02T03:04:05+00:00", "ended": None, "status": None}
    ended = {"attempt": 1, "ended": "2025-01-02T04:00:00+00:00", "status": "done"}
    told = json.dumps(begun | {"environment": environment}), json.dumps(ended)
    (folder / "attempts.jsonl").write_text("\n".join([*told, ""]))
    (folder / "done.json").write_text(json.dumps({"cycle": size.cycles}))


def _rows(cell: str, place: tuple[str, str, str, int], size: Size) -> Iterator[dict[str, Any]]:
    """Curves that rise and flatten; arms differ by up to three points, seeds by about one."""
    experiment, group, label, seed = place
    shared = np.random.default_rng(int(_hash(experiment, group, seed)[:8], 16))
    own = np.random.default_rng(int(cell[:8], 16))
    luck, gain = shared.normal(0, 0.01), 0.003 * size.arms.index(label)
    start, rest = np.split(shared.permutation(POOL), [BUDGET])
    picked = [start, *own.permutation(rest[: 3 * BUDGET * size.cycles]).reshape(-1, BUDGET)]
    for cycle in range(size.cycles + 1):
        grown = 1 - np.exp(-0.4 * cycle)
        accuracy = float(np.clip(0.3 + 0.6 * grown + gain * (cycle > 0) + luck + own.normal(0, 0.01), 0, 1))
        yield _row(cell, cycle, accuracy, picked[cycle], own)


def _row(cell: str, cycle: int, accuracy: float, queried: np.ndarray, draws: np.random.Generator) -> dict[str, Any]:
    result = dict(zip(SCORES, draws.random(4).tolist(), strict=True))
    result |= {"labelled": BUDGET * (cycle + 1), "accuracy": accuracy, "balanced_accuracy": accuracy}
    result |= {"class_accuracy": np.clip(accuracy + draws.normal(0, 0.1, CLASSES), 0, 1).tolist()}
    result |= {"queried": queried.tolist(), "revealed": 0, "mislabelled": 0, "notes": {"epochs": 60.0}}
    result |= {"queried_classes": np.bincount(draws.integers(CLASSES, size=BUDGET), minlength=CLASSES).tolist()}
    seconds = dict(zip(STAGES, draws.uniform(1, 20, len(STAGES)).tolist(), strict=True))
    files = {f"arrays/{cycle:03d}.npz": _hash(cell, cycle), f"weights/{cycle:03d}.pt": _hash(cycle, cell)}
    measured = {"seconds": seconds, "peak_mib": 410.5, "attempt": 1}
    return {"schema": 1, "cell": cell, "cycle": cycle, "result": result, "measured": measured, "files": files}


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
