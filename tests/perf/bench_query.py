"""A whole query of look-ahead by the empirical NTK against really training on each candidate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch

from bench.data import load_data
from bench.datasets.digits import Digits
from bench.learner import Fit, Labelled
from bench.learners.network import NetworkLearner
from bench.nets.wide_resnet import WideResNet
from bench.objective import TaskLoss
from bench.streams import Streams
from bench.view import View
from perf.case import Case
from perf.timing import threads
from strategies.empirical_ntk import EmpiricalNTK
from strategies.look_ahead import LookAhead
from strategies.output_change import MLMOC
from strategies.retrained_by_sgd import Naive
from strategies.retraining import Retraining

LABELLED, CANDIDATES, TIMED = 100, 200, 40


def cases() -> Iterator[Case]:
    """The demo's network on digits, one thread, as a worker has it."""
    setting = Setting()
    for name, together in (("loop", 1), ("batched", TIMED)):
        yield Case(
            f"query/digits/naive-sgd-{name}",
            lambda: setting.query(EmpiricalNTK(), CANDIDATES),
            lambda together=together: setting.query(Naive(together=together), TIMED),
            f"naive retraining, {name}",
            repeats=3,
            note=lambda: (
                f"{LABELLED} labels, {CANDIDATES} candidates, 15 epochs each, 1 thread; naive retraining timed on "
                f"{TIMED} candidates and extrapolated"
            ),
            peer_share=TIMED / CANDIDATES,
        )


@dataclass(frozen=True)
class Setting:
    """A trained network and candidates."""

    def query(self, proxy: Retraining, candidates: int) -> torch.Tensor:
        """Pick ten; the scores run over all candidates either way."""
        view = self.view
        with threads(1):
            if candidates == len(view):
                return LookAhead(MLMOC(), proxy).query(replace(view), 10)
            belief = proxy.belief(replace(view))
            at = torch.arange(len(view))
            targets = torch.eye(view.classes, dtype=torch.float64)[view.outputs.argmax(dim=1)]
            return belief.ahead(at[:candidates], targets[:candidates], at).outputs()

    @cached_property
    def view(self) -> View:
        data = load_data(Digits(), Path("."), "cpu", "float32")
        learner = NetworkLearner(WideResNet(1, 1))
        labelled = Labelled(data.x_pool[:LABELLED], data.y_pool[:LABELLED], data.classes)
        model = learner.fit(Fit(labelled, None, TaskLoss(), Streams(0), 0))
        shown = data.x_pool[LABELLED : LABELLED + CANDIDATES]
        return View(model, labelled, shown, torch.Generator().manual_seed(0), learner, TaskLoss())
