"""The kernel of every kind of network is that of gradients taken one by one."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from jacobian_oracle import kernel_by_autograd, largest_error, noise, shaken
from torch import nn

from bench.modules.torchvision_import import import_torchvision
from bench.net import Net
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.resnet18 import ResNet18
from bench.nets.torchvision import Torchvision
from bench.nets.wide_resnet import WideResNet
from strategies.gram.capture import Output
from strategies.gram.empirical_kernel import empirical_ntk

NETS: list[tuple[Net, tuple[int, ...]]] = [
    (MLP(7, 2), (1, 5, 5)),
    (CNN(3), (1, 9, 9)),
    (WideResNet(1, 1), (1, 8, 8)),
    (WideResNet(2, 1), (3, 7, 7)),
    (WideResNet(3, 1), (3, 9, 8)),
    (ResNet18(4), (3, 12, 12)),
]


def built(net: Net, shape: tuple[int, ...]) -> nn.Module:
    network = net.build(shape, 3)
    network.initialise(torch.Generator().manual_seed(0))
    return shaken(network)


@pytest.mark.parametrize("output", get_args(Output))
@pytest.mark.parametrize(("net", "shape"), NETS, ids=[str(net) for net, _ in NETS])
def test_the_projects_networks(net: Net, shape: tuple[int, ...], output: Output) -> None:
    network, x = built(net, shape), noise(5, *shape)
    assert largest_error(empirical_ntk(network, x, output), kernel_by_autograd(network, x, output)) < 1e-12


@pytest.mark.slow
def test_resnet18_at_its_full_width() -> None:
    network, x = built(ResNet18(), (3, 32, 32)), noise(4, 3, 32, 32)
    assert largest_error(empirical_ntk(network, x), kernel_by_autograd(network, x)) < 1e-12


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "shufflenet_v2_x0_5"])
def test_torchvisions_networks_with_depthwise_convolutions(name: str) -> None:
    network, x = built(Torchvision(name), (3, 32, 32)), noise(3, 3, 32, 32)
    assert largest_error(empirical_ntk(network, x), kernel_by_autograd(network, x)) < 1e-10


def test_a_resnext_with_grouped_convolutions() -> None:
    resnet = import_torchvision().models.resnet
    network = shaken(resnet.ResNet(resnet.Bottleneck, [1, 1, 1, 1], 3, groups=4, width_per_group=4))
    x = noise(3, 3, 32, 32)
    assert largest_error(empirical_ntk(network, x), kernel_by_autograd(network, x)) < 1e-10


def test_a_convnext_with_layer_norms_and_parameters_beside_layers() -> None:
    """Its blocks have a parameter of their own beside their layers, and linear layers on images (b, h, w, c)."""
    convnext = import_torchvision().models.convnext
    settings = [convnext.CNBlockConfig(6, 8, 1), convnext.CNBlockConfig(8, None, 2)]
    network, x = shaken(convnext.ConvNeXt(settings, num_classes=3)), noise(3, 3, 16, 16)
    assert largest_error(empirical_ntk(network, x), kernel_by_autograd(network, x)) < 1e-10


class Twice(nn.Module):
    """A convolution and a linear layer that are each called twice, a normalisation that is, and one never called."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)
        self.hidden = nn.Linear(2, 2)
        self.head = nn.Linear(2, 3)
        self.idle = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.tanh(self.norm(self.convolution(x)))
        x = torch.tanh(self.norm(self.convolution(x))).mean(dim=(2, 3))
        return self.head(torch.tanh(self.hidden(torch.tanh(self.hidden(x)))))


def test_layers_that_are_called_twice_add_up() -> None:
    network, x = shaken(Twice()), noise(20, 2, 5, 5)
    assert largest_error(empirical_ntk(network, x), kernel_by_autograd(network, x)) < 1e-12


def test_activations_in_place_change_nothing_captured() -> None:
    """The first of them works on the output of the first layer, where gradients begin."""
    layers = (nn.Conv2d(2, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True))
    network = shaken(nn.Sequential(*layers, nn.Flatten(), nn.Linear(16, 3)))
    x = noise(6, 2, 6, 6)
    assert largest_error(empirical_ntk(network, x), kernel_by_autograd(network, x)) < 1e-12


def test_sequences_through_linear_layers_norms_and_an_embedding() -> None:
    layers = (nn.Embedding(9, 4), nn.LayerNorm(4), nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 4), nn.BatchNorm1d(7))
    network = shaken(nn.Sequential(*layers, nn.Flatten(), nn.Linear(28, 6), nn.BatchNorm1d(6), nn.Linear(6, 2)))
    words = torch.randint(9, (5, 7), generator=torch.Generator().manual_seed(0))
    assert largest_error(empirical_ntk(network, words), kernel_by_autograd(network, words)) < 1e-12


@pytest.mark.parametrize("options", [{"padding": "same"}, {"padding": 1, "padding_mode": "reflect"}], ids=str)
def test_convolutions_that_pad_otherwise(options: dict[str, object]) -> None:
    network = shaken(nn.Sequential(nn.Conv2d(2, 3, 3, **options), nn.Flatten(), nn.Linear(75, 2)))  # type: ignore[arg-type]
    x = noise(4, 2, 5, 5)
    assert largest_error(empirical_ntk(network, x), kernel_by_autograd(network, x)) < 1e-12


class HalfLinear(nn.Linear):
    """A linear layer with another forward."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) / 2


def test_a_subclass_with_another_forward_is_differentiated_as_it_is() -> None:
    network, x = shaken(nn.Sequential(HalfLinear(3, 4), nn.Tanh(), nn.Linear(4, 2))), noise(5, 3)
    assert largest_error(empirical_ntk(network, x), kernel_by_autograd(network, x)) < 1e-12


def test_parameters_without_gradients_count_too() -> None:
    network, x = shaken(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))), noise(5, 3)
    wanted = kernel_by_autograd(network, x)
    network[0].requires_grad_(False)
    assert largest_error(empirical_ntk(network, x), wanted) < 1e-12
