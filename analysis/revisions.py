"""The revisions of the plugins that made the rows, from the configuration that stands beside each cell's rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from analysis.beside import beside
from analysis.load import Loaded
from analysis.phrases import counted
from bench.files import read_intact
from bench.record import cell_folder

WORTH, TOGETHER = 1000, 250  # cells from which on a process pays, and how many it gets at a time
Revisions = Mapping[str, Mapping[int, int]]


def revisions(loaded: Loaded, cells: Iterable[str]) -> Revisions:
    """Plugin -> revision -> number of these cells; a plugin is named with its kind, as in "strategy margin".

    A cell whose configuration is missing or damaged is left out.
    """
    found: dict[str, Counter[int]] = {}
    for of_cell in beside(partial(_of_cell, loaded.results), list(cells), WORTH, TOGETHER):
        for plugin, revision in of_cell:
            found.setdefault(plugin, Counter())[revision] += 1
    return {plugin: dict(numbers.most_common()) for plugin, numbers in sorted(found.items())}


def mixed(found: Revisions) -> Iterator[str]:
    """A sentence for each plugin of which there are several revisions."""
    for plugin, by_revision in found.items():
        if len(by_revision) > 1:
            told = [f"{revision} ({counted(number, 'cell')})" for revision, number in sorted(by_revision.items())]
            yield f"Mixed revisions of {plugin}: {', '.join(told)}; they behave differently, so they are no one arm."


def _of_cell(results: Path, cell: str) -> list[tuple[str, int]]:
    record = read_intact(cell_folder(results, cell) / "cell.json") or {}
    return sorted(set(_plugins(record)))


def _plugins(record: Mapping[str, Any], kind: str = "") -> Iterator[tuple[str, int]]:
    """Every plugin of a configuration, however deep it stands; `kind` is the key that it stands under."""
    name, revision = record.get("name"), record.get("revision")
    if isinstance(name, str) and isinstance(revision, int):
        yield f"{kind} {name}", revision
    for key, value in record.items():
        if isinstance(value, dict):
            yield from _plugins(value, key)
