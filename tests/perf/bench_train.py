"""Training speed against the loop that everybody writes: a DataLoader with per-image transforms."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.data import DataLoader, Dataset

from bench.augment import Augment
from bench.data import Data, load_data
from bench.datasets.digits import Digits
from bench.datasets.npz import Npz
from bench.learner import Fit, Labelled
from bench.learners.network import NetworkLearner
from bench.modules.torchvision_import import import_torchvision
from bench.net import Net
from bench.nets.resnet18 import ResNet18
from bench.nets.wide_resnet import WideResNet
from bench.objective import TaskLoss
from bench.recipe import OneCycle, Train
from bench.streams import Streams
from perf.case import Case

CONVOLUTIONS = ("aten::mkldnn_convolution", "aten::convolution_backward", "aten::cudnn_convolution")
RATE = 0.05
"""Low enough that a single epoch does not diverge."""


def cases() -> Iterator[Case]:
    """The demo's network at its largest labelled set, and a narrow ResNet18 at 1 000 images like CIFAR's."""
    yield Setting("train/digits-wrn", WideResNet(1, 1), digits(), labels=100, epochs=20).case()
    yield Setting("train/cifar10-resnet18-w16", ResNet18(width=16), cifar(), labels=1000, epochs=1).case()


@dataclass(frozen=True)
class Setting:
    """One network on the first labels of one dataset, batch 32."""

    name: str
    net: Net
    data: Data
    labels: int
    epochs: int

    def case(self) -> Case:
        """Ours against the plain loop."""
        return Case(self.name, self.ours, self.plain_loop, "DataLoader loop", repeats=5, note=self.note)

    @property
    def labelled(self) -> Labelled:
        return Labelled(self.data.x_pool[: self.labels], self.data.y_pool[: self.labels], self.data.classes)

    def ours(self) -> None:
        """The harness's trainer."""
        learner = NetworkLearner(self.net, Train(epochs=self.epochs, schedule=OneCycle(max_lr=RATE)))
        learner.fit(Fit(self.labelled, None, TaskLoss(), Streams(0), 0, self.data.augment))

    def plain_loop(self) -> None:
        """The same network, loss, optimiser, schedule and augmentation, an image at a time."""
        net = self.net.build(self.data.shape, self.data.classes)
        net.initialise(torch.Generator().manual_seed(0))
        loader = DataLoader(Images(self.labelled, self.data.augment), batch_size=32, shuffle=True)
        optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=0.9, weight_decay=1e-4)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs=self.epochs, steps_per_epoch=len(loader))
        net.train()
        for _ in range(self.epochs):
            for x, y in loader:
                loss = torch.nn.functional.mse_loss(net(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()

    def note(self) -> str:
        """Images per second, and the share of a profile that is not convolution."""
        with profile(activities=[ProfilerActivity.CPU]) as taken:
            self.ours()
        events = taken.key_averages()
        total = sum(event.self_cpu_time_total for event in events)
        convolution = sum(event.self_cpu_time_total for event in events if event.key in CONVOLUTIONS)
        rate = self.labels * self.epochs / (total / 1e6)
        share = 1 - convolution / total
        return f"{self.labels} labels, 1 thread; {rate:.0f} images/s in the profile, {share:.0%} not convolution"


class Images(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Labelled images one by one, transformed as torchvision does it."""

    def __init__(self, labelled: Labelled, augment: Augment) -> None:
        self.x, self.y = labelled.x, labelled.one_hot
        transforms = import_torchvision().transforms
        side = int(labelled.x.shape[-1])
        crop = [transforms.RandomCrop(side, padding=augment.crop)] if augment.crop else []
        self.transform = transforms.Compose(crop + ([transforms.RandomHorizontalFlip()] if augment.flip else []))

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.transform(self.x[i]), self.y[i]


def digits() -> Data:
    """The demo's images."""
    return load_data(Digits(), Path("."), "cpu", "float32")


def cifar() -> Data:
    """Real CIFAR-10 where its arrays are at hand, else noise of the same shape: the speed is the same."""
    augment = Augment(flip=True, crop=4)
    file = Path(os.environ.get("LOOKAHEAD_BENCH_DATA", "nowhere")) / "cifar" / "cifar10_6k.npz"
    if file.is_file():
        return load_data(Npz(str(file), normalise="cifar10", augment=augment), Path("."), "cpu", "float32")
    x, y = torch.randn(1000, 3, 32, 32), torch.arange(1000) % 10
    return Data(x, y, x[:10], y[:10], 10, augment)
