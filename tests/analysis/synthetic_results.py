"""A synthetic results folder in the format of bench.record, with curves that a test states itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LABELS = (10, 20, 40)
Curve = Callable[[int], Sequence[float]]  # the accuracies of a seed, cycle by cycle


@dataclass
class Sweep:
    """A results folder that grows: arms are added one by one, the plan is written by `write`."""

    root: Path
    labels: Sequence[int] = LABELS
    seeds: Sequence[int] = (0, 1, 2)
    experiments: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)

    def arm(
        self, label: str, curve: Curve | None = None, *, experiment: str = "fig", group: str = "", **changes: Any
    ) -> dict[str, Any]:
        """Plan an arm and, given a curve, run it: a curve shorter than `labels` is an unfinished run."""
        prefix = hashlib.sha256(f"{experiment}{group}{label}".encode()).hexdigest()[:8]
        arm = {
            "label": label,
            "group": group,
            "strategy": label,
            "parameters": {},
            "learner": "network",
            "dataset": "digits",
            "sees_labels": False,
            "refused": None,
            "cells": {str(seed): f"{prefix}{seed}" for seed in self.seeds},
        } | changes
        self.experiment(experiment)["arms"].append(arm)
        for seed, cell in arm["cells"].items():
            if curve is not None:
                self.run(cell, int(seed), curve(int(seed)))
        self.write()
        return arm

    def experiment(self, name: str, **changes: Any) -> dict[str, Any]:
        """The plan of an experiment, changed."""
        new = {"title": f"Title of {name}", "figure": "difference_from_random", "seeds": list(self.seeds), "arms": []}
        planned = self.experiments.setdefault(name, new | {"cycles": len(self.labels) - 1})
        planned.update(changes)
        self.write()
        return planned

    def run(self, cell: str, seed: int, accuracies: Sequence[float], queried: Sequence[int] | None = None) -> None:
        """Write a cell's rows, its attempt and, where it is complete, its final marker."""
        folder = self.folder(cell)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cell.json").write_text("{}")
        start = list(range(seed, seed + 3)) if queried is None else list(queried)
        rows = [row(cell, cycle, self.labels[cycle], value, start) for cycle, value in enumerate(accuracies)]
        (folder / "rows.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
        self.attempt(cell)
        if len(accuracies) == len(self.labels):
            (folder / "done.json").write_text(json.dumps({"cycle": len(self.labels) - 1}))

    def attempt(self, cell: str, **changes: Any) -> None:
        """Note the attempt that made the rows of a cell."""
        environment = {"host": "node1", "device": "cpu", "threads": 1, "python": "3.11.2", "processor": "A CPU"}
        environment |= {"commit": "a" * 40, "uncommitted_changes": False, "packages": {"torch": "2.11.0"}} | changes
        begun = {"attempt": 1, "started": "2025-01-02T03:04:05+00:00", "ended": None, "status": None}
        ended = {"attempt": 1, "ended": "2025-01-02T04:00:00+00:00", "status": "done"}
        lines = [json.dumps(begun | {"environment": environment}), json.dumps(ended)]
        (self.folder(cell) / "attempts.jsonl").write_text("\n".join(lines) + "\n")

    def fail(self, cell: str, cycle: int = 1, message: str = "loss is not finite", kind: str = "diverged") -> None:
        """Mark a cell as failed."""
        self.folder(cell).mkdir(parents=True, exist_ok=True)
        failure = {"kind": kind, "message": message, "trace": "Traceback", "cycle": cycle, "attempt": 1}
        (self.folder(cell) / "failure.json").write_text(json.dumps(failure))

    def folder(self, cell: str) -> Path:
        return self.root / "cells" / cell

    def write(self) -> None:
        plan = {"schema": 1, "name": self.root.name, "source": "sweeps/toy.yaml", "commit": "c" * 40}
        plan |= {"claims": self.claims, "experiments": self.experiments}
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "plan.json").write_text(json.dumps(plan))


def row(cell: str, cycle: int, labelled: int, accuracy: float, start: list[int]) -> dict[str, Any]:
    """A row of rows.jsonl; only cycle 0 took a second to query, so that a test sees whether it is left out."""
    result = dict.fromkeys(("negative_log_likelihood", "brier", "calibration_error", "residual"), 0.25)
    result |= {"labelled": labelled, "accuracy": accuracy, "balanced_accuracy": accuracy, "revealed": 0, "notes": {}}
    result |= {
        "queried": start if cycle == 0 else [100 + cycle],
        "queried_classes": [2, 1],
        "class_accuracy": [0.5, None],
    }
    seconds = {"query": 100.0 if cycle == 0 else 2.0, "fit": 3.0, "evaluate": 0.5, "query/kernel": 1.0}
    measured = {"seconds": seconds, "peak_mib": 64.0, "attempt": 1}
    return {"schema": 1, "cell": cell, "cycle": cycle, "result": result, "measured": measured, "files": {}}
