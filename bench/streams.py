"""Named random streams: each is derived from (seed, name, cycle), so none depends on what another one drew.

All strategies of one seed therefore share the initial set, the initial weights and the order of the candidates, and a
resumed run needs no saved random state.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    import torch

Stream = Literal[
    "initial", "weights", "batches", "augmentation", "candidates", "strategy", "oracle", "dropout", "audit"
]
NAMES: tuple[Stream, ...] = get_args(Stream)
Varied = Literal["all"] | tuple[Stream, ...]
HELD = 0
"""The seed of the streams that do not follow a run's seed."""


def in_order(vary: Varied) -> Varied:
    """The streams in the order of NAMES. Raises ValueError for none, or one that is named twice."""
    if vary == "all":
        return vary
    ordered = tuple(name for name in NAMES if name in vary)
    if not vary or len(ordered) < len(vary):
        raise ValueError(f"vary: wanted `all`, or at least one random stream, each once; got {list(vary)}")
    return ordered


@dataclass(frozen=True)
class Streams:
    """The random streams of one run.

    `initial` draws the first labelled set, `weights` the network's initial weights, `batches` the order of training,
    `augmentation` its image transforms, `candidates` the order of the pool, `strategy` what a strategy draws,
    `oracle` the noise of labels, `dropout` the masks of training and `audit` what an audit draws. Streams that are not
    among the `varied` ones are as with seed 0, so that the variance that each of them causes can be told apart.
    """

    seed: int
    varied: Varied = "all"

    def generator(self, name: str, cycle: int = 0) -> torch.Generator:
        """A fresh CPU generator for one stream and cycle. Raises ValueError for a name that is not in NAMES."""
        import torch

        return torch.Generator().manual_seed(self.derive(name, cycle))

    def derive(self, name: str, cycle: int = 0) -> int:
        """The 63-bit seed of one stream and cycle."""
        if name not in NAMES:
            raise ValueError(f"wanted one of the streams {', '.join(NAMES)}; got {name!r}")
        seed = self.seed if self.varied == "all" or name in self.varied else HELD
        digest = hashlib.blake2b(f"{seed}/{name}/{cycle}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1
