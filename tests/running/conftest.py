"""Fixtures of the tests that run things."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tracking command sets for its process ends with the test."""
    for name in ("WANDB_ERROR_REPORTING", "WANDB_SILENT", "GOMAXPROCS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
