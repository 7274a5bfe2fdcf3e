"""What audits noted: how well retraining proxies predict what retraining really gives (strategies/fidelity.py)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pandas as pd

from analysis.groups import Group
from analysis.load import Loaded
from bench.record import Arm, Row

PREFIX = "fidelity/"
FIGURES = {
    "r2": "R² of the change",
    "r2_excess": "R² beyond the mean change",
    "rank_correlation": "rank correlation of the scores",
    "overlap": "overlap of the best candidates",
}


def audited(loaded: Loaded, group: Group) -> Arm | None:
    """The arm of a group whose runs were audited: Random, for an audit there does not depend on what any proxy chose,
    or the first one that was; None where no row has a figure of an audit."""
    arms = [*([] if group.control is None else [group.control]), *group.arms]
    return next((arm for arm in arms if _is_audited(loaded, group, arm)), None)


def figures(loaded: Loaded, group: Group, arm: Arm) -> pd.DataFrame:
    """A row per run, query, proxy and figure of an arm: proxy, figure, cycle, labelled, seed, value.

    `labelled` is how many labels the model had that was asked.
    """
    cycles = group.planned["cycles"]
    found = [
        (*each, int(seed), value)
        for seed, cell in arm["cells"].items()
        for *each, value in _notes(loaded.rows(cell)[: cycles + 1])
    ]
    return pd.DataFrame(found, columns=["proxy", "figure", "cycle", "labelled", "seed", "value"])


def _is_audited(loaded: Loaded, group: Group, arm: Arm) -> bool:
    """Whether the arm's longest run has figures of an audit; one is enough, since an audit belongs to the settings."""
    rows = group.rows(arm)
    if rows.empty:
        return False
    cell = str(rows["cell"].iloc[int(rows["cycle"].to_numpy().argmax())])
    return any(name.startswith(PREFIX) for notes in loaded.notes(cell) for name in notes)


def _notes(rows: list[Row]) -> Iterator[tuple[str, str, int, int, float]]:
    """Proxy, figure, cycle, labels and value of each figure: an audit precedes the query that led to its row."""
    for before, row in pairwise(rows):
        for name, value in row["result"]["notes"].items():
            if name.startswith(PREFIX):
                proxy, _, figure = name.removeprefix(PREFIX).rpartition("/")
                yield proxy, figure, row["cycle"], before["result"]["labelled"], value
