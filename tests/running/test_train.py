"""Training: what is minimised, on what schedule, from which weights, and when it stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
import torch
from torch.nn.functional import cross_entropy

from bench.augment import UNCHANGED, Augment
from bench.errors import ContractError, Diverged
from bench.example import example_data
from bench.learner import Fit, Labelled
from bench.learners.network import NetworkLearner
from bench.modules.network import Forward, Network
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.objective import Objective, Step, TaskLoss
from bench.probabilities import simplex, softmax
from bench.recipe import SGD, Constant, OneCycle, Train
from bench.streams import Streams
from bench.train import batch_sizes, learning_rate_schedule, loss_per_sample, residual, sgd

GENTLE = Train(epochs=4, batch_size=8, schedule=OneCycle(max_lr=0.05))


def fit_of(n: int = 20, objective: Objective | None = None, seed: int = 0) -> Fit:
    data = example_data()
    labelled = Labelled(data.x_pool[:n], data.y_pool[:n], data.classes)
    return Fit(labelled, None, objective or TaskLoss(), Streams(seed), 0)


def test_squared_loss_is_the_mean_over_samples_and_classes() -> None:
    logits, targets = torch.tensor([[0.5, 0.0], [1.0, 2.0]]), Labelled(torch.zeros(2, 1), torch.tensor([0, 1]), 2)
    losses = loss_per_sample(Train(loss="squared"), logits, targets)
    assert losses.tolist() == [(0.25 + 0) / 2, (1 + 1) / 2]


def test_cross_entropy_is_torchs_own() -> None:
    logits, y = torch.randn(6, 3), torch.arange(6) % 3
    losses = loss_per_sample(Train(loss="cross_entropy"), logits, Labelled(torch.zeros(6, 1), y, 3))
    torch.testing.assert_close(losses.mean(), cross_entropy(logits, y))


def test_one_full_batch_step_is_gradient_descent_by_hand() -> None:
    """Constant rate, no momentum, no decay: θ − η·∇(mean squared error), taken here by autograd directly."""
    recipe = Train(
        epochs=1, batch_size=64, optimizer=SGD(momentum=0, weight_decay=0), schedule=Constant("constant", 0.1)
    )
    learner, fit = NetworkLearner(MLP(8, 1), recipe), fit_of()
    net = learner.net.build((1, 6, 6), 3)
    net.initialise(fit.streams.generator("weights"))
    net = net.double()
    loss = (net(fit.labelled.x) - fit.labelled.one_hot).square().mean()
    gradients = torch.autograd.grad(loss, list(net.parameters()))
    for value, parameter, gradient in zip(learner.fit(fit).net.parameters(), net.parameters(), gradients, strict=True):
        torch.testing.assert_close(value, parameter - 0.1 * gradient, rtol=1e-9, atol=1e-12)


def test_onecycle_reaches_its_maximum_and_ends_near_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []
    step = torch.optim.SGD.step

    def spy(self: torch.optim.SGD, closure: None = None) -> None:
        rates.append(self.param_groups[0]["lr"])
        step(self)

    monkeypatch.setattr(torch.optim.SGD, "step", spy)
    NetworkLearner(MLP(8, 1), GENTLE).fit(fit_of(20))
    assert len(rates) == 4 * 3
    assert max(rates) == pytest.approx(0.05, rel=0.05)
    assert rates[0] == pytest.approx(0.05 / 25)
    assert rates[-1] < 1e-3 * rates[0]


def test_training_is_the_same_bit_for_bit() -> None:
    learner = NetworkLearner(WideResNet(1, 1), GENTLE)
    first, second = learner.fit(fit_of()).state(), learner.fit(fit_of()).state()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_seeds_give_different_networks() -> None:
    learner = NetworkLearner(MLP(8, 1), GENTLE)
    assert not torch.equal(
        learner.fit(fit_of()).state()["head.weight"], learner.fit(fit_of(seed=1)).state()["head.weight"]
    )


def test_warm_start_goes_on_from_the_weights_before() -> None:
    still = replace(GENTLE, epochs=1, schedule=Constant("constant", 1e-12))
    learner = NetworkLearner(MLP(8, 1), still)
    first = learner.fit(fit_of())
    second = learner.fit(replace(fit_of(), previous=first, cycle=1))
    torch.testing.assert_close(second.state()["head.weight"], first.state()["head.weight"])


def test_cold_start_draws_new_weights_in_every_cycle() -> None:
    still = replace(GENTLE, epochs=1, start="cold", schedule=Constant("constant", 1e-12))
    learner = NetworkLearner(MLP(8, 1), still)
    first = learner.fit(fit_of())
    second = learner.fit(replace(fit_of(), previous=first, cycle=1))
    assert not torch.allclose(second.state()["head.weight"], first.state()["head.weight"])


def test_a_warm_start_leaves_the_model_before_alone() -> None:
    learner = NetworkLearner(WideResNet(1, 1), GENTLE)
    first = learner.fit(fit_of())
    before = {key: value.clone() for key, value in first.state().items()}
    learner.fit(replace(fit_of(), previous=first, cycle=1))
    assert all(torch.equal(before[key], value) for key, value in first.state().items())


def test_tolerance_stops_as_soon_as_the_residual_is_reached() -> None:
    recipe = Train(epochs=500, tolerance=0.2, batch_size=8, schedule=Constant("constant", 0.05))
    model = NetworkLearner(MLP(32, 1), recipe).fit(fit_of())
    assert model.epochs < 500
    assert model.residual(fit_of().labelled) <= 0.2
    shorter = NetworkLearner(MLP(32, 1), replace(recipe, tolerance=None, epochs=model.epochs - 1)).fit(fit_of())
    assert shorter.residual(fit_of().labelled) > 0.2


def test_a_tolerance_that_is_not_reached_changes_no_bit() -> None:
    plain, watched = (
        NetworkLearner(WideResNet(1, 1), replace(GENTLE, tolerance=tolerance)).fit(fit_of()).state()
        for tolerance in (None, 1e-9)
    )
    assert all(torch.equal(plain[key], watched[key]) for key in plain)


@pytest.mark.parametrize("tolerance", [None, 1e-9, 100.0])
def test_training_leaves_the_network_in_eval_mode(tolerance: float | None) -> None:
    model = NetworkLearner(WideResNet(1, 1), replace(GENTLE, tolerance=tolerance)).fit(fit_of())
    assert not any(module.training for module in model.net.modules())


def test_training_normalises_by_its_batches_and_keeps_their_statistics() -> None:
    state = NetworkLearner(WideResNet(1, 1), GENTLE).fit(fit_of()).state()
    assert int(state["bn.num_batches_tracked"]) == 4 * 3
    assert float(state["bn.running_mean"].abs().max()) > 0


def test_residual_is_the_root_mean_square_of_target_minus_output() -> None:
    fit = fit_of()
    model = NetworkLearner(MLP(8, 1), GENTLE).fit(fit)
    by_hand = (fit.labelled.one_hot - model.net(fit.labelled.x)).square().mean().sqrt().item()
    assert residual(model.net, GENTLE, fit.labelled) == pytest.approx(by_hand)


def test_a_loss_that_is_not_finite_ends_training_with_a_reason() -> None:
    wild = Train(epochs=50, schedule=Constant("constant", 1e6))
    with pytest.raises(Diverged, match=r"training loss became (nan|inf) in epoch \d+ of 50 at cycle 0 \(20 labels\)"):
        NetworkLearner(MLP(8, 1), wild).fit(fit_of())


@pytest.mark.parametrize(("n", "sizes"), [(16, [8, 8]), (17, [8, 9]), (18, [8, 8, 2]), (1, [1]), (5, [5])])
def test_a_last_batch_of_one_joins_the_one_before(n: int, sizes: list[int]) -> None:
    assert list(batch_sizes(n, 8)) == sizes


class Predictor(torch.nn.Module):
    """Predicts each sample's loss from the last stage's mean activation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(channels, 1)

    def forward(self, forward: Forward) -> torch.Tensor:
        stage = forward.stages[-1]
        result: torch.Tensor = self.layer(stage.flatten(2).mean(2) if stage.ndim == 4 else stage)[:, 0]
        return result


@dataclass(frozen=True)
class PredictLoss(Objective):
    """The task's loss, and half-way through training also the error of a module that predicts it."""

    def auxiliary(self, net: Network, example: Forward) -> torch.nn.Module:
        return Predictor(example.stages[-1].shape[1])

    def reset(self, module: torch.nn.Module, generator: torch.Generator) -> None:
        assert isinstance(module, Predictor)
        torch.nn.init.uniform_(module.layer.weight, -0.1, 0.1, generator=generator)
        torch.nn.init.zeros_(module.layer.bias)

    def total(self, step: Step) -> torch.Tensor:
        task = step.per_sample.mean()
        if step.progress >= 0.5 or step.auxiliary is None:
            return task
        return task + (step.auxiliary(step.forward) - step.per_sample.detach()).square().mean()


@pytest.mark.parametrize("net", [MLP(8, 1), WideResNet(1, 1)])
def test_an_objective_of_a_strategy_trains_its_own_module(net: MLP | WideResNet) -> None:
    learner = NetworkLearner(net, GENTLE)
    fit = fit_of(objective=PredictLoss())
    model = learner.fit(fit)
    untrained = PredictLoss().auxiliary(model.net, model.net.parts(fit.labelled.x[:2])).to(fit.labelled.x)
    PredictLoss().reset(untrained, fit.streams.generator("weights", 1))
    assert isinstance(model.auxiliary, Predictor)
    assert not torch.equal(model.auxiliary.layer.weight, untrained.layer.weight)


@dataclass(frozen=True)
class Forgetful(Objective):
    """Has a module and does not say how its parameters are drawn."""

    def auxiliary(self, net: Network, example: Forward) -> torch.nn.Module:
        return Predictor(example.stages[-1].shape[1])

    def total(self, step: Step) -> torch.Tensor:
        return step.per_sample.mean()


def test_an_objective_that_cannot_draw_its_module_is_told_what_it_lacks() -> None:
    with pytest.raises(ContractError, match=r"Forgetful: wanted reset\(module, generator\) too"):
        NetworkLearner(MLP(8, 1), GENTLE).fit(fit_of(objective=Forgetful()))


def test_the_module_of_an_objective_is_drawn_from_the_streams() -> None:
    learner = NetworkLearner(MLP(8, 1), GENTLE)
    weights = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        module = learner.fit(fit_of(objective=PredictLoss())).auxiliary
        assert isinstance(module, Predictor)
        weights.append(module.layer.weight)
    assert torch.equal(*weights)


@pytest.mark.parametrize(("loss", "rule"), [("squared", simplex), ("cross_entropy", softmax)])
def test_probabilities_follow_the_loss_unless_told_otherwise(
    loss: str, rule: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    learner, x = NetworkLearner(MLP(8, 1), replace(GENTLE, loss=loss)), fit_of().labelled.x
    model = learner.fit(fit_of())
    assert torch.equal(model.probabilities(x), rule(model.outputs(x)))
    told = replace(learner, probabilities="softmax").fit(fit_of())
    assert torch.equal(told.probabilities(x), softmax(told.outputs(x)))


@pytest.mark.parametrize("augment", [Augment(flip=True), Augment(crop=1)])
def test_training_sees_augmented_images_and_evaluation_does_not(augment: Augment) -> None:
    learner, seen = NetworkLearner(MLP(8, 1), GENTLE), fit_of().labelled.x
    plain, changed = (learner.fit(replace(fit_of(), augment=a)) for a in (UNCHANGED, augment))
    assert not torch.equal(plain.outputs(seen), changed.outputs(seen))
    assert torch.equal(changed.outputs(seen), changed.net(seen))


def test_the_module_of_an_objective_comes_back_with_the_model() -> None:
    learner, fit = NetworkLearner(MLP(8, 1), GENTLE), fit_of(objective=PredictLoss())
    model = learner.fit(fit)
    again = learner.restore(fit, model.state())
    assert again.auxiliary is not None
    assert model.auxiliary is not None
    for mine, theirs in zip(again.auxiliary.parameters(), model.auxiliary.parameters(), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize(("steps", "warm_up"), [(2, 0.5), (4, 0.25), (10, 0.1), (20, 0.05)])
def test_a_warm_up_of_one_step_begins_at_the_largest_rate(steps: int, warm_up: float) -> None:
    recipe = Train(schedule=OneCycle(max_lr=0.1, warm_up=warm_up))
    optimizer = sgd(torch.nn.Linear(1, 1), recipe, 0.1)
    schedule = learning_rate_schedule(optimizer, recipe, 0.1, steps)
    assert schedule.get_last_lr() == pytest.approx([0.1])
