"""Names that stay inside a results folder: what is written in one may come from a stranger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bench.errors import ResultsError

FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What may name a folder: a sweep, a cell."""
SWEEP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,94}")
"""What a sweep file may be called by: the folder of its tuning is called so with -tune behind it."""
VOUCHED = re.compile(r"arrays/[0-9]{3,9}\.npz|weights/[0-9]{3,9}\.pt")
"""The files that a row may vouch for."""


def check_names(plan: Mapping[str, Any], where: str) -> None:
    """Raise ResultsError where a plan has names that lead out of its folder, or is none."""
    try:
        arms = [arm for experiment in plan["experiments"].values() for arm in experiment["arms"]]
        names = [plan["name"], *(cell for arm in arms for cell in arm["cells"].values())]
        wrong = [name for name in names if not FOLDER.fullmatch(name)]
    except (AttributeError, KeyError, TypeError) as error:
        raise ResultsError(f"{where}: wanted a plan as bench.sweep writes it; {error!r}") from error
    if wrong:
        raise ResultsError(f"{where}: wanted the names of a sweep and of its cells; got {wrong[0][:100]!r}")
