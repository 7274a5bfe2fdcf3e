"""Checking the arrays of a cycle that a stranger sent: by their headers alone, nothing is ever unpickled."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path

from bench.arrays import DAMAGE
from bench.errors import ResultsError

NAMES = {"predicted.npy", "candidates.npy", "scores.npy", "test_labels.npy"}
LARGEST = 2**28


def check_arrays(file: Path, where: str) -> None:
    """Raise ResultsError unless a .npz file holds arrays of numbers that belong there, as large as they say."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            if not set(names) <= NAMES or len(set(names)) < len(names):
                raise ResultsError(f"{where}: wanted the arrays {', '.join(sorted(NAMES))}; got {', '.join(names)}")
            for info in archive.infolist():
                _check_member(archive, info, where)
    except (*DAMAGE, NotImplementedError, RuntimeError, SyntaxError) as error:
        raise ResultsError(f"{where}: wanted arrays as numpy.savez writes them; got {error}") from error


def _check_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> None:
    from numpy.lib import format as npy

    if info.file_size > LARGEST:
        raise ResultsError(f"{where}: wanted arrays of at most {LARGEST} bytes; {info.filename} has {info.file_size}")
    with archive.open(info) as opened:
        version = npy.read_magic(opened)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(opened)
        if dtype.hasobject or dtype.kind not in "biuf":
            raise ResultsError(f"{where}: wanted arrays of numbers; {info.filename} has {dtype}")
        if min(shape, default=0) < 0 or opened.tell() + math.prod(shape) * dtype.itemsize != info.file_size:
            raise ResultsError(f"{where}: wanted as many numbers as {info.filename} says; its size is another")
