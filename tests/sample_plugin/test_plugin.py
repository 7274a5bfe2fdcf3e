"""What a third party puts into its own tests."""

from __future__ import annotations

from sample_plugin.dataset import Rings
from sample_plugin.net import Linear
from sample_plugin.strategy import Farthest

from bench.contract import check_dataset, check_net, check_strategy


def test_strategy() -> None:
    check_strategy(Farthest())
    check_strategy(Farthest(sign=-1))


def test_dataset() -> None:
    check_dataset(Rings())


def test_net() -> None:
    check_net(Linear())
