"""`python -m bench.grammar docs/sweeps.md` writes what a sweep file may say, out of the types that read it."""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from bench.catalogue import table
from bench.cell import record_of
from bench.config import Claim, DataFolder, Settings
from bench.describe import article, describe, hints_of, holds_objects, union_members
from bench.files import write_atomically
from bench.grid import WANTED
from bench.launching.options import Launch
from bench.record import Figure
from bench.registry import Entry, Registry, default_of
from bench.strategy import strategies
from bench.sweep_file import OWN_KEYS, SECTIONS
from bench.tracked import Tracking
from bench.tuning.section import Tune

INTRODUCTION = """# Sweep files

Made by `python -m bench.grammar docs/sweeps.md` from the types that read a sweep file: every key, what may be written
there, and what holds where nothing is. A file is YAML; an unknown key or an impossible value is reported with its line,
all of them at once. Where a plugin is wanted, its name is enough (`learner: ridge`), or a mapping with its `name` and
parameters. Key by key an experiment lies over `defaults`, and a grid over its experiment; one that names another plugin
replaces the whole mapping.

`--set protocol.cycles=2 launch.slots=1` on the command line writes over the file. A key of [settings](#settings) needs
no prefix and holds in every experiment, over what that says itself but under its grid (`defaults.protocol.cycles=2`
changes the defaults alone); any other key is a path of the file, and `claims=null` takes a whole section out. What is
set also changes the plan that the analysis goes by, in experiments outside `--only` too, until the sweep is started
without it.

A point of a grid is called by what it varies: the last part of each key (the whole key where two of the grid end alike)
and its value, or what that is called there, such as `widen=2, mode=batch`. So claims (`group`), tables and figures name
it.

A relative path of data (`path`, `features`, the `file` of `initial_set`) is taken from the folder in which the command
runs, then from the data folder; `include` and `keep` from the folder of the file that says them.
"""

COLUMNS = ("key", "what may be written", "default")

FILE = {
    "name": "what the folder under results/ is called: at most 95 letters, digits, `.`, `_` and `-`, a letter or digit "
    "first (default: the file's name without its ending)",
    "include": "files whose defaults lie beneath this one's, such as what tuning kept",
    "defaults": "[settings](#settings) of all experiments",
    "experiments": "experiments by name, each as [below](#an-experiment)",
    "claims": "claims by name, each a [Claim](#claim): what is confirmatory",
    "tune": "[Tune](#tune): a search over settings on Random alone, for `python -m bench.tune`",
    "launch": "[Launch](#launch): where cells run",
    "data": "[DataFolder](#datafolder): where files of data are",
    "tracking": "[Tracking](#tracking): what is mirrored to Weights & Biases",
}

EXPERIMENT = {
    "title": "what stands above its figures (default: its name)",
    "figure": f"its main figure: {' | '.join(get_args(Figure))} (default difference_from_random)",
    "strategies": "a list of [strategies](strategies.md), each by name or as a mapping, which may have a `label` too",
    "grid": f"a mapping of dotted keys of settings, each with {WANTED}; its points are their product",
}


def grammar() -> str:
    """The whole page, in Markdown."""
    assert FILE.keys() == set(SECTIONS)
    assert EXPERIMENT.keys() == set(OWN_KEYS)
    parts = [INTRODUCTION, table(("section", "what it holds"), _listed(FILE))]
    own = "Settings, which hold over the defaults key by key, and\n"
    parts += ["## An experiment\n", own, table(("key", "what it holds"), _listed(EXPERIMENT))]
    met: set[object] = {strategies}
    for section in (Settings, Claim, Tune, Launch, DataFolder, Tracking):
        parts += _of_section(section, met)
    return "\n".join(parts)


def _listed(keys: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((f"`{key}`", what) for key, what in keys.items())


def _of_section(section: type, met: set[object]) -> Iterator[str]:
    """A section and, after it, everything that may be written in it and was not met before."""
    met.add(section)
    yield f"## {section.__name__}\n"
    yield f"{_paragraphs(section)}\n"
    yield from _table(_rows(section))
    yield from _of_fields(section, met)


def _of_plugins(registry: Registry[Any], met: set[object]) -> Iterator[str]:
    """A kind of plugin: what all of them take, then each with what it takes beside that."""
    met.add(registry)
    yield f"## {_heading(registry)}\n"
    shared = _rows(registry.base) if is_dataclass(registry.base) else []
    if shared:
        yield f"{_paragraphs(registry.base)}\n"
        yield table(COLUMNS, shared)
    entries = [entry for entry in registry.entries() if not entry.fixed]
    for base, names in _families(registry, entries).items():
        yield f"{', '.join(f'`{name}`' for name in names)}: {_paragraphs(base)}\n"
    for entry in entries:
        yield f"**`{entry.name}`**: {_paragraphs(entry.cls)}\n"
        yield from _table([row for row in _rows(entry.cls) if row not in shared])
    for entry in entries:
        yield from _of_fields(entry.cls, met)


def _families(registry: Registry[Any], entries: Sequence[Entry[Any]]) -> dict[type, list[str]]:
    """The classes that stand between the one that all plugins implement and some of them, and that bring parameters,
    with the names of those plugins."""
    found: dict[type, list[str]] = {}
    for entry in entries:
        for cls in entry.cls.__mro__[1 : entry.cls.__mro__.index(registry.base)]:
            if is_dataclass(cls) and {spec.name for spec in fields(cls)} & inspect.get_annotations(cls).keys():
                found.setdefault(cls, []).append(entry.name)
    return found


def _of_fields(cls: type, met: set[object]) -> Iterator[str]:
    for hint in hints_of(cls).values():
        for member in _objects(hint):
            registry = Registry.of(member)
            if registry is not None and registry not in met:
                yield from _of_plugins(registry, met)
            elif registry is None and member not in met:
                yield from _of_section(member, met)


def _objects(hint: Any) -> Iterator[type]:
    """The sections and kinds of plugin that a type names, lists and mappings of them included."""
    for member in union_members(hint):
        if is_dataclass(member) or Registry.of(member) is not None:
            yield member
        elif holds_objects(member):
            yield from _objects(get_args(member)[-1])


def _table(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    if rows:
        yield table(COLUMNS, rows)


def _rows(cls: type) -> list[tuple[str, str, str]]:
    found = []
    for spec in fields(cls):
        default = default_of(spec)
        told = "required" if default is MISSING else _shown(default)
        found.append((f"`{spec.name}`", _written(hints_of(cls)[spec.name]), told))
    return found


def _written(hint: Any) -> str:
    return " or ".join(_link(member) for member in union_members(hint))


def _link(member: Any) -> str:
    registry = Registry.of(member)
    if registry is not None:
        return f"[{article(registry.kind)} {registry.kind}](#{_heading(registry).lower()})"
    if isinstance(member, type) and is_dataclass(member):
        return f"[{member.__name__}](#{member.__name__.lower()})"
    if holds_objects(member) and get_origin(member) is not dict:
        return f"a list, each item {_written(get_args(member)[0])}"
    return describe(member)


def _shown(value: Any) -> str:
    registry = Registry.holding(value)
    if registry is not None:
        return f"`{registry.name_of(type(value))}`"
    if not is_dataclass(value):
        return f"`{value if isinstance(value, str) else json.dumps(value)}`"
    told = record_of(value)
    whole = all(default_of(spec) == getattr(value, spec.name) for spec in fields(value))
    return f"`{value.name}`" if hasattr(value, "name") else "its defaults" if whole else f"`{json.dumps(told)}`"


def _paragraphs(cls: type) -> str:
    return inspect.cleandoc(cls.__doc__ or "")


def _heading(registry: Registry[Any]) -> str:
    return registry.group.rpartition(".")[2].capitalize()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.grammar", description="Write what a sweep file may say.")
    parser.add_argument("path", type=Path, help="the file to write, as docs/sweeps.md")
    write_atomically(parser.parse_args(arguments).path, grammar().encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
