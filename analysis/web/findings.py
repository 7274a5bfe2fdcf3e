"""Everything that the report tells about a sweep, worked out once before any of it is worded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analysis.claims.judged import ClaimResult, results
from analysis.comparison import Comparison, compare
from analysis.failed import scored_as_chance
from analysis.figures import Drawing, drawings
from analysis.groups import groups
from analysis.load import Loaded
from analysis.provenance import Provenance, provenance
from analysis.sweep_numbers import by_experiment
from analysis.web.pictures import pictures


@dataclass(frozen=True)
class Findings:
    """What a results folder shows. `now` is when it was read, in UTC."""

    loaded: Loaded
    comparisons: Sequence[Comparison]
    drawings: Sequence[Drawing]
    pictures: Mapping[str, str]  # the <svg> element of each drawing, by its stem
    claims: Sequence[ClaimResult]
    origin: Provenance
    now: datetime

    @property
    def experiments(self) -> dict[str, list[Comparison]]:
        """The comparisons of each experiment, in the order of the plan."""
        return {compared[0].group.experiment: compared for compared in by_experiment(self.comparisons)}


def findings(loaded: Loaded, now: datetime) -> Findings:
    """All of it. Raises ResultsError where two runs of a seed are no pair."""
    comparisons = [compare(group) for group in groups(scored_as_chance(loaded))]
    drawn = drawings(loaded, comparisons=comparisons)
    return Findings(
        loaded=loaded,
        comparisons=comparisons,
        drawings=drawn,
        pictures=pictures(drawn),
        claims=results(loaded),
        origin=provenance(loaded),
        now=now,
    )


def title_of(experiment: str, compared: Sequence[Comparison]) -> str:
    """An experiment's name with its title."""
    title = compared[0].group.planned["title"]
    return f"{experiment}: {title}" if title else experiment
