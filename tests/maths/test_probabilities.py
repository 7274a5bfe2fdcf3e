"""The projection onto the simplex against its defining conditions."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.probabilities import simplex

rows = st.lists(st.floats(-50, 50, allow_nan=False), min_size=2, max_size=12)


@given(rows)
def test_it_satisfies_the_optimality_conditions(row: list[float]) -> None:
    """p is nearest iff p ≥ 0, Σp = 1, and outputs − p is one constant on the support and at most that elsewhere."""
    outputs = torch.tensor([row], dtype=torch.float64)
    p = simplex(outputs)[0]
    gap = outputs[0] - p
    assert (p >= 0).all()
    torch.testing.assert_close(p.sum(), torch.tensor(1.0, dtype=torch.float64))
    shift = gap[p > 0].max()
    assert (gap[p > 0] >= shift - 1e-9).all()
    assert (gap[p == 0] <= shift + 1e-9).all()


def test_a_point_of_the_simplex_stays() -> None:
    p = torch.tensor([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]], dtype=torch.float64)
    torch.testing.assert_close(simplex(p), p)


def test_huge_outputs_give_the_vertex() -> None:
    assert simplex(torch.tensor([[1e30, 0.0, -1e30]])).tolist() == [[1, 0, 0]]
