"""BADGE at the size of CIFAR-100 against the memory's speed, and at a small size against materialised gradients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.stats
import torch
from given_model import given_view

from baselines.badge import Badge, GradientFactors, gradient_factors
from bench.view import View
from perf.case import Case
from perf.timing import read_speed, threads

THREADS = 2


def cases() -> Iterator[Case]:
    """A query of 2 000 among 50 000; and one of 100 among 2 000, where gradients can be materialised."""
    large, small = Setting(m=50_000, k=100, d=512, budget=2000), Setting(m=2000, k=10, d=128, budget=100)
    peer = "reading the factors b times"
    yield Case("badge/n50000-c100-b2000", large.ours, large.reading, peer, repeats=1, note=large.floor)
    peer = "materialised, rv_discrete"
    yield Case("badge/n2000-c10-b100", small.ours, small.materialised, peer, repeats=3, note=small.threads)


@dataclass(frozen=True)
class Setting:
    """A query of `budget` among m candidates with k classes and d features, which are noise: the speed is the same."""

    m: int
    k: int
    d: int
    budget: int

    @cached_property
    def arrays(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs (m, k) and features (m, d)."""
        draws = torch.Generator().manual_seed(0)
        outputs, features = (torch.randn(self.m, size, generator=draws) for size in (self.k, self.d))
        return outputs, features.relu()

    @property
    def view(self) -> View:
        """A fresh view, which remembers nothing of the query before."""
        return given_view(*self.arrays)

    @cached_property
    def factors(self) -> GradientFactors:
        """The factors that a query is made from."""
        return gradient_factors(self.view, "cross_entropy")

    def ours(self) -> None:
        """The strategy as a cell runs it."""
        with threads(THREADS):
            Badge(gradient="cross_entropy").query(self.view, self.budget)

    def reading(self) -> None:
        """The products with one row of both factors, for each pick, and nothing else."""
        with threads(THREADS):
            for i in range(self.budget):
                self.factors.residuals.mv(self.factors.residuals[i])
                self.factors.features.mv(self.factors.features[i])

    def materialised(self) -> None:
        """The same seeding on gradients (m, k·d), drawn by scipy's sampler."""
        g = (self.factors.residuals[:, :, None] * self.factors.features[:, None, :]).flatten(1)  # (m, k·d)
        seeds, draws = [int(g.norm(dim=1).argmax())], np.random.default_rng(0)
        nearest = np.full(self.m, np.inf)
        with threads(THREADS):
            while len(seeds) < self.budget:
                nearest = np.minimum(nearest, (g - g[seeds[-1]]).square().sum(dim=1).double().numpy())
                law = scipy.stats.rv_discrete(values=(np.arange(self.m), nearest / nearest.sum()))
                seeds.append(int(law.rvs(random_state=draws)))

    def threads(self) -> str:
        """With how many threads this was measured."""
        return f"{THREADS} threads"

    def floor(self) -> str:
        """What a read of both factors for each pick takes at the speed at which memory is read here."""
        with threads(THREADS):
            speed = read_speed()
        size = 4 * self.m * (self.k + self.d)
        reads = f"b reads of {size / 1e6:.0f} MB at {speed / 1e9:.1f} GB/s take {self.budget * size / speed:.1f} s"
        return f"{THREADS} threads; {reads}"
