"""Retraining by SGD against the trainer, a straightforward loop, and the plain form against the batched one."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from look_ahead_cases import BRIEF, close, fitted_view, one_hot

from bench.errors import Diverged
from bench.learner import Fit, Labelled
from bench.learners.network import NetworkLearner, NetworkModel
from bench.modules.network import Network
from bench.net import Net
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.objective import TaskLoss
from bench.recipe import SGD, Constant, OneCycle, Train
from bench.streams import Streams
from bench.train import train
from bench.view import View
from strategies.beliefs.naive import Batched, PlainLoop, shortened
from strategies.beliefs.samples import Addition, Samples
from strategies.beliefs.sgd_belief import SGDBelief
from strategies.look_ahead import LookAhead
from strategies.output_change import MLMOC
from strategies.retrained_by_sgd import Naive, OneGradientStep, trained_at_once
from strategies.retraining import Retraining

CYCLING = OneCycle(max_lr=0.05)
STEADY = Constant("constant", 0.02)
RECIPES = {
    "one cycle, momentum cycling": Train("squared", 4, batch_size=5, schedule=CYCLING),
    "one cycle, steady momentum": Train("squared", 4, batch_size=5, schedule=replace(CYCLING, cycle_momentum=False)),
    "nesterov, decay": Train("squared", 3, batch_size=5, optimizer=SGD("sgd", 0.9, 0.05, True), schedule=CYCLING),
    "no momentum": Train("squared", 3, batch_size=5, optimizer=SGD("sgd", 0.0, 0.01), schedule=STEADY),
    "cross-entropy": Train("cross_entropy", 3, batch_size=5, schedule=CYCLING),
    "a rest of one": Train("squared", 3, batch_size=4, schedule=STEADY),
}
EVERY = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
NETS = pytest.mark.parametrize("net", [MLP(10, 2), CNN(2)], ids=["perceptron", "convolutions and BatchNorm"])
N = 12


def view_of(net: MLP | CNN, recipe: Train = BRIEF) -> View:
    """13 samples with one candidate, so that batches of 4 leave a rest of one; targets of all classes."""
    return fitted_view(NetworkLearner(net, recipe), labelled=N)


def network_of(view: View) -> Network:
    assert isinstance(view.model, NetworkModel)
    return view.model.net


def belief_of(view: View, retrainer: PlainLoop | Batched) -> SGDBelief:
    assert isinstance(view.model, NetworkModel)
    return SGDBelief(view.model.net, retrainer, Samples.of(view, salt=3), view.outputs)


def additions(*pairs: tuple[int, int]) -> list[Addition]:
    return [(position, one_hot(torch.tensor(y), 3)) for position, y in pairs]


def straightforward(view: View, recipe: Train, added: list[Addition]) -> torch.Tensor:
    """Outputs (m, k) of a copy of the network, trained on the set in the order of the samples' keys."""
    net, samples = deepcopy(network_of(view)).eval(), Samples.of(view, salt=3)
    x = torch.cat([view.labelled.x, *(view.candidates[i][None] for i, _ in added)])
    y = torch.cat([view.labelled.y, *(target.argmax()[None] for _, target in added)])
    rows, targets = samples.chosen(added)
    groups = [range(start, min(start + recipe.batch_size, len(x))) for start in range(0, len(x), recipe.batch_size)]
    if len(groups[-1]) == 1:
        groups[-2:] = [range(groups[-2].start, len(x))]
    kind = recipe.optimizer
    optimizer = torch.optim.SGD(
        net.parameters(),
        recipe.schedule.max_lr,
        momentum=kind.momentum,
        weight_decay=kind.weight_decay,
        nesterov=kind.nesterov,
    )
    cycle = recipe.schedule if isinstance(recipe.schedule, OneCycle) else None
    schedule = cycle and torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        cycle.max_lr,
        epochs=recipe.epochs,
        steps_per_epoch=len(groups),
        pct_start=cycle.warm_up,
        cycle_momentum=cycle.cycle_momentum,
    )
    for epoch in range(recipe.epochs):
        order = samples.order(rows, targets, epoch)
        for group in groups:
            batch = order[list(group)]
            logits = net(x[batch])
            if recipe.loss == "squared":
                loss = torch.nn.functional.mse_loss(logits, one_hot(y[batch], 3))
            else:
                loss = torch.nn.functional.cross_entropy(logits, y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if schedule:
                schedule.step()
    with torch.no_grad():
        return net(view.candidates)


@EVERY
@NETS
def test_the_plain_loop_is_a_straightforward_one(net: MLP | CNN, recipe: Train) -> None:
    view = view_of(net)
    belief = belief_of(view, PlainLoop(recipe))
    first, second = additions((4, 1), (2, 0))
    close(belief.condition(*first).outputs, straightforward(view, recipe, [first]), 1e-10)
    close(belief.condition(*first).condition(*second).outputs, straightforward(view, recipe, [first, second]), 1e-10)


@EVERY
@NETS
def test_the_batched_form_is_the_plain_loop(net: MLP | CNN, recipe: Train) -> None:
    view, everything = view_of(net), torch.arange(8)
    targets = one_hot(everything % 3, 3)
    plain, batched = (
        belief_of(view, retrainer).ahead(everything, targets, everything).outputs()
        for retrainer in (PlainLoop(recipe), Batched(recipe, at_once=3))
    )
    close(batched, plain, 1e-8)
    assert (plain - view.outputs).abs().max() > 1e-3


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "a rest of one"])
def test_the_plain_loop_is_the_trainer_where_a_batch_is_everything(name: str) -> None:
    """Then the order of samples does not matter, and without BatchNorm nor is there anything to freeze."""
    view, recipe = view_of(MLP(10, 2)), replace(RECIPES[name], batch_size=N + 1)
    labelled = view.labelled
    position, label = 6, 2
    more = Labelled(
        torch.cat([labelled.x, view.candidates[[position]]]), torch.cat([labelled.y, torch.tensor([label])]), 3
    )
    student = deepcopy(network_of(view))
    train(student, recipe, Fit(more, None, TaskLoss(), Streams(0), 0))
    belief = belief_of(view, PlainLoop(recipe)).condition(*additions((position, label))[0])
    with torch.no_grad():
        close(belief.outputs, student(view.candidates), 1e-10)


def batches(view: View, salt: int, added: list[Addition], epoch: int) -> torch.Tensor:
    """The inputs and labels (s, … + 1) in the order of an epoch."""
    samples = Samples.of(view, salt)
    rows, targets = samples.chosen(added)
    order = samples.order(rows, targets, epoch)
    return torch.cat([samples.x[rows[order]].flatten(1), targets[order]], dim=1)


def test_minibatches_do_not_depend_on_the_order_of_additions() -> None:
    view = view_of(MLP(4, 1))
    for epoch in range(4):
        one, other = (batches(view, 1, additions(*pairs), epoch) for pairs in (((1, 0), (5, 2)), ((5, 2), (1, 0))))
        assert torch.equal(one, other)


def test_minibatches_of_duplicates_with_two_labels_do_not_depend_on_the_order_of_additions() -> None:
    view = view_of(MLP(4, 1))
    twins = replace(view, candidates=view.candidates[[0, 3, 3]])
    one, other = (batches(twins, 1, additions(*pairs), 0) for pairs in (((1, 0), (2, 2)), ((2, 2), (1, 0))))
    assert torch.equal(one, other)


def test_minibatches_do_not_depend_on_where_a_candidate_stands() -> None:
    view = view_of(MLP(4, 1))
    order = torch.tensor([3, 1, 7, 0, 2, 6, 5, 4])
    shuffled = replace(view, candidates=view.candidates[order])
    for epoch in range(4):
        assert torch.equal(batches(view, 1, additions((7, 1)), epoch), batches(shuffled, 1, additions((2, 1)), epoch))


def test_epochs_and_salts_have_other_minibatches() -> None:
    view = view_of(MLP(4, 1))
    base = batches(view, 1, additions((7, 1)), 0)
    assert not torch.equal(base, batches(view, 1, additions((7, 1)), 1))
    assert not torch.equal(base, batches(view, 2, additions((7, 1)), 0))
    assert torch.equal(base.sort(dim=0).values, batches(view, 1, additions((7, 1)), 1).sort(dim=0).values)


@pytest.mark.parametrize("retrain", [Naive(2), Naive(2, together=3), OneGradientStep()], ids=repr)
@NETS
def test_a_query_leaves_the_model_as_it_was_to_the_bit(net: MLP | CNN, retrain: Retraining) -> None:
    view = view_of(net)
    before = {name: value.clone() for name, value in view.model.state().items()}
    gradients = [gradient.clone() for gradient in gradients_of(view)]
    LookAhead(MLMOC(), retrain, batch="greedy").query(view, 2)
    after = view.model.state()
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert not network_of(view).training
    assert all(torch.equal(a, b) for a, b in zip(gradients, gradients_of(view), strict=True))


def gradients_of(view: View) -> list[torch.Tensor]:
    """What training left in the parameters."""
    return [parameter.grad for parameter in network_of(view).parameters() if parameter.grad is not None]


def test_retraining_runs_all_of_its_epochs() -> None:
    assert shortened(replace(BRIEF, tolerance=0.5), 9, None) == replace(BRIEF, epochs=9, tolerance=None)


@pytest.mark.parametrize("schedule", [CYCLING, STEADY])
def test_naive_takes_the_recipe_s_rates_unless_told(schedule: OneCycle | Constant) -> None:
    recipe = replace(BRIEF, schedule=schedule)
    told, default = (Naive(2, rate).belief(view_of(MLP(4, 1), recipe)) for rate in (0.003, None))
    changed, own = recipe_of(told), recipe_of(default)
    assert own.schedule == schedule
    assert changed.schedule.max_lr == 0.003
    assert replace(changed, schedule=schedule) == own


def recipe_of(belief: SGDBelief) -> Train:
    assert isinstance(belief.retrainer, Batched)
    return belief.retrainer.recipe


@pytest.mark.parametrize("together", [1, 3])
def test_retraining_that_diverges_says_so_and_what_to_do(together: int) -> None:
    view = view_of(CNN(2))
    query = LookAhead(MLMOC(), Naive(15, rate=1e4, together=together)).query
    with pytest.raises(Diverged, match=r"diverged for 8 of the 8 candidates with a label that .* together; lower"):
        query(view, 2)


def test_naive_retrains_by_the_learner_s_recipe() -> None:
    recipe = replace(RECIPES["nesterov, decay"], tolerance=0.1)
    view = view_of(MLP(10, 1), recipe)
    belief = Naive(2, together=1).belief(view)
    assert isinstance(belief, SGDBelief)
    assert belief.retrainer == PlainLoop(replace(recipe, epochs=2, tolerance=None))
    assert torch.equal(belief.outputs, view.outputs)


@pytest.mark.parametrize(("net", "form"), [(MLP(4, 1), Batched), (CNN(2), PlainLoop)])
def test_on_a_cpu_networks_without_convolutions_are_trained_together(net: MLP | CNN, form: type) -> None:
    belief = Naive(1).belief(view_of(net))
    assert isinstance(belief, SGDBelief)
    assert isinstance(belief.retrainer, form)


def test_one_step_takes_the_recipe_s_largest_rate_unless_told() -> None:
    view = view_of(MLP(10, 1))
    everything, target = torch.arange(8), one_hot(torch.tensor([1]), 3)
    told, default, other = (
        OneGradientStep(rate).belief(view).ahead(torch.tensor([0]), target, everything).outputs()
        for rate in (0.05, None, 0.01)
    )
    assert torch.equal(told, default)
    assert not torch.equal(told, other)


@pytest.mark.parametrize(
    ("net", "on_gpu", "together"),
    [
        (MLP(16, 1), False, 64),
        (MLP(16, 1), True, 64),
        (WideResNet(stages=1, widen=1), False, 1),
        (WideResNet(stages=1, widen=1), True, 64),
        (WideResNet(stages=1, widen=5), True, 11),
        (WideResNet(stages=1, widen=20), True, 1),
    ],
)
def test_as_many_are_trained_at_once_as_a_device_can_hold(net: Net, on_gpu: bool, together: int) -> None:
    assert trained_at_once(net.build((1, 28, 28), 10), on_gpu) == together
