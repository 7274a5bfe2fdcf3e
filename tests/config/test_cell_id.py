"""A cell's id changes with what can change its result, and with nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from sweep_texts import BASE, Reader, base_with

from bench.cell import Cell, _identity
from bench.datasets.npz import Npz
from bench.learners.network import NetworkLearner
from bench.nets.wide_resnet import WideResNet

CHECKSUM = "0" * 64


def cell_of(reader: Reader, text: str, *assignments: str) -> Cell:
    """The first cell of a sweep file, without asking the dataset for its checksum."""
    experiment = reader.load(text, *assignments).experiments[0]
    s = experiment.points[0].settings
    strategy = experiment.strategies[0].strategy
    return Cell(s.dataset, s.learner, s.protocol, strategy, s.seed_list[0], CHECKSUM, s.precision)


def id_with_revision_2(cls: type, cell: Cell, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id in a process that has another revision of a class from the start."""
    with monkeypatch.context() as patch:
        patch.setattr(cls, "revision", 2)
        _identity.cache_clear()
        found = replace(cell).id
    _identity.cache_clear()
    return found


def test_an_id_is_sixteen_hexadecimal_digits(reader: Reader) -> None:
    assert set(cell_of(reader, BASE).id) <= set("0123456789abcdef")
    assert len(cell_of(reader, BASE).id) == 16


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{name: wide_resnet, stages: 1, widen: 1}", "{widen: 1, name: wide_resnet, stages: 1}"),
        ("initial: 20, budget: 10, cycles: 8, candidates: 500", "candidates: 500, cycles: 8, budget: 10, initial: 20"),
        ("stages: 1, ", ""),
        ("seeds: 2", "precision: float32"),
        ("loss: squared", "epochs: 60"),
        ("loss: squared", "tolerance: null"),
        ("momentum: 0.9", "nesterov: false"),
        ("{name: sgd, momentum: 0.9}", "{weight_decay: 1e-4}"),
        ("name: network", "name: network\n    probabilities: null"),
        ("dataset: digits", "dataset: {name: digits, normalise: standard}"),
        ("dataset: digits", "dataset: {name: digits}"),
        ("candidates: 500", "candidates: 500, mode: batch"),
        ("[random,", "[{name: random},"),
        ("[random,", "[{name: random, label: chance},"),
        ("cycles: 8", "cycles: 99"),
        ("seeds: 2", "seeds: 50"),
        ("seeds: 2", "seeds: {first: 0, count: 1}"),
        ("name: small", "name: other"),
        ("  one:", "  two:"),
    ],
)
def test_another_way_to_write_the_same_run_leaves_its_id(reader: Reader, old: str, new: str) -> None:
    assert cell_of(reader, base_with((old, new))).id == cell_of(reader, BASE).id


@pytest.mark.parametrize(
    ("integer", "fraction"),
    [
        ("learner.train.schedule.max_lr=1", "learner.train.schedule.max_lr=1.0"),
        ("learner.train.optimizer.weight_decay=0", "learner.train.optimizer.weight_decay=0.0"),
        ("learner.train.tolerance=2", "learner.train.tolerance=2e0"),
    ],
)
def test_an_integer_for_a_float_leaves_the_id(reader: Reader, integer: str, fraction: str) -> None:
    assert cell_of(reader, BASE, integer).id == cell_of(reader, BASE, fraction).id != cell_of(reader, BASE).id


def test_the_path_of_a_file_leaves_the_id(reader: Reader) -> None:
    cell = cell_of(reader, BASE)
    paths = [replace(cell, dataset=Npz(path, features=path)) for path in ("a.npz", "/data/b.npz")]
    assert paths[0].id == paths[1].id


CHANGES = [
    "seeds=[1]",
    "precision=float64",
    "dataset.normalise=none",
    "dataset={name: npz, path: a.npz}",
    "dataset={name: npz, path: a.npz, classes: 3}",
    "learner.net.stages=2",
    "learner.net.widen=2",
    "learner.net=mlp",
    "learner.probabilities=softmax",
    "learner.train.loss=cross_entropy",
    "learner.train.epochs=61",
    "learner.train.tolerance=0.1",
    "learner.train.batch_size=33",
    "learner.train.start=cold",
    "learner.train.channels_last=true",
    "learner.train.autocast=bfloat16",
    "learner.train.compile=true",
    "learner.train.optimizer.momentum=0.8",
    "learner.train.optimizer.weight_decay=0",
    "learner.train.optimizer.nesterov=true",
    "learner.train.schedule.max_lr=0.4",
    "learner.train.schedule.warm_up=0.2",
    "learner.train.schedule.cycle_momentum=false",
    "learner.train.schedule={name: constant, lr: 0.5}",
    "protocol.initial=21",
    "protocol.budget=11",
    "protocol.candidates=501",
    "protocol.candidates=null",
    "protocol.mode=sequential",
    "protocol={initial: 3, initial_set: {ids: [1, 2, 3]}}",
    "protocol={initial: 3, initial_set: {ids: [3, 2, 1]}}",
    "experiments.one.strategies=[entropy]",
    "experiments.one.strategies=[mlmoc-entk-plain]",
    "experiments.one.strategies=[{name: mlmoc-entk-plain, jitter: 1e-3}]",
]


def test_every_hyper_parameter_makes_another_cell(reader: Reader) -> None:
    found = {change: cell_of(reader, BASE, change).id for change in CHANGES}
    same = [pair for pair in combinations(found, 2) if found[pair[0]] == found[pair[1]]]
    assert not same
    assert cell_of(reader, BASE).id not in found.values()


def test_another_checksum_makes_another_cell(reader: Reader) -> None:
    cell = cell_of(reader, BASE)
    assert replace(cell, checksum="1" * 64).id != cell.id


@pytest.mark.parametrize("plugin", ["dataset", "learner", "strategy"])
def test_a_raised_revision_makes_another_cell(reader: Reader, monkeypatch: pytest.MonkeyPatch, plugin: str) -> None:
    cell = cell_of(reader, BASE)
    assert id_with_revision_2(type(getattr(cell, plugin)), cell, monkeypatch) != cell.id


def test_a_raised_revision_of_the_default_net_makes_another_cell(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = replace(cell_of(reader, BASE), learner=NetworkLearner())
    assert id_with_revision_2(WideResNet, cell, monkeypatch) != cell.id


def test_a_revision_of_a_plugin_that_is_not_used_changes_nothing(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = cell_of(reader, BASE)
    assert id_with_revision_2(Npz, cell, monkeypatch) == cell.id
