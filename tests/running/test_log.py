"""What is printed in a cell, by Python or by anything else in its process, is kept beside its rows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest
from meddled_fit import let_fit
from test_worker import desk

from bench.cell import Cell
from bench.launching.options import Launch
from bench.log import captured, tail
from bench.record import cell_folder, read_failure
from bench.worker import Worker

WAYS: dict[str, Callable[[str], object]] = {
    "print": print,
    "sys.stderr": lambda text: sys.stderr.write(f"{text}\n"),
    "a C library's output": lambda text: os.write(1, f"{text}\n".encode()),
    "a C library's errors": lambda text: os.write(2, f"{text}\n".encode()),
    "a child process": lambda text: subprocess.run(["sh", "-c", f"echo '{text}'; echo '{text}' >&2"], check=True),
}


@contextmanager
def as_a_program() -> Iterator[None]:
    """Python's streams as a program has them: they write to the first two files of the process, not to pytest's."""
    output, errors = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    with output, errors, redirect_stdout(output), redirect_stderr(errors):
        yield


def raise_after_printing() -> None:
    print("within")
    raise ValueError("no")


def logs(tmp_path: Path, cell: Cell) -> dict[str, str]:
    return {path.name: path.read_text() for path in (cell_folder(tmp_path, cell.id) / "logs").glob("*")}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_prints_in_a_cell_prints_into_its_log(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], way: str
) -> None:
    with as_a_program(), captured(tmp_path / "logs" / "1.txt"):
        WAYS[way]("as the cell has it")
    assert set((tmp_path / "logs/1.txt").read_text().splitlines()) == {"as the cell has it"}
    assert capfd.readouterr() == ("", "")


def test_afterwards_prints_go_where_they_went_before(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with as_a_program():
        print("before")
        with captured(tmp_path / "1.txt"):
            print("within")
        with pytest.raises(ValueError, match="no"), captured(tmp_path / "2.txt"):
            raise_after_printing()
        print("after")
        os.write(2, b"after\n")
    assert capfd.readouterr() == ("before\nafter\n", "after\n")
    assert (tmp_path / "1.txt").read_text() == (tmp_path / "2.txt").read_text() == "within\n"


def test_no_file_descriptor_is_left_open(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for number in range(3):
        with captured(tmp_path / f"{number}.txt"):
            print("within")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_link_is_not_written_through_and_keeps_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to("elsewhere.txt")
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match="symbolic link"), captured(tmp_path / "link.txt"):
        print("within")
    assert len(os.listdir("/proc/self/fd")) == before
    assert not (tmp_path / "elsewhere.txt").exists()


def test_a_disk_that_takes_no_more_does_not_keep_the_streams(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(OSError, match="No space left"), captured(Path("/dev/full")):
        os.write(1, b"within\n")
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "after\n"


def test_a_text_that_waits_to_be_written_does_not_keep_them_either() -> None:
    """A process of its own, since what cannot be written stays in its buffer."""
    code = """
import os
from pathlib import Path
from bench.log import captured
try:
    with captured(Path("/dev/full")):
        print("within")
except OSError as error:
    os.write(2, f"{error.strerror}\\n".encode())
os.write(1, b"after\\n")
"""
    buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
    told = subprocess.run([sys.executable, "-c", code], env=buffered, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("after\n")
    assert told.stderr == "No space left on device\n"


def test_a_cell_that_prints_nothing_leaves_no_log(cell: Cell, tmp_path: Path) -> None:
    assert Worker(desk(tmp_path, [cell]))() == 1
    assert logs(tmp_path, cell) == {}


def test_a_cell_may_take_its_own_log_away(cell: Cell, tmp_path: Path) -> None:
    with captured(tmp_path / "1.txt"):
        (tmp_path / "1.txt").unlink()


def test_every_attempt_has_a_log_of_its_own_and_the_failure_has_its_end(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    words = iter(("in the first attempt", "in the second attempt"))

    def fail(fit: object) -> None:
        print(next(words), flush=True)
        os.write(2, b"from a library\n")
        raise ValueError("no")

    let_fit(monkeypatch, fail)
    told = desk(tmp_path, [cell])
    tried_twice = replace(told.launch, retries=replace(told.launch.retries, exception=1))
    with as_a_program():
        assert Worker(replace(told, launch=tried_twice))() == 1
    first, second = "in the first attempt\nfrom a library\n", "in the second attempt\nfrom a library\n"
    assert logs(tmp_path, cell) == {"1.txt": first, "2.txt": second}
    failure = read_failure(cell_folder(tmp_path, cell.id))
    assert failure is not None
    assert failure["log"] == second.rstrip("\n")
    assert capfd.readouterr() == ("", "")


def test_the_debug_executor_shows_what_is_printed(
    cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    let_fit(monkeypatch, lambda fit: print("as the cell has it"))
    with as_a_program():
        assert Worker(replace(desk(tmp_path, [cell]), launch=Launch(executor="debug")))() == 1
    assert capfd.readouterr().out == "as the cell has it\n" * (cell.protocol.cycles + 1)
    assert logs(tmp_path, cell) == {}


@pytest.mark.parametrize("lines", [0, 3, 15, 4000])
def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path, lines: int) -> None:
    whole = [f"line {number}" for number in range(lines)]
    (tmp_path / "1.txt").write_text("".join(f"{line}\n" for line in whole))
    assert tail(tmp_path / "1.txt").splitlines() == whole[-15:]


def test_the_tail_of_an_endless_line_is_short(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_bytes(b"\xff" * 10**6)
    assert 0 < len(tail(tmp_path / "1.txt")) < 20_000


def test_a_log_that_is_not_there_has_no_tail(tmp_path: Path) -> None:
    assert tail(tmp_path / "1.txt") == ""
