"""docs/sweeps.md: its links lead somewhere, and nothing is left out."""

from __future__ import annotations

import inspect
import re
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest

from bench.data import datasets
from bench.describe import hints_of
from bench.learner import learners
from bench.net import nets
from bench.registry import Registry

PAGE = Path(__file__).parents[1] / "docs" / "sweeps.md"


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    text = PAGE.read_text()
    headings = {line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("## ")}
    links = set(re.findall(r"\]\(#([^)]*)\)", text))
    assert links
    assert links <= headings


@pytest.mark.parametrize("registry", [learners, nets, datasets])
def test_what_several_plugins_share_is_explained_too(registry: Registry[Any]) -> None:
    """Also where the class that says so is none that can be named in a sweep file."""
    text = PAGE.read_text()
    shared = {cls for entry in registry.entries() for cls in entry.cls.__mro__[1:] if is_dataclass(cls)}
    told = [cls for cls in shared if cls is not registry.base]
    assert bool(told) == (registry is not nets)
    assert all(inspect.cleandoc(str(cls.__doc__)) in text for cls in told)


@pytest.mark.parametrize("registry", [learners, nets])
def test_every_parameter_of_a_plugin_is_there(registry: object) -> None:
    text = PAGE.read_text()
    for entry in registry.entries():  # type: ignore[attr-defined]
        told = text.split(f"**`{entry.name}`**")[1].split("**`")[0]
        assert all(f"| `{key}` |" in told for key in hints_of(entry.cls)), entry.name
