"""Initial parameters: the distributions stated, from the generator alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bench.modules.initialise import initialise_layers
from bench.modules.torchvision_import import import_torchvision


def test_convolutions_are_kaiming_normal_by_fan_out() -> None:
    layer = nn.Conv2d(16, 64, 3)
    initialise_layers(layer, torch.Generator().manual_seed(0))
    assert layer.weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.05)  # 9,216 weights
    assert layer.weight.mean().item() == pytest.approx(0, abs=0.003)
    assert layer.bias is not None
    assert not layer.bias.any()


def test_linear_layers_are_uniform_by_fan_in() -> None:
    layer = nn.Linear(100, 50)
    initialise_layers(layer, torch.Generator().manual_seed(0))
    assert 0.099 < layer.weight.abs().max() <= 0.1
    assert layer.weight.std().item() == pytest.approx(0.1 / 3**0.5, rel=0.05)
    assert 0.05 < layer.bias.abs().max() <= 0.1


def test_normalisations_start_at_1_and_0_and_forget_what_they_saw() -> None:
    layer = nn.BatchNorm2d(3)
    layer(5 + torch.randn(4, 3, 2, 2))
    initialise_layers(layer, torch.Generator())
    assert all(torch.equal(a, b) for a, b in zip(layer.state_dict().values(), nn.BatchNorm2d(3).state_dict().values()))  # noqa: B905


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv1d(2, 3, 3),
        nn.ConvTranspose2d(2, 3, 3),
        nn.Linear(3, 2, bias=False),
        nn.BatchNorm1d(3, affine=False),
        nn.InstanceNorm2d(3, affine=True),
        nn.LayerNorm(3),
        nn.GroupNorm(1, 3),
        nn.RMSNorm(3),
        nn.Embedding(4, 3, padding_idx=0),
        nn.MultiheadAttention(4, 2, add_bias_kv=True),
        nn.MultiheadAttention(4, 2, kdim=3, vdim=5),
        nn.PReLU(),
    ],
    ids=repr,
)
def test_every_layer_is_drawn_from_the_generator_alone(layer: nn.Module) -> None:
    drawn = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        initialise_layers(layer, torch.Generator().manual_seed(0))
        drawn.append([parameter.clone() for parameter in layer.parameters()])
    assert all(torch.equal(a, b) and a.isfinite().all() for a, b in zip(*drawn, strict=True))


def test_a_known_layer_with_a_parameter_more_is_refused() -> None:
    class Scaled(nn.Linear):
        def __init__(self) -> None:
            super().__init__(2, 2)
            self.scale = nn.Parameter(torch.ones(2))

    with pytest.raises(ValueError, match=r"the network \(Scaled\): no rule says how to initialise scale"):
        initialise_layers(Scaled(), torch.Generator())


def test_bare_parameters_of_torchvision_start_as_torchvision_has_them() -> None:
    models = import_torchvision().models
    import bench.modules.torchvision_model  # noqa: F401  (adds the rules)

    window = models.swin_transformer.ShiftedWindowAttentionV2(8, [2, 2], [0, 0], 2)
    block = models.convnext.CNBlock(8, 1e-6, 0.0)
    theirs = window.logit_scale.detach().clone(), block.layer_scale.detach().clone()
    for layer in (window, block):
        initialise_layers(layer, torch.Generator().manual_seed(0))
    torch.testing.assert_close((window.logit_scale.detach(), block.layer_scale.detach()), theirs)
