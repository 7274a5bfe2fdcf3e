"""The tests of any table of scores: `python -m analysis.stats --table scores.csv [--json]`."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path

from analysis.scores.file import read_scores
from analysis.scores.layout import tables
from analysis.scores.tests import ALPHA, PairTests, ScoreTests, tested
from analysis.statistics.paired import PairedTest
from analysis.table import Table

SCHEMA = 1


def run(path: Path, as_json: bool, smaller_is_better: bool = False) -> tuple[list[Table], dict[str, object]]:
    """The tables of a CSV file of scores, and all their numbers as JSON holds them; prints nothing.

    The first column names the rows (datasets or seeds), every other one is a method; larger is better unless told
    otherwise. `as_json` leaves the tables away. Raises ResultsError where the file is no complete table.
    """
    of = tested(read_scores(path, smaller_is_better))
    return [] if as_json else tables(of), numbers(of)


def numbers(of: ScoreTests) -> dict[str, object]:
    """Every number in full precision, each with its n, test, statistic, p and method; None where undefined."""
    scores = of.scores
    found: dict[str, object] = {
        "schema": SCHEMA,
        "source": scores.source,
        "rows": list(scores.blocks),
        "methods": list(scores.methods),
        "smaller_is_better": scores.smaller_is_better,
        "average_ranks": dict(zip(scores.methods, of.friedman.average_ranks, strict=True)),
        "mean_scores": dict(zip(scores.methods, scores.values.mean(axis=0).tolist(), strict=True)),
        "all_methods": _omnibus(of),
        "nemenyi": {
            "n": len(scores.blocks),
            "alpha": ALPHA,
            "critical_difference": of.critical_difference,
            "not_told_apart": [list(group) for group in of.cliques],
        },
        "pairs": [_pair(pair, len(scores.blocks)) for pair in of.pairs],
    }
    return {key: _defined(value) for key, value in found.items()}


def _omnibus(of: ScoreTests) -> dict[str, object]:
    test = of.friedman
    n, chi, both = test.blocks, {"degrees": [test.degrees[0]]}, {"degrees": list(test.degrees)}
    uncorrected = _test(n, "Friedman", test.uncorrected, test.uncorrected_p, "χ², not corrected for ties")
    f = _test(n, "Iman-Davenport", test.iman_davenport, test.iman_davenport_p, "F, of the uncorrected χ²")
    return {
        "friedman": _test(n, "Friedman", test.statistic, test.p, "χ², corrected for ties") | chi,
        "friedman_uncorrected": uncorrected | chi,
        "iman_davenport": f | both,
    }


def _pair(pair: PairTests, n: int) -> dict[str, object]:
    ranked, q = "average ranks", math.sqrt(2) * abs(pair.z)
    ranks = {"holm_p": pair.rank_holm, "rank_difference": pair.rank_gap}
    return {
        "first": pair.first,
        "second": pair.second,
        "ranks": _test(n, ranked, pair.z, pair.rank_p, "normal, two-sided") | ranks,
        "nemenyi": _test(n, ranked, q, pair.nemenyi_p, "studentised range, adjusted for all pairs"),
        "paired_t": _paired_t(pair),
        "effect": _effect(pair.paired),
        "signed_rank": _signed_rank(pair),
        "win_tie_loss": asdict(pair.counts),
    }


def _paired_t(pair: PairTests) -> dict[str, object]:
    of = pair.paired
    return _test(of.n, "paired t", of.t, of.p, "two-sided") | {
        "holm_p": pair.paired_holm,
        "degrees": [of.degrees],
        "difference": asdict(of.difference),
        "deviation": of.deviation,
    }


def _effect(of: PairedTest) -> dict[str, object]:
    ends = {"d_z": of.effect, "low": of.effect_low, "high": of.effect_high}
    return {"n": of.n, **ends, "method": "95 % interval by the noncentral t"}


def _signed_rank(pair: PairTests) -> dict[str, object]:
    of = pair.signed
    more = {"holm_p": pair.signed_holm, "zeros": of.zeros, "least_p": of.least_p}
    return _test(of.n, "Wilcoxon signed-rank", of.statistic, of.p, of.method) | more


def _test(n: int, test: str, statistic: float, p: float, method: str) -> dict[str, object]:
    return {"n": n, "test": test, "statistic": statistic, "p": p, "method": method}


def _defined(value: object) -> object:
    """The value with None for what is not finite."""
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
