"""What planning reads from disk: checksums and facts of datasets, labelled sets."""

from __future__ import annotations

from pathlib import Path

from bench.cell import canonical, record_of
from bench.config import Settings
from bench.data import Dataset, checksum_of
from bench.dataset_facts import Facts, facts_of_files
from bench.errors import ConfigError, DataError, NoData, Problem
from bench.index_sets import IndexSets, read_index_sets
from bench.protocol import Given, Protocol
from bench.record import NO_DATA


class PlanningFiles:
    """Each file is read once; `problems` is what is wrong with them."""

    def __init__(self, source: str, root: Path) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._root = root
        self._checksums: dict[str, str] = {}
        self._absent: dict[str, str] = {}
        self._facts: dict[str, Facts | None] = {}
        self._index_sets: dict[str, IndexSets | None] = {}

    def absent(self, dataset: Dataset) -> str | None:
        """That the files of a dataset are not there; None where they are, or where only a run needs them."""
        told = self._absent.get(canonical(record_of(dataset)))
        return None if told is None else f"{NO_DATA}{told}"

    def checksum(self, dataset: Dataset) -> str:
        """The hash of a dataset's bytes, "" where they are not to be had."""
        key = canonical(record_of(dataset))
        if key not in self._checksums:
            try:
                self._checksums[key] = checksum_of(dataset, self._root)
            except NoData as error:
                self._checksums[key] = ""
                self._absent[key] = str(error)
            except DataError as error:
                self._checksums[key] = ""
                self.problems.append(Problem(self._source, "dataset", str(error)))
        return self._checksums[key]

    def facts(self, dataset: Dataset) -> Facts | None:
        """What the files of a dataset hold; None where they do not tell, or are not there."""
        key = canonical(record_of(dataset))
        if key not in self._facts:
            self._facts[key] = facts_of_files(dataset, self._root)
        return self._facts[key]

    def protocols(self, settings: Settings) -> dict[int, Protocol]:
        """The protocol of each seed, with its ids where they are given in a file."""
        start = settings.protocol.initial_set
        if not isinstance(start, Given) or start.file is None:
            return dict.fromkeys(settings.seed_list, settings.protocol)
        sets = self._read(start.file)
        if sets is None:
            return {}
        found: dict[int, Protocol] = {}
        for seed in settings.seed_list:
            try:
                found[seed] = sets.resolved(settings.protocol, seed)
            except ConfigError as error:
                self.problems += error.problems
        return found

    def _read(self, file: str) -> IndexSets | None:
        if file not in self._index_sets:
            try:
                self._index_sets[file] = read_index_sets(file, self._root)
            except ConfigError as error:
                self._index_sets[file] = None
                self.problems += error.problems
        return self._index_sets[file]
