"""Plugins are found through entry points; a module that cannot be imported does not take the others with it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from bench.build import build
from bench.errors import ConfigError, RegistryError
from bench.listing import listing
from bench.located import located
from bench.registry import Registry

KIND = '''
from abc import ABC
from typing import ClassVar
from bench.registry import Registry

class Fruit(ABC):
    """What the plugins are."""
    revision: ClassVar[int] = 1

fruits = Registry("fruit", Fruit, "lookahead_bench.fruits")
'''
PLUGIN = '''
from dataclasses import dataclass
from orchard_kind import Fruit, fruits

@fruits.register("{name}")
@dataclass(frozen=True)
class Plugin(Fruit):
    """A fruit called {name}."""
    weight: float = 0.5
    ripe: bool = True
'''
FILES = {
    "orchard_kind.py": KIND,
    "orchard/__init__.py": "",
    "orchard/apple.py": PLUGIN.format(name="apple"),
    "orchard/bad.py": "import no_such_library\n",
    "orchard/cherry.py": PLUGIN.format(name="cherry"),
    "orchard_single.py": PLUGIN.format(name="plum"),
    "orchard_broken.py": "1 +\n",
}


@pytest.fixture
def fruits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_registries: None) -> Iterator[Registry[Any]]:
    """A registry whose entry points name a package with a broken module in it, a broken module and a good one."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    modules = ("orchard", "orchard_broken", "orchard_single")
    points = [EntryPoint(module, module, "lookahead_bench.fruits") for module in modules]
    monkeypatch.setattr("bench.registry.entry_points", lambda group: points if group.endswith(".fruits") else [])
    yield importlib.import_module("orchard_kind").fruits
    for module in [module for module in sys.modules if module.startswith("orchard")]:
        del sys.modules[module]


def test_every_module_of_a_package_is_imported(fruits: Registry[Any]) -> None:
    assert fruits.names() == ("apple", "cherry", "plum")


def test_nothing_is_imported_before_it_is_asked_for(fruits: Registry[Any]) -> None:
    assert "orchard_single" not in sys.modules
    fruits.find("plum")
    assert "orchard_single" in sys.modules


def test_a_broken_module_leaves_the_others_usable(fruits: Registry[Any]) -> None:
    assert fruits.find("cherry").cls().weight == 0.5


def test_an_unknown_name_is_answered_with_the_modules_that_broke(fruits: Registry[Any]) -> None:
    with pytest.raises(RegistryError) as caught:
        fruits.find("pear")
    said = str(caught.value)
    assert said.startswith("no fruit named 'pear'. Known: apple, cherry, plum. ")
    assert "Plugin 'orchard.bad' could not be imported: ModuleNotFoundError: No module named 'no_such_library'" in said
    assert "Plugin 'orchard_broken' could not be imported: SyntaxError: invalid syntax" in said


def test_a_sweep_file_is_answered_with_them_too(fruits: Registry[Any]) -> None:
    with pytest.raises(ConfigError, match=r"s\.yaml:3: fruit: no fruit named 'pear'.*no_such_library"):
        build(fruits.base, located("pear", "s.yaml:3", "fruit"))


def test_the_list_names_plugins_parameters_and_what_broke(fruits: Registry[Any]) -> None:
    lines = listing([fruits]).splitlines()
    assert lines[:5] == [
        "fruits",
        "  apple",
        "      A fruit called apple.",
        "      weight: a number (default 0.5)",
        "      ripe: true or false (default true)",
    ]
    assert lines[-2] == "  orchard.bad could not be imported: ModuleNotFoundError: No module named 'no_such_library'"
    assert lines[-1].startswith("  orchard_broken could not be imported: SyntaxError: ")


def test_two_modules_cannot_take_one_name(fruits: Registry[Any], tmp_path: Path) -> None:
    (tmp_path / "orchard_single.py").write_text(PLUGIN.format(name="apple"))
    with pytest.raises(
        RegistryError, match=r"the fruit name 'apple' is taken by orchard\.apple\.Plugin; orchard_single"
    ):
        fruits.names()


def test_the_list_names_every_plugin_of_the_project() -> None:
    from bench.data import datasets
    from bench.learner import learners
    from bench.net import nets
    from bench.strategy import strategies

    lines = listing().splitlines()
    for registry in (strategies, learners, nets, datasets):
        assert not registry.broken
        assert all(f"  {name}" in lines for name in registry.names())


def test_the_list_names_every_alternative_of_a_parameter() -> None:
    assert (
        "schedule: a mapping of name (onecycle), max_lr, warm_up, cycle_momentum, or a mapping of name (constant), lr"
        in listing()
    )
