"""Any torch module whose last step is a linear layer, as a Network: features and stages are seen by hooks during its
own single forward pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from bench.modules.dropout import own_dropout
from bench.modules.initialise import initialise_layers
from bench.modules.network import Forward, Network


class Wrapped(Network):
    """A module with its head cut off, and the head.

    `head` names the linear layer that ends the module's forward, `stages` the submodules whose outputs are the stages,
    in the order wanted; without them the features are the only stage. The module is taken over: its head becomes the
    identity, torch's dropout layers become bench.modules.dropout.Dropout, and activations no longer work in place,
    which would change a stage after it was seen. Raises ValueError where the head is not a linear layer, where a name
    does not exist, and in a forward pass where the module does more than its head.
    """

    def __init__(self, module: nn.Module, head: str, stages: Sequence[str] = ()) -> None:
        super().__init__()
        self.head = _linear(module, head)
        for name in stages:
            submodule(module, name)
        module.set_submodule(head, nn.Identity(), strict=True)
        own_dropout(module)
        _out_of_place(module)
        self.body = module
        self.cut = head
        self.stage_names = tuple(stages)
        self.train(module.training)

    def parts(self, x: torch.Tensor) -> Forward:
        with outputs_of(self.body, (*self.stage_names, self.cut)) as seen:
            features = self.body(x)  # (b, d)
        if features is not seen[self.cut]:
            raise ValueError(
                f"head {self.cut!r}: wanted a module that returns what this layer gives; got one that goes on after it "
                "(with a softmax?), or without it. Let it return the logits"
            )
        if features.ndim != 2:
            raise ValueError(f"head {self.cut!r}: wanted features (b, d) before it; got {tuple(features.shape)}")
        stages = tuple(seen[name] for name in self.stage_names)
        return Forward(self.head(features), features, stages or (features,))

    def initialise(self, generator: torch.Generator) -> None:
        """As in Network, by bench.modules.initialise; buffers other than those of normalisations are constants."""
        initialise_layers(self, generator)


@contextmanager
def outputs_of(net: nn.Module, names: Sequence[str]) -> Iterator[dict[str, torch.Tensor]]:
    """What the named submodules returned in the forward pass of `net` made inside; the last call's, of several."""
    seen: dict[str, torch.Tensor] = {}

    def watch(name: str) -> torch.utils.hooks.RemovableHandle:
        def keep(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
            seen[name] = output

        return submodule(net, name).register_forward_hook(keep)

    handles = [watch(name) for name in names]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
    missing = [name for name in names if not isinstance(seen.get(name), torch.Tensor)]
    if missing:
        raise ValueError(f"{', '.join(missing)}: wanted submodules that return a tensor in every forward pass")


def submodule(net: nn.Module, name: str) -> nn.Module:
    """A submodule by its dotted name. Raises ValueError with the names there are."""
    known = dict(net.named_modules(remove_duplicate=False))
    if not name or name not in known:
        raise ValueError(f"wanted the name of a submodule; got {name!r}. Known: {', '.join(n for n in known if n)}")
    return known[name]


def _linear(module: nn.Module, name: str) -> nn.Linear:
    found = submodule(module, name)
    if not isinstance(found, nn.Linear):
        raise ValueError(f"head {name!r}: wanted a Linear layer, so that logits are linear in features; got {found}")
    return found


def _out_of_place(net: nn.Module) -> None:
    for module in net.modules():
        if getattr(module, "inplace", False) is True:
            module.inplace = False  # type: ignore[assignment]
