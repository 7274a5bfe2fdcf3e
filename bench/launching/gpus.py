"""Which GPUs a launch on this machine spreads its workers over."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

from bench.errors import ConfigError
from bench.launching.options import Launch

QUOTA = Path("/sys/fs/cgroup/cpu.max")


def places(launch: Launch) -> list[str | None]:
    """A GPU for each slot, by its name in CUDA_VISIBLE_DEVICES; None for a slot on the CPU.

    Slots are dealt out over the GPUs in turn. The one slot of `debug` has the first of those that are named, or
    whatever this process sees. Raises ConfigError where there is no GPU.
    """
    if launch.executor == "debug":
        return [None if launch.devices is None else str(launch.devices[0])]
    if launch.device == "cpu":
        return [None] * (launch.slots or max(1, cores() // launch.threads))
    devices = [str(device) for device in launch.devices or visible()]
    if not devices:
        raise ConfigError.of("launch", "device", "wanted a GPU for device: cuda; none can be seen. Write device: cpu")
    return [devices[i % len(devices)] for i in range(launch.slots or len(devices) * launch.per_device)]


def numbered_by_driver(launch: Launch) -> bool:
    """Whether the names of places() are nvidia-smi's numbers, and not those of this process's CUDA_VISIBLE_DEVICES."""
    return launch.devices is not None or "CUDA_VISIBLE_DEVICES" not in os.environ


def cores() -> int:
    """How many cores this process may use: by its affinity, its container's quota, and its job in Slurm."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([bound, *_quota(), *_of_job()]))


def _quota() -> Iterator[int]:
    """What the control group allows, as with `docker run --cpus`."""
    with suppress(OSError, ValueError):  # no control groups, or "max": no limit
        quota, period = QUOTA.read_text().split()
        yield math.ceil(int(quota) / int(period))


def _of_job() -> Iterator[int]:
    given = os.environ.get("SLURM_CPUS_ON_NODE", "")
    if given.isdecimal():
        yield int(given)


def visible() -> Sequence[str]:
    """The GPUs that this process may use: those of CUDA_VISIBLE_DEVICES, else all that the driver lists."""
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        named = (device.strip() for device in given.split(","))
        return list(takewhile(lambda device: device not in ("", "-1"), named))  # CUDA sees none behind an invalid one
    if shutil.which("nvidia-smi") is None:
        return []
    try:
        command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
        told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return told.stdout.split()
