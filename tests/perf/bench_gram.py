"""The empirical NTK's Gram matrix against torch.func and neural-tangents, and its products against the peak."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch.func import functional_call, grad, vmap

from bench.memory import peak_mib
from bench.modules.network import Network
from bench.net import Net
from bench.nets.resnet18 import ResNet18
from bench.nets.wide_resnet import WideResNet
from perf.case import Case
from perf.gram_breakdown import breakdown
from perf.timing import threads
from strategies.gram.empirical_kernel import MEMORY_MIB, empirical_ntk
from strategies.infinite.library import cpu, import_neural_tangents

THREADS = 2
CHUNK = 16
"""Samples per call of torch.func."""
TILE = 64
"""Samples per side of neural-tangents' tiles, where the whole kernel at once would take too much memory."""


def cases() -> Iterator[Case]:
    """ResNet18 and the paper's WideResNet of maximum width 640, in float32 on two threads."""
    cifar, mnist = (3, 32, 32), (1, 28, 28)
    work = Work(ResNet18(), cifar, 100)
    yield Case("gram/resnet18/n100/torch.func", work.ours, work.torch_func, "torch.func", 3, work.agreement)
    for n, repeats in ((32, 3), (128, 1)):
        work = Work(ResNet18(), cifar, n)
        peer = NeuralTangents(work, min(n, TILE))
        yield Case(f"gram/resnet18/n{n}/neural-tangents", work.ours, peer.run, "neural-tangents", repeats, peer.note)
    work = Work(ResNet18(), cifar, 300)
    yield Case("gram/resnet18/n300/gemm-peak-share", work.ours, repeats=1, note=work.breakdown)
    work = Work(ResNet18(), cifar, 1000)
    yield Case("gram/resnet18/n1000", work.ours, repeats=1, note=work.memory)
    work = Work(WideResNet(1, 20), mnist, 300)
    yield Case("gram/wrn/n300/torch.func", work.ours, work.torch_func, "torch.func", 1, work.agreement)


@dataclass(frozen=True)
class Work:
    """The kernel of one network on n random images."""

    net: Net
    shape: tuple[int, ...]
    n: int

    def ours(self) -> torch.Tensor:
        with threads(THREADS):
            return empirical_ntk(*built(self))

    def torch_func(self) -> torch.Tensor:
        """Per-sample gradients in chunks, written into one matrix (n, P), and one product."""
        with threads(THREADS):
            network, x = built(self)
            parameters = {name: p.detach() for name, p in network.named_parameters()}
            per_sample = vmap(grad(first_logit(network)), (None, 0))
            jacobian = x.new_empty(len(x), sum(p.numel() for p in parameters.values()))
            for rows, part in zip(jacobian.split(CHUNK), x.split(CHUNK), strict=True):
                gradients = per_sample(parameters, part)
                widths = [p.numel() for p in parameters.values()]
                for block, name in zip(rows.split(widths, dim=1), parameters, strict=True):
                    block.copy_(gradients[name].flatten(1))
            return jacobian @ jacobian.T

    def agreement(self) -> str:
        """How far the two are apart, relative to the largest entry."""
        apart = distance(self.ours(), self.torch_func())
        return f"{THREADS} threads; largest difference {apart:.0e} of the largest entry"

    def memory(self) -> str:
        """The bound that was asked for, and what the process took at most."""
        return (
            f"{THREADS} threads; memory_mib {MEMORY_MIB:.0f}; the whole process took {peak_mib('cpu'):.0f} MiB at most"
        )

    def breakdown(self) -> str:
        """Where the time goes, and the share of the processor's peak."""
        with threads(THREADS):
            return breakdown(*built(self))


@cache
def built(work: Work) -> tuple[Network, torch.Tensor]:
    """The network in evaluation mode and its inputs; not before they are asked for, since cases are listed often."""
    generator = torch.Generator().manual_seed(0)
    network = work.net.build(work.shape, 10).eval()
    network.initialise(generator)
    return network, torch.randn(work.n, *work.shape, generator=generator)


def first_logit(network: Network) -> Callable[[dict[str, torch.Tensor], torch.Tensor], torch.Tensor]:
    """The first logit of one input as a function of the parameters."""
    buffers = dict(network.named_buffers())

    def call(parameters: dict[str, torch.Tensor], one: torch.Tensor) -> torch.Tensor:
        return functional_call(network, (parameters, buffers), (one[None],))[0, 0]

    return call


@dataclass(frozen=True)
class NeuralTangents:
    """The same kernel by neural-tangents' fastest implementation, compiled in the first call, in square tiles."""

    work: Work
    tile: int

    def run(self) -> np.ndarray:
        kernel, weights, x = compiled(self.work, self.tile)
        return np.asarray(kernel(x, None, weights))

    def note(self) -> str:
        """The tile and how far the two are apart."""
        apart = distance(self.work.ours(), torch.from_numpy(self.run().copy()))
        return f"tiles of {self.tile}, compiled before; largest difference {apart:.0e} of the largest entry"


@cache
def compiled(work: Work, tile: int) -> tuple[Callable[..., object], object, object]:
    """The kernel function, the weights and the images, as neural-tangents takes them, by structured derivatives.

    Without a tile size smaller than n the whole kernel is compiled at once.
    """
    import jax

    from perf.jax_resnet18 import converted, images

    with threads(THREADS):
        cpu()  # starts jax; that it keeps XLA to AVX2 cost the peer less than a tenth
    tangents = import_neural_tangents()
    network, x = built(work)
    function, weights = converted(network)  # type: ignore[arg-type]
    implementation = tangents.NtkImplementation.STRUCTURED_DERIVATIVES
    kernel = jax.jit(tangents.empirical_ntk_fn(function, vmap_axes=0, implementation=implementation))
    if tile < work.n:
        kernel = tangents.batch(kernel, batch_size=tile, device_count=0, store_on_device=False)
    return kernel, weights, images(x)


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """The largest difference, relative to the largest entry."""
    return float((one - other).abs().max() / other.abs().max())
