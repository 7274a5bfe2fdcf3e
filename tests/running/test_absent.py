"""Data that are not on this machine: a sweep says so before it starts, and goes on once they are there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.load import load
from bench.archive import main as pack
from bench.archiving.packing import planned_cells
from bench.data import Arrays
from bench.datasets.digits import Digits
from bench.errors import NoData
from bench.record import read_attempts, read_plan
from bench.sweep import main

SWEEP = """
name: small
defaults:
  dataset: digits
  learner:
    name: network
    net: {name: mlp, width: 16, layers: 1}
    train: {epochs: 1, schedule: {name: onecycle, max_lr: 0.05}}
  protocol: {initial: 20, budget: 5, cycles: 1, candidates: 60}
  seeds: 2
experiments:
  digits: {title: Data that may be missing, strategies: [random]}
  wdbc: {title: Data that are always there, strategies: [random], dataset: breast_cancer}
"""
LOST = "digits: wanted the file digits.csv; got none"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file without which the digits cannot be loaded."""
    wanted, load = tmp_path / "digits.csv", Digits.load

    def absent(self: Digits, root: Path) -> str | None:
        return None if wanted.exists() else LOST

    def load_if_there(self: Digits, root: Path) -> Arrays:
        if not wanted.exists():
            raise NoData(LOST)
        return load(self, root)

    monkeypatch.setattr(Digits, "absent", absent)
    monkeypatch.setattr(Digits, "load", load_if_there)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Path("small.yaml").write_text(SWEEP)
    return wanted


def sweep(*options: str) -> int:
    return main(["small.yaml", "--executor", "debug", *options])


def tries() -> list[int]:
    """How often each cell of the digits was tried, where it failed."""
    return [len(read_attempts(path.parent)) for path in Path("results/small/cells").glob("*/failure.json")]


@pytest.mark.parametrize("options", [(), ("--executor", "local", "--detach"), ("--retry-failed",)])
def test_a_sweep_none_of_whose_data_are_here_is_not_started(
    file: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    assert sweep("--only", "digits", *options) == 2
    assert capsys.readouterr().err == f"1 problem in the configuration\n  small.yaml: dataset: {LOST}\n"
    assert not Path("results").exists()


def test_a_submitting_machine_may_lack_the_data(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    sweep("--only", "digits", "--executor", "slurm")
    said = capsys.readouterr()
    assert LOST not in said.err + said.out
    assert "wanted a cluster that takes the jobs" in said.err


def test_finished_cells_need_no_data(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.touch()
    assert sweep("--only", "digits") == 0
    file.unlink()
    assert sweep("--only", "digits") == 0
    assert sweep("--only", "digits", "--set", "seeds=3") == 2, "two of three cells are finished"
    assert LOST in capsys.readouterr().err


def test_where_some_data_are_here_the_cells_of_the_others_fail_once(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [sweep(), sweep()] == [1, 1]
    assert f"no_data in cycle 0: {LOST}" in capsys.readouterr().out
    assert tries() == [1, 1]


def test_cells_that_lacked_their_data_are_run_once_these_are_there(file: Path) -> None:
    assert sweep() == 1
    file.touch()
    assert sweep() == 0


def test_other_failures_stay_until_they_are_forgiven(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Digits, root: Path) -> Arrays:
        raise ValueError("something else")

    file.touch()
    with monkeypatch.context() as patched:
        patched.setattr(Digits, "load", fail)
        assert sweep() == 1
    assert sweep() == 1
    assert tries() == [1, 1]


def test_a_dry_run_says_which_data_are_not_here(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep("--dry-run") == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"not on this machine: {LOST}"
    file.touch()
    assert sweep("--dry-run") == 0
    assert "not on this machine" not in capsys.readouterr().out


MINE = SWEEP.replace(
    "title: Data that may be missing", "dataset: {name: npz, path: mine.npz}, title: Data of one's own"
)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a dataset that cannot be planned without it."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(MINE)
    x, y = np.random.default_rng(0).random((80, 4)), np.arange(80) % 2
    np.savez(tmp_path / "mine.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    return tmp_path / "mine.npz"


def test_what_was_finished_before_its_data_went_stays_planned_and_is_analysed(mine: Path, tmp_path: Path) -> None:
    assert sweep() == 0
    mine.unlink()
    assert sweep("--set", "seeds=3") == 1, "its third seed cannot be run"
    loaded = load(Path("results/small"))
    assert loaded.frame.query("experiment == 'digits'").groupby("seed")["cycle"].nunique().to_dict() == {0: 2, 1: 2}
    assert [(run.experiment, run.seed) for run in loaded.missing] == [("digits", 2)]
    assert (loaded.failures, loaded.refused) == ((), ())
    assert pack(["pack", "results/small", "--out", str(tmp_path / "small.tar.xz")]) == 0
    assert len(planned_cells(read_plan(Path("results/small")))) == 5


def test_cells_begun_under_other_settings_are_not_kept_for_an_arm_without_its_data(mine: Path) -> None:
    assert sweep() == 0
    mine.unlink()
    assert sweep("--set", "protocol.budget=6") == 1
    (arm,) = read_plan(Path("results/small"))["experiments"]["digits"]["arms"]
    assert arm["cells"] == {}
    assert str(arm["refused"]).startswith("no data: npz: no file")


def test_seeds_that_are_no_longer_wanted_are_not_kept(mine: Path) -> None:
    assert sweep() == 0
    mine.unlink()
    assert sweep("--set", "seeds=1") == 1
    (arm,) = read_plan(Path("results/small"))["experiments"]["digits"]["arms"]
    assert list(arm["cells"]) == ["0"]
