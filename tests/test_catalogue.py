"""docs/strategies.md is what the plugins say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.catalogue import catalogue, main
from bench.strategy import strategies

PAGE = Path(__file__).parents[1] / "docs" / "strategies.md"


def test_the_page_is_made_from_the_plugins_as_they_are(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "bench.catalogue", str(tmp_path / "page.md")], check=True)
    assert PAGE.read_text() == (tmp_path / "page.md").read_text(), "run `make docs`"


@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), ([], 2), (["one.md", "two.md"], 2)])
def test_without_one_path_nothing_is_written(
    arguments: list[str], status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == status
    assert list(tmp_path.iterdir()) == []


def test_every_strategy_states_its_cost() -> None:
    assert [entry.name for entry in strategies.entries() if not entry.cls.cost] == []


def test_a_strategy_that_sees_labels_is_marked() -> None:
    marked = {line.split("`")[1] for line in catalogue().splitlines() if "sees the pool's labels" in line}
    assert marked == {entry.name for entry in strategies.entries() if entry.cls.sees_labels} != set()
