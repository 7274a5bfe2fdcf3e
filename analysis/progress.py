"""How far a sweep is, in cells: a cell that experiments share counts once."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.load import Loaded


@dataclass(frozen=True)
class Progress:
    """Cells that have every cycle that any experiment plans for them, of those planned."""

    finished: int
    planned: int


def progress(loaded: Loaded) -> Progress:
    """Count the cells of the plan; a run that the plan has no cell for counts as one that is not finished."""
    cells: dict[tuple[str, str, str, int], str] = {}
    for experiment, planned in loaded.plan["experiments"].items():
        for arm in planned["arms"]:
            if arm["refused"] is None:
                keys = [(experiment, arm["group"], arm["label"], seed) for seed in planned["seeds"]]
                cells |= {key: arm["cells"].get(str(key[-1]), repr(key)) for key in keys}
    unfinished = {cells[run.key] for run in loaded.missing} | {cells[run.key] for run in loaded.failures}
    every = set(cells.values())
    return Progress(len(every - unfinished), len(every))
