"""What one figure is about: a group, the groups of an experiment that belong together, or those that share arms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.across import Family, families
from analysis.comparison import Comparison
from analysis.drawing.setting import read, written
from analysis.groups import Group
from analysis.load import Loaded
from analysis.wording import heading
from bench.record import Arm

NO_GRID = "no experiment varies a setting"
NO_FAMILY = "no two groups share their arms"
NO_PROTOCOLS = "no experiment has both batch and sequential queries"


class NothingToDraw(Exception):
    """A figure that its subject has no data for; the message says in one line what is not there."""


@dataclass(frozen=True)
class Subject:
    """The groups that one figure compares. `experiment` is "" for several.

    `name` tells the figure from others of its kind in the experiment, "" where there are none; `axis` is the setting by
    which the groups differ, "" where they are not told apart by one; `family` is what is known of groups that share
    their arms.
    """

    loaded: Loaded
    experiment: str
    name: str
    title: str
    parts: tuple[Comparison, ...]
    axis: str = ""
    family: Family | None = None

    @property
    def part(self) -> Comparison:
        """The only group of a figure about one."""
        (part,) = self.parts
        return part

    @property
    def groups(self) -> tuple[Group, ...]:
        """The groups by themselves."""
        return tuple(part.group for part in self.parts)

    @property
    def arms(self) -> list[Arm]:
        """Every arm of every group."""
        return [arm for part in self.parts for arm in part.group.arms]

    @property
    def values(self) -> list[str]:
        """What the axis is set to in each group."""
        return [setting_of(part).get(self.axis, "") for part in self.parts]


Split = Callable[[Loaded, Sequence[Comparison]], Iterator[Subject]]


def control_of(part: Comparison) -> str | None:
    """The label of a group's Random; None without one."""
    return None if part.group.control is None else part.group.control["label"]


def setting_of(part: Comparison) -> dict[str, str]:
    """The point of the experiment's grid that a group is."""
    return read(part.group.name)


def each_group(loaded: Loaded, parts: Sequence[Comparison]) -> Iterator[Subject]:
    """A figure for every group."""
    for part in parts:
        yield Subject(loaded, part.group.experiment, part.group.name, heading(part.group), (part,))


def each_experiment(loaded: Loaded, parts: Sequence[Comparison]) -> Iterator[Subject]:
    """A figure for every experiment of several groups."""
    for experiment, together in _by_experiment(parts):
        if len(together) > 1:
            yield Subject(loaded, experiment, "", _title(together[0]), tuple(together))


def each_axis(loaded: Loaded, parts: Sequence[Comparison]) -> Iterator[Subject]:
    """A figure for every setting of an experiment's grid, and for every value of the grid's other settings."""
    for _, together in _by_experiment(parts):
        for axis in dict.fromkeys(name for part in together for name in setting_of(part)):
            yield from _along(loaded, axis, together)


def each_protocol(loaded: Loaded, parts: Sequence[Comparison]) -> Iterator[Subject]:
    """A figure for every experiment whose grid holds batch and sequential queries."""
    return (subject for subject in each_axis(loaded, parts) if subject.axis.rpartition(".")[2] == "mode")


def each_family(loaded: Loaded, parts: Sequence[Comparison]) -> Iterator[Subject]:
    """A figure for every set of groups that share their arms."""
    found = families(parts)
    for family in found:
        experiment = family.experiments[0] if len(family.experiments) == 1 else ""
        title = _title(family.comparisons[0]) if experiment else f"all experiments of {loaded.plan['name']}"
        name = f"arms-{family.number}" if len(found) > 1 else ""
        yield Subject(loaded, experiment, name, title, family.comparisons, family=family)


def _by_experiment(parts: Sequence[Comparison]) -> Iterator[tuple[str, list[Comparison]]]:
    for experiment, together in groupby(parts, key=lambda part: part.group.experiment):
        yield experiment, list(together)


def _along(loaded: Loaded, axis: str, parts: Sequence[Comparison]) -> Iterator[Subject]:
    """The groups that differ in this setting alone, together."""
    lines: dict[str, list[Comparison]] = {}
    for part in parts:
        others = {name: value for name, value in setting_of(part).items() if name != axis}
        lines.setdefault(written(others), []).append(part)
    for others_written, line in lines.items():
        if len(line) > 1:
            title = f"{_title(line[0])} ({others_written})" if others_written else _title(line[0])
            name = f"{axis}, {others_written}" if others_written else axis
            yield Subject(loaded, line[0].group.experiment, f"by-{name}", title, tuple(line), axis)


def _title(part: Comparison) -> str:
    title = part.group.planned["title"]
    return f"{part.group.experiment}: {title}" if title else part.group.experiment
