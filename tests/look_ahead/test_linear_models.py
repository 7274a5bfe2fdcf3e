"""Where a model is linear in its weights, look-ahead is exact: ridge regression, and linearised networks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from look_ahead_cases import BRIEF, close, fitted_view, one_hot
from torch.func import functional_call, grad, vmap

from bench.learner import Fit, Labelled
from bench.learners.linear import Ridge
from bench.learners.network import NetworkLearner
from bench.modules.mlp import MLPModule
from bench.nets.mlp import MLP
from bench.objective import TaskLoss
from bench.streams import Streams
from bench.view import View
from strategies.beliefs.kernel_belief import KernelBelief, kernel_belief
from strategies.beliefs.solver import by_cholesky
from strategies.exact import Exact
from strategies.last_layer_laplace import LastLayerLaplace

RIDGES = pytest.mark.parametrize(
    "learner", [Ridge(), Ridge(penalty=1e-3), Ridge(encoder=MLP(8, 1))], ids=["inputs", "little penalty", "features"]
)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def refitted(view: View, added: list[tuple[int, int]]) -> torch.Tensor:
    """The outputs on the candidates of the learner itself, fitted on the labelled set and (position, label) more."""
    positions = [position for position, _ in added]
    labels = torch.tensor([label for _, label in added], dtype=torch.long)
    labelled = view.labelled
    more = Labelled(torch.cat([labelled.x, view.candidates[positions]]), torch.cat([labelled.y, labels]), view.classes)
    return view.learner.fit(Fit(more, view.model, TaskLoss(), Streams(0), 1)).outputs(view.candidates)


@RIDGES
def test_the_belief_of_ridge_regression_is_the_model(learner: Ridge) -> None:
    view = fitted_view(learner)
    close(Exact().belief(view).outputs, view.model.outputs(view.candidates), 1e-10)


@RIDGES
def test_exact_look_ahead_is_really_refitting(learner: Ridge) -> None:
    view = fitted_view(learner)
    positions, labels = torch.arange(len(view)), torch.arange(len(view)) % view.classes
    ahead = Exact().belief(view).ahead(positions, one_hot(labels, view.classes), positions).outputs()
    for i, y in enumerate(labels.tolist()):
        close(ahead[i], refitted(view, [(i, y)]), 1e-10)


@RIDGES
def test_exact_conditioning_is_really_refitting_on_all(learner: Ridge) -> None:
    view = fitted_view(learner)
    belief, added = Exact().belief(view), []
    for position, label in ((3, 0), (1, 2), (6, 2), (0, 1)):
        belief = belief.condition(position, one_hot(torch.tensor(label), view.classes))
        added.append((position, label))
        close(belief.outputs, refitted(view, added), 1e-10)


def test_one_linear_layer_is_refitted_by_ridge_regression_from_its_weights() -> None:
    """Minimises ‖Y⁺ − X⁺θ‖² + σ²‖θ − θ_L‖², here in weight space."""
    x, weights, targets, noise = normal(14, 5), normal(5, 3, seed=1), normal(14, 3, seed=2), 0.2
    belief = kernel_belief(x @ x.T, x @ weights, targets[:6], noise, by_cholesky)
    candidates = torch.arange(8)
    ahead = belief.ahead(candidates, targets[6:], candidates).outputs()
    for i in range(8):
        rows = [*range(6), 6 + i]
        normal_equations = x[rows].T @ x[rows] + noise * torch.eye(5, dtype=torch.float64)
        moved = torch.linalg.solve(normal_equations, x[rows].T @ (targets[rows] - x[rows] @ weights))
        close(ahead[i], x[6:] @ (weights + moved), 1e-10)


@pytest.mark.parametrize(("variance", "noise"), [(1.0, 0.01), (0.1, 0.5)])
def test_laplace_look_ahead_is_a_bayesian_linear_regression_of_the_last_layer(variance: float, noise: float) -> None:
    """The posterior of the last layer's weights and bias, updated in weight space from the trained ones."""
    view = fitted_view(NetworkLearner(MLP(12, 1), BRIEF))
    belief = LastLayerLaplace(variance, noise).belief(view)
    close(belief.outputs, view.outputs, 1e-12)
    space = view.embedding("penultimate")
    known, shown = (torch.cat([part, torch.ones(len(part), 1)], dim=1) for part in (space.labelled, space.candidates))
    precision = torch.eye(known.shape[1], dtype=torch.float64) / variance + known.T @ known / noise
    label = one_hot(torch.tensor(1), view.classes)
    for i in range(len(view)):
        phi = shown[i]
        updated = precision + torch.outer(phi, phi) / noise
        moved = torch.linalg.solve(updated, torch.outer(phi, label - view.outputs[i])) / noise
        close(belief.condition(i, label).outputs, view.outputs + shown @ moved, 1e-9)


def linearised(points: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The Jacobian (points, P) and outputs (points, 1) of a perceptron with one output, at random weights."""
    net = MLPModule(4, 1, 40, 1).double()
    net.initialise(torch.Generator().manual_seed(3))
    weights = {name: parameter.detach() for name, parameter in net.named_parameters()}
    x = normal(points, 4, seed=4)

    def output(weights: dict[str, torch.Tensor], one: torch.Tensor) -> torch.Tensor:
        return functional_call(net, weights, (one[None],))[0, 0]

    gradients = vmap(grad(output), (None, 0))(weights, x)
    return torch.cat([g.flatten(1) for g in gradients.values()], dim=1), net(x).detach()


def descended(jacobian: torch.Tensor, outputs: torch.Tensor, targets: torch.Tensor, rows: int) -> torch.Tensor:
    """All outputs (points, 1) after gradient descent to convergence on the first rows, which stops at the nearest
    weights that interpolate: a pseudo-inverse."""
    moved = torch.linalg.pinv(jacobian[:rows]) @ (targets[:rows] - outputs[:rows])
    return outputs + jacobian @ moved


def test_training_on_nested_sets_in_turn_is_training_on_the_last_from_the_start() -> None:
    """Theorem 3.1 of the paper, on a linearised network: S₁ ⊂ S₂ ⊂ S₃ of 3, 5 and 9 points."""
    (jacobian, start), targets = linearised(14), normal(14, 1, seed=5)
    in_turn = start
    for rows in (3, 5, 9):
        in_turn = descended(jacobian, in_turn, targets, rows)
    close(in_turn, descended(jacobian, start, targets, 9))


def test_the_belief_follows_training_on_nested_sets() -> None:
    """Without noise, conditioning is descent to convergence on the set and one more, in turn."""
    (jacobian, outputs), targets = linearised(14), normal(14, 1, seed=5)
    belief = kernel_belief(jacobian @ jacobian.T, outputs, targets[:3], 1e-12, by_cholesky)
    for rows in range(4, 9):
        belief = belief.condition(rows - 4, targets[rows - 1])
        outputs = descended(jacobian, outputs, targets, rows)
        close(belief.outputs, outputs[3:], 1e-7)


def test_descent_by_small_steps_ends_where_the_belief_says() -> None:
    """The same by really taking steps, in function space: f ← f − η Θ(·, S) (f(S) − Y)."""
    (jacobian, outputs), targets = linearised(8), normal(8, 1, seed=6)
    kernel = jacobian @ jacobian.T
    belief: KernelBelief = kernel_belief(kernel, outputs, targets[:3], 1e-12, by_cholesky)
    rate = 1 / torch.linalg.eigvalsh(kernel[:4, :4]).max()
    for _ in range(20_000):
        outputs = outputs - rate * kernel[:, :4] @ (outputs[:4] - targets[:4])
    close(belief.condition(0, targets[3]).outputs, outputs[3:], 1e-6)


def test_ridge_with_another_penalty_is_another_belief() -> None:
    view = fitted_view(Ridge(penalty=1.0))
    other = fitted_view(replace(Ridge(), penalty=0.1))
    assert (Exact().belief(view).outputs - Exact().belief(other).outputs).abs().max() > 1e-3
