"""Augmentation of a batch on its device: horizontal flips and padded crops, without a loop over samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.errors import DataError
from bench.numbers import Natural

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Augment:
    """What training does to images: a horizontal flip with probability ½ (only where it keeps the label: not on
    digits), and a crop of the original size at a random place after padding by `crop` pixels of 0: that is
    the mean after `normalise: standard`, and black where nothing is normalised."""

    flip: bool = False
    crop: Natural = 0


UNCHANGED = Augment()


def check_augment(augment: Augment, shape: tuple[int, ...]) -> None:
    """Raise DataError where inputs of `shape` are no images, and yet to be flipped or cropped."""
    if len(shape) != 3 and augment != UNCHANGED:
        raise DataError(f"augment: wanted images to flip or crop; got inputs of shape {shape}. Leave it out")


def augmented(x: torch.Tensor, augment: Augment, generator: torch.Generator) -> torch.Tensor:
    """A batch of images (b, c, h, w) flipped and cropped at random; draws come from a CPU generator."""
    if augment.flip:
        x = _flipped(x, generator)
    return _cropped(x, augment.crop, generator) if augment.crop > 0 else x


def _flipped(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    import torch

    chosen = torch.rand(len(x), generator=generator) < 0.5  # (b,)
    return torch.where(chosen.to(x.device)[:, None, None, None], x.flip(3), x)


def _cropped(x: torch.Tensor, padding: int, generator: torch.Generator) -> torch.Tensor:
    import torch

    b, c, h, w = x.shape
    padded = torch.nn.functional.pad(x, (padding,) * 4)  # (b, c, h + 2p, w + 2p)
    offsets = torch.randint(2 * padding + 1, (2, b), generator=generator).to(x.device)  # (2, b)
    rows = offsets[0, :, None] + torch.arange(h, device=x.device)  # (b, h)
    columns = offsets[1, :, None] + torch.arange(w, device=x.device)  # (b, w)
    sample, channel = torch.arange(b, device=x.device), torch.arange(c, device=x.device)
    places = (sample[:, None, None, None], channel[:, None, None], rows[:, None, :, None], columns[:, None, None, :])
    return padded[places]
