"""The import rules of the house, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bench", "strategies", "baselines", "analysis")
FILES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a file imports anywhere."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_by(package: str) -> set[tuple[str, str]]:
    """(file, top-level package) for every import in a package."""
    return {
        (path.relative_to(ROOT).as_posix(), name.partition(".")[0])
        for path in FILES
        if path.is_relative_to(ROOT / package)
        for name in imports(path)
    }


@pytest.mark.parametrize(
    ("package", "forbidden"),
    [
        ("bench", {"strategies", "baselines", "analysis"}),
        ("strategies", {"baselines", "analysis"}),
        ("baselines", {"strategies", "analysis"}),
        ("analysis", {"strategies", "baselines", "torch", "jax"}),
    ],
)
def test_packages_know_only_what_they_may(package: str, forbidden: set[str]) -> None:
    assert not {(file, name) for file, name in imported_by(package) if name in forbidden}


@pytest.mark.parametrize(
    ("library", "homes"),
    [
        ("jax", {"strategies/infinite_ntk.py", "strategies/infinite/library.py"}),
        ("neural_tangents", {"strategies/infinite/library.py"}),
        ("wandb", {"bench/tracking/mirror.py"}),
        ("wandb_workspaces", {"bench/tracking/workspace.py"}),
        ("submitit", {"bench/launching/local.py", "bench/launching/array.py"}),
    ],
)
def test_a_library_is_imported_in_one_place(library: str, homes: set[str]) -> None:
    everywhere = {file for package in PACKAGES for file, name in imported_by(package) if name == library}
    assert everywhere <= homes


def test_analysis_reads_results_through_bench_record_alone() -> None:
    allowed = {f"bench.{name}" for name in ("record", "replicates", "config", "errors", "files", "malformed")}
    for path in FILES:
        if path.is_relative_to(ROOT / "analysis"):
            seen = {".".join(name.split(".")[:2]) for name in imports(path) if name.startswith("bench.")}
            assert seen <= allowed, path


def test_no_strategy_is_named_in_the_harness() -> None:
    from bench.strategy import strategies

    names = set(strategies.names()) - {"random"}  # an English word
    for path in FILES:
        if path.is_relative_to(ROOT / "bench"):
            tree = ast.parse(path.read_text())
            texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
            assert not names & {text for text in texts if isinstance(text, str)}, path


def test_files_are_one_idea_long() -> None:
    assert not [path for path in FILES if len(path.read_text().splitlines()) > 260]
