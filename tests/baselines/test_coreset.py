"""CoreSet against the whole matrix of distances."""

from __future__ import annotations

import pytest
import torch
from given_model import given_view

from baselines import coreset
from baselines.coreset import CoreSet
from bench.errors import DataError
from bench.view import Embedding, View


def points_of(seed: int = 0, m: int = 60, d: int = 4) -> torch.Tensor:
    return torch.randn(m, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def view_of(features: torch.Tensor, labelled: int = 8, given: Embedding | None = None) -> View:
    return given_view(torch.zeros(len(features), 2), features, labelled, given=given)


def plain_coreset(points: torch.Tensor, labelled: int, budget: int) -> list[int]:
    """Greedy k-centres by the matrix of all distances (n + m, n + m): the oracle."""
    distances = torch.cdist(points, points, compute_mode="donot_use_mm_for_euclid_dist")
    covered = list(range(labelled))
    while len(covered) < labelled + budget:
        left = [i for i in range(len(points)) if i not in covered]
        covered.append(max(left, key=lambda i: float(distances[i][covered].min())))
    return [i - labelled for i in covered[labelled:]]


@pytest.mark.parametrize("seed", range(5))
def test_it_picks_as_the_plain_form_does(seed: int) -> None:
    points = points_of(seed)
    points[50:] = points[4:14]
    assert CoreSet().query(view_of(points), 40).tolist() == plain_coreset(points, 8, 40)


def test_tiles_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = CoreSet().query(view_of(points_of()), 20)
    monkeypatch.setattr(coreset, "TILE", 24)
    assert torch.equal(CoreSet().query(view_of(points_of()), 20), whole)


def test_features_far_from_the_origin_are_told_apart() -> None:
    """In float32, squared norms of 10⁸ would leave nothing of distances near 1."""
    points = points_of().float()
    far = points + 1e4
    assert CoreSet().query(view_of(far), 20).tolist() == plain_coreset(far.double(), 8, 20)


def test_without_labelled_points_the_first_candidate_is_a_centre() -> None:
    points = points_of()
    picks = CoreSet().query(view_of(points, labelled=0), 10).tolist()
    assert picks == [0, *[i + 1 for i in plain_coreset(points, 1, 9)]]


def test_duplicates_of_labelled_points_come_last() -> None:
    points = points_of(m=12)
    points[4:8] = points[:4]
    assert CoreSet().query(view_of(points, labelled=4), 8).tolist()[4:] == [0, 1, 2, 3]


def test_candidates_that_are_all_alike_are_picked_in_order() -> None:
    assert CoreSet().query(view_of(torch.ones(12, 3)), 4).tolist() == [0, 1, 2, 3]


def test_the_features_of_the_dataset_can_be_asked_for() -> None:
    points, other = points_of(0), points_of(1)
    view = view_of(points, given=Embedding(other[:8], other[8:]))
    assert CoreSet(space="given").query(view, 20).tolist() == plain_coreset(other, 8, 20)
    assert CoreSet().query(view, 20).tolist() == plain_coreset(points, 8, 20)


def test_features_of_a_dataset_that_has_none_are_refused() -> None:
    with pytest.raises(DataError, match="space: given"):
        CoreSet(space="given").query(view_of(points_of()), 2)
