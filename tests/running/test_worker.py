"""A worker: failures are recorded with their class and trace, and the other cells go on."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from support import up_to

from bench import slurm
from bench.cell import Cell
from bench.data import Data, Dataset, load_data
from bench.files import write_json
from bench.folder import RunFolder
from bench.launching.options import Launch, Retries, Slurm
from bench.loop import Run
from bench.recipe import Constant
from bench.record import cell_folder, read_attempts, read_failure, read_rows
from bench.state import State, state_of
from bench.worker import Desk, Worker


def desk(tmp_path: Path, cells: list[Cell]) -> Desk:
    write_json(tmp_path / "queue.json", {cell.id: cell.record() for cell in cells})
    return Desk(str(tmp_path), str(tmp_path / "queue.json"), str(tmp_path / "status.json"), str(tmp_path))


def diverging(cell: Cell) -> Cell:
    learner = cell.learner
    wild = replace(learner.train, schedule=Constant("constant", 1e6), epochs=20)  # type: ignore[attr-defined]
    return replace(cell, learner=replace(learner, train=wild))  # type: ignore[type-var]


def state(tmp_path: Path, cell: Cell) -> State:
    return state_of(tmp_path, cell.id, cell.protocol.cycles)


def test_a_failing_cell_does_not_disturb_the_others(cell: Cell, tmp_path: Path) -> None:
    other = replace(cell, seed=1)
    assert Worker(desk(tmp_path, [diverging(cell), cell, other]))() == 3
    assert state(tmp_path, diverging(cell)) is State.FAILED
    assert state(tmp_path, cell) is state(tmp_path, other) is State.DONE


def test_a_diverged_cell_says_so_with_its_trace(cell: Cell, tmp_path: Path) -> None:
    Worker(desk(tmp_path, [diverging(cell)]))()
    failure = read_failure(cell_folder(tmp_path, diverging(cell).id))
    assert failure is not None
    assert failure["kind"] == "diverged"
    assert "lower schedule.max_lr" in failure["message"]
    assert "bench/train.py" in failure["trace"]
    assert failure["cycle"] == 0


def test_a_failed_cell_is_run_again_only_when_forgiven(cell: Cell, tmp_path: Path) -> None:
    bad = diverging(cell)
    assert Worker(desk(tmp_path, [bad]))() == 1
    assert Worker(desk(tmp_path, [bad]))() == 0
    RunFolder(cell_folder(tmp_path, bad.id)).forgive()
    assert Worker(desk(tmp_path, [bad]))() == 1
    assert [attempt["status"] for attempt in read_attempts(cell_folder(tmp_path, bad.id))] == ["diverged", "diverged"]


def test_a_done_cell_is_taken_up_again_for_more_cycles(cell: Cell, tmp_path: Path) -> None:
    assert Worker(desk(tmp_path, [cell]))() == 1
    longer = up_to(cell, 5)
    assert state(tmp_path, longer) is State.MISSING
    assert Worker(desk(tmp_path, [longer]))() == 1
    assert state(tmp_path, longer) is State.DONE
    assert len(read_rows(cell_folder(tmp_path, cell.id))) == 6


def test_a_done_cell_is_not_taken_again(cell: Cell, tmp_path: Path) -> None:
    assert Worker(desk(tmp_path, [cell]))() == 1
    assert Worker(desk(tmp_path, [cell]))() == 0


def test_the_two_datasets_used_last_stay_loaded(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(dataset: Dataset, *where: Any) -> Data:
        loaded.append(dataset.subset_seed)
        return load_data(dataset, *where)

    def kept(run: Run) -> None:
        held.append(len(worker._loaded))
        finish(run)

    loaded, held, finish = list[int](), list[int](), Run.finish
    monkeypatch.setattr("bench.data.load_data", load)
    monkeypatch.setattr(Run, "finish", kept)
    order = [0, 1, 0, 2, 0, 1]
    cells = [
        up_to(replace(cell, seed=seed, dataset=replace(cell.dataset, limit=200, subset_seed=which)), 1)
        for seed, which in enumerate(order)
    ]
    worker = Worker(desk(tmp_path, cells))
    assert worker() == len(cells)
    assert loaded == [0, 1, 2, 1]
    assert held == [1, 2, 2, 2, 2, 2]


def test_every_attempt_records_where_it_ran(cell: Cell, tmp_path: Path) -> None:
    Worker(desk(tmp_path, [cell]))()
    (attempt,) = read_attempts(cell_folder(tmp_path, cell.id))
    assert attempt["status"] == "done"
    assert attempt["ended"] is not None
    assert {"packages", "commit", "host", "processor", "device", "threads", "deterministic_algorithms"} <= set(
        attempt["environment"]
    )
    assert attempt["environment"]["threads"] == 1
    assert attempt["environment"]["deterministic_algorithms"] is True


def test_the_whole_configuration_is_kept(cell: Cell, tmp_path: Path) -> None:
    Worker(desk(tmp_path, [cell]))()
    assert json.loads((cell_folder(tmp_path, cell.id) / "cell.json").read_text()) == cell.record()


def test_a_cell_that_kills_its_process_again_and_again_is_given_up(cell: Cell, tmp_path: Path) -> None:
    folder = RunFolder(cell_folder(tmp_path, cell.id))
    folder.create(cell.record())
    for _ in range(Retries().killed + 1):
        folder.begin_attempt({"launch": tmp_path.name})
    assert Worker(desk(tmp_path, [cell]))() == 1
    failure = read_failure(folder.path)
    assert failure is not None
    assert failure["kind"] == "killed"
    folder.forgive()
    assert Worker(desk(tmp_path, [cell]))() == 1
    assert state(tmp_path, cell) is State.DONE


def test_an_interrupted_worker_leaves_the_cell_to_the_next(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench.loop import Run

    def interrupt(self: Run) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Run, "finish", interrupt)
        with pytest.raises(KeyboardInterrupt):
            Worker(desk(tmp_path, [cell]))()
    assert state(tmp_path, cell) is State.MISSING
    assert [attempt["status"] for attempt in read_attempts(cell_folder(tmp_path, cell.id))] == ["interrupted"]
    assert Worker(desk(tmp_path, [cell]))() == 1


@pytest.mark.parametrize(
    ("minutes", "before", "ended"), [(1, 0, "timeout"), (240, 0, "preempted"), (240, 238, "timeout")]
)
def test_an_error_while_a_worker_leaves_is_none_of_its_cell_s(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, minutes: int, before: int, ended: str
) -> None:
    """As when submitit's handler of Slurm's signal cannot put the job back into the queue; `before` are the minutes
    that the job had run when its worker was called."""
    monkeypatch.setenv(slurm.BEGAN, str(int(time.time()) - 60 * before))
    told = desk(tmp_path, [cell])
    worker = Worker(replace(told, launch=Launch(slurm=Slurm(minutes=minutes))))

    def signalled(run: Run) -> None:
        worker.leave()
        raise subprocess.CalledProcessError(1, ["scontrol", "requeue"])

    with monkeypatch.context() as patched:
        patched.setattr(Run, "finish", signalled)
        with pytest.raises(subprocess.CalledProcessError):
            worker()
    assert [attempt["status"] for attempt in read_attempts(cell_folder(tmp_path, cell.id))] == [ended]
    assert state(tmp_path, cell) is State.MISSING
    assert Worker(told)() == 1


def test_after_a_failure_no_memory_is_held_for_other_cells(cell: Cell, tmp_path: Path) -> None:
    other = replace(diverging(cell), seed=cell.seed + 1)
    worker = Worker(desk(tmp_path, [cell, other]))
    assert worker() == 2
    assert worker._loaded == {}


def test_a_worker_takes_its_share_of_a_gpu_that_it_shares(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[float] = []
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", shares.append)
    monkeypatch.setattr("bench.worker.environment", lambda device: {})
    for slots in (1, 3):
        told = replace(desk(tmp_path, []), slots=slots, launch=Launch(device="cuda", per_device=2))
        assert Worker(told)() == 0
    assert shares == [1 / 3]


def test_data_that_cannot_be_read_fails_the_cell_and_not_the_worker(cell: Cell, tmp_path: Path) -> None:
    from bench.datasets.npz import Npz

    gone = replace(cell, dataset=Npz(path="gone.npz"))
    assert Worker(desk(tmp_path, [gone, cell]))() == 2
    failure = read_failure(cell_folder(tmp_path, gone.id))
    assert failure is not None
    assert "no file 'gone.npz'" in failure["message"]
    assert state(tmp_path, cell) is State.DONE


def test_data_that_changed_since_the_sweep_was_planned_are_not_trained_on(cell: Cell, tmp_path: Path) -> None:
    planned = replace(cell, checksum="0" * 64)
    assert Worker(desk(tmp_path, [planned]))() == 1
    failure = read_failure(cell_folder(tmp_path, planned.id))
    assert failure is not None
    assert "wanted the data that the sweep was planned with, SHA-256 000000000000…; got " in failure["message"]


def test_convolutions_are_not_rounded_on_a_gpu(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    seen, finish = [], Run.finish

    def watched(run: Run) -> None:
        seen.append(torch.backends.cudnn.allow_tf32)
        finish(run)

    monkeypatch.setattr(Run, "finish", watched)
    assert Worker(desk(tmp_path, [cell]))() == 1
    assert seen == [False]
