"""Attempts at a cell by one worker: what ends them, how often they are made, and that the other cells go on."""

from __future__ import annotations

import errno
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from meddled_fit import let_fit
from test_worker import desk, state

from bench.cell import Cell
from bench.errors import ResultsError
from bench.folder import RunFolder
from bench.launching.options import Launch, Retries, Slurm
from bench.learner import Fit
from bench.record import Failure, cell_folder, read_attempts, read_failure, read_rows
from bench.state import State
from bench.worker import Worker

LIMIT = 4.0  # seconds; a cell takes a fraction of one


def worker(tmp_path: Path, cells: list[Cell], launch: Launch, share: int | None = None) -> Worker:
    return Worker(replace(desk(tmp_path, cells), launch=launch, share=share))


def other(cell: Cell) -> Cell:
    return replace(cell, seed=1)


def statuses(tmp_path: Path, cell: Cell) -> list[str | None]:
    return [attempt["status"] for attempt in read_attempts(cell_folder(tmp_path, cell.id))]


def failure(tmp_path: Path, cell: Cell) -> Failure:
    found = read_failure(cell_folder(tmp_path, cell.id))
    assert found is not None
    return found


def fail_with(error: Exception, seed: int = 0, times: int = 10**6) -> Callable[[Fit], None]:
    """What raises in the first fits of a seed."""
    left = Counter({seed: times})

    def fail(fit: Fit) -> None:
        left[fit.streams.seed] -= 1
        if left[fit.streams.seed] >= 0:
            raise error

    return fail


def hang(fit: Fit) -> None:
    """A computation of seed 0 that goes on for a minute and shrugs off every error."""
    end = time.monotonic() + 60
    while fit.streams.seed == 0 and time.monotonic() < end:
        with suppress(Exception):
            time.sleep(0.01)


def test_an_exception_is_retried_as_often_as_asked_for_and_then_fails_the_cell(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_fit(monkeypatch, fail_with(ValueError("not today")))
    launch = Launch(retries=Retries(exception=1))
    assert worker(tmp_path, [cell, other(cell)], launch)() == 2
    assert statuses(tmp_path, cell) == ["exception", "exception"]
    assert state(tmp_path, cell) is State.FAILED
    assert (failure(tmp_path, cell)["message"], failure(tmp_path, cell)["attempt"]) == ("not today", 2)
    assert statuses(tmp_path, other(cell)) == ["done"]


def test_an_exception_that_does_not_come_again_is_forgotten(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_fit(monkeypatch, fail_with(ValueError("not today"), times=1))
    assert worker(tmp_path, [cell], Launch(retries=Retries(exception=1)))() == 1
    assert statuses(tmp_path, cell) == ["exception", "done"]
    assert read_failure(cell_folder(tmp_path, cell.id)) is None
    assert state(tmp_path, cell) is State.DONE


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory")])
def test_running_out_of_memory_is_retried_once_and_recorded_with_the_memory_held(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    let_fit(monkeypatch, fail_with(error))
    assert worker(tmp_path, [cell, other(cell)], Launch())() == 2
    assert statuses(tmp_path, cell) == ["out_of_memory", "out_of_memory"]
    assert failure(tmp_path, cell)["kind"] == "out_of_memory"
    assert failure(tmp_path, cell)["peak_mib"] > 1
    assert state(tmp_path, other(cell)) is State.DONE


@pytest.mark.slow
def test_a_cell_that_takes_too_long_is_a_timeout_whatever_errors_it_shrugs_off(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_fit(monkeypatch, hang)
    launch = Launch(cell_minutes=LIMIT / 60, retries=Retries(timeout=0))
    began = time.monotonic()
    assert worker(tmp_path, [cell, other(cell)], launch)() == 2
    assert time.monotonic() - began >= LIMIT
    assert statuses(tmp_path, cell) == ["timeout"]
    assert failure(tmp_path, cell)["kind"] == "timeout"
    assert "(launch.slurm.minutes, launch.cell_minutes)" in failure(tmp_path, cell)["message"]
    assert statuses(tmp_path, other(cell)) == ["done"]
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.slow
def test_after_a_timeout_the_same_worker_goes_on_from_the_last_finished_cycle(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hung: list[int] = []

    def hang_once(fit: Fit) -> None:
        if fit.cycle == 2 and not hung:
            hung.append(fit.cycle)
            time.sleep(60)

    let_fit(monkeypatch, hang_once)
    launch = Launch(cell_minutes=LIMIT / 60, retries=Retries(timeout=0))
    assert worker(tmp_path, [cell], launch)() == 1
    assert statuses(tmp_path, cell) == ["timeout", "done"]
    rows = read_rows(cell_folder(tmp_path, cell.id))
    assert [row["measured"]["attempt"] for row in rows] == [1, 1, 2, 2]


def test_a_worker_that_is_told_to_stop_leaves_its_cell_at_the_next_stage_and_takes_no_other(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_fit(monkeypatch, lambda fit: (tmp_path / "stop").touch() if fit.cycle == 1 else None)
    with pytest.raises(KeyboardInterrupt):
        worker(tmp_path, [cell, other(cell)], Launch())()
    assert statuses(tmp_path, cell) == ["interrupted"]
    assert len(read_rows(cell_folder(tmp_path, cell.id))) == 1
    assert not cell_folder(tmp_path, other(cell).id).exists()


def test_a_worker_that_finds_the_mark_when_it_starts_takes_nothing(cell: Cell, tmp_path: Path) -> None:
    (tmp_path / "stop").touch()
    assert worker(tmp_path, [cell], Launch())() == 0
    assert not cell_folder(tmp_path, cell.id).exists()
    assert json.loads((tmp_path / "status.json").read_text())["doing"] == "finished"


def test_a_worker_settles_no_more_than_its_share(cell: Cell, tmp_path: Path) -> None:
    assert worker(tmp_path, [cell, other(cell)], Launch(), share=1)() == 1
    assert [state(tmp_path, each) for each in (cell, other(cell))] == [State.DONE, State.MISSING]


@pytest.mark.parametrize(("minutes", "status"), [(600, "preempted"), (1, "timeout")])
def test_a_worker_that_its_scheduler_ends_says_why_and_the_next_goes_on(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int, status: str
) -> None:
    made = worker(tmp_path, [cell], Launch(slurm=Slurm(minutes=minutes)))

    def end(fit: Fit) -> None:
        made.leave()
        made.leave()  # a scheduler may ask twice
        raise SystemExit

    with monkeypatch.context() as patched:
        let_fit(patched, end)
        with pytest.raises(SystemExit):
            made()
    noted = (cell_folder(tmp_path, cell.id) / "attempts.jsonl").read_text()
    assert noted.count(f'"status": "{status}"') == 1
    assert statuses(tmp_path, cell) == [status]
    assert state(tmp_path, cell) is State.MISSING
    assert worker(tmp_path, [cell], Launch())() == 1
    assert statuses(tmp_path, cell) == [status, "done"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_full_disk_ends_the_worker_and_is_not_held_against_the_cell(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    launch = Launch(retries=Retries(exception=0, killed=0))
    with monkeypatch.context() as patched:
        let_fit(patched, fail_with(OSError(number, os.strerror(number))))
        with pytest.raises(ResultsError, match=os.strerror(number)):
            worker(tmp_path, [cell, other(cell)], launch)()
    assert RunFolder(cell_folder(tmp_path, cell.id)).unended() == []
    assert state(tmp_path, cell) is State.MISSING
    assert not cell_folder(tmp_path, other(cell).id).exists()
    assert worker(tmp_path, [cell, other(cell)], launch)() == 2
    assert state(tmp_path, cell) is State.DONE
