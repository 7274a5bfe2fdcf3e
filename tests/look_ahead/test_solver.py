"""The labelled system: both solvers, the product WᵀW by blocks, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from look_ahead_cases import close

from bench.errors import Refused
from strategies.beliefs import solver
from strategies.beliefs.kernel_belief import kernel_belief
from strategies.empirical_ntk import solver as chosen

Problem = tuple[torch.Tensor, float, torch.Tensor, torch.Tensor]


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def system(spectrum: torch.Tensor, noise: float) -> Problem:
    """A kernel of 40 labelled points and 10 candidates with a given spectrum (50,), its noise, and residuals."""
    directions = torch.linalg.qr(normal(50, 50)).Q
    kernel = directions @ torch.diag(spectrum.double()) @ directions.T
    return kernel[:40, :40], noise, kernel[:40, 40:], normal(40, 3, seed=1)


SYSTEMS = {
    "well-conditioned": system(torch.linspace(1, 3, 50), 0.1),
    "ill-conditioned": system(torch.logspace(4, -6, 50), 1e-4),
    "rank deficient": system(torch.cat([torch.linspace(1, 2, 5), torch.zeros(45)]), 1e-6),
}
pytestmark = pytest.mark.filterwarnings("ignore:CG terminated", "ignore:.*torch.jit.script")
EVERY = pytest.mark.parametrize("problem", SYSTEMS.values(), ids=SYSTEMS)


@EVERY
def test_cholesky_solves_the_system(problem: Problem) -> None:
    kernel, noise, cross, residual = problem
    inverse = torch.linalg.inv(kernel + noise * torch.eye(40, dtype=torch.float64))
    shift, explained = solver.by_cholesky(*problem)
    close(shift, cross.T @ inverse @ residual, 1e-6)
    close(explained, cross.T @ inverse @ cross, 1e-6)


@EVERY
def test_conjugate_gradients_are_cholesky(problem: Problem) -> None:
    shift, explained = solver.by_conjugate_gradients(*problem)
    for found, exact in zip((shift, explained), solver.by_cholesky(*problem), strict=True):
        assert (found - exact).norm() < 1e-6 * exact.norm()


def test_conjugate_gradients_that_did_not_converge_are_refused_with_the_residual(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(solver, "PRECONDITIONER", 1)
    monkeypatch.setattr(solver, "ITERATIONS", 25)
    with pytest.raises(Refused, match=r"did not converge: their relative residual is \S+, wanted .* Raise the jitter"):
        solver.by_conjugate_gradients(*SYSTEMS["ill-conditioned"])
    solver.by_conjugate_gradients(*SYSTEMS["rank deficient"])


@pytest.mark.parametrize("unit", [1e-8, 1.0, 1e8])
def test_conjugate_gradients_converge_whatever_the_units_of_the_kernel(
    unit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solver, "PRECONDITIONER", 5)
    monkeypatch.setattr(solver, "ITERATIONS", 100)
    kernel, noise, cross, residual = system(torch.logspace(2, -2, 50), 1e-2)
    problem = (unit * kernel, unit * noise, unit * cross, residual)
    for found, exact in zip(solver.by_conjugate_gradients(*problem), solver.by_cholesky(*problem), strict=True):
        assert (found - exact).norm() < 1e-8 * exact.norm()


def test_the_residual_is_that_of_the_worst_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "BLOCK", 4)
    kernel, noise, cross, _ = SYSTEMS["well-conditioned"]
    right = torch.cat([cross, torch.zeros(40, 1, dtype=torch.float64)], dim=1)
    matrix = kernel + noise * torch.eye(40, dtype=torch.float64)
    solved = torch.linalg.solve(matrix, right)
    assert solver.relative_residual(kernel, noise, solved, right) < 1e-12
    solved[:, 7] += 1e-3 * normal(40, seed=3)
    expected = (matrix @ solved - right)[:, 7].norm() / right[:, 7].norm()
    close(torch.tensor(solver.relative_residual(kernel, noise, solved, right)).double(), expected)


def test_conjugate_gradients_give_a_symmetric_product() -> None:
    explained = solver.by_conjugate_gradients(*SYSTEMS["ill-conditioned"])[1]
    assert torch.equal(explained, explained.T)


def test_conjugate_gradients_draw_nothing_from_the_global_generator() -> None:
    state = torch.get_rng_state()
    solver.by_conjugate_gradients(*SYSTEMS["ill-conditioned"])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("columns", [1, 3, 4, 5, 7, 8, 9, 13])
def test_the_product_by_blocks_is_the_product(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "BLOCK", 4)
    w = normal(6, columns)
    close(solver.gram(w), w.T @ w, 1e-13)


def test_the_product_of_one_block_and_a_column_is_the_product() -> None:
    w = normal(2, solver.BLOCK + 1)
    close(solver.gram(w), w.T @ w, 1e-13)


def test_a_kernel_that_is_not_positive_definite_is_refused_with_advice() -> None:
    kernel = -torch.eye(5, dtype=torch.float64)
    zeros = torch.zeros(5, 2, dtype=torch.float64)
    with pytest.raises(Refused, match=r"2 labelled inputs .* not positive definite; raise the jitter"):
        kernel_belief(kernel, zeros, zeros[:2], 1e-3, solver.by_cholesky)


@EVERY
def test_solving_leaves_what_it_was_given_as_it_was(problem: Problem) -> None:
    kernel, _, cross, residual = problem
    before = [tensor.clone() for tensor in (kernel, cross, residual)]
    solver.by_cholesky(*problem)
    assert all(torch.equal(*pair) for pair in zip((kernel, cross, residual), before, strict=True))


def test_the_factor_takes_the_place_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    places, factorise = [], torch.linalg.cholesky_ex

    def watched(matrix: torch.Tensor, **given: Any) -> Any:
        result = factorise(matrix, **given)
        places.append((matrix.data_ptr(), result[0].data_ptr()))
        assert torch.equal(result[0], factor)
        return result

    kernel, noise, *_ = SYSTEMS["well-conditioned"]
    factor = torch.linalg.cholesky(kernel + noise * torch.eye(40, dtype=torch.float64))
    monkeypatch.setattr(torch.linalg, "cholesky_ex", watched)
    solver.by_cholesky(*SYSTEMS["well-conditioned"])
    ((system, root),) = places
    assert system == root != kernel.data_ptr()


def test_the_factor_s_size_decides_between_the_solvers() -> None:
    assert chosen(1024, 8.0) is solver.by_cholesky  # 1024² float64 are 8 MiB
    assert chosen(1025, 8.0) is solver.by_conjugate_gradients
