"""A preset is a name that fixes some parameters of a plugin."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import pytest

from bench.build import build
from bench.errors import ConfigError
from bench.located import Plain, located
from bench.registry import Registry

pytestmark = pytest.mark.usefixtures("own_registries")


class Box(ABC):
    """What the plugins of these tests are."""

    revision: ClassVar[int] = 1

    @abstractmethod
    def volume(self) -> int:
        """Its volume."""


@dataclass(frozen=True)
class Crate(Box):
    """A box of wood."""

    width: int = 1
    height: int = 1

    def volume(self) -> int:
        return self.width * self.height


@pytest.fixture(autouse=True)
def boxes() -> Registry[Box]:
    """A registry with one plugin and a preset of it."""
    registry = Registry("box", Box, "lookahead_bench.tests.boxes")
    registry.register("crate", presets={"wide": {"width": 9}})(Crate)
    return registry


def built(value: Plain) -> Box:
    return build(Box, located(value, "here", "box"))


def test_a_preset_sets_its_parameters() -> None:
    assert built("wide") == Crate(width=9)


def test_the_other_parameters_can_be_set() -> None:
    assert built({"name": "wide", "height": 4}) == Crate(width=9, height=4)


@pytest.mark.parametrize("width", [9, 10])
def test_what_a_preset_fixes_cannot_be_set(width: int) -> None:
    with pytest.raises(ConfigError) as caught:
        built({"name": "wide", "width": width})
    assert str(caught.value.problems[0]) == "here: box.width: 'wide' fixes this; to set it, name 'crate' instead"


def test_an_unknown_key_of_a_preset_is_reported_beside_it() -> None:
    with pytest.raises(ConfigError) as caught:
        built({"name": "wide", "width": 3, "heigth": 3})
    assert [problem.path for problem in caught.value.problems] == ["box.width", "box.heigth"]


def test_a_plugin_is_called_by_its_own_name_however_it_was_asked_for(boxes: Registry[Box]) -> None:
    assert boxes.name_of(type(built("wide"))) == "crate"
