"""Where results wait beside a results folder's cells until all of them are known to be good."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.errors import ResultsError
from bench.lease import leased

WAITING = ".incoming"


@contextmanager
def reception(results: Path) -> Iterator[Path]:
    """An empty folder in a results folder, on its file system; for one process at a time, and gone afterwards.

    What a process left there that was killed is removed. Raises ResultsError while another process is at it.
    """
    folder = results / WAITING
    new = [path for path in (results / "cells", results, *results.parents) if not path.exists()]
    try:
        with leased(folder) as lease:
            if lease is None:
                raise ResultsError(f"{results}: wanted to be the only one that takes results in; another process does")
            try:
                _empty(folder)
                yield folder
            finally:
                _empty(folder)
    finally:
        for made in (folder, *new):
            with suppress(OSError):  # something is in it, so it stays
                made.rmdir()


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
