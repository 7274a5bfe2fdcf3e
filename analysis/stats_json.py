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
from analysis.stats_tests import PAIRED_T, Told, effect, paired, rank_tests
from analysis.stream_variance import StreamSplits
from analysis.sweep_numbers import SweepNumbers
from analysis.test_images import FinalDifference

SCHEMA = 2
HOLM = "Holm over the arms of the group against Random"
PIGEONHOLE = "pigeonhole bootstrap over seeds and test images (Owen 2007), closed form"
BOUND = "the widest interval of the pigeonhole bootstrap that the predictions allow"


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
        "comparisons": [
            _comparison(each) | {"over_test_images": _over_images(found)}
            for each, found in zip(numbers.comparisons, numbers.over_images, strict=True)
        ],
        "own_random": [_own_random(each) for each in numbers.own_randoms],
        "stream_variance": [_streams(each) for each in numbers.streams],
        "sweep": [_family(each) for each in numbers.families],
        "rerun_noise": [asdict(each) for each in numbers.noise],
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
        "ranks": None if comparison.ranks is None else rank_tests(comparison.ranks),
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
        "tests": [paired(of.test, of.holm, of.family, HOLM), wilcoxon],
        "effect": effect(of.test),
        "seeds_won": {"n": n, **asdict(of.wins)},
        "detectable": {"n": n, "difference": of.detectable, "power": POWER, "alpha": 0.05, "method": PAIRED_T},
        "correlation": {"n": n, "value": of.correlation, "method": "Pearson, of the two arms' AUBC over seeds"},
        "label_efficiency": None if of.labels is None else asdict(of.labels) | {"n": n, "bootstrap_seed": SEED},
    }


def _own_random(of: OwnRandom) -> Told:
    rows = [
        {"group": row.group, "label": row.arm.arm["label"], "random_aubc": asdict(row.random)}
        | {"against_random": None if row.arm.against_random is None else _against_random(row.arm.against_random)}
        for row in of.rows
    ]
    ranks = None if of.ranks is None else rank_tests(of.ranks)
    without = None if of.without_failed is None else _own_random(of.without_failed)
    told = {"experiment": of.experiment, "interim": of.interim, "arms": rows, "ranks": ranks}
    return told | {"without_failed": without}


def _over_images(found: Mapping[str, FinalDifference]) -> list[Told]:
    """Final accuracy minus Random's, of each arm; empty where no predictions are there."""
    return [
        {
            "label": label,
            "over_seeds": asdict(of.over_seeds) | {"method": "t-interval over seeds"},
            "over_seeds_and_images": asdict(of.two_way) | {"method": BOUND if of.bound else PIGEONHOLE},
            "absent": of.absent,
        }
        for label, of in found.items()
    ]


def _streams(of: StreamSplits) -> Told:
    arms = [{"label": label, **asdict(found)} for label, found in of.arms.items()]
    told: Told = {"experiment": of.experiment, "setting": of.others, "streams": of.streams, "arms": arms}
    return told | {"measure": "variance of AUBC, ddof = 1", "method": "95 % interval by chi-square"}


def _family(of: Family) -> Told:
    penalty = of.penalty
    return {
        "experiments": of.experiments,
        "arms": of.names,
        "ranks": None if of.ranks is None else rank_tests(of.ranks),
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
