"""Look-ahead by really training: from the network's weights on the labelled set and what was added, once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch.func import functional_call, vmap

from bench.batches import batches
from bench.errors import Diverged
from bench.modules.network import Network
from strategies.beliefs.belief import Belief, Materialised
from strategies.beliefs.samples import Addition, Samples

Weights = Mapping[str, torch.Tensor]
"""Parameters by name, each with a leading dimension (b, …): one network for each of b sets of additions."""


class Retrainer(ABC):
    """A way to train a network on the labelled set and some additions, from where it stands.

    Laws: the network is left as it is; the weights depend on the set of additions, not on their order.
    """

    at_once: int
    """How many networks to train together."""

    @abstractmethod
    def weights(self, net: Network, samples: Samples, sets: Sequence[Sequence[Addition]]) -> Weights:
        """The weights after training on each of b sets of additions, beside the labelled set."""


@dataclass(frozen=True)
class SGDBelief(Belief):
    """The outputs (m, k) of a network retrained on what was `added`; before anything was, the network's own.

    Looking ahead forgets the weights in between: it trains anew from the network on all that was added and one more.
    """

    net: Network
    retrainer: Retrainer
    samples: Samples
    outputs: torch.Tensor
    added: tuple[Addition, ...] = ()

    @property
    def together(self) -> int:
        return self.retrainer.at_once

    def ahead(self, positions: torch.Tensor, targets: torch.Tensor, at: torch.Tensor) -> Materialised:
        sets = [(*self.added, (int(i), target)) for i, target in zip(positions, targets, strict=True)]
        return Materialised(self._outputs(sets, at))

    def condition(self, position: int, target: torch.Tensor, keep: bool = True) -> SGDBelief:
        added = (*self.added, (position, target))
        everything = torch.arange(len(self.outputs), device=self.outputs.device)
        outputs = self._outputs([added], everything)[0]
        return SGDBelief(self.net, self.retrainer, self.samples, outputs, added)

    def _outputs(self, sets: Sequence[Sequence[Addition]], at: torch.Tensor) -> torch.Tensor:
        """What networks trained on b sets of additions say of candidates `at` (p,): (b, p, k)."""
        x, size = self.samples.candidates[at], self.retrainer.at_once
        parts = [sets[start : start + size] for start in range(0, len(sets), size)]
        found = [outputs_of(self.net, self.retrainer.weights(self.net, self.samples, p), x) for p in parts]
        return _finite(torch.cat(found))


def outputs_of(net: Network, weights: Weights, x: torch.Tensor) -> torch.Tensor:
    """The outputs (b, p, k) in float64 of b networks at inputs x (p, …), with the buffers of `net` in eval mode."""
    buffers = dict(net.named_buffers())

    def outputs(one: Weights, part: torch.Tensor) -> torch.Tensor:
        return functional_call(net, (dict(one), buffers), (part,))

    with torch.no_grad():
        if len(next(iter(weights.values()))) == 1:
            single = {name: value[0] for name, value in weights.items()}
            return torch.cat([outputs(single, part) for part in batches(x)])[None].double()
        parts = batches(x)
        if x.is_cuda:  # where parts are large, and every network holds one at the same time
            parts = x.split(max(1, len(parts[0]) // len(next(iter(weights.values())))))
        return torch.cat([vmap(outputs, (0, None))(weights, part) for part in parts], dim=1).double()


def _finite(outputs: torch.Tensor) -> torch.Tensor:
    """Outputs (b, p, k) of b networks. Raises Diverged where any is not finite."""
    bad = int((~outputs.isfinite()).flatten(1).any(dim=1).sum())
    if bad:
        raise Diverged(
            f"retraining diverged for {bad} of the {len(outputs)} candidates with a label that were looked at "
            "together; lower `rate` of the proxy"
        )
    return outputs


def stacked(weights: Sequence[Weights]) -> Weights:
    """Parameters of b networks as one mapping (b, …)."""
    return {name: torch.stack([one[name] for one in weights]) for name in weights[0]}
