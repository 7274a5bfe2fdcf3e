"""docs/sweeps.md: its links lead somewhere, and nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.describe import hints_of
from bench.learner import learners
from bench.net import nets

PAGE = Path(__file__).parents[1] / "docs" / "sweeps.md"


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
