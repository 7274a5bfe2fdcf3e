"""Work in processes beside each other gives what it gives alone."""

from __future__ import annotations

import os

import pandas as pd
import pytest
from synthetic_results import Sweep

from analysis import comparison, provenance, revisions
from analysis import load as loading
from analysis.beside import beside, share
from analysis.drawing import gallery
from analysis.failed import scored_as_chance
from analysis.groups import groups
from analysis.load import load
from bench.errors import ResultsError


def process_of(thing: int) -> tuple[int, int]:
    return thing, os.getpid()


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)


def test_results_come_in_the_order_of_the_things(two_processors: None) -> None:
    assert [thing for thing, _ in beside(process_of, range(9), worth=2, together=2)] == list(range(9))


def test_enough_things_are_worked_on_elsewhere_and_few_of_them_here(two_processors: None) -> None:
    assert os.getpid() not in {process for _, process in beside(process_of, range(4), worth=2)}
    assert {process for _, process in beside(process_of, range(3), worth=2)} == {os.getpid()}


def test_one_processor_does_all_of_it_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert {process for _, process in beside(process_of, range(9), worth=1)} == {os.getpid()}


@pytest.mark.parametrize(
    ("total", "things", "wanted"), [(100, 10, 3), (100, 20, 5), (10, 10, 25), (0, 0, 1), (0, 2, 50)]
)
def test_a_share_is_how_many_things_hold_enough(total: int, things: int, wanted: int) -> None:
    assert share(25, total, things) == wanted


@pytest.fixture
def in_parts(two_processors: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two cells to a process at a time."""
    monkeypatch.setattr(loading, "TOGETHER", 2)
    for module in (provenance, revisions):
        monkeypatch.setattr(module, "WORTH", 1)


def uneven(sweep: Sweep) -> Sweep:
    sweep.arm("badge", lambda seed: [0.4, 0.5, 0.6][: seed + 1])
    sweep.arm("bald", lambda seed: [])
    sweep.attempt(sweep.experiments["fig"]["arms"][0]["cells"]["1"], device="A100")
    return sweep


def test_cells_that_are_read_in_parts_make_the_same_table(two_arms: Sweep, request: pytest.FixtureRequest) -> None:
    alone = load(uneven(two_arms).root)
    origin = provenance.provenance(alone)
    request.getfixturevalue("in_parts")
    parted = load(two_arms.root)
    pd.testing.assert_frame_equal(parted.frame, alone.frame)
    assert (parted.missing, parted.failures) == (alone.missing, alone.failures)
    assert {cell: [ids.tolist() for ids in bought] for cell, bought in parted.queried.items()} == {
        cell: [ids.tolist() for ids in bought] for cell, bought in alone.queried.items()
    }
    assert provenance.provenance(parted) == origin


def test_an_error_in_a_part_is_told_as_it_is(two_arms: Sweep, in_parts: None) -> None:
    path = two_arms.folder(two_arms.experiments["fig"]["arms"][1]["cells"]["2"]) / "rows.jsonl"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 7'))
    with pytest.raises(ResultsError, match="rows of schema 1; got 7"):
        load(two_arms.root)


def test_what_rows_bought_and_got_right_stays_with_them(two_arms: Sweep, in_parts: None) -> None:
    cells = [cell for arm in two_arms.experiments["fig"]["arms"] for cell in arm["cells"].values()]
    for number, cell in enumerate(cells):
        path = two_arms.folder(cell) / "rows.jsonl"
        accuracy = ", ".join(["0.5", "null", "0.25"][: number % 3 + 1])
        bought = ", ".join(map(str, range(number, 2 * number)))
        text = path.read_text().replace("[0.5, null]", f"[{accuracy}]")
        path.write_text(text.replace("[102]", f"[{bought}]"))
    loaded = load(two_arms.root)
    for number, cell in enumerate(cells):
        rows = loaded.frame[loaded.frame["cell"] == cell]
        assert {len(each) for each in rows["class_accuracy"]} == {number % 3 + 1}
        assert loaded.queried[cell][2].tolist() == list(range(number, 2 * number))


def test_groups_that_are_compared_beside_each_other_have_the_same_numbers(
    two_arms: Sweep, two_processors: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for label, curve in (("random", [0.5, 0.6, 0.7]), ("margin", [0.5, 0.65, 0.8]), ("badge", [0.5, 0.6])):
        two_arms.arm(label, lambda seed, curve=curve: [x + seed / 100 for x in curve], group="widen=2")  # type: ignore[misc]
    two_arms.fail(two_arms.experiments["fig"]["arms"][-1]["cells"]["1"], cycle=2)
    found = groups(scored_as_chance(load(two_arms.root)))
    monkeypatch.setattr(comparison, "ROWS", 1)
    beside_each_other = comparison.compare_all(found)
    assert [each.without_failed is None for each in beside_each_other] == [True, False]
    for each, group in zip(beside_each_other, found, strict=True):
        alone = comparison.compare(group)
        for ours, theirs in ((each, alone), (each.failed_left_out, alone.failed_left_out)):
            assert repr(ours.arms) == repr(theirs.arms)
            assert repr(ours.ranks) == repr(theirs.ranks)
            pd.testing.assert_frame_equal(ours.group.frame, theirs.group.frame)
            assert ours.unscored == theirs.unscored


def test_figures_whose_data_come_from_beside_each_other_are_the_same(
    two_arms: Sweep, two_processors: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = load(uneven(two_arms).root)
    compared = comparison.compare_all(groups(scored_as_chance(loaded)))
    alone = gallery.gallery(loaded, compared, {}, pd.DataFrame())
    monkeypatch.setattr(gallery, "ROWS", 1)
    parted = gallery.gallery(loaded, compared, {}, pd.DataFrame())
    assert [each.stem for each in parted[0]] == [each.stem for each in alone[0]]
    for ours, theirs in zip(parted[0], alone[0], strict=True):
        pd.testing.assert_frame_equal(ours.table, theirs.table)
        assert repr(ours.caption) == repr(theirs.caption)
    assert parted[1] == alone[1]
