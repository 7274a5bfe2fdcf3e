"""The command end to end: real trials of ridge regression on digits."""

from __future__ import annotations

import itertools
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from analysis.curves import aubc
from bench.data import Arrays
from bench.datasets.digits import Digits
from bench.errors import NoData
from bench.folder import RunFolder
from bench.learners.linear import Ridge
from bench.plan import schedule
from bench.record import Failure, read_attempts, read_plan, read_rows
from bench.sweep import main as run_sweep
from bench.sweep_file import load_sweep, load_untuned
from bench.tune import main

SWEEP = """\
name: ridge
include: [tuned/ridge.yaml]
defaults:
  dataset: digits
  learner: ridge
  protocol: {initial: 20, budget: 10, cycles: 2}
  seeds: 2
experiments:
  main: {strategies: [random, margin]}
  other: {strategies: [random], protocol: {budget: 5}}
tune:
  experiment: main
  space: {learner.penalty: [0.01, 10, 1000]}
  seeds: {first: 1000, count: 2}
  keep: tuned/ridge.yaml
launch: {executor: debug}
"""
NETWORK = """\
name: net
defaults:
  dataset: digits
  learner: {name: network, net: {name: mlp, width: 8}, train: {epochs: 2, schedule: {name: constant, lr: 0.1}}}
  protocol: {initial: 20, budget: 5, cycles: 1}
  seeds: 1
experiments:
  main: {strategies: [random]}
tune: {experiment: main, seeds: [7], space: {learner.train.schedule.lr: [1.0e+9, 0.1]}, keep: kept.yaml}
launch: {executor: debug}
"""


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "ridge.yaml"
    file.write_text(SWEEP)
    monkeypatch.chdir(tmp_path)
    return file


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "net.yaml"
    file.write_text(NETWORK)
    monkeypatch.chdir(tmp_path)
    return file


def cells(results: Path) -> list[Path]:
    return sorted((results / "cells").iterdir())


def records(results: Path) -> list[dict[str, Any]]:
    return [json.loads((cell / "cell.json").read_text()) for cell in cells(results)]


def kept(file: Path) -> Any:
    return yaml.safe_load(file.read_text())["defaults"]


@pytest.mark.parametrize("metric", ["aubc", "final_accuracy"])
def test_the_winner_is_the_best_of_all_rows(sweep: Path, tmp_path: Path, metric: str) -> None:
    assert main([str(sweep), "--set", f"tune.metric={metric}"]) == 0
    found: dict[float, list[float]] = {}
    for cell, record in zip(
        cells(tmp_path / "results/ridge-tune"), records(tmp_path / "results/ridge-tune"), strict=True
    ):
        results = [row["result"] for row in read_rows(cell)]
        labelled, accuracy = ([result[key] for result in results] for key in ("labelled", "accuracy"))  # type: ignore[literal-required]
        score = aubc(labelled, accuracy) if metric == "aubc" else accuracy[-1]
        found.setdefault(record["learner"]["penalty"], []).append(score)
    means = {penalty: float(np.mean(scores)) for penalty, scores in found.items()}
    assert {len(scores) for scores in found.values()} == {2}
    best = max(means, key=lambda penalty: means[penalty])
    assert kept(tmp_path / "tuned/ridge.yaml") == {"learner": {"name": "ridge", "penalty": best}}
    order = sorted(means, key=lambda penalty: -means[penalty])
    told = [line for line in (tmp_path / "tuned/ridge.yaml").read_text().splitlines() if "  penalty=" in line]
    assert [line.partition("penalty=")[2] for line in told] == [f"{penalty:g}" for penalty in order]
    assert [float(line.split()[2]) for line in told] == pytest.approx(sorted(means.values(), reverse=True), abs=6e-5)


def test_only_random_runs_and_only_with_seeds_of_its_own(sweep: Path, tmp_path: Path) -> None:
    assert main([str(sweep)]) == 0
    found = records(tmp_path / "results/ridge-tune")
    assert {record["strategy"]["name"] for record in found} == {"random"}
    ran = sorted((record["learner"]["penalty"], record["seed"]) for record in found)
    assert ran == sorted(itertools.product([0.01, 10, 1000], [1000, 1001]))
    assert not (tmp_path / "results/ridge").exists()


def test_the_plan_is_one_that_the_analysis_reads(sweep: Path, tmp_path: Path) -> None:
    from analysis.load import load

    main([str(sweep)])
    plan = read_plan(tmp_path / "results/ridge-tune")
    assert (plan["name"], list(plan["experiments"]), plan["claims"]) == ("ridge-tune", ["main"], {})
    loaded = load(tmp_path / "results/ridge-tune")
    assert sorted(loaded.frame["group"].unique()) == ["penalty=0.01", "penalty=10", "penalty=1000"]
    assert len(loaded.frame) == 3 * 2 * 3


def test_a_second_run_trains_nothing_and_keeps_the_same_file(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main([str(sweep)])
    first = (tmp_path / "tuned/ridge.yaml").read_bytes()
    said = capsys.readouterr().out
    assert main([str(sweep)]) == 0
    assert (tmp_path / "tuned/ridge.yaml").read_bytes() == first
    assert {len(read_attempts(cell)) for cell in cells(tmp_path / "results/ridge-tune")} == {1}
    assert capsys.readouterr().out == said[said.index("ridge-tune: Random of main") :]


def test_more_seeds_run_only_what_is_missing(sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(sweep)])
    capsys.readouterr()
    main([str(sweep), "--set", "tune.seeds.count=3", "--dry-run"])
    assert (
        "ridge-tune: 3 trials with 3 seeds: 9 cells in results/ridge-tune: 6 done, 3 missing" in capsys.readouterr().out
    )
    assert len(cells(tmp_path / "results/ridge-tune")) == 6


def test_fewer_cycles_are_judged_by_those_cycles_alone(sweep: Path, tmp_path: Path) -> None:
    main([str(sweep)])
    shorter = [str(sweep), "--set", "protocol.cycles=1", "tune.metric=final_accuracy"]
    assert main([*shorter, "--results", "shorter"]) == 0
    alone = (tmp_path / "tuned/ridge.yaml").read_bytes()
    failure = Failure(kind="timeout", message="in a later cycle", trace="", cycle=2, attempt=1)
    for cell in cells(tmp_path / "results/ridge-tune"):
        RunFolder(cell).fail(failure)
    assert main(shorter) == 0
    assert (tmp_path / "tuned/ridge.yaml").read_bytes() == alone


def test_a_dry_run_writes_nothing(sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(sweep), "--dry-run"]) == 0
    assert "3 trials with 2 seeds: 6 cells in results/ridge-tune: 6 missing" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ridge.yaml"]


def test_the_sweep_runs_the_cells_that_the_winners_values_make(sweep: Path, tmp_path: Path) -> None:
    assert main([str(sweep)]) == 0
    by_hand = SWEEP.replace("include: [tuned/ridge.yaml]\n", "").replace(
        "learner: ridge", f"learner: {json.dumps(kept(tmp_path / 'tuned/ridge.yaml')['learner'])}"
    )
    (tmp_path / "by_hand.yaml").write_text(by_hand)
    both = [schedule(load_sweep(file), tmp_path).cells() for file in (sweep, tmp_path / "by_hand.yaml")]
    assert list(both[0]) == list(both[1])
    learner = next(iter(both[0].values())).learner
    assert isinstance(learner, Ridge)
    assert learner.penalty != Ridge().penalty


def test_the_sweep_is_refused_before_and_runs_after_tuning(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_sweep([str(sweep), "--dry-run"]) == 2
    assert "Run `python -m bench.tune" in capsys.readouterr().err
    assert main([str(sweep)]) == 0
    assert f"written to {tmp_path / 'tuned/ridge.yaml'}\n{sweep} runs with it\n" in capsys.readouterr().out
    assert run_sweep([str(sweep), "--dry-run"]) == 0


def test_a_sweep_that_does_not_include_the_winner_is_told_so(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.write_text(SWEEP.replace("include: [tuned/ridge.yaml]\n", ""))
    assert main([str(sweep)]) == 0
    wanted = f"{sweep} runs main with another learner.penalty: write `include: [tuned/ridge.yaml]` in it"
    assert wanted in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("learner: ridge", "learner:\n    name: ridge\n    penalty: 3", 7),
        ("main: {strategies", "main: {learner: {penalty: 3}, strategies", 9),
    ],
)
def test_a_line_that_wins_over_the_winner_is_named(
    sweep: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, line: int
) -> None:
    sweep.write_text(SWEEP.replace(old, new))
    assert main([str(sweep)]) == 0
    wanted = f"runs main with another learner.penalty: {sweep}:{line} says it too, and wins; take it out there"
    assert wanted in capsys.readouterr().out


def test_another_experiment_can_be_named(sweep: Path, tmp_path: Path) -> None:
    assert main([str(sweep), "--experiment", "other"]) == 0
    assert {record["protocol"]["budget"] for record in records(tmp_path / "results/ridge-tune")} == {5}
    assert "# Sweep ridge, experiment other, Random alone; seeds 1000, 1001." in (
        (tmp_path / "tuned/ridge.yaml").read_text()
    )


def test_what_was_overridden_is_kept_with_the_winner(sweep: Path, tmp_path: Path) -> None:
    assert main([str(sweep), "--set", "protocol.budget=4", "launch.threads=1", "--jobs", "1"]) == 0
    assert "# With --set protocol.budget=4.\n" in (tmp_path / "tuned/ridge.yaml").read_text()


def test_a_diverged_trial_is_named_and_ranked_last(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(network)]) == 0
    said = capsys.readouterr().out
    assert "│    2 │ lr=1000000000.0 │    0.1000 │             – │ 0/1, 1 failed │" in said
    assert "ranked last: lr=1000000000.0 (seed 7: diverged: " in said
    text = (tmp_path / "kept.yaml").read_text()
    assert "#  2. 0.1000  lr=1000000000.0  (failed)" in text
    assert kept(tmp_path / "kept.yaml")["learner"]["train"]["schedule"] == {"name": "constant", "lr": 0.1}


def test_nothing_is_kept_where_every_trial_fails(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network.write_text(NETWORK.replace("[1.0e+9, 0.1]", "[1.0e+9, 1.0e+10]"))
    assert main([str(network)]) == 1
    assert "nothing chosen: every trial failed; --retry-failed" in capsys.readouterr().out
    assert not (tmp_path / "kept.yaml").exists()
    main([str(network)])
    assert {len(read_attempts(cell)) for cell in cells(tmp_path / "results/net-tune")} == {1}
    main([str(network), "--retry-failed"])
    assert {len(read_attempts(cell)) for cell in cells(tmp_path / "results/net-tune")} == {2}


def test_data_that_are_not_here_are_said_before_and_their_trials_run_once_they_are(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(self: Digits, root: Path) -> Arrays:
        raise NoData("digits: lost")

    with monkeypatch.context() as patch:
        patch.setattr(Digits, "load", lost)
        assert main([str(sweep)]) == 1  # they were there when it was planned
        patch.setattr(Digits, "absent", lambda self, root: "digits: not here")
        assert main([str(sweep)]) == 2
    assert "ridge.yaml: dataset: digits: not here" in capsys.readouterr().err
    assert main([str(sweep)]) == 0
    assert {len(read_attempts(cell)) for cell in cells(tmp_path / "results/ridge-tune")} == {2}


def test_a_trial_that_does_not_fit_the_data_is_reported_before_anything_runs(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep.write_text(SWEEP.replace("{learner.penalty: [0.01, 10, 1000]}", "{dataset.normalise: [standard, cifar10]}"))
    assert main([str(sweep)]) == 2
    said = capsys.readouterr().err
    assert (
        "tune.space: normalise=cifar10: normalise: cifar10 is for images of 3 channels; got inputs of shape (1, 8, 8)"
        in said
    )
    assert not Path("results").exists()


def test_a_folder_in_which_the_winner_cannot_be_kept_is_told_of_before_anything_runs(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, how: Path(path) != tmp_path)  # root may write everywhere
    assert main([str(sweep)]) == 2
    assert f"tune.keep: wanted a file that can be written; {tmp_path} is read-only" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yaml"], "wanted a readable YAML file"),
        (
            ["ridge.yaml", "--set", "tune=null", "include=null"],
            "tune: missing; wanted a mapping of experiment, space and keep",
        ),
        (["ridge.yaml", "--set", "tune.seeds.first=1"], "tune.seeds: wanted seeds that no experiment has; main has 1"),
        (["ridge.yaml", "--experiment", "mian"], "tune.experiment: no experiment named 'mian'; did you mean 'main'?"),
        (
            ["ridge.yaml", "--set", "tune.keep=ridge.yaml", "include=null"],
            "tune.keep: wanted a file of tuning's own, or none yet;",
        ),
        (["ridge.yaml", "--jobs", "0"], "launch.slots: wanted an integer >= 1"),
    ],
)
def test_bad_input_gets_a_message_and_status_2_and_nothing_runs(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert sweep.read_text() == SWEEP
    assert not (tmp_path / "results").exists()


def test_the_recipe_of_the_documents_is_a_search_of_fifteen_trials(tmp_path: Path) -> None:
    recipes = (Path(__file__).parents[2] / "docs/recipes.md").read_text()
    (text,) = (block for block in re.findall(r"```yaml\n(.*?)```", recipes, re.DOTALL) if "\ntune:" in block)
    (tmp_path / "mnist.yaml").write_text(text)
    tuning = load_untuned(tmp_path / "mnist.yaml").tuning
    assert tuning is not None
    assert len(tuning.trials) == 15


@pytest.mark.slow
def test_slots_choose_the_same_winner(sweep: Path, tmp_path: Path) -> None:
    assert main([str(sweep)]) == 0
    alone = (tmp_path / "tuned/ridge.yaml").read_bytes()
    assert main([str(sweep), "--executor", "local", "--jobs", "2", "--results", "elsewhere"]) == 0
    assert (tmp_path / "tuned/ridge.yaml").read_bytes() == alone
    assert len(cells(tmp_path / "elsewhere/ridge-tune")) == 6
