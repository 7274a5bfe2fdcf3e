"""One registry for every kind of plugin: strategies, learners, nets, datasets.

A plugin is a frozen dataclass whose fields are its parameters. It becomes known when its module is imported; the
modules to import are named by entry points (`lookahead_bench.strategies`, …), this project's own ones included, so
that a file in one of these packages, or in somebody else's, is all that a new plugin needs.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

from bench.errors import RegistryError

T = TypeVar("T")
C = TypeVar("C")

RESERVED = ("name", "label", "revision")
CHANGES_RESULT = "changes_result"
NO_RESULT: Mapping[str, object] = {CHANGES_RESULT: False}
"""Metadata of a dataclass field that cannot change a result, such as a path: it stays out of a cell's id."""


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A registered name: the class behind it and the parameters that the name already fixes."""

    name: str
    cls: type[T]
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """The first paragraph of the plugin's docstring, as one line."""
        return " ".join((self.cls.__doc__ or "").strip().partition("\n\n")[0].split())

    @property
    def module(self) -> str:
        return self.cls.__module__


class Registry(Generic[T]):
    """The plugins of one kind, found through one entry-point group.

    `base` is the abstract class that all of them implement. A dataclass field annotated with it holds a plugin of
    this kind.
    """

    _by_base: ClassVar[dict[type, Registry[Any]]] = {}

    def __init__(self, kind: str, base: type[T], group: str) -> None:
        self.kind = kind
        self.base = base
        self.group = group
        self.broken: dict[str, str] = {}
        self._entries: dict[str, Entry[T]] = {}
        self._discovered = False
        Registry._by_base[base] = self

    @staticmethod
    def of(base: object) -> Registry[Any] | None:
        """The registry whose plugins implement `base`, if there is one."""
        return Registry._by_base.get(base) if isinstance(base, type) else None

    @staticmethod
    def others(known: Sequence[Registry[Any]]) -> list[Registry[Any]]:
        """The registries that plugins brought beside those `known`, by kind."""
        found = [registry for registry in Registry._by_base.values() if registry not in known]
        return sorted(found, key=lambda registry: registry.kind)

    @staticmethod
    def holding(plugin: object) -> Registry[Any] | None:
        """The registry that `plugin`, an instance, belongs to."""
        return next((r for base, r in Registry._by_base.items() if isinstance(plugin, base)), None)

    def register(
        self, name: str, presets: Mapping[str, Mapping[str, Any]] | None = None
    ) -> Callable[[type[C]], type[C]]:
        """Make the decorated frozen dataclass known as `name`.

        `presets` adds short names that fix some of its parameters. A class that is defined once more, as in a notebook
        or by importlib.reload, takes the place of the one before.
        Raises RegistryError for a name already taken and for a class that cannot be a plugin.
        """

        def add(cls: type[C]) -> type[C]:
            self._check(name, cls)
            known = self._without_the_one_before(name, cls)
            for called, fixed in ((name, {}), *(presets or {}).items()):
                self._add(Entry(called, cls, dict(fixed)), known)  # type: ignore[arg-type]
            self._entries = known
            return cls

        return add

    def find(self, name: str) -> Entry[T]:
        """What is registered as `name`. Raises RegistryError with the names there are."""
        self._discover()
        if name in self._entries:
            return self._entries[name]
        close = get_close_matches(name, self._entries, n=1)
        guess = f" Did you mean {close[0]!r}?" if close else ""
        broken = "".join(f". Plugin {plugin!r} could not be imported: {why}" for plugin, why in self.broken.items())
        raise RegistryError(f"no {self.kind} named {name!r}.{guess} Known: {', '.join(self.names())}{broken}")

    def names(self) -> tuple[str, ...]:
        """Every registered name, presets included, in alphabetical order."""
        self._discover()
        return tuple(sorted(self._entries))

    def entries(self) -> tuple[Entry[T], ...]:
        """Every registered entry, presets included, in alphabetical order of their names."""
        return tuple(self._entries[name] for name in self.names())

    def name_of(self, cls: type) -> str:
        """The name under which a plugin's class is registered."""
        for entry in self._entries.values():
            if entry.cls is cls and not entry.fixed:
                return entry.name
        raise RegistryError(f"{cls.__qualname__} is not registered; decorate it with @{self._plural}.register(NAME)")

    @property
    def _plural(self) -> str:
        return self.group.rpartition(".")[2]

    def _without_the_one_before(self, name: str, cls: type) -> dict[str, Entry[T]]:
        """The entries but those of an earlier class of this module and qualified name that has the name."""
        holder = self._entries.get(name)
        before = None if holder is None or holder.cls is cls else holder.cls
        again = before is not None and (before.__module__, before.__qualname__) == (cls.__module__, cls.__qualname__)
        return {known: entry for known, entry in self._entries.items() if not (again and entry.cls is before)}

    def _add(self, entry: Entry[T], known: dict[str, Entry[T]]) -> None:
        taken = known.get(entry.name)
        if taken is not None:
            raise RegistryError(
                f"the {self.kind} name {entry.name!r} is taken by {taken.module}.{taken.cls.__qualname__}; "
                f"{entry.module}.{entry.cls.__qualname__} needs another. Known: {', '.join(sorted(known))}"
            )
        known[entry.name] = entry

    def _check(self, name: str, cls: Any) -> None:
        wanted = f"wanted a frozen dataclass that implements {self.base.__qualname__}, with a docstring"
        if not (_is_frozen_dataclass(cls) and issubclass(cls, self.base)):
            raise RegistryError(
                f"{self.kind} {name!r}: {wanted}; got {cls.__qualname__}. "
                f"Put @{self._plural}.register({name!r}) above @dataclass(frozen=True)"
            )
        if not (cls.__doc__ or "").strip() or (cls.__doc__ or "").startswith(f"{cls.__name__}("):
            raise RegistryError(f"{self.kind} {name!r}: {wanted}; {cls.__qualname__} has no docstring of its own")
        try:
            get_type_hints(cls)
        except NameError as error:
            raise RegistryError(f"{self.kind} {name!r}: a field's type is not imported at run time: {error}") from error
        missing = sorted(getattr(cls, "__abstractmethods__", ()))
        if missing:
            raise RegistryError(f"{self.kind} {name!r}: {cls.__qualname__} does not implement {', '.join(missing)}")
        reserved = [f.name for f in fields(cls) if f.name in RESERVED]
        if reserved:
            raise RegistryError(f"{self.kind} {name!r}: a parameter cannot be called {' or '.join(reserved)}")

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        for point in entry_points(group=self.group):
            for module in _modules(point.module):
                try:
                    importlib.import_module(module)
                except RegistryError:
                    raise
                except Exception as error:  # one broken plugin must not take the others with it; find() reports it
                    self.broken[module] = f"{type(error).__name__}: {error}"


def _modules(name: str) -> Iterator[str]:
    """A module's own name, then those of the modules inside it where it is a package."""
    yield name
    for info in pkgutil.iter_modules(getattr(sys.modules.get(name), "__path__", ()), f"{name}."):
        yield info.name


def _is_frozen_dataclass(cls: Any) -> bool:
    return "__dataclass_params__" in vars(cls) and bool(cls.__dataclass_params__.frozen)  # its own, not its base's


def default_of(cls_field: Any) -> object:
    """The declared default of a dataclass field, or dataclasses.MISSING."""
    return cls_field.default_factory() if cls_field.default_factory is not MISSING else cls_field.default
