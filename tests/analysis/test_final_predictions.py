"""Final accuracy against Random's with test images resampled, from the arrays that runs leave behind."""

from __future__ import annotations

import zipfile
from dataclasses import astuple

import numpy as np
import pytest
from synthetic_results import Sweep

from analysis.estimate import estimate
from analysis.failed import scored_as_chance
from analysis.groups import Group, groups
from analysis.load import Loaded, load
from analysis.statistics.test_images import two_way_bootstrap, widest_interval
from analysis.test_images import final_difference, table
from bench.errors import ResultsError

LABELS = np.arange(40) % 4
RIGHT = {"random": 0.6, "margin": 0.8}


def predictions(label: str, seed: int) -> np.ndarray:
    """What a run predicts: right for a known share of images."""
    generator = np.random.default_rng([seed, len(label)])
    return np.where(generator.uniform(size=40) < RIGHT[label], LABELS, (LABELS + 1) % 4)


def accuracy(label: str, seed: int) -> float:
    return float((predictions(label, seed) == LABELS).mean())


def curve(label: str):  # type: ignore[no-untyped-def]
    return lambda seed: [0.1, 0.2, accuracy(label, seed)]


@pytest.fixture
def predicted(sweep: Sweep) -> Sweep:
    """Two arms with the arrays of every cycle; those before the last are another run's."""
    sweep.seeds = range(5)
    for label in RIGHT:
        for seed, cell in sweep.arm(label, curve(label))["cells"].items():
            write(sweep, cell, label, int(seed))
    return sweep


def write(sweep: Sweep, cell: str, label: str, seed: int, labelled: bool = True, images: int = 40) -> None:
    """The arrays of a cell, with or without the right classes."""
    folder = sweep.folder(cell) / "arrays"
    folder.mkdir(exist_ok=True)
    last = predictions(label, seed)[:images].astype(np.uint8)
    labels = {"test_labels": LABELS[:images].astype(np.uint8)} if labelled else {}
    np.savez_compressed(folder / "000.npz", predicted=np.zeros(images, np.uint8), candidates=np.arange(3), **labels)
    np.savez_compressed(folder / "001.npz", predicted=np.zeros(images, np.uint8), candidates=np.arange(3))
    np.savez_compressed(folder / "002.npz", predicted=last, candidates=np.arange(3))


def only_group(sweep: Sweep) -> tuple[Loaded, Group]:
    loaded = load(sweep.root)
    (group,) = groups(loaded)
    return loaded, group


def cells(sweep: Sweep, label: str) -> dict[str, str]:
    return next(arm["cells"] for arm in sweep.experiments["fig"]["arms"] if arm["label"] == label)


def correct_of(label: str, seeds: range = range(5)) -> np.ndarray:
    return np.array([predictions(label, seed) == LABELS for seed in seeds])


def test_the_interval_is_that_of_the_last_cycle_s_images(predicted: Sweep) -> None:
    loaded, group = only_group(predicted)
    found = final_difference(loaded, group, group.arms[1], group.arms[0])
    assert astuple(found.two_way) == pytest.approx(
        astuple(two_way_bootstrap(correct_of("margin"), correct_of("random")))
    )
    assert found.over_seeds == estimate(correct_of("margin").mean(axis=1) - correct_of("random").mean(axis=1))
    assert (found.absent, found.bound) == ((), False)


def test_without_what_was_right_it_is_the_widest_interval_and_says_so(predicted: Sweep) -> None:
    write(predicted, cells(predicted, "random")["3"], "random", 3, labelled=False)
    loaded, group = only_group(predicted)
    found = final_difference(loaded, group, group.arms[1], group.arms[0])
    apart = np.array([predictions("margin", seed) != predictions("random", seed) for seed in range(5)])
    differences = correct_of("margin").mean(axis=1) - correct_of("random").mean(axis=1)
    expected = widest_interval(differences, apart)
    assert found.bound
    assert (found.two_way.low, found.two_way.high) == pytest.approx((expected.low, expected.high))
    made = table(loaded, group)
    assert made is not None
    assert any("widest interval" in remark for remark in made.remarks)


def test_labels_of_other_images_are_as_good_as_none(predicted: Sweep) -> None:
    cell = cells(predicted, "random")["3"]
    np.savez(predicted.folder(cell) / "arrays" / "000.npz", test_labels=LABELS[:-1])
    loaded, group = only_group(predicted)
    assert final_difference(loaded, group, group.arms[1], group.arms[0]).bound


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "pickled", "other"])
def test_a_seed_whose_arrays_cannot_be_read_is_named_and_left_out(predicted: Sweep, damage: str) -> None:
    path = predicted.folder(cells(predicted, "margin")["2"]) / "arrays" / "002.npz"
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "pickled":
        np.savez(path, predicted=np.array([{}, 1], dtype=object))
    elif damage == "other":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "no array")
    else:
        path.write_bytes(whole[: len(whole) // 2 if damage == "truncated" else 0])
    loaded, group = only_group(predicted)
    found = final_difference(loaded, group, group.arms[1], group.arms[0])
    kept = [0, 1, 3, 4]
    assert found.absent == (2,)
    expected = two_way_bootstrap(correct_of("margin")[kept], correct_of("random")[kept])
    assert astuple(found.two_way) == pytest.approx(astuple(expected))
    made = table(loaded, group)
    assert made is not None
    assert "margin: left out, since an array file is missing or damaged: seed 2." in made.remarks


def test_a_run_that_counts_as_chance_has_no_predictions(predicted: Sweep) -> None:
    cell = cells(predicted, "margin")["1"]
    predicted.run(cell, 1, [0.1])
    predicted.fail(cell)
    loaded = scored_as_chance(load(predicted.root))
    (group,) = groups(loaded)
    found = final_difference(loaded, group, group.arms[1], group.arms[0])
    assert (found.two_way.n, found.absent) == (4, ())


def test_runs_tested_on_other_images_are_refused(predicted: Sweep) -> None:
    write(predicted, cells(predicted, "margin")["2"], "margin", 2, images=30)
    loaded, group = only_group(predicted)
    with pytest.raises(ResultsError, match="as many test images in every run; got 30 and 40"):
        final_difference(loaded, group, group.arms[1], group.arms[0])


def test_the_table_has_both_intervals_in_points(predicted: Sweep) -> None:
    loaded, group = only_group(predicted)
    made = table(loaded, group)
    assert made is not None
    ((name, n, alone, both),) = made.rows
    found = final_difference(loaded, group, group.arms[1], group.arms[0])
    assert (name.text, n.text) == ("margin", "5")
    assert (both.value, both.low) == pytest.approx((100 * found.two_way.mean, 100 * found.two_way.low))
    assert alone.text == f"+{100 * found.over_seeds.mean:.2f} [{alone.low:+.2f}, {alone.high:+.2f}]".replace("-", "−")


def test_a_sweep_without_arrays_or_without_random_has_no_such_table(two_arms: Sweep) -> None:
    loaded, group = only_group(two_arms)
    assert table(loaded, group) is None
    two_arms.experiments["fig"]["arms"][0]["strategy"] = "entropy"
    two_arms.write()
    assert table(*only_group(two_arms)) is None
