"""kill -9 of an import before its every touch of the disk: what is there is sound, and another import does the rest."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from archive_cases import CYCLES, cells_of, move_to, rerun, run_sweep, shorten, tree

from bench.archive import main
from bench.archiving.reception import WAITING
from bench.data import Data
from bench.folder import RunFolder
from bench.record import read_attempts, read_rows
from bench.replicates import agree, read_replicates
from bench.state import State, state_of

KILLS = 15  # while it waits and is checked, and as often again while it is put in place
CHILD = """
import os, shutil, signal, sys
from pathlib import Path
from bench.archive import main
import bench.archiving.arrival, bench.cell, numpy.lib.format

template, archive, folder, *moments = sys.argv[1:]
TOUCHES = {"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "shutil.rmtree"}


def touches_until_killed(root, moment):
    left = [moment]

    def count(event, arguments):
        if event in TOUCHES and str(root) in str(arguments[0]):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    main(["import", archive, "--results", str(root)])
    print(moment - left[0], flush=True)


for moment in moments or ["0"]:
    root = Path(folder) / moment
    shutil.copytree(template, root / "tiny")
    child = os.fork()
    if not child:
        touches_until_killed(root, int(moment))
        os._exit(0)
    os.waitpid(child, 0)
"""


def killed_imports(here: Path, archive: Path, folder: Path, *moments: int) -> str:
    """Import into copies of a results folder, killed before the given touches of the disk (or never, and counted)."""
    told = subprocess.run(
        [sys.executable, "-c", CHILD, str(here), str(archive), str(folder), *map(str, moments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return told.stdout


def sound(results: Path, before: Path, arriving: Path) -> None:
    """Every cell is as it was, or has more that belongs together; nothing that was there is gone."""
    for cell in cells_of(results):
        rows, old = read_rows(cell), read_rows(before / "cells" / cell.name)
        runs = [read_rows(arriving / "cells" / cell.name), old]
        assert len(rows) >= len(old), cell
        assert agree(rows, old), cell
        assert any(len(rows) <= len(run) and agree(rows, run) for run in runs), cell
        assert all(agree(other, runs[0]) and len(other) == len(runs[0]) for other in read_replicates(cell).values())
        assert RunFolder(cell).damage() == [], cell
        assert {row["measured"]["attempt"] for row in rows} <= {attempt["attempt"] for attempt in read_attempts(cell)}
        assert state_of(results, cell.name, CYCLES) in (State.DONE, State.MISSING, State.FAILED), cell
    assert {cell.name for cell in cells_of(before)} <= {cell.name for cell in cells_of(results)}


def without_leases(root: Path) -> dict[str, bytes]:
    """Every file but what a dead process may leave of a lease, which holds nobody up."""
    return {name: content for name, content in tree(root).items() if "/lease." not in name}


@pytest.mark.slow
def test_an_import_killed_at_any_moment_leaves_sound_cells_and_is_made_good(
    digits: Data, tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    there = run_sweep(tmp_path / "there" / "tiny", digits)
    here = Path(shutil.copytree(there, tmp_path / "here" / "tiny"))
    for cell, rows in zip(cells_of(here), (1, 3), strict=False):
        shorten(cell, rows)
        RunFolder(cell).fail({"kind": "diverged", "message": "m", "trace": "", "cycle": rows, "attempt": 1})
    shutil.rmtree(cells_of(here)[2])
    rerun(cells_of(there)[3], "second")
    for cell in cells_of(there):
        move_to(cell, "third")
    archive = tmp_path / "tiny.tar.xz"
    assert main(["pack", str(there), "--arrays", "--out", str(archive)]) == 0
    whole = int(killed_imports(here, archive, tmp_path / "never").splitlines()[-1])
    wanted = without_leases(tmp_path / "never" / "0")
    seed = random.randrange(10**6)
    record_property("seed", seed)
    draw, late = random.Random(seed), 2 * whole // 3
    moments = [*draw.sample(range(1, late), KILLS), *draw.sample(range(late, whole + 1), KILLS)]
    killed_imports(here, archive, tmp_path / "killed", *moments)
    for moment in moments:
        root = tmp_path / "killed" / str(moment)
        sound(root / "tiny", here, there)
        assert main(["import", str(archive), "--results", str(root)]) == 0, f"{moment} of {whole}, seed {seed}"
        assert without_leases(root) == wanted, f"{moment} of {whole}, seed {seed}"
        assert not (root / "tiny" / WAITING).exists()
