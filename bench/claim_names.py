"""What a claim of a sweep file may name: experiments, the groups of their grids, their arms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bench.config import Claim
from bench.describe import did_you_mean
from bench.errors import Problem
from bench.located import Located, item, join
from bench.record import OVER_CYCLES


@dataclass(frozen=True)
class Nameable:
    """The groups and the arms of one experiment, whether one of the arms is Random, and how many cycles it has."""

    groups: tuple[str, ...]
    arms: tuple[str, ...]
    has_random: bool
    cycles: int | None

    @property
    def only_group(self) -> str | None:
        """The group that is meant where none is named."""
        return self.groups[0] if len(self.groups) == 1 else None


def mistakes(claim: Claim, at: Located, known: Mapping[str, Nameable]) -> Iterator[Problem]:
    """Everything that a claim, written at `at`, names and the file has not, or leaves out and must say."""
    than_experiment = claim.than_experiment or claim.experiment
    sides = [("experiment", claim.experiment, "better"), ("experiment", claim.experiment, "than")]
    if claim.than_experiment is not None:
        sides[1] = ("than_experiment", than_experiment, "than")
    for key, experiment, side in sides:
        if experiment in known:
            yield from _unknown(item(at, side), "arm", getattr(claim, side), known[experiment].arms)
            yield from _without_random(claim, item(at, "from_random"), experiment, known)
        else:
            yield from _unknown(item(at, key), "experiment", experiment, known)
    if claim.experiment in known and than_experiment in known:
        yield from _group_mistakes(claim, at, known)
        yield from _other_cycles(claim, at, known)


def filled_in(claim: Claim, known: Mapping[str, Nameable]) -> Claim:
    """A claim without mistakes, with everything that it leaves out."""
    than_experiment = claim.than_experiment or claim.experiment
    return replace(
        claim,
        margin=claim.least_margin if claim.margin is None else claim.margin,
        group=known[claim.experiment].only_group if claim.group is None else claim.group,
        than_experiment=than_experiment,
        than_group=_than_group(claim, known),
    )


def _group_mistakes(claim: Claim, at: Located, known: Mapping[str, Nameable]) -> Iterator[Problem]:
    here, there = known[claim.experiment], known[claim.than_experiment or claim.experiment]
    if claim.group is not None:
        yield from _unknown(item(at, "group"), "group", claim.group, here.groups)
    elif here.only_group is None:
        yield Problem(at.where, join(at.path, "group"), f"missing; wanted one of {_listed(here.groups)}")
    if claim.than_group is not None:
        yield from _unknown(item(at, "than_group"), "group", claim.than_group, there.groups)
    elif here is not there and _than_group(claim, known) is None:
        yield Problem(at.where, join(at.path, "than_group"), f"missing; wanted one of {_listed(there.groups)}")
    if claim.better == claim.than and here is there and claim.group is None and claim.than_group == here.only_group:
        yield Problem(at.where, join(at.path, "than"), f"wanted another arm than {claim.better!r}; got the same")


def _than_group(claim: Claim, known: Mapping[str, Nameable]) -> str | None:
    """The group of `than`: as written, else that of `better` where it exists there too, else the only one."""
    if claim.than_group is not None:
        return claim.than_group
    here, there = known[claim.experiment], known[claim.than_experiment or claim.experiment]
    group = here.only_group if claim.group is None else claim.group
    return group if group in there.groups else there.only_group


def _without_random(claim: Claim, at: Located, experiment: str, known: Mapping[str, Nameable]) -> Iterator[Problem]:
    if claim.from_random and not known[experiment].has_random:
        yield Problem(at.where, at.path, f"wanted a Random among the arms of {experiment!r}; it has none")


def _other_cycles(claim: Claim, at: Located, known: Mapping[str, Nameable]) -> Iterator[Problem]:
    other = claim.than_experiment or claim.experiment
    here, there = known[claim.experiment].cycles, known[other].cycles
    if claim.metric in OVER_CYCLES and here != there:
        told = f"wanted as many cycles as {claim.experiment!r} has, {here}, since {claim.metric} is over all of them"
        yield Problem(at.where, join(at.path, "than_experiment"), f"{told}; {other!r} has {there}")


def _unknown(at: Located, kind: str, name: str, known: Iterable[str]) -> Iterator[Problem]:
    if name not in known:
        guess = did_you_mean(name, known)
        yield Problem(at.where, at.path, f"no {kind} named {name!r}{guess or '.'} Known: {_listed(known)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' if not name or "," in name else name for name in names)
