"""From a located tree to typed objects: every unknown key, wrong type and impossible value is reported at once.

Targets are frozen dataclasses (sections of a sweep file, plugins) and, at the leaves, anything that pydantic can
validate; a field annotated with a plugin's abstract class takes a registered name or a mapping with `name`.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType
from typing import Any, TypeVar, Union, get_args, get_origin

from bench.describe import (
    adapter,
    describe,
    did_you_mean,
    hints_of,
    holds_objects,
    is_object,
    literals,
    shown,
    union_members,
    unknown_key,
)
from bench.errors import ConfigError, Problem, RegistryError
from bench.located import Located, join, located
from bench.registry import Registry, default_of

T = TypeVar("T")


def build(hint: type[T], node: Located) -> T:
    """The object of type `hint` that `node` describes. Raises ConfigError with every problem."""
    builder = Builder()
    return builder.finish(builder.build(hint, node))


class Builder:
    """Builds objects out of located trees and collects what is wrong with them in `problems`."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def build(self, hint: Any, node: Located) -> Any:
        """The object of type `hint` that `node` describes, or None with problems added."""
        wanted, hint = hint, _chosen(hint, node)
        if hint is None:
            return self._refuse_tag(wanted, _name_place(node))
        registry = Registry.of(hint)
        if registry is not None:
            return self._plugin(registry, node)
        if is_dataclass(hint):
            return self._dataclass(hint, node)
        if holds_objects(hint):
            return self._collection(hint, node)
        return self._leaf(hint, node, wanted)

    def report(self, node: Located, message: str, key: str = "") -> None:
        """Add a problem with `node`, or with a key that it lacks."""
        self.problems.append(Problem(node.where, join(node.path, key), message))

    def finish(self, built: T) -> T:
        """`built`, or a ConfigError that holds every problem met on the way."""
        if self.problems:
            raise ConfigError(self.problems)
        return built

    def _plugin(self, registry: Registry[Any], node: Located) -> Any:
        if node.name is None:
            known = ", ".join(registry.names())
            wanted = f"wanted a {registry.kind}: its name, or a mapping with its name and parameters"
            self.report(node, f"{wanted}; got {shown(node)}. Known: {known}")
            return None
        try:
            entry = registry.find(node.name)
        except RegistryError as error:
            self.report(_name_place(node), str(error))
            return None
        given = (
            {key: value for key, value in node.value.items() if key != "name"} if isinstance(node.value, dict) else {}
        )
        for key in sorted(given.keys() & entry.fixed.keys()):
            own = registry.name_of(entry.cls)
            self.report(given.pop(key), f"{entry.name!r} fixes this; to set it, name {own!r} instead")
        fixed = {key: located(value, node.where, join(node.path, key)) for key, value in entry.fixed.items()}
        return self._dataclass(entry.cls, Located({**fixed, **given}, node.where, node.path))

    def _refuse_tag(self, hint: Any, name: Located) -> None:
        """Several sections could stand here, and `name` says none of them."""
        known = [str(tag) for member in union_members(hint) if is_object(member) for tag in _tags(member)]
        self.report(name, f"wanted {' | '.join(known)}; got {shown(name)}{did_you_mean(str(name.value), known)}")

    def _dataclass(self, cls: Any, node: Located) -> Any:
        before = len(self.problems)
        hints = hints_of(cls)
        if not isinstance(node.value, dict):
            self.report(node, f"wanted {describe(cls)}; got {shown(node)}")
            return None
        for key in [key for key in node.value if key not in hints]:
            self.report(node.value[key], unknown_key(key, hints))
        values: dict[str, Any] = {}
        for spec in fields(cls):
            if spec.name in node.value:
                values[spec.name] = self.build(hints[spec.name], node.value[spec.name])
            elif default_of(spec) is MISSING:
                self.report(node, f"missing; wanted {describe(hints[spec.name])}", spec.name)
        if len(self.problems) > before:
            return None
        try:
            return cls(**values)
        except ValueError as error:  # a condition between fields, from __post_init__
            self._report_condition(node, str(error))
            return None

    def _report_condition(self, node: Located, message: str) -> None:
        """A message that starts with a field, as "field: wanted …", is reported where that one was written."""
        key, _, rest = message.partition(": ")
        given = node.value.get(key) if isinstance(node.value, dict) else None
        self.report(given or node, rest if given else message)

    def _collection(self, hint: Any, node: Located) -> Any:
        """A list, tuple or dict whose items are dataclasses or plugins."""
        if get_origin(hint) is dict:
            if not isinstance(node.value, dict):
                self.report(node, f"wanted a mapping of names; got {shown(node)}")
                return None
            item = get_args(hint)[1]
            return {key: self.build(item, value) for key, value in node.value.items()}
        if not isinstance(node.value, list):
            self.report(node, f"wanted {describe(hint)}; got {shown(node)}")
            return None
        item = get_args(hint)[0]
        return get_origin(hint)(self.build(item, value) for value in node.value)

    def _leaf(self, hint: Any, node: Located, wanted: Any) -> Any:
        """A plain value; `wanted` is the whole union that `hint` was chosen from."""
        try:
            return adapter(hint).validate_json(json.dumps(node.plain, allow_nan=False), strict=True)
        except ValueError:  # pydantic's, or json's for a number that is not finite, which no record could hold
            guess = did_you_mean(str(node.plain), [str(value) for value in literals(wanted)])
            self.report(node, f"wanted {describe(wanted)}; got {shown(node)}{guess}")
            return None


def _chosen(hint: Any, node: Located) -> Any:
    """The member of a union that `node` is written as, None where it names none of several; a union of plain types is
    left to pydantic."""
    members = union_members(hint)
    objects = [member for member in members if is_object(member)]
    if not objects:
        return hint
    plain = tuple(member for member in members if not is_object(member))
    if node.value is None and NoneType in plain:
        return NoneType
    if not isinstance(node.value, dict) and any(member is not NoneType for member in plain):
        return Union[plain]  # noqa: UP007  (a union known only now)
    named = isinstance(node.value, dict) and "name" in node.value
    other = None if named and len(objects) > 1 else objects[0]
    return next((member for member in objects if node.name in _tags(member)), other)


def _name_place(node: Located) -> Located:
    """Where the name stands of what `node` describes."""
    return node.value.get("name", node) if isinstance(node.value, dict) else node


def _tags(member: Any) -> tuple[Any, ...]:
    """What `name` may be for a member of a union: a registry's names, or the Literal of a field called name."""
    registry = Registry.of(member)
    return registry.names() if registry is not None else tuple(literals(hints_of(member).get("name")))
