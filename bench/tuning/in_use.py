"""Whether a sweep runs with what tuning kept, and if not, which line of the sweep file stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.config import Settings, Sweep
from bench.located import Located
from bench.tuning.section import Tune
from bench.yaml_tree import read_yaml


def unused(sweep: Sweep, tune: Tune, chosen: Settings) -> Iterator[str]:
    """A sentence for each tuned key whose chosen value the experiment of `sweep`, read with the kept file, has not."""
    (point,) = next(each for each in sweep.experiments if each.name == tune.experiment).points
    different = [key for key in tune.space if _value(point.settings, key) != _value(chosen, key)]
    if not different:
        return
    path, tree = Path(sweep.source), read_yaml(Path(sweep.source))
    for key in different:
        places = [_place(tree, (*start, *key.split("."))) for start in _starts(tune.experiment)]
        found = next((place for place in places if place is not None), None)
        if found is None:
            yield f"{path} runs {tune.experiment} with another {key}: write `include: [{tune.keep}]` in it"
        else:
            yield f"{path} runs {tune.experiment} with another {key}: {found} says it too, and wins; take it out there"


def _starts(experiment: str) -> tuple[tuple[str, ...], ...]:
    return ("experiments", experiment), ("defaults",)


def _value(settings: Settings, dotted: str) -> object:
    """What settings have under a dotted key; None where they have no such key."""
    part: object = settings
    for key in dotted.split("."):
        part = getattr(part, key, None)
    return part


def _place(tree: Located, keys: Iterable[str]) -> str | None:
    """Where a tree says something under a path of keys."""
    node = tree
    for key in keys:
        if not isinstance(node.value, dict) or key not in node.value:
            return None
        node = node.value[key]
    return node.where
