"""The ranking as a table on the terminal."""

from __future__ import annotations

import math

from rich.table import Table
from rich.text import Text

from bench.tuning.ranking import Ranked, Ranking

NOTHING = "–"


def table(ranking: Ranking, title: str) -> Table:
    """A line for each trial: its place, its point of the space, mean and 95 % interval of the metric, seeds settled."""
    found = Table(title=title, title_justify="left")
    found.add_column("rank", justify="right")
    found.add_column("trial", overflow="fold")
    for heading in (f"mean {ranking.metric}", "95 % interval", "seeds"):
        found.add_column(heading, justify="right")
    for place, trial in enumerate(ranking.trials, start=1):
        found.add_row(str(place), Text(trial.name), *_numbers(trial), _seeds(trial))
    return found


def _numbers(trial: Ranked) -> tuple[str, str]:
    mean = trial.mean
    if mean is None:
        return NOTHING, NOTHING
    return f"{mean.mean:.4f}", NOTHING if math.isnan(mean.low) else f"{mean.low:.4f} to {mean.high:.4f}"


def _seeds(trial: Ranked) -> str:
    outcome = trial.outcome
    done = len(outcome.curves) - len(outcome.missing) - len(outcome.failures)
    failed = f", {len(outcome.failures)} failed" if outcome.failures else ""
    return f"{done}/{len(outcome.curves)}{failed}"
