"""Experiments that vary random streams one by one: how much of the spread of the AUBC each of them causes.

Such an experiment has a grid {vary: [all, [initial], [weights], …]}; its groups are told apart by that part of their
names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis import wording
from analysis.curves import areas
from analysis.groups import Group, display_name, file_stem
from analysis.statistics.variance import ALL, StreamVariance, VarianceSplit, split
from analysis.table import Cell, Table

VARY = re.compile(r"(?:^|, )vary=(all|\[[^\]]*\])")
HEADINGS = ("arm · streams", "n", "deviation\npoints of AUBC", "share of the\nvariance, %")
NOTES = (
    "Only the named random streams follow the seed, all others stay as with seed 0. deviation: standard deviation of "
    "the AUBC over seeds, with its 95 % interval by chi-square. share: of the variance with all streams.",
    "rest: what the single streams leave of that variance, other streams and interactions; below 0 by chance, or where "
    "streams work against each other. Failed runs are left out: that chance is no spread of a stream's.",
)
NO_WHOLE = "No group here varies all streams (vary: all), so shares are not known."


@dataclass(frozen=True)
class StreamSplits:
    """The split of every arm of an experiment, at one point of the rest of its grid; `others` is "" without a rest."""

    experiment: str
    others: str
    streams: tuple[str, ...]
    arms: Mapping[str, VarianceSplit]


def tables(groups: Sequence[Group]) -> list[Table]:
    """A table for every experiment, and point of the rest of its grid, whose groups vary different random streams."""
    return [table_of(each) for each in stream_splits(groups)]


def stream_splits(groups: Sequence[Group]) -> list[StreamSplits]:
    """`tables` in numbers."""
    found: dict[tuple[str, str], dict[str, Group]] = {}
    for group in groups:
        streams, others = streams_of(group.name)
        if streams is not None:
            found.setdefault((group.experiment, others), {})[streams] = group
    varied = {place: by_streams for place, by_streams in found.items() if len(by_streams) > 1}
    return [StreamSplits(*place, tuple(by_streams), splits(by_streams)) for place, by_streams in varied.items()]


def streams_of(name: str) -> tuple[str | None, str]:
    """The streams that a group's name says follow the seed, "initial, weights" or "all", and the rest of the name."""
    match = VARY.search(name)
    if match is None:
        return None, name
    rest = (name[: match.start()] + name[match.end() :]).removeprefix(", ")
    return match.group(1).strip("[]"), rest


def splits(by_streams: dict[str, Group]) -> dict[str, VarianceSplit]:
    """The split of every arm's AUBC, over the seeds that each group's runs completed."""
    values: dict[str, dict[str, list[float]]] = {}
    for streams, group in by_streams.items():
        for arm in group.arms:
            of_seeds = areas(group.rows(arm), group.planned["cycles"])
            values.setdefault(display_name(arm), {})[streams] = list(of_seeds.values())
    return {arm: split(of_streams) for arm, of_streams in values.items()}


def table_of(each: StreamSplits) -> Table:
    """A row for every arm and choice of streams."""
    rows = [row for arm, found in each.arms.items() for row in _rows(arm, found)]
    return Table(
        name=file_stem(each.experiment, each.others, "streams"),
        title=f"Spread of the AUBC by random stream · {wording.place(each.experiment, each.others, '')}",
        headings=HEADINGS,
        rows=tuple(rows),
        remarks=NOTES if ALL in each.streams else (*NOTES, NO_WHOLE),
    )


def _rows(arm: str, found: VarianceSplit) -> Iterator[tuple[Cell, ...]]:
    for part in found.parts:
        share = Cell(wording.number(100 * part.share, 0), 100 * part.share)
        yield Cell(f"{arm} · {part.streams}"), Cell(str(part.n), part.n), _deviation(part), share
    if not math.isnan(found.rest):
        share = Cell(wording.number(100 * found.rest_share, 0), 100 * found.rest_share)
        yield Cell(f"{arm} · rest"), Cell("–"), Cell("–"), share


def _deviation(part: StreamVariance) -> Cell:
    value, low, high = (100 * math.sqrt(each) for each in (part.variance, part.low, part.high))
    text = (
        wording.number(value, 2)
        if math.isnan(low)
        else f"{wording.number(value, 2)} [{wording.number(low, 2)}, {wording.number(high, 2)}]"
    )
    return Cell(text, value, low, high, part.n)
