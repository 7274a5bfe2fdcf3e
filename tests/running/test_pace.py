"""How long a sweep may take: fitting goes by the label, queries and evaluations by the cycle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.cell import Cell
from bench.pace import expected, time_left
from bench.plan import Schedule, schedule
from bench.record import SCHEMA, cell_folder
from bench.state import states
from bench.sweep_file import load_sweep

SWEEP = """
name: paced
defaults:
  dataset: digits
  learner: ridge
  protocol: {initial: 10, budget: 5, cycles: 3}
  seeds: [4, 7]
experiments:
  one: {strategies: [random, entropy]}
  two: {strategies: [random, margin]}
"""
FIT, QUERY, EVALUATE = 0.5, 7.0, 2.0  # seconds: for a label, and for a cycle
WHOLE = sum(FIT * labels + QUERY + EVALUATE for labels in (10, 15, 20, 25))


@pytest.fixture
def planned(tmp_path: Path) -> Schedule:
    (tmp_path / "paced.yaml").write_text(SWEEP)
    return schedule(load_sweep(tmp_path / "paced.yaml"), tmp_path)


def ran(results: Path, cell: Cell, cycles: int, quicker: float = 1) -> None:
    """Leave the rows of a cell that went up to a cycle."""
    rows = []
    for cycle in range(cycles + 1):
        labels = 10 + 5 * cycle
        taken = {"query": QUERY if cycle else 0.1, "query/gram": 5.0, "fit": FIT * labels, "evaluate": EVALUATE}
        seconds = {name: value / quicker for name, value in taken.items()}
        result = {"labelled": labels, "accuracy": 0.5}
        measured = {"seconds": seconds, "attempt": 1}
        rows.append(
            {"schema": SCHEMA, "cell": cell.id, "cycle": cycle, "result": result, "measured": measured, "files": {}}
        )
    folder = cell_folder(results, cell.id)
    folder.mkdir(parents=True)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def arms(planned: Schedule) -> dict[str, dict[int, Cell]]:
    return {f"{arm.experiment} {arm.named.label}": dict(arm.cells) for arm in planned.arms}


def told(planned: Schedule, results: Path) -> str:
    return str(expected(planned, results, states(results, dict.fromkeys(planned.cells(), 3))))


def test_nothing_is_known_of_a_sweep_that_never_ran(planned: Schedule, tmp_path: Path) -> None:
    assert told(planned, tmp_path).startswith(
        "not known for 3 arms of which nothing has run: `--set 'seeds=[4]' protocol"
    )


def test_one_cycle_tells_the_time_of_all_of_them(planned: Schedule, tmp_path: Path) -> None:
    """A cell with two rows of four, and one that has not begun; Random's cells belong to two arms and count once."""
    ran(tmp_path, arms(planned)["one random"][4], cycles=1)
    left = WHOLE + sum(FIT * labels + QUERY + EVALUATE for labels in (20, 25))
    found = expected(planned, tmp_path, states(tmp_path, dict.fromkeys(planned.cells(), 3)))
    assert found.seconds == pytest.approx(left)
    assert (found.cells, found.unknown) == (2, 2)
    assert told(planned, tmp_path).startswith(
        "about 1 min 52 s of one slot for 2 cells, by the cycles that are finished; not"
    )


def test_every_arm_has_its_own_pace(planned: Schedule, tmp_path: Path) -> None:
    for number, name in enumerate(("one random", "one entropy", "two margin")):
        ran(tmp_path, arms(planned)[name][4], cycles=2, quicker=2**number)
    per_cell = [WHOLE + FIT * 25 + QUERY + EVALUATE, (WHOLE + FIT * 25 + QUERY + EVALUATE) / 2]
    found = expected(planned, tmp_path, states(tmp_path, dict.fromkeys(planned.cells(), 3)))
    assert found.seconds == pytest.approx(sum(per_cell) + per_cell[1] / 2)
    assert found.unknown == 0


def test_only_the_first_set_is_known_of_a_cell_in_its_first_cycle(planned: Schedule, tmp_path: Path) -> None:
    ran(tmp_path, arms(planned)["one entropy"][7], cycles=0)
    found = expected(planned, tmp_path, states(tmp_path, dict.fromkeys(planned.cells(), 3)))
    known = 7 * (0.1 + EVALUATE) + FIT * (10 + 2 * (15 + 20 + 25))
    assert found.seconds == pytest.approx(known)


def test_arms_that_never_ran_count_with_the_mean_in_the_time_left(planned: Schedule, tmp_path: Path) -> None:
    found = states(tmp_path, dict.fromkeys(planned.cells(), 3))
    assert time_left(planned, tmp_path, found) is None
    ran(tmp_path, arms(planned)["one entropy"][7], cycles=1)
    left = 6 * WHOLE - FIT * (10 + 15) - 2 * (QUERY + EVALUATE)
    assert (
        time_left(planned, tmp_path, found)
        == f"about {left // 60:.0f} min {left % 60:02.0f} s left with 1 cell at a time"
    )


def test_a_sweep_that_is_done_needs_nothing(planned: Schedule, tmp_path: Path) -> None:
    for cell in planned.cells().values():
        ran(tmp_path, cell, cycles=3)
        (cell_folder(tmp_path, cell.id) / "done.json").write_text('{"cycle": 3}')
    assert told(planned, tmp_path) == "no cell is missing"
