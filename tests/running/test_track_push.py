"""`python -m bench.track push`: wandb itself writes the runs and its own reader reads them back."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from mirrored_sweep import (
    CELLS,
    arm_of,
    change_rows,
    finished_sweep,
    header,
    history,
    mark,
    pushed,
    runs_of,
    told,
)
from support import needed

from bench.record import read_plan, read_rows
from bench.track import main
from bench.tracked import Tracking
from bench.tracking.log_file import records
from bench.tracking.memory import Stand, remember, remembered


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return finished_sweep(tmp_path)


def run_id(results: Path, experiment: str, label: str, group: str = "", seed: str = "0") -> str:
    return f"mirrored-{arm_of(results, experiment, label, group)['cells'][seed]}"


def written(results: Path) -> dict[str, int]:
    """When each run was written, in nanoseconds."""
    return {
        identifier: (run / f"run-{identifier}.wandb").stat().st_mtime_ns for identifier, run in runs_of(results).items()
    }


def test_wandbs_own_reader_finds_every_row_and_number(results: Path) -> None:
    cell = arm_of(results, "first", "margin")["cells"]["0"]
    change_rows(results, cell, lambda row: row["result"]["class_accuracy"].__setitem__(3, None))
    assert main(["push", str(results)]) == 0
    runs = runs_of(results)
    assert len(runs) == CELLS
    for identifier in (f"mirrored-{cell}", run_id(results, "sizes", "random", "budget=10", "1")):
        rows = read_rows(results / "cells" / identifier.removeprefix("mirrored-"))
        steps = history(runs[identifier])
        assert len(steps) == len(rows) == 4
        for row, step in zip(rows, steps, strict=True):
            result, measured = dict(row["result"]), row["measured"]
            assert step["labels"] == result.pop("labelled")
            for number, value in enumerate(row["result"]["class_accuracy"]):
                assert step.get(f"class_accuracy/{number}") == value
            for number, count in enumerate(row["result"]["queried_classes"]):
                assert step[f"newly_queried/{number}"] == count
            for name, value in {**measured["seconds"]}.items():
                assert step[f"seconds/{name}"] == value
            assert step["peak_mib"] == measured["peak_mib"]
            left = {name: value for name, value in result.items() if isinstance(value, int | float)}
            assert left.keys() >= {"accuracy", "balanced_accuracy", "brier", "calibration_error", "residual"}
            assert {name: step[name] for name in left} == left


def test_a_run_is_named_grouped_and_tagged(results: Path) -> None:
    main(["push", str(results), "--project", "mine", "--entity", "us"])
    run = header(runs_of(results)[run_id(results, "first", "random", seed="1")])
    assert (run["project"], run["entity"], run["run_group"]) == ("mine", "us", "mirrored")
    assert (run["display_name"], run["job_type"]) == ("random seed 1", "first")
    assert set(run["tags"]) == {"random", "seed 1", "budget=5", "second", "sizes"}


def test_summary_and_configuration_arrive(results: Path) -> None:
    main(["push", str(results)])
    cell = arm_of(results, "first", "margin")["cells"]["0"]
    run = told(runs_of(results)[f"mirrored-{cell}"])
    rows = read_rows(results / "cells" / cell)
    assert run["state"] == "finished"
    assert run["summary"]["final_accuracy"] == run["summary"]["accuracy"] == rows[-1]["result"]["accuracy"]
    assert run["summary"]["aubc"] > 0
    record = json.loads((results / "cells" / cell / "cell.json").read_text())
    assert {name: run["config"][name] for name in record} == record
    assert run["config"]["environment"]["python"] == sys.version.split()[0]
    assert run["summary"]["queried_classes"]["values"] == [
        sum(row["result"]["queried_classes"][number] for row in rows) for number in range(10)
    ]


def test_twice_is_once(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["push", str(results)]) == 0
    before = runs_of(results)
    capsys.readouterr()
    assert main(["push", str(results)]) == 0
    assert capsys.readouterr().out.startswith("0 runs mirrored to")
    assert runs_of(results) == before
    assert len(pushed(results)) == CELLS


@pytest.mark.slow
def test_again_replaces_every_run_and_makes_no_second_one(results: Path) -> None:
    main(["push", str(results), "--only", "second"])
    before = written(results)
    main(["push", str(results), "--only", "second", "--again"])
    after = written(results)
    assert before.keys() == after.keys()
    assert all(after[identifier] > when for identifier, when in before.items())


def test_only_mirrors_the_cells_of_an_experiment(results: Path) -> None:
    main(["push", str(results), "--only", "second"])
    arms = read_plan(results)["experiments"]["second"]["arms"]
    assert set(runs_of(results)) == {f"mirrored-{cell}" for arm in arms for cell in arm["cells"].values()}


def test_a_cell_that_comes_to_stand_in_another_experiment_is_shown_there_too(results: Path) -> None:
    assert main(["push", str(results)]) == 0
    plan = json.loads((results / "plan.json").read_text())
    plan["experiments"]["third"] = plan["experiments"]["second"]
    (results / "plan.json").write_text(json.dumps(plan))
    before = written(results)
    assert main(["push", str(results)]) == 0
    moved = {identifier for identifier, when in written(results).items() if when > before[identifier]}
    assert moved == {run_id(results, "second", label, seed=seed) for label in ("random", "entropy") for seed in "01"}
    assert "experiments/third/accuracy" in history(runs_of(results)[run_id(results, "second", "random")])[0]


def test_another_server_is_another_destination(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cell, stand = "c", Stand(3, 4, "")
    (results / "tracking").mkdir()
    remember(results, Tracking("online"), cell, stand)
    assert remembered(results, Tracking("online")) == {cell: stand}
    monkeypatch.setenv("WANDB_BASE_URL", "http://localhost:8080")
    assert remembered(results, Tracking("online")) == {}


@pytest.mark.slow
def test_a_cell_that_got_more_cycles_is_replayed_whole(results: Path) -> None:
    cell = arm_of(results, "second", "entropy")["cells"]["0"]
    mark(results, cell, 1)
    main(["push", str(results)])
    assert len(history(runs_of(results)[f"mirrored-{cell}"])) == 2
    mark(results, cell, 3)
    main(["push", str(results)])
    assert len(pushed(results)) == CELLS + 1
    assert len(history(runs_of(results)[f"mirrored-{cell}"])) == 4


@pytest.mark.slow
def test_runs_that_were_mirrored_before_their_random_get_the_difference_later(results: Path) -> None:
    ours, random = (arm_of(results, "second", name)["cells"]["0"] for name in ("entropy", "random"))
    mark(results, random)
    main(["push", str(results)])
    assert "difference_from_random" not in history(runs_of(results)[f"mirrored-{ours}"])[-1]
    mark(results, random, 3)
    main(["push", str(results)])
    assert "difference_from_random" in history(runs_of(results)[f"mirrored-{ours}"])[-1]


def test_a_cell_that_is_not_finished_is_left_out(results: Path) -> None:
    cell = arm_of(results, "second", "entropy")["cells"]["0"]
    mark(results, cell)
    assert main(["push", str(results)]) == 0
    assert f"mirrored-{cell}" not in runs_of(results)


def test_a_damaged_cell_is_told_of_and_the_others_are_mirrored(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = arm_of(results, "first", "margin")["cells"]["0"]
    file = results / "cells" / cell / "rows.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join([lines[0], "{}\n", *lines[2:]]))
    assert main(["push", str(results)]) == 1
    assert "wanted the 4 rows of the finished cycles; got 1" in capsys.readouterr().err
    assert len(runs_of(results)) == CELLS - 1


def test_what_a_crash_left_of_a_line_costs_one_replay(results: Path) -> None:
    main(["push", str(results), "--only", "second"])
    file = results / "tracking/pushed.jsonl"
    file.write_bytes(file.read_bytes()[:-45])
    main(["push", str(results), "--only", "second"])
    assert len(runs_of(results)) == 4
    assert file.read_text().count('"when"') == 4


@pytest.mark.slow
def test_another_project_is_another_mirror_and_replaces_the_offline_files(results: Path) -> None:
    for project in ("one", "two", "one"):
        assert main(["push", str(results), "--only", "second", "--project", project]) == 0
        runs = runs_of(results)
        assert len(runs) == 4
        assert header(runs[run_id(results, "second", "entropy")])["project"] == project
    assert len(pushed(results)) == 12


def test_the_users_own_variables_of_wandb_change_nothing(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wild = {"MODE": "disabled", "RUN_ID": "other", "PROJECT": "other", "RUN_GROUP": "other", "RESUME": "must"}
    for name, value in {**wild, "NAME": "other", "DIR": "other", "JOB_TYPE": "other", "TAGS": "other"}.items():
        monkeypatch.setenv(f"WANDB_{name}", value)
    assert main(["push", str(results), "--only", "second"]) == 0
    run = header(runs_of(results)[run_id(results, "second", "entropy")])
    assert (run["project"], run["run_group"], run["display_name"]) == ("lookahead-bench", "mirrored", "entropy seed 0")


def test_a_tracking_folder_that_cannot_be_written_is_one_message(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (results / "tracking").write_text("a file, where a folder is wanted")
    assert main(["push", str(results)]) == 1
    assert "tracking" in capsys.readouterr().err


def test_nothing_is_made_in_a_folder_that_holds_no_results(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert main(["push", str(tmp_path / "other")]) == 2
    assert not list((tmp_path / "other").iterdir())


def test_two_at_a_time_are_refused(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = results / "tracking/offline"
    hold = "import sys, time, pathlib; from bench.lease import leased; lease = leased(pathlib.Path(sys.argv[1]))"
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{hold}\nwith lease: print('held', flush=True); time.sleep(60)", place],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert main(["push", str(results)]) == 2
        assert "another process is mirroring it offline" in capsys.readouterr().err
    finally:
        holder.kill()
        holder.wait()
    assert main(["push", str(results), "--only", "second"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["push", "nowhere"], "nowhere: wanted a results folder with plan.json"),
        (["push", "RESULTS", "--only", "frist"], "no such experiment. Known: first, second, sizes"),
        (["push", "RESULTS", "--project", "a/b"], "project: wanted"),
        (["workspace", "RESULTS", "--online"], "--entity: wanted the user or team"),
    ],
)
def test_bad_input_is_one_message_and_status_2(
    results: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main([str(results) if word == "RESULTS" else word for word in arguments]) == 2
    assert message in capsys.readouterr().err


def small_disk(folder: Path, mib: float) -> None:
    """Mount a tiny disk on a folder, or skip."""
    folder.mkdir(parents=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={int(mib * 1024)}k", "tmpfs", folder], check=False)
    if done.returncode != 0:
        needed("mount", "a small file system can be mounted by root only")


@pytest.mark.slow
def test_a_full_disk_is_told_of_and_what_is_noted_is_whole(results: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """wandb ends such a run without a word; only its own file tells that records are missing."""
    disk = results / "tracking"
    small_disk(disk, 0.2)
    try:
        assert main(["push", str(results), "--patience", "3"]) == 1
        assert "0 are left" not in capfd.readouterr().out
        noted = {line["cell"] for line in pushed(results)}
        assert 0 < len(noted) < CELLS
        for cell in noted:
            assert told(runs_of(results)[f"mirrored-{cell}"])["state"] == "finished"
        subprocess.run(["mount", "-o", "remount,size=20m", disk], check=True)
        assert main(["push", str(results)]) == 0
        assert len(runs_of(results)) == CELLS
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.slow
def test_a_file_that_may_not_grow_is_not_taken_for_a_run(results: Path) -> None:
    limit = 12 * 1024
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        assert main(["push", str(results), "--only", "second", "--patience", "3"]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert main(["push", str(results), "--only", "second"]) == 0
    assert len(runs_of(results)) == 4


def test_records_are_found_over_blocks_and_up_to_a_cut(tmp_path: Path) -> None:
    """Records of the sizes at which a fragment ends at, just before and just behind the end of a block."""
    import struct

    sizes = [5, 32768 - 7 - 7 - 5 - 7 - 7 - 3, 10, 70_000, 1, 32_700, 40, 0, 99]
    wanted = [bytes([number]) * size for number, size in enumerate(sizes)]
    content = b":W&B\xbe\xe1\x00"
    for record in wanted:
        rest, first = record, True
        while first or rest:
            room = 32768 - len(content) % 32768
            if room < 7:
                content += bytes(room)
                continue
            part, rest = rest[: room - 7], rest[room - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[first, not rest]
            content += struct.pack("<IHB", 0, len(part), kind) + part
            first = False
    file = tmp_path / "run.wandb"
    file.write_bytes(content)
    assert list(records(file)) == wanted
    file.write_bytes(content[:-1])
    assert list(records(file)) == wanted[:-1]
