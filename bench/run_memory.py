"""What plugins remember in this process for the run at hand; it is forgotten as the next one begins.

A run's measured times must not depend on which runs the same worker had before.
"""

from __future__ import annotations

from collections.abc import Callable

_forgetters: list[Callable[[], object]] = []


def forgotten_between_runs(forget: Callable[[], object]) -> None:
    """Have `forget` called whenever the run of a cell begins. To be called once, where a module is imported."""
    _forgetters.append(forget)


def forget_earlier_runs() -> None:
    """Forget what earlier runs of this process left; for the loop, before the first cycle that it runs."""
    for forget in _forgetters:
        forget()
