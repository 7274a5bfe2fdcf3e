"""What is done to inputs at load, and to batches in training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench.augment import Augment, augmented
from bench.data import load_data
from bench.datasets.breast_cancer import BreastCancer
from bench.datasets.digits import Digits
from bench.errors import DataError
from bench.images import averaged, normalised


def images(n: int = 6, side: int = 8) -> torch.Tensor:
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0))


def test_a_pixel_is_the_mean_of_those_it_covers() -> None:
    x = images()
    blocks = x.reshape(6, 3, 4, 2, 4, 2).mean(dim=(3, 5))
    torch.testing.assert_close(averaged(x, 4), blocks)


def test_images_are_not_made_larger() -> None:
    with pytest.raises(DataError, match="size: wanted at most the images' own 8 pixels; got 9"):
        averaged(images(), 9)


def test_feature_vectors_have_no_size() -> None:
    with pytest.raises(DataError, match="size: wanted images"):
        averaged(torch.zeros(3, 5), 2)


def test_the_constants_of_cifar10_are_for_three_channels() -> None:
    pool, _ = normalised("cifar10", images(), images())
    torch.testing.assert_close(pool[:, 1], (images()[:, 1] - 0.4822) / 0.2435)
    with pytest.raises(DataError, match="cifar10 is for images of 3 channels"):
        normalised("cifar10", torch.zeros(2, 1, 4, 4), torch.zeros(2, 1, 4, 4))


@pytest.mark.parametrize("augment", [Augment(flip=True), Augment(crop=1)])
def test_vectors_are_neither_flipped_nor_cropped(augment: Augment) -> None:
    with pytest.raises(DataError, match=r"augment: wanted images to flip or crop; got inputs of shape \(30,\)"):
        load_data(BreastCancer(augment=augment), Path("."), "cpu", "float32")


def test_a_dataset_takes_limit_size_and_augmentation() -> None:
    data = load_data(Digits(limit=100, size=4, augment=Augment(crop=1)), Path("."), "cpu", "float32")
    assert data.shape == (1, 4, 4)
    assert torch.bincount(data.y_pool).tolist() == [10] * 10
    assert data.augment.crop == 1
    assert len(data.y_test) == 500


def test_every_crop_is_a_window_of_the_padded_image() -> None:
    x, seen = images(2000, 4), set()
    padded = torch.nn.functional.pad(x, (1, 1, 1, 1))
    windows = padded.unfold(2, 4, 1).unfold(3, 4, 1)  # (b, c, 3, 3, 4, 4)
    out = augmented(x, Augment(crop=1), torch.Generator().manual_seed(0))
    same = (windows == out[:, :, None, None]).flatten(4).all(4).all(1)  # (b, 3, 3)
    assert same.flatten(1).any(1).all()
    seen = same.float().mean(0)  # each of the nine windows about equally often
    assert ((seen - 1 / 9).abs() < 0.03).all()


def test_a_flip_is_left_to_right_for_about_half_of_a_batch() -> None:
    x = images(1000, 4)
    out = augmented(x, Augment(flip=True), torch.Generator().manual_seed(0))
    flipped = (out == x.flip(3)).flatten(1).all(1)
    assert ((out == x).flatten(1).all(1) | flipped).all()
    assert 430 < int(flipped.sum()) < 570


def test_the_generator_decides() -> None:
    x, both = images(50), Augment(flip=True, crop=2)
    first, again, other = (augmented(x, both, torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_without_augmentation_nothing_changes() -> None:
    x = images()
    assert augmented(x, Augment(), torch.Generator()) is x
