"""YAML as a tree of Located values, so that an error can name file and line.

Scalars follow YAML 1.2 (`1e-3` is a float; only `true` and `false` are booleans), a key given twice is an error, and no
tag is obeyed.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from bench.errors import ConfigError, Problem
from bench.located import Located, Scalar, join


def read_yaml(path: Path) -> Located:
    """Read a YAML file.

    Raises ConfigError where the file cannot be read, is not YAML, is empty or repeats a key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError.of(str(path), "", f"wanted a readable YAML file; {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError.of(f"{path}:{line}", "", f"wanted a YAML file in UTF-8; {error}") from error
    tree = parse_yaml(text, str(path))
    if tree.value is None:
        raise ConfigError.of(str(path), "", "wanted a mapping of keys; the file is empty")
    return tree


def parse_yaml(text: str, name: str) -> Located:
    """Parse YAML text; `name` stands for the file in every place. Raises ConfigError where it is no YAML."""
    try:
        return _parsed(text, name)
    except yaml.YAMLError as error:
        raise ConfigError([_syntax_problem(error, text, name)]) from error
    except RecursionError as error:
        raise ConfigError.of(name, "", "wanted a configuration; this one is nested too deeply to be read") from error


def _parsed(text: str, name: str) -> Located:
    loader = _Loader(text)
    node = loader.get_single_node()
    if node is None:
        return Located(None, name)
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


_TAG = "tag:yaml.org,2002:"
MOST_VALUES = 100_000
_SCALARS = {"null": "null", "bool": "true or false", "int": "an integer", "float": "a number", "str": "a text"}


class _Walk:
    """Turns one document's nodes into a tree and collects its problems."""

    def __init__(self, loader: _Loader, name: str) -> None:
        self.problems: list[Problem] = []
        self._loader = loader
        self._name = name
        self._values = 0
        self._open: set[yaml.Node] = set()
        self._flat: set[yaml.Node] = set()

    def tree(self, node: yaml.Node, path: str = "", line: int | None = None) -> Located:
        """What a node says; `line` is that of its key, where it has one."""
        where = f"{self._name}:{node.start_mark.line + 1 if line is None else line}"
        self._values += 1
        if self._values > MOST_VALUES:
            raise ConfigError.of(where, path, f"wanted at most {MOST_VALUES} values; aliases make more of them here")
        if isinstance(node, yaml.ScalarNode):
            return Located(self._scalar(node, where, path), where, path)
        if node in self._open:
            return self._refuse(where, path, "wanted a value; an alias makes it hold itself")
        if node.tag not in (f"{_TAG}seq", f"{_TAG}map"):
            return self._refuse(where, path, _refused_tag(node.tag))
        self._open.add(node)
        found = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)
        self._open.remove(node)
        return Located(found, where, path)

    def _list(self, node: yaml.Node, path: str) -> list[Located]:
        return [self.tree(item, f"{path}[{i}]") for i, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Located]:
        if node not in self._flat:  # an alias comes here again, with what it merges already in it
            self._flat.add(node)
            self._check_keys(node, path)
            self._loader.flatten_mapping(node)
        pairs = [(key.value, value, key.start_mark.line + 1) for key, value in node.value if _is_scalar(key)]
        return {key: self.tree(value, join(path, key), line) for key, value, line in pairs}

    def _check_keys(self, node: yaml.MappingNode, path: str) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not _is_scalar(key):
                self._refuse(f"{self._name}:{line}", path, "wanted a text as key; got a list or a mapping")
                continue
            if key.value in seen and key.value != "<<":
                message = f"key given twice, first on line {seen[key.value]}; keep one"
                self._refuse(f"{self._name}:{line}", join(path, key.value), message)
            seen[key.value] = line

    def _scalar(self, node: yaml.Node, where: str, path: str) -> Scalar:
        kind = node.tag.removeprefix(_TAG)
        if kind not in _SCALARS:
            self._refuse(where, path, _refused_tag(node.tag))
            return None
        try:
            return self._loader.construct_object(node)
        except (ValueError, KeyError):
            text = node.value if len(node.value) <= 60 else f"{node.value[:57]}..."
            self._refuse(where, path, f"wanted {_SCALARS[kind]}; got {text!r}")
            return None

    def _refuse(self, where: str, path: str, message: str) -> Located:
        self.problems.append(Problem(where, path, message))
        return Located(None, where, path)


def _is_scalar(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode)


def _refused_tag(tag: str) -> str:
    written = f"!!{tag.removeprefix(_TAG)}" if tag.startswith(_TAG) else tag
    return f"wanted a plain value; got the tag {written}, which is not allowed here. Leave it out"


def _syntax_problem(error: yaml.YAMLError, text: str, name: str) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Problem(f"{name}:{line}", "", f"not YAML: the character U+{error.character:04X} is not allowed")
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}" if mark is not None else name
    said = [text for text in (getattr(error, "context", None), getattr(error, "problem", None)) if text]
    return Problem(where, "", f"not YAML: {', '.join(said) or error}")
