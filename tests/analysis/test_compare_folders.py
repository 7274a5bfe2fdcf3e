"""Two results folders side by side: what is the same, what changed beyond noise, what only one of them has."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from claim_cases import SPREAD, around, flat
from scipy import stats
from statsmodels.stats.multitest import multipletests
from synthetic_results import Sweep

from analysis.compare import main
from analysis.compared.arms import ComparedArm, ComparedFolders, compare_folders
from analysis.load import load

ZERO = [0.0] * 10
Folders = Callable[..., tuple[Sweep, Sweep]]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """Two sweeps of arms that lie above a baseline by given differences, seed by seed; None: an arm is not there."""

    def made(
        arms: dict[str, tuple[Sequence[float] | None, Sequence[float] | None]], revised: bool = False
    ) -> tuple[Sweep, Sweep]:
        this, other = (Sweep(tmp_path / name, seeds=range(10)) for name in ("this", "other"))
        for label, sides in arms.items():
            for sweep, differences, tag in zip((this, other), sides, ("", "r" if revised else ""), strict=True):
                if differences is not None:
                    cells = {str(seed): f"{label}{seed}{tag}" for seed in range(10)}
                    sweep.arm(label, flat(differences), cells=cells)
        return this, other

    return made


def found(folders: tuple[Sweep, Sweep]) -> ComparedFolders:
    return compare_folders(*(load(sweep.root) for sweep in folders))


def only(folders: tuple[Sweep, Sweep]) -> ComparedArm:
    (arm,) = found(folders).arms
    return arm


def told(folders: tuple[Sweep, Sweep], capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main([*(str(sweep.root) for sweep in folders), *options]) == 0
    return capsys.readouterr().out


def test_the_same_results_are_equal_bit_for_bit(folders: Folders) -> None:
    arm = only(folders({"random": (ZERO, ZERO)}))
    assert (arm.same_cells, arm.identical, arm.verdict) == (10, 10, "equal bit for bit")
    assert len(arm.seeds) == 10


def test_a_result_that_differs_in_one_column_is_not_equal(folders: Folders) -> None:
    both = folders({"random": (ZERO, ZERO)})
    path = both[1].folder("random4") / "rows.jsonl"
    path.write_text(path.read_text().replace('"queried": [102]', '"queried": [103]'))
    arm = only(both)
    assert (arm.identical, arm.verdict) == (9, "equal AUBC in every pair")


@pytest.mark.parametrize(("mislabelled", "identical"), [(0, 10), (1, 9)])
def test_a_column_that_an_earlier_version_lacks_counts_as_zero(
    folders: Folders, mislabelled: int, identical: int
) -> None:
    both = folders({"random": (ZERO, ZERO)})
    path = both[1].folder("random4") / "rows.jsonl"
    assert "mislabelled" not in path.read_text()
    path.write_text(path.read_text().replace('"queried": ', f'"mislabelled": {mislabelled}, "queried": '))
    assert only(both).identical == identical


def test_times_are_no_results(folders: Folders) -> None:
    both = folders({"random": (ZERO, ZERO)})
    path = both[1].folder("random4") / "rows.jsonl"
    path.write_text(path.read_text().replace('"fit": 3.0', '"fit": 4.0'))
    assert only(both).identical == 10


def test_equal_results_of_another_configuration_are_not_the_same_cell(folders: Folders) -> None:
    arm = only(folders({"random": (ZERO, ZERO)}, revised=True))
    assert (arm.same_cells, arm.identical, arm.verdict) == (0, 0, "equal AUBC in every pair")


def test_the_same_change_in_every_pair_has_no_test(folders: Folders) -> None:
    assert only(folders({"random": ([0.02] * 10, ZERO)})).verdict == "every pair differs by the same"


@pytest.mark.parametrize(("mean", "verdict"), [(0.02, "changed beyond noise"), (0.001, "no change beyond noise")])
def test_a_change_is_told_from_noise_by_a_paired_t(folders: Folders, mean: float, verdict: str) -> None:
    arm = only(folders({"random": (around(mean), ZERO)}))
    expected = stats.ttest_1samp(around(mean), 0)
    assert (arm.aubc.p, arm.final_accuracy.p) == pytest.approx((expected.pvalue, expected.pvalue))
    assert arm.aubc.difference.mean == pytest.approx(mean)
    assert arm.verdict == verdict


def test_the_p_values_of_all_arms_are_one_family(folders: Folders) -> None:
    arms = found(
        folders({name: (around(mean), ZERO) for name, mean in (("a", 0.004), ("b", 0.0052), ("c", 0.02))})
    ).arms
    assert [arm.adjusted for arm in arms] == pytest.approx(
        multipletests([arm.aubc.p for arm in arms], method="holm")[1]
    )
    assert [arm.verdict for arm in arms][1] == "no change beyond noise"
    assert arms[1].aubc.p < 0.05


def test_the_noise_of_a_rerun_is_the_spread_of_one_run(folders: Folders) -> None:
    generator = np.random.default_rng(0)
    first, second = generator.normal(scale=0.01, size=(2, 10))
    noise = found(folders({"random": (first, second)})).noise
    assert noise.cells == 10
    assert noise.aubc == pytest.approx(np.std(first - second, ddof=1) / math.sqrt(2))
    assert noise.final_accuracy == pytest.approx(noise.aubc)


def test_a_change_of_a_whole_arm_is_no_noise(folders: Folders) -> None:
    arms = {"moved": (around(0.05), ZERO), "still": (ZERO, ZERO)}
    noise = found(folders(arms)).noise
    assert noise.aubc == pytest.approx(math.sqrt(np.sum(np.square(SPREAD)) / 18 / 2))
    assert noise.cells == 20


def test_other_configurations_say_nothing_about_reruns(folders: Folders) -> None:
    noise = found(folders({"random": (around(0.01), ZERO)}, revised=True)).noise
    assert noise.cells == 0
    assert math.isnan(noise.aubc)


def test_arms_that_one_folder_lacks_are_named(folders: Folders) -> None:
    both = found(folders({"random": (ZERO, ZERO), "mine": (ZERO, None), "old": (None, ZERO)}))
    assert [place.label for place in both.only_this] == ["mine"]
    assert [place.label for place in both.only_other] == ["old"]
    assert [arm.place.label for arm in both.arms] == ["random"]


def test_seeds_that_began_with_other_labels_are_no_pairs(folders: Folders) -> None:
    both = folders({"random": (around(0.01), ZERO)})
    both[1].run("random3", 3, flat(ZERO)(3), queried=[91])
    arm = only(both)
    assert (arm.unlike, len(arm.seeds), arm.same_cells) == ((3,), 9, 9)
    assert arm.aubc.difference.mean == pytest.approx(np.mean(np.delete(around(0.01), 3)))


def test_other_numbers_of_labels_are_no_pairs(folders: Folders, tmp_path: Path) -> None:
    this, _ = folders({"random": (around(0.01), ZERO)})
    other = Sweep(tmp_path / "budget", labels=(10, 30, 50), seeds=range(10))
    other.arm("random", flat(ZERO))
    arm = only((this, other))
    assert (arm.seeds, len(arm.unlike), arm.verdict) == ((), 10, "no pair of runs")


def test_seeds_that_only_one_folder_finished_are_left_out(folders: Folders) -> None:
    both = folders({"random": (around(0.01), ZERO)})
    both[0].run("random0", 0, [0.5])
    assert only(both).seeds == tuple(range(1, 10))


def test_a_longer_sweep_is_compared_over_the_cycles_of_the_shorter(folders: Folders, tmp_path: Path) -> None:
    this, _ = folders({"random": (ZERO, ZERO)})
    longer = Sweep(tmp_path / "longer", labels=(10, 20, 40, 80), seeds=range(10))
    cells = {str(seed): f"random{seed}" for seed in range(10)}
    longer.arm("random", lambda seed: [*flat(ZERO)(seed), 0.1], cells=cells)
    arm = only((this, longer))
    assert (arm.identical, arm.verdict) == (10, "equal bit for bit")


def test_times_are_told_as_a_ratio_without_the_initial_query(folders: Folders) -> None:
    both = folders({"random": (ZERO, ZERO)})
    for seed in range(10):
        path = both[0].folder(f"random{seed}") / "rows.jsonl"
        path.write_text(path.read_text().replace('"query": 2.0', '"query": 3.0').replace('"fit": 3.0', '"fit": 1.5'))
    arm = only(both)
    assert (arm.query_ratio, arm.fit_ratio) == (1.5, 0.5)


def test_one_pair_decides_nothing(folders: Folders) -> None:
    both = folders({"random": (around(0.01), ZERO)})
    for seed in range(1, 10):
        both[0].run(f"random{seed}", seed, [0.5])
    assert only(both).verdict == "too few pairs"


def test_the_tables_name_arms_devices_and_what_differs(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    both = folders({"random": (around(0.02), ZERO), "mine": (None, None)})
    both[0].arm("mine")
    for seed in range(10):
        both[0].attempt(f"random{seed}", device="A GPU", slots=1, commit="b" * 40)
    text = told(both, capsys)
    assert "+2.00 [+1.50, +2.50]" in text
    assert "changed beyond noise" in text
    assert "Only in this folder: fig · mine." in text
    assert "this: A GPU; runs at a time on each: 1" in text
    assert "other: A CPU; runs at a time on each: unknown" in text
    deviation = 100 * np.std(SPREAD, ddof=1) / math.sqrt(2)
    assert f"from 10 cells that both folders ran): {deviation:.2f} points of AUBC" in text
    assert [line.split() for line in text.splitlines() if line.startswith("commit ")] == [
        ["commit", "b" * 10, "a" * 10]
    ]


def test_equal_environments_are_said_to_be(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(folders({"random": (ZERO, ZERO)}), capsys)
    assert "by the same code in the same environment" in text
    assert "Noise of a rerun: none in 10 cells that both folders ran." in text
    assert "nan" not in text


def test_json_has_every_number_and_is_written_only_where_asked(
    folders: Folders, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    both = folders({"random": (around(0.02), ZERO)}, revised=True)
    before = sorted(both[0].root.rglob("*"))
    printed = json.loads(told(both, capsys, "--json"))
    (arm,) = printed["arms"]
    assert arm["aubc"]["difference"]["mean"] == pytest.approx(0.02)
    assert arm["verdict"] == "changed beyond noise"
    assert printed["rerun_noise"] == {"cells": 0, "aubc": None, "final_accuracy": None}
    assert sorted(both[0].root.rglob("*")) == before
    told(both, capsys, "--out", str(tmp_path / "compare.json"))
    assert json.loads((tmp_path / "compare.json").read_text()) == printed


@pytest.mark.parametrize("arguments", [[], ["here"], ["here", "there"], ["--nonsense"], ["a", "b", "c"]])
def test_a_mistake_is_told_in_one_line(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("python -m analysis.compare: ")
    assert said.err.count("\n") == 1


def test_empty_folders_have_nothing_to_compare(folders: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    both = folders({"random": (ZERO, ZERO)})
    for sweep in both:
        for path in sweep.root.rglob("rows.jsonl"):
            path.unlink()
    assert only(both).verdict == "no pair of runs"
    assert "nan" not in told(both, capsys)


def test_the_spread_of_these_tests_has_mean_zero() -> None:
    assert sum(SPREAD) == pytest.approx(0, abs=1e-15)


def test_seeds_that_one_folder_lacks_are_named_and_count_in_no_ratio(
    folders: Folders, capsys: pytest.CaptureFixture[str]
) -> None:
    both = folders({"random": (ZERO, ZERO)})
    for seed in (7, 8):
        path = both[1].folder(f"random{seed}") / "rows.jsonl"
        path.write_text(path.read_text().replace('"fit": 3.0', '"fit": 300.0').partition("\n")[0] + "\n")
    arm = only(both)
    assert (arm.only_this, arm.only_other) == ((7, 8), ())
    assert arm.fit_ratio == 1
    assert "random: not compared, complete in one folder alone: seeds 7, 8 only in this folder." in " ".join(
        told(both, capsys).split()
    )


def test_a_cell_that_arms_share_counts_once(folders: Folders) -> None:
    both = folders({"random": (around(0.004), ZERO), "other": (around(0.005), ZERO)})
    before = found(both)
    for sweep in both:
        cells = sweep.experiments["fig"]["arms"][0]["cells"]
        sweep.arm("random", cells=cells, experiment="again")
    after = found(both)
    assert after.noise == before.noise
    assert [arm.adjusted for arm in after.arms] == pytest.approx(
        [*(arm.adjusted for arm in before.arms), before.arms[0].adjusted]
    )
