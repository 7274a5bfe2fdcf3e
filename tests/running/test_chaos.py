"""kill -9 of workers and drivers at random moments of a real sweep: at most the running cycle is lost.

CHAOS_SEED=N repeats a run; a failure prints it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.launching.options import Retries
from bench.lease import is_leased
from bench.record import Row, read_attempts

SWEEP = """
name: chaos
defaults:
  dataset: digits
  learner:
    name: network
    net: {name: wide_resnet, stages: 1, widen: 1}
    train: {loss: squared, epochs: 8, batch_size: 16, start: warm, schedule: {name: onecycle, max_lr: 0.2}}
  protocol: {initial: 20, budget: 4, cycles: 30, candidates: 150}
  seeds: 2
experiments:
  chaos: {title: Chaos, strategies: [margin, mlmoc-entk-plain]}
launch: {slots: 2}
"""
KILLS = 30
DEATHS = Retries().killed + 1  # of one launch in one cycle, after which a cell is given up
CYCLES = 30
ROWS = 4 * (CYCLES + 1)
ROWS_BETWEEN_KILLS = 3  # however fast the machine, the sweep outlasts the kills
WORKER, DRIVER, CONTROLLER = "submitit.core._submit", "bench.sweep", "submitit.local._local"
PATIENCE = 300.0
LINGERING = 75.0  # a worker whose driver died in the middle of submitting it waits a minute for the other half


@dataclass
class Chaos:
    """A sweep in a folder, started as a person would; every process of it is known by a mark in its environment."""

    folder: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    driver: subprocess.Popen[bytes] | None = None

    @property
    def results(self) -> Path:
        return self.folder / "results/chaos"

    def start(self) -> subprocess.Popen[bytes]:
        """Run the command in a session of its own."""
        (self.folder / "chaos.yaml").write_text(SWEEP)
        with (self.folder / "said.txt").open("ab") as said:
            self.driver = subprocess.Popen(
                [sys.executable, "-m", "bench.sweep", "chaos.yaml"],
                cwd=self.folder,
                env={**os.environ, "LOOKAHEAD_CHAOS": self.mark},
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.driver

    def keep_going(self) -> None:
        """Start the command again where its driver is gone."""
        if self.driver is None or self.driver.poll() is not None:
            self.start()

    def processes(self, module: str = "") -> list[int]:
        """The living processes of this sweep that run a module."""
        return sorted(pid for pid, command in self._commands() if module in command)

    def _commands(self) -> Iterator[tuple[int, str]]:
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdecimal() and self.mark.encode() in (entry / "environ").read_bytes():
                    yield int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()

    def doing(self) -> Mapping[int, str]:
        """The cell that each living worker is at, by process."""
        alive = set(self.processes(WORKER))
        told = [json.loads(path.read_text()) for path in self.results.glob("launches/*/slot*/status.json")]
        return {each["pid"]: each["cell"] for each in told if each["pid"] in alive and each["cell"]}

    def said(self) -> str:
        return (self.folder / "said.txt").read_text()

    def cells(self) -> list[Path]:
        return sorted((self.results / "cells").iterdir())

    def outcome(self) -> dict[str, list[str]]:
        """The result columns of every cell as text, so that equal means equal bit for bit."""
        return {cell.name: [json.dumps(row["result"]) for row in whole_rows(cell)] for cell in self.cells()}


def whole_rows(cell: Path) -> list[Row]:
    """The rows by the strictest reading: every line whole."""
    text = (cell / "rows.jsonl").read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def rows_so_far(chaos: Chaos) -> int:
    return sum(path.read_bytes().count(b"\n") for path in chaos.results.glob("cells/*/rows.jsonl"))


def wait_for(holds: Callable[[], object], seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def kill(pids: list[int]) -> bool:
    """SIGKILL; whether there was anybody to kill."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(pids)


def kill_a_worker(chaos: Chaos, chance: random.Random) -> bool:
    return kill([chance.choice(workers)] if (workers := chaos.processes(WORKER)) else [])


def kill_all_workers(chaos: Chaos, chance: random.Random) -> bool:
    return kill(chaos.processes(WORKER))


def kill_a_controller(chaos: Chaos, chance: random.Random) -> bool:
    """Or, where all of them are gone, the workers that live on without: no controller comes before these have ended."""
    if controllers := chaos.processes(CONTROLLER):
        return kill([chance.choice(controllers)])
    return kill_all_workers(chaos, chance)


def kill_the_driver(chaos: Chaos, chance: random.Random) -> bool:
    assert chaos.driver is not None
    chaos.driver.kill()
    return chaos.driver.wait() == -signal.SIGKILL


def kill_the_group(chaos: Chaos, chance: random.Random) -> bool:
    assert chaos.driver is not None
    with suppress(ProcessLookupError):
        os.killpg(chaos.driver.pid, signal.SIGKILL)
    return chaos.driver.wait() == -signal.SIGKILL


LAUNCH_LIVES = (kill_a_worker, kill_all_workers, kill_a_controller)
LAUNCH_DIES = (kill_the_driver, kill_the_group)


def planned_kills(chance: random.Random) -> list[Callable[[Chaos, random.Random], bool]]:
    """Every kind at least once; a launch sees fewer deaths in a row than a cell is given up for."""
    blows = [*LAUNCH_LIVES, *LAUNCH_DIES, *chance.choices([*LAUNCH_LIVES, *LAUNCH_DIES], k=KILLS - 5)]
    chance.shuffle(blows)
    planned: list[Callable[[Chaos, random.Random], bool]] = []
    for blow in blows:
        recent = planned[-(DEATHS - 1) :]
        if blow in LAUNCH_LIVES and len(recent) == DEATHS - 1 and set(recent) <= set(LAUNCH_LIVES):
            planned.append(chance.choice(LAUNCH_DIES))
        planned.append(blow)
    return planned


def wait_for_the_moment(chaos: Chaos, chance: random.Random) -> None:
    """Mostly while a cell is being run; sometimes while processes are still starting."""
    before, patience = rows_so_far(chaos), chance.uniform(0, 4)
    if chance.random() < 0.75:
        wait_for(chaos.doing, seconds=30)
        patience = chance.uniform(0, 1.2)
    wait_for(lambda: rows_so_far(chaos) >= before + ROWS_BETWEEN_KILLS, patience)


class Watch:
    """Looks now and then whether two living workers are at one cell."""

    def __init__(self) -> None:
        self.doubled: set[str] = set()

    def look(self, chaos: Chaos) -> None:
        at = list(chaos.doing().values())
        self.doubled |= {cell for cell in at if at.count(cell) > 1}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    chaos = Chaos(tmp_path_factory.mktemp("undisturbed"))
    assert chaos.start().wait(PATIENCE) == 0, chaos.said()
    return chaos.outcome()


@pytest.fixture
def chaos(tmp_path: Path) -> Iterator[Chaos]:
    """A sweep, of which nothing outlives the test."""
    made = Chaos(tmp_path)
    yield made
    kill(made.processes())


def check_records(chaos: Chaos) -> None:
    """Rows, attempts and markers tell one story."""
    assert len(chaos.cells()) == 4
    for cell in chaos.cells():
        rows, attempts = whole_rows(cell), read_attempts(cell)
        assert [row["cycle"] for row in rows] == list(range(CYCLES + 1)), cell
        assert json.loads((cell / "done.json").read_text()) == {"cycle": CYCLES}
        assert not (cell / "failure.json").exists()
        assert [attempt["attempt"] for attempt in attempts] == list(range(1, len(attempts) + 1))
        assert all(attempt["status"] in ("killed", "done", "lost the lease") for attempt in attempts), cell
        assert "done" not in [attempt["status"] for attempt in attempts[:-1]], "success before the last attempt"
        by = [row["measured"]["attempt"] for row in rows]
        assert by == sorted(by), "a row by an attempt that another one had followed"
        assert not list(cell.rglob("*.tmp"))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_killed_at_random_a_sweep_ends_as_if_undisturbed(chaos: Chaos, undisturbed: dict[str, list[str]]) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)
    chance, watch = random.Random(seed), Watch()
    print(f"CHAOS_SEED={seed}")  # pytest shows it where the test fails
    for blow in planned_kills(chance):
        struck = False
        while not struck:
            chaos.keep_going()
            wait_for_the_moment(chaos, chance)
            watch.look(chaos)
            struck = blow(chaos, chance)
            print(f"{blow.__name__}: {'struck' if struck else 'nobody there'}; {rows_so_far(chaos)} rows")
            assert rows_so_far(chaos) < ROWS, "the sweep ended before the last kill: make it longer"
    chaos.keep_going()
    while chaos.driver is not None and chaos.driver.poll() is None:
        watch.look(chaos)
        time.sleep(0.05)
    assert chaos.driver is not None
    chaos.keep_going()  # the last driver may have gone with the last blow
    assert chaos.driver.wait(PATIENCE) == 0, chaos.said()
    assert watch.doubled == set()
    assert chaos.outcome() == undisturbed
    check_records(chaos)
    assert wait_for(lambda: not chaos.processes(), LINGERING), chaos.processes()


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_drivers_at_once_run_every_cell_once(chaos: Chaos, undisturbed: dict[str, list[str]]) -> None:
    first, second = chaos.start(), chaos.start()
    assert first.wait(PATIENCE) == 0, chaos.said()
    assert second.wait(PATIENCE) == 0, chaos.said()
    assert [[a["status"] for a in read_attempts(cell)] for cell in chaos.cells()] == [["done"]] * 4
    assert chaos.outcome() == undisturbed
    check_records(chaos)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_new_driver_waits_for_the_workers_of_a_killed_one(chaos: Chaos, undisturbed: dict[str, list[str]]) -> None:
    """They go on with their cells; the new driver ends when those are done, and runs none of them a second time."""
    chaos.start()
    assert wait_for(chaos.doing)
    kill_the_driver(chaos, random.Random(0))
    assert chaos.start().wait(PATIENCE) == 0, chaos.said()
    assert [[a["status"] for a in read_attempts(cell)] for cell in chaos.cells()] == [["done"]] * 4
    assert chaos.outcome() == undisturbed


def test_a_killed_process_that_nobody_collected_holds_no_lease(tmp_path: Path) -> None:
    code = f"""
import os, signal
from pathlib import Path
from bench.lease import leased
with leased(Path({str(tmp_path)!r})):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        stat = Path(f"/proc/{process.pid}/stat")
        assert wait_for(lambda: stat.read_text().rpartition(")")[2].split()[0] == "Z")
        assert list(tmp_path.glob("lease.*"))
        assert not is_leased(tmp_path)
