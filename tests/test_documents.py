"""What the documents promise is true."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.contract import check_strategy
from bench.learners.linear import Ridge
from bench.strategy import strategies
from bench.sweep import _parser
from bench.sweep_file import load_sweep
from strategies.acquisition import acquisitions
from strategies.exact import Exact
from strategies.look_ahead import LookAhead

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def block(document: str, language: str, containing: str = "") -> str:
    """The first code block of a language in a document that contains a text."""
    found = re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)
    return next(code for code in found if containing in code)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text())
    assert not [target for target in targets if "://" not in target and not (document.parent / target).exists()]


def test_the_sweep_file_of_the_readme_is_valid(tmp_path: Path) -> None:
    file = tmp_path / "readme.yaml"
    file.write_text(block("README.md", "yaml"))
    assert [experiment.name for experiment in load_sweep(file).experiments] == ["strategies", "widths"]


@pytest.mark.parametrize("sweep", sorted((ROOT / "sweeps").glob("*.yaml")), ids=lambda path: path.name)
def test_every_sweep_of_the_repository_is_valid(sweep: Path) -> None:
    assert load_sweep(sweep).name == sweep.stem


def test_the_notebook_lines_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, Any] = {}
    exec(block("README.md", "python"), namespace)
    assert len(namespace["rows"]) == 9


def test_the_options_of_the_readme_exist() -> None:
    known = {option for action in _parser()._actions for option in action.option_strings}
    commands = [line for line in (ROOT / "README.md").read_text().splitlines() if "-m bench.sweep" in line]
    assert {option for line in commands for option in re.findall(r"--[a-z-]+", line)} <= known


def test_the_targets_of_the_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = " ".join(document.read_text() for document in DOCUMENTS)
    assert set(re.findall(r"`make ([a-z]+)`", told)) <= targets


def test_the_recipe_of_small_cifar_arrays_keeps_the_first_images_of_each_class_in_their_order(tmp_path: Path) -> None:
    class Official:
        def __init__(self, root: str, train: bool) -> None:
            self.targets = [1, 0, 1, 1, 0, 0] if train else [0, 0, 1]
            self.data = np.arange(len(self.targets), dtype=np.uint8)

    namespace: dict[str, Any] = {}
    exec(block("docs/recipes.md", "python", "def small_cifar"), namespace)
    namespace["small_cifar"](tmp_path / "small.npz", Official, ".", (2, 1))
    made = np.load(tmp_path / "small.npz")
    assert {name: made[name].tolist() for name in made} == {
        "x_train": [0, 1, 2, 4],
        "y_train": [1, 0, 1, 0],
        "x_test": [0, 2],
        "y_test": [0, 1],
    }


def test_the_strategy_of_contributing_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strategies.names()
    monkeypatch.setattr(strategies, "_entries", dict(strategies._entries))
    file = tmp_path / "gini.py"
    file.write_text(block("CONTRIBUTING.md", "python"))
    spec = importlib.util.spec_from_file_location("gini", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "gini", module)
    spec.loader.exec_module(module)
    check_strategy(module.Gini())
    check_strategy(module.Gini(power=3.0))


def test_the_acquisition_function_of_contributing_keeps_the_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    acquisitions.names()
    monkeypatch.setattr(acquisitions, "_entries", dict(acquisitions._entries))
    namespace: dict[str, Any] = {}
    exec(block("CONTRIBUTING.md", "python", "class LargestChange"), namespace)
    check_strategy(LookAhead(namespace["LargestChange"](), Exact()), Ridge())
