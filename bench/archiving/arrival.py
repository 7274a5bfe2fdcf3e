"""Taking results in: first everything waits and is checked, then each cell is put where it belongs."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bench.archiving import Track
from bench.archiving.check import check_cell, check_plan
from bench.archiving.contents import CELL, cell_of
from bench.archiving.packing import outside_plan, parcels, planned_cells
from bench.archiving.placing import Outcome, place
from bench.archiving.reading import Archive
from bench.archiving.reception import reception
from bench.errors import ResultsError
from bench.files import write_atomically
from bench.record import cell_folder, read_plan


@dataclass
class Arrival:
    """What came from one source: cells that wait in `folder` for the results folder `results`.

    `doubts` says of cells why their ids could not be verified; `outcomes` and `refusals` what became of them.
    `outside` counts the cells of a folder that is merged which its plan does not have: they stay there.
    """

    source: Path
    results: Path
    folder: Path
    cells: list[str] = field(default_factory=list)
    doubts: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    outside: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)
    plan_is_new: bool = False

    def check(self, track: Track) -> None:
        """Check the plan and every cell. Raises ResultsError."""
        check_plan((self.folder / "plan.json").read_bytes(), f"{self.source}: plan.json")
        for cell in track(self.cells, "checking"):
            try:
                doubt = check_cell(self.folder / "cells" / cell)
            except ResultsError as error:
                raise ResultsError(f"{self.source}: {error}. Nothing was taken in; have it packed anew") from error
            if doubt is not None:
                self.doubts[cell] = doubt

    def place(self, track: Track) -> None:
        """Put every cell where it belongs, and the plan where there is none yet."""
        for cell in track(self.cells, "taking in"):
            try:
                self.outcomes[place(self.folder / "cells" / cell, cell_folder(self.results, cell))] += 1
            except ResultsError as error:
                self.refusals.append(str(error))
        if not (self.results / "plan.json").exists():
            self.plan_is_new = True
            write_atomically(self.results / "plan.json", (self.folder / "plan.json").read_bytes())

    def sentences(self) -> Iterator[str]:
        """What became of it, for people."""
        told = ", ".join(f"{self.outcomes[each]} {each}" for each in Outcome if self.outcomes[each])
        refused = f", {len(self.refusals)} refused" if self.refusals else ""
        yield f"{self.source}: {len(self.cells)} cells: {told or 'none taken in'}{refused}"
        for name in self.lost:
            yield f"left out: {name}: wanted the file that its row names; it is gone or damaged"
        if self.outside:
            yield f"{self.source}: {self.outside} cells outside the plan stay here"
        if self.doubts:
            cell, reason = next(iter(self.doubts.items()))
            yield f"warning: {len(self.doubts)} cells could not be verified by their ids, such as {cell}: {reason}"
        mine = len({*self.cells} & {*planned_cells(read_plan(self.results))})
        which = "its plan was put in place" if self.plan_is_new else "the plan here is kept"
        yield f"{self.results}: {which}; {mine} of the {len(self.cells)} cells belong to it"
        yield from (f"refused: {reason}" for reason in self.refusals)


def import_files(files: Sequence[Path], root: Path, track: Track) -> list[Arrival]:
    """Take archives in, each into the folder of its sweep below `root`. Raises ResultsError before anything of any of
    them is in place where one of them is bad."""
    with ExitStack() as stack:
        rooms: dict[Path, Path] = {}
        arrivals = []
        for number, file in enumerate(files):
            archive = Archive(file, stack.enter_context(file.open("rb")))
            results = root / archive.manifest["name"]
            if results not in rooms:
                rooms[results] = stack.enter_context(reception(results))
            arrivals.append(_unpacked(archive, Arrival(file, results, rooms[results] / str(number)), track))
        return _settled(arrivals, track)


def merge_folders(sources: Sequence[Path], results: Path, track: Track) -> list[Arrival]:
    """Take the cells of other results folders' plans in, all but their weights. Raises ResultsError as import_files
    does."""
    for source in sources:
        if source.resolve() == results.resolve():
            raise ResultsError(f"{source}: wanted other folders than the one they are merged into")
        read_plan(source)
    with reception(results) as room:
        numbered = enumerate(sources)
        return _settled([_laid_out(Arrival(s, results, room / str(number)), track) for number, s in numbered], track)


def _unpacked(archive: Archive, arrival: Arrival, track: Track) -> Arrival:
    names = archive.manifest["files"]
    if "plan.json" not in names:
        raise archive.refusal("wanted a plan.json in it; there is none")
    for (name, content), _ in zip(archive.members(), track(list(names), "unpacking"), strict=False):
        write_atomically(arrival.folder / name, content, durable=False)
    arrival.cells = sorted({cell for name in names if (cell := cell_of(name)) is not None})
    return arrival


def _laid_out(arrival: Arrival, track: Track) -> Arrival:
    """What travels of the cells of another folder's plan, waiting."""
    source = arrival.source
    arrival.folder.mkdir(parents=True)
    shutil.copyfile(source / "plan.json", arrival.folder / "plan.json")
    plan = read_plan(source)
    arrival.outside = outside_plan(source, plan)
    planned = [cell for cell in planned_cells(plan) if CELL.fullmatch(cell)]
    for parcel in parcels(source, track(planned, "reading"), arrays=True):
        parcel.write(arrival.folder / "cells" / parcel.cell)
        arrival.cells.append(parcel.cell)
        arrival.lost += [f"{cell_folder(source, parcel.cell) / name}" for name in parcel.lost]
    return arrival


def _settled(arrivals: list[Arrival], track: Track) -> list[Arrival]:
    for arrival in arrivals:
        arrival.check(track)
    os.sync()  # what is renamed from here on is on the disk as a whole
    for arrival in arrivals:
        arrival.place(track)
    return arrivals
