"""The errors that a user of the harness can meet, each with what was wanted, what came and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One mistake in a configuration: where it stands, under which key, and what is wrong."""

    where: str
    path: str
    message: str

    def __str__(self) -> str:
        key = f"{self.path}: " if self.path else ""
        return f"{self.where}: {key}{self.message}"


class ConfigError(Exception):
    """A configuration that cannot be run; holds every problem found, not only the first."""

    @classmethod
    def of(cls, where: str, path: str, message: str) -> ConfigError:
        """An error with one problem."""
        return cls([Problem(where, path, message)])

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 problem" if len(self.problems) == 1 else f"{len(self.problems)} problems"
        super().__init__("\n".join([f"{count} in the configuration", *(f"  {p}" for p in self.problems)]))


class RegistryError(Exception):
    """A plugin that cannot be registered, or a name that nobody registered."""


class DataError(Exception):
    """Data that cannot be used: missing files, wrong shapes, labels out of range, NaN."""


class NoData(DataError):
    """Files of data that are not where they were looked for."""


class Diverged(Exception):
    """Training met a loss that is not finite."""


class Refused(Exception):
    """What was asked for makes no sense here, which only showed at work; the message says why and what to do."""


class ContractError(Exception):
    """A plugin broke the contract that its abstract class states."""


class ResultsError(Exception):
    """A results folder that does not hold what it should."""


class LeaseLost(Exception):
    """Another process has taken over the cell that this one was working on."""


class TimeLimit(BaseException):
    """An attempt at a cell took longer than it may; no library's `except Exception` is to swallow it."""


class Ended(Exception):
    """A launch came to its end from outside, as by --cancel or scancel; nothing is wrong with its cells."""
