"""Files of scores for tests, and what the command makes of them as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from analysis.scores.study import run


def written(folder: Path, values: np.ndarray, methods: str = "abcdefghij") -> Path:
    """A file of these scores (blocks, methods)."""
    lines = [f"row {at}," + ",".join(repr(float(value)) for value in row) for at, row in enumerate(values)]
    path = folder / "scores.csv"
    path.write_text("\n".join([",".join(["dataset", *methods[: values.shape[1]]]), *lines]))
    return path


def scores(methods: int = 3) -> np.ndarray:
    return np.round(np.random.default_rng(0).uniform(0.5, 0.9, size=(9, methods)), 3)


def numbers(path: Path, smaller_is_better: bool = False) -> Any:
    return json.loads(json.dumps(run(path, True, smaller_is_better)[1], allow_nan=False))
