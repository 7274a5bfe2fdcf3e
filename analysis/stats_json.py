"""stats.json: every number of a sweep in full precision, as fractions and seconds, null where it is not defined.

A test is told with its n, statistic, p, adjusted p and method.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict

from analysis.across import DRAWS, Family, Gain
from analysis.against_random import POWER, SEED, AgainstRandom
from analysis.comparison import ArmSummary, Comparison
from analysis.own_random import OwnRandom
from analysis.rank_test import RankTest
from analysis.statistics.paired import PairedTest
from analysis.sweep_numbers import SweepNumbers

SCHEMA = 2
PAIRED_T = "two-sided paired t-test (ddof = 1, n − 1 degrees)"
HOLM = "Holm over the arms of the group against Random"
HOLM_PAIRS = "Holm over all pairs"
Told = dict[str, object]


def summary(numbers: SweepNumbers) -> Told:
    """What stats.json holds."""
    loaded, selection = numbers.loaded, numbers.selection
    told: Told = {
        "schema": SCHEMA,
        "name": loaded.plan["name"],
        "source": loaded.plan["source"],
        "commit": loaded.plan["commit"],
        "only": list(selection.only),
        "blocks": selection.blocks,
        "failed": selection.failed,
        "warnings": list(numbers.warnings),
        "claims": [asdict(claim) for claim in numbers.claims],
        "comparisons": [_comparison(each) for each in numbers.comparisons],
        "own_random": [_own_random(each) for each in numbers.own_randoms],
        "sweep": [_family(each) for each in numbers.families],
        "missing": [asdict(run) for run in loaded.missing],
        "failures": [asdict(run) for run in loaded.failures],
        "refused": [asdict(arm) for arm in loaded.refused],
    }
    return {key: defined(value) for key, value in told.items()}


def defined(value: object) -> object:
    """The same with null for every number that is not finite."""
    if isinstance(value, Mapping):
        return {key: defined(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [defined(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _comparison(comparison: Comparison) -> Told:
    group, without = comparison.group, comparison.without_failed
    return {
        "experiment": group.experiment,
        "group": group.name,
        "title": group.planned["title"],
        "control": None if group.control is None else group.control["label"],
        "planned_seeds": group.planned["seeds"],
        "interim": comparison.interim,
        "labels": comparison.runs.labelled.tolist(),
        "arms": [_arm(arm) for arm in comparison.arms],
        "ranks": None if comparison.ranks is None else _ranks(comparison.ranks),
        "unscored": [asdict(run) for run in comparison.unscored],
        "without_failed": None if without is None else [_arm(arm) for arm in without.arms],
    }


def _arm(of: ArmSummary) -> Told:
    named: Told = {name: of.arm[name] for name in ("label", "strategy", "learner", "dataset", "sees_labels")}
    measured = {name: asdict(getattr(of, name)) for name in ("final_accuracy", "aubc", "aubc_zhan2021", "costs")}
    versus = None if of.against_random is None else _against_random(of.against_random)
    curve = [asdict(cycle) for cycle in of.curve]
    told = {"complete": of.complete, "imputed": of.imputed, **measured, "curve": curve, "against_random": versus}
    return named | told


def _against_random(of: AgainstRandom) -> Told:
    signed, n = of.signed_rank, of.difference.n
    wilcoxon = {"test": "Wilcoxon signed-rank", "n": signed.n, "statistic": signed.statistic, "p": signed.p}
    wilcoxon |= {"p_adjusted": None, "zeros": signed.zeros, "least_p": signed.least_p, "method": signed.method}
    return {
        "seeds": of.seeds,
        "unpaired": of.unpaired,
        "difference": asdict(of.difference),
        "p": of.p,
        "tests": [_paired(of.test, of.holm, of.family, HOLM), wilcoxon],
        "effect": _effect(of.test),
        "seeds_won": {"n": n, **asdict(of.wins)},
        "detectable": {"n": n, "difference": of.detectable, "power": POWER, "alpha": 0.05, "method": PAIRED_T},
        "correlation": {"n": n, "value": of.correlation, "method": "Pearson, of the two arms' AUBC over seeds"},
        "label_efficiency": None if of.labels is None else asdict(of.labels) | {"n": n, "bootstrap_seed": SEED},
    }


def _paired(test: PairedTest, adjusted: float, family: int, method: str) -> Told:
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


def _effect(test: PairedTest) -> Told:
    return {"n": test.n, "measure": "d_z", "value": test.effect, "low": test.effect_low, "high": test.effect_high}


def _ranks(of: RankTest) -> Told:
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
        ("Friedman", test.uncorrected, chi, test.uncorrected_p, "χ², not corrected for ties"),
        ("Iman-Davenport", test.iman_davenport, list(test.degrees), test.iman_davenport_p, "F of the uncorrected χ²"),
    )
    names = ("test", "statistic", "degrees", "p", "method")
    return [{"n": test.blocks, "p_adjusted": None, **dict(zip(names, each, strict=True))} for each in found]


def _pairs(of: RankTest) -> list[Told]:
    at = {name: position for position, name in enumerate(of.names)}
    adjusted, family = of.pairs.adjusted, len(of.pairs.tests)
    return [
        {"arm": a, "than": b, "difference": asdict(test.difference), "effect": _effect(test)}
        | _paired(test, float(adjusted[at[a], at[b]]), family, HOLM_PAIRS)
        for (a, b), test in of.pairs.tests.items()
    ]


def _own_random(of: OwnRandom) -> Told:
    rows = [
        {"group": row.group, "label": row.arm.arm["label"], "random_aubc": asdict(row.random)}
        | {"against_random": None if row.arm.against_random is None else _against_random(row.arm.against_random)}
        for row in of.rows
    ]
    ranks = None if of.ranks is None else _ranks(of.ranks)
    without = None if of.without_failed is None else _own_random(of.without_failed)
    told = {"experiment": of.experiment, "interim": of.interim, "arms": rows, "ranks": ranks}
    return told | {"without_failed": without}


def _family(of: Family) -> Told:
    penalty = of.penalty
    return {
        "experiments": of.experiments,
        "arms": of.names,
        "ranks": None if of.ranks is None else _ranks(of.ranks),
        "penalty": {
            "arms": penalty.names,
            "settings": penalty.settings,
            "counts": penalty.counts.tolist(),
            "totals": dict(zip(penalty.names, penalty.totals.tolist(), strict=True)),
        },
        "gains": [_gain(gain) for gain in of.gains],
        "interim": of.interim,
        "without_failed": None if of.without_failed is None else _family(of.without_failed),
    }


def _gain(of: Gain) -> Told:
    bootstrap = {"method": "percentile bootstrap over seeds within settings", "draws": DRAWS, "bootstrap_seed": SEED}
    return asdict(of) | bootstrap
