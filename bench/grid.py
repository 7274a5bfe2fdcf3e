"""A grid of settings: dotted keys, each with values. Its points are their product, the last key fastest.

    grid: {learner.net.widen: [1, 2], learner: {network: {}, gp: {name: gp}}}

A value is called as it is written, or by the key that it has in a mapping of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from bench.build import Builder
from bench.config import Point, Settings
from bench.data import datasets
from bench.describe import hints_of, shown, unknown_key
from bench.labels import written
from bench.located import Located, item, items, merged, nested


class Choice(NamedTuple):
    """A value of one of a grid's keys, and what it is called."""

    key: str
    label: str
    value: Located


Chosen: TypeAlias = tuple[Choice, ...]
"""A point of a grid."""

REGIMES = ("low", "medium", "high")
CALLED = re.compile(r"[\w.+-][\w .+-]*")
WANTED = "a list of values, or a mapping from what each is called to it"


@dataclass(frozen=True)
class Grid:
    """For each key of a grid what may be chosen; a grid without keys has one point."""

    axes: tuple[Sequence[Choice], ...]

    def __len__(self) -> int:
        return math.prod(len(choices) for choices in self.axes)

    def __iter__(self) -> Iterator[Chosen]:
        return (self.point(number) for number in range(len(self)))

    @property
    def keys(self) -> tuple[str, ...]:
        """What is varied."""
        return tuple(choices[0].key for choices in self.axes)

    def point(self, number: int) -> Chosen:
        """The point with a number from 0 to len − 1."""
        chosen = []
        for choices in reversed(self.axes):
            number, at = divmod(number, len(choices))
            chosen.append(choices[at])
        return tuple(reversed(chosen))

    def group(self, chosen: Chosen) -> str:
        """What a point is called."""
        return ", ".join(f"{self._short(each.key)}={each.label}" for each in chosen)

    def _short(self, dotted: str) -> str:
        """The last part of a key where that is enough to tell it from the others."""
        lasts = [key.rpartition(".")[2] for key in self.keys]
        last = dotted.rpartition(".")[2]
        return last if lasts.count(last) == 1 else dotted


def read_grid(builder: Builder, node: Located | None) -> Grid:
    """The grid that is written at a place; what is wrong with it goes to the builder's problems."""
    if node is None:
        return Grid(())
    if not isinstance(node.value, dict):
        builder.report(node, f"wanted a mapping of dotted keys, each with values; got {shown(node)}")
    return Grid(tuple(_axes(builder, node)))


def points(builder: Builder, grid: Grid, chosen: Iterable[Chosen], settings: Located) -> Iterator[Point]:
    """The settings at points of a grid, over settings that all of them share; those that cannot be are reported."""
    for point in chosen:
        here = settings
        for choice in point:
            here = merged(here, nested(choice.key, choice.value))
        known = {key: value for key, value in items(_in_numbers(builder, here)) if key in hints_of(Settings)}
        built = builder.build(Settings, Located(known, here.where, here.path))
        if built is not None:
            yield Point(grid.group(point), built)


def _axes(builder: Builder, grid: Located) -> Iterator[Sequence[Choice]]:
    before: list[str] = []
    for dotted, values in items(grid):
        if dotted.partition(".")[0] not in hints_of(Settings):
            builder.report(values, unknown_key(dotted, hints_of(Settings)))
            continue
        undone = [key for key in before if key.startswith(f"{dotted}.")]
        before.append(dotted)
        if undone:
            builder.report(values, f"wanted before {undone[0]!r}, whose values it may undo; got after it. Move it up")
            continue
        choices = choices_of(dotted, values)
        wrong = [choice.label for choice in choices if isinstance(values.value, dict) and not _is_name(choice.label)]
        if not choices or values.name is not None:
            builder.report(values, f"wanted {WANTED}; got {shown(values)}")
        elif wrong:
            builder.report(values, f"wanted letters, digits and - _ . + in what a value is called; got {wrong[0]!r}")
        elif len({written(choice.value) for choice in choices}) < len(choices):
            builder.report(values, f"wanted each value once; got {shown(values)}")
        else:
            yield choices


def choices_of(key: str, values: Located) -> list[Choice]:
    """What is written for a key; none where it is neither a list nor a mapping."""
    if isinstance(values.value, dict):
        return [Choice(key, label, value) for label, value in values.value.items()]
    listed = values.value if isinstance(values.value, list) else []
    return [Choice(key, written(value), value) for value in listed]


def _is_name(label: str) -> bool:
    return CALLED.fullmatch(label) is not None and label == label.strip()


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
