"""Named random streams: each is derived from (seed, name, cycle), so none depends on what another one drew.

All strategies of one seed therefore share the initial set, the initial weights and the order of the candidates, and a
resumed run needs no saved random state.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

NAMES = ("initial", "weights", "batches", "augmentation", "candidates", "strategy", "oracle", "dropout", "audit")


@dataclass(frozen=True)
class Streams:
    """The random streams of one run.

    `initial` draws the first labelled set, `weights` the network's initial weights, `batches` the order of training,
    `augmentation` its image transforms, `candidates` the order of the pool, `strategy` what a strategy draws,
    `oracle` the noise of labels, `dropout` the masks of training and `audit` what an audit draws.
    """

    seed: int

    def generator(self, name: str, cycle: int = 0) -> torch.Generator:
        """A fresh CPU generator for one stream and cycle. Raises ValueError for a name that is not in NAMES."""
        import torch

        return torch.Generator().manual_seed(self.derive(name, cycle))

    def derive(self, name: str, cycle: int = 0) -> int:
        """The 63-bit seed of one stream and cycle."""
        if name not in NAMES:
            raise ValueError(f"wanted one of the streams {', '.join(NAMES)}; got {name!r}")
        digest = hashlib.blake2b(f"{self.seed}/{name}/{cycle}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1
