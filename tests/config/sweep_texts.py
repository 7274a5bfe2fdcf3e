"""A small valid sweep file to make mistakes in, and a reader that hands back what was said about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.config import Settings, Sweep
from bench.errors import ConfigError
from bench.plan import Schedule, schedule
from bench.sweep_file import load_sweep

BASE = """\
name: small
defaults:
  dataset: digits
  learner:
    name: network
    net: {name: wide_resnet, stages: 1, widen: 1}
    train:
      loss: squared
      optimizer: {name: sgd, momentum: 0.9}
      schedule: {name: onecycle, max_lr: 0.5}
  protocol: {initial: 20, budget: 10, cycles: 8, candidates: 500}
  seeds: 2
experiments:
  one:
    strategies: [random, entropy]
"""
ARMS = "[random, entropy]"


def base_with(*changes: tuple[str, str]) -> str:
    """The valid file with pieces of its text replaced."""
    text = BASE
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is not in the file once"
        text = text.replace(old, new)
    return text


def base_and(tail: str) -> str:
    """The valid file with more keys of its experiment behind it."""
    return BASE + "".join(f"    {line}\n" for line in tail.splitlines())


@dataclass(frozen=True)
class Reader:
    """Reads sweep files that tests write."""

    folder: Path

    def load(self, text: str, *assignments: str) -> Sweep:
        """The sweep of a text."""
        return load_sweep(self._written(text), assignments)

    def settings(self, text: str, *assignments: str) -> Settings:
        """The settings of a text's only experiment, which has no grid."""
        (experiment,) = self.load(text, *assignments).experiments
        (point,) = experiment.points
        return point.settings

    def plan(self, text: str, *assignments: str) -> Schedule:
        """The resolved sweep of a text."""
        return schedule(self.load(text, *assignments), self.folder)

    def problems(self, text: str | bytes, *assignments: str) -> list[str]:
        """What is wrong with a text, line by line, with the file's name alone for its path."""
        path = self._written(text)
        with pytest.raises(ConfigError) as caught:
            load_sweep(path, assignments)
        return [str(problem).replace(str(path), path.name) for problem in caught.value.problems]

    def problem(self, text: str | bytes, *assignments: str) -> str:
        """The only thing that is wrong with a text."""
        (found,) = self.problems(text, *assignments)
        return found

    def _written(self, text: str | bytes) -> Path:
        path = self.folder / "s.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path
