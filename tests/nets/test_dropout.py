"""Dropout draws its masks from the generator given to it, and from nothing else."""

from __future__ import annotations

import copy

import pytest
import torch
from support import needed
from torch import nn

from bench.modules.dropout import Dropout, dropout, has_dropout, own_dropout, seed_dropout
from bench.nets.cnn import CNN

X = torch.ones(200, 50)


def seeded(layer: nn.Module, seed: int = 0) -> nn.Module:
    """A module with parameters around a layer, in training mode, whose dropout is seeded."""
    net = nn.Sequential(nn.Linear(50, 50), layer)
    seed_dropout(net, torch.Generator().manual_seed(seed))
    return layer


def test_the_mask_depends_on_the_generator_alone() -> None:
    layer, twin, other = seeded(Dropout(0.3)), seeded(Dropout(0.3)), seeded(Dropout(0.3), seed=1)
    torch.manual_seed(1)
    mask, state = layer(X), torch.get_rng_state()
    torch.manual_seed(2)
    assert torch.equal(mask, twin(X))
    assert not torch.equal(mask, other(X))
    torch.manual_seed(1)
    assert torch.equal(state, torch.get_rng_state())


def test_every_call_draws_another_mask() -> None:
    layer = seeded(Dropout(0.3))
    assert not torch.equal(layer(X), layer(X))


def test_the_mask_is_the_same_in_both_precisions() -> None:
    single, double = seeded(Dropout(0.3))(X), seeded(Dropout(0.3))(X.double())
    assert torch.equal(single != 0, double != 0)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_units_are_dropped_at_the_rate_and_the_others_scaled(rate: float) -> None:
    y = seeded(Dropout(rate))(X)
    assert (y == 0).double().mean().item() == pytest.approx(rate, abs=0.02)  # 10,000 units: 4 deviations are 0.02
    torch.testing.assert_close(y[y != 0].unique(), torch.tensor([1 / (1 - rate)]))


def test_evaluation_is_the_identity_and_draws_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    net = nn.Sequential(nn.Linear(50, 50), Dropout(0.5)).eval()
    seed_dropout(net, generator)
    state = generator.get_state()
    assert net[1](X) is X
    assert torch.equal(state, generator.get_state())


@pytest.mark.parametrize(("leading", "constant_over"), [(2, (2, 3)), (1, (1, 2, 3))])
def test_channels_and_samples_are_dropped_whole(leading: int, constant_over: tuple[int, ...]) -> None:
    y = seeded(Dropout(0.5, leading))(torch.ones(20, 3, 4, 4))
    assert torch.equal(y.amax(constant_over), y.amin(constant_over))
    assert 0 < (y == 0).double().mean() < 1


def test_training_without_a_generator_is_refused_with_the_cure() -> None:
    with pytest.raises(RuntimeError, match=r"wanted a generator on cpu; got none\. Call .*seed_dropout\(net, gen"):
        Dropout(0.5)(X)


@pytest.mark.parametrize("rate", [-0.1, 0, 1, 1.5])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="rate: wanted a share between 0 and 1"):
        Dropout(rate)


def test_rate_0_is_no_dropout_at_all() -> None:
    assert not has_dropout(dropout(0))
    assert has_dropout(nn.Sequential(dropout(0.1)))


def test_a_network_without_dropout_draws_nothing() -> None:
    generator = torch.Generator().manual_seed(0)
    state = generator.get_state()
    seed_dropout(CNN(2).build((1, 8, 8), 3), generator)
    assert torch.equal(state, generator.get_state())


def test_layers_of_a_network_draw_different_masks() -> None:
    net = nn.Sequential(nn.Linear(50, 50), Dropout(0.5), Dropout(0.5))
    seed_dropout(net, torch.Generator().manual_seed(0))
    assert not torch.equal(net[1](X), net[2](X))


def test_a_copied_network_draws_the_same_masks() -> None:
    layer = seeded(Dropout(0.5))
    twin = copy.deepcopy(layer)
    assert torch.equal(layer(X), twin(X))


def test_on_a_gpu_the_generator_lives_there() -> None:
    if not torch.cuda.is_available():
        needed("cuda", "torch sees no CUDA device")
    net = nn.Sequential(nn.Linear(50, 50), Dropout(0.5)).cuda()
    masks = []
    for seed in (0, 0, 1):
        seed_dropout(net, torch.Generator().manual_seed(seed))
        masks.append(net[1](X.cuda()))
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_torchs_layers_are_replaced_wherever_they_are_used() -> None:
    shared = nn.Dropout(0.3, inplace=True)
    net = nn.Sequential(nn.Linear(2, 2), shared, nn.Sequential(shared, nn.Dropout2d(0.4)), nn.Dropout(0.0))
    own_dropout(net)
    assert not [m for m in net.modules() if isinstance(m, nn.Dropout | nn.Dropout2d)]
    assert [(m.rate, m.leading) for m in net.modules() if isinstance(m, Dropout)] == [
        (0.3, None),
        (0.3, None),
        (0.4, 2),
    ]


@pytest.mark.parametrize(
    "layer", [nn.AlphaDropout(0.1), nn.MultiheadAttention(4, 2, dropout=0.1), nn.GRU(4, 4, 2, dropout=0.1)], ids=repr
)
def test_a_layer_that_draws_globally_and_cannot_be_replaced_is_refused(layer: nn.Module) -> None:
    with pytest.raises(ValueError, match=f"{type(layer).__name__} draws from torch's global generator"):
        own_dropout(nn.Sequential(layer))
