"""Everything that the report tells about a sweep, worked out once before any of it is worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.comparison import Comparison
from analysis.figures import Drawing, drawings
from analysis.load import Loaded
from analysis.sweep_numbers import Selection, SweepNumbers, sweep_numbers
from analysis.web.pictures import pictures


@dataclass(frozen=True)
class Findings:
    """What a results folder shows. `now` is when it was read, in UTC."""

    numbers: SweepNumbers
    drawings: Sequence[Drawing]
    pictures: Mapping[str, str]  # the <svg> element of each drawing, by its stem
    now: datetime

    @property
    def loaded(self) -> Loaded:
        """The results themselves."""
        return self.numbers.loaded


def findings(loaded: Loaded, now: datetime) -> Findings:
    """All of it. Raises ResultsError where two runs of a seed are no pair."""
    numbers = sweep_numbers(loaded, Selection())
    drawn = drawings(loaded, numbers=numbers)
    return Findings(numbers, drawn, pictures(loaded.results, drawn), now)


def title_of(experiment: str, compared: Sequence[Comparison]) -> str:
    """An experiment's name with its title."""
    title = compared[0].group.planned["title"]
    return f"{experiment}: {title}" if title else experiment
