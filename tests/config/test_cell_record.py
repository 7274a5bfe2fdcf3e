"""A cell can be read back from its record."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.augment import Augment
from bench.cell import Cell, canonical, cell_from_record, free_keys
from bench.datasets.digits import Digits
from bench.datasets.npz import Npz
from bench.errors import ConfigError
from bench.learners.network import NetworkLearner
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.protocol import Protocol
from bench.recipe import SGD, Constant, OneCycle, Train
from bench.strategy import strategies
from bench.subset import LongTail

counts = st.integers(1, 10**6)
positive = st.floats(1e-300, 1e300)
shares = st.floats(0, 1, exclude_min=True, exclude_max=True)
nets = st.builds(WideResNet, st.sampled_from([1, 2, 3]), counts) | st.builds(MLP, counts, counts)
optimizers = st.builds(SGD, st.just("sgd"), shares, positive | st.just(0.0), st.booleans())
schedules = st.builds(OneCycle, st.just("onecycle"), positive, shares, st.booleans()) | st.builds(
    Constant, st.just("constant"), positive
)
trains = st.builds(
    Train,
    st.sampled_from(["squared", "cross_entropy"]),
    counts,
    st.none() | positive,
    st.integers(2, 1000),
    st.sampled_from(["warm", "cold"]),
    optimizers,
    schedules,
    st.booleans(),
    st.sampled_from(["none", "bfloat16"]),
    st.booleans(),
)
learners = st.builds(NetworkLearner, nets, trains, st.sampled_from([None, "simplex", "softmax"]))
scales = st.sampled_from(["none", "standard"])
tails = st.none() | st.builds(LongTail, st.floats(1.5, 1000), st.sampled_from(["exponential", "step"]))
options = {
    "limit": st.none() | counts,
    "imbalance": tails,
    "subset_seed": st.integers(0, 9),
    "size": st.none() | counts,
    "normalise": scales,
    "augment": st.builds(Augment, st.booleans(), st.integers(0, 8)),
    "features": st.none() | st.text(min_size=1),
}
datasets = st.builds(Digits, **options) | st.builds(
    Npz, st.text(min_size=1), st.none() | st.integers(2, 100), **options
)
protocols = st.builds(
    lambda initial, budget, cycles, more, mode: Protocol(
        initial, budget, cycles, None if more is None else budget + more, mode
    ),
    counts,
    counts,
    counts,
    st.none() | counts,
    st.sampled_from(["batch", "sequential"]),
)
arms = st.sampled_from(["random", "entropy", "margin"]).map(lambda name: strategies.find(name).cls()) | positive.map(
    lambda jitter: strategies.find("mlmoc-entk-plain").cls(jitter=jitter)
)
cells = st.builds(
    Cell,
    datasets,
    learners,
    protocols,
    arms,
    st.integers(0, 2**63),
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.sampled_from(["float32", "float64"]),
)


def read_back(cell: Cell) -> Cell:
    return cell_from_record(json.loads(json.dumps(cell.record())))


@given(cells)
@settings(deadline=None)
def test_a_cell_is_read_back_from_json_as_it_was(cell: Cell) -> None:
    assert read_back(cell) == cell
    assert read_back(cell).id == cell.id


@given(cells, cells)
@settings(deadline=None)
def test_cells_that_differ_in_more_than_cycles_and_paths_have_other_ids(one: Cell, other: Cell) -> None:
    def bare(cell: Cell) -> Cell:
        dataset = replace(cell.dataset, features=None)
        dataset = replace(dataset, path="") if isinstance(dataset, Npz) else dataset
        return replace(cell, dataset=dataset, protocol=replace(cell.protocol, cycles=1))

    assert (one.id == other.id) == (bare(one) == bare(other))


def test_a_record_holds_defaults_names_and_revisions(cell: Cell) -> None:
    record = cell.record()
    assert record["dataset"] == {
        "name": "digits",
        "revision": 1,
        "limit": None,
        "imbalance": None,
        "subset_seed": 0,
        "size": None,
        "normalise": "standard",
        "augment": {"flip": False, "crop": 0},
        "features": None,
    }
    assert record["strategy"] == {"name": "margin", "revision": 1}
    assert record["precision"] == "float32"


def test_a_record_of_a_raised_revision_says_so_and_is_still_read(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(cell.strategy), "revision", 4)
    assert cell.record()["strategy"] == {"name": "margin", "revision": 4}
    assert read_back(cell) == cell


def test_a_record_with_a_key_that_this_version_does_not_know_is_refused(cell: Cell) -> None:
    record = cell.record() | {"dropout": 0.5}
    with pytest.raises(ConfigError, match=r"cell\.json: dropout: unknown key"):
        cell_from_record(record)


def test_a_record_of_a_plugin_that_is_not_installed_is_refused(cell: Cell) -> None:
    record = cell.record() | {"strategy": {"name": "acme", "revision": 1}}
    with pytest.raises(ConfigError, match=r"cell\.json: strategy\.name: no strategy named 'acme'"):
        cell_from_record(record)


def test_canonical_json_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical({"b": [1, None], "a": 0.5}) == canonical({"a": 0.5, "b": [1, None]}) == '{"a":0.5,"b":[1,null]}'


def test_canonical_json_refuses_what_json_cannot_say() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"a": float("inf")})


def test_the_keys_that_two_runs_of_a_cell_may_differ_in_are_those_marked_so(cell: Cell) -> None:
    moved = replace(cell, dataset=Npz(path="here.npz"))
    assert free_keys(moved.record()) == {"protocol.cycles", "dataset.path", "dataset.features"}
    unknown = {**moved.record(), "strategy": {"name": "of a package that is not here"}}
    assert free_keys(unknown) == {"protocol.cycles", "dataset.features"}
