"""Results that travel: packed into one file, taken in from elsewhere, merged, and freed of what can be made again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Track = Callable[[Sequence[Any], str], Iterable[Any]]
"""Passes a sequence on and shows how far it has got, under a word or two."""


def untracked(sequence: Sequence[Any], words: str) -> Iterable[Any]:
    """Show nothing."""
    return sequence
