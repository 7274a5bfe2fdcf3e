"""Arms over all groups of a sweep that share them: ranks over datasets, BADGE's penalties, gains over Random."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from analysis.across import DRAWS, Family, Gain
from analysis.against_random import SEED
from analysis.groups import file_stem
from analysis.result_tables import cells, ranks
from analysis.statistics.penalty import PenaltyMatrix
from analysis.table import Cell, Table
from analysis.wording import INTERIM, LEFT_OUT, SCORED, seed_list

GAINS = ("arm", "settings", "pairs", "interquartile mean of\nAUBC − Random, points", "better than Random\n% of pairs")
PENALTY = (
    "Row i, column j: in how many settings i beats j by the paired t-test over seeds at the 5 % level, unadjusted, the "
    "label counts of a setting sharing one point; label counts M0 + 2^(m − 1) B, as in Ash et al. 2020, who stop where "
    "Random is saturated and not at the last. The last row is the average of each column: the smaller, the less often "
    "an arm is beaten."
)
BOOTSTRAP = (
    f"Gains: differences from the Random of the same setting, paired by seed; 95 % intervals by {DRAWS:,} bootstrap "
    f"draws of seeds within settings (generator seeded with {SEED}). The interquartile mean drops the largest and the "
    "smallest quarter (Agarwal et al. 2021). With two or three seeds in a setting such intervals are too narrow, and "
    "there is none where a setting has one, or where no draw differs."
)


def tables(family: Family) -> Iterator[Table]:
    """The tables of one family; both ways of counting failed runs, where there are any."""
    named, where = _named(family), ", ".join(family.experiments)
    if family.without_failed is None:
        yield from _tables(family, named, where)
    else:
        yield from _tables(family, named, f"{where}, {SCORED}")
        yield from _tables(family.without_failed, (*named, "failed-left-out"), f"{where}, {LEFT_OUT}")


def _tables(family: Family, named: tuple[str, ...], where: str) -> Iterator[Table]:
    if family.gains:
        yield _gains(family, named, where)
    if family.ranks is not None:
        averaged, *pairs = ranks.tables(family.ranks, named, where, "AUBC, seeds averaged first")
        yield replace(averaged, remarks=(*averaged.remarks, *_short(family)))
        yield from pairs
    if family.penalty.names:
        yield _penalties(family, named, where)


def _left_out(found: PenaltyMatrix) -> Iterator[str]:
    if found.left_out:
        yield f"Left out, for some setting has no run of theirs: {', '.join(found.left_out)}."


def _named(family: Family) -> tuple[str, ...]:
    return ("_sweep",) if family.number == 1 else ("_sweep", str(family.number))  # no experiment is called so


def _short(family: Family) -> Iterator[str]:
    """What is not in yet, and which seeds were used where some are missing."""
    if family.interim:
        yield INTERIM
    told = [f"{name}: {seed_list(seeds) if seeds else 'none'}" for name, seeds in family.short.items()]
    if told:
        yield f"Not all planned seeds are complete in every arm; those that are, and were used: {'; '.join(told)}."


def _gains(family: Family, named: tuple[str, ...], where: str) -> Table:
    rows = tuple(_gain(gain) for gain in family.gains)
    remarks = (BOOTSTRAP, INTERIM) if family.interim else (BOOTSTRAP,)
    return Table(file_stem(*named, "gains"), f"Gains over Random in all settings · {where}", GAINS, rows, remarks)


def _gain(gain: Gain) -> tuple[Cell, ...]:
    pairs = gain.middle.n
    return (
        Cell(gain.label),
        Cell(str(gain.settings), gain.settings),
        Cell(str(pairs), pairs),
        cells.percent(gain.middle, 2, "1 pair", "+") if pairs else Cell("no pair"),
        cells.percent(gain.better, 0, "1 pair") if pairs else Cell("no pair"),
    )


def _penalties(family: Family, named: tuple[str, ...], where: str) -> Table:
    found = family.penalty
    rows = [
        (Cell(name), *(cells.plain(float(count)) for count in counts))
        for name, counts in zip(found.names, found.counts, strict=True)
    ]
    totals = (Cell("average"), *(cells.plain(float(total)) for total in found.totals))
    return Table(
        name=file_stem(*named, "penalties"),
        title=f"Pairwise penalties over {len(found.settings)} settings · {where}",
        headings=("beats", *found.names),
        rows=(*rows, totals),
        remarks=(PENALTY, f"Settings: {'; '.join(found.settings)}.", *_left_out(found), *_short(family)),
    )
