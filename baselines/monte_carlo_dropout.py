"""Monte Carlo dropout (Gal and Ghahramani, ICML 2016): class probabilities under random masks of a trained network.

One draw is one network. Every mask of a draw is therefore made once, for a batch of one, and holds for all candidates:
what BatchBALD needs, and the reason why neither the order nor the tiles of the candidates change a draw. Masks are put
on by hooks while the network stays in eval mode, so that BatchNorm keeps its statistics and nothing has to be undone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Field

from bench.errors import Refused
from bench.learner import Learner
from bench.learners.network import NetworkLearner, NetworkModel
from bench.view import View

if TYPE_CHECKING:
    import torch

    from bench.modules.dropout import Dropout
    from bench.modules.network import Network

TILE = 512

Draws: TypeAlias = Annotated[int, Field(ge=2)]
"""How many draws of the masks; with a single one nothing can disagree."""


def dropout_refusal(learner: Learner) -> str | None:
    """Why there are no masks to draw with this learner, as far as planning can tell; else None.

    A net says that it has no dropout by a field `dropout` of 0. One without such a field is only known once it is
    built: sampled_probabilities() then raises Refused.
    """
    if not isinstance(learner, NetworkLearner):
        return "wanted a network with dropout; this learner has none. Use the learner network with a net with dropout"
    if getattr(learner.net, "dropout", None) == 0:
        return "wanted a network with dropout; learner.net.dropout is 0. Set it to 0.2, say"
    return None


def sampled_probabilities(view: View, draws: int) -> Iterator[torch.Tensor]:
    """The class probabilities (m, k) of the candidates in float64 under each of `draws` draws, one after the other.

    Takes `draws` forward passes. Raises Refused where the network has no dropout.
    """
    import torch

    network = _network(view)
    for done in range(draws):
        view.journal.progress(done / draws)
        with torch.no_grad(), one_draw(network, view.generator):
            outputs = torch.cat([network(x) for x in view.candidates.split(TILE)])  # (m, k)
        yield view.model.rule(outputs.double())


@contextmanager
def one_draw(network: Network, generator: torch.Generator) -> Iterator[None]:
    """Inside, a network in eval mode answers with dropout, under the same masks for every input.

    The masks come from a CPU generator, whatever the device; a layer that is used several times in a forward pass has
    a mask for each use.
    """
    from bench.modules.dropout import Dropout

    masks = [_Masks(layer, generator) for layer in network.modules() if isinstance(layer, Dropout)]
    handles = [network.register_forward_pre_hook(mask.begin) for mask in masks]
    handles += [mask.layer.register_forward_hook(mask.put_on) for mask in masks]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class _Masks:
    """The masks of one layer in one draw, one for each of its uses in a forward pass."""

    def __init__(self, layer: Dropout, generator: torch.Generator) -> None:
        self.layer = layer
        self.generator = generator
        self.drawn: list[torch.Tensor] = []
        self.uses = 0

    def begin(self, network: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        self.uses = 0

    def put_on(self, layer: torch.nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> torch.Tensor:
        if self.uses == len(self.drawn):
            self.drawn.append(self._draw(output))
        self.uses += 1
        return output * self.drawn[self.uses - 1]

    def _draw(self, output: torch.Tensor) -> torch.Tensor:
        import torch

        from bench.modules.dropout import Dropout

        own = Dropout(self.layer.rate, self.layer.leading)  # new, so in training mode
        own.generator = self.generator
        return own(torch.ones(1, *output.shape[1:], dtype=output.dtype)).to(output.device)


def _network(view: View) -> Network:
    from bench.modules.dropout import has_dropout

    if isinstance(view.model, NetworkModel) and has_dropout(view.model.net):
        return view.model.net
    raise Refused(
        "wanted a network with dropout (bench.modules.dropout.Dropout); this one has none. Set the net's rate of "
        "dropout, or use a net that has it"
    )
