"""The driver's side of mirroring: it starts a process that does it, and never waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.errors import ResultsError
from bench.files import no_link
from bench.tracked import Tracking
from bench.tracking.backlog import Backlog
from bench.tracking.memory import folder_of

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Follower:
    """The process that mirrors a sweep while it runs; None where there is none, for `trouble` or because it is off."""

    results: Path
    tracking: Tracking
    process: subprocess.Popen[bytes] | None
    trouble: str = ""

    def finish(self, patience_seconds: float) -> str | None:
        """Give the process a moment to mirror what is left, then end it; a sentence where something stays undone."""
        if self.tracking.mode == "off":
            return None
        if self.process is not None:
            _end(self.process, patience_seconds)
        try:
            left = len(Backlog(self.results, self.tracking).due())
        except (ResultsError, OSError, ValueError) as error:
            return f"what is mirrored could not be told: {error}"
        return self._told(left) if left else None

    def _told(self, left: int) -> str:
        runs = "1 finished run is" if left == 1 else f"{left} finished runs are"
        why = self.trouble or f"see {folder_of(self.results) / 'log.txt'}"
        return f"{runs} not mirrored yet ({why}); `{' '.join(self._command)}` does it"

    @property
    def _command(self) -> list[str]:
        return ["python", "-m", "bench.track", "push", str(self.results), *flags(self.tracking)]


def start_following(results: Path, tracking: Tracking, driver_pid: int) -> Follower:
    """Start mirroring a results folder in a process of its own, for as long as the driver is there; never raises.

    It ends when the driver closes its standard input or is gone. What it says goes to results/NAME/tracking/log.txt.
    """
    if tracking.mode == "off":
        return Follower(results, tracking, None)
    command = [sys.executable, "-m", "bench.track", "follow", str(results), *flags(tracking, every=True)]
    try:
        folder_of(results).mkdir(exist_ok=True)
        with open(folder_of(results) / "log.txt", "ab", opener=no_link) as log:
            process = subprocess.Popen(
                [*command, "--driver", str(driver_pid)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **ONE_THREAD},
            )
    except Exception as error:  # whatever it is, the sweep goes on without a mirror, and says so at its end
        return Follower(results, tracking, None, trouble=str(error))
    return Follower(results, tracking, process)


def flags(tracking: Tracking, every: bool = False) -> list[str]:
    """What a command is given to mirror to this destination: all of it, or what is not the default."""
    plain, found = Tracking(), []
    for name, value in (("mode", tracking.mode), ("project", tracking.project), ("entity", tracking.entity)):
        if value is not None and (every or value != getattr(plain, name)):
            found += [f"--{name}", value]
    return found


def _end(process: subprocess.Popen[bytes], patience_seconds: float) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience_seconds)
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
