"""The commands of analysis on a large results folder: 10 000 cells of 11 rows, as a user runs them."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from perf.analysis_folder import Size, write_folder
from perf.case import Case
from perf.timing import seconds

COMMANDS = ("stats", "figures", "report")
ROOT = Path(__file__).parents[2]


def cases() -> Iterator[Case]:
    """All commands one after the other, each a process of its own."""
    commands = Commands()
    yield Case(f"analysis/{Size().cells}-cells", commands.run, repeats=1, note=commands.note, elsewhere=True)


class Commands:
    """The commands; remembers how long each took in the last run."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}

    def run(self) -> None:
        """Run every command once, on a folder in which nothing is drawn yet."""
        shutil.rmtree(folder() / "figures", ignore_errors=True)
        for name in COMMANDS:
            self.taken[name] = seconds(partial(call, f"analysis.{name}", str(folder())))

    def note(self) -> str:
        """The parts, the page's size and the memory of the largest process."""
        parts = ", ".join(f"{name} {taken:.1f} s" for name, taken in self.taken.items())
        size = (folder() / "report.html").stat().st_size / 2**20
        largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        return f"a process each: {parts}; page of {size:.1f} MiB; largest process {largest:.0f} MiB"


def call(*arguments: str) -> None:
    """Run a module in a process of its own; what it prints is not shown. Its bytecode is kept, as it is for a user."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(Path(_room().name) / "bytecode")
    subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=env)


@cache
def folder() -> Path:
    """The folder, made when it is first asked for and removed when the benchmark ends."""
    root = Path(_room().name) / "large"
    write_folder(root, Size())
    return root


@cache
def _room() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()
