"""One forward and one backward pass in which every layer's input and the gradient at its output are seen.

The parameters take no gradients: a backward pass of Σᵢ f(xᵢ) then costs no more than the forward pass, and its gradient
at a layer's output is that of each sample by itself, since in evaluation mode no sample depends on another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn

Output = Literal["first_logit", "sum_logits"]


@dataclass(frozen=True)
class Call:
    """One call of a layer in a pass of b samples: its input (b, …) and the gradient of f at its output (b, …).

    `index` counts the calls of this layer in the forward pass, from 0.
    """

    name: str
    index: int
    inputs: torch.Tensor
    gradients: torch.Tensor


Receiver = Callable[[Call], None]


def scalar_output(logits: torch.Tensor, output: Output) -> torch.Tensor:
    """The output (b,) whose gradient the kernel is of: the first logit, or the sum of the k logits over √k."""
    if output == "first_logit":
        return logits[:, 0]
    return logits.sum(dim=1) / logits.shape[1] ** 0.5


def layers_with_parameters(net: nn.Module) -> dict[str, nn.Module]:
    """The modules of a network that have parameters of their own, by name."""
    return {name: module for name, module in net.named_modules() if any(True for _ in module.parameters(recurse=False))}


@contextmanager
def evaluation(net: nn.Module, gradients: bool) -> Iterator[None]:
    """Evaluation mode with gradients of the parameters on or off; afterwards all flags are as they were."""
    training = [(module, module.training) for module in net.modules()]
    wanted = [(parameter, parameter.requires_grad) for parameter in net.parameters()]
    try:
        net.eval()
        for parameter, _ in wanted:
            parameter.requires_grad_(gradients)
        with torch.enable_grad():
            yield
    finally:
        for parameter, flag in wanted:
            parameter.requires_grad_(flag)
        for module, flag in training:
            module.training = flag


@contextmanager
def watched(layers: dict[str, nn.Module], receive: Receiver) -> Iterator[None]:
    """Hand every call of the layers to `receive`, during the backward pass made inside."""
    watch = _Watch(receive)
    handles = [
        layer.register_forward_hook(watch.hook(name), with_kwargs=True, always_call=False)
        for name, layer in layers.items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Watch:
    """The hooks of one pass. Nothing is seen while `receive` works, which may call the layers itself."""

    def __init__(self, receive: Receiver) -> None:
        self.receive = receive
        self.calls: dict[str, int] = defaultdict(int)
        self.inputs: dict[tuple[str, int], torch.Tensor] = {}
        self.busy = False

    def hook(self, name: str) -> Callable[..., torch.Tensor | None]:
        def forward(module: nn.Module, args: tuple[object, ...], kwargs: object, output: object) -> torch.Tensor | None:
            if self.busy:
                return None
            one_tensor = len(args) == 1 and not kwargs and isinstance(args[0], torch.Tensor)
            if not one_tensor or not isinstance(output, torch.Tensor):
                raise TypeError(_not_one_tensor(name, module))
            return self.seen(name, args[0], output)  # type: ignore[arg-type]

        return forward

    def seen(self, name: str, inputs: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
        index = self.calls[name]
        self.calls[name] += 1
        self.inputs[name, index] = inputs.detach()
        if not output.requires_grad:
            output = _Start.apply(output, torch.zeros((), device=output.device, requires_grad=True))
        output.register_hook(lambda gradients: self.received(name, index, gradients))
        return output

    def received(self, name: str, index: int, gradients: torch.Tensor) -> None:
        self.busy = True
        try:
            self.receive(Call(name, index, self.inputs.pop((name, index)), gradients.detach()))
        finally:
            self.busy = False


class _Start(torch.autograd.Function):
    """The identity, from which on gradients are recorded. Marking its input as changed makes the output no view and no
    leaf, so that an activation may still work on it in place."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: torch.Tensor, anchor: torch.Tensor) -> torch.Tensor:
        ctx.mark_dirty(x)
        return x

    @staticmethod
    def backward(ctx: object, *gradients: torch.Tensor) -> tuple[None, None]:
        return None, None


def _not_one_tensor(name: str, module: nn.Module) -> str:
    return (
        f"layer {name!r} ({type(module).__name__}): wanted a layer with parameters that is called with one tensor and "
        "returns one, so that its gradients can be captured; got several inputs or outputs, or keyword arguments. "
        "Build it of layers with one input each (attention: of Linear layers)"
    )
