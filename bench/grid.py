"""A grid of settings: dotted keys with lists of values. Its points are their product, the last key fastest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bench.build import Builder
from bench.config import Point, Settings
from bench.data import datasets
from bench.describe import hints_of, shown, unknown_key
from bench.labels import written
from bench.located import Located, item, items, merged, nested

Chosen: TypeAlias = tuple[tuple[str, Located], ...]
"""A point of a grid: each of its keys with the value that it has there."""

REGIMES = ("low", "medium", "high")


@dataclass(frozen=True)
class Grid:
    """The keys of a grid, each with its values; a grid without keys has one point."""

    axes: tuple[tuple[str, Sequence[Located]], ...]

    def __len__(self) -> int:
        return math.prod(len(values) for _, values in self.axes)

    def __iter__(self) -> Iterator[Chosen]:
        return (self.point(number) for number in range(len(self)))

    def point(self, number: int) -> Chosen:
        """The point with a number from 0 to len − 1."""
        chosen = []
        for key, values in reversed(self.axes):
            number, at = divmod(number, len(values))
            chosen.append((key, values[at]))
        return tuple(reversed(chosen))

    def group(self, chosen: Chosen) -> str:
        """What a point is called."""
        return ", ".join(f"{self._short(key)}={written(value)}" for key, value in chosen)

    def _short(self, dotted: str) -> str:
        """The last part of a key where that is enough to tell it from the others."""
        lasts = [key.rpartition(".")[2] for key, _ in self.axes]
        last = dotted.rpartition(".")[2]
        return last if lasts.count(last) == 1 else dotted


def read_grid(builder: Builder, node: Located | None) -> Grid:
    """The grid that is written at a place; what is wrong with it goes to the builder's problems."""
    if node is None:
        return Grid(())
    if not isinstance(node.value, dict):
        builder.report(node, f"wanted a mapping of dotted keys, each with a list of values; got {shown(node)}")
    return Grid(tuple(_axes(builder, node)))


def points(builder: Builder, grid: Grid, chosen: Iterable[Chosen], settings: Located) -> Iterator[Point]:
    """The settings at points of a grid, over settings that all of them share; those that cannot be are reported."""
    for point in chosen:
        here = settings
        for dotted, value in point:
            here = merged(here, nested(dotted, value))
        known = {key: value for key, value in items(_in_numbers(builder, here)) if key in hints_of(Settings)}
        built = builder.build(Settings, Located(known, here.where, here.path))
        if built is not None:
            yield Point(grid.group(point), built)


def _axes(builder: Builder, grid: Located) -> Iterator[tuple[str, Sequence[Located]]]:
    for dotted, values in items(grid):
        if dotted.partition(".")[0] not in hints_of(Settings):
            builder.report(values, unknown_key(dotted, hints_of(Settings)))
        elif not isinstance(values.value, list) or not values.value:
            builder.report(values, f"wanted a list of values; got {shown(values)}")
        elif len({written(value) for value in values.value}) < len(values.value):
            builder.report(values, f"wanted each value once; got {shown(values)}")
        else:
            yield dotted, values.value


def _in_numbers(builder: Builder, settings: Located) -> Located:
    """The settings with low, medium and high as the dataset's numbers of labels."""
    dataset = item(settings, "dataset").name
    known = datasets.find(dataset).cls.regimes if dataset in datasets.names() else {}
    for key in ("initial", "budget"):
        given = item(item(settings, "protocol"), key)
        if isinstance(given.value, str) and given.value in known:
            number = Located(known[given.value], given.where, given.path)
            settings = merged(settings, nested(f"protocol.{key}", number))
        elif given.value in REGIMES:
            builder.report(given, f"the dataset {dataset} does not say what {given.value} is; write a number")
    return settings
