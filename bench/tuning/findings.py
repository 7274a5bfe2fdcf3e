"""What there is to say about the winner of a search, in sentences: how sure it is, and whether the search was wide
enough and the task fit for comparing strategies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from bench.record import Failure
from bench.tuning.ranking import Ranked, Ranking
from bench.tuning.score import difference, estimate

SATURATED = 0.98
"""A final accuracy above this leaves strategies nothing to gain."""
NEAR_CHANCE = 0.1
"""A final accuracy below this share of the way from chance to 1 has learned nothing."""
LEAST_GAIN = 0.01
"""A smaller gain in accuracy from the first to the last cycle is none."""


def winner_sentence(ranking: Ranking, winner: Ranked) -> str:
    """Which trial was chosen, by what, out of how many."""
    seeds, trials = len(winner.scores), len(ranking.trials)
    over = f"the mean over {seeds} seeds" if seeds > 1 else "of one seed"
    best = f", the highest of {trials} trials, which flatters it" if trials > 1 else ""
    return f"chosen: {winner.name}: {ranking.metric} {winner.mean}, {over}{best}"


def doubts(ranking: Ranking, winner: Ranked, space: Mapping[str, JsonValue]) -> list[str]:
    """What speaks against taking the winner for granted; nothing where all is well."""
    found = [*_near_ties(ranking, winner), *_failures(ranking), *_edges(winner, space)]
    return [*found, *_curve(winner, ranking.chance or 0.0)]


def no_winner(ranking: Ranking) -> str:
    """Why nothing can be chosen: trials are not finished, or all of them failed."""
    open_trials = [trial for trial in ranking.trials if trial.outcome.missing]
    if open_trials:
        return f"nothing chosen: {len(open_trials)} of {len(ranking.trials)} trials are not finished; start it again"
    told = "\n".join(f"  {said}" for said in _failures(ranking))
    return f"nothing chosen: every trial failed; --retry-failed runs failed cells again\n{told}"


def _near_ties(ranking: Ranking, winner: Ranked) -> Iterator[str]:
    others = [trial for trial in ranking.trials if trial.eligible and trial is not winner]
    if others and len(winner.scores) == 1:
        yield "one seed gives no interval: nothing tells the chosen point from the others; take more seeds"
        return
    near = [trial for trial in others if difference(winner.scores, trial.scores).low <= 0]
    if near and near[0].mean == winner.mean:
        yield f"equally good: {near[0].name}; of equal ones the first in the space is chosen"
    elif near:
        first = difference(winner.scores, near[0].scores)
        more = f"; so do {len(near) - 1} more" if len(near) > 1 else ""
        yield f"the choice is not clear: {near[0].name} lies within the interval of the difference, {first}{more}"


def _failures(ranking: Ranking) -> Iterator[str]:
    for trial in ranking.failed:
        told = "; ".join(f"seed {seed}: {_reason(failure)}" for seed, failure in trial.outcome.failures.items())
        yield f"failed, counted as chance from there on and ranked last: {trial.name} ({told})"


def _reason(failure: Failure) -> str:
    """The kind and the first line of the message."""
    return f"{failure['kind']}: {failure['message'].partition(chr(10))[0]}"


def _edges(winner: Ranked, space: Mapping[str, JsonValue]) -> Iterator[str]:
    for key, value in winner.outcome.trial.values.items():
        numbers = _numbers(space[key])
        if len(numbers) < 2 or not _numbers([value]):
            continue
        for extreme, name, further in ((min(numbers), "smallest", "smaller"), (max(numbers), "largest", "larger")):
            if value == extreme:
                yield f"{key}={value} is the {name} value of the space: search {further} ones too, where there are any"


def _curve(winner: Ranked, chance: float) -> Iterator[str]:
    """Random must learn, and be neither saturated nor flat, or strategies cannot be told apart."""
    curves = winner.outcome.curves.values()
    final = math.fsum(curve[-1] for curve in curves) / len(curves)
    gain = estimate([curve[-1] - curve[0] for curve in curves])
    if final > SATURATED:
        yield f"Random is saturated: its final accuracy is {final:.3f}; take a harder task, or fewer labels"
    if final < chance + NEAR_CHANCE * (1 - chance):
        yield f"Random does not learn: its final accuracy is {final:.3f}, and chance is {chance:.3f}"
    if gain.mean < LEAST_GAIN:
        yield f"Random is flat: it gains {gain} from the first to the last cycle; start with fewer labels"
    elif gain.low <= 0:
        yield f"it is not sure that Random learns: it gains {gain} from the first to the last cycle; take more seeds"


def _numbers(written: JsonValue) -> list[float]:
    """The numbers among the values that are written for a key, be it a list or a mapping of what they are called; true
    and false are none."""
    found = list(written.values()) if isinstance(written, dict) else written if isinstance(written, list) else []
    return [each for each in found if isinstance(each, int | float) and not isinstance(each, bool)]
