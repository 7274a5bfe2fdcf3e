"""Types in words: what a person may write for a field of a sweep file or a parameter of a plugin."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import PydanticUserError, TypeAdapter

from bench.errors import RegistryError
from bench.located import Located
from bench.registry import Registry


@cache
def hints_of(cls: type) -> dict[str, Any]:
    """The annotation of every field of a dataclass, resolved, in order."""
    resolved = get_type_hints(cls, include_extras=True)
    return {spec.name: resolved[spec.name] for spec in fields(cls)}


@cache
def adapter(hint: Any) -> TypeAdapter[Any]:
    """pydantic's validator of a plain type. Raises RegistryError where it has none."""
    try:
        return TypeAdapter(hint)
    except PydanticUserError as error:
        raise RegistryError(f"a parameter's type {hint!r} cannot be validated: {error}") from error


def describe(hint: Any) -> str:
    """What may be written where a value of this type is wanted."""
    words = [_describe(member) for member in union_members(hint)]
    return (", or " if any("," in word for word in words) else " or ").join(words)


def unknown_key(key: str, known: Iterable[str]) -> str:
    """The message for a key that nobody asked for."""
    return f"unknown key{did_you_mean(key, known) or '.'} Allowed: {', '.join(known) or 'no key at all'}"


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """A question that names the nearest known word, or nothing."""
    close = get_close_matches(text, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def shown(node: Located) -> str:
    """A value as JSON, cut to fit a line."""
    text = json.dumps(node.plain)
    return text if len(text) <= 60 else f"{text[:57]}..."


def is_object(hint: Any) -> bool:
    """Whether values of this type are built from mappings: a dataclass or a plugin."""
    return is_dataclass(hint) or Registry.of(hint) is not None


def holds_objects(hint: Any) -> bool:
    """Whether this is a list, tuple or dict with objects inside."""
    members = [member for member in get_args(hint) if member is not Ellipsis]
    if get_origin(hint) not in (list, tuple, dict) or not members:
        return False
    return any(is_object(member) or holds_objects(member) for member in union_members(members[-1]))


def union_members(hint: Any) -> tuple[Any, ...]:
    """The members of a union, or the type itself."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def literals(hint: Any) -> Iterator[Any]:
    """Every value that a Literal anywhere in this type allows."""
    if get_origin(hint) is Literal:
        yield from get_args(hint)
    elif get_origin(hint) in (Union, UnionType, Annotated):
        for member in get_args(hint):
            yield from literals(member)


def _describe(hint: Any) -> str:
    registry = Registry.of(hint)
    if hint is NoneType or hint is None:
        return "null"
    if registry is not None:
        return f"{article(registry.kind)} {registry.kind}"
    if is_dataclass(hint):
        return f"a mapping of {', '.join(_keys(hint))}"  # type: ignore[arg-type]
    if holds_objects(hint):
        return "a mapping" if get_origin(hint) is dict else f"a list, each item {describe(get_args(hint)[0])}"
    return _schema_words(adapter(hint).json_schema())


def _keys(cls: type) -> Iterator[str]:
    """The keys of a section; where `name` says which section it is, with what it says."""
    for key, hint in hints_of(cls).items():
        yield f"{key} ({' | '.join(literals(hint))})" if key == "name" and get_origin(hint) is Literal else key


_BOUNDS = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}
_WORDS = {
    "integer": "an integer",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "object": "a mapping",
}


def _schema_words(schema: dict[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        return " | ".join(str(value) for value in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(_schema_words(member) for member in schema["anyOf"])
    if schema.get("type") == "array":
        return f"a list, each item {_schema_words(schema['items'])}" if schema.get("items") else "a list"
    if "pattern" in schema:
        return f"a text that matches {schema['pattern']}"
    if schema.get("minLength") == 1:
        return "a text that is not empty"
    bounds = " and ".join(f"{sign} {schema[key]}" for key, sign in _BOUNDS.items() if key in schema)
    kind = str(schema.get("type", "a value"))
    return f"{_WORDS.get(kind, kind)} {bounds}".rstrip()


def article(noun: str) -> str:
    """a or an, by the noun's first letter."""
    return "an" if noun[0] in "aeiou" else "a"
