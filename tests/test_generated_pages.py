"""The pages of docs/ that are made from the code are up to date, and made only where a path is given."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from bench import catalogue, grammar

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("module", "page"), [(catalogue, "strategies.md"), (grammar, "sweeps.md")])
def test_a_page_says_what_the_code_says(module: ModuleType, page: str, tmp_path: Path) -> None:
    """In a process of its own, where no other test has registered a plugin."""
    made = tmp_path / page
    subprocess.run([sys.executable, "-m", module.__name__, str(made)], check=True, cwd=ROOT)
    assert made.read_text() == (ROOT / "docs" / page).read_text(), "run `make docs`"


@pytest.mark.parametrize("main", [catalogue.main, grammar.main])
@pytest.mark.parametrize(("arguments", "status"), [(["--help"], 0), ([], 2), (["one.md", "two.md"], 2)])
def test_without_one_path_nothing_is_written(
    main: Callable[[list[str]], object],
    arguments: list[str],
    status: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == status
    assert list(tmp_path.iterdir()) == []
