"""Where and when the rows were made: hosts, devices, versions and commits, and what mixing them means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import pandas as pd

from analysis.beside import beside
from analysis.load import Loaded
from analysis.phrases import counted
from analysis.revisions import Revisions, mixed, revisions
from bench.errors import ResultsError
from bench.record import Attempt, cell_folder, read_attempts

RECORDED = ("host", "device", "driver", "processor", "threads", "slots", "tf32", "python")
PACKAGES = ("torch", "jax")
FACTS = (*RECORDED, *PACKAGES, "commit", "uncommitted changes")
WORTH, TOGETHER = 1000, 250  # cells from which on a process pays, and how many it gets at a time
PAIRED = "pairs across them carry the noise of a rerun"
MEANING = {
    "device": f"times are not comparable between them, and {PAIRED}",
    "slots": "times are not comparable between runs that shared their machine and runs that did not",
    "threads": "times are not comparable between them, and results may differ in the last bits",
    "tf32": "products were rounded differently, so results differ for the same seed",
    "torch": "results may differ between them for the same seed",
    "jax": "results of the infinite kernels may differ between them for the same seed",
    "commit": "results may come from different code",
}


@dataclass(frozen=True)
class Provenance:
    """Facts about the attempts that made the rows: fact -> value -> number of attempts; times are ISO 8601, UTC.

    `crossed` counts, for a fact, the seeds of a group whose runs differ in it, so that pairs go across; `seeds` counts
    all of them. `revisions` are those of the plugins: plugin -> revision -> number of cells. `commits` are those whose
    code made the rows of each cell, with "+" behind one whose checkout had changed.
    """

    facts: Mapping[str, Mapping[str, int]]
    first: str | None
    last: str | None
    crossed: Mapping[str, int]
    seeds: int
    revisions: Revisions
    commits: Mapping[str, Sequence[str]]

    def warnings(self) -> Iterator[str]:
        """What is mixed and what that means, in sentences."""
        for fact, meaning in MEANING.items():
            values = self.facts[fact]
            if len(values) > 1:
                yield f"Mixed {fact}: {', '.join(with_counts(values))}; {meaning}{self._across(fact)}."
        dirty = self.facts["uncommitted changes"].get("yes", 0)
        if dirty:
            yield f"{counted(dirty, 'attempt')} made with uncommitted changes in the checkout."
        yield from mixed(self.revisions)

    def _across(self, fact: str) -> str:
        crossed = self.crossed[fact]
        return f" (within {crossed} of {self.seeds} seeds of a group)" if crossed else " (never within a seed)"


def with_counts(values: Mapping[str, int]) -> list[str]:
    """Values, each with the number of attempts that have it."""
    return [f"{value} ({counted(number, 'attempt')})" for value, number in values.items()]


def provenance(loaded: Loaded) -> Provenance:
    """What the attempts say that made the rows of the table; attempts without a row are left out."""
    made = attempts(loaded)
    times = sorted(time for time in (*made["started"], *made["ended"]) if isinstance(time, str))
    runs = loaded.frame[["experiment", "group", "seed", "cell"]].drop_duplicates().merge(made, on="cell")
    by_seed = runs.groupby(["experiment", "group", "seed"])
    return Provenance(
        facts={fact: dict(Counter(made[fact]).most_common()) for fact in FACTS},
        first=times[0] if times else None,
        last=times[-1] if times else None,
        crossed={fact: int((by_seed[fact].nunique() > 1).sum()) for fact in MEANING},
        seeds=by_seed.ngroups,
        revisions=revisions(loaded, made["cell"].unique()),
        commits=_commits(made),
    )


def commits(loaded: Loaded) -> dict[str, list[str]]:
    """`commits` of Provenance alone."""
    return _commits(attempts(loaded))


def _commits(made: pd.DataFrame) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for cell, commit, changed in zip(made["cell"], made["commit"], made["uncommitted changes"], strict=True):
        named, known = f"{commit}+" if changed == "yes" else commit, found.setdefault(cell, [])
        if named not in known:
            known.append(named)
    return found


def attempts(loaded: Loaded) -> pd.DataFrame:
    """The attempts that made rows, a row each: cell, attempt, started, ended (missing while it runs), FACTS as text."""
    used: dict[str, set[int]] = {}
    for cell, attempt in zip(loaded.frame["cell"].tolist(), loaded.frame["attempt"].tolist(), strict=True):
        used.setdefault(cell, set()).add(attempt)
    told = beside(partial(_of_cell, loaded.results), list(used.items()), WORTH, TOGETHER)
    return pd.DataFrame(list(chain.from_iterable(told)), columns=["cell", "attempt", "started", "ended", *FACTS])


def _of_cell(results: Path, used: tuple[str, set[int]]) -> list[tuple[object, ...]]:
    """A row for each of the attempts with these numbers at a cell."""
    cell, numbers = used
    folder = cell_folder(results, cell)
    try:
        return [_told(cell, attempt) for attempt in read_attempts(folder) if attempt["attempt"] in numbers]
    except (ValueError, KeyError) as error:
        raise ResultsError(f"{folder / 'attempts.jsonl'}: wanted a JSON object per line; got {error}") from error


def _told(cell: str, attempt: Attempt) -> tuple[object, ...]:
    environment = attempt.get("environment", {})
    changed, packages = environment.get("uncommitted_changes"), environment.get("packages")
    packages = packages if isinstance(packages, dict) else {}
    facts = [
        *(environment.get(fact, "unknown") for fact in RECORDED),
        *(packages.get(package, "unknown") for package in PACKAGES),
        str(environment.get("commit") or "unknown")[:10],
        "unknown" if changed is None else "yes" if changed else "no",
    ]
    text = ("none" if value is None else str(value) for value in facts)
    return cell, attempt["attempt"], attempt["started"], attempt.get("ended"), *text
