"""Where look-ahead could fail: duplicates, constants, one class, one point, a budget of everything."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache

import pytest
import torch
from look_ahead_cases import BRIEF, FromRegression, Regression, fitted_view, one_hot, regression

from bench.learner import Labelled
from bench.learners.network import NetworkLearner, NetworkModel
from bench.nets.mlp import MLP
from bench.train import Trained
from bench.view import View
from strategies.acquisition import Acquisition
from strategies.beliefs.kernel_belief import KernelBelief
from strategies.empirical_ntk import EmpiricalNTK
from strategies.expected_error import EER
from strategies.last_layer_laplace import LastLayerLaplace
from strategies.look_ahead import LookAhead
from strategies.myopic import BeliefEntropy, BeliefMargin
from strategies.output_change import EMOC, MLMOC
from strategies.retrained_by_sgd import Naive, OneGradientStep
from strategies.retraining import Retraining

ACQUISITIONS: tuple[Acquisition, ...] = (
    MLMOC(),
    MLMOC("flips"),
    EMOC(),
    EMOC("flips"),
    EER(),
    BeliefMargin(),
    BeliefEntropy(),
)
EVERY = pytest.mark.parametrize("acquisition", ACQUISITIONS, ids=repr)
PROXIES = pytest.mark.parametrize("retrain", [EmpiricalNTK(), OneGradientStep(0.05)], ids=["kernel", "one step"])
LEARNER = NetworkLearner(MLP(8, 1), BRIEF)


@cache
def ordinary() -> View:
    return fitted_view(LEARNER, candidates=7, labelled=6)


def showing(candidates: torch.Tensor) -> View:
    return replace(ordinary(), candidates=candidates)


def knowing(x: torch.Tensor, y: torch.Tensor) -> View:
    return replace(ordinary(), labelled=Labelled(x, y, 3))


def shown() -> torch.Tensor:
    return ordinary().candidates


def known() -> torch.Tensor:
    return ordinary().labelled.x


EDGES: dict[str, Callable[[], View]] = {
    "candidates twice": lambda: showing(torch.cat([shown()[:3], shown()[:3]])),
    "candidates that are labelled": lambda: showing(torch.cat([known()[:3], shown()[:2]])),
    "nothing but one input": lambda: showing(known()[:1].expand(5, 1, 6, 6)),
    "a constant candidate": lambda: showing(torch.cat([torch.zeros_like(shown()[:1]), shown()[:3]])),
    "labelled twice, with two labels": lambda: knowing(known()[[0, 0, 1]], torch.tensor([0, 1, 2])),
    "one class": lambda: knowing(known()[:4], torch.zeros(4, dtype=torch.long)),
    "one candidate": lambda: showing(shown()[:1]),
    "one label": lambda: knowing(known()[:1], torch.tensor([2])),
}


@EVERY
@PROXIES
@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("mode", ["top_k", "greedy", "sequential"])
def test_everything_is_picked_once_and_no_score_is_nan(
    acquisition: Acquisition, retrain: Retraining, edge: Callable[[], View], mode: str
) -> None:
    reveal = (lambda position: position % 3) if mode == "sequential" else None
    view = replace(edge(), reveal=reveal, generator=torch.Generator().manual_seed(0))
    batch = "top_k" if mode == "sequential" else mode
    picks = LookAhead(acquisition, retrain, batch=batch).query(view, len(view))  # type: ignore[arg-type]
    assert sorted(picks.tolist()) == list(range(len(view)))
    assert view.journal.scores is not None
    assert view.journal.scores.isfinite().all()


@PROXIES
@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES)
@pytest.mark.parametrize("batch", ["k_dpp", "k_means++"])
@pytest.mark.parametrize("half", [True, False])
def test_batches_by_changes_are_distinct(retrain: Retraining, edge: Callable[[], View], batch: str, half: bool) -> None:
    view = replace(edge(), generator=torch.Generator().manual_seed(0))
    budget = (len(view) + 1) // 2 if half else len(view)
    picks = LookAhead(MLMOC(), retrain, batch=batch).query(view, budget)  # type: ignore[arg-type]
    assert len(set(picks.tolist())) == budget


@EVERY
@PROXIES
def test_a_probe_may_be_smaller_than_the_batch(acquisition: Acquisition, retrain: Retraining) -> None:
    view = replace(ordinary(), reveal=lambda position: 0, generator=torch.Generator().manual_seed(0))
    picks = LookAhead(acquisition, retrain, probe=2).query(view, len(view))
    assert sorted(picks.tolist()) == list(range(len(view)))


@EVERY
@pytest.mark.parametrize("retrain", [EmpiricalNTK(), LastLayerLaplace(), OneGradientStep(0.05), Naive(1)], ids=repr)
def test_a_network_in_single_precision_is_scored_in_double(acquisition: Acquisition, retrain: Retraining) -> None:
    view = in_single_precision()
    picks = LookAhead(acquisition, retrain, batch="greedy").query(view, 3)
    assert len(set(picks.tolist())) == 3
    assert view.journal.scores is not None
    assert view.journal.scores.dtype == torch.float64
    LookAhead(acquisition, retrain, batch="greedy").query(ordinary(), 1)
    assert ordinary().journal.scores is not None
    torch.testing.assert_close(view.journal.scores, ordinary().journal.scores, rtol=1e-2, atol=1e-2)


def in_single_precision() -> View:
    """The ordinary view with its network, inputs and targets rounded."""
    view = ordinary()
    assert isinstance(view.model, NetworkModel)
    net = deepcopy(view.model.net).float()
    model = NetworkModel(LEARNER, net, Trained(None, 3), view.model.rule, 3)
    labelled = Labelled(view.labelled.x.float(), view.labelled.y, 3)
    return View(model, labelled, view.candidates.float(), torch.Generator(), LEARNER, view.objective)


@EVERY
def test_equal_candidates_have_equal_scores(acquisition: Acquisition) -> None:
    view = showing(torch.cat([shown()[:3], shown()[:3]]))
    LookAhead(acquisition, EmpiricalNTK()).query(view, 1)
    assert view.journal.scores is not None
    torch.testing.assert_close(view.journal.scores[:3], view.journal.scores[3:], rtol=1e-7, atol=1e-7)


def with_a_duplicate() -> Regression:
    """The first candidate is the first labelled point again, and the network gives its label to it."""
    problem = regression(noise=1e-9)
    rows = [*range(6), 0, *range(7, 15)]
    prior = problem.prior[rows]
    prior[6] = prior[0] = 0.7 * one_hot(problem.labels[0], 3)
    return replace(problem, kernel=problem.kernel[rows][:, rows], prior=prior, labels=problem.labels[rows])


def scores(problem: Regression, reference: str) -> torch.Tensor:
    view = problem.view()
    LookAhead(MLMOC(), FromRegression(problem), reference=reference).query(view, 1)  # type: ignore[arg-type]
    assert view.journal.scores is not None
    return view.journal.scores


def test_a_duplicate_of_a_labelled_input_changes_nothing_of_the_belief() -> None:
    values = scores(with_a_duplicate(), "belief")
    assert 0 <= values[0] < 1e-6
    assert (values[1:] > 1e-2).all()


def test_measured_from_the_network_a_duplicate_scores_what_the_others_share() -> None:
    problem = with_a_duplicate()
    shared = (problem.prior[6:] - problem.refitted([])).norm(dim=1).sum()  # Σ‖c‖
    assert float(scores(problem, "network")[0]) == pytest.approx(float(shared), abs=1e-6)


def test_a_variance_that_rounding_took_below_zero_counts_as_zero() -> None:
    covariance = torch.tensor([[-1e-9, 1e-9], [1e-9, 1.0]], dtype=torch.float64)
    outputs = torch.zeros(2, 2, dtype=torch.float64)
    belief = KernelBelief(outputs, covariance, noise=1e-9)
    target, everything = one_hot(torch.tensor([1]), 2), torch.arange(2)
    ahead = belief.ahead(torch.tensor([0]), target, everything).outputs()[0]
    assert ahead.isfinite().all()
    assert ahead.abs().max() < 1.1
    torch.testing.assert_close(belief.condition(0, target[0]).outputs, ahead)


def test_the_change_of_one_candidate_alone_is_not_negative_by_rounding() -> None:
    """f⁺ = f at the only x: ‖c − g h‖² is 0 up to rounding, which may be below it."""
    values = []
    for seed in range(40):
        problem = regression(labelled=3, candidates=1, seed=seed, noise=1e-12)
        problem = replace(problem, prior=torch.cat([problem.prior[:3], problem.targets[3:]]))
        values.append(scores(replace(problem, noise=1e-12), "network"))
    assert all(value.isfinite().all() and (value >= 0).all() for value in values)
