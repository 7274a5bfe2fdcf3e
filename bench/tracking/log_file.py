"""Whether an offline file of wandb is whole. wandb says nothing where the disk is full and its records are lost.

The file is a log as LevelDB writes it: a header of 7 bytes, then blocks of 32 KiB, in which every fragment of a record
begins with a checksum (4 bytes), a length (2) and a kind (1): whole, first, middle or last. A rest of a block that is
too short for that is left empty. (github.com/google/leveldb, doc/log_format.md)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

HEADER, BLOCK = 7, 32 * 1024
FRAGMENT = struct.Struct("<IHB")
WHOLE, LAST = 1, 4


def records(path: Path) -> Iterator[bytes]:
    """The records of a file, up to where it was cut off."""
    content = path.read_bytes()
    at, record = HEADER, b""
    while at + FRAGMENT.size <= len(content):
        if BLOCK - at % BLOCK < FRAGMENT.size:
            at += BLOCK - at % BLOCK
            continue
        _, length, kind = FRAGMENT.unpack_from(content, at)
        at += FRAGMENT.size
        if at + length > len(content) or not WHOLE <= kind <= LAST:
            return
        record += content[at : at + length]
        at += length
        if kind in (WHOLE, LAST):
            yield record
            record = b""
