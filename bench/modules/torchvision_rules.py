"""How the parameters that torchvision's transformers and ConvNeXt have outside torch's layers are initialised: as
torchvision does, from the generator."""

from __future__ import annotations

import math
from types import ModuleType

import torch
from torch import nn

from bench.modules.initialise import initialise_layer

SMALL = 0.02
"""The standard deviation of tables of positions, as in BERT."""
LAYER_SCALE = 1e-6
"""Of ConvNeXt (Liu et al., CVPR 2022)."""


def add_rules(models: ModuleType) -> None:
    """Add the rules for the modules of torchvision.models."""
    initialise_layer.register(models.convnext.CNBlock, _layer_scale)
    initialise_layer.register(models.vision_transformer.Encoder, _positions)
    initialise_layer.register(models.VisionTransformer, _class_token)
    initialise_layer.register(models.swin_transformer.ShiftedWindowAttention, _bias_table)
    initialise_layer.register(models.swin_transformer.ShiftedWindowAttentionV2, _logit_scale)
    initialise_layer.register(models.maxvit.RelativePositionalMultiHeadAttention, _bias_table)


def _layer_scale(block: nn.Module, generator: torch.Generator) -> None:
    nn.init.constant_(block.get_parameter("layer_scale"), LAYER_SCALE)


def _positions(encoder: nn.Module, generator: torch.Generator) -> None:
    nn.init.normal_(encoder.get_parameter("pos_embedding"), std=SMALL, generator=generator)


def _class_token(transformer: nn.Module, generator: torch.Generator) -> None:
    nn.init.zeros_(transformer.get_parameter("class_token"))


def _bias_table(attention: nn.Module, generator: torch.Generator) -> None:
    nn.init.trunc_normal_(attention.get_parameter("relative_position_bias_table"), std=SMALL, generator=generator)


def _logit_scale(attention: nn.Module, generator: torch.Generator) -> None:
    nn.init.constant_(attention.get_parameter("logit_scale"), math.log(10))
