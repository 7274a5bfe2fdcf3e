"""Packed files of MNIST's kind, unpacked as torchvision wants them, and held against the official bytes.

A checksum that is made of published hashes vouches for what is read only if that was compared with them.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bench.errors import DataError

LEGACY = ("training.pt", "test.pt")
"""What torchvision reads from `processed` beside `raw`, where both are there, before it looks at the official files."""


def unpacked(root: Path, folder: str, files: Mapping[str, str], contents: Mapping[str, str]) -> Path:
    """A data folder in which the packed files of `folder`, with their MD5, are also there unpacked.

    Where the data folder cannot be written, that is a folder of the user's cache. `contents` has the MD5 of what is
    packed, by the unpacked name; where it has none, the packed file tells, if it is there. Raises DataError for a
    packed file whose MD5 is not the published one, and for an unpacked one that is not what the official file holds.
    """
    packed = [root / folder / name for name in files]
    if not all(file.is_file() for file in packed) or all(file.with_suffix("").is_file() for file in packed):
        target = root
    else:
        target = root if _may_be_written(root / folder) else _cache()
        for file in packed:
            _unpack(file, target / folder / file.stem, files[file.name])
    _refuse_legacy(target / folder)
    for file in packed:
        _check_content(file, target / folder / file.stem, files[file.name], contents.get(file.stem))
    return target


def _refuse_legacy(raw: Path) -> None:
    legacy = [raw.with_name("processed") / name for name in LEGACY]
    if all(file.is_file() for file in legacy):
        raise DataError(
            f"{legacy[0].parent}: wanted no {' and '.join(LEGACY)} beside the official files: torchvision would read "
            "them in their place, and nothing vouches for them. Move that folder away"
        )


def _check_content(packed: Path, file: Path, md5: str, content: str | None) -> None:
    """Raise DataError where an unpacked file is not what the official one holds, as far as that is known."""
    if not file.is_file() or (content is None and not packed.is_file()):
        return
    wanted = content or _content_of(packed, md5)
    found = _md5(file, file.stat().st_size, file.stat().st_mtime_ns)
    if found != wanted:
        raise DataError(
            f"{file}: wanted what the official file holds, with MD5 {wanted}; got {found}. Delete it, and have the "
            f"official {packed.name} beside it unpacked"
        )


def _content_of(packed: Path, md5: str) -> str:
    _check_packed(packed, md5)
    return _md5(packed, packed.stat().st_size, packed.stat().st_mtime_ns, unpack=True)


@cache
def _md5(file: Path, size: int, modified: int, unpack: bool = False) -> str:
    """The MD5 of a file, or of what is packed in it; computed once in a process while neither size nor time change."""
    with gzip.open(file) if unpack else file.open("rb") as opened:
        return hashlib.file_digest(opened, "md5").hexdigest()


def _may_be_written(folder: Path) -> bool:
    """Whether this process may write there, and the folder's mode says that somebody may: root heeds it too."""
    return os.access(folder, os.W_OK) and bool(folder.stat().st_mode & 0o222)


def _check_packed(file: Path, md5: str) -> None:
    found = _md5(file, file.stat().st_size, file.stat().st_mtime_ns)
    if found != md5:
        raise DataError(f"{file}: wanted the official file with MD5 {md5}; got {found}. Fetch it anew")


def _unpack(file: Path, target: Path, md5: str) -> None:
    _check_packed(file, md5)
    if target.is_file():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with gzip.open(file) as source, temporary.open("wb") as destination:
        shutil.copyfileobj(source, destination)
    temporary.replace(target)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lookahead-bench" / "unpacked"
