"""Classification models of torchvision as networks: any size of image and number of channels that the model bears,
every parameter and every mask drawn from a generator."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from bench.errors import DataError
from bench.modules.adaptive_pool import AdaptiveAverage
from bench.modules.dropout import dropout, replace_modules
from bench.modules.torchvision_import import import_torchvision
from bench.modules.torchvision_rules import add_rules
from bench.modules.wrapped import Wrapped, outputs_of

MAIN_STAGES = (
    ("layer1", "layer2", "layer3", "layer4"),  # ResNet, ResNeXt, Wide ResNet
    ("stage2", "stage3", "stage4"),  # ShuffleNet
    ("trunk_output.block1", "trunk_output.block2", "trunk_output.block3", "trunk_output.block4"),  # RegNet
)
TRUNKS = ("features", "layers")  # VGG, AlexNet, DenseNet, MobileNet, EfficientNet, ConvNeXt; MNASNet
UNFIT = (RuntimeError, ValueError, AssertionError)
"""What models raise on images that are too small or do not divide into their patches."""

torchvision = import_torchvision()
models = torchvision.models
add_rules(models)


def build_torchvision(name: str, shape: tuple[int, ...], classes: int, small_stem: bool) -> Wrapped:
    """The model `name` for images of `shape` (channels, height, width).

    With `small_stem` the first convolution is 3×3 with stride 1, and a max pooling between a strided one and the next
    convolution goes. Stages are the main stages named above; else the outputs of a trunk's children after which the
    resolution changes, and of its last one; else (transformers, GoogLeNet, Inception) the features alone.
    Raises DataError for a model that is not a classifier with a linear head, and for images that it cannot take.
    """
    model = _from_torchvision(name, shape, classes)
    head = _head(name, model)
    _adapt_stem(name, model, shape[0], small_stem)
    _make_repeatable(model)
    try:
        stages = _stages(model, torch.zeros(1, *shape))
    except UNFIT as error:
        raise _unfit(name, shape, error) from error
    return Wrapped(model, head, stages)


def _from_torchvision(name: str, shape: tuple[int, ...], classes: int) -> nn.Module:
    arguments: dict[str, object] = {}
    if name in ("googlenet", "inception_v3"):
        arguments = {"aux_logits": False, "init_weights": False}  # one output; its slow initialisation is not used
    if name.startswith("vit_"):
        arguments = {"image_size": shape[1]}
    if name.startswith("maxvit_"):
        arguments = {"input_size": shape[1:]}
    try:
        return models.get_model(name, weights=None, num_classes=classes, **arguments)
    except UNFIT as error:
        raise _unfit(name, shape, error) from error


def _unfit(name: str, shape: tuple[int, ...], error: Exception) -> DataError:
    return DataError(
        f"torchvision {name}: cannot take images of shape {shape} ({str(error).strip() or type(error).__name__}). Use "
        "stem: small if it is not set, larger images, or another model"
    )


def _head(name: str, model: nn.Module) -> str:
    """The dotted name of the model's last layer."""
    last, layer = list(model.named_modules())[-1]
    if not isinstance(layer, nn.Linear):
        raise DataError(
            f"torchvision {name}: wanted a model whose last layer is Linear, since features are its input; "
            f"got {type(layer).__name__}. Use another model"
        )
    return last


def _adapt_stem(name: str, model: nn.Module, channels: int, small: bool) -> None:
    """Give the first convolution the images' channels and, for a small stem, 3×3 filters with stride 1."""
    place, first = next((n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d))
    if small and name.startswith("vit_"):
        raise DataError(f"torchvision {name}: its first convolution cuts the image into patches. Use stem: original")
    settled = first.kernel_size == (3, 3) and first.stride == (1, 1)
    if small and not settled:
        _drop_first_pooling(model)
        stem = nn.Conv2d(channels, first.out_channels, 3, padding=1, bias=first.bias is not None)
    elif channels != first.in_channels:
        size = (first.kernel_size, first.stride, first.padding)
        stem = nn.Conv2d(channels, first.out_channels, *size, bias=first.bias is not None)  # type: ignore[arg-type]
    else:
        return
    model.set_submodule(place, stem)


def _drop_first_pooling(model: nn.Module) -> None:
    """Take away a max pooling that stands between the first convolution and the second."""
    steps = [(n, m) for n, m in model.named_modules() if isinstance(m, nn.Conv2d | nn.MaxPool2d)]
    for name, step in steps[1:2]:
        if isinstance(step, nn.MaxPool2d):
            model.set_submodule(name, nn.Identity())


def _make_repeatable(model: nn.Module) -> None:
    """Stochastic depth draws from a generator too, and pooling to a grid has a deterministic backward pass."""
    replace_modules(model, torchvision.ops.StochasticDepth, _branch_dropout)
    replace_modules(model, nn.AdaptiveAvgPool2d, _deterministic_pooling)


def _branch_dropout(layer: nn.Module) -> nn.Module:
    return dropout(layer.p, leading=1)  # type: ignore[arg-type]


def _deterministic_pooling(layer: nn.Module) -> nn.Module:
    size = layer.output_size
    height, width = size if isinstance(size, tuple) else (size, size)
    return layer if (height, width) == (1, 1) else AdaptiveAverage(height, width)  # type: ignore[arg-type]


def _stages(model: nn.Module, x: torch.Tensor) -> tuple[str, ...]:
    """The names of the model's stages, found in one forward pass of x (1, …)."""
    known = dict(model.named_modules())
    main = next((names for names in MAIN_STAGES if all(name in known for name in names)), ())
    children = () if main else _trunk(model)
    model.eval()
    with torch.no_grad(), outputs_of(model, children) as seen:
        model(x)
    model.train()
    return main or _before_changes([(name, seen[name].shape[2:]) for name in children])


def _trunk(model: nn.Module) -> tuple[str, ...]:
    """The names of the children of the model's trunk; none where it is no chain of images (b, c, h, w)."""
    trunk = next((name for name in TRUNKS if isinstance(getattr(model, name, None), nn.Sequential)), None)
    if trunk is None or isinstance(model, models.SwinTransformer):  # its images are (b, h, w, c)
        return ()
    return tuple(f"{trunk}.{child}" for child, _ in model.get_submodule(trunk).named_children())


def _before_changes(outputs: list[tuple[str, torch.Size]]) -> tuple[str, ...]:
    """Of outputs and their resolutions, those whose successor has another one, and the last."""
    changed = [name for (name, size), (_, after) in pairwise(outputs) if size != after]
    return (*changed, outputs[-1][0]) if outputs else ()
