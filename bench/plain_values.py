"""Settings written in Python as a file would have them: numpy's scalars and paths become plain values."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np

from bench.errors import ConfigError, Problem
from bench.located import Plain, join

WANTED = "wanted a text, a number, True, False or None, or a list or mapping of them"


def plain_settings(settings: Mapping[str, object], where: str) -> dict[str, Plain]:
    """The settings in plain values. Raises ConfigError that names every key whose value has no such form."""
    problems: list[Problem] = []
    found = _mapping(settings, where, "", problems)
    if problems:
        raise ConfigError(problems)
    return found


def _mapping(value: Mapping[str, object], where: str, path: str, problems: list[Problem]) -> dict[str, Plain]:
    wrong = [key for key in value if not isinstance(key, str)]
    problems += [Problem(where, path, f"wanted names as keys; got {key!r}") for key in wrong]
    return {key: _plain(item, where, join(path, key), problems) for key, item in value.items() if key not in wrong}


def _plain(value: object, where: str, path: str, problems: list[Problem]) -> Plain:
    if isinstance(value, np.generic):
        value = value.item()
    elif isinstance(value, os.PathLike):
        value = os.fspath(value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return _mapping(value, where, path, problems)
    if isinstance(value, list | tuple):
        return [_plain(item, where, f"{path}[{place}]", problems) for place, item in enumerate(value)]
    problems.append(Problem(where, path, f"{WANTED}; got {type(value).__name__}{_cure(value)}"))
    return None


def _cure(value: object) -> str:
    return ". Its tolist() gives one" if hasattr(value, "tolist") else ""
