"""Each network computes what a forward pass written out by hand does, dropout included."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from bench.modules.dropout import seed_dropout
from bench.modules.network import Network
from bench.modules.torchvision_import import import_torchvision
from bench.net import Net
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.resnet18 import ResNet18
from bench.nets.wide_resnet import WideResNet

Weights = dict[str, torch.Tensor]
RATE = 0.4


def ready(net: Net, shape: tuple[int, ...]) -> tuple[Network, torch.Tensor]:
    """A network in float64 and training mode whose BatchNorms are not at 1 and 0, and five inputs."""
    generator = torch.Generator().manual_seed(0)
    network = net.build(shape, 3).double()
    network.initialise(generator)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    seed_dropout(network, torch.Generator().manual_seed(7))
    return network, torch.randn(5, *shape, generator=generator, dtype=torch.float64)


def mask(shape: tuple[int, ...], rate: float, generator: torch.Generator) -> torch.Tensor:
    return (torch.rand(shape, generator=generator) >= rate).double() / (1 - rate)


def normalised(x: torch.Tensor, w: Weights, name: str) -> torch.Tensor:
    """BatchNorm in training mode, by its formula."""
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
    scale, shift = (w[f"{name}.{key}"][:, None, None] for key in ("weight", "bias"))
    return (x - mean) / (variance + 1e-5).sqrt() * scale + shift


@pytest.mark.parametrize("rate", [0.0, RATE])
def test_mlp(rate: float) -> None:
    network, x = ready(MLP(6, 2, rate), (2, 3, 3))
    w, parts = network.state_dict(), network.parts(x)
    first = (x.reshape(5, 18) @ w["hidden.0.weight"].T + w["hidden.0.bias"]).clamp(min=0)
    second = (first @ w["hidden.1.weight"].T + w["hidden.1.bias"]).clamp(min=0)
    features = second * mask((5, 6), rate, torch.Generator().manual_seed(7))
    torch.testing.assert_close(parts.features, features)
    torch.testing.assert_close(parts.logits, features @ w["head.weight"].T + w["head.bias"])
    torch.testing.assert_close(parts.stages, (first, second))


@pytest.mark.parametrize("rate", [0.0, RATE])
def test_cnn(rate: float) -> None:
    network, x = ready(CNN(2, rate), (1, 8, 8))
    w, parts = network.state_dict(), network.parts(x)
    stages = []
    for i in range(3):
        x = normalised(functional.conv2d(x, w[f"stages.{i}.0.weight"], padding=1), w, f"stages.{i}.1").clamp(min=0)
        b, c, h, _ = x.shape
        x = x.reshape(b, c, h // 2, 2, h // 2, 2).amax((3, 5))
        stages.append(x)
    features = x[:, :, 0, 0] * mask((5, 8), rate, torch.Generator().manual_seed(7))
    torch.testing.assert_close(parts.features, features)
    torch.testing.assert_close(parts.logits, features @ w["head.weight"].T + w["head.bias"])
    torch.testing.assert_close(parts.stages, tuple(stages))


@pytest.mark.parametrize("rate", [0.0, RATE])
def test_wide_resnet_drops_between_the_convolutions_of_a_block(rate: float) -> None:
    network, x = ready(WideResNet(2, 1, rate), (1, 6, 6))
    w, parts, generator = network.state_dict(), network.parts(x), torch.Generator().manual_seed(7)

    def convolved(x: torch.Tensor, name: str, stride: int = 1) -> torch.Tensor:
        weight = w[f"{name}.weight"]
        return functional.conv2d(x, weight, w[f"{name}.bias"], stride, padding=weight.shape[-1] // 2)

    x, stages = convolved(x, "stem"), []
    for name, stride in (("blocks.0", 1), ("blocks.1", 2)):
        hidden = convolved(normalised(x, w, f"{name}.bn1").clamp(min=0), f"{name}.conv1")
        hidden = normalised(hidden, w, f"{name}.bn2").clamp(min=0)
        hidden = hidden * mask(tuple(hidden.shape), rate, generator)
        x = convolved(hidden, f"{name}.conv2", stride) + convolved(x, f"{name}.shortcut", stride)
        stages.append(x)
    features = normalised(x, w, "bn").clamp(min=0).mean((2, 3))
    torch.testing.assert_close(parts.features, features)
    torch.testing.assert_close(parts.logits, features @ w["head.weight"].T + w["head.bias"])
    torch.testing.assert_close(parts.stages, tuple(stages))


@pytest.mark.parametrize("training", [True, False])
def test_resnet18_is_torchvisions_with_another_stem(training: bool) -> None:
    network, x = ready(ResNet18(), (3, 8, 8))
    theirs = import_torchvision().models.resnet18(num_classes=3).double()
    theirs.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False).double()
    theirs.maxpool = torch.nn.Identity()
    keys = theirs.state_dict().keys()  # in the order of the forward pass, as ours
    theirs.load_state_dict(dict(zip(keys, network.state_dict().values(), strict=True)))
    outputs: list[torch.Tensor] = []
    for stage in (theirs.layer1, theirs.layer2, theirs.layer3, theirs.layer4):
        stage.register_forward_hook(lambda _m, _x, y: outputs.append(y))
    theirs.fc.register_forward_hook(lambda _m, x, _y: outputs.append(x[0]))
    parts, logits = network.train(training).parts(x), theirs.train(training)(x)
    torch.testing.assert_close(parts.logits, logits)
    torch.testing.assert_close((*parts.stages, parts.features), tuple(outputs))


def test_resnet18_drops_before_the_head() -> None:
    network, x = ready(ResNet18(2, RATE), (1, 8, 8))
    parts = network.parts(x)
    pooled = parts.stages[-1].mean((2, 3))
    torch.testing.assert_close(parts.features, pooled * mask((5, 16), RATE, torch.Generator().manual_seed(7)))
    torch.testing.assert_close(parts.logits, network.head(parts.features))


def test_resnet18_has_as_many_parameters_as_published() -> None:
    # 11.17 M with the CIFAR stem and 10 classes: kuangliu/pytorch-cifar's models/resnet.py has exactly these.
    assert sum(p.numel() for p in ResNet18().build((3, 32, 32), 10).parameters()) == 11_173_962


@pytest.mark.parametrize("net", [MLP(4, 1), CNN(2), WideResNet(1, 1), ResNet18(2)], ids=repr)
def test_dropout_adds_no_parameters_and_at_0_there_is_none(net: Net) -> None:
    plain, dropped = (type(net)(**{**vars(net), "dropout": r}).build((1, 8, 8), 3) for r in (0.0, RATE))
    assert plain.state_dict().keys() == dropped.state_dict().keys()
    assert "Dropout" not in repr(plain)
    assert "Dropout" in repr(dropped)
