"""Rerun noise: the spread between results of one and the same cell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from synthetic_results import Sweep

from analysis.curves import aubc
from analysis.load import load
from analysis.rerun_noise import RerunNoise, noise, rerun_noise, table
from bench.record import read_rows


def replicate(sweep: Sweep, cell: str, accuracies: Sequence[float]) -> Path:
    """Keep another result of a cell, which differs from others elsewhere where it does not in accuracy."""
    rows = read_rows(sweep.folder(cell))
    rows[0]["result"]["brier"] += 1 + len(list((sweep.folder(cell) / "replicates").glob("*")))
    for row, accuracy in zip(rows, accuracies, strict=False):
        row["result"]["accuracy"] = accuracy
    kept = sweep.folder(cell) / "replicates"
    folder = kept / f"{len(list(kept.glob('*'))):016x}"
    folder.mkdir(parents=True)
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows[: len(accuracies)]))
    return folder


def ids(sweep: Sweep, label: str) -> list[str]:
    arm = next(arm for arm in sweep.experiments["fig"]["arms"] if arm["label"] == label)
    return list(arm["cells"].values())


def found(sweep: Sweep) -> tuple[RerunNoise, ...]:
    return rerun_noise(load(sweep.root))


def test_without_replicates_there_is_no_noise_to_tell_of(two_arms: Sweep) -> None:
    assert found(two_arms) == ()


def test_the_deviation_is_pooled_within_cells(two_arms: Sweep) -> None:
    first, second, _ = ids(two_arms, "random")  # at 0.5, 0.6, 0.7 and 0.5, 0.61, 0.7
    replicate(two_arms, first, [0.5, 0.6, 0.72])
    replicate(two_arms, first, [0.5, 0.6, 0.76])
    replicate(two_arms, second, [0.5, 0.6, 0.69])
    final, area = found(two_arms)
    values = [[0.7, 0.72, 0.76], [0.7, 0.69]]
    assert (final.measure, final.cells, final.runs) == ("final accuracy", 2, 5)
    pooled = (2 * np.var(values[0], ddof=1) + np.var(values[1], ddof=1)) / 3
    assert final.deviation == pytest.approx(np.sqrt(pooled))
    assert final.largest == pytest.approx(0.06)
    labels = two_arms.labels
    areas = [aubc(labels, [0.5, 0.6, last]) for last in values[0]]
    others = [aubc(labels, [0.5, 0.61, 0.7]), aubc(labels, [0.5, 0.6, 0.69])]
    assert area.deviation == pytest.approx(np.sqrt((2 * np.var(areas, ddof=1) + np.var(others, ddof=1)) / 3))
    assert area.largest == pytest.approx(np.ptp(areas))


def test_two_results_of_each_cell_give_the_deviation_of_their_differences() -> None:
    pairs = np.random.default_rng(0).normal(size=(40, 2))
    differences = pairs[:, 0] - pairs[:, 1]
    assert noise("m", list(pairs)).deviation == pytest.approx(np.sqrt((differences**2).mean() / 2))


def test_equal_values_are_counted_bit_for_bit(two_arms: Sweep) -> None:
    first, second, third = ids(two_arms, "random")
    replicate(two_arms, first, [0.5, 0.7, 0.7])
    replicate(two_arms, second, [0.5, 0.6, np.nextafter(0.7, 1)])
    replicate(two_arms, third, [0.5, 0.62, 0.7])
    final, area = found(two_arms)
    assert (final.equal, area.equal) == (2, 1)
    assert final.deviation < 1e-15


def test_equal_values_have_no_noise(two_arms: Sweep) -> None:
    replicate(two_arms, ids(two_arms, "random")[0], [0.5, 0.6, 0.7])
    assert {(of.deviation, of.largest, of.low, of.high) for of in found(two_arms)} == {(0.0, 0.0, 0.0, 0.0)}


def test_unfinished_results_do_not_count(two_arms: Sweep) -> None:
    replicate(two_arms, ids(two_arms, "random")[0], [0.5, 0.6])
    assert found(two_arms) == ()
    replicate(two_arms, ids(two_arms, "random")[0], [0.5, 0.6, 0.8])
    assert found(two_arms)[0].runs == 2


def test_finished_replicates_count_where_the_cell_itself_is_not_finished(two_arms: Sweep) -> None:
    cell = ids(two_arms, "random")[0]
    replicate(two_arms, cell, [0.5, 0.6, 0.72])
    replicate(two_arms, cell, [0.5, 0.6, 0.76])
    two_arms.run(cell, 0, [0.5, 0.6])
    final, _ = found(two_arms)
    assert (final.cells, final.runs) == (1, 2)
    assert final.largest == pytest.approx(0.04)


def test_a_result_counts_once_that_an_earlier_version_kept_for_a_missing_column(two_arms: Sweep) -> None:
    cell = ids(two_arms, "random")[0]
    kept = replicate(two_arms, cell, [0.5, 0.6, 0.72])
    text = (kept / "rows.jsonl").read_text()
    again = replicate(two_arms, cell, [0.5, 0.6, 0.72])
    (again / "rows.jsonl").write_text(text.replace('"queried": ', '"mislabelled": 0, "queried": '))
    assert found(two_arms)[0].runs == 2


def test_cycles_beyond_the_plan_do_not_count(two_arms: Sweep) -> None:
    two_arms.experiment("fig", cycles=1)
    replicate(two_arms, ids(two_arms, "random")[0], [0.5, 0.65, 0.9])
    assert found(two_arms)[0].largest == pytest.approx(0.05)


def test_a_cell_of_two_experiments_counts_once(two_arms: Sweep) -> None:
    arm = two_arms.experiments["fig"]["arms"][0]
    two_arms.experiment("again", cycles=2)["arms"].append(arm)
    two_arms.write()
    replicate(two_arms, ids(two_arms, "random")[0], [0.5, 0.6, 0.8])
    assert found(two_arms)[0].cells == 1


def test_the_interval_holds_the_true_deviation_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    told = [noise("m", list(generator.normal(scale=2, size=(6, 2)))) for _ in range(1000)]
    covered = sum(of.low <= 2 <= of.high for of in told)
    assert abs(covered - 950) < 3 * np.sqrt(1000 * 0.95 * 0.05)


def test_the_table_tells_points_with_the_interval_and_the_counts(two_arms: Sweep) -> None:
    replicate(two_arms, ids(two_arms, "random")[0], [0.5, 0.6, 0.72])
    made = table(found(two_arms))
    final = made.rows[0]
    assert [cell.text for cell in final][:3] == ["final accuracy", "1", "2"]
    assert final[3].text.startswith("1.41 [0.63, ")
    assert final[3].value == pytest.approx(100 * 0.02 / np.sqrt(2))
    assert final[4].text == "2.00"
    assert final[5].text == "0"
    assert len(made.headings) == len(final)


def test_stats_tell_it_in_words_and_numbers(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    from analysis.stats import main

    assert main([str(two_arms.root)]) == 0
    assert "Rerun noise" not in capsys.readouterr().out
    replicate(two_arms, ids(two_arms, "random")[0], [0.5, 0.6, 0.72])
    assert main([str(two_arms.root)]) == 0
    assert "Rerun noise" in capsys.readouterr().out
    told = json.loads((two_arms.root / "stats.json").read_text())["rerun_noise"]
    assert [of["measure"] for of in told] == ["final accuracy", "AUBC"]
    assert (two_arms.root / "tables" / "rerun-noise.csv").is_file()
