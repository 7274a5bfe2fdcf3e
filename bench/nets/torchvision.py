"""The classification models of torchvision, by name and with random weights: nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench.describe import did_you_mean
from bench.net import Net, nets
from bench.nets.fields import image_channels, no_image

if TYPE_CHECKING:
    from bench.modules.network import Network

# fmt: off
MODELS = (
    "alexnet", "convnext_base", "convnext_large", "convnext_small", "convnext_tiny", "densenet121", "densenet161",
    "densenet169", "densenet201", "efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_b3",
    "efficientnet_b4", "efficientnet_b5", "efficientnet_b6", "efficientnet_b7", "efficientnet_v2_l",
    "efficientnet_v2_m", "efficientnet_v2_s", "googlenet", "inception_v3", "maxvit_t", "mnasnet0_5", "mnasnet0_75",
    "mnasnet1_0", "mnasnet1_3", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "regnet_x_16gf",
    "regnet_x_1_6gf", "regnet_x_32gf", "regnet_x_3_2gf", "regnet_x_400mf", "regnet_x_800mf", "regnet_x_8gf",
    "regnet_y_128gf", "regnet_y_16gf", "regnet_y_1_6gf", "regnet_y_32gf", "regnet_y_3_2gf", "regnet_y_400mf",
    "regnet_y_800mf", "regnet_y_8gf", "resnet101", "resnet152", "resnet18", "resnet34", "resnet50",
    "resnext101_32x8d", "resnext101_64x4d", "resnext50_32x4d", "shufflenet_v2_x0_5", "shufflenet_v2_x1_0",
    "shufflenet_v2_x1_5", "shufflenet_v2_x2_0", "squeezenet1_0", "squeezenet1_1", "swin_b", "swin_s", "swin_t",
    "swin_v2_b", "swin_v2_s", "swin_v2_t", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19",
    "vgg19_bn", "vit_b_16", "vit_b_32", "vit_h_14", "vit_l_16", "vit_l_32", "wide_resnet101_2", "wide_resnet50_2",
)
# fmt: on
"""torchvision.models.list_models(torchvision.models), written out since planning does not load torch."""


@nets.register("torchvision")
@dataclass(frozen=True)
class Torchvision(Net):
    """A classification model of torchvision by its name, with random weights.

    `stem`: small makes the first convolution 3×3 with stride 1 and drops the max pooling right behind it, for images of
    about 32×32; original keeps both. Layers are initialised by their type (bench/modules/initialise.py).
    """

    model: str
    stem: Literal["original", "small"] = "original"

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            guess = did_you_mean(self.model, MODELS) or "."
            raise ValueError(
                f"model: wanted a model of torchvision; got {self.model!r}{guess} Known: {', '.join(MODELS)}"
            )

    def build(self, shape: tuple[int, ...], classes: int) -> Network:
        from bench.modules.torchvision_model import build_torchvision

        image_channels("torchvision", shape)
        return build_torchvision(self.model, shape, classes, small_stem=self.stem == "small")

    def refusal(self, shape: tuple[int, ...]) -> str | None:
        return no_image("torchvision", shape)
