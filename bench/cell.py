"""A cell: one resolved configuration, named by a hash of what can change its result.

The hash runs over canonical JSON of everything that differs from its declared default, revisions of plugins and the
dataset's checksum included; fields marked NO_RESULT (paths, `cycles`) stay out. A new option with a default therefore
leaves old ids alone; a changed default would not, so a run folder keeps the full configuration and refuses another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import Field, dataclass, fields, is_dataclass, replace
from functools import cache, cached_property, lru_cache
from typing import Any

from bench.audit import Audit
from bench.build import build
from bench.data import Dataset, Precision
from bench.errors import ConfigError
from bench.learner import Learner
from bench.located import Plain, join, located
from bench.protocol import Protocol
from bench.registry import CHANGES_RESULT, Registry, default_of
from bench.strategy import Strategy
from bench.streams import Streams, Varied


@dataclass(frozen=True)
class Cell:
    """One run: dataset, learner, protocol, strategy, seed, precision, audit; `checksum` is the dataset's, `vary` says
    which random streams follow the seed."""

    dataset: Dataset
    learner: Learner
    protocol: Protocol
    strategy: Strategy
    seed: int
    checksum: str
    precision: Precision = "float32"
    audit: Audit | None = None
    vary: Varied = "all"

    @property
    def streams(self) -> Streams:
        """The random streams of the run."""
        return Streams(self.seed, self.vary)

    @cached_property
    def id(self) -> str:
        """Sixteen hexadecimal digits; equal for two configurations that differ at most in fields marked NO_RESULT.

        Ids that differ do not say that results do: a strategy may make nothing of an option. Nor do the device, the
        number of threads and the versions of libraries stand in it, which may change the last bits of a result.
        """
        values = ((name, getattr(self, name), default) for name, default in _fields_by_name())
        told = [
            f'"{name}":{_identity(_Same(value)) if is_dataclass(value) else canonical(value)}'
            for name, value, default in values
            if is_dataclass(value) or value != default
        ]  # canonical JSON, in parts that thousands of cells share
        return hashlib.blake2b(f"{{{','.join(told)}}}".encode(), digest_size=8).hexdigest()

    def record(self) -> dict[str, Plain]:
        """The whole configuration as JSON knows it, defaults included."""
        return _record(self, complete=True)

    def refusal(self) -> str | None:
        """Why this combination makes no sense, or None."""
        audit = self.audit.refusal(self.learner) if self.audit is not None else None
        return self.strategy.refusal(self.learner, self.protocol) or (f"audit: {audit}" if audit else None)


def protocol_under(strategy: Strategy, protocol: Protocol) -> Protocol:
    """The protocol as a strategy meets it: one that asks for no label within a query picks the same in both modes, so
    that its cell in the sequential protocol is the one in batch."""
    return protocol if strategy.sequential else replace(protocol, mode="batch")


class _Same:
    """A key that is equal only for one and the same object: 1 and 1.0 are equal, but not the same record."""

    def __init__(self, part: Any) -> None:
        self.part = part

    def __hash__(self) -> int:
        return id(self.part)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.part is other.part


@lru_cache(maxsize=4096)
def _identity(key: _Same) -> str:
    """What of a plugin or section can change a result, as canonical JSON."""
    return canonical(_record(key.part, complete=False))


@cache
def _fields_by_name() -> list[tuple[str, object]]:
    """A cell's fields with their defaults, as canonical JSON sorts them."""
    return sorted((spec.name, default_of(spec)) for spec in fields(Cell))


def cell_from_record(record: dict[str, Plain]) -> Cell:
    """The cell that Cell.record wrote. Raises ConfigError where it is not one that this version knows."""
    return build(Cell, located(without_revisions(record), "cell.json"))


def canonical(value: Plain) -> str:
    """JSON with sorted keys and no spaces: equal text for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def record_of(plugin: Any, complete: bool = True) -> dict[str, Plain]:
    """A plugin or section as JSON knows it: `name` and `revision` where it has them, then its fields."""
    return _record(plugin, complete)


def _record(thing: Any, complete: bool) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    registry = Registry.holding(thing)
    if registry is not None:
        found["name"] = registry.name_of(type(thing))
        if complete or thing.revision != 1:
            found["revision"] = thing.revision
    for spec in fields(thing):
        value = getattr(thing, spec.name)
        if complete or _identifies(spec, value):
            found[spec.name] = _plain(value, complete)
    return found if complete else {key: value for key, value in found.items() if value != {}}


def _identifies(spec: Field[Any], value: Any) -> bool:
    """Plugins and sections always do, since a revision may be inside; a plain value where it is not the default."""
    if _is_free(spec):
        return False
    return is_dataclass(value) or spec.name == "name" or value != default_of(spec)


def _plain(value: Any, complete: bool) -> Plain:
    if is_dataclass(value):
        return _record(value, complete)
    if isinstance(value, list | tuple):
        return [_plain(item, complete) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item, complete) for key, item in value.items()}
    return value


def free_keys(record: dict[str, Plain]) -> frozenset[str]:
    """The keys of a cell's record, as `dataset.path`, that two runs of the cell may differ in: of fields marked
    NO_RESULT. Where a plugin is not known here, only those that every protocol and dataset has."""
    try:
        return frozenset(_free(cell_from_record(record)))
    except ConfigError:
        common = (("protocol", Protocol), ("dataset", Dataset))
        return frozenset(join(key, spec.name) for key, cls in common for spec in fields(cls) if _is_free(spec))


def _free(thing: Any, path: str = "") -> Iterator[str]:
    if is_dataclass(thing):
        for spec in fields(thing):
            at = join(path, spec.name)
            yield from [at] if _is_free(spec) else _free(getattr(thing, spec.name), at)
    elif isinstance(thing, list | tuple):
        for place, item in enumerate(thing):
            yield from _free(item, f"{path}[{place}]")


def _is_free(spec: Field[Any]) -> bool:
    return not spec.metadata.get(CHANGES_RESULT, True)


def without_revisions(value: Plain) -> Plain:
    """Revisions are recorded, not configured."""
    if isinstance(value, dict):
        return {key: without_revisions(item) for key, item in value.items() if key != "revision"}
    if isinstance(value, list):
        return [without_revisions(item) for item in value]
    return value
