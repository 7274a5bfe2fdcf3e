"""The infinite NTK written as plainly as it can be: covariances of every pair of positions, arc-cosine kernels (Cho and
Saul, NeurIPS 2009), and torch's own layers applied to every unit image for what convolution and pooling do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional

from bench.net import Net
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.wide_resnet import WideResNet

W2, B2 = 2.0, 0.01  # He scaling; biases of standard deviation 0.1


@dataclass(frozen=True)
class Covariance:
    """k and theta (n, n, p, p) between the positions of images of `size`."""

    k: torch.Tensor
    theta: torch.Tensor
    size: tuple[int, int]

    def __add__(self, other: Covariance) -> Covariance:
        return Covariance(self.k + other.k, self.theta + other.theta, self.size)


def plain_infinite_ntk(net: Net, readout: str, x: torch.Tensor) -> torch.Tensor:
    """Θ(x, x) (n, n) for images x (n, c, h, w)."""
    match net:
        case MLP():
            flat = x.flatten(1)[:, :, None, None]
            state = of_inputs(flat)
            for _ in range(net.layers):
                state = relu(conv(state, 1))
            return head(state, "flatten")
        case WideResNet():
            state = conv(of_inputs(x), 3)
            for i in range(net.stages):
                stride = 1 if i == 0 else 2
                state = conv(relu(conv(relu(state), 3)), 3, stride) + conv(state, 1, stride)
            return head(relu(state), readout)
        case CNN():
            state = of_inputs(x)
            for _ in range(3):
                state = pool(relu(conv(state, 3)))
            return head(state, readout)
    raise NotImplementedError(net)


def of_inputs(x: torch.Tensor) -> Covariance:
    flat = x.flatten(2)
    k = torch.einsum("acp,bcq->abpq", flat, flat) / x.shape[1]
    return Covariance(k, torch.zeros_like(k), (x.shape[2], x.shape[3]))


def conv(state: Covariance, kernel: int, stride: int = 1) -> Covariance:
    taps = functional.unfold(units(state), kernel, padding=kernel // 2, stride=stride)  # (p, taps, p')

    def patches(covariance: torch.Tensor) -> torch.Tensor:
        return torch.einsum("ptx,abpq,qty->abxy", taps, covariance, taps) / kernel**2

    k = W2 * patches(state.k) + B2
    height, width = (-(-side // stride) for side in state.size)
    return Covariance(k, W2 * patches(state.theta) + k, (height, width))


def relu(state: Covariance) -> Covariance:
    n = len(state.k)
    variance = state.k[range(n), range(n)].diagonal(dim1=1, dim2=2)  # (n, p)
    scale = (variance[:, None, :, None] * variance[None, :, None, :]).sqrt()
    cosine = (state.k / scale).clamp(-1, 1)
    angle = cosine.arccos()
    k = scale * (angle.sin() + (math.pi - angle) * cosine) / (2 * math.pi)
    return Covariance(k, state.theta * (math.pi - angle) / (2 * math.pi), state.size)


def pool(state: Covariance) -> Covariance:
    pooled = functional.avg_pool2d(units(state), 2, ceil_mode=True)  # (p, 1, h', w')
    weights = pooled.flatten(1)  # (p, p')

    def both(covariance: torch.Tensor) -> torch.Tensor:
        return torch.einsum("px,abpq,qy->abxy", weights, covariance, weights)

    return Covariance(both(state.k), both(state.theta), (pooled.shape[2], pooled.shape[3]))


def head(state: Covariance, readout: str) -> torch.Tensor:
    def read(covariance: torch.Tensor) -> torch.Tensor:
        if readout == "gap":
            return covariance.mean(dim=(2, 3))
        return covariance.diagonal(dim1=2, dim2=3).mean(dim=2)

    return W2 * read(state.theta) + W2 * read(state.k) + B2


def units(state: Covariance) -> torch.Tensor:
    """Every image (p, 1, h, w) that is 1 at one position and 0 elsewhere."""
    p = math.prod(state.size)
    return torch.eye(p, dtype=torch.float64).reshape(p, 1, *state.size)
