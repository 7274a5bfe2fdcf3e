"""Selection rules."""

from __future__ import annotations

import pytest
import torch

from bench.selection import top_k


def test_the_largest_scores_come_first() -> None:
    assert top_k(torch.tensor([0.1, 3.0, -1.0, 2.0]), 3).tolist() == [1, 3, 0]


def test_of_equal_scores_the_first_comes_first() -> None:
    scores = torch.zeros(10_000)
    scores[7] = 1
    assert top_k(scores, 4).tolist() == [7, 0, 1, 2]


def test_infinite_scores_have_their_place() -> None:
    assert top_k(torch.tensor([0.0, torch.inf, -torch.inf]), 3).tolist() == [1, 0, 2]


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="1 of 2 are NaN"):
        top_k(torch.tensor([0.0, torch.nan]), 1)
