"""What to say where a command stumbles over the values of a results folder: which of them are not what they should be.

Nothing is checked while all goes well: files that this version wrote are right, and checking takes longer than reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.errors import ConfigError, RegistryError, ResultsError


@contextmanager
def told_if_malformed(results: Path) -> Iterator[None]:
    """Raise ResultsError with the first malformed value of a results folder in place of what it led to."""
    try:
        yield
    except (ConfigError, RegistryError, ResultsError, OSError):
        raise
    except Exception as error:
        told = first_malformed(results)
        if told is None:
            raise
        raise ResultsError(f"{told}. Restore the file; a cell whose folder is deleted is run again") from error


def first_malformed(results: Path) -> str | None:
    """The first value among plan, rows, attempts and failures that is not as this version writes it, in a sentence;
    None where there is none, or no results folder."""
    from bench.archiving.check import check_plan, check_row
    from bench.archiving.shapes import checked
    from bench.record import Attempt, Failure

    try:
        check_plan((results / "plan.json").read_bytes(), str(results / "plan.json"))
        for cell in sorted((results / "cells").iterdir()):
            for where, line in _lines(cell / "rows.jsonl"):
                check_row(line, where)
            for where, line in _lines(cell / "attempts.jsonl"):
                if b'"started"' in line:  # the line that ends an attempt has a few of its keys
                    checked(Attempt, line, where)
            if (cell / "failure.json").is_file():
                checked(Failure, (cell / "failure.json").read_bytes(), str(cell / "failure.json"))
    except (ResultsError, RecursionError) as error:
        return str(error)
    except OSError:
        return None
    return None


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """The whole lines of a file that may be missing, each with where it stands."""
    if path.is_file():
        for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
            yield f"{path}, line {number}", line
