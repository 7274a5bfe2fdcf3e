"""A forward pass in parts gives every input its own outputs."""

from __future__ import annotations

import pytest
import torch

from bench.batches import ON_CPU, batches


@pytest.mark.parametrize("n", [1, ON_CPU - 1, ON_CPU, 3 * ON_CPU + 1])
def test_the_parts_are_the_whole_in_its_order(n: int) -> None:
    x = torch.arange(2 * n).reshape(n, 2)
    parts = batches(x)
    assert torch.equal(torch.cat(parts), x)
    assert max(len(part) for part in parts) <= ON_CPU
