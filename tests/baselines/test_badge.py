"""BADGE against the materialised gradients, which come from autograd."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import torch
from given_model import given_view
from torch.utils._python_dispatch import TorchDispatchMode

from baselines.badge import Badge, gradient_factors
from baselines.last_layer_gradient import Loss, most_likely, output_gradient, own_loss
from bench.learner import Labelled
from bench.learners.linear import Logistic, Ridge
from bench.learners.network import NetworkLearner, NetworkModel
from bench.nets.mlp import MLP
from bench.probabilities import Probabilities
from bench.recipe import Train
from bench.train import Trained, loss_per_sample
from bench.view import View

LOSSES: list[Loss] = ["cross_entropy", "squared"]


def view_of(seed: int = 0, m: int = 50, k: int = 4, d: int = 6) -> View:
    """Three labelled points and m candidates with normal outputs and features, the last five alike."""
    draws = torch.Generator().manual_seed(seed)
    outputs, features = (torch.randn(m + 3, size, generator=draws, dtype=torch.float64) for size in (k, d))
    outputs[-5:], features[-5:] = outputs[-1], features[-1]
    return given_view(outputs, features.relu(), labelled=3, seed=seed)


def gradients(view: View, loss: Loss) -> torch.Tensor:
    """The gradients (m, k·d) of the last layer, materialised."""
    values = view.outputs if loss == "squared" else view.probabilities
    residuals = values - torch.nn.functional.one_hot(values.argmax(1), view.classes)
    scale = 2 / view.classes if loss == "squared" else 1.0
    return scale * (residuals[:, :, None] * view.features[:, None, :]).flatten(1)


def plain_badge(view: View, budget: int, loss: Loss, uniform: bool) -> list[int]:
    """BADGE on materialised gradients with scipy's sampler: the oracle."""
    g, draws = gradients(view, loss), view.generator
    first = int(torch.randint(len(g), (), generator=draws)) if uniform else int(g.norm(dim=1).argmax())
    picks = [first]
    while len(picks) < budget:
        weights = np.stack([(g - g[i]).square().sum(1).numpy() for i in picks]).min(axis=0)
        law = scipy.stats.rv_discrete(values=(np.arange(len(g)), weights / weights.sum()))
        picks.append(int(law.ppf(float(torch.rand((), generator=draws, dtype=torch.float64)))))
    return picks


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("uniform", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_it_picks_as_the_materialised_form_does(loss: Loss, uniform: bool, seed: int) -> None:
    strategy = Badge(gradient=loss, first="uniform" if uniform else "largest")
    assert strategy.query(view_of(seed), 20).tolist() == plain_badge(view_of(seed), 20, loss, uniform)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_is_that_of_autograd(loss: Loss) -> None:
    recipe = Train(loss=loss)
    net = MLP(8, 1).build((5,), 3).double()
    net.initialise(torch.Generator().manual_seed(0))
    x = torch.randn(10, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    learner = NetworkLearner(train=recipe)
    model = NetworkModel(learner, net.eval(), Trained(None, 0), Probabilities(), 3)
    view = replace(view_of(), model=model, candidates=x, labelled=Labelled(x[:1], torch.tensor([0]), 3))
    labels = most_likely(view, loss)
    found = output_gradient(view, labels, loss)[:, :, None] * view.features[:, None, :]  # (m, k, d)
    for i in range(len(x)):
        error = loss_per_sample(recipe, net(x[i : i + 1]), Labelled(x[i : i + 1], labels[i : i + 1], 3)).sum()
        (wanted,) = torch.autograd.grad(error, net.head.weight)
        torch.testing.assert_close(found[i], wanted)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_implicit_distances_are_those_of_the_gradients(loss: Loss) -> None:
    view = view_of()
    factors, g = gradient_factors(view, loss), gradients(view, loss)
    for i in range(len(view)):
        wanted = (g - g[i]).square().sum(dim=1)
        torch.testing.assert_close(factors.squared_distances(i), wanted, rtol=1e-6, atol=1e-12)


def test_float32_gives_the_same_distances_up_to_its_rounding() -> None:
    view = view_of()
    single = replace(view, model=given_view(view.outputs.float(), view.features.float()).model)
    single = replace(single, candidates=torch.arange(len(view))[:, None])
    exact, rounded = gradient_factors(view, "squared"), gradient_factors(single, "squared")
    assert rounded.features.dtype == torch.float32
    scale = float(exact.squared_norms.max())
    for i in range(len(view)):
        torch.testing.assert_close(rounded.squared_distances(i), exact.squared_distances(i), rtol=0, atol=1e-5 * scale)


@pytest.mark.parametrize(
    ("learner", "loss"),
    [
        (NetworkLearner(train=Train(loss="squared")), "squared"),
        (NetworkLearner(train=Train(loss="cross_entropy")), "cross_entropy"),
        (Ridge(), "squared"),
        (Logistic(), "cross_entropy"),
    ],
)
def test_the_gradient_is_of_the_learners_own_loss_by_default(learner: NetworkLearner, loss: Loss) -> None:
    assert own_loss(learner) == loss
    own, told = (replace(view_of(), learner=learner) for _ in range(2))
    assert Badge().query(own, 20).tolist() == Badge(gradient=loss).query(told, 20).tolist()


def test_the_largest_gradient_comes_first() -> None:
    assert int(Badge().query(view_of(), 1)) == int(gradients(view_of(), "squared").norm(dim=1).argmax())


def test_the_origin_is_no_seed() -> None:
    """A seed at the origin would give the second candidate, whose gradient is 0, no chance."""
    features = torch.tensor([[3.0], [0.0], [3.0]], dtype=torch.float64)
    view = given_view(torch.tensor([[2.0, 0.0]], dtype=torch.float64).expand(3, 2), features)
    assert Badge().query(view, 2).tolist() == [0, 1]


def test_labelled_points_are_no_seeds() -> None:
    whole = view_of()
    without = replace(view_of(), labelled=Labelled(whole.labelled.x[:0], whole.labelled.y[:0], whole.classes))
    assert Badge().query(whole, 20).tolist() == Badge().query(without, 20).tolist()


def test_duplicates_are_picked_once_while_others_are_left() -> None:
    outputs, features = torch.randn(6, 3, generator=torch.Generator().manual_seed(0)), torch.eye(6)
    view = given_view(outputs.repeat(5, 1), features.repeat(5, 1))
    assert sorted(position % 6 for position in Badge().query(view, 6).tolist()) == [0, 1, 2, 3, 4, 5]


def test_candidates_that_are_all_alike_are_picked_at_random() -> None:
    outputs, features = torch.randn(1, 4).expand(20, 4), torch.randn(1, 300).expand(20, 300)
    batches = [Badge().query(given_view(outputs, features, seed=seed), 5).tolist() for seed in range(6)]
    assert all(len(set(batch)) == 5 for batch in batches)
    assert len({tuple(batch) for batch in batches}) == 6


def test_one_predicted_class_is_enough() -> None:
    view = view_of()
    outputs = view.outputs + torch.tensor([100.0, 0, 0, 0])
    picks = Badge(gradient="squared").query(given_view(outputs, view.features), len(view))
    assert sorted(picks.tolist()) == list(range(len(view)))


def test_no_tensor_is_larger_than_the_factors() -> None:
    largest = 0

    class Sizes(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            nonlocal largest
            out = func(*args, **(kwargs or {}))
            largest = max([largest, *(t.numel() for t in torch.utils._pytree.tree_leaves(out) if torch.is_tensor(t))])
            return out

    with Sizes():
        Badge().query(view_of(m=50, k=12, d=30), 10)
    assert largest <= 53 * 30
