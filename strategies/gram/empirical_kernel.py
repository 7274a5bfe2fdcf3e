"""The empirical neural tangent kernel Θ(x, x') = ∇f(x)·∇f(x') of one output of a network (Mohamadi, Bae and Sutherland,
NeurIPS 2022, section 3), or of the sum of its outputs (Mohamadi, Bae and Sutherland, arXiv 2206.12543)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import torch
from torch import nn

from bench.journal import Journal
from strategies.gram.capture import Call, Output, evaluation, layers_with_parameters, scalar_output, watched
from strategies.gram.parts import Part
from strategies.gram.plan import planned
from strategies.gram.products import mirrored
from strategies.gram.survey import surveyed

MEMORY_MIB = 4096.0
"""The working memory that is used where none is given."""


def untold(share: float) -> None:
    """Tell nobody."""


def empirical_ntk(
    net: nn.Module,
    x: torch.Tensor,
    output: Output = "first_logit",
    memory_mib: float | None = None,
    progress: Callable[[float], None] = untold,
    journal: Journal | None = None,
) -> torch.Tensor:
    """Θ of inputs x (n, …) over all parameters of a network with logits (n, k): (n, n), symmetric to the bit.

    In evaluation mode, in the precision of the network and on its device. `output` "first_logit" takes f
    as the first logit, "sum_logits" as Σ logits/√k. `memory_mib` bounds what is held beyond the inputs and two kernels,
    by default 4096: the network is run again for every group of layers that does not fit. `progress` hears the share
    done, `journal` takes the stages "capture" and "gram". The network is left as it was.

    Raises TypeError for a layer whose gradients cannot be captured, ValueError where the memory is too little.
    """
    journal, x = Journal() if journal is None else journal, x.detach()
    kernel = next(net.parameters()).detach().new_zeros(len(x), len(x))
    if not len(x):
        return kernel
    with journal.stage("capture"):
        plan = planned(surveyed(net, x[:1], output), kernel, int((memory_mib or MEMORY_MIB) * 2**20))
    scratch = kernel.new_empty(plan.scratch)
    for i, group in enumerate(plan.groups):
        with journal.stage("capture"):
            kept = captured(net, x, output, group, plan.chunk)
        progress((i + 0.5) / len(plan.groups))
        with journal.stage("gram"), torch.no_grad():
            while kept:
                part, tensors = kept.popitem()
                part.add(kernel, tensors, scratch)
        progress((i + 1) / len(plan.groups))
    return mirrored(kernel)


def captured(
    net: nn.Module, x: torch.Tensor, output: Output, group: Sequence[Part], chunk: int
) -> dict[Part, list[torch.Tensor]]:
    """What the parts of a group keep of every sample (n, …), from passes of `chunk` samples."""
    like = next(net.parameters()).detach()
    kept = {part: [like.new_zeros(len(x), *shape) for shape in part.shapes] for part in group}
    for start in range(0, len(x), chunk):
        stop = start + chunk
        places = {part: [tensor[start:stop] for tensor in tensors] for part, tensors in kept.items()}
        one_pass(net, x[start:stop], output, places)
    return kept


def one_pass(net: nn.Module, x: torch.Tensor, output: Output, places: dict[Part, list[torch.Tensor]]) -> None:
    """Run the network forth and back on b samples, and let the parts keep theirs in `places` (b, …)."""
    by_layer: dict[str, list[Part]] = defaultdict(list)
    for part in places:
        by_layer[part.layer.name].append(part)

    def receive(call: Call) -> None:
        for part in by_layer[call.name]:
            part.layer.admit(call, len(x))
            part.keep(call, places[part])

    with evaluation(net, gradients=False), watched(layers_with_parameters(net), receive):
        scalar_output(net(x), output).sum().backward()
