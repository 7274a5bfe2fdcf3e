"""Models of torchvision by name: what is adapted, what is watched, what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bench.build import build
from bench.errors import ConfigError, DataError
from bench.located import located
from bench.modules.adaptive_pool import AdaptiveAverage
from bench.modules.dropout import Dropout
from bench.modules.torchvision_import import import_torchvision
from bench.modules.torchvision_model import build_torchvision
from bench.modules.wrapped import Wrapped
from bench.net import Net
from bench.nets.torchvision import MODELS, Torchvision

SHAPE = (3, 32, 32)


def built(name: str, stem: str = "original", shape: tuple[int, ...] = SHAPE) -> Wrapped:
    return build_torchvision(name, shape, 3, stem == "small")


def test_the_names_are_torchvisions_own() -> None:
    models = import_torchvision().models
    assert sorted(MODELS) == models.list_models(models)


@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2_x0_5", "mobilenet_v3_small"])
def test_with_its_own_stem_it_computes_what_torchvisions_model_does(name: str) -> None:
    net, theirs = built(name).eval(), import_torchvision().models.get_model(name, num_classes=3).eval()
    net.initialise(torch.Generator().manual_seed(0))
    body = {key.removeprefix("body."): value for key, value in net.state_dict().items() if key.startswith("body.")}
    theirs.load_state_dict(body, strict=False)
    list(theirs.modules())[-1].load_state_dict(net.head.state_dict())
    x = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(net(x), theirs(x))


@pytest.mark.parametrize(
    ("name", "stem", "sizes"),
    [
        ("resnet18", "original", [8, 4, 2, 1]),
        ("resnet18", "small", [32, 16, 8, 4]),
        ("shufflenet_v2_x0_5", "small", [16, 8, 4]),
        ("regnet_x_400mf", "original", [8, 4, 2, 1]),
        ("mobilenet_v3_small", "original", [16, 8, 4, 2, 1]),
        ("mnasnet0_5", "small", [32, 16, 8, 4, 2]),
    ],
)
def test_stages_are_the_models_main_ones(name: str, stem: str, sizes: list[int]) -> None:
    net = built(name, stem).eval()
    with torch.no_grad():
        stages = net.parts(torch.zeros(1, *SHAPE)).stages
    assert [stage.shape[-1] for stage in stages] == sizes


def test_finding_the_stages_leaves_the_network_in_training_mode_and_its_statistics_alone() -> None:
    net = built("shufflenet_v2_x0_5")
    assert all(module.training for module in net.modules())
    assert not any(value.any() for key, value in net.named_buffers() if "running_mean" in key)


def test_where_no_stages_are_known_the_features_are_the_only_one() -> None:
    assert built("googlenet").stage_names == ()


def test_the_small_stem_is_3x3_with_stride_1_and_no_pooling() -> None:
    body = built("resnet18", "small", (1, 8, 8)).body
    stem = body.get_submodule("conv1")
    assert isinstance(stem, nn.Conv2d)
    assert (stem.in_channels, stem.out_channels, stem.kernel_size, stem.stride) == (1, 64, (3, 3), (1, 1))
    assert stem.bias is None
    assert isinstance(body.get_submodule("maxpool"), nn.Identity)


def test_the_original_stem_takes_the_images_channels_and_stays_otherwise() -> None:
    body = built("resnet18", shape=(1, 32, 32)).body
    stem = body.get_submodule("conv1")
    assert isinstance(stem, nn.Conv2d)
    assert (stem.in_channels, stem.kernel_size, stem.stride, stem.padding) == (1, (7, 7), (2, 2), (3, 3))
    assert isinstance(body.get_submodule("maxpool"), nn.MaxPool2d)


def test_dropout_and_stochastic_depth_are_ours() -> None:
    net = built("efficientnet_b0")
    rates = {(m.leading, round(m.rate, 4)) for m in net.modules() if isinstance(m, Dropout)}
    assert (None, 0.2) in rates  # before the head
    assert (1, 0.0125) in rates  # the second residual branch's stochastic depth: 0.2 · 1/16
    assert not [m for m in net.modules() if type(m).__name__ == "StochasticDepth" or isinstance(m, nn.Dropout)]


@pytest.mark.parametrize(("size", "grid"), [((7, 5), (3, 2)), ((1, 1), (7, 7)), ((4, 6), (4, 3))])
def test_adaptive_pooling_is_torchs(size: tuple[int, int], grid: tuple[int, int]) -> None:
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(AdaptiveAverage(*grid)(x), nn.functional.adaptive_avg_pool2d(x, grid))


def test_pooling_to_a_grid_is_the_deterministic_one() -> None:
    assert isinstance(built("alexnet", "small").body.get_submodule("avgpool"), AdaptiveAverage)


def test_an_unknown_model_is_refused_where_it_is_written_with_the_nearest_name() -> None:
    node = located({"name": "torchvision", "model": "resnt34"}, "sweep.yaml:3")
    with pytest.raises(ConfigError) as caught:
        build(Net, node)
    assert "model: wanted a model of torchvision; got 'resnt34'; did you mean 'resnet34'? Known: alexnet" in str(
        caught.value
    )


def test_a_model_without_a_linear_head_is_refused() -> None:
    with pytest.raises(DataError, match=r"squeezenet1_1: wanted a model whose last layer is Linear.*AdaptiveAvgPool2d"):
        Torchvision("squeezenet1_1").build(SHAPE, 3)


@pytest.mark.parametrize(("name", "size"), [("googlenet", 8), ("maxvit_t", 32), ("vit_b_16", 24)])
def test_images_that_a_model_cannot_take_are_refused(name: str, size: int) -> None:
    with pytest.raises(DataError, match=rf"torchvision {name}: cannot take images of shape \(3, {size}, {size}\) \("):
        Torchvision(name).build((3, size, size), 3)
