"""What several nets have in common: the rate of dropout, and that inputs are images."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from bench.errors import DataError

Rate: TypeAlias = Annotated[float, Field(ge=0, lt=1)]
"""The share of units that dropout drops in training; 0 is a network without dropout."""


def no_image(net: str, shape: tuple[int, ...]) -> str | None:
    """That `net` wants images and inputs of `shape` are none, or None."""
    if len(shape) == 3:
        return None
    return f"{net}: wanted images (channels, height, width); got {shape}. Use the net mlp"


def image_channels(net: str, shape: tuple[int, ...]) -> int:
    """The channels of images of `shape` (channels, height, width). Raises DataError for feature vectors."""
    refused = no_image(net, shape)
    if refused is not None:
        raise DataError(refused)
    return shape[0]
