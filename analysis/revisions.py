"""The revisions of the plugins that made the rows, from the configuration that stands beside each cell's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analysis.load import Loaded
from analysis.phrases import counted
from bench.files import read_intact
from bench.record import cell_folder

Revisions = Mapping[str, Mapping[int, int]]


def revisions(loaded: Loaded, cells: Iterable[str]) -> Revisions:
    """Plugin -> revision -> number of these cells; a plugin is named with its kind, as in "strategy margin".

    A cell whose configuration is missing or damaged is left out.
    """
    found: dict[str, Counter[int]] = {}
    for cell in cells:
        record = read_intact(cell_folder(loaded.results, cell) / "cell.json") or {}
        for plugin, revision in sorted(set(_plugins(record))):
            found.setdefault(plugin, Counter())[revision] += 1
    return {plugin: dict(numbers.most_common()) for plugin, numbers in sorted(found.items())}


def mixed(found: Revisions) -> Iterator[str]:
    """A sentence for each plugin of which there are several revisions."""
    for plugin, by_revision in found.items():
        if len(by_revision) > 1:
            told = [f"{revision} ({counted(number, 'cell')})" for revision, number in sorted(by_revision.items())]
            yield f"Mixed revisions of {plugin}: {', '.join(told)}; they behave differently, so they are no one arm."


def _plugins(record: Mapping[str, Any], kind: str = "") -> Iterator[tuple[str, int]]:
    """Every plugin of a configuration, however deep it stands; `kind` is the key that it stands under."""
    if "name" in record and "revision" in record:
        yield f"{kind} {record['name']}", int(record["revision"])
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _plugins(value, key)
