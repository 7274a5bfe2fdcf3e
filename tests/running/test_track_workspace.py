"""`python -m bench.track workspace`: the dashboard is made by program, and what it draws is what runs have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from mirrored_sweep import SWEEP, arm_of, finished_sweep

from bench.plan import schedule
from bench.record import Plan, read_plan
from bench.sweep_file import load_sweep
from bench.track import main
from bench.tracked import Tracking
from bench.tracking.places import subjects
from bench.tracking.replay import replay
from bench.tracking.workspace import view

SNAPSHOT = Path(__file__).parent / "snapshots/workspace.json"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "mirrored.yaml").write_text(SWEEP)
    return schedule(load_sweep(tmp_path / "mirrored.yaml"), tmp_path).record()


def panels(text: str) -> list[dict[str, Any]]:
    sections = json.loads(text)["spec"]["section"]["panelBankConfig"]["sections"]
    return [panel["config"] for section in sections for panel in section["panels"]]


def test_the_view_is_the_one_that_was_looked_at(plan: Plan) -> None:
    """The snapshot was made by wandb-workspaces 0.4.13. Look at what changed before you write it anew."""
    normal = re.sub(r'"__id__": "\w+"', '"__id__": "random"', view(plan, Tracking(entity="us")))
    assert json.loads(normal) == json.loads(SNAPSHOT.read_text())


def test_there_is_a_section_for_every_experiment_with_three_curves(plan: Plan) -> None:
    sections = json.loads(view(plan, Tracking()))["spec"]["section"]["panelBankConfig"]["sections"]
    assert [section["name"] for section in sections] == ["first: The first", "second: The second", "sizes: Two budgets"]
    assert {len(section["panels"]) for section in sections} == {3}


def test_curves_are_means_with_bands_over_labels(plan: Plan) -> None:
    for panel in panels(view(plan, Tracking())):
        assert (panel["xAxis"], panel["groupAgg"], panel["groupArea"]) == ("labels", "mean", "stderr")


def test_it_shows_the_runs_of_its_own_sweep_alone(plan: Plan) -> None:
    (runs,) = json.loads(view(plan, Tracking()))["spec"]["section"]["runSets"]
    assert [(each["key"]["name"], each["value"]) for each in runs["filters"]["filters"]] == [("group", "mirrored")]


@pytest.mark.parametrize("name", ["first", "with.a.dot"])
def test_the_runs_of_an_experiment_and_no_others_have_what_its_section_draws(tmp_path: Path, name: str) -> None:
    results = finished_sweep(tmp_path)
    plan = read_plan(results)
    plan["experiments"] = {name if key == "first" else key: value for key, value in plan["experiments"].items()}
    drawn = panels(view(plan, Tracking()))[:3]
    inside = {cell for arm in plan["experiments"][name]["arms"] for cell in arm["cells"].values()}
    for subject in subjects(plan):
        shown = replay(results, plan, subject)
        for panel in drawn:
            assert (panel["metrics"][0] in shown.steps[-1].values) == (subject.cell in inside)
            _, value, key = panel["groupBy"].split(".")
            assert value == "value"
            assert (key in shown.config["arms"]) == (subject.cell in inside)


def test_arms_at_different_points_of_a_grid_are_different_lines(tmp_path: Path) -> None:
    results = finished_sweep(tmp_path)
    plan = read_plan(results)
    cells = [arm_of(results, "sizes", "margin", group)["cells"]["0"] for group in ("budget=5", "budget=10")]
    found = [replay(results, plan, subject).config["arms"] for subject in subjects(plan) if subject.cell in cells]
    assert {arms["sizes"] for arms in found} == {"margin [budget=5]", "margin [budget=10]"}


def test_the_command_writes_the_view_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = finished_sweep(tmp_path)
    assert main(["workspace", str(results), "--project", "mine"]) == 0
    assert f"workspace in {results}/tracking/workspace.json" in capsys.readouterr().out
    assert json.loads((results / "tracking/workspace.json").read_text())["project"] == "mine"
    assert main(["workspace", str(results), "--out", str(tmp_path / "mine.json")]) == 0
    assert (tmp_path / "mine.json").exists()
