"""docs/sweeps.md is what the types say."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench.describe import hints_of
from bench.grammar import main
from bench.learner import learners
from bench.net import nets

PAGE = Path(__file__).parents[1] / "docs" / "sweeps.md"


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    """In a process of its own, where no other test has registered a plugin."""
    made = tmp_path / "sweeps.md"
    subprocess.run([sys.executable, "-m", "bench.grammar", str(made)], check=True, cwd=PAGE.parents[1])
    assert made.read_text() == PAGE.read_text(), "run make docs"


@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), ([], 2), (["one.md", "two.md"], 2)])
def test_without_one_path_nothing_is_written(
    arguments: list[str], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == status
    assert list(tmp_path.iterdir()) == []


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    text = PAGE.read_text()
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("## ")}
    links = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert links
    assert links <= headings


@pytest.mark.parametrize("registry", [learners, nets])
def test_every_parameter_of_a_plugin_is_there(registry: object) -> None:
    text = PAGE.read_text()
    for entry in registry.entries():  # type: ignore[attr-defined]
        told = text.split(f"**`{entry.name}`**")[1].split("**`")[0]
        assert all(f"| `{key}` |" in told for key in hints_of(entry.cls)), entry.name
