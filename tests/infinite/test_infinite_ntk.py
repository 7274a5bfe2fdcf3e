"""Infinite-width kernels against the plain recursion, neural-tangents itself, and wide finite networks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from plain_infinite_ntk import plain_infinite_ntk

from bench.errors import DataError
from bench.net import Net
from bench.nets.cnn import CNN
from bench.nets.mlp import MLP
from bench.nets.resnet18 import ResNet18
from bench.nets.torchvision import Torchvision
from bench.nets.wide_resnet import WideResNet
from strategies.infinite_ntk import (
    Readout,
    has_infinite_width,
    import_neural_tangents,
    infinite_network,
    infinite_ntk,
    pool_kernel,
    remembered_ntk,
    tile_kernel,
)

TILE_MIB = 0.02  # tiles of a few images: less to compute, and more than one tile


def images(n: int, size: int = 4, channels: int = 2) -> torch.Tensor:
    return torch.randn(n, channels, size, size, generator=torch.Generator().manual_seed(n), dtype=torch.float64)


CASES = [
    (MLP(layers=1), "flatten", 3),
    (MLP(layers=3), "gap", 3),
    (WideResNet(1), "flatten", 4),
    pytest.param(WideResNet(1), "gap", 4, marks=pytest.mark.slow),
    (WideResNet(2), "flatten", 5),
    pytest.param(WideResNet(2), "flatten", 4, marks=pytest.mark.slow),
    pytest.param(WideResNet(2), "gap", 4, marks=pytest.mark.slow),
    pytest.param(CNN(), "flatten", 5, marks=pytest.mark.slow),
    pytest.param(CNN(), "gap", 3, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("net", "readout", "size"), CASES)
def test_it_is_the_kernel_of_the_plain_recursion(net: Net, readout: Readout, size: int) -> None:
    x = images(5, size)
    ours = infinite_ntk(net, readout, x, memory_mib=TILE_MIB)
    plain = plain_infinite_ntk(net, readout, x)
    off = ~torch.eye(5, dtype=torch.bool)
    torch.testing.assert_close(ours[off], plain[off], rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(ours, plain, rtol=1e-7, atol=0)  # an angle of 0 is known to √ε alone


@pytest.mark.parametrize(("net", "readout"), [(MLP(), "flatten"), (WideResNet(1), "gap")])
def test_tiles_are_what_neural_tangents_gives_at_once(net: Net, readout: Readout) -> None:
    import jax

    x = images(7)
    with jax.enable_x64(True):
        kernel = jax.jit(infinite_network(net, readout)[2], static_argnames="get")
        whole = np.asarray(kernel(np.moveaxis(x.numpy(), 1, -1), get="ntk"))
    np.testing.assert_allclose(infinite_ntk(net, readout, x, memory_mib=TILE_MIB), whole, rtol=1e-7)


@pytest.mark.parametrize(("net", "readout"), [(MLP(), "flatten"), (WideResNet(1), "flatten"), (WideResNet(1), "gap")])
def test_an_entry_is_the_same_bits_whatever_else_is_asked_for(net: Net, readout: Readout) -> None:
    x = images(9)
    order = torch.randperm(9, generator=torch.Generator().manual_seed(1))
    whole = infinite_ntk(net, readout, x, memory_mib=TILE_MIB)
    assert torch.equal(whole, whole.T)
    assert torch.equal(infinite_ntk(net, readout, x[order], memory_mib=TILE_MIB), whole[order][:, order])
    assert torch.equal(infinite_ntk(net, readout, x[2:], x[:6], memory_mib=TILE_MIB), whole[2:, :6])
    assert torch.equal(infinite_ntk(net, readout, x[4:5], x[3:4], memory_mib=TILE_MIB), whole[4:5, 3:4])


@pytest.mark.parametrize(("net", "readout", "size"), CASES[::3])
def test_it_is_positive_semidefinite(net: Net, readout: Readout, size: int) -> None:
    x = torch.cat([images(6, size), images(2, size)])
    x = torch.cat([x, x[:2], 2 * x[:2]])  # with duplicates
    eigenvalues = torch.linalg.eigvalsh(infinite_ntk(net, readout, x, memory_mib=TILE_MIB))
    assert eigenvalues.min() > -1e-6 * eigenvalues.max()


def test_width_and_dropout_do_not_matter() -> None:
    x = images(3)
    narrow, wide = (infinite_ntk(MLP(width, 2, rate), "flatten", x) for width, rate in ((4, 0.0), (512, 0.5)))
    assert torch.equal(narrow, wide)


def test_float32_inputs_give_a_float64_kernel_of_these_inputs() -> None:
    x = images(3).float()
    assert infinite_ntk(MLP(), "flatten", x).dtype == torch.float64
    assert torch.equal(infinite_ntk(MLP(), "flatten", x), infinite_ntk(MLP(), "flatten", x.double()))


def test_what_is_remembered_is_what_is_computed() -> None:
    x = images(11)
    fresh = infinite_ntk(WideResNet(1), "flatten", x)
    pool_kernel.cache_clear()
    assert torch.equal(remembered_ntk(WideResNet(1), "flatten", x[3:7]), fresh[3:7, 3:7])
    assert torch.equal(remembered_ntk(WideResNet(1), "flatten", x[:5], x[2:]), fresh[:5, 2:])
    assert torch.equal(remembered_ntk(WideResNet(1), "flatten", x), fresh)


def test_less_memory_gives_smaller_tiles_down_to_one_pair() -> None:
    sides = [tile_kernel(WideResNet(1), "gap", (1, 8, 8), mib).side for mib in (1e-9, 1.0, 4.0, 1e9)]
    assert sides == [1, 2, 4, 16]  # 64² numbers of 8 bytes, 8 arrays of them: a quarter of a MiB for each pair


def test_progress_ends_at_one() -> None:
    shares: list[float] = []
    infinite_ntk(MLP(), "flatten", images(20), progress=shares.append)
    assert len(shares) == 4
    assert shares[-1] == 1
    assert shares == sorted(shares)


@pytest.mark.parametrize("net", [ResNet18(), Torchvision("vgg11")])
def test_a_net_without_infinite_width_is_refused_with_the_ones_there_are(net: Net) -> None:
    reason = has_infinite_width(net)
    assert reason is not None
    assert "cnn, mlp, wide_resnet" in reason
    with pytest.raises(ValueError, match="no infinite-width kernel"):
        infinite_ntk(net, "gap", images(2))


@pytest.mark.parametrize("net", [MLP(), CNN(), WideResNet()])
def test_the_plain_nets_have_infinite_width(net: Net) -> None:
    assert has_infinite_width(net) is None


def test_inputs_of_another_shape_are_refused() -> None:
    with pytest.raises(DataError, match="one shape"):
        infinite_ntk(MLP(), "flatten", images(2, 4), images(2, 3))
    with pytest.raises(DataError, match="wanted images"):
        infinite_ntk(WideResNet(), "flatten", images(2).flatten(1))


def test_planning_loads_neither_jax_nor_torch() -> None:
    code = (
        "import strategies.gaussian_process, strategies.infinite_ntk, sys; "
        "from bench.nets.resnet18 import ResNet18; strategies.infinite_ntk.has_infinite_width(ResNet18()); "
        "assert not {'jax', 'torch', 'neural_tangents'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_neural_tangents_comes_without_tensorflow_and_leaves_jax_in_float32() -> None:
    import jax.numpy

    infinite_ntk(MLP(), "flatten", images(2))
    assert hasattr(import_neural_tangents(), "empirical_ntk_fn")
    assert "tensorflow" not in sys.modules
    assert jax.numpy.ones(1).dtype == jax.numpy.float32


def test_jax_has_the_threads_of_torch_and_the_environment_stays_as_it_was() -> None:
    code = (
        "import os; before = dict(os.environ); import torch; torch.set_num_threads(3); "
        "from strategies.infinite.library import cpu; cpu(); assert dict(os.environ) == before; "
        "names = [open(f'/proc/self/task/{t}/comm').read() for t in os.listdir('/proc/self/task')]; "
        "assert sum('XLAEigen' in n for n in names) == 3, names"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])
