"""A configuration as a tree that remembers where every value was written, and how such trees are overlaid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

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
    """`over` on top of `base`, key by key; a mapping that names another plugin replaces the whole one.

    One without a name is of the plugin that the other one names, or of the section's usual one.
    """
    if isinstance(base.value, dict) and isinstance(over.value, str) and over.value == base.name:
        return base  # a plugin's name alone says as much as {name: …} does
    if not isinstance(over.value, dict) or (None not in (over.name, base.name) and over.name != base.name):
        return over
    return overlaid(Located({"name": base}, base.where, base.path) if isinstance(base.value, str) else base, over)


def overlaid(base: Located, over: Located) -> Located:
    """`over` on top of `base`, key by key, where their own key `name` is that of no plugin."""
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
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


def items(node: Located | None) -> Iterator[tuple[str, Located]]:
    """The keys and values of a mapping; nothing of anything else."""
    if node is not None and isinstance(node.value, dict):
        yield from node.value.items()


def item(node: Located, key: str) -> Located:
    """A key's value, or null where there is none."""
    return dict(items(node)).get(key, Located(None, node.where, node.path))
