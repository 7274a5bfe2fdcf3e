"""One cell from Python, as in a notebook; sweeps are run by `python -m bench.sweep`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.audit import Audit
from bench.build import build
from bench.cell import Cell, protocol_under
from bench.data import Dataset, Precision, checksum_of, data_root, load_data
from bench.ending import kind_of
from bench.environment import environment
from bench.errors import ConfigError, ResultsError
from bench.folder import RunFolder
from bench.index_sets import resolved
from bench.learner import Learner
from bench.lease import Lease, leased
from bench.located import located
from bench.numbers import Natural
from bench.numerics import strict
from bench.plain_values import plain_settings
from bench.protocol import Protocol
from bench.record import Row, cell_folder
from bench.strategy import Strategy
from bench.streams import Varied, in_order


@dataclass(frozen=True)
class Settings:
    """What run_cell takes, under the keys that a sweep file has, with one strategy and one seed."""

    dataset: Dataset
    learner: Learner
    protocol: Protocol
    strategy: Strategy
    seed: Natural = 0
    precision: Precision = "float32"
    audit: Audit | None = None
    vary: Varied = "all"

    def __post_init__(self) -> None:
        in_order(self.vary)


def run_cell(
    settings: Mapping[str, object], results: str | Path = "results/notebook", device: str = "cpu", threads: int = 1
) -> list[Row]:
    """Run one cell in this process, or what is missing of it, and return its rows, a row per cycle.

    `settings` has the keys dataset, learner, protocol, strategy, seed, precision, audit and vary, with names or
    mappings as in a sweep file; numpy's scalars and paths stand for plain values. What was run before, here, in a sweep
    or interrupted, is kept in `results` and not run again. While it runs, torch computes as in a sweep:
    deterministically, in full precision, with so many threads.
    Raises ConfigError with every problem of the settings, DataError, Diverged, and ResultsError while another process
    works on the same cell.
    """
    given = build(Settings, located(plain_settings(settings, "run_cell"), "run_cell"))
    protocol = protocol_under(given.strategy, resolved(given.protocol, given.seed, data_root()))
    own = {**vars(given), "protocol": protocol, "vary": in_order(given.vary)}
    cell = Cell(**own, checksum=checksum_of(given.dataset, data_root()))
    refusal = cell.refusal()
    if refusal is not None:
        raise ConfigError.of("run_cell", "strategy", refusal)
    folder = RunFolder(cell_folder(Path(results), cell.id))
    with leased(folder.path) as lease:
        if lease is None:
            raise ResultsError(f"{folder.path}: another process works on this cell; wait for it, or name other results")
        folder.create(cell.record())
        if folder.finished_cycle() < cell.protocol.cycles:
            with strict(threads):
                _run(cell, folder, lease, device)
    return folder.rows()[: cell.protocol.cycles + 1]


def _run(cell: Cell, folder: RunFolder, lease: Lease, device: str) -> None:
    from bench.loop import Run

    data = load_data(cell.dataset, data_root(), device, cell.precision)
    attempt = folder.begin_attempt(environment(device))
    try:
        Run(cell, data, folder, attempt, permit=lease.check).finish()
    except BaseException as error:
        folder.end_attempt(attempt, kind_of(error) if isinstance(error, Exception) else "interrupted")
        raise
    folder.end_attempt(attempt, "done")
