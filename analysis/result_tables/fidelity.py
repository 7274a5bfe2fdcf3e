"""How well retraining proxies foretold retraining in the audits of an experiment, setting by setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from analysis.audits import FIGURES, audited, figures
from analysis.estimate import estimate
from analysis.groups import Group, file_stem
from analysis.load import Loaded
from analysis.result_tables import cells
from analysis.table import Cell, Table

REMARK = (
    "The mean over the audited queries of each run, then over n seeds, with 95 % t-intervals. A proxy that is held "
    "against itself retrains with other batches: so far one noisy retraining foretells another. A proxy that foretells "
    "their mean may do better."
)


def tables(loaded: Loaded, groups: Sequence[Group]) -> list[Table]:
    """The table of an experiment's groups; none where nothing was audited."""
    rows = tuple(row for group in groups for row in _rows(loaded, group))
    if not rows:
        return []
    experiment = groups[0].experiment
    headings = ("proxy", "setting", "n", *FIGURES.values())
    return [Table(file_stem(experiment, "fidelity"), f"Fidelity of proxies · {experiment}", headings, rows, (REMARK,))]


def _rows(loaded: Loaded, group: Group) -> Iterator[tuple[Cell, ...]]:
    arm = audited(loaded, group)
    if arm is None:
        return
    for proxy, found in figures(loaded, group, arm).groupby("proxy", sort=False):
        by_run = found.groupby(["figure", "seed"])["value"].mean()
        seeds = found["seed"].nunique()
        yield Cell(str(proxy)), Cell(group.name), Cell(str(seeds), seeds), *(_figure(by_run, name) for name in FIGURES)


def _figure(by_run: pd.Series[float], name: str) -> Cell:
    """Its mean over runs, a dash where no run has it."""
    return cells.ranged(estimate(by_run[name])) if name in by_run.index.get_level_values("figure") else Cell("–")
