"""What is done to inputs once, when they are loaded: averaging to fewer pixels, scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.errors import DataError

if TYPE_CHECKING:
    import torch

CIFAR10_MEAN, CIFAR10_DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def averaged(x: torch.Tensor, size: int) -> torch.Tensor:
    """Images (n, c, h, w) as (n, c, size, size), each pixel the mean of those that it covers.

    Raises DataError for feature vectors, and for images with fewer pixels than that.
    """
    import torch

    check_size(size, tuple(x.shape[1:]))
    return torch.cat([torch.nn.functional.adaptive_avg_pool2d(part, size) for part in x.split(4096)])


def check_size(size: int | None, shape: tuple[int, ...]) -> None:
    """Raise DataError where inputs of `shape` cannot be averaged to `size`; None leaves them as they are."""
    if size is None:
        return
    if len(shape) != 3:
        raise DataError(f"size: wanted images; got inputs of shape {shape}. Leave size out")
    if min(shape[1:]) < size:
        raise DataError(f"size: wanted at most the images' own {min(shape[1:])} pixels; got {size}")


def check_normalisation(kind: str, shape: tuple[int, ...]) -> None:
    """Raise DataError where inputs of `shape` cannot be normalised so; `kind` is data.Normalisation."""
    if kind == "cifar10" and (len(shape) != 3 or shape[0] != 3):
        raise DataError(
            f"normalise: cifar10 is for images of 3 channels; got inputs of shape {shape}. Write standard or none"
        )


def normalised(kind: str, x_pool: torch.Tensor, x_test: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pool and test inputs (n, …) minus a mean, divided by a deviation; `kind` is data.Normalisation."""
    if kind == "none":
        return x_pool, x_test
    mean, deviation = _constants(x_pool) if kind == "cifar10" else _statistics(x_pool)
    return (x_pool - mean) / deviation, (x_test - mean) / deviation


def _statistics(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    over = (0, 2, 3) if x.ndim == 4 else (0,)
    mean = x.mean(over, keepdim=True)
    deviation = x.std(over, keepdim=True, correction=0)
    return mean, deviation.where(deviation > 0, 1.0)  # a constant feature stays constant instead of becoming NaN


def _constants(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    check_normalisation("cifar10", tuple(x.shape[1:]))
    return (x.new_tensor(CIFAR10_MEAN)[:, None, None], x.new_tensor(CIFAR10_DEVIATION)[:, None, None])
