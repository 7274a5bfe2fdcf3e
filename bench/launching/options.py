"""The section `launch` of a sweep file: where cells run. None of it is part of a cell's id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from bench.numbers import Count, Natural, Positive

Executor: TypeAlias = Literal["local", "slurm", "debug"]
EXECUTORS: tuple[Executor, ...] = ("local", "slurm", "debug")
DeviceName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9:/_-]*$")]
"""A GPU as CUDA_VISIBLE_DEVICES names it: its number, or the UUID of a GPU or of a MIG slice."""


@dataclass(frozen=True)
class Retries:
    """How often a cell is taken up again in one launch without having finished a cycle, by how its attempt ended.

    What was killed may have run out of memory. What diverged, was refused or found no data would only do so again.
    """

    exception: Natural = 0
    out_of_memory: Natural = 1
    timeout: Natural = 1
    killed: Natural = 2
    preempted: Natural = 100

    def of(self, kind: str) -> int:
        """The number for a kind of failure; 0 for those that come back by themselves."""
        return int(getattr(self, kind, 0))


@dataclass(frozen=True)
class Slurm:
    """What is asked of Slurm for each worker; null leaves it to the cluster.

    All workers are one array of jobs, of which `array_parallelism` run at a time; each ends once it has settled
    `cells_per_job` cells. `minutes` is the walltime of a job: one that reaches it goes on from its last finished cycle.
    `gpus` are per worker, by default one where the device is cuda. `setup` are shell lines run before a worker, `extra`
    further options of sbatch by name, such as {constraint: a100, exclude: node7}.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    minutes: Count = 240
    memory_gib: Positive | None = None
    gpus: Natural | None = None
    array_parallelism: Count = 100
    cells_per_job: Count = 1
    setup: list[str] = field(default_factory=list)
    extra: dict[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Launch:
    """Where cells run. None of it is part of a cell's id; `device` and `threads` may change the last bits of a result.

    `local` keeps `slots` workers of `threads` threads each on this machine: by default one for each core and thread, or
    with device cuda `per_device` for each of the `devices` (by default all GPUs that can be seen). `slurm` submits an
    array of them, `debug` runs the cells one by one in this process. An attempt at a cell that takes longer than
    `cell_minutes` is a timeout.
    """

    executor: Executor = "local"
    slots: Count | None = None
    threads: Count = 1
    device: Literal["cpu", "cuda"] = "cpu"
    devices: list[Natural | DeviceName] | None = None
    per_device: Count = 1
    cell_minutes: Positive | None = None
    retries: Retries = field(default_factory=Retries)
    slurm: Slurm = field(default_factory=Slurm)

    def __post_init__(self) -> None:
        if self.devices is not None and (not self.devices or len(set(map(str, self.devices))) < len(self.devices)):
            raise ValueError(f"devices: wanted at least one GPU, each once; got {self.devices}")
        if self.device == "cpu" and (self.devices or self.per_device > 1):
            raise ValueError("devices: wanted none with device: cpu; write device: cuda")
