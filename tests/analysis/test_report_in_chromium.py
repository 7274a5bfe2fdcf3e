"""The report in a real browser, at a desk's and a phone's width."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from synthetic_results import Sweep

from analysis.report import main

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--hide-scrollbars",
]


def opened(chromium: str, page: Path, width: int, profile: Path) -> tuple[str, list[str]]:
    """The page's document as the browser has it, and what it said on its console."""
    told = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},2000", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return told.stdout, [line for line in told.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 390])
def test_it_opens_with_every_figure_and_table_and_nothing_on_the_console(
    two_arms: Sweep, chromium: str, tmp_path: Path, width: int
) -> None:
    two_arms.arm("<script>alert(1)</script>", lambda seed: [0.5, 0.6, 0.7])
    two_arms.write()
    results = two_arms.root
    assert main([str(results)]) == 0
    document, console = opened(chromium, results / "report.html", width, tmp_path / "profile")
    assert console == []
    assert document.count("<svg") == 2
    assert "<table" in document
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in document
    assert not re.search(r"<script", document)
