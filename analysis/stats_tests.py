"""Tests as stats.json tells them: each with its n, statistic, p, adjusted p and method."""

from __future__ import annotations

from dataclasses import asdict

from analysis.rank_test import RankTest
from analysis.statistics.paired import PairedTest

PAIRED_T = "two-sided paired t-test (ddof = 1, n − 1 degrees)"
HOLM_PAIRS = "Holm over all pairs"
Told = dict[str, object]


def paired(test: PairedTest, adjusted: float, family: int, method: str) -> Told:
    """A paired t-test; `method` says how its p was adjusted, over how many tests `family` does."""
    return {
        "test": PAIRED_T,
        "n": test.n,
        "deviation": test.deviation,
        "statistic": test.t,
        "degrees": test.degrees,
        "p": test.p,
        "p_adjusted": adjusted,
        "family": family,
        "method": method,
    }


def effect(test: PairedTest) -> Told:
    """How large the difference is in units of its spread."""
    return {"n": test.n, "measure": "d_z", "value": test.effect, "low": test.effect_low, "high": test.effect_high}


def rank_tests(of: RankTest) -> Told:
    """Friedman's test and those of all pairs."""
    return {
        "blocks": of.kind,
        "block_names": of.blocks,
        "dropped": of.dropped,
        "left_out": of.left_out,
        "average_ranks": dict(zip(of.names, of.friedman.average_ranks, strict=True)),
        "tests": _friedman(of),
        "nemenyi": {"n": len(of.blocks), "alpha": 0.05, "critical_difference": of.critical_difference},
        "pairs": _pairs(of),
    }


def _friedman(of: RankTest) -> list[Told]:
    test, chi = of.friedman, [of.friedman.degrees[0]]
    found = (
        ("Friedman", test.statistic, chi, test.p, "χ², corrected for ties"),
        ("Friedman", test.statistic, chi, test.exact_p, "exact, over all orders of ranks; null where that takes long"),
        ("Friedman", test.uncorrected, chi, test.uncorrected_p, "χ², not corrected for ties"),
        ("Iman-Davenport", test.iman_davenport, list(test.degrees), test.iman_davenport_p, "F of the uncorrected χ²"),
    )
    names = ("test", "statistic", "degrees", "p", "method")
    return [{"n": test.blocks, "p_adjusted": None, **dict(zip(names, each, strict=True))} for each in found]


def _pairs(of: RankTest) -> list[Told]:
    at = {name: position for position, name in enumerate(of.names)}
    adjusted, family = of.pairs.adjusted, len(of.pairs.tests)
    return [
        {"arm": a, "than": b, "difference": asdict(test.difference), "effect": effect(test)}
        | paired(test, float(adjusted[at[a], at[b]]), family, HOLM_PAIRS)
        for (a, b), test in of.pairs.tests.items()
    ]
