"""What a network is: a plugin that builds a torch module whose one forward pass gives logits and all features."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from bench.registry import Registry

if TYPE_CHECKING:
    from bench.modules.network import Network


class Net(ABC):
    """A recipe for a network. Implementations are frozen dataclasses; fields are part of the cell's id."""

    revision: ClassVar[int] = 1

    @abstractmethod
    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        """An uninitialised network for inputs of `shape` and `classes` outputs.

        Raises DataError where the network cannot take inputs of this shape.
        """

    def refusal(self, shape: tuple[int, ...]) -> str | None:
        """Why the network cannot take inputs of `shape`, or None; asked before anything runs.

        Cheap and without torch: what takes building it to know, build() says.
        """
        return None


nets: Registry[Net] = Registry("net", Net, "lookahead_bench.nets")
