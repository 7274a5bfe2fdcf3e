"""The figures of a results folder: one that was drawn of the same data by the same code is not drawn again.

figures/index.json holds for each figure a hash of all that it was drawn from and one of each of its files: where a file
is missing, damaged or another one, the figure is drawn anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import matplotlib

import analysis
from analysis.drawing.gallery import Drawing
from analysis.drawing.plain import is_plain
from analysis.drawing.studio import Sheet, developed, sheets
from analysis.table_files import frame_as_csv
from bench.files import read_intact, write_atomically, write_json

INDEX, CSV, PDF, SVG = "index.json", "csv", "pdf", "svg"
OF, LETTERS = "of", "letters"  # of an entry: a hash of what was drawn, and how the pdf holds its letters
DRAWN_BY = ("matplotlib", "numpy", "pandas", "pillow", "fonttools")


@dataclass(frozen=True)
class Figure:
    """One figure with the contents of its files, by their endings; `new` where it was drawn just now."""

    stem: str
    files: Mapping[str, bytes]
    new: bool


def figures(results: Path, drawings: Sequence[Drawing], endings: Sequence[str]) -> Iterator[Figure]:
    """Every figure in turn; what is not in figures/ yet is drawn and written there. The ending csv is its data.

    Nothing is written beside files of other endings that show something else.
    """
    shelf, wanted = _Shelf(results / "figures", endings), [_wanted(sheet) for sheet in sheets(drawings)]
    there = [shelf.kept(each) for each in wanted]
    absent = [each.sheet for each, files in zip(wanted, there, strict=True) if files is None]
    drawn = developed(absent, [ending for ending in endings if ending != CSV])
    for each, files in zip(wanted, there, strict=True):
        made = {**next(drawn), **({CSV: each.data} if CSV in endings else {})} if files is None else files
        if files is None:
            shelf.put(each, made)
        yield Figure(each.sheet.stem, made, new=files is None)
    if absent:
        shelf.close()


@dataclass(frozen=True, eq=False)
class _Wanted:
    """One figure to be had: its table as csv, and a hash of all that it is drawn from."""

    sheet: Sheet
    data: bytes
    of: str


class _Shelf:
    """The folder with the files of these endings, and its index."""

    def __init__(self, folder: Path, endings: Sequence[str]) -> None:
        self._folder, self._endings = folder, endings
        self._index = {stem: entry for stem, entry in (read_intact(folder / INDEX) or {}).items() if _is_entry(entry)}

    def kept(self, each: _Wanted) -> dict[str, bytes] | None:
        """The files of a figure; None where they are not those that would be drawn."""
        stem = each.sheet.stem
        entry = self._index.get(stem, {})
        letters = str(each.sheet.letters) if PDF in self._endings else entry.get(LETTERS)
        if (entry.get(OF), entry.get(LETTERS)) != (each.of, letters):
            return None
        files = {ending: _content(self._folder / f"{stem}.{ending}") for ending in self._endings}
        intact = all(_hash(content) == entry.get(ending) for ending, content in files.items())
        return files if intact and is_plain(files.get(SVG, b"")) else None

    def put(self, each: _Wanted, files: Mapping[str, bytes]) -> None:
        """Write the files of a figure, and note them."""
        stem = each.sheet.stem
        entry = self._index.get(stem, {})
        others = entry.keys() - {OF, LETTERS, *files}
        if others and entry[OF] != each.of:
            return
        for ending, content in files.items():
            write_atomically(self._folder / f"{stem}.{ending}", content, durable=False)
        noted = {OF: each.of, LETTERS: str(each.sheet.letters) if PDF in files else entry.get(LETTERS, "")}
        kept = {ending: entry[ending] for ending in others}
        made = {ending: _hash(content) for ending, content in files.items()}
        self._index[stem] = noted | dict(sorted((kept | made).items()))

    def close(self) -> None:
        """Write the index: without it every figure counts as missing."""
        write_json(self._folder / INDEX, dict(sorted(self._index.items())), durable=False)


def _wanted(sheet: Sheet) -> _Wanted:
    data, around = frame_as_csv(sheet.table).encode(), sheet.caption
    theirs = "" if around.published.empty else around.published.to_csv(index=False)
    told = (around.title, around.stamp, around.names, around.styles, around.notice, theirs)
    drawn = repr((_drawn_by(), sheet.kind.name, sheet.kind.title, sheet.stem, told))
    return _Wanted(sheet, data, _hash(drawn.encode() + data))


@cache
def _drawn_by() -> str:
    """A hash of what a figure depends on beside its data: this package, the ones that draw, and their settings."""
    sources = sorted(Path(analysis.__path__[0]).rglob("*.py"))
    chosen = {name: matplotlib.rcParams[name] for name in matplotlib.rcParams if name != "backend"}
    versions = [version(name) for name in DRAWN_BY]
    return _hash(repr((versions, chosen)).encode() + b"".join(source.read_bytes() for source in sources))


def _is_entry(value: object) -> bool:
    return isinstance(value, dict) and OF in value


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
