"""What else a stranger may hand over: tables of scores, and a status that names a process."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hostile_folder import change, copy, make, readers, results_of, run_here, sweep_arguments


@pytest.fixture(scope="module")
def believable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("input") / "believable")


@pytest.fixture
def folder(believable: Path, tmp_path: Path) -> Path:
    return copy(believable, tmp_path / "copy")


def test_a_linked_results_folder_is_a_folder_like_any_other(folder: Path, tmp_path: Path) -> None:
    """People keep results on another disk."""
    shutil.move(results_of(folder), tmp_path / "disk")
    results_of(folder).symlink_to(tmp_path / "disk")
    assert run_here(["bench.sweep", *sweep_arguments(folder, "--retry-failed")]) == 0


TABLES = {
    "a formula": '=cmd("x"),a,b\n@x,1,2\n+y,2,1\n',
    "escapes": "d,\x1b[2Ja,b\nx,1,2\ny,2,1\n",
    "NUL": "d,a,b\nx\x00,1,2\ny,2,1\n",
    "huge numbers": "d,a,b\nx,1e308,-1e308\ny,1e308,1\n",
    "a number of a million digits": f"d,a,b\nx,{'9' * 10**6},1\ny,1,2\n",
    "a field of a million letters": f"d,a,b\n{'x' * 10**6},1,1\ny,1,2\n",
    "a quote that never ends": 'd,a,b\n"x,1,2\ny,1,2\n',
    "markup": "d,[/red],[bold]b\nx,1,2\ny,2,1\n",
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_of_scores_is_told_or_refused_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str
) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(table)
    assert run_here(["analysis.stats", "--table", str(file)]) in (0, 2)
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    if "[bold]" in table:
        assert "[bold]b" in said.out


def test_a_process_that_a_status_names_hears_nothing_unless_it_is_a_worker_of_ours(folder: Path) -> None:
    """The number of a process of this host is easily guessed; when it began is not."""
    slot = results_of(folder) / "launches/20200101-000000-abcdef/slot0"
    slot.mkdir(parents=True)
    for pid in (os.getppid(), 1, -1, "self", [1], None, 10**30):
        status = {"cell": "x", "doing": "cycle 1", "share": 0.5, "pid": pid, "born": "1", "time": "now"}
        (slot / "status.json").write_text(json.dumps(status))
        assert run_here(readers(folder)["cancel"]) == 0
        change(slot / "status.json", lambda known: known.pop("born"))
        assert run_here(readers(folder)["status"]) == 0
