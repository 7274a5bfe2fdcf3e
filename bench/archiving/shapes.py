"""Checking JSON that a stranger wrote against the TypedDicts of the record, types and finite numbers included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, field, make_dataclass
from functools import cache
from typing import Any, NotRequired, TypeVar, cast, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import ConfigDict, TypeAdapter, ValidationError

from bench.describe import article
from bench.errors import ResultsError
from bench.files import loaded
from bench.replicates import ADDED

T = TypeVar("T", bound=Mapping[str, Any])
STRICT = ConfigDict(strict=True)


def checked(kind: type[T], content: bytes, where: str) -> T:
    """The value written in `content`, a JSON object with the keys and types of the TypedDict `kind`; other keys are
    left as they are. Raises ResultsError."""
    found = checked_object(content, where)
    try:
        _adapter(kind).validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        name = kind.__name__.lower()
        raise ResultsError(
            f"{where}: wanted {article(name)} {name} as this version writes it; {place or name}: {first['msg']}"
        ) from error
    return cast(T, found)


def checked_object(content: bytes, where: str) -> dict[str, Any]:
    """The JSON object written in `content`. Raises ResultsError."""
    found = loaded(content)
    if found is None:
        raise ResultsError(f"{where}: wanted a JSON object of finite numbers; got {len(content)} bytes that are none")
    return found


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(_shape(kind))


@cache
def _shape(kind: type) -> type:
    """A TypedDict as a dataclass: before Python 3.12 pydantic takes no TypedDict of the standard library's."""
    hints = get_type_hints(kind, include_extras=True)
    fields = [(name, _replaced(hint), _default(kind, name)) for name, hint in hints.items()]
    return make_dataclass(kind.__name__, fields, kw_only=True, namespace={"__pydantic_config__": STRICT})


def _default(kind: Any, name: str) -> Any:
    """None for a key that may be missing. Where annotations are texts, Python 3.11 takes those marked NotRequired for
    required, so that they are looked at too."""
    marked = get_origin(get_type_hints(kind, include_extras=True)[name]) is NotRequired
    required = name in kind.__required_keys__ and name not in ADDED and not marked
    return field(default=MISSING if required else None)


def _replaced(hint: Any) -> Any:
    """The same type with dataclasses for TypedDicts, in lists and mappings too."""
    if is_typeddict(hint):
        return _shape(hint)
    origin, inside = get_origin(hint), get_args(hint)
    if origin is NotRequired:
        return _replaced(inside[0])
    return origin[tuple(_replaced(each) for each in inside)] if origin in (list, dict) else hint
