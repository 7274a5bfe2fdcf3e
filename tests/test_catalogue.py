"""What the catalogue needs of every strategy."""

from __future__ import annotations

from bench.catalogue import catalogue
from bench.strategy import strategies


def test_every_strategy_states_its_cost() -> None:
    assert [entry.name for entry in strategies.entries() if not entry.cls.cost] == []


def test_a_strategy_that_sees_labels_is_marked() -> None:
    marked = {line.split("`")[1] for line in catalogue().splitlines() if "sees the pool's labels" in line}
    assert marked == {entry.name for entry in strategies.entries() if entry.cls.sees_labels} != set()
