"""Where a result came from: versions, commit, hardware, determinism flags, host."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.fate import memory_kills
from bench.located import Plain

PACKAGES = ("torch", "torchvision", "jax", "jaxlib", "neural-tangents", "numpy", "scipy", "scikit-learn", "submitit")
SLURM = ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_RESTART_COUNT")


def environment(device: str) -> dict[str, Plain]:
    """Everything about this process and machine that a reader of its results may ask for."""
    return {
        "python": sys.version.split()[0],
        "packages": {name: _version(name) for name in PACKAGES},
        "commit": _git("rev-parse", "HEAD"),
        "uncommitted_changes": _dirty(),
        "host": socket.gethostname(),
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_kills": memory_kills(),
        "cuda_visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "slurm": {name: os.environ[name] for name in SLURM if name in os.environ},
        **_torch(device),
    }


def code_commit() -> str | None:
    """The commit of the harness's checkout, with "+" behind it where files were changed since; None outside git."""
    commit = _git("rev-parse", "HEAD")
    return None if commit is None else commit + ("+" if _dirty() else "")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _dirty() -> bool | None:
    status = _git("status", "--porcelain")
    return None if status is None else bool(status)


def _git(*arguments: str) -> str | None:
    """What git says of the harness's own checkout; None where there is no git or no checkout."""
    try:
        told = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _torch(device: str) -> dict[str, Plain]:
    import torch

    on_gpu = device.startswith("cuda")
    return {
        "device": torch.cuda.get_device_name() if on_gpu else "cpu",
        "cuda": torch.version.cuda if on_gpu else None,
        "driver": _driver() if on_gpu else None,
        "cudnn": torch.backends.cudnn.version() if on_gpu else None,
        "threads": torch.get_num_threads(),
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "tf32": torch.backends.cuda.matmul.allow_tf32 or (on_gpu and torch.backends.cudnn.allow_tf32),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }


def _driver() -> str | None:
    try:
        told = subprocess.run(
            ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.splitlines()[0].strip() if told.stdout.strip() else None
