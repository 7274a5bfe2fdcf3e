"""YAML as a tree that remembers where every value was written, so that an error can name file and line.

Scalars follow YAML 1.2 (`1e-3` is a float; only `true` and `false` are booleans), a key given twice is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from bench.errors import ConfigError, Problem

Scalar: TypeAlias = "str | int | float | bool | None"
Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"


@dataclass(frozen=True)
class Located:
    """A value of a configuration (a scalar, a list or a mapping of further ones), where it was written (file and line)
    and under which key path."""

    value: Scalar | list[Located] | dict[str, Located]
    where: str
    path: str = ""

    @property
    def plain(self) -> Plain:
        """The value alone, as JSON knows it."""
        if isinstance(self.value, list):
            return [item.plain for item in self.value]
        if isinstance(self.value, dict):
            return {key: item.plain for key, item in self.value.items()}
        return self.value

    @property
    def name(self) -> str | None:
        """What a plugin is called here: the text itself, or the mapping's key `name`."""
        found = self.value.get("name") if isinstance(self.value, dict) else self
        return found.value if found is not None and isinstance(found.value, str) else None


def located(value: Plain, where: str, path: str = "") -> Located:
    """Give a plain value a place, for configurations that do not come from a file."""
    if isinstance(value, list):
        return Located([located(item, where, f"{path}[{i}]") for i, item in enumerate(value)], where, path)
    if isinstance(value, Mapping):
        return Located({key: located(item, where, join(path, key)) for key, item in value.items()}, where, path)
    return Located(value, where, path)


def merged(base: Located, over: Located) -> Located:
    """`over` on top of `base`, key by key; a mapping that names another plugin replaces the whole one."""
    if not isinstance(over.value, dict) or (over.name is not None and over.name != base.name):
        return over
    if isinstance(base.value, str):
        base = Located({"name": base}, base.where, base.path)
    if not isinstance(base.value, dict):
        return over
    shared = {key: merged(base.value[key], item) if key in base.value else item for key, item in over.value.items()}
    return Located({**base.value, **shared}, base.where, base.path)


def nested(dotted: str, leaf: Located) -> Located:
    """The tree that holds nothing but `leaf`, under a dotted path such as `learner.net.widen`."""
    while dotted:
        dotted, _, key = dotted.rpartition(".")
        leaf = Located({key: leaf}, leaf.where, dotted)
    return leaf


def join(path: str, key: str) -> str:
    """The dotted path of a key inside `path`."""
    return f"{path}.{key}" if path and key else path or key


def read_yaml(path: Path) -> Located:
    """Read a YAML file.

    Raises ConfigError where the file cannot be read, is not YAML, is empty or repeats a key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Problem(str(path), "", f"wanted a readable YAML file; {error}")]) from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, name: str) -> Located:
    """Parse YAML text; `name` stands for the file in every place. Raises ConfigError as read_yaml does."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        raise ConfigError([_syntax_problem(error, name)]) from error
    finally:
        loader.dispose()
    if node is None:
        raise ConfigError([Problem(name, "", "wanted a mapping of keys; the file is empty")])
    walk = _Walk(loader, name)
    tree = walk.tree(node)
    if walk.problems:
        raise ConfigError(walk.problems)
    return tree


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  (what yaml itself reads)


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)

_Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(node.value))  # 010 is ten, not eight


class _Walk:
    """Turns one document's nodes into a tree and collects its problems."""

    def __init__(self, loader: _Loader, name: str) -> None:
        self.problems: list[Problem] = []
        self._loader = loader
        self._name = name

    def tree(self, node: yaml.Node, path: str = "") -> Located:
        where = f"{self._name}:{node.start_mark.line + 1}"
        if isinstance(node, yaml.SequenceNode):
            return Located([self.tree(item, f"{path}[{i}]") for i, item in enumerate(node.value)], where, path)
        if isinstance(node, yaml.MappingNode):
            self._refuse_repeated_keys(node, path)
            self._loader.flatten_mapping(node)
            pairs = ((str(key.value), value) for key, value in node.value)
            return Located({key: self.tree(value, join(path, key)) for key, value in pairs}, where, path)
        return Located(self._scalar(node, where, path), where, path)

    def _refuse_repeated_keys(self, node: yaml.MappingNode, path: str) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            text, line = str(key.value), key.start_mark.line + 1
            if text in seen and text != "<<":
                message = f"key given twice, first on line {seen[text]}; keep one"
                self.problems.append(Problem(f"{self._name}:{line}", join(path, text), message))
            seen[text] = line

    def _scalar(self, node: yaml.Node, where: str, path: str) -> Scalar:
        try:
            value = self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            value = node
        if value is None or isinstance(value, str | int | float | bool):
            return value
        wanted = f"wanted a number, a text, true, false or null; got {node.tag} {node.value!r}"
        self.problems.append(Problem(where, path, wanted))
        return None


def _syntax_problem(error: yaml.YAMLError, name: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}" if mark is not None else name
    return Problem(where, "", f"not YAML: {getattr(error, 'problem', None) or error}")
