"""How much of the disk the missing cells of a sweep will take: measured on finished ones, else computed.

Finished cells of the same dataset, learner and number of candidates tell by the blocks that their files take. Where
there are none, or their arrays or weights are gone, bench.disk_sizes works them out; that is coarser.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.cell import Cell, canonical, record_of
from bench.data import Dataset, data_root
from bench.disk_sizes import Calculator, Sizes
from bench.files import parsed
from bench.learner import Learner
from bench.record import cell_folder
from bench.state import begun_cells

SAMPLE = 12
"""So many finished cells of a kind are measured."""
BLOCK = 512
"""The unit of st_blocks, whatever the file system's own is."""
KEPT_WEIGHTS = 2
PARTS = ("arrays", "weights", "rows")


@dataclass(frozen=True)
class DiskEstimate:
    """Bytes that `missing` cells need once they are finished, by part; `working` are those that a running cell needs
    on top, while it writes new weights before it removes old ones; `free` are there now.

    `measured` and `computed` count the missing cells whose sizes are known in that way, `unknown` those of which the
    arrays or the weights are not known and left out.
    """

    missing: int
    free: int
    arrays: int = 0
    weights: int = 0
    rows: int = 0
    working: int = 0
    measured: int = 0
    computed: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        return self.arrays + self.weights + self.rows

    def __str__(self) -> str:
        if not self.missing:
            return f"no cell is missing; {_size(self.free)} free"
        parts = ", ".join(f"{_size(getattr(self, part))} {part}" for part in PARTS)
        short = "" if self.total < self.free else ", which is not enough: make room, or name other --results"
        ways = f"about {_size(self.total)} for {self.missing} missing cells ({parts}); {_size(self.free)} free{short}"
        return f"{ways} ({', '.join(self._ways())})"

    def _ways(self) -> Iterable[str]:
        known = {"measured on finished cells": self.measured, "computed": self.computed}
        for way, number in (known | {"not known in full": self.unknown}).items():
            if number:
                yield way if number == self.missing else f"{number} {way}"


@dataclass
class _Kind:
    """Cells that should be of one size per cycle: those finished, and those missing."""

    finished: list[Cell] = field(default_factory=list)
    missing: list[Cell] = field(default_factory=list)


def disk_estimate(
    cells: Mapping[str, Cell], results: Path, root: Path | None = None, with_torch: bool = True
) -> DiskEstimate:
    """What the cells that are not finished in `results` will need. `root` is the data folder.

    Without torch the weights of networks that have not run yet are unknown; it is only loaded for those.
    """
    there = next(path for path in (results, *results.absolute().parents) if path.exists())
    calculator = Calculator(root or data_root(), with_torch)
    estimate = DiskEstimate(missing=0, free=shutil.disk_usage(there).free)
    for kind in _kinds(cells, results):
        if kind.missing:
            found = measured([cell_folder(results, cell.id) for cell in _spread(kind.finished)])
            sizes = found if found.complete else found.filled(calculator.sizes(kind.missing[0]))
            estimate = _with(estimate, kind, sizes)
    return estimate


def measured(folders: Sequence[Path]) -> Sizes:
    """The mean sizes of finished cells; None for what none of them has."""
    found = [_of_cell(folder) for folder in folders]
    return Sizes(**{name: _mean([getattr(sizes, name) for sizes in found]) for name in Sizes.__annotations__})


def _kinds(cells: Mapping[str, Cell], results: Path) -> Iterable[_Kind]:
    """The cells by dataset, learner and candidates."""
    begun = begun_cells(results)
    texts: dict[int, str] = {}  # thousands of cells share a few objects
    kinds: dict[tuple[str, str, int | None], _Kind] = {}
    for identifier, cell in cells.items():
        dataset, learner = (_text(part, texts) for part in (cell.dataset, cell.learner))
        kind = kinds.setdefault((dataset, learner, cell.protocol.candidates), _Kind())
        done = identifier in begun and _marked(f"{results}/cells/{identifier}") >= cell.protocol.cycles
        (kind.finished if done else kind.missing).append(cell)
    return kinds.values()


def _text(part: Dataset | Learner, texts: dict[int, str]) -> str:
    if id(part) not in texts:
        texts[id(part)] = canonical(record_of(part))
    return texts[id(part)]


def _with(estimate: DiskEstimate, kind: _Kind, sizes: Sizes) -> DiskEstimate:
    """The estimate with the missing cells of one more kind."""
    count = len(kind.missing)
    cycles = sum(cell.protocol.cycles + 1 for cell in kind.missing)
    kept = sum(min(KEPT_WEIGHTS, cell.protocol.cycles + 1) for cell in kind.missing)
    arrays, weights, rows = cycles * (sizes.arrays or 0), kept * (sizes.weights or 0), cycles * (sizes.rows or 0)
    way = "unknown" if not sizes.complete else "measured" if kind.finished else "computed"
    return replace(
        estimate,
        missing=estimate.missing + count,
        arrays=estimate.arrays + round(arrays),
        weights=estimate.weights + round(weights),
        rows=estimate.rows + round(rows + count * (sizes.once or 0)),
        working=max(estimate.working, round(sizes.weights or 0)),
        **{way: getattr(estimate, way) + count},
    )


def _of_cell(folder: Path) -> Sizes:
    arrays, weights = (_blocks(folder / part) for part in ("arrays", "weights"))
    rows, others = _taken(folder / "rows.jsonl"), sum(_blocks(folder))
    folders = sum(_taken(path) for path in (folder, folder / "arrays", folder / "weights"))
    cycles = _marked(str(folder)) + 1
    return Sizes(_mean(arrays), _mean(weights), rows / cycles, others - rows + folders)


def _marked(folder: str) -> int:
    """The cycle of the final marker, -1 without one. Rows are not counted, and the path is a text, since there may be
    tens of thousands of cells."""
    try:
        with open(f"{folder}/done.json", "rb") as file:
            cycle = (parsed(file.read()) or {}).get("cycle")
    except OSError:
        return -1
    return cycle if isinstance(cycle, int) else -1


def _names(folder: Path) -> set[str]:
    return set(os.listdir(folder)) if folder.is_dir() else set()


def _blocks(folder: Path) -> list[int]:
    """What each file in a folder takes of the disk."""
    return [_taken(folder / name) for name in _names(folder) if (folder / name).is_file()]


def _taken(path: Path) -> int:
    try:
        return path.stat().st_blocks * BLOCK
    except OSError:
        return 0


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _spread(cells: Sequence[Cell]) -> Sequence[Cell]:
    """Some of the cells, from all over."""
    return cells[:: max(1, len(cells) // SAMPLE)][:SAMPLE]


def _size(count: float) -> str:
    """Bytes in the unit that a person would take."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB" if count < 999.5 else f"{count / 1000:.3g} TB"
