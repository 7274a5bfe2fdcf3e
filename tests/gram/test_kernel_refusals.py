"""What cannot be captured is refused by name, never left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from jacobian_oracle import kernel_by_autograd, noise, shaken
from torch import nn
from torch.nn import functional

from strategies.gram.empirical_kernel import empirical_ntk


class Borrowing(nn.Module):
    """Uses a layer's weight outside the layer, beside calling it or instead of it."""

    def __init__(self, calls_it: bool) -> None:
        super().__init__()
        self.inner = nn.Linear(3, 3)
        self.head = nn.Linear(3, 2)
        self.calls_it = calls_it

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.tanh(functional.linear(x, self.inner.weight))
        return self.head(self.inner(hidden) if self.calls_it else hidden)


class Attending(nn.Module):
    """Attention of a sequence to itself: three inputs, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.attention(x, x, x)[0].mean(dim=1))


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.second = nn.Linear(3, 3)
        self.second.weight = self.first.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(torch.tanh(self.first(x)))


class Folding(nn.Module):
    """Folds positions into the samples, as windows of attention are."""

    def __init__(self) -> None:
        super().__init__()
        self.each = nn.Linear(2, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.each(x.reshape(-1, 2)).reshape(len(x), -1, 3).sum(dim=1)


class Weighted(nn.Module):
    """Weight normalisation by torch's parametrisation."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(x)


def unnormalised() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 2))


CASES: list[tuple[Callable[[], nn.Module], tuple[int, ...], str]] = [
    (lambda: Borrowing(calls_it=True), (3,), "layer 'inner' .Linear.: .* nowhere else"),
    (lambda: Borrowing(calls_it=False), (3,), "layer 'inner' .Linear.: .* nowhere else"),
    (Attending, (5, 4), "layer 'attention' .MultiheadAttention.: .* one tensor"),
    (Tied, (3,), "layer 'second' .Linear.: .* weight is also one of layer 'first'"),
    (Folding, (4, 2), "layer 'each' .Linear.: .* first dimension"),
    (Weighted, (3,), "layer 'head.parametrizations.weight' .*one tensor"),
    (unnormalised, (3,), "layer '1' .BatchNorm1d.: .* running statistics"),
]


@pytest.mark.parametrize(("make", "shape", "message"), CASES, ids=range(len(CASES)))
def test_what_cannot_be_captured_is_named(make: Callable[[], nn.Module], shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        empirical_ntk(make().double(), noise(4, *shape))


def test_a_folded_layer_is_found_where_one_sample_does_not_show_it() -> None:
    """One position per sample in the survey would pass; the positions here depend on the batch."""

    class Growing(Folding):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.each(x.repeat(len(x), 1)).reshape(len(x), len(x), 3).sum(dim=0)

    with pytest.raises(TypeError, match="'each'"):
        empirical_ntk(Growing().double(), noise(4, 2))


def test_layers_that_the_output_does_not_depend_on_count_nothing() -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused, self.ignored = nn.Linear(3, 2), nn.Linear(3, 2), nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.ignored(x)
            return self.used(x)

    network, x = shaken(Idle()), noise(4, 3)
    torch.testing.assert_close(empirical_ntk(network, x), kernel_by_autograd(network, x))
