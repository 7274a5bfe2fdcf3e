"""One cell from Python."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from archive_cases import tree

from bench.errors import ConfigError, ResultsError
from bench.learner import Fit
from bench.learners.linear import Ridge
from bench.lease import leased
from bench.notebook import run_cell
from bench.plain_values import WANTED
from bench.record import read_attempts

SETTINGS: dict[str, Any] = {
    "dataset": "digits",
    "learner": {"name": "ridge", "penalty": 10},
    "protocol": {"initial": 20, "budget": 10, "cycles": 2},
    "strategy": "margin",
}


def test_the_rows_come_back(tmp_path: Path) -> None:
    rows = run_cell(SETTINGS, tmp_path)
    assert [row["result"]["labelled"] for row in rows] == [20, 30, 40]
    assert rows[-1]["result"]["accuracy"] > 0.6


def test_a_second_call_runs_only_what_is_missing(tmp_path: Path) -> None:
    first = run_cell(SETTINGS, tmp_path)
    longer = {**SETTINGS, "protocol": {**SETTINGS["protocol"], "cycles": 3}}
    rows = run_cell(longer, tmp_path)
    assert rows[:3] == first
    assert len(rows) == 4


def test_a_finished_cell_stays_as_it_is(tmp_path: Path) -> None:
    """Also where its weights are gone, as after an import, and where fewer cycles are asked for."""
    first = run_cell(SETTINGS, tmp_path)
    (folder,) = (tmp_path / "cells").iterdir()
    shutil.rmtree(folder / "weights")
    before = tree(folder)
    fewer = {**SETTINGS, "protocol": {**SETTINGS["protocol"], "cycles": 1}}
    assert run_cell(SETTINGS, tmp_path) == first
    assert run_cell(fewer, tmp_path) == first[:2]
    assert tree(folder) == before


def test_torch_computes_as_in_a_sweep_and_then_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def how() -> tuple[object, ...]:
        cudnn = torch.backends.cudnn
        return torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), cudnn.benchmark, cudnn.allow_tf32

    def fit(self: Ridge, given: Fit) -> None:
        seen.append(how())
        raise ValueError("seen enough")

    seen: list[tuple[object, ...]] = []
    monkeypatch.setattr(Ridge, "fit", fit)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    torch.use_deterministic_algorithms(False)  # the tests' own fixture sets it again
    torch.set_num_threads(2)
    before = how()
    for threads in (1, 3):
        with pytest.raises(ValueError, match="seen enough"):
            run_cell(SETTINGS, tmp_path, threads=threads)
    assert seen == [(1, True, False, False), (3, True, False, False)]
    assert how() == before == (2, False, True, True)


NETWORK = {**SETTINGS, "learner": {"name": "network", "net": {"name": "mlp", "width": 8}, "train": {"epochs": 2}}}


@pytest.fixture
def defaults() -> Iterator[None]:
    """Whatever a test sets, torch's own defaults hold again afterwards."""
    yield
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)


@pytest.mark.usefixtures("defaults")
def test_defaults_that_a_notebook_sets_change_no_result_and_hold_afterwards(tmp_path: Path) -> None:
    def results(folder: str) -> list[Any]:
        return [row["result"] for row in run_cell(NETWORK, tmp_path / folder)]

    usual = results("usual")
    torch.set_default_dtype(torch.float64)
    assert results("float64") == usual
    assert torch.get_default_dtype() == torch.float64
    torch.set_default_device("meta")
    assert results("meta") == usual
    assert torch.get_default_device().type == "meta"


def test_settings_are_checked_as_in_a_sweep_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"run_cell: strategy: no strategy named 'margn'\. Did you mean 'margin'"):
        run_cell({**SETTINGS, "strategy": "margn"}, tmp_path)


def test_numbers_of_numpy_and_paths_are_plain_values(tmp_path: Path) -> None:
    np.save(tmp_path / "own.npy", np.zeros((1297, 2)))
    dataset = {"name": "digits", "features": tmp_path / "own.npy"}
    protocol = {"initial": np.int64(20), "budget": np.int32(10), "cycles": 1, "label_noise": np.float32(0.5)}
    rows = run_cell({**SETTINGS, "seed": np.int64(1), "dataset": dataset, "protocol": protocol}, tmp_path)
    (folder,) = (tmp_path / "cells").iterdir()
    record = json.loads((folder / "cell.json").read_text())
    assert len(rows) == 2
    assert (record["seed"], record["protocol"]["initial"], record["protocol"]["label_noise"]) == (1, 20, 0.5)
    assert record["dataset"]["features"] == str(tmp_path / "own.npy")


def test_every_value_that_no_file_could_hold_is_named_with_its_key(tmp_path: Path) -> None:
    protocol = {**SETTINGS["protocol"], "initial_set": {"ids": np.arange(20)}, "cycles": {2}}
    with pytest.raises(ConfigError) as caught:
        run_cell({**SETTINGS, "learner": Ridge(), "protocol": protocol, "audit": {3: 4}}, tmp_path)
    said = [str(problem).replace(f"{WANTED}; ", "") for problem in caught.value.problems]
    assert said == [
        "run_cell: learner: got Ridge",
        "run_cell: protocol.cycles: got set",
        "run_cell: protocol.initial_set.ids: got ndarray. Its tolist() gives one",
        "run_cell: audit: wanted names as keys; got 3",
    ]


def test_a_combination_without_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the empirical NTK needs learner: network"):
        run_cell({**SETTINGS, "strategy": "mlmoc-entk-plain"}, tmp_path)


def test_a_cell_at_which_another_process_works_is_left_alone(tmp_path: Path) -> None:
    run_cell(SETTINGS, tmp_path)
    (folder,) = (tmp_path / "cells").iterdir()
    with leased(folder), pytest.raises(ResultsError, match="another process works on this cell"):
        run_cell(SETTINGS, tmp_path)


def test_a_run_may_start_from_the_ids_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "starts.json").write_text(json.dumps({"4": list(range(20, 0, -1))}))
    protocol = {**SETTINGS["protocol"], "cycles": 1, "initial_set": {"file": str(tmp_path / "starts.json")}}
    rows = run_cell({**SETTINGS, "protocol": protocol, "seed": 4}, tmp_path)
    assert rows[0]["result"]["queried"] == list(range(20, 0, -1))
    with pytest.raises(ConfigError, match=r"wanted ids for seed 5; got those of seeds 4\. Add it"):
        run_cell({**SETTINGS, "protocol": protocol, "seed": 5}, tmp_path)


def test_the_order_in_which_streams_are_named_is_none_of_a_cell_s(tmp_path: Path) -> None:
    for vary in (["initial", "weights"], ["weights", "initial"]):
        run_cell({**SETTINGS, "vary": vary}, tmp_path)
    assert len(list((tmp_path / "cells").iterdir())) == 1
    with pytest.raises(ConfigError, match="at least one random stream, each once"):
        run_cell({**SETTINGS, "vary": ["initial", "initial"]}, tmp_path)


@pytest.mark.parametrize(("error", "status"), [(ValueError("no"), "exception"), (KeyboardInterrupt(), "interrupted")])
def test_a_run_that_stops_says_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: str
) -> None:
    def fit(self: Ridge, given: Fit) -> None:
        raise error

    monkeypatch.setattr(Ridge, "fit", fit)
    with pytest.raises(type(error)):
        run_cell(SETTINGS, tmp_path)
    (folder,) = (tmp_path / "cells").iterdir()
    assert [attempt["status"] for attempt in read_attempts(folder)] == [status]
