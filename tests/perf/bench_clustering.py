"""The strategies that look at a whole pool in a feature space, at the size of CIFAR: time, peak memory, and growth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import sklearn.cluster  # noqa: F401  (its memory is not the strategy's)
import torch
from given_model import given_view

from baselines.herding import MaxHerding, UHerding
from baselines.probcover import ProbCover
from baselines.typiclust import TypiClust
from bench.journal import Journal
from bench.learner import Labelled
from bench.strategy import Strategy
from bench.view import View
from perf.case import Case
from perf.timing import seconds, threads

THREADS = 2
LABELLED, D, CLASSES, BUDGET = 1000, 512, 10, 1000
SIZES = (12_500, 25_000, 50_000)


def cases() -> Iterator[Case]:
    """A query of 1 000 with 1 000 labelled, at three sizes of the pool."""
    for name, strategy in {
        "typiclust": TypiClust(),
        "probcover": ProbCover(),
        "maxherding": MaxHerding(),
        "uherding": UHerding(),
    }.items():
        yield from Growth(name, strategy).cases()


class Growth:
    """One strategy at every size; remembers what each took, so that the note of a size can name the exponent."""

    def __init__(self, name: str, strategy: Strategy) -> None:
        self.name, self.strategy = name, strategy
        self.taken: dict[int, float] = {}
        self.journal = Journal()

    def cases(self) -> Iterator[Case]:
        """A case per size."""
        for m in SIZES:
            name = f"{self.name}/n{m}-d{D}-b{BUDGET}"
            yield Case(name, lambda m=m: self.query(m), repeats=1, note=lambda m=m: self.note(m))  # type: ignore[misc]

    def query(self, m: int) -> None:
        """The strategy as a cell runs it, on m candidates."""
        view = view_of(m)
        self.journal = view.journal
        with threads(THREADS):
            self.taken[m] = seconds(lambda: self.strategy.query(view, BUDGET))

    def note(self, m: int) -> str:
        """The seconds of each stage, and by which power of the pool the time grew since the size before."""
        stages = ", ".join(f"{stage} {taken:.2g} s" for stage, taken in self.journal.seconds.items())
        before = self.taken.get(m // 2)
        power = f"; grows as m^{math.log2(self.taken[m] / before):.2f}" if before else ""
        return f"{THREADS} threads, {LABELLED} labelled; {stages}{power}"


def view_of(m: int) -> View:
    """A fresh view of m candidates, whose model has most labelled points right."""
    features, outputs = arrays(m)
    view = given_view(outputs, features, LABELLED)
    labels = outputs[:LABELLED].argmax(1)
    labels[::5] = (labels[::5] + 1) % CLASSES
    return replace(view, labelled=Labelled(view.labelled.x, labels, CLASSES))


@cache
def arrays(m: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features (n + m, d) of a hundred groups, spread in thirty directions, and outputs (n + m, k) linear in them.

    Pure noise would not do: where all points are equally far apart, nothing can be covered.
    """
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(100, 30, generator=generator)
    groups = torch.randint(100, (LABELLED + m,), generator=generator)
    directions = centres[groups] + 0.5 * torch.randn(LABELLED + m, 30, generator=generator)  # (n + m, 30)
    features = directions @ torch.randn(30, D, generator=generator) / 30**0.5
    features += 0.3 / D**0.5 * torch.randn(LABELLED + m, D, generator=generator)
    return features, directions @ torch.randn(30, CLASSES, generator=generator)
