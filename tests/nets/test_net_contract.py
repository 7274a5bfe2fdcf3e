"""Every network keeps its laws with and without dropout, at every size and number of channels that data sets have."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from torch.func import functional_call, grad, vmap

from bench.contract import check_learner, check_net
from bench.errors import ConfigError, DataError
from bench.learners.network import NetworkLearner
from bench.modules.dropout import seed_dropout
from bench.modules.network import Network
from bench.net import Net
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.resnet18 import ResNet18
from bench.nets.torchvision import Torchvision
from bench.nets.wide_resnet import WideResNet
from bench.recipe import OneCycle, Train

SMALL: list[Net] = [
    MLP(8, 1),
    CNN(2),
    WideResNet(1, 1),
    ResNet18(2),
]
DROPPED: list[Net] = [replace(net, dropout=0.5) for net in SMALL]  # type: ignore[call-arg]
THEIRS: list[Net] = [Torchvision("shufflenet_v2_x0_5", "small"), Torchvision("mobilenet_v3_small")]


def fresh(net: Net, shape: tuple[int, ...]) -> Network:
    network = net.build(shape, 3)
    generator = torch.Generator().manual_seed(0)
    network.initialise(generator)
    seed_dropout(network, generator)
    return network


@pytest.mark.parametrize("net", [*SMALL, *DROPPED, *THEIRS], ids=repr)
def test_a_net_keeps_its_laws(net: Net) -> None:
    check_net(net)


@pytest.mark.parametrize("net", [CNN(2, dropout=0.5), ResNet18(2), THEIRS[0]], ids=repr)
def test_a_learner_with_this_net_keeps_its_laws(net: Net) -> None:
    check_learner(NetworkLearner(net, Train(epochs=2, batch_size=8, schedule=OneCycle(max_lr=0.05))))


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 8), (1, 28, 28), (3, 32, 32)], ids=str)
@pytest.mark.parametrize("net", [*SMALL, *THEIRS], ids=repr)
def test_images_of_every_size_and_number_of_channels_are_taken_in_training_too(
    net: Net, shape: tuple[int, ...]
) -> None:
    network = fresh(net, shape)
    parts = network.train().parts(torch.randn(2, *shape, generator=torch.Generator().manual_seed(0)))
    parts.logits.square().sum().backward()
    assert parts.logits.shape == (2, 3)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


@pytest.mark.parametrize("net", [*DROPPED, *THEIRS], ids=repr)
def test_training_never_touches_the_global_generator(net: Net) -> None:
    network, x = fresh(net, (1, 8, 8)), torch.ones(2, 1, 8, 8)
    state = torch.get_rng_state()
    parts = network.train().parts(x)
    assert torch.equal(state, torch.get_rng_state())
    torch.testing.assert_close(network.head(parts.features), parts.logits)


@pytest.mark.parametrize("net", [*SMALL, *DROPPED, *THEIRS], ids=repr)
def test_per_sample_gradients_of_torch_func_are_those_of_autograd(net: Net) -> None:
    network = fresh(net, (1, 8, 8)).double().eval()
    parameters = {key: value.detach() for key, value in network.named_parameters()}
    buffers = dict(network.named_buffers())
    x = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def first_logit(weights: dict[str, torch.Tensor], sample: torch.Tensor) -> torch.Tensor:
        return functional_call(network, (weights, buffers), (sample[None],))[0, 0]

    together = vmap(grad(first_logit), in_dims=(None, 0))(parameters, x)
    for i in range(len(x)):
        alone = torch.autograd.grad(network(x[i : i + 1])[0, 0], list(network.parameters()))
        for key, gradient in zip(parameters, alone, strict=True):
            torch.testing.assert_close(together[key][i], gradient, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("net", [CNN(2), WideResNet(1, 1), ResNet18(2), Torchvision("resnet18")], ids=repr)
def test_feature_vectors_are_refused_by_networks_for_images(net: Net) -> None:
    with pytest.raises(DataError, match=r"wanted images \(channels, height, width\); got \(30,\)\. Use the net mlp"):
        net.build((30,), 3)


@pytest.mark.parametrize("rate", [-0.1, 1])
@pytest.mark.parametrize("name", ["mlp", "cnn", "wide_resnet", "resnet18"])
def test_a_rate_of_dropout_outside_0_to_1_is_refused(name: str, rate: float) -> None:
    from bench.build import build
    from bench.located import located

    with pytest.raises(ConfigError, match="dropout: wanted a number >= 0 and < 1"):
        build(Net, located({"name": name, "dropout": rate}, "test"))


def test_declaring_the_networks_loads_neither_torch_nor_torchvision() -> None:
    names = ", ".join(f"bench.nets.{name}" for name in ("mlp", "cnn", "wide_resnet", "resnet18", "torchvision"))
    code = f"import sys, {names}; assert not {{'torch', 'torchvision'}} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
