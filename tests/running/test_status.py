"""How a sweep is doing, told by another process that only looks, and by the driver on a terminal."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from launched_sweep import LaunchedSweep, launched_sweep
from meddled_fit import let_fit
from rich.console import Console
from test_worker import desk

from bench.launching.folder import LaunchFolder, Slot
from bench.learner import Fit
from bench.plan import schedule
from bench.process import me
from bench.progress import Display, Moment, Names
from bench.state import State
from bench.sweep import main
from bench.sweep_file import load_sweep
from bench.worker import Worker

HEAVY = ("torch", "submitit", "wandb", "jax", "pandas", "matplotlib")
LOOK = f"""
import sys
from bench.sweep import main
status = main(["launched.yaml", "--status"])
print("loaded:", [name for name in {HEAVY} if name in sys.modules])
sys.exit(status)
"""
SWEEP = """
name: small
defaults:
  dataset: digits
  learner:
    name: network
    net: {name: mlp, width: 16, layers: 1}
    train: {epochs: 1, schedule: {name: onecycle, max_lr: 0.05}}
  protocol: {initial: 20, budget: 5, cycles: 2, candidates: 60}
  seeds: 2
experiments:
  only: {title: The only one, strategies: [random]}
"""


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[LaunchedSweep]:
    """A sweep one of whose cells waits in cycle 2 of 3 and the other for its turn."""
    made = launched_sweep(tmp_path)
    made.close()
    made.start("--jobs", "1")
    made.wait_for_cells(1)
    yield made
    made.end()


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep that was not started yet, and its results folder."""
    (tmp_path / "small.yaml").write_text(SWEEP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "results/small"


def run(results: Path) -> None:
    """Run the cells in this process, as a worker of the local executor."""
    cells = schedule(load_sweep(Path("small.yaml")), Path(".")).cells()
    results.mkdir(parents=True)
    Worker(replace(desk(results, list(cells.values()))))()


def status(capsys: pytest.CaptureFixture[str]) -> str:
    """What --status prints."""
    capsys.readouterr()
    assert main(["small.yaml", "--status"]) == 0
    return capsys.readouterr().out


def traces(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file and folder with its size and time; a lease beats by itself."""
    found = {path: path.stat() for path in (folder, *folder.rglob("*"))}
    return {
        str(path): (stat.st_size, 0 if path.name.startswith("lease.") else stat.st_mtime_ns)
        for path, stat in found.items()
    }


@pytest.mark.slow
def test_a_look_at_a_running_sweep_tells_what_runs_and_leaves_no_trace(waiting: LaunchedSweep) -> None:
    before = traces(waiting.results)
    told = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=waiting.folder,
        env=waiting.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = told.stdout.splitlines()
    assert "launched: 2 cells in results/launched: 1 running, 1 missing" in lines
    assert "running: waiting seed 0: cycle 2 of 3 query" in lines
    (left,) = [line for line in lines if line.startswith("about ")]
    assert left.endswith(" left with 1 cell at a time")
    assert lines[-1] == "loaded: []"
    assert told.stderr == ""
    assert traces(waiting.results) == before


def test_the_newest_word_on_a_running_cell_counts(
    small: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def look(fit: Fit) -> None:
        if fit.streams.seed == 1 and fit.cycle == 1:
            old = small / "launches/20200101-000000-abcdef/slot0"
            old.mkdir(parents=True)
            (small / "launches/20300101-000000-abcdef/slot0").mkdir(parents=True)
            now = json.loads((small / "status.json").read_text())
            later = small / "launches/20300101-000000-abcdef/slot0/status.json"
            later.write_text(json.dumps({**now, "time": "2020-01-01T00:00:00+00:00", "doing": "cycle 0: fit"}))
            (old / "status.json").write_text(json.dumps(now))
            told.append(status(capsys))

    let_fit(monkeypatch, look)
    run(small)
    (said,) = told
    assert "small: 2 cells in results/small: 1 done, 1 running" in said
    assert [line for line in said.splitlines() if line.startswith("running")] == [
        "running: random seed 1: cycle 1 of 2 fit"
    ]


def test_what_a_worker_said_before_it_died_is_not_what_runs(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(small)
    (done, *_) = (path.name for path in (small / "cells").iterdir())
    (small / "launches/one").mkdir(parents=True)
    slot(small / "launches/one", 0, cell=done, doing="cycle 1: fit")
    assert "running" not in status(capsys)


def test_what_failed_is_told_with_its_kind_reason_and_last_words(
    small: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(fit: Fit) -> None:
        if fit.streams.seed == 1 and fit.cycle == 1:
            subprocess.run(["sh", "-c", "echo a library says so"], check=True)
            raise ValueError("seven is too many")

    let_fit(monkeypatch, fail)
    run(small)
    said = [line.rstrip() for line in status(capsys).splitlines()]
    (failure,) = Path("results/small/cells").glob("*/failure.json")
    assert "small: 2 cells in results/small: 1 done, 1 failed" in said
    assert "random seed 1: exception in cycle 1: seven is too many" in said
    assert "    a library says so" in said
    assert "    ValueError: seven is too many" in said
    assert f"    all of it: {failure}" in said
    assert "--retry-failed runs them again" in said
    (row,) = [line for line in said if line.startswith("│ random seed 1")]
    assert [entry.strip() for entry in row.split("│")[2:5]] == ["1", "exception", "1"]
    assert not [line for line in said if " left with " in line], "nothing is left to run"


def test_cells_that_failed_alike_are_told_together(
    small: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(fit: Fit) -> None:
        raise ValueError("seven is too many")

    let_fit(monkeypatch, fail)
    run(small)
    said = status(capsys)
    assert said.count("all of it: ") == 1
    assert re.search(r"random seed [01] and 1 more: exception in cycle 0: seven is too many", said)


def test_cells_without_their_data_say_so_once_and_without_a_trace(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("small.yaml").write_text(
        SWEEP.replace("strategies:", "grid: {dataset: [digits, {name: svhn, size: 16}]}, strategies:")
    )
    assert main(["small.yaml", "--set", "launch.executor=debug", "data.root=nowhere"]) == 1
    said = capsys.readouterr().out
    cells = r"random \[dataset=svhn.*\] seed [01] and 1 more"
    assert re.search(rf"{cells}: no_data in cycle 0: svhn: wanted the files train_32x32.mat", said)
    assert "Traceback" not in said
    assert "failure.json" not in said


def test_a_look_at_what_was_never_started_makes_no_folder(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = status(capsys)
    assert "2 missing" in said
    assert "left" not in said, "nobody knows"
    assert not small.parent.exists()


@pytest.mark.parametrize(("cycles", "seconds"), [(3, 4), (3, 40)])
def test_the_time_left_goes_by_the_pace_of_finished_cycles(
    small: Path, capsys: pytest.CaptureFixture[str], cycles: int, seconds: int
) -> None:
    """One of two cells is done, so that as many cycles are left as it has, each by the mean of their times."""
    run(small)
    first, second = sorted((small / "cells").iterdir())
    for gone in ("rows.jsonl", "done.json"):
        (second / gone).unlink()
    rows = [json.loads(line) for line in (first / "rows.jsonl").read_text().splitlines()]
    for row in rows:
        row["measured"]["seconds"] = {"query": seconds / 4, "query/gram": seconds / 5, "fit": 3 * seconds / 4}
    (first / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    total = cycles * seconds
    words = f"{total} s" if total < 60 else f"{total // 60} min {total % 60:02d} s"
    assert f"about {words} left with 1 cell at a time" in status(capsys)


def slot(folder: Path, number: int, **told: object) -> Slot:
    """A slot whose worker says something."""
    made = Slot(number, LaunchFolder(folder).path / f"slot{number}")
    made.folder.mkdir()
    if told:
        (made.folder / "status.json").write_text(json.dumps({"share": 0.0, **told, **me()}))
    return made


def moment(slots: list[Slot]) -> Moment:
    states = {"a": State.RUNNING, "b": State.DONE, "c": State.FAILED, "d": State.MISSING, "e": State.RUNNING}
    return Moment(states, slots, cycles_done=20, cycles_before=10, cycles_wanted=50, seconds=120.0)


def shown(moment: Moment) -> list[str]:
    """The lines that a terminal of 100 columns shows."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, color_system=None)
    labels = {name: f"arm {name} seed 0" for name in moment.states}
    with Display(console, Names(labels, dict.fromkeys(labels, 9))) as display:
        display.show(moment)
    written = re.sub(r"\x1b\[[?0-9]*[A-Za-z]", "", screen.getvalue()).replace("\r", "\n")
    return [line.rstrip() for line in written.splitlines() if line.strip()]


def head(moment: Moment) -> str:
    """What stands between the bar and the slots, in one line."""
    bar, *lines = [line for line in shown(moment) if "slot " not in line]
    assert set(bar) == {"━"}
    return " ".join(lines)


def test_on_a_terminal_the_cells_are_counted_with_the_pace_and_the_time_left(tmp_path: Path) -> None:
    said = head(moment([]))
    assert "1/5 cells · 2 running · 1 missing · 1 failed · 20/50 cycles · 5 cycles/min · 2 min 00 s gone" in said
    assert "about 6 min 00 s left" in said


def test_on_a_terminal_each_slot_has_a_line_with_its_cell_and_cycle(tmp_path: Path) -> None:
    slots = [
        slot(tmp_path, 0, cell="a", doing="cycle 3: query", share=0.25),
        slot(tmp_path, 1, cell="e", doing="cycle 7: fit"),
        slot(tmp_path, 2, cell="e", doing="loading data"),
        slot(tmp_path, 3, cell=None, doing="finished"),
        slot(tmp_path, 4),
    ]
    lines = [line.split("slot ")[1] for line in shown(moment(slots)) if "slot " in line]
    assert [line.rstrip() for line in lines] == [
        "0  arm a seed 0: cycle 3 of 9 query 25%",
        "1  arm e seed 0: cycle 7 of 9 fit",
        "2  arm e seed 0: loading data",
        "3  finished",
        "4  starting",
    ]


def test_a_terminal_shows_twenty_slots_and_counts_the_others(tmp_path: Path) -> None:
    said = shown(moment([slot(tmp_path, number) for number in range(25)]))
    assert len([line for line in said if "slot " in line]) == 20
    assert any("and 5 more" in line for line in said)


def test_before_a_cycle_is_finished_no_time_is_promised() -> None:
    early = replace(moment([]), cycles_done=10)
    assert early.seconds_left is None
    assert "time left: not known yet" in head(early)
    assert "cycles/min" not in head(early)


def test_a_sweep_that_lacks_a_file_for_one_experiment_runs_the_others_and_says_so(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking = "  lacking: {dataset: {name: npz, path: gone.npz}, strategies: [random]}\n"
    Path("small.yaml").write_text(SWEEP + lacking)
    assert main(["small.yaml", "--set", "launch.executor=debug"]) == 1
    said = capsys.readouterr().out
    assert said.count("no data for lacking: npz: no file 'gone.npz'; looked for gone.npz") == 2, "before and after"
    assert "2 done; rows in results/small" in said
    assert main(["small.yaml", "--only", "only", "--set", "launch.executor=debug"]) == 0


def test_a_plain_display_draws_nothing_over_a_terminal() -> None:
    """As with the debug executor, where a debugger may have its prompt there."""
    written = io.StringIO()
    names = Names({"a": "margin seed 0"}, {"a": 2})
    with Display(Console(file=written, force_terminal=True), names, plain=True) as display:
        display.show(Moment({"a": State.MISSING}, [], cycles_done=0, cycles_before=0, cycles_wanted=3, seconds=1.0))
    assert written.getvalue().startswith("0/1 cells")
    assert "\x1b[" not in written.getvalue()
