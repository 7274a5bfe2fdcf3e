"""Whether the times behind a claim are such as may be compared: one device each, of one kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from analysis.phrases import counted
from bench.record import cell_folder, read_attempts


def time_remarks(results: Path, cells: Sequence[str]) -> Iterator[str]:
    """What stands against comparing the query times of some cells, in sentences; nothing where nothing does.

    `slots` of an attempt's environment is how many cells could run beside each other on its machine or device.
    """
    environments = [_environments(results, cell) for cell in cells]
    slots = [max((_number(each.get("slots")) for each in of_cell), default=0) for of_cell in environments]
    shared, unknown = sum(number > 1 for number in slots), slots.count(0)
    if shared:
        yield f"{counted(shared, 'run')} of {len(cells)} shared their device with other runs while they were timed."
    if unknown:
        yield f"For {counted(unknown, 'run')} of {len(cells)} it is not recorded whether they had their device alone."
    devices = Counter(_device(each) for of_cell in environments for each in of_cell[-1:])
    if len(devices) > 1:
        told = ", ".join(f"{device} ({counted(runs, 'run')})" for device, runs in devices.most_common())
        yield f"Timed on different devices: {told}."


def _environments(results: Path, cell: str) -> list[dict[str, object]]:
    return [dict(attempt.get("environment", {})) for attempt in read_attempts(cell_folder(results, cell))]


def _number(slots: object) -> int:
    return slots if isinstance(slots, int) else 0


def _device(environment: dict[str, object]) -> str:
    """What computed: the GPU, else the processor."""
    device = environment.get("device", "unknown")
    return str(environment.get("processor", device) if device == "cpu" else device)
