"""The stats command: what is told on request, how failed runs count, and the files that it leaves."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from compared import noisy
from stats_output import line_of, table_of, told
from synthetic_results import Sweep

from analysis.stats import main


def stats_json(sweep: Sweep):
    return json.loads((sweep.root / "stats.json").read_text())


@pytest.fixture
def failing(sweep: Sweep) -> Sweep:
    """Badge is better than Random on two seeds, and diverged on the third."""
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7 + 0.01 * seed])
    badge = sweep.arm("badge", lambda seed: [0.5, 0.7, 0.8][: 1 if seed == 1 else 3])
    sweep.fail(badge["cells"]["1"])
    return sweep


def test_failed_runs_are_counted_in_both_ways_side_by_side(failing: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(failing, capsys)
    assert "1 failed run is scored as chance in the cycles not reached (badge, seed 1)" in text
    line = line_of("badge", table_of("Failed runs: both ways", text))
    assert "seed 1" in line
    assert line.count("[") == 2
    assert "3 (1 failed)" in line_of("badge", table_of("Accuracy ·", text))
    assert "3  " in line_of("badge", table_of("Difference", text))


def test_failed_runs_are_left_out_on_request_and_that_is_told(
    failing: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(failing, capsys, "--failed", "out")
    assert "1 run is left out as failed (badge, seed 1), though runs do not fail at random." in text
    assert "both ways" not in text
    assert "2/3" in line_of("badge", table_of("Difference", text))
    assert stats_json(failing)["failed"] == "out"


def test_a_failed_run_is_not_called_missing(failing: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(failing, capsys)
    assert "missing:" not in text
    assert "Interim" not in text


def test_only_some_experiments_are_told(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], experiment="other")
    assert "fig: Title of fig" in told(two_arms, capsys)
    assert "fig: Title of fig" not in told(two_arms, capsys, "--only", "other")
    assert main([str(two_arms.root), "--only", "nope"]) == 2
    assert "it has fig, other" in capsys.readouterr().err


def test_groups_of_one_experiment_are_compared_by_their_own_random(
    two_arms: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    two_arms.arm("random", lambda seed: [0.8, 0.8, 0.9], group="learner=gp")
    two_arms.arm("margin", lambda seed: [0.8, 0.9, 0.9], group="learner=gp")
    table = table_of("Every arm minus its own Random", told(two_arms, capsys))
    assert table.count("\nmargin") == 2


@pytest.fixture
def datasets(sweep: Sweep) -> Sweep:
    """Three arms on three datasets."""
    for dataset in ("digits", "letters", "svhn"):
        for label in ("random", "margin", "badge"):
            sweep.arm(label, noisy(f"{dataset} {label}"), experiment=dataset, dataset=dataset)
    return sweep


@pytest.mark.parametrize(
    ("blocks", "within", "over"), [((), 3, 1), (("seeds",), 3, 0), (("datasets",), 0, 1), (("cycles",), 3, 0)]
)
def test_blocks_are_chosen_and_named(
    datasets: Sweep, capsys: pytest.CaptureFixture[str], blocks: tuple[str, ...], within: int, over: int
) -> None:
    text = told(datasets, capsys, *(("--blocks", *blocks) if blocks else ()))
    kind = blocks[0] if blocks else "seeds"
    assert text.count("Average ranks over datasets") == over
    assert text.count("Average ranks over seeds") == (within if kind == "seeds" else 0)
    assert text.count("Average ranks over cycles") == (within if kind == "cycles" else 0)
    assert ("Warning: budget points of one run are not independent replicates" in text) == (kind == "cycles")


def test_a_table_of_scores_needs_no_results_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scores.csv").write_text("dataset,a,b,c\nx,1,2,3\ny,2,3,4\nz,1,3,2\n")
    assert main(["--table", "scores.csv"]) == 0
    assert "riedman" in capsys.readouterr().out
    assert main(["--table", "scores.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_table_of_scores_beside_a_folder_is_refused(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(two_arms.root), "--table", "scores.csv"]) == 2
    assert "Leave one out" in capsys.readouterr().err


def test_json_is_printed_instead_of_tables_and_is_what_is_written(
    two_arms: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(two_arms, capsys, "--json")
    assert json.loads(text) == stats_json(two_arms)


def test_every_table_stands_beside_the_results_as_csv_latex_and_markdown(
    two_arms: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(two_arms, capsys)
    stems = {path.stem for path in (two_arms.root / "tables").glob("*.csv")}
    assert {"fig--accuracy", "fig--difference", "fig--curves", "fig--costs"} <= stems
    assert all((two_arms.root / "tables" / f"{stem}.{ending}").is_file() for stem in stems for ending in ("tex", "md"))
    assert f"{3 * len(stems)} files under" in text
    with (two_arms.root / "tables" / "fig--curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["margin n"]) for row in rows] == [3, 3, 3]
    assert [float(row["margin"]) for row in rows] == pytest.approx([50, 64, 73])
    assert float(rows[1]["margin low"]) < 64


def test_the_newest_results_are_taken_where_none_are_named(
    two_arms: Sweep, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(two_arms.root.parent.parent)
    assert main([]) == 0
    assert "fig: Title of fig" in capsys.readouterr().out


def test_tables_without_failed_runs_say_so(failing: Sweep) -> None:
    assert main([str(failing.root), "--failed", "out"]) == 0
    assert "1 run is left out as failed (badge, seed 1)" in (failing.root / "tables/fig--costs.md").read_text()
