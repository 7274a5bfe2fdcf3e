"""What the commands share: mistakes in one line, and no torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from synthetic_results import Sweep

from analysis import figures, report, stats

COMMANDS = [stats.main, figures.main, report.main]
Command = Callable[[Sequence[str]], int]


@pytest.mark.parametrize("main", COMMANDS)
@pytest.mark.parametrize("arguments", [["no/such/folder"], ["--nonsense"], ["here", "and", "there"], []])
def test_a_mistake_is_told_in_one_line_with_status_2(
    main: Command,
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("python -m analysis.")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--only", "nope"], ["--only"]])
def test_an_unknown_experiment_is_told_with_those_that_exist(
    two_arms: Sweep, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert figures.main([str(two_arms.root), *arguments]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "--only" in told
    assert arguments == ["--only"] or "it has fig" in told


def test_runs_that_are_no_pair_are_told_without_a_traceback(
    two_arms: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = two_arms.experiments["fig"]["arms"][1]["cells"]["0"]
    two_arms.run(cell, 0, [0.5, 0.6, 0.7], queried=[90, 91, 92])
    assert stats.main([str(two_arms.root)]) == 2
    assert cell in capsys.readouterr().err


def test_analysis_loads_neither_torch_nor_jax(two_arms: Sweep) -> None:
    code = (
        "import sys; from analysis import report, stats; "
        f"assert not report.main([{str(two_arms.root)!r}]) and not stats.main([{str(two_arms.root)!r}]); "
        "print(*sorted({name.partition('.')[0] for name in sys.modules} & {'torch', 'jax', 'neural_tangents'}), "
        "*sorted(name for name in sys.modules if name.startswith('bench.') or name == 'matplotlib.pyplot'))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    known = ["bench.drawable", "bench.errors", "bench.files", "bench.malformed", "bench.own_names"]
    known += ["bench.record", "bench.replicates"]
    assert told.stdout.splitlines()[-1].split() == known


@pytest.mark.parametrize("main", COMMANDS)
def test_an_unknown_argument_is_refused_and_not_ignored(
    two_arms: Sweep, main: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(two_arms.root), "--nonsense"]) == 2
    assert "unknown argument --nonsense" in capsys.readouterr().err
