"""The gp learner against a direct solve, its own laws and its interface as kernel regression."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.contract import check_learner
from bench.errors import Diverged
from bench.example import example_data
from bench.learner import Fit, Labelled
from bench.nets.mlp import MLP
from bench.nets.resnet18 import ResNet18
from bench.nets.wide_resnet import WideResNet
from bench.notebook import run_cell
from bench.objective import TaskLoss
from bench.probabilities import simplex
from bench.streams import Streams
from strategies import infinite_ntk as infinite_ntk_module
from strategies.gaussian_process import GaussianProcess
from strategies.infinite.tiles import Array, Rows, TileKernel
from strategies.infinite_ntk import CACHE_MIB, infinite_ntk, pool_kernel

DATA = example_data()
GP = GaussianProcess(MLP(8, 2), noise=1e-2)
SMALL_CELL: dict[str, Any] = {
    "dataset": "digits",
    "learner": {"name": "gp", "net": {"name": "mlp", "width": 8}},
    "strategy": "margin",
    "protocol": {"initial": 10, "budget": 5, "cycles": 2, "candidates": 20},
}


def fit_of(n: int = 12) -> Fit:
    return Fit(Labelled(DATA.x_pool[:n], DATA.y_pool[:n], 3), None, TaskLoss(), Streams(0), 0)


def by_hand(learner: GaussianProcess, fit: Fit, x: torch.Tensor) -> torch.Tensor:
    """k(x, X)(k(X, X) + λ·mean diagonal·I)⁻¹Y by an explicit inverse."""
    n = len(fit.labelled)
    k = infinite_ntk(learner.net, learner.readout, torch.cat([fit.labelled.x, x]))
    gram = k[:n, :n] + learner.noise * k[:n, :n].diagonal().mean() * torch.eye(n)
    return k[n:, :n] @ gram.inverse() @ fit.labelled.one_hot


@pytest.mark.parametrize(
    "learner", [GP, GaussianProcess(WideResNet(), "flatten"), GaussianProcess(WideResNet(), "gap")]
)
def test_outputs_are_a_direct_solve(learner: GaussianProcess) -> None:
    outputs = learner.fit(fit_of()).outputs(DATA.x_test)
    torch.testing.assert_close(outputs, by_hand(learner, fit_of(), DATA.x_test), rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("learner", [GP, GaussianProcess()], ids=["mlp", "wide_resnet"])
def test_it_keeps_the_laws_of_a_learner(learner: GaussianProcess) -> None:
    check_learner(learner)


def test_another_process_fits_the_same_bits() -> None:
    """What this process remembers is lost there, and asked for in another order."""
    fit = fit_of()
    model = GP.fit(fit)
    model.outputs(DATA.x_test)
    pool_kernel.cache_clear()
    restored = GP.restore(fit, model.state())
    assert torch.equal(restored.outputs(DATA.x_test), model.outputs(DATA.x_test))
    pool_kernel.cache_clear()
    assert torch.equal(GP.fit(fit).state()["weights"], model.state()["weights"])


def test_a_run_computes_the_pairs_that_it_would_in_a_process_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles: list[int] = []
    computed = TileKernel.__call__

    def counting(self: TileKernel, rows: Rows, columns: Rows) -> Array:
        tiles[-1] += 1
        return computed(self, rows, columns)

    monkeypatch.setattr(TileKernel, "__call__", counting)
    for memory in (CACHE_MIB, CACHE_MIB, 0.0):
        monkeypatch.setattr(infinite_ntk_module, "CACHE_MIB", memory)
        tiles.append(0)
        run_cell(SMALL_CELL, tmp_path / str(len(tiles)))
    first, again, without_memory = tiles
    assert 0 < first == again
    assert again < without_memory  # what one cycle computed served the next


def test_it_is_the_kernel_regression_that_it_says() -> None:
    fit = fit_of()
    model = GP.fit(fit)
    regression = model.kernel_regression()
    gram = regression.kernel(fit.labelled.x, fit.labelled.x) + regression.noise * torch.eye(12)
    outputs = regression.kernel(DATA.x_test, fit.labelled.x) @ torch.linalg.solve(gram, fit.labelled.one_hot)
    assert GaussianProcess.kernel_regression
    torch.testing.assert_close(outputs, model.outputs(DATA.x_test), rtol=1e-9, atol=1e-10)


def test_outputs_are_linear_in_the_features_with_the_weights_of_the_labels() -> None:
    fit = fit_of()
    model = GP.fit(fit)
    noise = model.state()["noise"]
    features = model.features(DATA.x_test)
    assert features.shape == (20, 12)
    factor = torch.linalg.cholesky(GP.kernel(fit.labelled.x) + noise * torch.eye(12))
    weights = torch.linalg.solve_triangular(factor, fit.labelled.one_hot, upper=False)
    torch.testing.assert_close(features @ weights, model.outputs(DATA.x_test), rtol=1e-9, atol=1e-10)


def test_their_products_are_the_variance_that_the_labels_explain() -> None:
    fit = fit_of()
    features, x = GP.fit(fit).features(DATA.x_test), DATA.x_test
    k = GP.kernel(x, fit.labelled.x)
    gram = GP.kernel(fit.labelled.x)
    explained = k @ torch.linalg.inv(gram + GP.noise * gram.diagonal().mean() * torch.eye(12)) @ k.T
    torch.testing.assert_close(features @ features.T, explained, rtol=1e-8, atol=1e-9)


def test_little_noise_reproduces_the_targets() -> None:
    fit = fit_of()
    residuals = [replace(GP, noise=noise).fit(fit).residual(fit.labelled) for noise in (1e-8, 1e-2, 10.0)]
    assert residuals[0] < 1e-5
    assert residuals == sorted(residuals)


def test_the_noise_follows_the_scale_of_the_kernel() -> None:
    fit = fit_of()
    diagonal = infinite_ntk(GP.net, GP.readout, fit.labelled.x).diagonal()
    assert float(GP.fit(fit).state()["noise"]) == pytest.approx(1e-2 * float(diagonal.mean()))


def test_probabilities_follow_the_rule() -> None:
    fit, x = fit_of(), DATA.x_test
    projected, softened = GP.fit(fit), replace(GP, probabilities="softmax").fit(fit)
    torch.testing.assert_close(projected.probabilities(x), simplex(projected.outputs(x)))
    torch.testing.assert_close(softened.probabilities(x), softened.outputs(x).softmax(1))
    calibrated = replace(GP, probabilities="softmax_calibrated").fit(fit)
    assert calibrated.rule.temperature != 1


def test_float32_inputs_are_solved_in_float64() -> None:
    fit = replace(fit_of(), labelled=Labelled(DATA.x_pool[:12].float(), DATA.y_pool[:12], 3))
    assert GP.fit(fit).outputs(DATA.x_test.float()).dtype == torch.float64


def test_a_point_labelled_twice_is_no_obstacle() -> None:
    twice = torch.tensor([0, 1, 2, 3, 3])
    fit = replace(fit_of(), labelled=Labelled(DATA.x_pool[twice], torch.tensor([0, 1, 2, 0, 1]), 3))
    outputs = replace(GP, noise=1e-6).fit(fit).outputs(DATA.x_pool[3:4])
    torch.testing.assert_close(outputs, torch.tensor([[0.5, 0.5, 0.0]]).double(), atol=1e-3, rtol=0)


def test_noise_below_rounding_is_refused_where_points_are_repeated() -> None:
    x = DATA.x_pool[:1].expand(10, -1, -1, -1)
    fit = replace(fit_of(), labelled=Labelled(x, DATA.y_pool[:10], 3))
    with pytest.raises(Diverged, match="raise noise"):
        replace(GP, noise=1e-300).fit(fit)


def test_a_net_without_infinite_width_is_refused_when_it_is_configured() -> None:
    with pytest.raises(ValueError, match=r"net: resnet18 has no infinite-width kernel.*cnn, mlp, wide_resnet"):
        GaussianProcess(ResNet18())
