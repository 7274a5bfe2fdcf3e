"""How a network is trained, as a sweep file says it; the trainer itself is bench.train."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from bench.numbers import Count, NonNegative, Positive, Share


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent."""

    name: Literal["sgd"] = "sgd"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    weight_decay: NonNegative = 1e-4
    nesterov: bool = False

    def __post_init__(self) -> None:
        if self.nesterov and self.momentum == 0:
            raise ValueError("nesterov: wanted momentum > 0 with it; got momentum 0")


@dataclass(frozen=True)
class OneCycle:
    """Learning rate up to max_lr and down again over the whole training, stepped per batch (Smith and Topin, 2018).

    `cycle_momentum` lets momentum run the other way, between 0.85 and 0.95, as torch's default does.
    """

    name: Literal["onecycle"] = "onecycle"
    max_lr: Positive = 0.5
    warm_up: Share = 0.3
    cycle_momentum: bool = True


@dataclass(frozen=True)
class Constant:
    """One learning rate throughout."""

    name: Literal["constant"]
    lr: Positive

    @property
    def max_lr(self) -> float:
        return self.lr


@dataclass(frozen=True)
class Train:
    """A training recipe, the same for every arm of a comparison.

    `epochs` is fixed, or the maximum where `tolerance` ends training as soon as the residual on the labelled set (root
    mean square of target − output, in eval mode) is at most that. `start`: warm goes on from the weights of the cycle
    before, cold draws new ones. A last batch of a single sample joins the one before it, since BatchNorm cannot train
    on one.

    For GPUs, and in training alone: `channels_last` lays images out as their kernels want them, `autocast` computes the
    forward pass in a smaller float, `compile` compiles it anew in every cycle, which takes longer than small networks
    need to train. Each changes results by rounding, so each makes another cell.
    """

    loss: Literal["squared", "cross_entropy"] = "squared"
    epochs: Count = 60
    tolerance: Positive | None = None
    batch_size: Annotated[int, Field(ge=2)] = 32
    start: Literal["warm", "cold"] = "warm"
    optimizer: SGD = field(default_factory=SGD)
    schedule: OneCycle | Constant = field(default_factory=OneCycle)
    channels_last: bool = False
    autocast: Literal["none", "bfloat16"] = "none"
    compile: bool = False

    def refusal(self, device: str, precision: str) -> str | None:
        """Why nothing can be trained so on a kind of device (cpu, cuda) in a precision, or None."""
        if self.autocast == "none":
            return None
        if device == "cpu":
            return "wanted a GPU for bfloat16; got cpu. Set launch.device: cuda, or autocast: none"
        if precision != "float32":
            return f"wanted precision: float32 for bfloat16; got {precision}, which autocast would leave as it is"
        return None
