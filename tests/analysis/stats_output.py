"""What the stats command prints, as a text to look into."""

from __future__ import annotations

import pytest
from synthetic_results import Sweep

from analysis.stats import main


def told(sweep: Sweep, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    assert main([str(sweep.root), *options]) == 0
    return capsys.readouterr().out


def table_of(title: str, text: str) -> str:
    """What is printed from a table's title to the next empty line."""
    return text[text.index(f"\n{title}") + 1 :].partition("\n\n")[0]


def line_of(label: str, text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(label))
