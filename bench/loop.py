"""The active-learning loop of one cell: query, label, fit, evaluate, record; and where to go on after a break."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch

from bench import memory
from bench.cell import Cell
from bench.data import Data
from bench.evaluate import evaluate
from bench.files import sha256, write_atomically
from bench.folder import RunFolder
from bench.journal import Journal, Watcher, unwatched
from bench.learner import Fit, Labelled, Model
from bench.oracle import noisy
from bench.protocol import check_pool
from bench.query import Query, State, audit, initial_query, query
from bench.record import SCHEMA, Measured, Row
from bench.run_memory import forget_earlier_runs

KEPT_WEIGHTS = 2


def permitted() -> None:
    """Always allow."""


@dataclass(frozen=True)
class Run:
    """One cell with its data and folder.

    `attempt` numbers the process's try, `watcher` hears of every stage, `permit` is asked before a row is written and
    raises where this process may no longer write.
    """

    cell: Cell
    data: Data
    folder: RunFolder
    attempt: int = 1
    watcher: Watcher = unwatched
    permit: Callable[[], None] = permitted

    @cached_property
    def told(self) -> Data:
        """The data with the labels that the oracle gives, which may be wrong."""
        rate = self.cell.protocol.label_noise
        if rate == 0:
            return self.data
        labels = noisy(self.data.y_pool, self.data.classes, rate, self.cell.streams.generator("oracle"))
        return replace(self.data, y_pool=labels)

    def finish(self) -> None:
        """Run every cycle that is not finished yet. Raises DataError where the pool is too small for all of them."""
        check_pool(self.cell.protocol, len(self.data.y_pool))
        forget_earlier_runs()
        state = self.resume()
        first = 0 if state is None else state.cycle + 1
        for cycle in range(first, self.cell.protocol.cycles + 1):
            state = self.advance(state, cycle)
        self.folder.finish(self.cell.protocol.cycles)

    def advance(self, state: State | None, cycle: int) -> State:
        """One cycle, from the state before it (None at first) to a finished row."""
        device = self.data.x_pool.device.type
        memory.reset_peak(device)
        journal = Journal(device, lambda stage, share: self.watcher(f"cycle {cycle}: {stage}", share))
        with journal.stage("query"):
            bought = self._buy(state, journal)
        audited = self._audit(state, journal)
        labelled = bought.ids if state is None else torch.cat([state.labelled, bought.ids])
        with journal.stage("fit"):
            model = self.cell.learner.fit(self._fit(labelled, state, cycle))
        with journal.stage("evaluate"):
            result, predicted = evaluate(model, self.told, self._labelled(labelled), bought, self._wrong(labelled))
        result["notes"].update(audited)
        self.permit()  # before files of the next holder's would be written over, and again before the row
        files = self._write_files(cycle, bought, predicted, journal, model)
        measured = Measured(seconds=journal.seconds, peak_mib=memory.peak_mib(device), attempt=self.attempt)
        row = Row(schema=SCHEMA, cell=self.folder.id, cycle=cycle, result=result, measured=measured, files=files)
        self.permit()
        self.folder.append(row)
        self.folder.weights(cycle - KEPT_WEIGHTS).unlink(missing_ok=True)
        return State(cycle, labelled, model)

    def resume(self) -> State | None:
        """The state after the last cycle whose files are intact; later rows are dropped, to be made again."""
        self.folder.tidy()
        rows = self.folder.rows()
        last = next((row["cycle"] for row in reversed(rows) if self._restorable(row)), -1)
        self.folder.keep(rows[: last + 1])
        if last < 0:
            return None
        labelled = torch.tensor([i for row in rows[: last + 1] for i in row["result"]["queried"]])
        weights = torch.load(self.folder.weights(last), weights_only=True, map_location=self.data.x_pool.device)
        return State(last, labelled, self.cell.learner.restore(self._fit(labelled, None, last), weights))

    def _buy(self, state: State | None, journal: Journal) -> Query:
        if state is None:
            return initial_query(self.cell, self.data)
        return query(self.cell, self.told, state, journal, self.cell.streams)

    def _audit(self, state: State | None, journal: Journal) -> Mapping[str, float]:
        if state is None or self.cell.audit is None:
            return {}
        with journal.stage("audit"):
            return audit(self.cell, self.told, state, journal, self.cell.streams)

    def _wrong(self, ids: torch.Tensor) -> int:
        return int((self.told.y_pool[ids] != self.data.y_pool[ids]).sum())

    def _labelled(self, ids: torch.Tensor) -> Labelled:
        return Labelled(self.told.x_pool[ids], self.told.y_pool[ids], self.told.classes)

    def _fit(self, ids: torch.Tensor, state: State | None, cycle: int) -> Fit:
        previous = None if state is None else state.model
        return Fit(
            self._labelled(ids),
            previous,
            self.cell.strategy.objective(),
            self.cell.streams,
            cycle,
            self.data.augment,
        )

    def _restorable(self, row: Row) -> bool:
        return self.folder.weights(row["cycle"]).is_file() and self.folder.intact(row)

    def _write_files(
        self, cycle: int, bought: Query, predicted: torch.Tensor, journal: Journal, model: Model
    ) -> dict[str, str]:
        arrays = {"predicted": _compact(predicted), "candidates": _compact(bought.candidates)}
        if journal.scores is not None:
            arrays["scores"] = journal.scores.to("cpu", torch.float32).numpy()
        if cycle == 0:
            arrays["test_labels"] = _compact(self.data.y_test)
        packed, saved = io.BytesIO(), io.BytesIO()
        np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
        torch.save({key: value.cpu() for key, value in model.state().items()}, saved)
        written = {self.folder.arrays(cycle): packed, self.folder.weights(cycle): saved}
        for path, content in written.items():
            write_atomically(path, content.getvalue())
        return {path.relative_to(self.folder.path).as_posix(): sha256(path) for path in written}


def _compact(ids: torch.Tensor) -> np.ndarray:
    """Non-negative integers in the smallest type that holds them."""
    values = ids.cpu().numpy()
    return values.astype(np.min_scalar_type(int(values.max(initial=0))))
