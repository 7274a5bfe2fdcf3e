"""BAIT against Fisher matrices written out, traces of inverses, and a selection that inverts at every step."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from cycle_views import Given, given_view
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from baselines import bait
from baselines.bait import BAIT, binary, expected
from baselines.fisher import Factors, Trace, forward_backward
from bench.contract import check_strategy
from bench.errors import Refused
from bench.learner import Labelled
from bench.learners.linear import Logistic
from bench.probabilities import Probabilities
from bench.view import View

VARIANTS = [BAIT(), BAIT(top_classes=None), BAIT(fisher="binary"), BAIT(top_classes=1, oversample=3, penalty=0.1)]


def probabilities(m: int, classes: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(m, classes, generator=generator, dtype=torch.float64).softmax(dim=1)


def features(m: int, d: int) -> torch.Tensor:
    return torch.randn(m, d, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def information(factors: Factors, i: int) -> torch.Tensor:
    """V Vᵀ of a point, written out."""
    return written_out(factors, i) @ written_out(factors, i).T


def written_out(factors: Factors, i: int) -> torch.Tensor:
    """V of a point by numpy's Kronecker product."""
    return torch.from_numpy(np.kron(factors.weights[i].numpy(), factors.features[i][:, None].numpy()))


def test_information_over_all_classes_is_that_of_the_softmax() -> None:
    p, h = probabilities(1, 4), features(1, 3)
    fisher = torch.kron(p[0].diag() - p[0].outer(p[0]), h[0].outer(h[0]))
    torch.testing.assert_close(information(Factors(expected(p, None), h), 0), fisher)


def test_information_is_the_expected_outer_product_of_the_last_layers_gradient() -> None:
    """By automatic differentiation of log softmax(W h)[y] at every y."""
    h, weights = features(1, 3), torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    log_p = (weights @ h[0]).log_softmax(dim=0)
    gradients = [torch.autograd.grad(value, weights, retain_graph=True)[0].flatten() for value in log_p]
    p = log_p.detach().exp()
    fisher = sum((p[y] * g.outer(g) for y, g in enumerate(gradients)), torch.zeros(12, 12, dtype=torch.float64))
    torch.testing.assert_close(information(Factors(expected(p[None], None), h), 0), fisher)


def test_fewer_classes_are_the_most_probable_and_weigh_1_together() -> None:
    p = torch.tensor([[0.1, 0.6, 0.3]], dtype=torch.float64)
    g = torch.eye(3, dtype=torch.float64)[[1, 2]] - p  # (2, 3)
    by_hand = 2 / 3 * g[0].outer(g[0]) + 1 / 3 * g[1].outer(g[1])
    q = expected(p, 2)[0]
    torch.testing.assert_close(q @ q.T, by_hand)


def test_binary_information_is_the_variance_of_the_most_probable_class() -> None:
    p, h = torch.tensor([[0.2, 0.7, 0.1]], dtype=torch.float64), features(1, 3)
    torch.testing.assert_close(information(Factors(binary(p), h), 0), 0.7 * 0.3 * h[0].outer(h[0]))


@pytest.fixture(params=[1, 2, 4], ids="c={}".format)
def factors(request: pytest.FixtureRequest) -> Factors:
    return Factors(expected(probabilities(20, 4), request.param), features(20, 3))


def test_sums_and_forms_are_those_of_the_written_out_matrices(
    factors: Factors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baselines.fisher.TILE", 7)
    square, columns = features(12, 12), features(12, 5)
    v = [written_out(factors, i) for i in range(20)]
    torch.testing.assert_close(factors.total(), sum((x @ x.T for x in v), torch.zeros_like(square)))
    torch.testing.assert_close(factors.quadratic(square), torch.stack([x.T @ square @ x for x in v]))
    torch.testing.assert_close(factors.times(columns), torch.stack([x.T @ columns for x in v]))
    torch.testing.assert_close(factors.columns(3), v[3])


def start(factors: Factors) -> tuple[Trace, torch.Tensor, torch.Tensor]:
    """A trace with M₀ of the first five points, the target of all, and both matrices."""
    initial = factors.at(list(range(5))).total() + 0.5 * torch.eye(12, dtype=torch.float64)
    target = factors.total() / 20
    return Trace.start(factors, initial.clone(), target), initial, target


def trace_of(matrix: torch.Tensor, target: torch.Tensor) -> float:
    return float((torch.linalg.inv(matrix) @ target).trace())


def test_what_is_carried_along_stays_the_trace_of_the_inverse(factors: Factors) -> None:
    trace, matrix, target = start(factors)
    for i, sign in [(3, 1), (7, 1), (11, 1), (7, -1), (12, 1), (3, -1)]:
        trace = trace.with_point(i) if sign > 0 else trace.without_point(i)
        matrix = matrix + sign * information(factors, i)
    now = trace_of(matrix, target)
    torch.testing.assert_close(trace.inverse, torch.linalg.inv(matrix))
    added = [now - trace_of(matrix + information(factors, i), target) for i in range(20)]
    torch.testing.assert_close(trace.decrease(), torch.tensor(added, dtype=torch.float64))
    for i in (11, 12):
        removed = trace_of(matrix - information(factors, i), target) - now
        assert float(trace.increase()[i]) == pytest.approx(removed)
    assert (trace.decrease() >= 0).all()


def by_inverting(
    factors: Factors, matrix: torch.Tensor, target: torch.Tensor, budget: int, oversample: int
) -> list[int]:
    """Forward-backward selection that inverts M for every point at every step."""
    picks: list[int] = []

    def best(choices: list[int], sign: int) -> int:
        traces = [trace_of(matrix + sign * information(factors, i), target) for i in choices]
        return choices[traces.index(min(traces))]

    while len(picks) < min(oversample * budget, len(factors.features)):
        picks.append(best([i for i in range(len(factors.features)) if i not in picks], 1))
        matrix = matrix + information(factors, picks[-1])
    while len(picks) > budget:
        out = best(picks, -1)
        picks.remove(out)
        matrix = matrix - information(factors, out)
    return picks


@pytest.mark.parametrize("oversample", [1, 2, 3])
@pytest.mark.parametrize("budget", [1, 4, 8])
def test_picks_are_those_of_inverting_at_every_step(factors: Factors, budget: int, oversample: int) -> None:
    trace, initial, target = start(factors)
    assert forward_backward(trace, budget, oversample) == by_inverting(factors, initial, target, budget, oversample)


def as_published(strategy: BAIT, view: View, budget: int, q: Callable[[torch.Tensor], torch.Tensor]) -> list[int]:
    """The authors' M₀ = λI + n/(n+b)·mean of the labelled, and the batch's information times b/(n+b)."""
    known = Factors(q(view.model.probabilities(view.labelled.x)), view.model.features(view.labelled.x))
    pool, n = Factors(q(view.probabilities), view.features), len(view.labelled)
    mean = torch.stack([information(known, i) for i in range(n)]).mean(dim=0)
    matrix = strategy.penalty * torch.eye(len(mean), dtype=torch.float64) + n / (n + budget) * mean
    everyone = [information(known, i) for i in range(n)] + [information(pool, i) for i in range(len(view))]
    scaled = Factors(pool.weights * (budget / (n + budget)) ** 0.5, pool.features)
    return by_inverting(scaled, matrix, torch.stack(everyone).mean(dim=0), budget, strategy.oversample)


@pytest.mark.parametrize("strategy", VARIANTS, ids=repr)
def test_the_query_weights_labelled_set_and_batch_as_published(strategy: BAIT) -> None:
    q = binary if strategy.fisher == "binary" else lambda p: expected(p, strategy.top_classes)
    picks = strategy.query(given_view(), 4)
    assert picks == as_published(strategy, given_view(), 4, q)


@pytest.mark.parametrize("strategy", VARIANTS, ids=repr)
def test_permuting_the_candidates_permutes_the_picks(strategy: BAIT) -> None:
    view, order = given_view(), torch.randperm(30, generator=torch.Generator().manual_seed(5))
    permuted = replace(given_view(), candidates=view.candidates[order])
    assert order[strategy.query(permuted, 5)].tolist() == strategy.query(view, 5)


@pytest.mark.parametrize("strategy", VARIANTS, ids=repr)
@pytest.mark.parametrize("budget", [3, 6, 8])
def test_equal_candidates_are_picked_once_each_though_twice_the_budget_exceeds_them(
    strategy: BAIT, budget: int
) -> None:
    view = given_view(candidates=8)
    same = replace(view, candidates=view.candidates[:1].expand(8, 3))
    assert len(set(strategy.query(same, budget))) == budget


def test_candidates_without_information_are_picked_first_to_last() -> None:
    """The simplex rule makes probabilities of exactly 0 and 1."""
    view = given_view()
    view.model.rule = Probabilities(project=True)
    certain = replace(view, candidates=1e6 * view.candidates)
    assert certain.probabilities.unique().tolist() == [0, 1]
    assert BAIT().query(certain, 3) == [0, 1, 2]


def test_labels_of_one_class_only_are_enough() -> None:
    view = given_view()
    one = replace(view, labelled=Labelled(view.labelled.x, torch.zeros_like(view.labelled.y), 3))
    assert BAIT().query(one, 5) == BAIT().query(view, 5)


def test_a_last_layer_too_large_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bait, "LARGEST", 8)
    with pytest.raises(Refused, match=r"at most 8 weights in the last layer; got 9, .* Use fisher: binary"):
        BAIT().query(given_view(), 3)
    assert len(BAIT(fisher="binary").query(given_view(), 3)) == 3


@pytest.mark.parametrize("strategy", VARIANTS, ids=repr)
def test_bait_keeps_the_contract(strategy: BAIT) -> None:
    check_strategy(strategy)
    check_strategy(strategy, Logistic())


@pytest.mark.parametrize("strategy", VARIANTS, ids=repr)
def test_single_precision_is_computed_in_double(strategy: BAIT) -> None:
    view = given_view()
    single = Labelled(view.labelled.x.float(), view.labelled.y, 3)
    model = Given(torch.ones(3, 3) / 3)
    trace = strategy.trace(replace(view, model=model, labelled=single, candidates=view.candidates.float()), 3)
    assert {t.dtype for t in (trace.inverse, trace.factors.weights, trace.g, trace.p)} == {torch.float64}


class Live(TorchDispatchMode):
    """Counts the tensors of at least so many numbers that are held at once, views of one memory as one."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.numbers, self.most = numbers, 0
        self.seen: list[weakref.ref[torch.Tensor]] = []

    def __torch_dispatch__(
        self, function: Callable[..., Any], types: Any, given: Any = (), named: dict[str, Any] | None = None
    ) -> Any:
        result = function(*given, **(named or {}))
        tensors = [each for each in tree_leaves((given, result)) if isinstance(each, torch.Tensor)]
        self.seen += [weakref.ref(each) for each in tensors if each.untyped_storage().nbytes() >= 8 * self.numbers]
        self.seen = [each for each in self.seen if each() is not None]
        held = {each.untyped_storage().data_ptr() for seen in self.seen if (each := seen()) is not None}
        self.most = max(self.most, len(held))
        return result


def test_a_query_holds_at_most_four_matrices_of_all_weights() -> None:
    view = given_view(10, 20, features=60, classes=4)
    view.features, view.probabilities  # noqa: B018
    with Live(240**2) as live:
        picks = BAIT().query(view, 2)
    assert len(set(picks)) == 2
    assert live.most == 4
