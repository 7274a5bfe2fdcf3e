"""`python -m bench.catalogue docs/strategies.md` writes tables of every registered strategy, out of the plugins."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.audit import audits
from bench.data import datasets
from bench.files import write_atomically
from bench.learner import learners
from bench.net import nets
from bench.registry import Entry, Registry
from bench.strategy import Strategy, strategies

INTRODUCTION = """# Strategies

Made by `python -m bench.catalogue docs/strategies.md` from what the plugins say of themselves. `budget` is the one that
a strategy is published for; letters: m candidates, n labelled, k classes, d features, b budget. Parameters:
`python -m bench.sweep --list`.
"""


def catalogue() -> str:
    """The whole page, in Markdown."""
    own = [entry for entry in strategies.entries() if not entry.fixed]  # imports the plugins, which may define kinds
    short = [entry for entry in strategies.entries() if entry.fixed]
    parts = [INTRODUCTION, table(("name", "what it picks", "paper", "budget", "cost", "needs"), map(_row, own))]
    if short:
        names = ((f"`{e.name}`", f"`{strategies.name_of(e.cls)}`", _fixed(e)) for e in short)
        parts += ["## Short names\n", table(("name", "stands for", "with"), names)]
    of_plugins = Registry.others([strategies, learners, nets, datasets, audits])
    for registry in (*of_plugins, audits):
        rows = ((f"`{entry.name}`", entry.summary) for entry in registry.entries())
        parts += [f"## {registry.kind.capitalize()}\n", table(("name", "what it is"), rows)]
    return "\n".join(parts)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def _row(entry: Entry[Strategy]) -> tuple[str, ...]:
    cls = entry.cls
    return (f"`{entry.name}`", entry.summary, cls.paper, cls.regime, cls.cost, "; ".join(_needs(cls)))


def _needs(cls: type[Strategy]) -> Iterator[str]:
    if cls.needs:
        yield cls.needs
    if cls.sees_labels:
        yield "**sees the pool's labels: no competitor**"


def _fixed(entry: Entry[Any]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in entry.fixed.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench.catalogue", description="Write tables of all strategies.")
    parser.add_argument("path", type=Path, help="the file to write, as docs/strategies.md")
    write_atomically(parser.parse_args(arguments).path, catalogue().encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
