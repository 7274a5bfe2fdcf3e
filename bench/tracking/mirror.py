"""The one place that speaks to wandb: a replay becomes a run. One service process serves all runs of a session."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.files import parsed
from bench.tracked import Tracking
from bench.tracking.log_file import records
from bench.tracking.memory import folder_of
from bench.tracking.replay import Replay, Step

if TYPE_CHECKING:
    import wandb

MOST_BINS = 512  # of a wandb.Histogram


class MirrorError(Exception):
    """Something that wandb did not take; the message says why."""

    @classmethod
    def of(cls, error: Exception) -> MirrorError:
        """What wandb raised, in one line."""
        return error if isinstance(error, MirrorError) else cls((str(error).strip() or repr(error)).splitlines()[0])


@dataclass(frozen=True)
class Mirror:
    """Sends replays to one destination; gives up on a server or disk after `patience` seconds."""

    results: Path
    tracking: Tracking
    patience: float = 30.0

    @property
    def folder(self) -> Path:
        """Where wandb keeps its files."""
        return folder_of(self.results) / "wandb"

    def send(self, replay: Replay) -> None:
        """Show a cell, in place of what was shown of it before. Raises MirrorError where it may not have arrived."""
        before = {*self._runs(replay)}
        try:
            path = self._write(replay)
            self._check(path, replay)
            _check_log(path.parent / "logs/debug-internal.log")
        except Exception as error:  # wandb's failures are of many kinds, and none of them may end more than this run
            for folder in {*self._runs(replay)} - before:
                shutil.rmtree(folder, ignore_errors=True)
            raise MirrorError.of(error) from error
        kept = {path.parent} if self.tracking.mode == "offline" else set()
        for folder in {*self._runs(replay)} - kept | {path.parent / "logs", path.parent / "tmp"}:
            shutil.rmtree(folder, ignore_errors=True)

    def _write(self, replay: Replay) -> Path:
        """Write the whole run; returns its file."""
        import wandb

        subject = replay.subject
        with wandb.init(
            project=self.tracking.project,
            entity=self.tracking.entity,
            group=subject.sweep[:128],
            job_type=subject.experiment[:128],
            name=subject.name,
            tags=subject.tags,
            id=subject.id,
            config=dict(replay.config),
            settings=self._settings(),
        ) as run:
            run.define_metric("labels", hidden=True)
            run.define_metric("*", step_metric="labels")
            for step in replay.steps:
                run.log({**step.values, **_histogram(step)}, step=step.cycle)
            run.summary.update(dict(replay.summary))
        return Path(run.settings.sync_file)

    def _settings(self) -> wandb.Settings:
        import wandb

        return wandb.Settings(
            mode="online" if self.tracking.mode == "online" else "offline",
            root_dir=str(folder_of(self.results)),
            reinit="create_new",
            console="off",
            silent=True,
            symlink=False,
            disable_git=True,
            disable_code=True,
            disable_job_creation=True,
            init_timeout=self.patience,
            finish_timeout=self.patience,
            finish_timeout_raises=True,
            x_disable_stats=True,
            x_disable_meta=True,
            x_disable_machine_info=True,
            x_save_requirements=False,
        )

    def _check(self, path: Path, replay: Replay) -> None:
        """Raise MirrorError where a record is missing, as after a full disk, of which wandb does not tell.

        The last records may reach the file a moment after wandb has said that the run is finished.
        """
        deadline = time.monotonic() + self.patience
        while not _whole(path, len(replay.steps)):
            if time.monotonic() > deadline:
                raise MirrorError(f"{path}: wanted all of a run; wandb wrote a part of it. Make room on the disk")
            time.sleep(0.02)

    def _runs(self, replay: Replay) -> Iterator[Path]:
        """The folders of this mode that hold the run."""
        stem = "run" if self.tracking.mode == "online" else "offline-run"
        yield from self.folder.glob(f"{stem}-*-{replay.subject.id}*")  # with -1 behind it, twice in a second


@contextmanager
def quiet_wandb() -> Iterator[None]:
    """Keep wandb from printing, reporting and counting cores in this process, and end its service at the end."""
    os.environ.update(WANDB_ERROR_REPORTING="false", WANDB_SILENT="true", GOMAXPROCS="1")
    try:
        yield
    finally:
        _teardown()


def _teardown() -> None:
    import sys

    if "wandb" in sys.modules:
        sys.modules["wandb"].teardown()


def _check_log(log: Path) -> None:
    """Raise MirrorError where wandb's service met an error, such as a server that refuses rows: it tells nobody."""
    content = log.read_bytes() if log.exists() else b""
    for entry in filter(None, map(parsed, content.split(b"\n"))):
        if str(entry.get("level")).startswith("ERROR"):
            raise MirrorError(str(entry.get("msg")).partition("\n")[0])


def _whole(path: Path, steps: int) -> bool:
    """Whether a file has every step of a run, and its end."""
    from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]  # made when it is imported

    kinds = [Record.FromString(record).WhichOneof("record_type") for record in records(path)]
    return kinds.count("history") == steps and kinds[-1:] == ["exit"]


def _histogram(step: Step) -> dict[str, wandb.Histogram]:
    import numpy as np
    import wandb

    classes = len(step.queried)
    if not 0 < classes <= MOST_BINS:
        return {}
    edges = np.arange(classes + 1) - 0.5  # (k + 1,)
    return {"queried_classes": wandb.Histogram(np_histogram=(np.array(step.queried), edges))}
