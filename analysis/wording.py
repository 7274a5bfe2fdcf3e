"""Numbers and gaps as readers see them: the same words in the terminal and in the report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from analysis.comparison import Comparison
from analysis.estimate import Estimate
from analysis.groups import Group
from analysis.load import Failed, Loaded, Missing
from analysis.statistics.paired import least_p

LEVEL = 0.05
FEW = 5  # pairs up to which the exact Wilcoxon test can never reach 0.05
UNSCORED = "since its data were not there or nothing tells the labels of all its cycles"
AS_CHANCE = "scored as chance"
SCORED, LEFT_OUT = "failed runs scored as chance", "failed runs left out"
OUT = "Failed runs are left out, though runs do not fail at random."
INTERIM = "Interim: some planned runs are not in yet, so these numbers may still move."
NOTES = (
    "n: complete seeds, of those planned. [ ]: 95 % t-interval of the mean over seeds. AUBC: area under the accuracy "
    "curve over labels, divided by their range; AUBC of Zhan et al. 2021: trapz(acc[1:]) / (len(acc) − 1). Differences "
    "are paired by seed, in percentage points. All p-values in these tables are exploratory, two-sided and from paired "
    "t-tests unless another test is named; claims that were declared before the run stand apart. Holm: adjusted over "
    "the arms of the group, or over all pairs of a matrix. d_z: mean difference divided by the standard deviation of "
    "the differences. Detectable: the smallest true difference that these seeds would find with probability 0.8."
)


def interval(of: Estimate, digits: int, single: str, sign: str = "") -> str:
    """A fraction as percent with its interval; words where there are too few seeds for one."""
    if of.n == 0:
        return "no complete seed"
    mean, low, high = (number(100 * value, digits, sign) for value in (of.mean, of.low, of.high))
    return f"{mean} ({single})" if of.n == 1 else f"{mean} [{low}, {high}]"


def number(value: float, digits: int, sign: str = "") -> str:
    """A number with a proper minus sign, or a dash where it is not defined; `sign` is "+" where gains are marked."""
    if math.isnan(value):
        return "–"
    rounded = round(value, digits) + 0.0  # there is no negative zero
    return f"{rounded:{sign}.{digits}f}".replace("-", "−")


def p_value(p: float) -> str:
    """A p-value to four decimals, or as many as tell it from 0.05, or its size where that would be 0; else a dash."""
    if math.isnan(p):
        return "–"
    if abs(p - LEVEL) < 5e-5 and p != LEVEL:
        return next(told for digits in range(4, 18) if float(told := f"{p:.{digits}f}") != LEVEL)
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.0e}".replace("-", "−") if p > 0 else "< 1e−300"


def seconds(value: float) -> str:
    """Seconds in three digits at most, or a dash where nothing was measured."""
    if math.isnan(value):
        return "–"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def heading(group: Group) -> str:
    """Experiment, title and point of the grid in one line."""
    title = group.planned["title"]
    named = f"{group.experiment}: {title}" if title else group.experiment
    return f"{named} ({group.name})" if group.name else named


def commit(of: str | None) -> str:
    """A commit as bench.environment.code_commit names it, for readers."""
    if of is None:
        return "commit unknown"
    return f"commit {of[:10]} with uncommitted changes" if of.endswith("+") else f"commit {of[:10]}"


def failure(of: Failed) -> str:
    """How a run failed, in one line."""
    told = " ".join(of.failure["message"].split())
    return f"{of.failure['kind'].replace('_', ' ')} in cycle {of.failure['cycle']}: {told}"


def marks(comparison: Comparison) -> Iterator[str]:
    """What a reader must know of any number of a group: what is not in yet, and what failed runs count as."""
    if comparison.interim:
        missing = len(comparison.group.missing)
        yield f"Interim: {_count(missing, 'planned run')} not in yet, so these numbers may still move."
    yield from _failures(comparison)


def remarks(comparison: Comparison) -> Iterator[str]:
    """What a reader of a group's tables must know beside their numbers."""
    group = comparison.group
    yield from marks(comparison)
    if group.control is None:
        yield "No arm of this group is Random: there is nothing to take differences from."
    yield from _few(comparison)
    for summary in comparison.arms:
        paired = summary.against_random
        if paired is not None and paired.unpaired:
            yield f"{summary.arm['label']}: unpaired, incomplete here or for Random: {seed_list(paired.unpaired)}."


def gaps(loaded: Loaded) -> Iterator[tuple[str, str]]:
    """Arms whose runs are not finished, each with its seeds and how many cycles there are of how many."""
    arms: dict[tuple[str, str, str], list[Missing]] = {}
    for run in loaded.missing:
        arms.setdefault((run.experiment, run.group, run.label), []).append(run)
    for (experiment, group, label), runs in arms.items():
        yield place(experiment, group, label), "; ".join(_progress(runs))


def place(experiment: str, group: str, label: str) -> str:
    """Where in a sweep an arm stands."""
    return " · ".join(part for part in (experiment, group, label) if part)


def seed_list(seeds: Sequence[int]) -> str:
    """Seeds by their numbers."""
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}"


def _failures(comparison: Comparison) -> Iterator[str]:
    group = comparison.group
    if comparison.scored:
        scored = [f"{arm.arm['label']}, {seed_list(arm.imputed)}" for arm in comparison.arms if arm.imputed]
        number_of = sum(len(arm.imputed) for arm in comparison.arms)
        yield (
            f"{_count(number_of, 'failed run')} {AS_CHANCE} in the cycles not reached ({'; '.join(scored)}); the "
            "table of failed runs has the differences without them, for runs do not fail at random."
        )
        if comparison.unscored:
            lost = _runs(comparison.unscored)
            yield f"Failed and in no number here, {UNSCORED}: {lost}."
    elif group.failures:
        left = _count(len(group.failures), "run")
        yield f"{left} left out as failed ({_runs(group.failures)}), though runs do not fail at random."


def _runs(failures: Iterable[Failed]) -> str:
    """Failed runs by arm and seed."""
    seeds: dict[str, list[int]] = {}
    for run in failures:
        seeds.setdefault(run.label, []).append(run.seed)
    return "; ".join(f"{label}, {seed_list(found)}" for label, found in seeds.items())


def _few(comparison: Comparison) -> Iterator[str]:
    """What the number of pairs does not allow."""
    pairs = max((arm.against_random.difference.n for arm in comparison.arms if arm.against_random), default=0)
    if pairs == 1:
        yield "One pair of seeds: there is no interval and no test."
    elif 1 < pairs <= FEW:
        least = f"{least_p(pairs):.4g}"
        yield f"With {pairs} pairs the exact Wilcoxon test cannot go below p = {least}, whatever the difference."


def _progress(runs: list[Missing]) -> Iterator[str]:
    by_cycles: dict[int, list[int]] = {}
    for run in runs:
        by_cycles.setdefault(run.cycles, []).append(run.seed)
    for cycles, seeds in sorted(by_cycles.items()):
        yield f"{seed_list(seeds)}: {cycles} of {runs[0].planned} cycles"


def _count(number: int, noun: str) -> str:
    return f"1 {noun} is" if number == 1 else f"{number} {noun}s are"
