"""What is submitted to Slurm and what is not, by what Slurm says; tests/slurm has a real one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from bench import slurm
from bench.errors import ConfigError, ResultsError
from bench.files import append_line, write_json
from bench.launching import array
from bench.launching.array import ArrayCrew
from bench.launching.crew import Order
from bench.launching.folder import LaunchFolder, Slot
from bench.launching.options import Launch, Slurm
from bench.process import me
from bench.record import cell_folder
from bench.slurm import Tasks

TIMEOUT = "echo 'slurm_load_jobs error: Socket timed out on send/recv operation' >&2; exit 1"
FORGOTTEN = "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1"
CELLS = [f"{number:016x}" for number in range(9)]


@pytest.fixture
def squeue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in place of Slurm's; a ping would be answered."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    write_program(tmp_path / "scontrol", "echo up")
    return tmp_path / "squeue"


def write_program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("printf 'PENDING\\nRUNNING\\nCOMPLETED\\nPENDING\\n'", Tasks(2, 1)),
        (FORGOTTEN, Tasks()),
        (TIMEOUT, None),
        (f'case "$*" in *=7,8*) exit 1;; *=7*) {FORGOTTEN};; esac; echo RUNNING', Tasks(0, 1)),
        (f'case "$*" in *=7,8*) exit 1;; *=7*) {TIMEOUT};; esac; echo RUNNING', None),
    ],
)
def test_only_a_job_that_slurm_has_forgotten_is_over(squeue: Path, script: str, told: Tasks | None) -> None:
    write_program(squeue, script)
    assert slurm.live_tasks(["7", "8"]) == told


def test_every_array_is_cancelled_though_one_is_forgotten(squeue: Path) -> None:
    write_program(squeue.with_name("scancel"), f'echo "$@" >> {squeue}.asked; [ "$2" != 7 ]')
    assert not slurm.cancel(["7", "8"], "--state=PENDING")
    assert Path(f"{squeue}.asked").read_text().splitlines() == ["--state=PENDING 7", "--state=PENDING 8"]


class Told:
    """What Slurm says of arrays, by their numbers; those that are not named are over."""

    def __init__(self) -> None:
        self.tasks: dict[str, Tasks | None] = {}

    def __call__(self, jobs: list[str]) -> Tasks | None:
        said = [self.tasks.get(job, Tasks()) for job in jobs]
        return None if None in said else sum((each for each in said if each is not None), Tasks())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told()
    monkeypatch.setattr(slurm, "live_tasks", made)
    monkeypatch.setattr(array, "ASK", -1.0)
    return made


class Crew(ArrayCrew):
    """One that only notes for how many cells it would submit jobs."""

    def _submit(self, cells: int) -> None:
        self.counts = [*getattr(self, "counts", []), cells]
        self._jobs = [*self._jobs, str(100 + len(self.counts))]


def order(results: Path, share: int = 1) -> Order:
    launch = Launch(executor="slurm", slurm=Slurm(cells_per_job=share))
    return Order(launch, results, results, LaunchFolder(results / "launches/this"), {})


def earlier(results: Path, cells: list[str], stopped: bool = False, share: int = 1) -> LaunchFolder:
    made = LaunchFolder(results / "launches/earlier")
    write_json(made.queue, {cell: {} for cell in cells})
    made.note("slurm", ["7"], share)
    if stopped:
        made.stop()
    return made


def at_work(launch: LaunchFolder, number: int, cell: str | None, doing: str = "cycle 1: fit") -> Slot:
    folder = launch.path / f"slot{number}"
    write_json(folder / "status.json", {"cell": cell, "doing": doing, "share": 0.0, **me()})
    return Slot(number, folder)


def counts(crew: Crew) -> list[int]:
    return getattr(crew, "counts", [])


def test_what_earlier_jobs_are_going_to_take_is_not_submitted_again(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier(tmp_path, CELLS[:5])
    told.tasks["7"] = Tasks(waiting=3)
    enough, more = Crew(order(tmp_path)), Crew(order(tmp_path))
    enough.fill(CELLS[:3])
    assert counts(enough) == []
    more.fill(CELLS[:5])
    assert counts(more) == [2]
    enough.fill(CELLS[:5])  # one that was let go a moment ago, as by a job that Slurm puts back into its queue
    assert counts(enough) == []
    monkeypatch.setattr(array, "STALE", -1.0)
    enough.fill(CELLS[:5])
    assert counts(enough) == [2]


def test_a_failed_cell_that_is_tried_again_gets_a_job_though_others_of_its_launch_go_on(
    tmp_path: Path, told: Told
) -> None:
    launch = earlier(tmp_path, CELLS[:3])
    for number in (0, 1):
        at_work(launch, number, CELLS[number])
    told.tasks["7"] = Tasks(running=2)
    crew = Crew(order(tmp_path))
    crew.fill(CELLS[2:3])
    assert counts(crew) == [1]


def test_earlier_jobs_take_the_cells_of_their_own_queue_alone(tmp_path: Path, told: Told) -> None:
    earlier(tmp_path, CELLS[:2])
    told.tasks["7"] = Tasks(waiting=9)
    crew = Crew(order(tmp_path))
    crew.fill(CELLS[1:5])
    assert counts(crew) == [3]


def test_a_worker_that_takes_several_cells_covers_those_to_come(tmp_path: Path, told: Told) -> None:
    """By what it was told, whatever a command after it says."""
    at_work(earlier(tmp_path, CELLS, share=3), 0, CELLS[0])
    told.tasks["7"] = Tasks(waiting=1, running=1)
    crew = Crew(order(tmp_path, share=5))
    crew.fill(CELLS[1:])  # 3 for the job that waits, 2 for the one that runs
    assert counts(crew) == [3]


@pytest.mark.parametrize("stopped", [False, True])
def test_where_slurm_does_not_answer_the_jobs_of_before_are_not_waited_for(
    tmp_path: Path, told: Told, stopped: bool
) -> None:
    earlier(tmp_path, CELLS, stopped=stopped)
    told.tasks["7"] = None
    if stopped:
        Crew(order(tmp_path)).fill(CELLS)
    else:
        with pytest.raises(ConfigError, match=r"wanted Slurm's word on the jobs of .*launches/earlier; it does not"):
            Crew(order(tmp_path))


def test_an_answer_that_is_late_changes_nothing(tmp_path: Path, told: Told) -> None:
    earlier(tmp_path, CELLS)
    told.tasks["7"] = Tasks(waiting=9)
    crew = Crew(order(tmp_path))
    told.tasks["7"] = None
    crew.fill(CELLS)
    crew.bury()
    assert counts(crew) == []
    assert len(crew._attached) == 1


def test_a_disk_that_is_almost_full_ends_the_command(tmp_path: Path, told: Told) -> None:
    crew = Crew(order(tmp_path))
    crew._jobs, crew._tasks = ["8"], Tasks(running=1)
    crew._slots = crew._newest = [at_work(LaunchFolder(tmp_path / "launches/this"), 0, CELLS[0])]
    note = '{"attempt": 1, "started": "", "ended": "", "status": "no room", "environment": {}}'
    cell_folder(tmp_path, CELLS[0]).mkdir(parents=True)
    append_line(cell_folder(tmp_path, CELLS[0]) / "attempts.jsonl", note)
    with pytest.raises(ResultsError, match="No space left on device"):
        crew.bury()


def test_jobs_that_are_not_needed_any_more_are_taken_out_and_nobody_waits_for_them(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled: list[tuple[object, ...]] = []
    monkeypatch.setattr(slurm, "cancel", lambda *arguments: cancelled.append(arguments))
    monkeypatch.setattr(slurm, "states", lambda job: {"CANCELLED"})
    launch, told.tasks["7"] = earlier(tmp_path, CELLS[:5]), Tasks(waiting=2)
    other = Crew(order(tmp_path))
    owner = ArrayCrew(replace(order(tmp_path), folder=launch))
    owner._jobs, owner._tasks = ["7"], Tasks(waiting=2)
    owner.dismiss()
    assert cancelled == [(["7"], "--state=PENDING")]
    del told.tasks["7"]
    other.bury()
    assert not other._attached


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of an interactive job."""
    for name in [name for name in os.environ if name.startswith(("SLURM_", "SBATCH_"))]:
        monkeypatch.delenv(name)
    for name in ("SLURM_JOB_ID", "SLURM_MEM_PER_CPU", "SLURM_CONF", "SBATCH_ACCOUNT"):
        monkeypatch.setenv(name, "1")


def test_a_job_hands_nothing_on_but_what_the_user_told_slurm(job: None) -> None:
    with array._outside_of_jobs():
        inside = {name for name in os.environ if name.startswith(("SLURM_", "SBATCH_"))}
    assert inside == {"SLURM_CONF", "SBATCH_ACCOUNT"}
    assert os.environ["SLURM_MEM_PER_CPU"] == "1"


def test_memory_is_asked_for_in_whole_mebibytes(tmp_path: Path, told: Told) -> None:
    launch = Launch(executor="slurm", slurm=Slurm(memory_gib=1.3))
    made = ArrayCrew(Order(launch, tmp_path, tmp_path, LaunchFolder(tmp_path / "launches/this"), {}))
    assert made._parameters()["mem"] == "1332M"
