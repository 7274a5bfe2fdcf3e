"""Seeds as a sweep file gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Field

from bench.numbers import Natural

SeedCount: TypeAlias = Annotated[int, Field(ge=1, le=10_000)]


@dataclass(frozen=True)
class SeedRange:
    """`count` seeds from `first` on."""

    first: Natural
    count: SeedCount


Seeds: TypeAlias = SeedCount | list[Natural] | SeedRange
"""How many, from 0 on; or a list of them; or {first, count}."""


def listed(seeds: Seeds) -> list[int]:
    """The seeds, one by one. Raises ValueError where there is none, or one stands there twice."""
    if isinstance(seeds, SeedRange):
        return list(range(seeds.first, seeds.first + seeds.count))
    found = list(range(seeds)) if isinstance(seeds, int) else seeds
    if not found or len(set(found)) < len(found):
        raise ValueError(f"seeds: wanted at least one seed, each once; got {seeds}")
    return found
