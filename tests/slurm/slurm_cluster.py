"""A real Slurm of one node, for the length of a block: `with cluster(folder) as slurm: …`.

All that it needs lies in `folder` and is reached by SLURM_CONF, so that several run side by side and none touches a
Slurm of the machine. It needs root, and Debian's slurm-wlm; with slurmdbd and mariadb-server it has accounting (sacct).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from slurm_configuration import Ports, configure
from slurm_daemons import PATIENCE, Command, daemon, free_ports, none_left, serving, until

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
STORAGE_PROGRAMS = ("slurmdbd", "sacct", "mariadbd", "mariadb-install-db")
DATABASE = ("--no-defaults", "--user=root", "--innodb-log-file-size=4M", "--innodb-flush-method=nosync")


@dataclass(frozen=True)
class Cluster:
    """A running Slurm. `environment` is what a process needs to reach it; `accounting`: whether sacct knows jobs."""

    root: Path
    environment: Mapping[str, str] = field(repr=False)
    accounting: bool

    def run(self, *command: str | Path) -> str:
        """What a program prints that can reach this Slurm; raises RuntimeError with its words where it fails."""
        told = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE)
        if told.returncode:
            raise RuntimeError(f"{command} ended with {told.returncode}: {told.stdout}{told.stderr}")
        return told.stdout

    def submit(self, script: str, *options: str) -> str:
        """Submit a line of shell with options of sbatch; returns the job's id, `output(id)` has what it prints."""
        where = ("--parsable", f"--chdir={self.root}", f"--output={self.root}/%j.out", "--open-mode=append")
        return self.run("sbatch", *where, *options, "--wrap", script).strip()

    def output(self, job: str) -> str:
        """What a job of `submit` has printed so far."""
        path = self.root / f"{job}.out"
        return path.read_text() if path.exists() else ""

    def squeue(self) -> dict[str, str]:
        """The state of every job that is queued or runs, by id; tasks of an array that wait are one, `ID_[0-3]`."""
        return _pairs(self.run("squeue", "--noheader", "--format=%i|%T"))

    def sacct(self, job: str) -> dict[str, str]:
        """The state of a job, or of every task of an array, by the accounting; {} before it knows the job."""
        return _pairs(self.run("sacct", "-nPX", "--format=JobID,State", f"--jobs={job}"))

    def scontrol(self, *arguments: str) -> str:
        """What scontrol prints."""
        return self.run("scontrol", *arguments)

    def job(self, job: str) -> dict[str, str]:
        """What the controller knows of one job, by the names of `scontrol show job`; ended ones are remembered."""
        words = self.scontrol("show", "job", "--oneliner", job).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def wait(self, job: str, state: str, seconds: float = PATIENCE) -> None:
        """Wait until a job is in a state; raises TimeoutError where it is not in time."""
        until(lambda: self.job(job)["JobState"] == state, f"job {job} {state}", seconds, pause=0.2)


def why_not() -> str | None:
    """Why no Slurm can be started here; None where one can."""
    if os.geteuid() != 0:
        return "a Slurm can only be started by root"
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)} (Debian: apt-get install slurm-wlm)" if absent else None


def can_account() -> bool:
    """Whether what accounting needs is installed (Debian: slurmdbd, mariadb-server)."""
    return all(shutil.which(name) for name in STORAGE_PROGRAMS)


@contextmanager
def cluster(root: Path, accounting: bool = True) -> Iterator[Cluster]:
    """Start a Slurm whose files are in `root`; at the end of the block it is stopped, and jobs that still run killed.

    `root` is a new folder with a short path, since Unix sockets lie in it. Without the programs that accounting needs
    there is none.
    """
    accounting = accounting and can_account()
    ports = Ports(*free_ports(3))
    configure(root, ports, accounting)
    reached = {"SLURM_CONF": f"{root}/slurm.conf"}
    bed = Cluster(root, {**_outside_of_slurm(os.environ), **reached}, accounting)
    with none_left(f"SLURM_CONF={root}/slurm.conf"), ExitStack() as stack:
        _start_munge(bed, stack)
        if accounting:
            _start_storage(bed, ports.storage, stack)
        _start(bed, ("slurmctld", "-D", "-i"), ports.controller, stack)
        _start(bed, ("slurmd", "-D", "-N", "localhost"), ports.node, stack)
        until(lambda: bed.run("sinfo", "--noheader", "--format=%T").split() == ["idle"], "an idle node")
        yield bed


def _start_munge(bed: Cluster, stack: ExitStack) -> None:
    """What Slurm's programs prove with who they are; `--force` lets its socket lie where only root comes."""
    files = {name: f"--{name}-file={bed.root}/munge.{name}" for name in ("key", "pid", "log", "seed")}
    socket = bed.root / "munge.sock"
    _start(bed, ("munged", "--foreground", "--force", *files.values(), f"--socket={socket}"), socket, stack)


def _start_storage(bed: Cluster, port: int, stack: ExitStack) -> None:
    """A database that only a Unix socket reaches, and the daemon that keeps the accounting in it."""
    data, socket = f"--datadir={bed.root}/mysql", bed.root / "mysql.sock"
    stack.callback(shutil.rmtree, bed.root / "mysql", ignore_errors=True)
    bed.run("mariadb-install-db", *DATABASE, data, "--skip-test-db", "--force")
    server = ("mariadbd", *DATABASE, data, f"--socket={socket}", f"--pid-file={socket}.pid", "--skip-networking")
    _start(bed, server, socket, stack)
    _start(bed, ("env", f"MYSQL_UNIX_PORT={socket}", "slurmdbd", "-D"), port, stack)


def _start(bed: Cluster, command: Command, address: int | Path, stack: ExitStack) -> None:
    log = bed.root / f"{address if isinstance(address, int) else address.name}.log"
    process = stack.enter_context(daemon(command, log, bed.environment))
    serving(process, address, log)


def _outside_of_slurm(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what a job would hand down to what is started in it."""
    return {key: value for key, value in environment.items() if not key.startswith(("SLURM", "SBATCH", "SUBMITIT"))}


def _pairs(lines: str) -> dict[str, str]:
    return dict(line.split("|", 1) for line in lines.splitlines())
