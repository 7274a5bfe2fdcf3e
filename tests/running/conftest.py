"""Fixtures of the tests that run things."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from archive_cases import run_sweep

from bench.data import Data


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tracking command sets for its process ends with the test."""
    for name in ("WANDB_ERROR_REPORTING", "WANDB_SILENT", "GOMAXPROCS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def finished(digits: Data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep; not to be changed."""
    return run_sweep(tmp_path_factory.mktemp("one") / "tiny", digits)


@pytest.fixture
def here(finished: Path, tmp_path: Path) -> Path:
    """The results that are here."""
    return Path(shutil.copytree(finished, tmp_path / "here" / "tiny"))


@pytest.fixture
def there(finished: Path, tmp_path: Path) -> Path:
    """The results of another machine."""
    return Path(shutil.copytree(finished, tmp_path / "there" / "tiny"))
