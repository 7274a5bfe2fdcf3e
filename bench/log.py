"""What a process and its libraries print, kept in a file."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.files import CONTROL, no_link

STREAMS = (1, 2)  # standard output and error, as libraries in C know them
ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")  # as terminals read them
LONGEST = 16_384  # bytes that are read of a log to find its last lines


@contextmanager
def captured(path: Path) -> Iterator[None]:
    """Send standard output and error of this process into a file, which goes again where nothing was written.

    Raises OSError where the file cannot be opened or is a link.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush(), sys.stderr.flush()
    file = no_link(str(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    kept = [os.dup(stream) for stream in STREAMS]
    try:
        for stream in STREAMS:
            os.dup2(file, stream)
        yield
        sys.stdout.flush(), sys.stderr.flush()
    finally:
        with suppress(OSError):  # what a full disk has no room for is lost, or the file would stay open for ever
            sys.stdout.flush(), sys.stderr.flush()
        for stream, before in zip(STREAMS, kept, strict=True):
            os.dup2(before, stream)
            os.close(before)
        os.close(file)
        if path.is_file() and path.stat().st_size == 0:
            path.unlink()


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log; "" where there is none."""
    try:
        with open(path, "rb", opener=no_link) as file:
            file.seek(max(0, path.stat().st_size - LONGEST))
            return "\n".join(printable(file.read().decode(errors="replace")).splitlines()[-lines:])
    except OSError:
        return ""


def printable(text: str) -> str:
    """A text without what a terminal would take for a command; a bar that was drawn over and over is a line each."""
    return CONTROL.sub("", ESCAPE.sub("", text).replace("\r", "\n"))
