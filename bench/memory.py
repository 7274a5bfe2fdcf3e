"""Peak memory of a stretch of work."""

from __future__ import annotations

import resource
from pathlib import Path


def reset_peak(device: str) -> None:
    """Forget the peak so far, where the system lets us (Linux, CUDA)."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.reset_peak_memory_stats()
        return
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # the peak is then that of the whole process, an upper bound


def peak_mib(device: str) -> float:
    """The largest memory held since reset_peak, in MiB: the device's on a GPU, else the process's."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.max_memory_allocated() / 2**20
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
