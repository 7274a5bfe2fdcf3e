"""The order of trials: highest mean first; after them those of which a run failed, and those that are not all there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.tuning.outcome import Outcome
from bench.tuning.score import Estimate, estimate, scores
from bench.tuning.section import Metric


@dataclass(frozen=True)
class Ranked:
    """A trial with its scores by seed, and their mean; None before any seed is settled."""

    outcome: Outcome
    scores: dict[int, float]
    mean: Estimate | None

    @property
    def name(self) -> str:
        return self.outcome.trial.name

    @property
    def eligible(self) -> bool:
        """Whether it can be chosen once every trial is settled: none of its seeds has failed."""
        return bool(self.scores) and not self.outcome.failures


@dataclass(frozen=True)
class Ranking:
    """All trials, best first; `chance` is the accuracy of guessing, None where no run has a row."""

    trials: tuple[Ranked, ...]
    metric: Metric
    chance: float | None

    @property
    def winner(self) -> Ranked | None:
        """The first of all, once every trial is settled; equal means: the one that stands first in the space."""
        settled = not any(trial.outcome.missing for trial in self.trials)
        return self.trials[0] if settled and self.trials[0].eligible else None

    @property
    def failed(self) -> tuple[Ranked, ...]:
        """The trials of which a run failed."""
        return tuple(trial for trial in self.trials if trial.outcome.failures)


def rank(outcomes: Sequence[Outcome], metric: Metric) -> Ranking:
    """The ranking of trials; what a failed run did not reach counts as chance, 1/k for k classes."""
    classes = next((outcome.classes for outcome in outcomes if outcome.classes is not None), None)
    chance = None if classes is None else 1 / classes
    return Ranking(
        tuple(sorted((_ranked(outcome, metric, chance) for outcome in outcomes), key=_place)), metric, chance
    )


def _ranked(outcome: Outcome, metric: Metric, chance: float | None) -> Ranked:
    found = {} if chance is None else scores(outcome, metric, chance)
    return Ranked(outcome, found, estimate(list(found.values())) if found else None)


def _place(trial: Ranked) -> tuple[bool, bool, float]:
    return bool(trial.outcome.missing), not trial.eligible, -trial.mean.mean if trial.mean is not None else 0.0
