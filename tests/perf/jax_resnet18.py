"""ResNet18 in evaluation mode as a jax function with the weights of a torch one: what neural-tangents gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax import Array

from bench.modules.resnet18 import ResNet18Module

Weights = Mapping[str, Array]
EPSILON = 1e-5


def converted(net: ResNet18Module) -> tuple[Callable[[Weights, Array], Array], dict[str, Array]]:
    """The function from parameters and images (b, h, w, c) to the first logit (b, 1), and the parameters."""
    frozen = {name: jnp.asarray(buffer.numpy()) for name, buffer in net.named_buffers()}
    weights = {name: _as_jax(p.detach()) for name, p in net.named_parameters()}

    def first_logit(w: Weights, x: Array) -> Array:
        return forward({**w, **frozen}, x)[:, :1]

    return first_logit, weights


def images(x: torch.Tensor) -> Array:
    """Images (b, c, h, w) as (b, h, w, c)."""
    return jnp.asarray(np.ascontiguousarray(x.permute(0, 2, 3, 1).numpy()))


def forward(w: Weights, x: Array) -> Array:
    """Logits (b, k) of images (b, h, w, c); `w` holds parameters and running statistics by torch's names."""
    x = jax.nn.relu(norm(w, "bn", conv(w, "stem", x)))
    for stage in range(4):
        for block in range(2):
            x = residual(w, f"stages.{stage}.{block}", x, stride=2 if stage > 0 and block == 0 else 1)
    return x.mean(axis=(1, 2)) @ w["head.weight"] + w["head.bias"]


def residual(w: Weights, name: str, x: Array, stride: int) -> Array:
    """A block of two convolutions beside its input, or a 1×1 convolution of it."""
    hidden = jax.nn.relu(norm(w, f"{name}.bn1", conv(w, f"{name}.conv1", x, stride)))
    hidden = norm(w, f"{name}.bn2", conv(w, f"{name}.conv2", hidden))
    if f"{name}.shortcut.0.weight" in w:
        x = norm(w, f"{name}.shortcut.1", conv(w, f"{name}.shortcut.0", x, stride))
    return jax.nn.relu(hidden + x)


def conv(w: Weights, name: str, x: Array, stride: int = 1) -> Array:
    """A convolution that keeps the size at stride 1."""
    kernel = w[f"{name}.weight"]
    padding = [(kernel.shape[0] // 2,) * 2] * 2
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def norm(w: Weights, name: str, x: Array) -> Array:
    """BatchNorm by its running statistics."""
    scale = w[f"{name}.weight"] * jax.lax.rsqrt(w[f"{name}.running_var"] + EPSILON)
    return (x - w[f"{name}.running_mean"]) * scale + w[f"{name}.bias"]


def _as_jax(weight: torch.Tensor) -> Array:
    """Filters (o, c, h, w) as (h, w, c, o), matrices (o, i) as (i, o)."""
    order = {4: (2, 3, 1, 0), 2: (1, 0), 1: (0,)}[weight.ndim]
    return jnp.asarray(np.ascontiguousarray(weight.permute(order).numpy()))
