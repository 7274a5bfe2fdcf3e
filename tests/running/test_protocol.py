"""Initial sets, regimes and a noisy oracle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support import run_of

from bench.cell import Cell
from bench.data import Data
from bench.errors import ConfigError, DataError
from bench.oracle import noisy
from bench.protocol import Given
from bench.query import initial_query
from bench.sweep_file import load_sweep


def with_protocol(cell: Cell, **changed: object) -> Cell:
    return replace(cell, protocol=replace(cell.protocol, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(("initial", "smallest", "largest"), [(20, 2, 2), (25, 2, 3), (10, 1, 1)])
def test_a_balanced_initial_set_has_as_many_of_each_class(
    cell: Cell, digits: Data, initial: int, smallest: int, largest: int
) -> None:
    ids = initial_query(with_protocol(cell, initial=initial, initial_set="balanced"), digits).ids
    counts = torch.bincount(digits.y_pool[ids], minlength=10)
    assert (len(set(ids.tolist())), int(counts.min()), int(counts.max())) == (initial, smallest, largest)


def test_a_uniform_initial_set_is_the_start_of_a_permutation(cell: Cell, digits: Data) -> None:
    small, large = (initial_query(with_protocol(cell, initial=n), digits).ids.tolist() for n in (10, 30))
    assert large[:10] == small


def test_a_given_initial_set_is_taken_as_it_is(cell: Cell, digits: Data) -> None:
    ids = (1296, 3, 0, 7)
    start = initial_query(with_protocol(cell, initial=4, initial_set=Given(ids=ids)), digits)
    assert (tuple(start.ids.tolist()), start.candidates.tolist()) == (ids, [])


def test_a_given_set_of_what_was_drawn_gives_the_same_run(cell: Cell, digits: Data, tmp_path: Path) -> None:
    drawn = initial_query(cell, digits).ids.tolist()
    given = with_protocol(cell, initial_set=Given(ids=tuple(drawn)))
    runs = [run_of(c, digits, tmp_path) for c in (cell, given)]
    for run in runs:
        run.advance(run.advance(None, 0), 1)
    first, second = ([row["result"] for row in run.folder.rows()] for run in runs)
    assert first == second


def test_given_ids_outside_of_the_pool_are_refused(cell: Cell, digits: Data) -> None:
    outside = with_protocol(cell, initial=2, initial_set=Given(ids=(3, 1297)))
    with pytest.raises(DataError, match="wanted ids from 0 to 1296, since the pool has 1297 inputs; got 1297"):
        initial_query(outside, digits)


def test_a_file_of_ids_that_nobody_read_is_refused(cell: Cell, digits: Data) -> None:
    unread = with_protocol(cell, initial=2, initial_set=Given(file="starts.json"))
    with pytest.raises(DataError, match=r"got the file 'starts\.json', which planning reads"):
        initial_query(unread, digits)


def test_a_noisy_label_is_another_class_at_the_rate() -> None:
    labels = torch.arange(20_000) % 7
    told = noisy(labels, 7, 0.3, torch.Generator().manual_seed(0))
    wrong = told != labels
    assert abs(float(wrong.float().mean()) - 0.3) < 0.01
    shifts = torch.bincount((told - labels)[wrong] % 7, minlength=7)
    assert shifts[0] == 0
    assert int(shifts[1:].min()) > 800  # 1 000 each on average


def test_the_loop_trains_on_what_the_oracle_says_and_counts_what_was_wrong(
    cell: Cell, digits: Data, tmp_path: Path
) -> None:
    run = run_of(with_protocol(cell, label_noise=0.5), digits, tmp_path)
    state = run.advance(None, 0)
    result = run.folder.rows()[0]["result"]
    wrong = int((run.told.y_pool[state.labelled] != digits.y_pool[state.labelled]).sum())
    assert result["mislabelled"] == wrong > 3
    counted = torch.bincount(run.told.y_pool[state.labelled], minlength=10).tolist()
    assert result["queried_classes"] == counted


def test_the_oracle_is_wrong_about_the_same_inputs_for_every_strategy(cell: Cell, digits: Data, tmp_path: Path) -> None:
    noisy_cell = with_protocol(cell, label_noise=0.2)
    first, second = (run_of(c, digits, tmp_path).told.y_pool for c in (noisy_cell, replace(noisy_cell, seed=1)))
    assert torch.equal(first, run_of(noisy_cell, digits, tmp_path).told.y_pool)
    assert not torch.equal(first, second)


def test_the_test_set_is_never_noisy(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = run_of(with_protocol(cell, label_noise=0.9), digits, tmp_path)
    assert torch.equal(run.told.y_test, digits.y_test)


def sweep_with(folder: Path, dataset: str, protocol: str) -> Path:
    file = folder / "s.yaml"
    file.write_text(
        f"defaults: {{dataset: {dataset}, learner: network, protocol: {protocol}}}\n"
        "experiments: {one: {strategies: [random]}}\n"
    )
    return file


def test_a_regime_is_the_number_that_the_dataset_says(tmp_path: Path) -> None:
    file = sweep_with(tmp_path, "cifar100", "{initial: low, budget: medium, cycles: 2}")
    protocol = load_sweep(file).experiments[0].points[0].settings.protocol
    assert (protocol.initial, protocol.budget) == (500, 1000)


def test_a_dataset_without_regimes_says_so(tmp_path: Path) -> None:
    file = sweep_with(tmp_path, "{name: npz, path: x.npz}", "{initial: low, budget: 5, cycles: 2}")
    with pytest.raises(ConfigError, match="the dataset npz does not say what low is; write a number"):
        load_sweep(file)
