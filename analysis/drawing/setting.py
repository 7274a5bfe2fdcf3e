"""A group's name as settings: "widen=2, mode=batch" says what the point of an experiment's grid is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

OPENING, CLOSING = "([{", ")]}"


def read(name: str) -> dict[str, str]:
    """What each setting is set to, as text; a comma inside brackets belongs to the value."""
    pairs = (part.partition("=") for part in _parts(name))
    return {setting.strip(): value.strip() for setting, _, value in pairs}


def written(settings: Mapping[str, str]) -> str:
    """Settings as a group's name writes them."""
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def brief(name: str) -> str:
    """A group's name for a narrow place: values that are no numbers tell by themselves what is set."""
    pairs = read(name).items()
    return ", ".join(value if _number(value) is None else f"{setting}={value}" for setting, value in pairs)


def numbers(values: Sequence[str]) -> list[float] | None:
    """The values as numbers, where all of them are finite numbers and no two are the same."""
    found = [number for value in values if (number := _number(value)) is not None and math.isfinite(number)]
    return found if len(set(found)) == len(values) else None


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _parts(name: str) -> list[str]:
    """The name cut at its outer commas."""
    depth, parts = 0, [""]
    for letter in name:
        depth += (letter in OPENING) - (letter in CLOSING)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]
