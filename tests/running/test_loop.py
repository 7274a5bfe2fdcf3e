"""The loop: pairing between strategies, rows, resuming, extending."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import torch
from support import run_of, strategy, up_to

from bench.audit import Audit
from bench.build import build
from bench.cell import Cell
from bench.data import Data, datasets
from bench.datasets.digits import Digits
from bench.errors import ContractError, DataError, LeaseLost, ResultsError
from bench.files import write_json
from bench.journal import Journal
from bench.learner import Fit, Labelled, Model
from bench.located import located
from bench.loop import Run
from bench.objective import TaskLoss
from bench.query import State, candidate_ids, checked, initial_query, query
from bench.record import Row
from bench.registry import NO_RESULT
from bench.strategy import Strategy
from bench.streams import Streams
from bench.view import View


def results(run: Run) -> list[str]:
    """The result columns as text, so that equal means equal bit for bit."""
    return [json.dumps(row["result"]) for row in run.folder.rows()]


def finished(cell: Cell, data: Data, path: Path) -> Run:
    run = run_of(cell, data, path)
    run.finish()
    return run


def test_a_row_per_cycle_with_the_labels_it_had(cell: Cell, digits: Data, tmp_path: Path) -> None:
    rows = finished(cell, digits, tmp_path).folder.rows()
    assert [row["result"]["labelled"] for row in rows] == [20, 25, 30, 35]
    assert [len(row["result"]["queried"]) for row in rows] == [20, 5, 5, 5]
    assert all(row["cycle"] == i for i, row in enumerate(rows))


def test_no_id_is_bought_twice(cell: Cell, digits: Data, tmp_path: Path) -> None:
    bought = [i for row in finished(cell, digits, tmp_path).folder.rows() for i in row["result"]["queried"]]
    assert len(set(bought)) == len(bought) == 35


def test_the_class_histogram_counts_what_was_queried(cell: Cell, digits: Data, tmp_path: Path) -> None:
    for row in finished(cell, digits, tmp_path).folder.rows():
        expected = np.bincount(digits.y_pool[row["result"]["queried"]], minlength=10)
        assert row["result"]["queried_classes"] == expected.tolist()


def test_accuracy_is_what_the_stored_predictions_say(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    for row in run.folder.rows():
        predicted = np.load(run.folder.arrays(row["cycle"]))["predicted"]
        assert row["result"]["accuracy"] == pytest.approx((predicted == digits.y_test.numpy()).mean())


def test_the_first_cycle_leaves_the_test_labels_too(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(up_to(cell, 1), digits, tmp_path)
    assert np.array_equal(np.load(run.folder.arrays(0))["test_labels"], digits.y_test.numpy())
    assert "test_labels" not in np.load(run.folder.arrays(1))


def test_the_residual_is_that_of_the_model_on_its_labelled_set(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = run_of(cell, digits, tmp_path)
    state = run.advance(None, 0)
    labelled = Labelled(digits.x_pool[state.labelled], digits.y_pool[state.labelled], 10)
    assert run.folder.rows()[0]["result"]["residual"] == state.model.residual(labelled) > 0


def test_the_picks_are_the_best_scores_of_the_stored_candidates(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    for row in run.folder.rows()[1:]:
        stored = np.load(run.folder.arrays(row["cycle"]))
        assert len(stored["candidates"]) == 100
        best = stored["candidates"][np.argsort(-stored["scores"], kind="stable")[:5]]
        assert row["result"]["queried"] == best.tolist()


def test_strategies_of_a_seed_share_initial_set_and_first_network(cell: Cell, digits: Data, tmp_path: Path) -> None:
    first = [results(finished(replace(cell, strategy=strategy(s)), digits, tmp_path))[0] for s in ("margin", "random")]
    assert first[0] == first[1]


def test_strategies_of_a_seed_are_shown_nearly_the_same_candidates(cell: Cell, digits: Data, tmp_path: Path) -> None:
    """They differ by no more than what the strategies have already taken."""
    shown = []
    for name in ("margin", "random"):
        run = finished(replace(cell, strategy=strategy(name)), digits, tmp_path)
        shown.append([np.load(run.folder.arrays(cycle))["candidates"].tolist() for cycle in (1, 3)])
    assert shown[0][0] == shown[1][0]
    assert len(set(shown[0][1]) ^ set(shown[1][1])) <= 2 * 10


def test_another_seed_starts_from_another_set(cell: Cell, digits: Data) -> None:
    ids = [initial_query(replace(cell, seed=seed), digits).ids.tolist() for seed in (0, 1)]
    assert ids[0] != ids[1]


@pytest.mark.parametrize("broken_after", [0, 1, 2])
@pytest.mark.parametrize("start", ["warm", "cold"])
def test_interrupted_between_cycles_is_uninterrupted_bit_for_bit(
    cell: Cell, digits: Data, tmp_path: Path, broken_after: int, start: str
) -> None:
    cell = replace(cell, learner=replace(cell.learner, train=replace(cell.learner.train, start=start)))  # type: ignore[type-var,attr-defined]
    whole = finished(cell, digits, tmp_path / "whole")
    broken = run_of(cell, digits, tmp_path / "broken")
    state = None
    for cycle in range(broken_after + 1):
        state = broken.advance(state, cycle)
    assert len(broken.folder.rows()) == broken_after + 1
    assert results(finished(cell, digits, tmp_path / "broken")) == results(whole)


def test_more_cycles_extend_a_finished_run(cell: Cell, digits: Data, tmp_path: Path) -> None:
    longer = up_to(cell, 5)
    assert longer.id == cell.id
    finished(cell, digits, tmp_path / "extended")
    extended = finished(longer, digits, tmp_path / "extended")
    assert results(extended) == results(finished(longer, digits, tmp_path / "at once"))


def test_a_finished_run_is_left_alone(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    before = run.folder.rows_file.stat().st_mtime_ns
    run.finish()
    assert run.folder.rows_file.stat().st_mtime_ns == before


def test_a_row_cut_off_by_a_crash_is_made_again(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    expected = results(run)
    text = run.folder.rows_file.read_bytes()
    run.folder.rows_file.write_bytes(text[:-40])
    assert len(run.folder.rows()) == 3
    run.finish()
    assert results(run) == expected


@pytest.mark.parametrize("damage", ["delete", "truncate", "flip"])
def test_a_damaged_checkpoint_costs_only_its_cycle(cell: Cell, digits: Data, tmp_path: Path, damage: str) -> None:
    run = finished(cell, digits, tmp_path)
    expected = results(run)
    file = run.folder.weights(3)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    {
        "delete": lambda: file.unlink(),
        "truncate": lambda: file.write_bytes(content[:100]),
        "flip": lambda: file.write_bytes(content),
    }[damage]()
    resumed = run.resume()
    assert resumed is not None
    assert resumed.cycle == 2
    run.finish()
    assert results(run) == expected
    assert run.folder.intact(run.folder.rows()[-1])


def test_a_warm_start_goes_on_from_the_model_of_the_cycle_before(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = run_of(cell, digits, tmp_path)
    first = run.advance(None, 0)
    second = run.advance(first, 1)
    labelled = Labelled(digits.x_pool[second.labelled], digits.y_pool[second.labelled], 10)
    by_hand = cell.learner.fit(Fit(labelled, first.model, TaskLoss(), Streams(cell.seed), 1)).state()
    assert all(torch.equal(by_hand[key], value) for key, value in second.model.state().items())


def test_the_order_of_candidates_is_drawn_from_a_stream_of_its_own(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    order = torch.randperm(1297, generator=Streams(cell.seed).generator("candidates", 1)).tolist()
    initial = run.folder.rows()[0]["result"]["queried"]
    assert np.load(run.folder.arrays(1))["candidates"].tolist() == [i for i in order if i not in initial][:100]


def test_without_any_checkpoint_the_cell_starts_again(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    expected = results(run)
    for cycle in (2, 3):
        run.folder.weights(cycle).unlink()
    run.finish()
    assert results(run) == expected


def test_only_the_last_two_checkpoints_are_kept(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    assert sorted(path.name for path in run.folder.weights(0).parent.iterdir()) == ["002.pt", "003.pt"]


@pytest.mark.parametrize("asked", [1, 2])
def test_a_process_that_lost_its_lease_writes_no_row(cell: Cell, digits: Data, tmp_path: Path, asked: int) -> None:
    """It is asked for before it writes files, and again before the row, since writing takes time."""
    times = count(1)

    def lost() -> None:
        if next(times) == asked:
            raise LeaseLost("gone")

    run = replace(run_of(cell, digits, tmp_path), permit=lost)
    with pytest.raises(LeaseLost):
        run.finish()
    assert run.folder.rows() == []


def test_a_process_that_lost_its_lease_writes_over_no_file(cell: Cell, digits: Data, tmp_path: Path) -> None:
    def lost() -> None:
        raise LeaseLost

    first = run_of(up_to(cell, 0), digits, tmp_path)
    first.finish()
    arrays = first.folder.arrays(1)
    arrays.write_bytes(b"of who took over")
    with pytest.raises(LeaseLost):
        replace(run_of(up_to(cell, 1), digits, tmp_path), permit=lost).finish()
    assert arrays.read_bytes() == b"of who took over"
    assert not first.folder.weights(1).exists()


def test_rows_of_another_schema_are_refused(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    rows: list[Row] = run.folder.rows()
    rows[0]["schema"] = 99
    run.folder.keep(rows)
    with pytest.raises(ResultsError, match="wanted rows of schema 1; got 99"):
        run.folder.rows()


def test_a_changed_default_cannot_pass_for_the_old_results(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    other = cell.record()
    other["learner"]["train"]["schedule"]["warm_up"] = 0.4  # type: ignore[index,call-overload]
    with pytest.raises(ResultsError, match=r"holds results for learner.train.schedule.warm_up = 0.3, but .* to 0.4"):
        run.folder.create(other)


def test_a_moved_file_of_features_is_no_other_configuration(cell: Cell, digits: Data, tmp_path: Path) -> None:
    run = finished(cell, digits, tmp_path)
    run.folder.create(replace(cell, dataset=replace(cell.dataset, features="elsewhere.npy")).record())


@dataclass(frozen=True)
class Elsewhere(Digits):
    """Digits with a field of a third party's that changes no result."""

    mirror: str = field(default="here", metadata=NO_RESULT)


def test_every_field_that_is_marked_so_may_differ_in_a_folder(
    cell: Cell, digits: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "_entries", dict(datasets._entries))
    datasets.register("elsewhere")(Elsewhere)
    run = finished(replace(cell, dataset=Elsewhere()), digits, tmp_path)
    moved = replace(run.cell, dataset=Elsewhere(mirror="there", features="there.npy"))
    run.folder.create(up_to(moved, 5).record())


@pytest.fixture
def audited(cell: Cell, digits: Data, tmp_path: Path) -> Run:
    """A run of the initial set alone of a cell with an audit, whose options stand in a list of plugins."""
    audit = build(Audit, located({"name": "fidelity", "proxies": ["entk", "one_step"], "cycles": [2]}, "test"))
    return finished(up_to(replace(cell, audit=audit), 0), digits, tmp_path)


def test_a_field_may_not_differ_because_another_one_of_its_name_may(audited: Run) -> None:
    other = audited.cell.record()
    other["audit"]["cycles"] = [3]  # type: ignore[index,call-overload]
    with pytest.raises(ResultsError, match=r"holds results for audit.cycles\[0\] = 2, but .* to 3"):
        audited.folder.create(other)


def test_a_new_option_of_a_plugin_in_a_list_leaves_old_results_valid(audited: Run) -> None:
    old = audited.cell.record()
    del old["audit"]["proxies"][0]["jitter"]  # type: ignore[index,call-overload,arg-type]
    write_json(audited.folder.path / "cell.json", old)
    audited.folder.check_configuration(audited.cell.record())


@pytest.mark.parametrize(("change", "said"), [({"jitter": 0.1}, r"\[0\].jitter = 0.1"), (None, " = ")])
def test_a_changed_option_of_a_plugin_in_a_list_is_found(
    audited: Run, change: dict[str, float] | None, said: str
) -> None:
    old = audited.cell.record()
    proxies: list[dict[str, float]] = old["audit"]["proxies"]  # type: ignore[index,call-overload,assignment]
    proxies[:] = [{**proxies[0], **change}, proxies[1]] if change else proxies[:1]
    write_json(audited.folder.path / "cell.json", old)
    with pytest.raises(ResultsError, match=f"holds results for audit.proxies{said}"):
        audited.folder.check_configuration(audited.cell.record())


def test_a_pool_that_is_too_small_for_more_cycles_is_told_before_they_run(
    cell: Cell, digits: Data, tmp_path: Path
) -> None:
    run_of(up_to(cell, 1), digits, tmp_path).finish()
    longer = run_of(up_to(cell, 10_000), digits, tmp_path)
    with pytest.raises(DataError, match="labels; the pool has"):
        longer.finish()
    assert len(longer.folder.rows()) == 2


def test_a_pool_that_is_too_small_is_refused_before_training(cell: Cell, digits: Data, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"wanted initial \+ cycles · budget = 5020 labels; the pool has 1297"):
        finished(up_to(cell, 1000), digits, tmp_path)


@pytest.mark.parametrize(
    ("picked", "message"),
    [
        ([0, 1], "wanted 3 positions; got 2"),
        ([0, 1, 1], "wanted distinct positions"),
        ([0, 1, 5], "wanted positions from 0 to 4"),
        ([0, -1, 2], "wanted positions from 0 to 4"),
        ([0.5, 1.0, 2.0], "wanted a list of integer positions"),
        ([[0, 1, 2]], "wanted a list of integer positions"),
    ],
)
def test_picks_that_break_the_contract_are_named(picked: object, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        checked(picked, candidates=5, budget=3)


class Peeking(Strategy):
    """Notes what labels it is shown."""

    def __init__(self, sees_labels: bool) -> None:
        self.sees_labels = sees_labels  # type: ignore[misc]
        self.shown: torch.Tensor | None = None

    def query(self, view: View, budget: int) -> list[int]:
        self.shown = view.true_labels
        assert view.reveal is None
        return list(range(budget))


@pytest.mark.parametrize("sees_labels", [False, True])
def test_labels_of_the_pool_are_shown_only_to_who_declares_it(
    cell: Cell, digits: Data, tmp_path: Path, sees_labels: bool
) -> None:
    state = run_of(cell, digits, tmp_path).advance(None, 0)
    peeking = Peeking(sees_labels)
    asked = query(replace(cell, strategy=peeking), digits, state, Journal(), Streams(0))
    assert (peeking.shown is not None) == sees_labels
    if peeking.shown is not None:
        assert torch.equal(peeking.shown, digits.y_pool[asked.candidates])


class Revealing(Strategy):
    """Reveals two labels and returns whatever it was built with."""

    sequential = True

    def __init__(self, returned: list[int]) -> None:
        self.returned = returned
        self.seen: list[int] = []

    def query(self, view: View, budget: int) -> list[int]:
        assert view.reveal is not None
        self.seen = [view.reveal(0), view.reveal(1)]
        return self.returned


def sequential(cell: Cell, digits: Data, model: Model, strategy: Strategy) -> tuple[int, list[int]]:
    protocol = replace(cell.protocol, mode="sequential", budget=3)
    ids = initial_query(cell, digits).ids
    asked = query(
        replace(cell, strategy=strategy, protocol=protocol), digits, State(0, ids, model), Journal(), Streams(0)
    )
    return asked.revealed, asked.ids.tolist()


def test_revealed_labels_are_true_and_counted(cell: Cell, digits: Data, tmp_path: Path) -> None:
    state = run_of(cell, digits, tmp_path).advance(None, 0)
    asking = Revealing([1, 0, 2])
    revealed, ids = sequential(cell, digits, state.model, asking)
    assert revealed == 2
    assert asking.seen == digits.y_pool[torch.tensor(ids)][[1, 0]].tolist()


def test_a_label_that_is_revealed_but_not_returned_is_a_breach(cell: Cell, digits: Data, tmp_path: Path) -> None:
    state = run_of(cell, digits, tmp_path).advance(None, 0)
    with pytest.raises(ContractError, match="wanted only labels that are returned to be revealed"):
        sequential(cell, digits, state.model, Revealing([1, 2, 3]))


def test_candidates_are_the_first_unlabelled_ids_of_the_permutation(cell: Cell, digits: Data) -> None:
    labelled = torch.arange(600)
    shown = candidate_ids(cell, digits, labelled, torch.Generator().manual_seed(5))
    order = torch.randperm(1297, generator=torch.Generator().manual_seed(5))
    assert shown.tolist() == [i for i in order.tolist() if i >= 600][:100]


def test_without_a_number_every_unlabelled_id_is_a_candidate(cell: Cell, digits: Data) -> None:
    everything = replace(cell, protocol=replace(cell.protocol, candidates=None))
    shown = candidate_ids(everything, digits, torch.arange(600), torch.Generator())
    assert sorted(shown.tolist()) == list(range(600, 1297))
