"""stats.json has every number with its n, test, statistic, p, adjusted p and method."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
from compared import noisy
from scipy import stats
from statsmodels.stats.multitest import multipletests
from synthetic_results import Sweep

from analysis.curves import aubc
from analysis.groups import groups
from analysis.load import load
from analysis.stats_json import summary
from analysis.sweep_numbers import Selection, sweep_numbers
from analysis.test_images import final_difference

TEST = {"test", "n", "statistic", "p", "p_adjusted", "method"}


def told(sweep: Sweep):
    """The file's content, through text and back, in which a NaN would not be JSON."""
    return json.loads(json.dumps(summary(sweep_numbers(load(sweep.root), Selection())), allow_nan=False))


@pytest.fixture
def arms(sweep: Sweep) -> Sweep:
    """Four arms of six seeds, one of them not begun."""
    sweep.seeds = range(6)
    for label, gain in (("random", 0.0), ("margin", 0.1), ("badge", 0.02)):
        sweep.arm(label, noisy(label, gain))
    sweep.arm("entropy")
    return sweep


def test_every_number_is_there_and_null_where_there_is_none(arms: Sweep) -> None:
    content = told(arms)
    (comparison,) = content["comparisons"]
    found = {arm["label"]: arm for arm in comparison["arms"]}
    assert content["schema"] == 2
    assert content["warnings"] == []
    assert found["margin"]["against_random"]["seeds"] == list(range(6))
    assert found["random"]["against_random"] is None
    assert found["entropy"]["aubc"] == {"mean": None, "low": None, "high": None, "n": 0}
    assert found["entropy"]["against_random"]["p"] is None
    assert (comparison["control"], comparison["interim"], comparison["labels"]) == ("random", True, [10, 20, 40])
    assert [cycle["n"] for cycle in found["margin"]["curve"]] == [6, 6, 6]


def test_what_is_mixed_is_told(arms: Sweep) -> None:
    arms.attempt(arms.experiments["fig"]["arms"][1]["cells"]["0"], device="A100")
    (warning,) = told(arms)["warnings"]
    assert warning.startswith("Mixed device: cpu (17 attempts), A100 (1 attempt)")


def test_every_test_has_its_n_statistic_p_adjusted_p_and_method(arms: Sweep) -> None:
    (comparison,) = told(arms)["comparisons"]
    tests = [test for arm in comparison["arms"] if arm["against_random"] for test in arm["against_random"]["tests"]]
    tests += comparison["ranks"]["tests"] + comparison["ranks"]["pairs"]
    assert len(tests) == 2 * 3 + 4 + 3
    assert all(test.keys() >= TEST for test in tests)
    raw = [arm["against_random"]["tests"][0]["p"] for arm in comparison["arms"][1:3]]
    adjusted = [arm["against_random"]["tests"][0]["p_adjusted"] for arm in comparison["arms"][1:3]]
    assert adjusted == pytest.approx(multipletests(raw, method="holm")[1].tolist())
    pairs = [[pair[name] for pair in comparison["ranks"]["pairs"]] for name in ("p", "p_adjusted")]
    assert pairs[1] == pytest.approx(multipletests(pairs[0], method="holm")[1].tolist())


def test_numbers_are_fractions_in_full_precision(arms: Sweep) -> None:
    (comparison,) = told(arms)["comparisons"]
    ours, random = (
        [aubc([10, 20, 40], noisy(*arm)(seed)) for seed in range(6)] for arm in (("margin", 0.1), ("random", 0))
    )
    versus = comparison["arms"][1]["against_random"]
    expected = stats.ttest_rel(ours, random)
    assert versus["tests"][0]["statistic"] == pytest.approx(expected.statistic, rel=1e-9)
    assert versus["tests"][0]["p"] == pytest.approx(expected.pvalue, rel=1e-9)
    assert versus["difference"]["mean"] == pytest.approx(sum(ours) / 6 - sum(random) / 6, rel=1e-9)
    assert comparison["arms"][0]["aubc"]["mean"] == pytest.approx(sum(random) / 6, rel=1e-12)


def test_failed_runs_are_told_in_both_ways(arms: Sweep) -> None:
    cells = arms.experiments["fig"]["arms"][1]["cells"]
    arms.run(cells["0"], 0, [0.5])
    arms.fail(cells["0"])
    content = told(arms)
    (comparison,) = content["comparisons"]
    scored, without = comparison["arms"][1], comparison["without_failed"][1]
    assert (scored["imputed"], scored["aubc"]["n"], without["aubc"]["n"]) == ([0], 6, 5)
    assert [run["seed"] for run in content["failures"]] == [0]
    assert content["failed"] == "chance"


def test_what_is_over_several_groups_is_there(sweep: Sweep) -> None:
    for group, dataset in (("data=digits", "digits"), ("data=letters", "letters")):
        for label in ("random", "margin", "badge"):
            sweep.arm(label, noisy(f"{label} {group}"), group=group, dataset=dataset)
    content = told(sweep)
    (own,) = content["own_random"]
    assert [(row["group"], row["label"]) for row in own["arms"]] == [
        ("data=digits", "margin"),
        ("data=digits", "badge"),
        ("data=letters", "margin"),
        ("data=letters", "badge"),
    ]
    (family,) = content["sweep"]
    assert family["ranks"]["blocks"] == "datasets"
    assert family["ranks"]["block_names"] == ["digits", "letters"]
    assert set(family["penalty"]["totals"]) == {"random", "margin", "badge"}
    assert {gain["label"] for gain in family["gains"]} == {"margin", "badge"}


def test_final_differences_over_test_images_are_there_where_predictions_are(arms: Sweep) -> None:
    for label in ("random", "margin"):
        arm = next(arm for arm in arms.experiments["fig"]["arms"] if arm["label"] == label)
        for seed, cell in arm["cells"].items():
            arrays = arms.folder(cell) / "arrays"
            arrays.mkdir()
            np.savez(arrays / "000.npz", test_labels=np.arange(10) % 2)
            np.savez(arrays / "002.npz", predicted=(np.arange(10) + int(seed) > 4).astype(int))
    loaded = load(arms.root)
    (comparison,) = told(arms)["comparisons"]
    (group,) = groups(loaded)
    expected = final_difference(loaded, group, group.arms[1], group.arms[0])
    found = {each["label"]: each for each in comparison["over_test_images"]}["margin"]
    assert {name: found["over_seeds_and_images"][name] for name in ("mean", "low", "high", "n")} == asdict(
        expected.two_way
    )
    assert found["over_seeds"]["low"] == expected.over_seeds.low
    assert "Owen 2007" in found["over_seeds_and_images"]["method"]
    assert found["absent"] == []


def test_without_predictions_there_are_none(arms: Sweep) -> None:
    content = told(arms)
    assert [each["over_test_images"] for each in content["comparisons"]] == [[]]
    assert content["stream_variance"] == []


def test_the_variance_of_each_random_stream_is_there(sweep: Sweep) -> None:
    spread = {"all": 0.02, "[initial]": 0.01}
    for streams, step in spread.items():
        sweep.arm("random", lambda seed, step=step: [0.5 + step * seed] * 3, group=f"widen=2, vary={streams}")
    (found,) = told(sweep)["stream_variance"]
    (arm,) = found["arms"]
    assert (found["experiment"], found["setting"], found["streams"]) == ("fig", "widen=2", ["all", "initial"])
    assert [part["variance"] for part in arm["parts"]] == pytest.approx([0.02**2, 0.01**2])
    assert [part["n"] for part in arm["parts"]] == [3, 3]
    assert arm["rest_share"] == pytest.approx(0.75)
