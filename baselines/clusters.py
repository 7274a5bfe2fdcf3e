"""k-means whose randomness is one draw from the strategy's generator; no strategy itself."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

EXACT_UP_TO = 50
MINIBATCH = 5000


def kmeans(x: torch.Tensor, count: int, generator: torch.Generator) -> torch.Tensor:
    """The cluster (n,) of each point of x (n, d), out of at most `count`; some clusters may have no points.

    Lloyd's algorithm up to 50 clusters and mini-batches of 5000 above, as the authors of TypiClust cluster; scikit-
    learn's, seeded by one draw from `generator`. The same on every run with one thread.
    """
    import torch
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    seed = int(torch.randint(2**31 - 1, (), generator=generator))
    count = min(count, len(x))
    if count <= EXACT_UP_TO:
        method = KMeans(count, n_init=1, random_state=seed)
    else:
        method = MiniBatchKMeans(count, batch_size=MINIBATCH, n_init=1, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct points than clusters: some stay empty
        found = method.fit_predict(x.cpu().numpy())
    return torch.as_tensor(found, dtype=torch.long, device=x.device)
