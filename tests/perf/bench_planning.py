"""What the harness itself costs at ten thousand cells."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.plan import schedule
from bench.state import states
from bench.sweep_file import load_sweep
from perf.case import Case

CELLS = 10_000


def cases() -> Iterator[Case]:
    """Resolving a sweep into cells with ids, and reading the state of each from disk."""
    sweep = load_sweep(Path("sweeps/digits.yaml"), [f"seeds={CELLS // 5}"])
    wanted = {identifier: cell.protocol.cycles for identifier, cell in schedule(sweep, Path(".")).cells().items()}
    results = Path(tempfile.mkdtemp())
    note = f"{len(wanted)} cells"
    yield Case("planning/10000-cells", lambda: schedule(sweep, Path(".")).cells(), repeats=3, note=lambda: note)
    yield Case("status/10000-cells", lambda: states(results, wanted), repeats=3, note=lambda: f"{note}, none started")
