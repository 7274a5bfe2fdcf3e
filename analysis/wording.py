"""Numbers and gaps as readers see them: the same words in the terminal and in the report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from analysis.comparison import ArmSummary, Comparison
from analysis.estimate import Estimate
from analysis.groups import Group, display_name
from analysis.load import Failed, Loaded, Missing

HEADINGS = ("arm", "n", "final\naccuracy, %", "AUBC\n%", "AUBC − Random\npoints", "p", "query\ns", "fit\ns")
NOTES = (
    "n: complete seeds, of those planned. [ ]: 95 % t-interval of the mean over seeds. AUBC: area under the accuracy "
    "curve over labels, divided by their range. AUBC − Random: paired by seed, in percentage points. p: two-sided "
    "paired t-test of that difference, exploratory and unadjusted for the number of comparisons. query, fit: mean "
    "seconds per cycle, the drawing of the initial set left out."
)


def cells(summary: ArmSummary, planned: int) -> tuple[str, ...]:
    """The texts of one table line, under HEADINGS."""
    done = len(summary.complete)
    return (
        display_name(summary.arm),
        str(done) if done == planned else f"{done}/{planned}",
        interval(summary.final_accuracy, digits=1, single="1 seed"),
        f"{100 * summary.aubc.mean:.1f}" if done else "–",
        _difference(summary),
        _p(summary),
        seconds(summary.query_seconds),
        seconds(summary.fit_seconds),
    )


def interval(of: Estimate, digits: int, single: str, sign: str = "") -> str:
    """A fraction as percent with its interval; words where there are too few seeds for one."""
    if of.n == 0:
        return "no complete seed"
    mean, low, high = (f"{100 * value:{sign}.{digits}f}".replace("-", "−") for value in (of.mean, of.low, of.high))
    return f"{mean} ({single})" if of.n == 1 else f"{mean} [{low}, {high}]"


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


def short_commit(of: str | None) -> str:
    """The same for a narrow place: seven digits, and "+" for uncommitted changes."""
    return "commit unknown" if of is None else f"commit {of[:7]}{'+' if of.endswith('+') else ''}"


def failure(of: Failed) -> str:
    """How a run failed, in one line."""
    told = " ".join(of.failure["message"].split())
    return f"{of.failure['kind'].replace('_', ' ')} in cycle {of.failure['cycle']}: {told}"


def remarks(comparison: Comparison) -> Iterator[str]:
    """What a reader of one table must know beside its numbers."""
    group = comparison.group
    if comparison.interim:
        yield f"Interim: {_count(len(group.missing), 'planned run')} not in yet, so these numbers may still move."
    if group.failures:
        yield f"{_count(len(group.failures), 'run')} left out as failed, though runs do not fail at random."
    if group.control is None:
        yield "No arm of this group is Random: there is nothing to take differences from."
    for summary in comparison.arms:
        paired = summary.against_random
        if paired is not None and paired.unpaired:
            yield f"{summary.arm['label']}: unpaired, incomplete here or for Random: {_seeds(paired.unpaired)}."


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


def _difference(summary: ArmSummary) -> str:
    paired = summary.against_random
    if paired is None:
        return "–" if summary.arm["strategy"] != "random" else "reference"
    if paired.difference.n == 0:
        return "no pair"
    return interval(paired.difference, digits=2, single="1 pair", sign="+")


def _p(summary: ArmSummary) -> str:
    paired = summary.against_random
    if paired is None:
        return ""
    if paired.difference.n < 2:
        return "too few"
    if math.isnan(paired.p):
        return "equal"  # every pair differs by the same amount, so that t is not defined
    return f"{paired.p:.4f}" if paired.p >= 0.0001 else f"{paired.p:.0e}"


def _progress(runs: list[Missing]) -> Iterator[str]:
    by_cycles: dict[int, list[int]] = {}
    for run in runs:
        by_cycles.setdefault(run.cycles, []).append(run.seed)
    for cycles, seeds in sorted(by_cycles.items()):
        yield f"{_seeds(seeds)}: {cycles} of {runs[0].planned} cycles"


def _seeds(seeds: Sequence[int]) -> str:
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}"


def _count(number: int, noun: str) -> str:
    return f"1 {noun} is" if number == 1 else f"{number} {noun}s are"
