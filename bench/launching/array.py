"""Workers on a cluster: one array of Slurm's jobs, which goes on when its driver leaves."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bench import slurm
from bench.ending import check_room
from bench.errors import ConfigError, Ended, ResultsError
from bench.files import check_writable
from bench.launching.crew import STILLBORN, Order, setup, undisturbed
from bench.launching.earlier import earlier_arrays, room
from bench.launching.folder import Slot
from bench.lease import STALE
from bench.log import tail
from bench.worker import Worker

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

LARGEST = 1000  # jobs in one array; Slurm's own default limit is 1001
ASK = 5.0  # seconds between two questions to Slurm
CORES_OF_SRUN = 'export SRUN_CPUS_PER_TASK="${SLURM_CPUS_PER_TASK:-1}"'
"""srun of Slurm 22.05 to 23.02 gives a worker one core unless it is told so."""


class ArrayWorker(Worker):
    """A worker that Slurm may end before its time: submitit calls `checkpoint`, then puts the job back in the queue."""

    def checkpoint(self) -> DelayedSubmission:
        """Note why the attempt ends; what goes on later is a new worker, which finds everything on disk."""
        from submitit.helpers import DelayedSubmission

        self.leave()
        return DelayedSubmission(ArrayWorker(self.desk))


class ArrayCrew:
    """The arrays of one launch, and those of earlier launches that still wait or run."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._attached = earlier_arrays(order.results)
        self._share = order.launch.slurm.cells_per_job
        self._filled = False
        self._jobs: list[str] = []
        self._slots: list[Slot] = []
        self._newest: list[Slot] = []
        self._rounds = 0
        self._asked, self._tasks = -math.inf, slurm.Tasks()
        self._ended: list[str] = []
        self._enough = time.monotonic()

    @property
    def slots(self) -> Sequence[Slot]:
        attached = [slot for each in self._attached for slot in each.folder.slots]
        return [slot for slot in [*attached, *self._slots] if slot.status.get("cell") is not None]

    @property
    def alive(self) -> bool:
        """No: what is left of the jobs when all cells are settled has nothing to do."""
        return False

    def fill(self, missing: Collection[str]) -> None:
        """Submit what no live array covers: at once where none is left and the first time, else when it stays
        uncovered a while, as after the death of a worker whose cell no other one is going to have time for."""
        self._ask()
        uncovered = self._uncovered(missing)
        at_once = not self._filled or (self._tasks.live == 0 and not self._attached)
        self._filled = True
        if uncovered <= 0 or self._ended:
            self._enough = time.monotonic()
        elif at_once or time.monotonic() - self._enough > STALE:
            self._rounds = self._rounds + 1 if self._newest and not self._took_cells() else 0
            if self._rounds > STILLBORN:
                raise ResultsError(f"jobs end before they take a cell; {self._last_words()}")
            with undisturbed():
                self._submit(uncovered)

    def bury(self) -> None:
        if self._order.folder.stopped:
            raise Ended("stopped by --cancel")
        self._ask()
        ended, self._ended = self._ended, []
        if ended:
            check_writable(self._order.results)
            for slot in self._newest:
                check_room(self._order.results, slot.status.get("cell"))
            if any("CANCELLED" in slurm.states(job) for job in ended):
                raise Ended("its jobs were cancelled in Slurm")

    def progress(self) -> None:
        self._rounds = 0

    def leave(self) -> None:
        """Nothing to do: the jobs go on."""

    def dismiss(self) -> None:
        """Take those of our jobs that still wait out of Slurm's queue, and from the launch, lest another command that
        waits for them takes it for stopped by somebody."""
        if self._tasks.waiting:
            self._order.folder.note("slurm")
            slurm.cancel(self._jobs, "--state=PENDING")

    def _uncovered(self, missing: Collection[str]) -> int:
        """How many cells no job is going to take."""
        left = set(missing)
        for each in self._attached:
            left -= each.taken(left)
        return len(left) - room(self._tasks, self._slots, self._share)

    def _took_cells(self) -> bool:
        """Whether a worker was at a cell when it was last heard of: what ended it there, retries judge."""
        return any(slot.status.get("cell") is not None for slot in self._newest)

    def _ask(self) -> None:
        """Ask Slurm now and then. Without an answer what was true is taken to be true."""
        if time.monotonic() - self._asked < ASK:
            return
        self._asked = time.monotonic()
        tasks = slurm.live_tasks(self._jobs)
        if tasks is not None:
            self._ended += self._jobs if self._tasks.live and not tasks.live else []
            self._tasks = tasks
        for each in self._attached:
            each.ask()
            self._ended += each.folder.jobs if not each.tasks.live else []
        self._attached = [each for each in self._attached if each.tasks.live]

    def _submit(self, cells: int) -> None:
        import submitit

        tasks = min(math.ceil(cells / self._share), LARGEST)
        self._share = max(self._share, math.ceil(cells / tasks))
        first = len(self._slots)
        slots = [Slot(i, self._order.folder.path / f"slot{i}") for i in range(first, first + tasks)]
        for slot in slots:
            slot.folder.mkdir(parents=True, exist_ok=True)
        desks = [self._order.desk(slot, 1, self._share) for slot in slots]
        try:
            executor = submitit.SlurmExecutor(self._order.folder.path / "jobs", max_num_timeout=10**6)
            executor.update_parameters(**self._parameters())
            with _outside_of_jobs(), executor.batch():
                jobs = [executor.submit(ArrayWorker(desk)) for desk in desks]
        except (RuntimeError, ValueError, submitit.core.utils.FailedJobError) as error:
            raise ConfigError.of("launch.slurm", "", f"wanted a cluster that takes the jobs; {error}") from error
        self._jobs = [*self._jobs, jobs[0].job_id.partition("_")[0]]
        self._slots, self._newest = [*self._slots, *slots], slots
        self._order.folder.note("slurm", self._jobs, self._share)
        self._tasks = slurm.Tasks(waiting=self._tasks.waiting + tasks, running=self._tasks.running)
        self._enough = time.monotonic()

    def _parameters(self) -> dict[str, Any]:
        launch, asked = self._order.launch, self._order.launch.slurm
        gpus = asked.gpus if asked.gpus is not None else int(launch.device == "cuda")
        named: dict[str, object] = {"partition": asked.partition, "account": asked.account, "qos": asked.qos}
        memory = f"{math.ceil(1024 * asked.memory_gib)}M" if asked.memory_gib else None
        named |= {"mem": memory, "gpus_per_node": gpus or None}
        return {
            **{name: value for name, value in named.items() if value is not None},
            "job_name": self._order.results.name,
            "time": asked.minutes,
            "signal_delay_s": slurm.warning(asked.minutes),
            "cpus_per_task": launch.threads,
            "array_parallelism": asked.array_parallelism,
            "setup": [slurm.NOTE_BEGINNING, CORES_OF_SRUN, *setup(launch.threads), *asked.setup],
            "additional_parameters": {"requeue": True, **asked.extra},
        }

    def _last_words(self) -> str:
        logs = sorted((self._order.folder.path / "jobs").glob("*.err"), key=lambda path: path.stat().st_mtime)
        words = tail(logs[-1], 1) if logs else ""
        return f"the last one said: {words}" if words else "the last one said nothing"


@contextmanager
def _outside_of_jobs() -> Iterator[None]:
    """Hide the job that this process may run in: sbatch would hand its limits on. What the user told sbatch stays."""
    from submitit.helpers import clean_env

    if "SLURM_JOB_ID" not in os.environ:
        yield
        return
    told = {name: value for name, value in os.environ.items() if name.startswith(("SBATCH_", "SLURM_CONF"))}
    with clean_env():
        os.environ.update(told)
        yield
