"""The comparisons that a sweep file declared before the run, and what the results say about each.

A claim is supported where its test's p-value, Holm-adjusted over all claims of the sweep, is below 0.05 in the claimed
direction; refuted where the opposite is shown at the same adjusted level: for `superior`, that the difference is below
the margin; for `non_inferior`, below −margin; for `equivalent`, outside ±margin. It is undecided otherwise. Failed runs
count as chance; what the claims come to without them is worked out too, and told of each claim that has some. Every
other comparison of a sweep is exploratory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.claims.result import ClaimResult
from analysis.claims.sides import Declared, Sides, declared, sides
from analysis.claims.tests import NAMES, ClaimTest, claim_test, deciding_seeds, over_family, verdict
from analysis.claims.times import time_remarks
from analysis.claims.wording import beside_failed, measured, sentence
from analysis.estimate import Estimate, estimate
from analysis.failed import left_out, scored_as_chance
from analysis.load import Loaded
from analysis.phrases import counted
from analysis.table import Cell, Table
from analysis.wording import p_value, seed_list
from bench.errors import ResultsError
from bench.record import ClaimMetric

__all__ = ["ClaimResult", "results", "table"]

HEADINGS = (
    "claim",
    "verdict",
    "n",
    "difference\npoints, factor or note",
    "p",
    "Holm p",
    "Holm p,\nopposite",
    "seeds\nneeded",
)
NOTES = (
    "Declared in the sweep file before the run. difference: of the first arm from the second, in percentage points, "
    "how many times as fast it queries, or as rows note a figure; [ ]: its 95 % t-interval over paired seeds. Holm p: "
    "adjusted over all claims of the sweep; supported below 0.05, refuted where that of the opposite is. Failed runs "
    "count as chance, and have neither times nor notes.",
    "p is two-sided, but of a claim to be no worse, or as good, within a margin: that is one-sided at the same 0.05 "
    "(two one-sided tests), and goes with the 90 % interval.",
    "seeds needed: about how many would support or refute an undecided claim, whichever the observed difference does, "
    "at 80 % power, if it is the true one.",
)
RESTS_ON_FAILED = "undecided whatever its Holm p, for it rests on failed runs: without them it is not shown."


@dataclass(frozen=True)
class _Tested:
    """A claim before its family is known."""

    claim: Declared
    sides: Sides
    test: ClaimTest
    estimate: Estimate


def results(loaded: Loaded) -> list[ClaimResult]:
    """Every claim of a sweep, in the order of its file."""
    claims = loaded.plan["claims"]
    if not claims:
        return []
    judged = _judged(scored_as_chance(loaded))
    if not any(each.failed for each in judged):
        return judged
    without = _judged(left_out(loaded))
    return [_beside(loaded, *both) if both[0].failed else both[0] for both in zip(judged, without, strict=True)]


def _beside(loaded: Loaded, scored: ClaimResult, without: ClaimResult) -> ClaimResult:
    """A claim with failed runs, and what it comes to without them.

    That one arm is no worse than another, or as good, is no finding where it rests on runs that failed.
    """
    claim = scored.planned
    rests_on_them = scored.verdict == "supported" and without.verdict != "supported"
    if claim is not None and claim.kind != "superior" and rests_on_them:
        scored = replace(scored, verdict="undecided", remarks=(*scored.remarks, RESTS_ON_FAILED))
        scored = replace(scored, sentence=sentence(scored, claim, loaded.plan))
    return beside_failed(scored, without)


def _judged(loaded: Loaded) -> list[ClaimResult]:
    """Every claim by the rows of `loaded`, which has the column `imputed`."""
    tested = {name: _tested(loaded, name) for name in loaded.plan["claims"]}
    found = [None if isinstance(each, str) else each.test for each in tested.values()]
    interim = [not isinstance(each, str) and each.sides.missing > 0 for each in tested.values()]
    adjusted = over_family([math.nan if test is None else test.p for test in found], interim).tolist()  # (claims,)
    opposing = over_family([math.nan if test is None else test.opposing for test in found], interim).tolist()
    told = []
    for (name, each), own, opposite in zip(tested.items(), adjusted, opposing, strict=True):
        if isinstance(each, str):
            told.append(ClaimResult(name, None, sentence=f"The claim {name} cannot be judged: {each}."))
        else:
            told.append(_result(loaded, each, own, opposite))
    return told


def table(results: Sequence[ClaimResult]) -> Table:
    """All claims of a sweep, one per row."""
    remarks = [f"{result.name}: {remark}" for result in results for remark in result.remarks]
    return Table("claims", "Claims declared before the run", HEADINGS, tuple(map(_row, results)), (*NOTES, *remarks))


def _tested(loaded: Loaded, name: str) -> _Tested | str:
    """A claim's numbers, or why it has none."""
    try:
        claim = declared(name, loaded.plan["claims"][name], loaded.plan)
        both = sides(loaded, claim)
    except ResultsError as error:
        return str(error)
    d = both.better - both.than  # (n,)
    return _Tested(claim, both, claim_test(claim.kind, d, _margin(claim)), _estimate(d, claim.metric))


def _result(loaded: Loaded, tested: _Tested, adjusted: float, opposing: float) -> ClaimResult:
    claim, both, test = tested.claim, tested.sides, tested.test
    decided = verdict(test, adjusted, opposing)
    timing = tuple(time_remarks(loaded.results, both.cells)) if claim.metric == "query_speed" else ()
    found = ClaimResult(
        name=claim.name,
        planned=claim,
        n=len(both.seeds),
        planned_n=both.planned,
        unpaired=both.unpaired,
        failed=both.failed,
        estimate=tested.estimate,
        test=NAMES[claim.kind],
        statistic=test.paired.t,
        degrees=test.paired.degrees,
        p=test.p,
        adjusted=adjusted,
        opposing=opposing,
        holds=test.holds,
        verdict=decided,
        status="interim" if both.missing else "confirmatory",
        seeds_needed=deciding_seeds(test, len(loaded.plan["claims"])) if decided == "undecided" else None,
        remarks=(*_remarks(both), *timing),
    )
    return replace(found, sentence=" ".join((sentence(found, claim, loaded.plan), *timing)))


def _margin(claim: Declared) -> float:
    """The margin in the unit of the differences: a fraction, the logarithm of a factor, or a note's own."""
    return math.log(claim.margin) if claim.metric == "query_speed" else claim.margin / _unit(claim.metric)


def _unit(metric: ClaimMetric) -> int:
    """Accuracies are fractions, and are told in percentage points."""
    return 1 if metric in ("query_speed", "note") else 100


def _estimate(differences: NDArray[np.float64], metric: ClaimMetric) -> Estimate:
    found = estimate(differences)
    if metric != "query_speed":
        return found
    mean, low, high = (math.exp(value) for value in (found.mean, found.low, found.high))
    return Estimate(mean, low, high, found.n)


def _remarks(both: Sides) -> Iterator[str]:
    if both.missing:
        yield f"Interim: {counted(both.missing, 'planned run')} not in yet. Stopping where p is small proves nothing."
    if both.failed:
        yield f"{counted(len(both.failed), 'failed run')} counted as chance: cells {', '.join(both.failed)}."
    if both.unpaired:
        yield f"Not used, since not every run that it takes is whole: {seed_list(both.unpaired)}."


def _row(result: ClaimResult) -> tuple[Cell, ...]:
    planned, n = result.planned, str(result.n)
    decided = f"{result.verdict} (interim)" if result.status == "interim" else result.verdict
    return (
        Cell(result.name),
        Cell(decided if planned is not None else "cannot be judged"),
        Cell(n if result.n == result.planned_n else f"{n}/{result.planned_n}", result.n),
        _measured(result),
        Cell(p_value(result.p), result.p),
        Cell(p_value(result.adjusted), result.adjusted),
        Cell(p_value(result.opposing), result.opposing),
        Cell("–" if result.seeds_needed is None else str(result.seeds_needed), result.seeds_needed),
    )


def _measured(result: ClaimResult) -> Cell:
    claim, of = result.planned, result.estimate
    if claim is None:
        return Cell("–", math.nan)
    unit = _unit(claim.metric)
    return Cell(measured(of, claim.metric), unit * of.mean, unit * of.low, unit * of.high, of.n)
