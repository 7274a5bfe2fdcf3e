"""A network's fit that does something else first, as a test wishes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bench.learner import Fit, Model
from bench.learners.network import NetworkLearner


def let_fit(monkeypatch: pytest.MonkeyPatch, do: Callable[[Fit], object]) -> None:
    """Do something at the beginning of every fit of a network in this process."""
    fit = NetworkLearner.fit

    def doing(self: NetworkLearner, given: Fit) -> Model:
        do(given)
        return fit(self, given)

    monkeypatch.setattr(NetworkLearner, "fit", doing)
