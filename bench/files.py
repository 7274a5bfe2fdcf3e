"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from bench.errors import ResultsError

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
DEEPEST = 200
"""How deep JSON may be nested: what walks through it does so by recursion."""


def write_atomically(path: Path, content: bytes, durable: bool = True) -> None:
    """Write a temporary file beside `path`, make it durable unless told otherwise, then rename it to `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any, durable: bool = True) -> None:
    """Write JSON for people and programs: indented, keys in the order given."""
    write_atomically(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode(), durable)


def read_json(path: Path) -> Any:
    """Read a JSON object; None where the file is missing. Raises ResultsError where it holds anything else."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    found = parsed(content)
    if found is None:
        raise ResultsError(
            f"{path.parent}: wanted a readable {path.name}; got {len(content)} bytes that are no JSON object: it is "
            "damaged. Delete it and start the sweep again"
        )
    return found


def read_intact(path: Path, *keys: str) -> Any:
    """A JSON object with these keys; None where the file is missing or damaged: for what can be made again."""
    try:
        found = parsed(path.read_bytes())
    except FileNotFoundError:
        return None
    return found if found is not None and found.keys() >= set(keys) else None


def parsed(content: bytes) -> dict[str, Any] | None:
    """The JSON object that is written there, or None; what a terminal would take for a command is replaced in it.

    One that is nested too deeply counts as none.
    """
    found = loaded(content)
    if content.count(b"[") + content.count(b"{") > DEEPEST and _depth(found) > DEEPEST:
        return None
    plain = b"\\" not in content and b"\x7f" not in content and b"\xc2" not in content
    return found if found is None or plain else _printable(found)


def loaded(content: bytes) -> dict[str, Any] | None:
    """The JSON object that is written there, as it stands; None where there is none."""
    try:
        found = orjson.loads(content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _printable(value: Any) -> Any:
    """The same without control characters; lines and tabs stay."""
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return CONTROL.sub("\ufffd", value) if isinstance(value, str) else value


def _depth(value: Any) -> int:
    depth, level = 0, [] if value is None else [value]
    while level:
        inside = (item for each in level for item in (each.values() if isinstance(each, dict) else each))
        depth, level = depth + 1, [item for item in inside if isinstance(item, dict | list)]
    return depth


def append_line(path: Path, line: str) -> None:
    """Append one line and make it durable; what a crash left of the line before stays a line of its own."""
    with open(path, "a+b", opener=no_link) as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else "\n" + line
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def no_link(path: str, flags: int) -> int:
    """Open a file that is to be changed in place; where it is a link, what it leads to is not ours. Raises OSError."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_writable(folder: Path) -> None:
    """Raise ResultsError where nothing can be written into a folder: it is read-only, or its disk is full."""
    probe = folder / f".probe.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(bytes(4096))
    except OSError as error:
        raise ResultsError(
            f"{folder}: wanted a folder that can be written; got {error.strerror}. What is there is kept: make room or "
            "name another folder (--results), then start the sweep again"
        ) from error
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
