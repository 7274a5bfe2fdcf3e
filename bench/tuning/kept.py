"""The file that tuning writes for a sweep to include: the winner as `defaults`, and how it was chosen as a comment."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from pydantic import JsonValue

from bench.cell import record_of
from bench.config import Settings
from bench.errors import ConfigError
from bench.files import write_atomically
from bench.tuning.ranking import Ranked, Ranking

MARK = "# Written by `python -m bench.tune`"
BEST = 5
WIDTH = 118


def check_keep(path: Path, sweep: str) -> None:
    """Raise ConfigError where another file than one of tuning's own stands at `path`, or nothing can be put there."""
    try:
        ours = path.read_text(encoding="utf-8", errors="replace").startswith(MARK) if path.exists() else True
    except OSError as error:
        raise ConfigError.of(sweep, "tune.keep", f"wanted a file that can be written; {error}") from error
    folder = next(each for each in path.absolute().parents if each.exists())
    if not os.access(folder, os.W_OK):
        raise ConfigError.of(sweep, "tune.keep", f"wanted a file that can be written; {folder} is read-only")
    if not ours:
        wanted = "wanted a file of tuning's own, or none yet"
        raise ConfigError.of(sweep, "tune.keep", f"{wanted}; {path} is another. Name another, or remove it")


def write_kept(path: Path, values: Mapping[str, JsonValue], settings: Settings, comment: Iterable[str]) -> None:
    """Write the values of dotted keys, which `settings` have, as defaults below a comment."""
    tree = yaml.dump(
        {"defaults": defaults_of(values, settings)}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH
    )
    said = "".join(f"# {line}".rstrip() + "\n" for paragraph in comment for line in _wrapped(paragraph))
    write_atomically(path, f"{MARK}; do not edit it: tune again.\n#\n{said}{tree}".encode())


def defaults_of(values: Mapping[str, JsonValue], settings: Settings) -> dict[str, JsonValue]:
    """The nested form of dotted keys. What is inside a plugin stands under its name, so that it goes to no other."""
    found: dict[str, JsonValue] = {}
    for dotted, value in values.items():
        *sections, last = dotted.split(".")
        inside, part = found, settings
        for section in sections:
            part = getattr(part, section)
            name = record_of(part).get("name")
            inside = inside.setdefault(section, {} if name is None else {"name": name})  # type: ignore[assignment]
        inside[last] = value
    return found


def best_trials(ranking: Ranking) -> Iterator[str]:
    """The first few lines of the ranking, as text."""
    for place, trial in enumerate(ranking.trials[:BEST], start=1):
        yield f"{place:2}. {told(trial)}"


def told(trial: Ranked) -> str:
    """A trial in one line: its mean, its interval and what it is called."""
    return f"{trial.mean}  {trial.name}{'  (failed)' if trial.outcome.failures else ''}"


def _wrapped(paragraph: str) -> list[str]:
    return textwrap.wrap(paragraph, WIDTH - 2, break_long_words=False, break_on_hyphens=False) or [""]


class _Dumper(yaml.SafeDumper):
    """Block style, with texts in quotes where any reader of YAML could take them for something else."""


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    plain = re.fullmatch(r"[A-Za-z_][\w. -]*", value) is not None  # yaml itself quotes `on`, `null` and the like
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if plain else '"')


_Dumper.add_representer(str, _text)
