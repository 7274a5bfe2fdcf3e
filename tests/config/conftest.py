"""Fixtures of the tests of configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from sweep_texts import Reader

from bench.registry import Registry


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A reader of sweep files in a folder of the test's own."""
    return Reader(tmp_path)


@pytest.fixture
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the registries that a test makes."""
    monkeypatch.setattr(Registry, "_by_base", dict(Registry._by_base))
