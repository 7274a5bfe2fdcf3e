"""Each form of a weight's share of the kernel, for convolutions of any shape."""

from __future__ import annotations

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from strategies.gram import ghost
from strategies.gram.capture import Call
from strategies.gram.convolution import WeightGradient
from strategies.gram.gradients import gradients_of
from strategies.gram.parts import Direct, Ghost, Layer, Part, Rows

N = 6

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@st.composite
def convolutions(draw: st.DrawFn, most_groups: int = 3) -> tuple[nn.Conv2d, torch.Tensor, torch.Tensor]:
    """A convolution, inputs (N, c, h, w) and gradients at its output."""
    groups, inputs, outputs = (draw(st.integers(1, most)) for most in (most_groups, 2, 2))
    padding = draw(st.tuples(st.integers(0, 3), st.integers(0, 3)))
    sizes = [draw(pairs) for _ in range(3)]
    layer = nn.Conv2d(groups * inputs, groups * outputs, *sizes[:2], padding, sizes[2], groups, dtype=torch.float64)  # type: ignore[call-overload]
    height, width = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    for axis, size in enumerate((height, width)):
        assume(size + 2 * padding[axis] > layer.dilation[axis] * (layer.kernel_size[axis] - 1))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 9)))
    a = torch.randn(N, groups * inputs, height, width, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        return layer, a, torch.randn(layer(a).shape, generator=generator, dtype=torch.float64)


def weight_kernel(layer: nn.Conv2d | nn.Linear, a: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
    """The upper triangle of the share of the weight."""
    rows = weight_rows(layer, a, d)
    return (rows @ rows.T).triu()


def weight_rows(layer: nn.Conv2d | nn.Linear, a: torch.Tensor, d: torch.Tensor) -> torch.Tensor:
    """The gradient of the weight for each sample, by autograd: (n, weights)."""
    rows = []
    for one, gradient in zip(a, d, strict=True):
        rows.append(torch.autograd.grad(layer(one[None]), layer.weight, gradient[None])[0].flatten())
    return torch.stack(rows)


def of_weight(layer: nn.Module, a: torch.Tensor, d: torch.Tensor) -> tuple[Layer, WeightGradient]:
    gradient = gradients_of(layer)[0]
    assert isinstance(gradient, WeightGradient)
    return Layer("layer", (tuple(a.shape[1:]),), (tuple(d.shape[1:]),)), gradient


def added(parts: list[Part], a: torch.Tensor, d: torch.Tensor, scratch: int = 1000) -> torch.Tensor:
    """What the parts add to a kernel, from two passes of half the samples each."""
    kernel = a.new_zeros(N, N)
    for part in parts:
        kept = [a.new_zeros(N, *shape) for shape in part.shapes]
        for half in (slice(0, 2), slice(2, N)):
            part.keep(Call("layer", 0, a[half], d[half]), [tensor[half] for tensor in kept])
        part.add(kernel, kept, a.new_full((scratch,), torch.nan))
    return kernel.triu()


@settings(max_examples=150, deadline=None)
@given(convolutions())
def test_rows_in_one_or_several_parts(drawn: tuple[nn.Conv2d, torch.Tensor, torch.Tensor]) -> None:
    layer, gradient = of_weight(*drawn)
    whole = [Rows(layer, gradient, slice(0, gradient.units))]
    single = [Rows(layer, gradient, slice(i, i + 1)) for i in range(gradient.units)]
    for parts in (whole, single):
        torch.testing.assert_close(added(parts, *drawn[1:]), weight_kernel(*drawn))


@settings(max_examples=100, deadline=None)
@given(convolutions(), st.integers(1, 500))
def test_direct_in_any_scratch(drawn: tuple[nn.Conv2d, torch.Tensor, torch.Tensor], scratch: int) -> None:
    torch.testing.assert_close(added([Direct(*of_weight(*drawn))], *drawn[1:], scratch), weight_kernel(*drawn))


@settings(max_examples=150, deadline=None)
@given(convolutions(most_groups=1))
def test_ghost(drawn: tuple[nn.Conv2d, torch.Tensor, torch.Tensor]) -> None:
    torch.testing.assert_close(added([Ghost(*of_weight(*drawn))], *drawn[1:]), weight_kernel(*drawn))


@given(st.lists(st.integers(1, 3), max_size=2))
def test_linear_layers_on_vectors_and_positions(positions: list[int]) -> None:
    layer = nn.Linear(3, 2, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    a, d = (torch.randn(N, *positions, size, generator=generator, dtype=torch.float64) for size in (3, 2))
    known, gradient = of_weight(layer, a, d)
    forms: list[Part] = [Rows(known, gradient, slice(0, 3)), Direct(known, gradient), Ghost(known, gradient)]
    for form in forms:
        torch.testing.assert_close(added([form], a, d), weight_kernel(layer, a, d))


def test_ghost_over_several_blocks_of_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = nn.Conv2d(2, 3, 3, padding=1, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(N, 2, 4, 4, generator=generator, dtype=torch.float64)
    d = torch.randn(N, 3, 4, 4, generator=generator, dtype=torch.float64)
    monkeypatch.setattr(ghost, "CACHE", 8 * (4 * 16) ** 2)  # four samples a block
    torch.testing.assert_close(added([Ghost(*of_weight(layer, a, d))], a, d), weight_kernel(layer, a, d))


@pytest.mark.parametrize("form", [Rows, Direct])
def test_a_layer_that_is_called_twice_has_the_sum_of_both_calls_as_its_gradient(form: type[Rows | Direct]) -> None:
    layer = nn.Conv2d(2, 3, 3, padding=1, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    calls = [tuple(torch.randn(N, c, 4, 4, generator=generator, dtype=torch.float64) for c in (2, 3)) for _ in range(2)]
    known, gradient = of_weight(layer, *calls[0])
    twice = Layer("layer", known.inputs * 2, known.outputs * 2)
    part = Direct(twice, gradient) if form is Direct else Rows(twice, gradient, slice(0, gradient.units))
    kept = [calls[0][0].new_zeros(N, *shape) for shape in part.shapes]
    for index, (a, d) in enumerate(calls):
        part.keep(Call("layer", index, a, d), kept)
    kernel = calls[0][0].new_zeros(N, N)
    part.add(kernel, kept, calls[0][0].new_full((1000,), torch.nan))
    rows = sum(weight_rows(layer, a, d) for a, d in calls)
    assert isinstance(rows, torch.Tensor)
    torch.testing.assert_close(kernel.triu(), (rows @ rows.T).triu())
