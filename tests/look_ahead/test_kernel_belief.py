"""The closed form of look-ahead by a kernel against equation (11) on all points, and as a posterior."""

from __future__ import annotations

import pytest
import torch
from look_ahead_cases import Regression, close, one_hot, regression

from strategies.beliefs.kernel_belief import KernelBelief, kernel_belief, relative_noise
from strategies.beliefs.solver import by_cholesky

SHAPES = pytest.mark.parametrize(("labelled", "candidates", "classes"), [(1, 1, 2), (6, 9, 3), (12, 5, 10)])


def label(y: int, problem: Regression) -> torch.Tensor:
    return one_hot(torch.tensor(y), problem.classes)


def added_in_turn(problem: Regression, positions: list[int], labels: list[int]) -> KernelBelief:
    belief = problem.belief()
    for position, y in zip(positions, labels, strict=True):
        belief = belief.condition(position, label(y, problem))
    return belief


@SHAPES
def test_the_outputs_are_equation_11(labelled: int, candidates: int, classes: int) -> None:
    problem = regression(labelled, candidates, classes)
    close(problem.belief().outputs, problem.refitted([]), 1e-12)


@SHAPES
def test_the_block_form_is_equation_11_with_the_candidate(labelled: int, candidates: int, classes: int) -> None:
    problem = regression(labelled, candidates, classes)
    everything = torch.arange(candidates)
    targets = one_hot(everything % classes, classes)
    ahead = problem.belief().ahead(everything, targets, everything).outputs()
    refitted = [problem.refitted([(i, targets[i])]) for i in range(candidates)]
    close(ahead, torch.stack(refitted), 1e-11)


def test_conditioning_on_fifty_points_is_refitting_on_all_of_them() -> None:
    problem = regression(labelled=8, candidates=55, classes=4, features=70, noise=1e-3)
    generator = torch.Generator().manual_seed(1)
    positions = torch.randperm(55, generator=generator)[:50].tolist()
    labels = torch.randint(4, (50,), generator=generator).tolist()
    belief = added_in_turn(problem, positions, labels)
    added = [(i, label(y, problem)) for i, y in zip(positions, labels, strict=True)]
    close(belief.outputs, problem.refitted(added))
    everything = torch.arange(55)
    close(
        belief.ahead(torch.tensor([3]), label(2, problem)[None], everything).outputs()[0],
        problem.refitted([*added, (3, label(2, problem))]),
    )


def test_what_the_belief_already_says_changes_nothing() -> None:
    problem = regression()
    belief = problem.belief()
    for position in range(problem.candidates):
        assert torch.equal(belief.condition(position, belief.outputs[position]).outputs, belief.outputs)


def test_the_covariance_stays_positive_semidefinite_and_no_variance_grows() -> None:
    problem = regression(labelled=3, candidates=20, noise=1e-2)
    belief = problem.belief()
    for position in (0, 4, 4, 9, 1, 0, 17):
        after = belief.condition(position, label(1, problem))
        assert torch.linalg.eigvalsh(after.covariance).min() > -1e-12
        assert (after.covariance.diagonal() <= belief.covariance.diagonal() + 1e-14).all()
        belief = after


def test_the_covariance_is_that_of_the_refitted_posterior() -> None:
    problem = regression()
    belief = added_in_turn(problem, [2, 7], [0, 1])
    rows = [*range(problem.labelled), problem.labelled + 2, problem.labelled + 7]
    k, rest = problem.kernel, torch.arange(problem.labelled, len(problem.labels))
    system = k[rows][:, rows] + problem.noise * torch.eye(len(rows), dtype=k.dtype)
    close(belief.covariance, k[rest][:, rest] - k[rest][:, rows] @ torch.linalg.solve(system, k[rows][:, rest]), 1e-12)


@pytest.mark.parametrize("noise", [1e-3, 1e-5])
def test_repeating_a_label_changes_as_much_as_the_noise(noise: float) -> None:
    problem = regression(noise=noise)
    once = problem.belief().condition(4, label(1, problem))
    twice = once.condition(4, label(1, problem))
    change = (twice.outputs - once.outputs).abs().max()
    assert 0 < change < 10 * noise


def test_two_labels_of_one_point_are_averaged() -> None:
    problem = regression(noise=1e-7)
    belief = added_in_turn(problem, [4, 4], [0, 2])
    close(belief.outputs[4], (label(0, problem) + label(2, problem)) / 2, 1e-5)


def test_two_labels_of_one_point_are_equation_11_with_both() -> None:
    problem = regression()
    belief = added_in_turn(problem, [4, 4], [0, 2])
    close(belief.outputs, problem.refitted([(4, label(0, problem)), (4, label(2, problem))]), 1e-12)


def test_equation_12_as_printed_is_not_equation_11() -> None:
    """In the paper v = Θ(X,X) Θ(X,x'); only with the inverse, v = Θ(X,X)⁻¹ Θ(X,x'), (12) equals (11)."""
    problem = regression()
    n, x, y = problem.labelled, problem.labelled, label(1, problem)  # the first candidate
    k, targets, f = problem.kernel, problem.targets, problem.prior
    system = k[:n, :n] + problem.noise * torch.eye(n, dtype=torch.float64)
    residual = targets[:n] - f[:n]  # (n, k)
    linear = f[n:] + k[n:, :n] @ torch.linalg.solve(system, residual)
    u = k[x, x] + problem.noise - k[x, :n] @ torch.linalg.solve(system, k[:n, x])

    def equation_12(v: torch.Tensor) -> torch.Tensor:
        return linear + torch.outer(k[n:, :n] @ v - k[n:, x], v @ residual - (y - f[x])) / u

    ahead = problem.belief().ahead(torch.tensor([0]), y[None], torch.arange(problem.candidates)).outputs()[0]
    close(ahead, equation_12(torch.linalg.solve(system, k[:n, x])), 1e-11)
    assert (ahead - equation_12(system @ k[:n, x])).abs().max() > 0.01


def test_the_noise_is_on_the_diagonal_of_an_added_point_too() -> None:
    """A candidate alone, far from all others: its own output goes the share Θ/(Θ + σ²) of the way to its label."""
    kernel, prior = torch.eye(3, dtype=torch.float64), torch.zeros(3, 2, dtype=torch.float64)
    belief = Regression(kernel, prior, torch.zeros(3, dtype=torch.long), 2, noise=0.5).belief()
    after = belief.condition(0, torch.tensor([0.0, 1.0], dtype=torch.float64))
    close(after.outputs[0, 1], torch.tensor(1 / 1.5, dtype=torch.float64))


def test_the_relative_noise_is_a_share_of_the_mean_diagonal_of_the_labelled() -> None:
    kernel = torch.diag(torch.tensor([1.0, 3.0, 100.0]))
    assert relative_noise(kernel, 2, 1e-2) == pytest.approx(0.02)


def test_inputs_in_single_precision_are_solved_in_double() -> None:
    problem = regression()
    single = kernel_belief(
        problem.kernel.float(), problem.prior.float(), problem.targets[:6].float(), problem.noise, by_cholesky
    )
    rounded = Regression(
        problem.kernel.float().double(), problem.prior.float().double(), problem.labels, 6, problem.noise
    )
    assert torch.equal(single.outputs, rounded.belief().outputs)


def test_building_a_belief_leaves_the_kernel_as_it_was() -> None:
    problem = regression()
    before = problem.kernel.clone()
    problem.belief().condition(1, label(0, problem), keep=False)
    assert torch.equal(problem.kernel, before)
