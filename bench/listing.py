"""`--list`: every plugin with its parameters, their defaults and the first paragraph of its docstring."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from bench.audit import audits
from bench.data import datasets
from bench.describe import describe, hints_of
from bench.learner import learners
from bench.net import nets
from bench.registry import Entry, Registry, default_of
from bench.strategy import strategies


def listing(registries: Iterable[Registry[Any]] = ()) -> str:
    """The plugins of some kinds as text; of all, where none is named."""
    return "\n\n".join("\n".join(_kind(registry)) for registry in registries or kinds())


def kinds() -> list[Registry[Any]]:
    """The registries of the harness's own kinds, then those that a plugin's fields brought."""
    own: list[Registry[Any]] = [strategies, learners, nets, datasets, audits]
    for registry in own:
        registry.names()  # imports the plugins, which may define kinds of their own
    return [*own, *Registry.others(own)]


def _kind(registry: Registry[Any]) -> Iterator[str]:
    yield registry.group.rpartition(".")[2]
    for entry in registry.entries():
        yield from _plugin(entry)
    for module, why in registry.broken.items():
        yield f"  {module} could not be imported: {why}"


def _plugin(entry: Entry[Any]) -> Iterator[str]:
    yield f"  {entry.name}"
    yield f"      {entry.summary}"
    if entry.fixed:
        yield f"      = {', '.join(f'{key}: {value}' for key, value in entry.fixed.items())}"
    else:
        yield from _parameters(entry.cls, "      ")


def _parameters(cls: Any, indent: str) -> Iterator[str]:
    for spec in fields(cls):
        default = default_of(spec)
        hint = hints_of(cls)[spec.name]
        written = "required" if default is MISSING else f"default {_shown(default)}"
        yield f"{indent}{spec.name}: {describe(hint)} ({written})"
        if is_dataclass(default) and not _is_plugin(default):
            yield from _parameters(type(default), indent + "    ")


def _is_plugin(value: object) -> bool:
    return Registry.holding(value) is not None


def _shown(value: Any) -> str:
    registry = Registry.holding(value)
    if registry is not None:
        return registry.name_of(type(value))
    if is_dataclass(value):
        return str(getattr(value, "name", "as below"))
    return value if isinstance(value, str) else json.dumps(value)
