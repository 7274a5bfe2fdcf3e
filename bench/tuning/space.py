"""From the section `tune` to its trials: Random at points of the space, over the settings of one experiment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bench.build import Builder
from bench.config import Experiment, NamedStrategy
from bench.describe import did_you_mean
from bench.grid import Chosen, Grid, choices_of, points, read_grid
from bench.located import Located, item, items, located, merged, nested
from bench.seeds import listed
from bench.strategy import Strategy
from bench.streams import HELD
from bench.tuning.section import Trial, Tune, Tuning

RANDOM = "random"
TUNED = ("learner", "dataset.augment", "dataset.normalise")
MOST = 10_000


@dataclass(frozen=True)
class Tunable:
    """What of an experiment is of interest here: its settings, before any grid, and its seeds."""

    settings: Located
    has_grid: bool
    seeds: frozenset[int]


def read_tuning(builder: Builder, node: Located, known: Mapping[str, Tunable]) -> Tuning | None:
    """The tuning that is written at a place, over the experiments `known`; problems go to the builder."""
    tune = builder.build(Tune, node)
    if tune is None:
        return None
    grid = read_grid(builder, item(node, "space"))
    found = list(_mistakes(tune, grid, known))
    for key, message in found:
        builder.report(dict(items(node)).get(key, node), message)
    if found or not grid.axes:
        return None
    return _tuning(builder, node, tune, grid, known[tune.experiment].settings)


def seeds_of(experiment: Experiment) -> frozenset[int]:
    """Every seed that its runs draw from, that of the streams which do not vary included."""
    settings = [point.settings for point in experiment.points]
    held = {HELD} if any(each.varied != "all" for each in settings) else set[int]()
    return frozenset(held.union(*(each.seed_list for each in settings)))


def first_point(space: Located) -> Located:
    """Defaults that say the first value of every key of a space."""
    found = Located({}, space.where, "defaults")
    for dotted, values in items(space):
        choices = choices_of(dotted, values)
        if choices:
            found = merged(found, nested(dotted, choices[0].value))
    return found


def drawn(size: int, count: int | None, seed: int) -> list[int]:
    """`count` different numbers below `size`, in order; None: all. A larger count has those of a smaller one in it."""
    if count is None or count >= size:
        return list(range(size))
    found: set[int] = set()
    attempt = 0
    while len(found) < count:
        digest = hashlib.blake2b(f"{seed}/trials/{attempt}".encode(), digest_size=8).digest()
        found.add(int.from_bytes(digest, "big") % size)
        attempt += 1
    return sorted(found)


def _mistakes(tune: Tune, grid: Grid, known: Mapping[str, Tunable]) -> Iterator[tuple[str, str]]:
    """Keys of the section, each with what is wrong about it."""
    if tune.experiment not in known:
        guess = did_you_mean(tune.experiment, known) or "."
        yield "experiment", f"no experiment named {tune.experiment!r}{guess} Known: {', '.join(known)}"
    elif known[tune.experiment].has_grid:
        yield "experiment", "wanted an experiment without a grid, as one with a grid has many settings; name another"
    for name, other in known.items():
        shared = sorted(other.seeds.intersection(listed(tune.seeds)))
        if shared:
            told = f"{', '.join(map(str, shared[:3]))}{', …' if len(shared) > 3 else ''}"
            free = max(1000, *(1 + max(each.seeds) for each in known.values() if each.seeds))
            yield "seeds", f"wanted seeds that no experiment has; {name} has {told}. Write {{first: {free}, count: …}}"
    yield from (("space", said) for said in _space_mistakes(tune, grid))


def _space_mistakes(tune: Tune, grid: Grid) -> Iterator[str]:
    keys = grid.keys
    for key in keys:
        if not any(f"{key}.".startswith(f"{tuned}.") for tuned in TUNED):
            yield f"wanted keys of {', '.join(TUNED)}: trials are compared on one task; got {key}"
        yield from (f"wanted no key inside another; got {key} and {k}" for k in keys if k.startswith(f"{key}."))
    if tune.trials is None and len(grid) > MOST:
        yield f"wanted at most {MOST} points; got {len(grid)}. Say in `trials` how many are to be drawn"


def _tuning(builder: Builder, node: Located, tune: Tune, grid: Grid, settings: Located) -> Tuning:
    seeds = listed(tune.seeds)
    chosen = [grid.point(number) for number in drawn(len(grid), tune.trials, seeds[0])]
    found = tuple(points(builder, grid, chosen, _over(settings, _own(node, tune))))
    experiment = Experiment(
        name=tune.experiment,
        title=f"Tuning of {tune.experiment}, on Random alone",
        figure="curves_by_setting",
        points=found,
        strategies=(NamedStrategy(RANDOM, builder.build(Strategy, located(RANDOM, node.where, node.path))),),
    )
    return Tuning(tune, experiment, tuple(_trial(grid, point) for point in chosen))


def _own(node: Located, tune: Tune) -> dict[str, Located]:
    """What all trials have that the experiment may have otherwise: no stream is held at a seed of the sweep, and no
    audit is paid for."""
    where = dict(items(node)).get("seeds", node).where
    return {
        "seeds": located([*listed(tune.seeds)], where, "tune.seeds"),
        "vary": located("all", node.where, "tune"),
        "audit": located(None, node.where, "tune"),
    }


def _over(settings: Located, own: dict[str, Located]) -> Located:
    return Located({**dict(items(settings)), **own}, settings.where, settings.path)


def _trial(grid: Grid, chosen: Chosen) -> Trial:
    return Trial(grid.group(chosen), {choice.key: choice.value.plain for choice in chosen})
