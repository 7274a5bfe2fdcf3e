"""The kernel of another implementation: neural-tangents on the same network written in jax, in float64."""

from __future__ import annotations

import jax
import numpy as np
import pytest
import torch
from jacobian_oracle import largest_error, noise, shaken
from perf.jax_resnet18 import converted, images

from bench.modules.resnet18 import ResNet18Module
from strategies.gram.empirical_kernel import empirical_ntk
from strategies.infinite.library import cpu, import_neural_tangents


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["STRUCTURED_DERIVATIVES", "JACOBIAN_CONTRACTION"])
def test_neural_tangents_gives_the_same_kernel_of_a_resnet18(implementation: str) -> None:
    tangents = import_neural_tangents()
    network = shaken(ResNet18Module(3, 4, 3)).eval()
    assert isinstance(network, ResNet18Module)
    x = noise(6, 3, 8, 8)
    with jax.default_device(cpu()), jax.enable_x64(True):
        function, weights = converted(network)
        chosen = getattr(tangents.NtkImplementation, implementation)
        kernel = jax.jit(tangents.empirical_ntk_fn(function, vmap_axes=0, implementation=chosen))
        theirs = torch.from_numpy(np.array(kernel(images(x), None, weights)))
    assert theirs.dtype == torch.float64
    assert largest_error(empirical_ntk(network, x), theirs) < 1e-12


def test_the_network_in_jax_is_the_one_in_torch() -> None:
    network = shaken(ResNet18Module(3, 4, 2)).eval()
    assert isinstance(network, ResNet18Module)
    x = noise(3, 3, 9, 9)
    with jax.default_device(cpu()), jax.enable_x64(True):
        function, weights = converted(network)
        theirs = torch.from_numpy(np.array(function(weights, images(x))))
    torch.testing.assert_close(theirs, network(x)[:, :1].detach(), rtol=1e-10, atol=1e-10)
