"""Ridge and logistic regression against scikit-learn and their own optimality conditions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Ridge as SklearnRidge

from bench.example import example_data
from bench.learner import Fit, Labelled
from bench.learners.linear import LinearLearner, Logistic, Ridge, features_of, with_constant
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.objective import TaskLoss
from bench.streams import Streams

DATA = example_data()


def fit_of(n: int = 30, classes: tuple[int, ...] = (0, 1, 2)) -> Fit:
    chosen = [i for i in range(len(DATA.y_pool)) if int(DATA.y_pool[i]) in classes][:n]
    return Fit(Labelled(DATA.x_pool[chosen], DATA.y_pool[chosen], 3), None, TaskLoss(), Streams(0), 0)


def design(x: torch.Tensor) -> np.ndarray:
    return with_constant(features_of(None, x)).numpy()


@pytest.mark.parametrize("n", [10, 48])  # fewer and more samples than features
def test_ridge_agrees_with_scikit_learn(n: int) -> None:
    fit = fit_of(n)
    theirs = SklearnRidge(alpha=0.7, fit_intercept=False, solver="cholesky")
    theirs.fit(design(fit.labelled.x), fit.labelled.one_hot.numpy())
    ours = Ridge(penalty=0.7).fit(fit).outputs(DATA.x_test)
    np.testing.assert_allclose(ours, theirs.predict(design(DATA.x_test)), rtol=1e-9, atol=1e-11)


def test_ridge_is_kernel_regression_with_the_linear_kernel() -> None:
    fit = fit_of(20)
    x, test = (torch.from_numpy(design(inputs)) for inputs in (fit.labelled.x, DATA.x_test))
    dual = torch.linalg.solve(x @ x.T + 0.5 * torch.eye(20), fit.labelled.one_hot)
    torch.testing.assert_close(Ridge(penalty=0.5).fit(fit).outputs(DATA.x_test), test @ x.T @ dual)


def test_logistic_agrees_with_scikit_learn() -> None:
    fit = fit_of()
    theirs = LogisticRegression(C=1 / 0.3, fit_intercept=False, tol=1e-10, max_iter=10_000)
    theirs.fit(design(fit.labelled.x), fit.labelled.y.numpy())
    ours = Logistic(penalty=0.3).fit(fit).probabilities(DATA.x_test)
    np.testing.assert_allclose(ours, theirs.predict_proba(design(DATA.x_test)), atol=1e-6)


def test_the_gradient_of_the_logistic_loss_vanishes() -> None:
    fit = fit_of()
    weights = Logistic(penalty=0.3).fit(fit).weights
    x, y = torch.from_numpy(design(fit.labelled.x)), fit.labelled.one_hot
    gradient = x.T @ ((x @ weights).softmax(1) - y) + 0.3 * weights
    assert float(gradient.abs().max()) < 1e-7


@pytest.mark.parametrize("learner", [Ridge(), Logistic()])
@pytest.mark.parametrize("classes", [(0,), (0, 2)])
def test_classes_without_labels_are_unlikely_but_known(learner: LinearLearner, classes: tuple[int, ...]) -> None:
    model = learner.fit(fit_of(classes=classes))
    p = model.probabilities(DATA.x_test)
    assert p.shape == (20, 3)
    assert p.isfinite().all()
    assert p.mean(0).argmax().item() in classes


@pytest.mark.parametrize("net", [MLP(16, 1), WideResNet(1, 1)])
def test_an_encoder_gives_its_features_and_stays_as_it_was(net: MLP | WideResNet) -> None:
    learner = Ridge(encoder=net, encoder_seed=3)
    fit = fit_of()
    network = net.build((1, 6, 6), 3)
    network.initialise(torch.Generator().manual_seed(3))
    network = network.double().eval()
    first = learner.fit(fit)
    second = learner.fit(replace(fit, previous=first, cycle=1))
    for model in (first, second):
        torch.testing.assert_close(model.features(DATA.x_test), network.parts(DATA.x_test).features)


def test_the_residual_is_between_targets_and_fitted_values() -> None:
    fit = fit_of()
    ridge, logistic = Ridge().fit(fit), Logistic().fit(fit)
    y = fit.labelled.one_hot
    by_hand = (y - ridge.outputs(fit.labelled.x)).square().mean().sqrt().item()
    assert ridge.residual(fit.labelled) == pytest.approx(by_hand)
    by_hand = (y - logistic.outputs(fit.labelled.x).softmax(1)).square().mean().sqrt().item()
    assert logistic.residual(fit.labelled) == pytest.approx(by_hand)
