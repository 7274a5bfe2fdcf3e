"""The plain MLMOC by second routes: autograd, ridge regression, the block update (12)."""

from __future__ import annotations

import pytest
import torch

from bench.example import example_data
from bench.learner import Fit, Labelled
from bench.learners.network import NetworkLearner, NetworkModel
from bench.nets.wide_resnet import WideResNet
from bench.objective import TaskLoss
from bench.recipe import OneCycle, Train
from bench.streams import Streams
from bench.view import View
from strategies.mlmoc_plain import PlainMLMOC, empirical_ntk, retrained

N = 10


@pytest.fixture(scope="module")
def view() -> View:
    """A small WideResNet trained for a while, in float64, with BatchNorm statistics that are not the initial ones."""
    data = example_data()
    learner = NetworkLearner(WideResNet(1, 1), Train(epochs=5, batch_size=5, schedule=OneCycle(max_lr=0.1)))
    labelled = Labelled(data.x_pool[:N], data.y_pool[:N], data.classes)
    model = learner.fit(Fit(labelled, None, TaskLoss(), Streams(0), 0))
    return View(model, labelled, data.x_pool[N : N + 15], torch.Generator(), learner, TaskLoss())


def points(view: View) -> torch.Tensor:
    return torch.cat([view.labelled.x, view.candidates])


def test_kernel_is_the_product_of_gradients_taken_one_by_one(view: View) -> None:
    model = view.model
    assert isinstance(model, NetworkModel)
    parameters = list(model.net.parameters())
    rows = []
    for x in points(view):
        gradients = torch.autograd.grad(model.net(x[None])[0, 0], parameters)
        rows.append(torch.cat([g.flatten() for g in gradients]))
    jacobian = torch.stack(rows)
    torch.testing.assert_close(empirical_ntk(model, points(view)), jacobian @ jacobian.T, rtol=1e-10, atol=1e-12)


def test_retraining_a_linear_model_is_ridge_regression_from_its_weights() -> None:
    """(11) with Θ = XXᵀ minimises ‖Y⁺ − Xθ‖² + σ²‖θ − θ_L‖², solved here in weight space."""
    generator = torch.Generator().manual_seed(0)
    x, before = (torch.randn(n, 6, generator=generator, dtype=torch.float64) for n in (20, 3))
    y = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    weights, noise, train = before.T, torch.tensor(0.3), torch.tensor([0, 3, 4, 9, 11])
    inputs, targets = x[train], y[train]
    moved = torch.linalg.solve(inputs.T @ inputs + noise * torch.eye(6), inputs.T @ (targets - inputs @ weights))
    by_kernel = retrained(x @ x.T, x @ weights, y, train, noise)
    torch.testing.assert_close(by_kernel, x @ (weights + moved), rtol=1e-10, atol=1e-10)


def test_scores_equal_the_block_update(view: View) -> None:
    """(12) with the inverse in v, and (13), by the posterior covariance instead of a solve per candidate."""
    kernel = empirical_ntk(view.model, points(view))
    outputs = view.model.outputs(points(view))
    noise = 1e-4 * kernel.diagonal()[:N].mean()
    system = kernel[:N, :N] + noise * torch.eye(N, dtype=kernel.dtype)
    inverse = torch.linalg.inv(system)
    covariance = kernel[N:, N:] - kernel[N:, :N] @ inverse @ kernel[:N, N:]
    linear = outputs[N:] + kernel[N:, :N] @ inverse @ (view.labelled.one_hot - outputs[:N])
    expected = []
    for i in range(len(view)):
        label = torch.nn.functional.one_hot(outputs[N + i].argmax(), view.classes)
        after = linear + (covariance[:, i] / (covariance[i, i] + noise))[:, None] * (label - linear[i])
        expected.append((outputs[N:] - after).norm(dim=1).sum())
    torch.testing.assert_close(PlainMLMOC().score(view), torch.stack(expected), rtol=1e-9, atol=1e-9)


def test_a_candidate_that_is_already_labelled_has_a_finite_score(view: View) -> None:
    again = View(view.model, view.labelled, view.labelled.x[:3], torch.Generator(), view.learner, view.objective)
    assert PlainMLMOC().score(again).isfinite().all()
