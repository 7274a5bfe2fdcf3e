"""LL4AL: the ranking loss by a plain loop, the known traps, and what training with it does and leaves alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch
from cycle_views import BRIEF, cycle_view, labelled_of

from baselines.ll4al import LL4AL
from baselines.modules.loss_prediction import LossPrediction, pooled, ranking_loss
from bench.contract import check_strategy
from bench.errors import Refused
from bench.example import CLASSES, example_data
from bench.learner import Fit, Labelled, Learner
from bench.learners.linear import Ridge
from bench.learners.network import NetworkLearner, NetworkModel
from bench.modules.network import Network
from bench.net import Net
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet
from bench.objective import Objective, Step
from bench.protocol import Protocol
from bench.recipe import Train
from bench.streams import Streams
from bench.train import loss_per_sample

NETS = [MLP(8, 2), WideResNet(1, 2), CNN(4, dropout=0.5)]
PROTOCOL = Protocol(1, 1, 1)


def numbers(n: int, seed: int) -> torch.Tensor:
    return torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_loop(predicted: list[float], target: list[float], margin: float) -> float:
    """Each pair (i, B − 1 − i) of the even part once."""
    even = len(target) // 2 * 2
    terms = []
    for i in range(even // 2):
        j = even - 1 - i
        sign = 1 if target[i] > target[j] else -1
        terms.append(max(0.0, margin - sign * (predicted[i] - predicted[j])))
    return sum(terms) / len(terms)


@pytest.mark.parametrize("margin", [0.1, 1.0])
@pytest.mark.parametrize("n", [2, 3, 8, 9])
def test_the_ranking_loss_is_that_of_a_plain_loop(n: int, margin: float) -> None:
    predicted, target = numbers(n, 0), numbers(n, 1).abs()
    loss = ranking_loss(predicted, target, margin)
    assert loss is not None
    assert float(loss) == pytest.approx(by_loop(predicted.tolist(), target.tolist(), margin))


def test_a_right_order_by_the_margin_costs_nothing_and_a_wrong_one_does() -> None:
    target = torch.tensor([3.0, 1.0])
    assert ranking_loss(torch.tensor([2.0, 1.0]), target, 1.0) == 0
    assert ranking_loss(torch.tensor([1.0, 2.0]), target, 1.0) == 2


def test_an_odd_batch_leaves_out_its_last_sample() -> None:
    predicted, target = numbers(5, 0), numbers(5, 1)
    odd, even = ranking_loss(predicted, target, 1.0), ranking_loss(predicted[:4], target[:4], 1.0)
    assert odd is not None
    assert even is not None
    assert torch.equal(odd, even)


def test_a_batch_of_one_has_no_ranking_loss() -> None:
    assert ranking_loss(numbers(1, 0), numbers(1, 1), 1.0) is None


def test_the_target_is_a_constant() -> None:
    target = numbers(4, 1).requires_grad_()
    loss = ranking_loss(numbers(4, 0).requires_grad_(), target, 1.0)
    assert loss is not None
    loss.backward()  # type: ignore[no-untyped-call]
    assert target.grad is None


def test_stages_are_averaged_over_positions_and_vectors_stay() -> None:
    image = numbers(2 * 3 * 4 * 5, 0).view(2, 3, 4, 5)
    torch.testing.assert_close(pooled(image), image.mean(dim=(2, 3)))
    assert pooled(image[:, :, 0, 0]) is not None
    assert torch.equal(pooled(image[:, :, 0, 0]), image[:, :, 0, 0])


def test_the_prediction_is_that_of_the_figure() -> None:
    module = LossPrediction([3, 2], 4).double()
    stages = [numbers(18, 0).view(2, 3, 3), numbers(4, 1).view(2, 2)]
    hidden = [
        torch.relu(stage @ layer.weight.T + layer.bias)
        for stage, layer in zip([stages[0].mean(dim=2), stages[1]], module.branches, strict=True)
    ]
    by_hand = torch.cat(hidden, dim=1) @ module.last.weight[0] + module.last.bias
    torch.testing.assert_close(module(stages), by_hand)


def prepared(objective: Objective, net: Net, b: int = 6, loss: str = "squared") -> tuple[Network, Step]:
    """A network in training mode and one step on b samples, with the objective's own module drawn."""
    data, recipe = example_data(), Train(loss=loss)  # type: ignore[arg-type]
    batch = Labelled(data.x_pool[:b], data.y_pool[:b], CLASSES)
    network = net.build((1, 6, 6), CLASSES).double()
    network.initialise(torch.Generator().manual_seed(0))
    network.eval()
    auxiliary = objective.auxiliary(network, network.parts(batch.x[:2]))
    assert auxiliary is not None
    objective.reset(auxiliary.double(), torch.Generator().manual_seed(1))
    forward = network.parts(batch.x)
    losses = loss_per_sample(recipe, forward.logits, batch)
    return network, Step(batch, losses, forward, auxiliary, 0.0, partial(loss_per_sample, recipe))


def ranking_of(step: Step, losses: torch.Tensor) -> float:
    assert step.auxiliary is not None
    return by_loop(step.auxiliary(step.forward.stages).tolist(), losses.tolist(), 1.0)


@pytest.mark.parametrize("net", [MLP(8, 2), WideResNet(1, 2)])
@pytest.mark.parametrize("b", [6, 7])
def test_the_loss_is_the_mean_task_loss_plus_the_weighted_ranking_loss(net: Net, b: int) -> None:
    objective = LL4AL(weight=0.3).objective()
    _, step = prepared(objective, net, b)
    expected = step.per_sample.mean().item() + 0.3 * ranking_of(step, step.per_sample)
    assert objective.total(step).item() == pytest.approx(expected)


def test_sum_over_classes_is_k_times_the_task_loss_and_ranks_alike() -> None:
    objective = LL4AL(reduction="sum").objective()
    _, step = prepared(objective, MLP(8, 2))
    summed = (step.forward.logits - step.batch.one_hot).square().sum(dim=1)
    assert objective.total(step).item() == pytest.approx(summed.mean().item() + ranking_of(step, summed))


def test_a_batch_of_one_trains_on_the_task_loss_alone() -> None:
    objective = LL4AL().objective()
    _, step = prepared(objective, MLP(8, 2), b=1)
    assert torch.equal(objective.total(step), step.per_sample.mean())


def gradients(progress: float, strategy: LL4AL) -> tuple[torch.Tensor, torch.Tensor]:
    """How the ranking loss alone moves the network's first layer, and the module's last one."""
    objective = strategy.objective()
    network, step = prepared(objective, MLP(8, 2))
    ranking = objective.total(replace(step, progress=progress)) - step.per_sample.mean()
    assert isinstance(step.auxiliary, LossPrediction)
    first = next(network.parameters())
    of_network, of_module = torch.autograd.grad(ranking, [first, step.auxiliary.last.weight], materialize_grads=True)
    return of_network, of_module


@pytest.mark.parametrize(("progress", "reaches"), [(0.0, True), (0.59, True), (0.6, False), (0.99, False)])
def test_the_ranking_loss_leaves_the_network_alone_after_60_percent_of_training(progress: float, reaches: bool) -> None:
    of_network, of_module = gradients(progress, LL4AL())
    assert bool(of_network.abs().max() > 1e-9) == reaches
    assert bool(of_module.abs().max() > 0)


def test_with_a_share_of_1_it_never_does() -> None:
    assert bool(gradients(0.99, LL4AL(detach_after=1.0))[0].abs().max() > 1e-9)


def test_the_module_has_a_learning_rate_of_its_own() -> None:
    assert LL4AL().objective().learning_rate(0.5) == 0.5
    assert LL4AL(learning_rate=0.01).objective().learning_rate(0.5) == 0.01


def trained(strategy: LL4AL | None, net: Net, previous: NetworkModel | None = None) -> NetworkModel:
    labelled, cycle = labelled_of(example_data()), 0 if previous is None else 1
    objective = cycle_view(Ridge()).objective if strategy is None else strategy.objective()
    return NetworkLearner(net, BRIEF).fit(Fit(labelled, previous, objective, Streams(0), cycle))


@pytest.mark.parametrize("net", NETS)
def test_separate_trains_the_evaluated_network_as_every_other_arm(net: Net) -> None:
    """Bit for bit, over a warm start as well."""
    strategy = LL4AL(evaluate="separate", weight=3.0)
    first, plain = trained(strategy, net), trained(None, net)
    second, plain_second = trained(strategy, net, first), trained(None, net, plain)
    for mine, theirs in ((first, plain), (second, plain_second)):
        state = theirs.state()
        assert all(torch.equal(mine.state()[key], state[key]) for key in state)


@pytest.mark.parametrize("net", [MLP(8, 2), WideResNet(1, 2)])
def test_the_copy_of_separate_is_what_joint_training_gives(net: Net) -> None:
    joint, separate = trained(LL4AL(), net), trained(LL4AL(evaluate="separate"), net)
    assert isinstance(separate.auxiliary, LossPrediction)
    assert separate.auxiliary.own is not None
    own = separate.auxiliary.own.state_dict()
    for key, value in joint.net.state_dict().items():
        torch.testing.assert_close(own[key], value)
    assert any(not torch.equal(own[key], value) for key, value in separate.net.state_dict().items())


def test_the_joint_network_is_not_the_plain_one() -> None:
    joint, plain = trained(LL4AL(), MLP(8, 2)), trained(None, MLP(8, 2))
    assert not torch.equal(next(joint.net.parameters()), next(plain.net.parameters()))


@pytest.mark.parametrize("evaluate", ["joint", "separate"])
@pytest.mark.parametrize("net", NETS)
def test_scores_are_the_modules_predictions_in_eval_mode(net: Net, evaluate: str) -> None:
    strategy = LL4AL(evaluate=evaluate)  # type: ignore[arg-type]
    view = cycle_view(NetworkLearner(net, BRIEF), strategy)
    assert isinstance(view.model, NetworkModel)
    module = view.model.auxiliary
    assert isinstance(module, LossPrediction)
    assert not [name for name, part in module.named_modules() if part.training]
    network = view.model.net if module.own is None else module.own
    one_by_one = torch.cat([module(network.parts(x[None]).stages) for x in view.candidates])
    torch.testing.assert_close(strategy.score(view), one_by_one)


def test_the_largest_predicted_loss_is_picked_first() -> None:
    strategy = LL4AL()
    view = cycle_view(NetworkLearner(MLP(8, 2), BRIEF), strategy)
    scores = strategy.score(view)
    assert strategy.query(view, 3).tolist() == scores.argsort(descending=True)[:3].tolist()
    assert view.journal.scores is not None


def test_the_module_learns_the_order_of_losses() -> None:
    """A linear stage holds each sample's loss; after some descent large losses are predicted large."""
    module, losses = LossPrediction([1], 16).double(), numbers(40, 3).abs()
    module.initialise(torch.Generator().manual_seed(0))
    descent = torch.optim.SGD(module.parameters(), lr=0.1)
    for _ in range(200):
        descent.zero_grad()
        loss = ranking_loss(module([losses[:, None]]), losses, 1.0)
        assert loss is not None
        loss.backward()  # type: ignore[no-untyped-call]
        descent.step()
    assert torch.equal(module([losses[:, None]]).argsort()[-5:], losses.argsort()[-5:])


def test_cross_entropy_is_ranked_too() -> None:
    learner = NetworkLearner(MLP(8, 2), replace(BRIEF, loss="cross_entropy"))
    check_strategy(LL4AL(), learner)


@pytest.mark.parametrize(
    ("strategy", "learner", "reason"),
    [
        (LL4AL(), Ridge(), "wanted a network"),
        (LL4AL(reduction="sum"), NetworkLearner(train=Train(loss="cross_entropy")), "no sum over classes"),
    ],
)
def test_what_makes_no_sense_is_refused(strategy: LL4AL, learner: Learner, reason: str) -> None:
    assert reason in str(strategy.refusal(learner, PROTOCOL))


def test_a_network_that_was_not_trained_with_its_objective_is_refused() -> None:
    with pytest.raises(Refused, match=r"module that this strategy trains; got NoneType"):
        LL4AL().score(cycle_view(NetworkLearner(MLP(8, 2), BRIEF)))
    with pytest.raises(Refused, match="wanted the model of a network"):
        LL4AL().score(cycle_view(Ridge()))


@pytest.mark.parametrize("strategy", [LL4AL(), LL4AL(reduction="sum"), LL4AL(evaluate="separate")], ids=repr)
@pytest.mark.parametrize("net", NETS)
def test_ll4al_keeps_the_contract(strategy: LL4AL, net: Net) -> None:
    check_strategy(strategy, NetworkLearner(net, BRIEF))


@pytest.mark.parametrize("evaluate", ["joint", "separate"])
def test_a_restored_model_picks_the_same(evaluate: str) -> None:
    strategy = LL4AL(evaluate=evaluate)  # type: ignore[arg-type]
    learner = NetworkLearner(WideResNet(1, 1), BRIEF)
    view = cycle_view(learner, strategy)
    fit = Fit(view.labelled, None, view.objective, Streams(0), 0)
    again = replace(view, model=learner.restore(fit, view.model.state()))
    assert torch.equal(strategy.score(again), strategy.score(view))
