"""Synthetic sweeps with a claim: arm "ours" differs from Random by known amounts, seed by seed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from synthetic_results import Sweep

from analysis.claims.judged import ClaimResult, results
from analysis.load import load

SPREAD = (-0.008, 0.006, -0.004, 0.01, -0.002, 0.002, -0.006, 0.004, -0.01, 0.008)  # mean 0, ten seeds
BASIC = {"experiment": "fig", "better": "ours", "than": "random", "metric": "aubc", "margin": 0.0}


def around(mean: float, n: int = 10) -> list[float]:
    """n differences that spread a little around a mean."""
    return [mean + each for each in SPREAD[:n]]


def baseline(seed: int) -> float:
    """Random's accuracy in every cycle: seeds differ by more than arms do, as they really do."""
    return 0.6 + 0.03 * ((7 * seed) % 5)


def flat(differences: Sequence[float]) -> Any:
    """A curve that lies above Random's by a seed's difference in every cycle, and so in AUBC and final accuracy."""
    return lambda seed: [baseline(seed) + differences[seed]] * 3


def claim(sweep: Sweep, name: str = "wins", **changes: Any) -> None:
    """Declare a claim."""
    sweep.claims[name] = BASIC | changes
    sweep.write()


def compared(sweep: Sweep, differences: Sequence[float], **changes: Any) -> ClaimResult:
    """The result of one claim about an arm that differs from Random like this."""
    arms(sweep, differences)
    claim(sweep, **changes)
    return only(sweep)


def arms(sweep: Sweep, differences: Sequence[float], **place: Any) -> dict[str, dict[str, Any]]:
    """Random and an arm that differs from it like this, seed by seed."""
    sweep.seeds = range(len(differences))
    random = sweep.arm("random", flat([0.0] * len(differences)), **place)
    return {"random": random, "ours": sweep.arm("ours", flat(differences), **place)}


def only(sweep: Sweep) -> ClaimResult:
    """The only claim's result."""
    (found,) = results(load(sweep.root))
    return found


def take_seconds(sweep: Sweep, arm: dict[str, Any], seconds: Sequence[float]) -> None:
    """Let every query of an arm take its seed's seconds."""
    for seed, cell in arm["cells"].items():
        path = sweep.folder(cell) / "rows.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        for row in rows[1:]:
            row["measured"]["seconds"]["query"] = seconds[int(seed)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
