"""Leases: one holder at a time, and the dead do not hold."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from bench import lease
from bench.errors import LeaseLost
from bench.lease import is_leased, leased
from bench.process import me


def test_a_second_holder_gets_none(tmp_path: Path) -> None:
    with leased(tmp_path) as first, leased(tmp_path) as second:
        assert first is not None
        assert second is None


def test_a_released_lease_can_be_had_again(tmp_path: Path) -> None:
    with leased(tmp_path):
        assert is_leased(tmp_path)
    assert not is_leased(tmp_path)
    with leased(tmp_path) as again:
        assert again is not None


def test_the_lease_of_a_killed_process_is_taken_over_at_once(tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from bench.lease import leased
with leased(Path({str(tmp_path)!r})):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    assert list(tmp_path.glob("lease.*"))
    assert not is_leased(tmp_path)
    with leased(tmp_path) as mine:
        assert mine is not None


def write_foreign(path: Path, age: float) -> None:
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "born": "1"}))
    stamp = path.stat().st_mtime - age
    os.utime(path, (stamp, stamp))


def test_the_lease_of_another_host_holds_while_it_beats(tmp_path: Path) -> None:
    write_foreign(tmp_path / "lease.0", age=lease.STALE / 2)
    assert is_leased(tmp_path)


def test_the_lease_of_another_host_is_stale_without_a_beat(tmp_path: Path) -> None:
    write_foreign(tmp_path / "lease.0", age=lease.STALE * 2)
    assert not is_leased(tmp_path)
    with leased(tmp_path) as mine:
        assert mine is not None
        assert mine.path.name == "lease.1"


def test_a_process_with_the_number_of_a_dead_holder_does_not_hold(tmp_path: Path) -> None:
    holder = {**me(), "born": "0"}
    (tmp_path / "lease.0").write_text(json.dumps(holder))
    assert not is_leased(tmp_path)


def test_a_file_server_that_was_away_ends_no_beat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    utime, away = os.utime, [OSError(errno.EIO, "away"), OSError(errno.ESTALE, "stale")]

    def touch(path: Path) -> None:
        if away:
            raise away.pop()
        utime(path)

    monkeypatch.setattr(lease, "BEAT", 0.01)
    monkeypatch.setattr(os, "utime", touch)
    with leased(tmp_path):
        (path,) = tmp_path.glob("lease.*")
        utime(path, (0, 0))
        until = time.monotonic() + 20
        while path.stat().st_mtime == 0 and time.monotonic() < until:
            time.sleep(0.01)
        assert path.stat().st_mtime > 0


def test_the_holder_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT", 0.01)
    with leased(tmp_path) as mine:
        assert mine is not None
        os.utime(mine.path, (0, 0))
        for _ in range(500):
            if mine.path.stat().st_mtime > 0:
                break
            time.sleep(0.01)
        assert mine.path.stat().st_mtime > 0


def test_who_lost_the_lease_is_told(tmp_path: Path) -> None:
    with leased(tmp_path) as mine:
        assert mine is not None
        mine.check()
        (tmp_path / "lease.1").write_text("{}")
        with pytest.raises(LeaseLost, match="another process took this cell over"):
            mine.check()


def grab(folder: str, start: float) -> bool:
    """Try to hold a lease at a given moment, until everybody has tried."""
    time.sleep(max(0.0, start - time.time()))
    with leased(Path(folder)) as mine:
        time.sleep(1)
        return mine is not None


def test_of_many_processes_one_gets_it(tmp_path: Path) -> None:
    write_foreign(tmp_path / "lease.0", age=lease.STALE * 2)
    with get_context("fork").Pool(8) as pool:
        moment = time.time() + 0.5
        assert sum(pool.starmap(grab, [(str(tmp_path), moment)] * 8, chunksize=1)) == 1


def test_of_two_that_saw_the_same_stale_lease_one_takes_it_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_foreign(tmp_path / "lease.0", age=lease.STALE * 2)
    monkeypatch.setattr(lease, "_newest", lambda folder: folder / "lease.0")  # what both looked at before either acted
    assert [lease._acquire(tmp_path) for _ in range(2)] == [tmp_path / "lease.1", None]
