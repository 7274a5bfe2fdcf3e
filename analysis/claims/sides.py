"""The two arms that a claim compares, as one number per seed each, larger = better, paired by seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.curves import areas, check_pairs, complete_runs
from analysis.load import Loaded, Missing
from bench.errors import ResultsError
from bench.record import OVER_CYCLES, Arm, ClaimKind, ClaimMetric, Plan, PlannedClaim


@dataclass(frozen=True)
class Place:
    """Where an arm stands in a sweep."""

    experiment: str
    group: str
    label: str


@dataclass(frozen=True)
class Declared:
    """A planned claim with nothing left out. `margin` is in percentage points, a factor for query_speed, in the note's
    own unit for a `note`."""

    name: str
    better: Place
    than: Place
    kind: ClaimKind
    metric: ClaimMetric
    margin: float
    from_random: bool
    note: str | None = None


@dataclass(frozen=True)
class Sides:
    """Both arms over the n `seeds` that can be paired: accuracies as fractions, for query_speed −log(seconds), notes as
    they are.

    `unpaired` are seeds that one of the arms was begun with and that are not among them; `planned` is how many seeds
    both were planned with, `missing` how many of their runs are not in yet, `failed` the cells that count as chance,
    `cells` those whose rows are used.
    """

    seeds: tuple[int, ...]
    better: NDArray[np.float64]  # (n,)
    than: NDArray[np.float64]  # (n,)
    unpaired: tuple[int, ...]
    planned: int
    missing: int
    failed: tuple[str, ...]
    cells: tuple[str, ...]


def declared(name: str, claim: PlannedClaim, plan: Plan) -> Declared:
    """A claim of a plan with its defaults. Raises ResultsError where it names no group and there are several."""
    experiment, other = claim["experiment"], claim.get("than_experiment", claim["experiment"])
    group = claim["group"] if "group" in claim else _only_group(plan, experiment)
    than_group = claim.get("than_group", group)
    return Declared(
        name=name,
        better=Place(experiment, group, claim["better"]),
        than=Place(other, than_group, claim["than"]),
        kind=claim.get("kind", "superior"),
        metric=claim["metric"],
        margin=claim["margin"],
        from_random=claim.get("from_random", False),
        note=claim.get("note"),
    )


def sides(loaded: Loaded, claim: Declared) -> Sides:
    """Both arms of a claim by seed; `loaded` has its failed runs filled in as chance.

    Raises ResultsError where an arm is not in the plan or was refused, where a difference from Random is wanted and
    there is no Random, where accuracies after different numbers of cycles would be compared, and where runs of one seed
    are no pair.
    """
    places = [*_with_random(loaded.plan, claim, claim.better), *_with_random(loaded.plan, claim, claim.than)]
    _check_cycles(loaded.plan, claim, places)
    rows = {place: _rows(loaded, place, claim.metric) for place in places}
    if claim.metric != "query_speed" and not claim.from_random:
        check_pairs(rows[claim.better], rows[claim.than])
    better, than = (_values(loaded, claim, place, rows) for place in (claim.better, claim.than))
    seeds = sorted(better.keys() & than.keys())
    planned = set.intersection(*(set(loaded.plan["experiments"][place.experiment]["seeds"]) for place in places))
    begun = {int(seed) for each in rows.values() for seed in each["seed"].unique()}
    used = pd.concat([each[each["seed"].isin(seeds)] for each in rows.values()])
    return Sides(
        seeds=tuple(seeds),
        better=np.array([better[seed] for seed in seeds]),  # (n,)
        than=np.array([than[seed] for seed in seeds]),  # (n,)
        unpaired=tuple(sorted(begun - set(seeds))),
        planned=len(planned),
        missing=sum(_place_of(run) in places and run.seed in planned for run in loaded.missing),
        failed=tuple(sorted(used.loc[used["imputed"], "cell"].unique())),
        cells=tuple(sorted(used["cell"].unique())),
    )


def arm_at(plan: Plan, place: Place) -> Arm:
    """The arm that a place names. Raises ResultsError where the plan has none, or refused it."""
    arms = plan["experiments"][place.experiment]["arms"] if place.experiment in plan["experiments"] else []
    found = [arm for arm in arms if (arm["group"], arm["label"]) == (place.group, place.label)]
    if not found:
        raise ResultsError(f"wanted the arm {_named(place)}; plan.json has none of that name")
    if found[0]["refused"] is not None:
        raise ResultsError(f"the arm {_named(place)} was refused: {found[0]['refused']}")
    return found[0]


def _check_cycles(plan: Plan, claim: Declared, places: Sequence[Place]) -> None:
    cycles = {place.experiment: plan["experiments"][place.experiment]["cycles"] for place in places}
    if claim.metric in OVER_CYCLES and len(set(cycles.values())) > 1:
        told = " and ".join(f"{number} of {experiment}" for experiment, number in cycles.items())
        raise ResultsError(f"wanted as many cycles on both sides, for {claim.metric} is over all of them; got {told}")


def _values(loaded: Loaded, claim: Declared, place: Place, rows: Mapping[Place, pd.DataFrame]) -> dict[int, float]:
    cycles = loaded.plan["experiments"][place.experiment]["cycles"]
    own = _metric(loaded, rows[place], cycles, claim)
    if not claim.from_random:
        return own
    control = _random_of(loaded.plan, place)
    check_pairs(rows[place], rows[control])
    reference = _metric(loaded, rows[control], cycles, claim)
    return {seed: own[seed] - reference[seed] for seed in own.keys() & reference.keys()}


def _metric(loaded: Loaded, rows: pd.DataFrame, cycles: int, claim: Declared) -> dict[int, float]:
    if claim.metric == "aubc":
        return areas(rows, cycles)
    runs = complete_runs(rows, cycles)  # (seeds, cycles + 1)
    if claim.metric == "final_accuracy":
        return dict(zip(runs.index.tolist(), runs[cycles].tolist(), strict=True))
    if claim.note is not None:
        cells = rows.drop_duplicates("seed").set_index("seed")["cell"].loc[runs.index]
        seeds = runs.index.tolist()
        return _noted(claim.note, {seed: loaded.notes(cells[seed])[: cycles + 1] for seed in seeds})
    queries = rows[(rows["cycle"] > 0) & rows["seed"].isin(runs.index)]  # cycle 0 draws the initial set
    seconds = queries.groupby("seed")["query_seconds"].mean()
    known = seconds[seconds > 0]
    return dict(zip(known.index.tolist(), (-np.log(known)).tolist(), strict=True))


def _noted(name: str, notes: Mapping[int, Sequence[Mapping[str, float]]]) -> dict[int, float]:
    """The mean of a note over the cycles that have it, by seed. Raises ResultsError where none of them does."""
    values = {seed: [of_cycle[name] for of_cycle in run if name in of_cycle] for seed, run in notes.items()}
    if notes and not any(values.values()):
        known = sorted({each for run in notes.values() for of_cycle in run for each in of_cycle})
        raise ResultsError(f"no row has the note {name!r}; there are {', '.join(known) or 'none'}")
    return {seed: fmean(of_seed) for seed, of_seed in values.items() if of_seed}


def _rows(loaded: Loaded, place: Place, metric: ClaimMetric) -> pd.DataFrame:
    frame = loaded.frame
    here = (frame["experiment"] == place.experiment) & (frame["group"] == place.group) & (frame["label"] == place.label)
    measured = metric in ("query_speed", "note")  # a run that failed has none of its own for the cycles that it lacks
    return frame[here & ~frame["imputed"]] if measured else frame[here]


def _with_random(plan: Plan, claim: Declared, place: Place) -> list[Place]:
    arm_at(plan, place)
    return [place, _random_of(plan, place)] if claim.from_random else [place]


def _random_of(plan: Plan, place: Place) -> Place:
    for arm in plan["experiments"][place.experiment]["arms"]:
        if arm["group"] == place.group and arm["strategy"] == "random" and arm["refused"] is None:
            return Place(place.experiment, place.group, arm["label"])
    raise ResultsError(f"wanted a Random in the group of {_named(place)}, to take differences from; plan.json has none")


def _only_group(plan: Plan, experiment: str) -> str:
    planned = plan["experiments"].get(experiment)
    groups = list(dict.fromkeys(arm["group"] for arm in planned["arms"])) if planned is not None else []
    if len(groups) != 1:
        raise ResultsError(
            f"wanted a claim that names one of the groups of {experiment}: {', '.join(groups) or 'none'}"
        )
    return groups[0]


def _place_of(run: Missing) -> Place:
    return Place(run.experiment, run.group, run.label)


def _named(place: Place) -> str:
    return " · ".join(part for part in (place.experiment, place.group, place.label) if part)
