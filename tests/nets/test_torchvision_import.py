"""The import of torchvision is helped on one error only."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType, SimpleNamespace

import pytest

from bench.modules import torchvision_import
from bench.modules.torchvision_import import UNDECLARED, import_torchvision

FOUND = ModuleType("torchvision")


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the helper did, instead of doing it."""
    done: list[str] = []
    monkeypatch.setattr(torchvision_import, "_forget", lambda: done.append("forget"))
    monkeypatch.setattr(torchvision_import, "_declare", lambda: done.append("declare"))
    return done


def importing(monkeypatch: pytest.MonkeyPatch, *outcomes: ModuleType | Exception) -> None:
    """Let the imports of torchvision end so, one after another."""
    left = list(outcomes)

    def import_module(name: str) -> ModuleType:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(torchvision_import, "importlib", SimpleNamespace(import_module=import_module))


def test_where_torchvision_imports_by_itself_nothing_is_done(monkeypatch: pytest.MonkeyPatch, acts: list[str]) -> None:
    importing(monkeypatch, FOUND)
    assert import_torchvision() is FOUND
    assert acts == []


def test_undeclared_operators_are_declared_before_the_second_try(
    monkeypatch: pytest.MonkeyPatch, acts: list[str]
) -> None:
    importing(monkeypatch, RuntimeError(UNDECLARED), FOUND)
    assert import_torchvision() is FOUND
    assert acts == ["forget", "declare"]


@pytest.mark.parametrize(
    "error", [RuntimeError("operator torchvision::roi_align does not exist"), ImportError(UNDECLARED)], ids=repr
)
def test_every_other_error_is_passed_on(monkeypatch: pytest.MonkeyPatch, acts: list[str], error: Exception) -> None:
    importing(monkeypatch, error)
    with pytest.raises(type(error)) as caught:
        import_torchvision()
    assert caught.value is error
    assert acts == []


def test_only_torchvisions_modules_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = {"torch": 1, "torchvision": 2, "torchvision.models": 3, "torchvision_extra": 4}
    monkeypatch.setattr(torchvision_import, "sys", SimpleNamespace(modules=modules))
    torchvision_import._forget()
    assert modules == {"torch": 1, "torchvision_extra": 4}


def test_here_torchvision_imports_and_stays_imported() -> None:
    found = import_torchvision()
    assert found is import_torchvision() is importlib.import_module("torchvision") is sys.modules["torchvision"]
    assert found.models.resnet18 is not None
