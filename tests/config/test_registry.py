"""What can be registered, what is refused, and what is said about a name that nobody registered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import pytest

from bench.errors import RegistryError
from bench.registry import Registry

pytestmark = pytest.mark.usefixtures("own_registries")


class Shape(ABC):
    """What the plugins of these tests are."""

    revision: ClassVar[int] = 1

    @abstractmethod
    def area(self) -> float:
        """Its area."""


@dataclass(frozen=True)
class Square(Shape):
    """A square."""

    side: float = 1.0

    def area(self) -> float:
        return self.side**2


@pytest.fixture
def shapes() -> Registry[Shape]:
    """A registry of its own, without entry points."""
    return Registry("shape", Shape, "lookahead_bench.tests.shapes")


def refusal(shapes: Registry[Shape], cls: type, name: str = "odd") -> str:
    with pytest.raises(RegistryError) as caught:
        shapes.register(name)(cls)
    assert name not in shapes.names()
    return str(caught.value)


def test_a_registered_class_is_found_by_its_name(shapes: Registry[Shape]) -> None:
    shapes.register("square")(Square)
    entry = shapes.find("square")
    assert (entry.cls, entry.name, entry.summary, shapes.name_of(Square)) == (Square, "square", "A square.", "square")


def test_registering_leaves_the_class_as_it_is(shapes: Registry[Shape]) -> None:
    assert shapes.register("square")(Square) is Square


def test_names_are_in_alphabetical_order(shapes: Registry[Shape]) -> None:
    shapes.register("square", presets={"big": {"side": 9.0}, "unit": {"side": 1.0}})(Square)
    assert shapes.names() == ("big", "square", "unit") == tuple(entry.name for entry in shapes.entries())


def test_an_unknown_name_is_answered_with_the_nearest_and_all_others(shapes: Registry[Shape]) -> None:
    shapes.register("square", presets={"big": {"side": 9.0}})(Square)
    with pytest.raises(RegistryError) as caught:
        shapes.find("sqare")
    assert str(caught.value) == "no shape named 'sqare'. Did you mean 'square'? Known: big, square"


def test_a_name_like_no_other_gets_no_guess(shapes: Registry[Shape]) -> None:
    shapes.register("square")(Square)
    with pytest.raises(RegistryError) as caught:
        shapes.find("xyz")
    assert str(caught.value) == "no shape named 'xyz'. Known: square"


@pytest.mark.parametrize("taken", ["square", "big"])
def test_a_name_is_given_once(shapes: Registry[Shape], taken: str) -> None:
    shapes.register("square", presets={"big": {"side": 9.0}})(Square)

    @dataclass(frozen=True)
    class Other(Square):
        """Another one."""

    with pytest.raises(RegistryError) as caught:
        shapes.register(taken)(Other)
    assert f"the shape name {taken!r} is taken by test_registry.Square; test_registry." in str(caught.value)
    assert str(caught.value).endswith("Other needs another. Known: big, square")
    assert shapes.find("square").cls is Square


def test_a_class_that_is_defined_once_more_takes_the_place_of_the_first(shapes: Registry[Shape]) -> None:
    def define(presets: dict[str, dict[str, float]]) -> type[Shape]:
        @shapes.register("mine", presets=presets)
        @dataclass(frozen=True)
        class Mine(Square):
            """As in a notebook."""

        return Mine

    define({"big": {"side": 9.0}, "small": {"side": 1.0}})
    again = define({"big": {"side": 7.0}})
    assert shapes.find("mine").cls is again
    assert shapes.name_of(again) == "mine"
    assert (shapes.find("big").cls, shapes.find("big").fixed) == (again, {"side": 7.0})
    assert "small" not in shapes.names()


def test_a_class_of_the_same_name_under_another_one_leaves_the_first(shapes: Registry[Shape]) -> None:
    """As by a factory, which registers one class after the other."""

    def define(name: str, presets: dict[str, dict[str, float]]) -> type[Shape]:
        @shapes.register(name, presets=presets)
        @dataclass(frozen=True)
        class Mine(Square):
            """One of several."""

        return Mine

    first, second = define("first", {}), define("second", {})
    assert (shapes.find("first").cls, shapes.find("second").cls) == (first, second)
    with pytest.raises(RegistryError, match="the shape name 'second' is taken"):
        define("first", {"second": {"side": 1.0}})
    assert (shapes.find("first").cls, shapes.find("second").cls) == (first, second)


def test_a_preset_cannot_take_a_name_either(shapes: Registry[Shape]) -> None:
    with pytest.raises(RegistryError, match="the shape name 'square' is taken"):
        shapes.register("square", presets={"square": {}})(Square)


def test_a_plain_class_is_refused(shapes: Registry[Shape]) -> None:
    class Plain(Shape):
        """No dataclass."""

        def area(self) -> float:
            return 0

    said = refusal(shapes, Plain)
    assert "shape 'odd': wanted a frozen dataclass that implements Shape, with a docstring; got " in said
    assert said.endswith("Plain. Put @shapes.register('odd') above @dataclass(frozen=True)")


def test_a_dataclass_that_is_not_frozen_is_refused(shapes: Registry[Shape]) -> None:
    @dataclass
    class Soft(Shape):
        """Its fields can change."""

        def area(self) -> float:
            return 0

    assert "wanted a frozen dataclass" in refusal(shapes, Soft)


def test_a_subclass_that_is_no_dataclass_itself_is_refused(shapes: Registry[Shape]) -> None:
    class Named(Square):
        """Its own parameter would be ignored."""

        colour: str = "red"

    assert "wanted a frozen dataclass" in refusal(shapes, Named)


def test_a_class_of_another_kind_is_refused(shapes: Registry[Shape]) -> None:
    @dataclass(frozen=True)
    class Sound:
        """No shape."""

    assert "wanted a frozen dataclass that implements Shape" in refusal(shapes, Sound)


@pytest.mark.parametrize("docstring", [None, "", "   "])
def test_a_class_without_a_docstring_is_refused(shapes: Registry[Shape], docstring: str | None) -> None:
    namespace = {"area": lambda self: 0.0} | ({} if docstring is None else {"__doc__": docstring})
    assert refusal(shapes, dataclass(frozen=True)(type("Silent", (Shape,), namespace))).endswith(
        "Silent has no docstring of its own"
    )


def test_a_class_that_implements_too_little_is_refused(shapes: Registry[Shape]) -> None:
    @dataclass(frozen=True)
    class Vague(Shape):
        """Has no area."""

    assert refusal(shapes, Vague).endswith("Vague does not implement area")


@pytest.mark.parametrize("reserved", ["name", "label", "revision"])
def test_a_parameter_cannot_be_called_what_the_harness_uses_itself(shapes: Registry[Shape], reserved: str) -> None:
    namespace = {"__doc__": "Odd.", "__annotations__": {reserved: int}, reserved: 3, "area": lambda self: 0.0}
    cls = dataclass(frozen=True)(type("Odd", (Shape,), namespace))
    assert refusal(shapes, cls) == f"shape 'odd': a parameter cannot be called {reserved}"


def test_a_class_that_nobody_registered_has_no_name(shapes: Registry[Shape]) -> None:
    with pytest.raises(RegistryError, match=r"Square is not registered; decorate it with @shapes\.register\(NAME\)"):
        shapes.name_of(Square)


def test_an_instance_is_known_to_belong_to_its_registry(shapes: Registry[Shape]) -> None:
    assert Registry.holding(Square()) is shapes
    assert Registry.of(Shape) is shapes
    assert Registry.holding(3) is None
