"""MaxHerding and UHerding against plain greedy selection with the whole kernel matrix."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise

import pytest
import torch
from given_model import given_view

from baselines import herding, tiles
from baselines.coverage import Cover
from baselines.herding import Gaussian, MaxHerding, UHerding, fitted_temperature, smallest_distance, uncertainty
from baselines.tiles import Points, unit
from baselines.uncertainty import margin
from bench.learner import Labelled
from bench.probabilities import best_temperature
from bench.view import View

SMALL_TILE = 16


@pytest.fixture(autouse=True)
def _several_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles so small that fifty points need several."""
    monkeypatch.setattr(tiles, "TILE", SMALL_TILE)


def view_of(labelled: int = 7, candidates: int = 43, seed: int = 0) -> View:
    """Gaussian features in five dimensions, outputs of three classes, and labels some of which the model has wrong."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(labelled + candidates, 5, generator=generator, dtype=torch.float64) + 0.5
    outputs = torch.randn(labelled + candidates, 3, generator=generator, dtype=torch.float64)
    view = given_view(outputs, features, labelled, seed)
    return replace(view, labelled=Labelled(view.labelled.x, torch.arange(labelled) % 3, 3))


def features_view(features: list[list[float]], labelled: int = 0) -> View:
    """These features (n + m, d), and outputs that say nothing."""
    x = torch.tensor(features, dtype=torch.float64)
    return given_view(torch.zeros(len(x), 3, dtype=torch.float64), x, labelled)


def plain_herding(view: View, radius: float, u: torch.Tensor, budget: int) -> list[int]:
    """Greedy selection by the definition: every gain as a mean over all labelled and unlabelled points, every time; of
    equal gains, up to rounding, that of the point most like the mean, then the first."""
    n = len(view.labelled)
    x = unit(torch.cat([view.model.features(view.labelled.x), view.features]))
    k = (-((x[:, None] - x[None, :]).square().sum(2)) / radius**2).exp()  # (n + m, n + m)
    weights = torch.cat([torch.zeros(n, dtype=u.dtype), u])
    chosen, picks = list(range(n)), []
    for _ in range(budget):
        covered = k[chosen].amax(0) if chosen else torch.zeros(len(x), dtype=k.dtype)  # (n + m,)
        gains = (weights * (k - covered[None, :]).clamp_min(0)).mean(1)  # (n + m,)
        left = [i for i in range(n, len(x)) if i not in chosen]
        best = max(float(gains[i]) for i in left)
        equal = [i for i in left if gains[i] >= best * (1 - 1e-11) - 1e-15]
        chosen.append(max(equal, key=lambda i: round(float(x[i] @ x[n:].mean(0)), 10)))
        picks.append(chosen[-1] - n)
    return picks


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("radius", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("labelled", [0, 1, 20])
def test_lazy_greedy_picks_what_plain_greedy_picks(seed: int, radius: float, labelled: int) -> None:
    view = view_of(labelled, 43, seed)
    picks = MaxHerding(radius=radius).query(view, 43)
    assert picks.tolist() == plain_herding(view, radius, torch.ones(43, dtype=torch.float64), 43)


@pytest.mark.parametrize("seed", range(3))
def test_uherding_weighs_by_one_minus_the_margin_at_its_temperature(seed: int) -> None:
    view = view_of(seed=seed)
    u = 1 - margin((view.outputs / 0.4).softmax(1))
    assert UHerding(radius=0.8, temperature=0.4).query(view, 20).tolist() == plain_herding(view, 0.8, u, 20)


def test_uherding_by_default_fits_its_temperature_and_its_radius_to_the_labelled_set() -> None:
    view = view_of(12)
    outputs = view.model.outputs(view.labelled.x)
    u = 1 - margin((view.outputs / best_temperature(outputs, view.labelled.y)).softmax(1))
    radius = torch.pdist(unit(view.model.features(view.labelled.x))).min().item()
    assert UHerding().query(view, 20).tolist() == plain_herding(view, radius, u, 20)


def test_what_is_covered_is_subtracted_along_the_covered_points() -> None:
    """A public copy subtracts it along the candidates, which prefers candidates near to nothing."""
    features = [[1, 0], [1, 0.02], [1, -0.02], [1, 0.04], [0.6, 1], [0.62, 1], [-1, 0.3]]
    assert MaxHerding(radius=0.5).query(features_view(features, labelled=1), 2).tolist() == [3, 5]


def test_greedy_reaches_its_guaranteed_share_of_the_best_coverage() -> None:
    view = view_of(0, 14)
    x = unit(view.features)
    k = (-torch.cdist(x, x).square()).exp()  # (m, m)
    best = max(float(k[list(batch)].amax(0).sum()) for batch in combinations(range(14), 3))
    reached = float(k[MaxHerding().query(view, 3)].amax(0).sum())
    assert (1 - 1 / torch.e) * best <= reached <= best


def test_gains_never_grow_as_more_is_covered() -> None:
    points = Points.of(unit(view_of().features))
    cover = Cover(
        points[:0], points, Gaussian(0.7), torch.rand(43, generator=torch.Generator().manual_seed(0)).double()
    )
    chosen = [cover.all_gains(cover.covered_by(points[:count])) for count in range(0, 43, 6)]
    assert all(bool((later <= earlier + 1e-12).all()) for earlier, later in pairwise(chosen))


def test_some_gains_are_all_gains_at_those_positions() -> None:
    points = Points.of(unit(view_of().features))
    cover = Cover(points[:0], points, Gaussian(0.7), torch.linspace(0, 1, 43, dtype=torch.float64))
    covered = cover.covered_by(points[:5])
    at = torch.tensor([40, 3, 17])
    torch.testing.assert_close(cover.some_gains(at, covered), cover.all_gains(covered)[at])


def test_permuting_the_candidates_permutes_the_picks() -> None:
    view = view_of()
    order = torch.randperm(43, generator=torch.Generator().manual_seed(5))
    other = replace(view, candidates=view.candidates[order])
    for strategy in (MaxHerding(), UHerding(temperature=1.0)):
        assert order[strategy.query(other, 20)].tolist() == strategy.query(view, 20).tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_of_equal_candidates_the_first_are_picked(dtype: torch.dtype) -> None:
    x = torch.ones(40, 3, dtype=dtype)
    view = given_view(torch.zeros(40, 3, dtype=dtype), x)
    assert MaxHerding().query(view, 40).tolist() == list(range(40))
    assert UHerding().query(view, 5).tolist() == list(range(5))


def test_a_copy_of_a_pick_comes_after_everything_that_is_not_covered() -> None:
    picks = MaxHerding(radius=0.3).query(features_view([[1, 0], [1, 0], [0, 1], [0, 1], [-1, 0], [0, -1]]), 6).tolist()
    assert picks == [0, 2, 4, 5, 1, 3]


def test_copies_of_labelled_points_come_last() -> None:
    assert MaxHerding().query(features_view([[1, 0], [0, 1], [1, 0], [1, 1], [0, 1]], labelled=2), 3).tolist()[0] == 1


def test_features_of_zeros_are_points_like_others() -> None:
    assert sorted(MaxHerding().query(features_view([[0, 0], [1, 0], [0, 0], [0, 1]]), 4).tolist()) == [0, 1, 2, 3]


def test_the_adaptive_radius_is_the_smallest_distance_between_labelled_points() -> None:
    points = unit(view_of(40).model.features(view_of(40).labelled.x))
    assert smallest_distance(Points.of(points)) == pytest.approx(torch.pdist(points).min().item(), rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_labelled_copies_do_not_make_the_radius_zero(dtype: torch.dtype) -> None:
    x = torch.tensor([[0.6, 0.8], [0.6, 0.8], [0.8, 0.6], [1 / 3, 0.9428]], dtype=dtype)
    assert smallest_distance(Points.of(unit(x))) == pytest.approx(0.08**0.5, rel=1e-4)


@pytest.mark.parametrize("labelled", [[], [[1.0, 0.0]], [[1.0, 0.0], [2.0, 0.0]]])
def test_without_two_labelled_points_apart_the_radius_is_one(labelled: list[list[float]]) -> None:
    candidates = [[1.0, 0.1], [0.2, 1.0], [-1.0, 0.3], [-1.0, 0.4], [0.1, -1.0]]
    view = features_view(labelled + candidates, len(labelled))
    assert MaxHerding(None).query(view, 5).tolist() == MaxHerding(1.0).query(view, 5).tolist()


def test_a_small_radius_on_single_precision_features_picks_as_in_double_precision() -> None:
    features = 1 + 1e-3 * torch.randn(50, 8, generator=torch.Generator().manual_seed(1))
    single = given_view(torch.zeros(50, 3), features, 4)
    double = given_view(torch.zeros(50, 3).double(), features.double(), 4)
    picks = MaxHerding(radius=3e-4).query(single, 30).tolist()
    assert picks == MaxHerding(radius=3e-4).query(double, 30).tolist()


def test_uncertainty_is_one_minus_the_margin() -> None:
    outputs = view_of().outputs
    torch.testing.assert_close(uncertainty(outputs, 0.7), 1 - margin((outputs / 0.7).softmax(1)))


def test_uncertainty_keeps_its_digits_where_the_model_is_nearly_sure() -> None:
    outputs = torch.tensor([[100.0, 0.0], [90.0, 0.0]])
    torch.testing.assert_close(uncertainty(outputs, 1.0).log(), torch.tensor([2.0, 2.0]).double().log() - outputs[:, 0])


def test_a_model_that_is_right_everywhere_gives_its_own_probabilities() -> None:
    """The likelihood then grows without bound as the temperature falls, and nothing would be left uncertain."""
    view = view_of()
    right = replace(view, labelled=replace(view.labelled, y=view.model.outputs(view.labelled.x).argmax(1)))
    assert fitted_temperature(right) is None
    u = 1 - margin(view.probabilities)
    assert UHerding(radius=0.8).query(right, 10).tolist() == plain_herding(right, 0.8, u, 10)


def test_where_nothing_is_uncertain_it_is_maxherding() -> None:
    view = view_of()
    sure = 1e4 * torch.nn.functional.one_hot(view.outputs.argmax(1), 3).double()
    weights = uncertainty(sure, 1.0)
    assert (weights == 0).all()
    picks = herding.herded(view, "penultimate", 1.0, weights, 10)
    assert picks.tolist() == MaxHerding(1.0).query(view, 10).tolist()


def test_weights_too_small_for_single_precision_keep_their_proportions() -> None:
    features = torch.randn(43, 5, generator=torch.Generator().manual_seed(2))
    view = given_view(torch.zeros(43, 3), features)
    weights = torch.linspace(0.1, 1, 43, dtype=torch.float64)
    tiny = herding.herded(view, "penultimate", 1.0, 1e-60 * weights, 10)
    assert tiny.tolist() == herding.herded(view, "penultimate", 1.0, weights, 10).tolist()


def test_the_scores_kept_are_the_first_gains() -> None:
    view = view_of()
    first = MaxHerding().query(view, 3)[0]
    assert view.journal.scores is not None
    assert int(view.journal.scores.argmax()) == int(first)
