"""Training speed against the loop that everybody writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch.utils.data import DataLoader, TensorDataset

from bench.data import load_data
from bench.datasets.digits import Digits
from bench.learner import Fit, Labelled
from bench.learners.network import NetworkLearner
from bench.nets.wide_resnet import WideResNet
from bench.objective import TaskLoss
from bench.recipe import Train
from bench.streams import Streams
from perf.case import Case

EPOCHS, LABELS = 20, 100


def cases() -> Iterator[Case]:
    """The demo's network at its largest labelled set, on one thread as a worker has it."""
    torch.set_num_threads(1)
    data = load_data(Digits(), Path("."), "cpu", "float32")
    labelled = Labelled(data.x_pool[:LABELS], data.y_pool[:LABELS], data.classes)
    learner = NetworkLearner(WideResNet(1, 1), Train(epochs=EPOCHS))
    yield Case(
        name="train/digits-wrn",
        ours=lambda: learner.fit(Fit(labelled, None, TaskLoss(), Streams(0), 0)),
        peer=lambda: plain_loop(labelled),
        peer_name="DataLoader loop",
        note=lambda: f"{LABELS} labels, {EPOCHS} epochs, batch 32, 1 thread",
    )


def plain_loop(labelled: Labelled) -> None:
    """A DataLoader over the same images, the same network, loss, optimiser and schedule."""
    net = WideResNet(1, 1).build((1, 8, 8), 10)
    net.initialise(torch.Generator().manual_seed(0))
    loader = DataLoader(TensorDataset(labelled.x, labelled.one_hot), batch_size=32, shuffle=True)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.5, epochs=EPOCHS, steps_per_epoch=len(loader))
    net.train()
    for _ in range(EPOCHS):
        for x, y in loader:
            loss = torch.nn.functional.mse_loss(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
