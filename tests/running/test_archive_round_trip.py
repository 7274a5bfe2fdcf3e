"""Packing, importing and merging: what comes out is what went in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from archive_cases import CYCLES, cells_of, members, planned, shorten, tree

from analysis.load import load
from bench.archive import main
from bench.archiving.packing import planned_cells
from bench.files import write_json
from bench.folder import RunFolder
from bench.lease import leased
from bench.record import cell_folder, read_attempts, read_failure, read_rows
from bench.state import State, states


@pytest.fixture
def tiny(finished: Path, tmp_path: Path) -> Path:
    """A finished sweep of one's own."""
    return Path(shutil.copytree(finished, tmp_path / "one" / "tiny"))


def packed(results: Path, *options: str) -> Path:
    file = results.parent / "tiny.tar.xz"
    assert main(["pack", str(results), "--out", str(file), *options]) == 0
    return file


def imported(file: Path, root: Path, status: int = 0) -> Path:
    assert main(["import", str(file), "--results", str(root)]) == status
    return root / "tiny"


@pytest.mark.parametrize("options", [[], ["--arrays"]])
def test_imported_cells_are_done_and_make_the_same_table(finished: Path, tmp_path: Path, options: list[str]) -> None:
    there = imported(packed(finished, *options), tmp_path)
    cells = planned(tmp_path).cells()
    assert set(states(there, dict.fromkeys(cells, CYCLES)).values()) == {State.DONE}
    pd.testing.assert_frame_equal(load(there).frame, load(finished).frame)


def test_with_arrays_they_are_the_same_bytes_and_without_no_row_names_any(finished: Path, tmp_path: Path) -> None:
    without = imported(packed(finished), tmp_path / "a")
    with_arrays = imported(packed(finished, "--arrays"), tmp_path / "b")
    kept = {name: content for name, content in tree(finished).items() if name.endswith(".npz")}
    assert kept.items() <= tree(with_arrays).items()
    assert not any(name.endswith(".npz") for name in tree(without))
    assert all(row["files"] == {} for cell in cells_of(without) for row in read_rows(cell))
    for cell in [*cells_of(without), *cells_of(with_arrays)]:
        assert RunFolder(cell).damage() == []


def test_weights_leases_and_launches_do_not_travel(tiny: Path, tmp_path: Path) -> None:
    (tiny / "launches" / "one").mkdir(parents=True)
    (tiny / "launches" / "one" / "queue.json").write_text("{}")
    with leased(cells_of(tiny)[0]):
        names = [info.name for info, _ in members(packed(tiny, "--arrays"))]
    assert not [name for name in names if "weights" in name or "lease" in name or "launches" in name]


def test_the_same_content_makes_the_same_bytes(tiny: Path) -> None:
    first = packed(tiny, "--arrays").read_bytes()
    moved = tiny.parent / "elsewhere"
    shutil.copytree(tiny, moved, copy_function=shutil.copyfile)  # other times
    for path in moved.rglob("*"):
        os.utime(path, (1, 1))
        os.chmod(path, 0o700)
    assert packed(moved, "--arrays").read_bytes() == first
    (cells_of(moved)[0] / "done.json").unlink()
    assert packed(moved, "--arrays").read_bytes() != first


def test_an_archive_of_an_import_is_the_archive_that_was_imported(finished: Path, tmp_path: Path) -> None:
    first = packed(finished, "--arrays").read_bytes()
    assert packed(imported(packed(finished, "--arrays"), tmp_path), "--arrays").read_bytes() == first


def test_a_running_cell_is_packed_with_the_cycles_that_it_has(tiny: Path, tmp_path: Path) -> None:
    cell = cells_of(tiny)[0]
    shorten(cell, 2)
    RunFolder(cell).begin_attempt({"host": "first"})
    with leased(cell):
        there = cell_folder(imported(packed(tiny), tmp_path), cell.name)
    assert [row["cycle"] for row in read_rows(there)] == [0, 1]
    assert RunFolder(there).finished_cycle() == -1
    assert read_attempts(there)[-1]["status"] is not None  # it does not run there


def test_half_a_row_is_not_packed(tiny: Path, tmp_path: Path) -> None:
    cell = cells_of(tiny)[0]
    content = (cell / "rows.jsonl").read_bytes()
    (cell / "rows.jsonl").write_bytes(content[: len(content) - 40])
    there = imported(packed(tiny), tmp_path)
    assert len(read_rows(cell_folder(there, cell.name))) == CYCLES
    assert RunFolder(cell_folder(there, cell.name)).finished_cycle() == CYCLES - 1


def test_damaged_arrays_are_left_out_and_named(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    array = cells_of(tiny)[0] / "arrays" / "001.npz"
    array.write_bytes(b"damaged")
    there = imported(packed(tiny, "--arrays"), tmp_path)
    assert f"left out: {array}" in capsys.readouterr().out
    assert not (cell_folder(there, cells_of(tiny)[0].name) / "arrays" / "001.npz").exists()
    assert RunFolder(cells_of(there)[0]).damage() == []


def test_a_failed_cell_travels_with_its_reason_and_without_control_characters(tiny: Path, tmp_path: Path) -> None:
    cell = cells_of(tiny)[0]
    shorten(cell, 1)
    failure = {"kind": "diverged", "message": "loss\x1b[2J", "trace": "a\n\tb", "cycle": 1, "attempt": 1}
    RunFolder(cell).fail(failure)  # type: ignore[arg-type]
    there = read_failure(cell_folder(imported(packed(tiny), tmp_path), cell.name))
    assert there == {**failure, "message": "loss\ufffd[2J"}


def test_one_experiment_brings_its_own_cells_and_the_whole_plan(finished: Path, tmp_path: Path) -> None:
    there = imported(packed(finished, "--only", "second"), tmp_path)
    wanted = {cell for arm in load(finished).plan["experiments"]["second"]["arms"] for cell in arm["cells"].values()}
    assert {cell.name for cell in cells_of(there)} == wanted
    assert (there / "plan.json").read_bytes() == (finished / "plan.json").read_bytes()


def leave_out(results: Path, experiment: str) -> int:
    """Take an experiment out of the plan; how many stored cells are then outside it."""
    plan = json.loads((results / "plan.json").read_text())
    del plan["experiments"][experiment]
    write_json(results / "plan.json", plan)
    return len({cell.name for cell in cells_of(results)} - {*planned_cells(plan)})


def test_cells_outside_the_plan_stay_and_are_counted(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outside, kept = leave_out(tiny, "first"), len(cells_of(tiny))
    told = f"{tiny}: {outside} cells outside the plan stay here"
    there = imported(packed(tiny, "--only", "second"), tmp_path / "imported")
    assert capsys.readouterr().out.count(told) == 1
    assert main(["merge", str(tiny), "--into", str(tmp_path / "merged")]) == 0
    assert capsys.readouterr().out.count(told) == 1
    assert outside == 2
    assert len(cells_of(there)) == len(cells_of(tmp_path / "merged")) == kept - outside


def test_cells_of_another_experiment_and_empty_folders_are_not_outside_the_plan(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tiny / "cells" / "0123456789abcdef").mkdir()
    packed(tiny, "--only", "second")
    assert main(["merge", str(tiny), "--into", str(tmp_path / "merged")]) == 0
    assert "outside" not in capsys.readouterr().out


def test_an_unknown_experiment_is_refused(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pack", str(finished), "--only", "third"]) == 2
    assert "Known: first, second" in capsys.readouterr().err


def test_two_halves_of_a_sweep_merge_to_the_whole(finished: Path, tmp_path: Path) -> None:
    halves = [tmp_path / name / "tiny" for name in ("even", "odd")]
    for number, half in enumerate(halves):
        shutil.copytree(finished, half)
        for cell in cells_of(half)[number::2]:
            shutil.rmtree(cell)
    whole = tmp_path / "whole" / "tiny"
    assert main(["merge", *map(str, halves), "--into", str(whole)]) == 0
    pd.testing.assert_frame_equal(load(whole).frame, load(finished).frame)
    assert not [name for name in tree(whole) if name.endswith(".pt")]
    assert [n for n in tree(whole) if n.endswith(".npz")] == [n for n in tree(finished) if n.endswith(".npz")]


def test_a_merge_and_an_import_leave_the_same_files(finished: Path, tmp_path: Path) -> None:
    merged = tmp_path / "merged" / "tiny"
    assert main(["merge", str(finished), "--into", str(merged)]) == 0
    assert tree(merged) == tree(imported(packed(finished, "--arrays"), tmp_path))


def test_a_merge_leaves_its_source_as_it_was(tiny: Path, tmp_path: Path) -> None:
    before = tree(tiny)
    assert main(["merge", str(tiny), "--into", str(tmp_path / "merged")]) == 0
    shutil.rmtree(tmp_path / "merged")
    assert tree(tiny) == before


def test_a_folder_is_not_merged_into_itself(tiny: Path) -> None:
    before = tree(tiny)
    other = tiny.with_name("other")
    other.symlink_to(tiny)
    assert main(["merge", str(tiny), "--into", str(other)]) == 2
    assert tree(tiny) == before


def test_the_plan_here_is_kept_and_the_cells_that_it_has_are_counted(
    tiny: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = packed(finished)
    (tiny / "plan.json").write_text((tiny / "plan.json").read_text().replace(cells_of(tiny)[0].name, "0" * 16))
    plan = (tiny / "plan.json").read_bytes()
    shutil.rmtree(tiny / "cells")
    imported(file, tiny.parent)
    count = len(cells_of(finished))
    assert f"the plan here is kept; {count - 1} of the {count} cells belong to it" in capsys.readouterr().out
    assert (tiny / "plan.json").read_bytes() == plan


def test_nothing_but_results_is_left_behind(finished: Path, tmp_path: Path) -> None:
    there = imported(packed(finished), tmp_path)
    assert {path.name for path in there.iterdir()} == {"plan.json", "cells"}
    assert list(finished.parent.glob(".*")) == []


def test_four_thousand_rows_take_less_than_three_megabytes(tmp_path: Path) -> None:
    from perf.analysis_folder import Size, write_folder

    write_folder(tmp_path / "large", Size(seeds=10, cycles=9, arms=("random", "margin")))
    assert len(cells_of(tmp_path / "large")) == 400
    file = tmp_path / "large.tar.xz"
    assert main(["pack", str(tmp_path / "large"), "--out", str(file)]) == 0
    assert file.stat().st_size < 1.5e6


def test_the_command_needs_no_heavy_library(finished: Path, tmp_path: Path) -> None:
    code = f"""
import sys
from bench.archive import main
assert main(["import", {str(packed(finished))!r}, "--results", {str(tmp_path)!r}]) == 0
assert main(["prune", {str(tmp_path / "tiny")!r}, "--launches"]) == 0
print([name for name in ("torch", "jax", "pandas", "wandb", "submitit", "sklearn") if name in sys.modules])
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "[]"
