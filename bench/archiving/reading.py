"""Reading a stranger's archive: nothing but what pack writes is accepted, and no more bytes than are declared.

The tar is read block by block here, since tarfile follows headers of unbounded length before it shows a member.
"""

from __future__ import annotations

import hashlib
import lzma
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from bench.archiving.contents import MANIFEST, MEMBER, NAME, SCHEMA, WHAT, Manifest, largest, largest_whole
from bench.archiving.shapes import checked
from bench.errors import ResultsError

BLOCK = tarfile.BLOCKSIZE
CHUNK = 2**16
DECODER_MEMORY = 256 * 2**20
ANEW = "Nothing of it was taken in; have it packed and sent anew"


class Archive:
    """An archive that is read once from front to end: its manifest, then every member. Raises ResultsError."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._stream = _Stream(file, largest_whole(path.stat().st_size))
        self.manifest = self._read_manifest()

    def members(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of every file but the manifest, each as the manifest says and in its order."""
        for name, declared in self.manifest["files"].items():
            content = self._member(name, declared["bytes"])
            if hashlib.sha256(content).hexdigest() != declared["sha256"]:
                raise self.refusal(f"wanted {name} with the hash that {MANIFEST} names; it has another")
            yield name, content
        if self._guarded(self._stream.rest).strip(b"\0"):
            raise self.refusal(f"wanted the end after the last file that {MANIFEST} names; more came")

    def refusal(self, reason: str) -> ResultsError:
        """The error that says what is wrong with this archive."""
        return ResultsError(f"{self.path}: {reason}. {ANEW}")

    def _read_manifest(self) -> Manifest:
        found: Manifest = checked(Manifest, self._member(MANIFEST, None), f"{self.path}: {MANIFEST}")
        if found["what"] != WHAT or found["schema"] != SCHEMA:
            raise self.refusal(f"wanted {WHAT} of schema {SCHEMA}; got {found['what']!r} of {found['schema']!r}")
        if not NAME.fullmatch(found["name"]):
            raise self.refusal(f"wanted a sweep's name; got {found['name']!r}")
        for name, declared in found["files"].items():
            if not MEMBER.fullmatch(name):
                raise self.refusal(f"wanted names such as cells/ID/rows.jsonl; got {name!r}")
            if not 0 <= declared["bytes"] <= largest(name):
                raise self.refusal(f"wanted {name} of at most {largest(name)} bytes; got {declared['bytes']}")
        return found

    def _member(self, name: str, size: int | None) -> bytes:
        """The content of the next member, which must be a regular file of this name and size."""
        header = self._header(name)
        if header.name != name:
            raise self.refusal(f"wanted {name} next; got {header.name!r}")
        if header.type != tarfile.REGTYPE:
            raise self.refusal(f"{name}: wanted a regular file; got a tar member of type {header.type!r}")
        if header.size > largest(name) or (size is not None and header.size != size):
            raise self.refusal(f"{name}: wanted {size or 'fewer'} bytes; got {header.size}")
        return self._next(header.size, padded=True)

    def _header(self, name: str) -> tarfile.TarInfo:
        try:
            return tarfile.TarInfo.frombuf(self._next(BLOCK), "ascii", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise self.refusal(f"wanted {name} next; got {error}") from error

    def _next(self, size: int, padded: bool = False) -> bytes:
        whole = -(-size // BLOCK) * BLOCK if padded else size
        return self._guarded(lambda: self._stream.read(whole))[:size]

    def _guarded(self, read: Callable[[], bytes]) -> bytes:
        try:
            return read()
        except (lzma.LZMAError, EOFError) as error:
            raise self.refusal(f"wanted an undamaged .tar.xz file; got {error}") from error
        except OverflowError as error:
            raise self.refusal(f"wanted a file that unpacks to a size in proportion; got {error}") from error


class _Stream:
    """What an .xz file unpacks to, piece by piece, in bounded memory and not beyond a bound of bytes."""

    def __init__(self, file: BinaryIO, bound: int) -> None:
        self._file, self._bound, self._came = file, bound, 0
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=DECODER_MEMORY)
        self._ready = bytearray()

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes. Raises LZMAError, EOFError, and OverflowError beyond the bound."""
        while len(self._ready) < size:
            if self._decoder.eof:
                raise EOFError("an end before its time")
            self._ready += self._piece()
        found = bytes(self._ready[:size])
        del self._ready[:size]
        return found

    def rest(self) -> bytes:
        """What follows, or the beginning of it where it is more than the padding of a tar."""
        while not self._decoder.eof and len(self._ready) <= tarfile.RECORDSIZE:
            self._ready += self._piece()
        return bytes(self._ready) + self._decoder.unused_data + self._file.read(1)

    def _piece(self) -> bytes:
        packed = self._file.read(CHUNK) if self._decoder.needs_input else b""
        if self._decoder.needs_input and not packed:
            raise EOFError("a file that was cut off")
        piece = self._decoder.decompress(packed, CHUNK)
        self._came += len(piece)
        if self._came > self._bound:
            raise OverflowError(f"more than {self._bound} bytes")
        return piece
