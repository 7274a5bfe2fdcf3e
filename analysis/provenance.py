"""Where and when the rows were made: hosts, devices, versions and commits, and what mixing them means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.load import Loaded
from bench.errors import ResultsError
from bench.record import Attempt, cell_folder, read_attempts

FACTS = ("host", "device", "processor", "threads", "slots", "python", "torch", "commit", "uncommitted changes")
MEANING = {
    "device": "times are not comparable between them, and pairs across them carry the noise of a rerun",
    "slots": "times are not comparable between runs that shared their machine and runs that did not",
    "threads": "times are not comparable between them, and results may differ in the last bits",
    "torch": "results may differ between them for the same seed",
    "commit": "results may come from different code",
}


@dataclass(frozen=True)
class Provenance:
    """Facts about the attempts that made the rows: fact -> value -> number of attempts; times are ISO 8601, UTC."""

    facts: Mapping[str, Mapping[str, int]]
    first: str | None
    last: str | None

    def warnings(self) -> Iterator[str]:
        """What is mixed and what that means, in sentences."""
        for fact, meaning in MEANING.items():
            values = self.facts[fact]
            if len(values) > 1:
                counted = ", ".join(
                    f"{value} ({number} {'run' if number == 1 else 'runs'})" for value, number in values.items()
                )
                yield f"Mixed {fact}: {counted}; {meaning}."
        dirty = self.facts["uncommitted changes"].get("yes", 0)
        if dirty:
            yield f"{dirty} {'run was' if dirty == 1 else 'runs were'} made with uncommitted changes in the checkout."


def provenance(loaded: Loaded) -> Provenance:
    """What the attempts say that made the rows of the table; attempts without a row are left out."""
    made = loaded.frame[["cell", "attempt"]].drop_duplicates().groupby("cell")["attempt"].agg(set)
    attempts = [attempt for cell, used in made.items() for attempt in _attempts(loaded, str(cell), used)]
    told = [_facts(attempt) for attempt in attempts]
    facts = {fact: dict(Counter(each[fact] for each in told).most_common()) for fact in FACTS}
    times = sorted(time for attempt in attempts for time in (attempt["started"], attempt.get("ended")) if time)
    return Provenance(facts, times[0] if times else None, times[-1] if times else None)


def _attempts(loaded: Loaded, cell: str, used: set[int]) -> list[Attempt]:
    folder = cell_folder(loaded.results, cell)
    try:
        return [attempt for attempt in read_attempts(folder) if attempt["attempt"] in used]
    except (ValueError, KeyError) as error:
        raise ResultsError(f"{folder / 'attempts.jsonl'}: wanted a JSON object per line; got {error}") from error


def _facts(attempt: Attempt) -> dict[str, str]:
    environment = attempt.get("environment", {})
    told = {fact: environment.get(fact) for fact in FACTS if fact not in ("torch", "uncommitted changes")}
    told["torch"] = environment.get("packages", {}).get("torch")
    told["commit"] = str(told["commit"])[:10] if told["commit"] else None
    changed = environment.get("uncommitted_changes")
    told["uncommitted changes"] = None if changed is None else "yes" if changed else "no"
    return {fact: "unknown" if value is None else str(value) for fact, value in told.items()}
