"""A claim and its verdict in one plain sentence."""

from __future__ import annotations

import math
from dataclasses import replace

from analysis.claims.result import ClaimResult
from analysis.claims.sides import Declared, Place, arm_at
from analysis.estimate import Estimate
from analysis.phrases import counted, factor, factor_interval, p_is, plain_interval, points_interval
from bench.record import ClaimMetric, Plan

METRICS = {"aubc": "AUBC", "final_accuracy": "final accuracy"}


def sentence(result: ClaimResult, claim: Declared, plan: Plan) -> str:
    """Statement, verdict, difference, n and p. "A beats B on digits by 2.1 points of AUBC [1.0, 3.2], n = 20, …"."""
    said, plain = statement(claim, plan), claim.kind == "superior" and claim.margin == 0
    if result.n == 0:
        return f"{said}: {_no_pair(result)}."
    if result.verdict == "supported":
        by = f" by {_measured(result, claim)}" if plain else f": {_difference(result, claim)}"
        return f"{said}{by}, {_evidence(result)}: {_verdict(result)}."
    return f"{said}: {_verdict(result)}: {_difference(result, claim)}, {_evidence(result)}{_outlook(result)}."


def beside_failed(result: ClaimResult, without: ClaimResult) -> ClaimResult:
    """A claim some of whose runs failed, with what it comes to without them in its sentence."""
    found = f"{counted(len(result.failed), 'failed run')} counted as chance; without: {_in_short(without)}."
    return replace(result, sentence=f"{result.sentence} {found}", without_failed=without)


def statement(claim: Declared, plan: Plan) -> str:
    """What is claimed, as if it were so; which accuracy is meant stands with its difference."""
    better, than, on = _names(claim, plan)
    if claim.metric == "query_speed":
        return _speed_statement(claim, better, than, on)
    if claim.metric == "note":
        return _note_statement(claim, better, than, on)
    margin = counted_points(claim.margin)
    if claim.kind == "superior":
        return f"{better} beats {than}{on}" + (f" by more than {margin}" if claim.margin else "")
    if claim.kind == "non_inferior":
        return f"{better} is less than {margin} worse than {than}{on}"
    return f"{better} and {than} are less than {margin} apart{on}"


def _in_short(result: ClaimResult) -> str:
    """ "difference 2.1 points of AUBC [1.0, 3.2], n = 3, Holm p = 0.2: not shown"."""
    if result.planned is None or result.n == 0:
        return _no_pair(result)
    return f"{_difference(result, result.planned)}, {_evidence(result)}: {_verdict(result)}"


def _no_pair(result: ClaimResult) -> str:
    if result.status == "interim":
        return f"no pair of finished runs yet, of {result.planned_n} planned"
    return f"no pair of finished runs, of {result.planned_n} planned"


def counted_points(margin: float) -> str:
    """ "1 point" or "0.5 points"."""
    return f"{margin:g} point" if margin == 1 else f"{margin:g} points"


def measured(of: Estimate, metric: ClaimMetric) -> str:
    """The difference with its interval, without a unit."""
    told = {"query_speed": factor_interval, "note": plain_interval}
    return told.get(metric, points_interval)(of)


def _speed_statement(claim: Declared, better: str, than: str, on: str) -> str:
    times = f"{factor(claim.margin)} times"
    if claim.kind == "superior":
        return f"{better} queries {'' if claim.margin == 1 else f'more than {times} '}faster than {than}{on}"
    if claim.kind == "non_inferior":
        return f"{better} queries less than {times} slower than {than}{on}"
    return f"{better} and {than} query within a factor {factor(claim.margin)} of each other{on}"


def _note_statement(claim: Declared, better: str, than: str, on: str) -> str:
    if claim.kind == "superior":
        by = f" by more than {claim.margin:g}" if claim.margin else ""
        return f"{better} has more {claim.note} than {than}{on}{by}"
    if claim.kind == "non_inferior":
        return f"{better} has at most {claim.margin:g} less {claim.note} than {than}{on}"
    return f"{better} and {than} are less than {claim.margin:g} apart in {claim.note}{on}"


def _names(claim: Declared, plan: Plan) -> tuple[str, str, str]:
    """How the two sides are called, and where both stand if that is one place."""
    better, than = claim.better.label, claim.than.label
    same = (claim.better.experiment, claim.better.group) == (claim.than.experiment, claim.than.group)
    if not same:
        better, than = (f"{place.label} ({_where(place)})" for place in (claim.better, claim.than))
    if claim.from_random:
        better, than = f"the lead of {better} over its Random", f"that of {than} over its own"
    if not same:
        return better, than, ""
    group = f" ({claim.better.group})" if claim.better.group else ""
    return better, than, f" on {arm_at(plan, claim.better)['dataset']}{group}"


def _where(place: Place) -> str:
    return f"{place.experiment}, {place.group}" if place.group else place.experiment


def _measured(result: ClaimResult, claim: Declared) -> str:
    """ "2.1 points of AUBC [1.0, 3.2]"."""
    told, _, interval = measured(result.estimate, claim.metric).partition(" ")
    behind = f" {interval}" if interval else ""
    if claim.metric == "query_speed":
        return f"{told} times as fast{behind}"
    if claim.metric == "note":
        return f"{told}{behind}"
    return f"{told} points of {METRICS[claim.metric]}{behind}"


def _difference(result: ClaimResult, claim: Declared) -> str:
    return _measured(result, claim) if claim.metric == "query_speed" else f"difference {_measured(result, claim)}"


def _evidence(result: ClaimResult) -> str:
    n = str(result.n) if result.n == result.planned_n else f"{result.n} of {result.planned_n} planned"
    status = " (interim)" if result.status == "interim" else ""
    if math.isnan(result.adjusted):
        return f"n = {n}{status}, no test: {_untested(result)}"
    p = result.opposing if result.verdict == "refuted" else result.adjusted
    return f"n = {n}{status}, Holm p {p_is(p)}"


def _untested(result: ClaimResult) -> str:
    if result.n < 2:
        return "one pair"
    equal = result.estimate.mean == (1.0 if result.planned and result.planned.metric == "query_speed" else 0.0)
    return "both came out equal in every pair" if equal else "every pair differs by the same amount"


def _verdict(result: ClaimResult) -> str:
    if result.verdict == "supported":
        return "supported so far" if result.status == "interim" else "supported"
    if result.verdict == "refuted":
        return "refuted"
    return "not tested" if math.isnan(result.adjusted) else "not shown"


def _outlook(result: ClaimResult) -> str:
    if result.seeds_needed is None:
        return ""
    wanted = "support" if result.holds else "refute"
    return f"; with a difference of this size about {counted(result.seeds_needed, 'seed')} would {wanted} it"
