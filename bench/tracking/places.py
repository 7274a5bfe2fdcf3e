"""Where the cells of a plan stand: behind which arms, and what a dashboard calls them for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from bench.errors import ConfigError, Problem
from bench.record import Arm, Plan, PlannedExperiment

LONGEST_TAG = 64
LONGEST_NAME = 128


@dataclass(frozen=True)
class Place:
    """An arm and seed of an experiment; `random` is the cell that the group's Random has for this seed."""

    experiment: str
    cycles: int
    label: str
    group: str
    seed: str
    random: str | None

    @property
    def arm(self) -> str:
        """The arm's label with its point of the grid, as in the command's output."""
        return f"{self.label} [{self.group}]" if self.group else self.label


@dataclass(frozen=True)
class Subject:
    """A cell of a sweep, with every place where it stands; the first one names it."""

    sweep: str
    cell: str
    places: tuple[Place, ...]

    @property
    def id(self) -> str:
        """The run's id: the same whenever and from wherever the cell is mirrored, another one in another sweep."""
        return f"{self.sweep[:100]}-{self.cell}"

    @property
    def name(self) -> str:
        """Arm, point of the grid and seed."""
        return f"{self.places[0].arm} seed {self.places[0].seed}"[:LONGEST_NAME]

    @property
    def tags(self) -> tuple[str, ...]:
        """What runs are looked for by: arms, points of grids, seeds, and the experiments after the first."""
        arms = [word for place in self.places for word in (place.label, place.group, f"seed {place.seed}")]
        return _tags([*arms, *(place.experiment for place in self.places if place.experiment != self.experiment)])

    @property
    def experiment(self) -> str:
        """The first experiment that has the cell."""
        return self.places[0].experiment

    @property
    def leading(self) -> tuple[Place, ...]:
        """The first place in every experiment: the one that its section shows."""
        found: dict[str, Place] = {}
        for place in self.places:
            found.setdefault(place.experiment, place)
        return tuple(found.values())

    @property
    def digest(self) -> str:
        """Another one where the cell comes to stand elsewhere, or is called otherwise."""
        stands = json.dumps([asdict(place) for place in self.places])
        return hashlib.sha256(stands.encode()).hexdigest()[:12]

    @property
    def randoms(self) -> tuple[str, ...]:
        """The cells that this one is compared with."""
        return tuple(dict.fromkeys(place.random for place in self.leading if place.random is not None))


def subjects(plan: Plan, only: Sequence[str] = ()) -> tuple[Subject, ...]:
    """Every cell of a plan, or of some experiments of it. Raises ConfigError for an experiment that is not there."""
    wrong = [name for name in only if name not in plan["experiments"]]
    if wrong:
        known = ", ".join(plan["experiments"])
        raise ConfigError([Problem("--only", name, f"no such experiment. Known: {known}") for name in wrong])
    places: dict[str, list[Place]] = {}
    for name, experiment in plan["experiments"].items():
        for cell, place in _places(name, experiment):
            places.setdefault(cell, []).append(place)
    found = (Subject(plan["name"], cell, tuple(stands)) for cell, stands in places.items())
    return tuple(each for each in found if not only or any(place.experiment in only for place in each.places))


def _places(name: str, experiment: PlannedExperiment) -> Iterator[tuple[str, Place]]:
    for arm in experiment["arms"]:
        control = _control(arm["group"], experiment["arms"])
        for seed, cell in arm["cells"].items():
            random = control["cells"].get(seed) if control is not None else None
            yield cell, Place(name, experiment["cycles"], arm["label"], arm["group"], seed, random)


def _control(group: str, arms: Iterable[Arm]) -> Arm | None:
    """The group's Random, as the analysis knows it."""
    mine = (arm for arm in arms if arm["group"] == group and arm["refused"] is None)
    return next((arm for arm in mine if arm["strategy"] == "random"), None)


def _tags(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word[:LONGEST_TAG] for word in words if word))
