"""What float32 costs: the kernel of a trained network against the same weights in float64."""

from __future__ import annotations

import pytest
import torch
from jacobian_oracle import largest_error
from torch import nn

from bench.data import Data
from bench.learner import Fit, Labelled
from bench.learners.network import NetworkLearner, NetworkModel
from bench.nets.wide_resnet import WideResNet
from bench.objective import TaskLoss
from bench.recipe import OneCycle, Train
from bench.streams import Streams
from strategies.gram.empirical_kernel import empirical_ntk

L = 1000


@pytest.mark.slow
def test_float32_is_right_to_1e_5_on_a_thousand_trained_digits(digits: Data) -> None:
    """Measured: 5e-7 of the largest entry, 1.3e-7 of the norm. Where rounding flips a ReLU, which is seldom and
    differs between machines, the row of that input is another one, and rightly so."""
    labelled = Labelled(digits.x_pool[:L], digits.y_pool[:L], digits.classes)
    learner = NetworkLearner(WideResNet(1, 1), Train(epochs=3, schedule=OneCycle(max_lr=0.1)))
    model = learner.fit(Fit(labelled, None, TaskLoss(), Streams(0), 0))
    assert isinstance(model, NetworkModel)
    single, active = empirical_ntk(model.net, labelled.x).double(), active_units(model.net, labelled.x)
    wide = model.net.double()
    double, active_in_double = empirical_ntk(wide, labelled.x.double()), active_units(wide, labelled.x.double())
    same = (active == active_in_double).all(1).nonzero().squeeze(1)  # (s,)
    assert len(same) > 0.99 * L
    single, double = single[same][:, same], double[same][:, same]
    assert largest_error(single, double) < 1e-5
    assert (single - double).norm() < 1e-5 * double.norm()


def active_units(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Which ReLUs let each of the inputs x (n, ...) pass, (n, units): they stand behind BatchNorm."""
    found: list[torch.Tensor] = []
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    hooks = [module.register_forward_hook(lambda _, __, out: found.append(out.flatten(1) > 0)) for module in norms]
    with torch.no_grad():
        net.eval()(x)
    for hook in hooks:
        hook.remove()
    return torch.cat(found, dim=1)


def test_cuda_gives_the_kernel_of_the_cpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    network = WideResNet(1, 1).build((1, 8, 8), 3).double()
    network.initialise(torch.Generator().manual_seed(0))
    x = torch.randn(6, 1, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    wanted = empirical_ntk(network, x)
    assert largest_error(empirical_ntk(network.cuda(), x.cuda()).cpu(), wanted) < 1e-12
