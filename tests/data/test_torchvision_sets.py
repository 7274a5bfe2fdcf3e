"""The sets of torchvision: real MNIST where its files are, and what is said where files are missing or wrong."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from support import needed

from bench.augment import Augment
from bench.data import datasets, load_data
from bench.datasets.npz import Npz
from bench.datasets.torchvision_sets import Cifar10, Cifar100, FashionMnist, Mnist, Svhn, TorchvisionSet
from bench.errors import DataError, NoData

ROOT = Path(__file__).parents[2]
SETS: list[TorchvisionSet] = [Mnist(), FashionMnist(), Svhn(), Cifar10(), Cifar100()]


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of the test's own that leads to the real data, so that nothing is unpacked into that."""
    found = Path(os.environ.get("LOOKAHEAD_BENCH_DATA", "nowhere"))
    if not (found / "MNIST" / "raw").is_dir():
        needed("data", "no real images: LOOKAHEAD_BENCH_DATA names no folder that holds MNIST/raw")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data/MNIST/raw").mkdir(parents=True)
    for name in Mnist.files:
        (tmp_path / "data/MNIST/raw" / name).symlink_to(found / "MNIST/raw" / name)
    (tmp_path / "data/cifar").symlink_to(found / "cifar")
    return tmp_path / "data"


def test_mnist_is_read_from_its_official_files(root: Path) -> None:
    arrays = Mnist().load(root)
    assert (arrays.x_train.shape, arrays.x_test.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert np.bincount(arrays.y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert arrays.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert (arrays.x_train.min(), arrays.x_train.max()) == (0, 1)
    assert float(arrays.x_train.mean()) == pytest.approx(0.1307, abs=1e-4)  # the constant that everybody normalises by


def test_mnist_is_averaged_and_limited_at_load(root: Path) -> None:
    data = load_data(Mnist(size=14, limit=200), root, "cpu", "float32")
    assert data.shape == (1, 14, 14)
    assert torch.bincount(data.y_pool).tolist() == [20] * 10


def test_packed_files_of_a_folder_that_cannot_be_written_are_unpacked_into_the_cache(
    root: Path, tmp_path: Path
) -> None:
    (root / "MNIST/raw").chmod(0o555)
    Mnist().load(root)
    (root / "MNIST/raw").chmod(0o755)
    unpacked = sorted(file.name for file in (tmp_path / "cache").rglob("*-ubyte"))
    assert unpacked == sorted(name.removesuffix(".gz") for name in Mnist.files)
    assert not list(root.rglob("*-ubyte"))


def test_packed_files_are_unpacked_beside_themselves_otherwise(root: Path, tmp_path: Path) -> None:
    Mnist().load(root)
    assert len(list(root.rglob("*-ubyte"))) == 4
    assert not (tmp_path / "cache").exists()


def test_a_file_that_is_not_the_official_one_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "MNIST/raw"
    folder.mkdir(parents=True)
    for name in Mnist.files:
        (folder / name).write_bytes(b"something else")
    with pytest.raises(DataError, match="wanted the official file with MD5 f68b3c2dcbeaaa9fbdd348bbdeb94873; got"):
        Mnist().load(tmp_path)


def test_an_unpacked_file_that_is_not_the_official_one_is_refused(root: Path) -> None:
    """Its checksum would be that of the official files."""
    Mnist().load(root)
    labels = root / "MNIST/raw/t10k-labels-idx1-ubyte"
    content = labels.read_bytes()
    labels.write_bytes(content[:-1] + bytes([(content[-1] + 1) % 10]))
    for name in Mnist.files:
        with pytest.raises(
            DataError, match=r"t10k-labels-idx1-ubyte: wanted what the official file holds, with MD5 27"
        ):
            Mnist().load(root)
        (root / "MNIST/raw" / name).unlink()  # with and without the packed files
    labels.write_bytes(content)
    assert Mnist().load(root).y_test[:5].tolist() == [7, 2, 1, 0, 4]


def test_an_unpacked_file_whose_hash_nobody_wrote_down_is_held_against_the_packed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = {name: gzip.compress(idx(name), mtime=0) for name in FashionMnist.files}
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in packed.items()}
    monkeypatch.setattr(FashionMnist, "files", md5)
    folder = tmp_path / FashionMnist.folder
    folder.mkdir(parents=True)
    for name, content in packed.items():
        (folder / name).write_bytes(content)
    assert FashionMnist().load(tmp_path).y_test.tolist() == [0, 1]
    labels = folder / "t10k-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + bytes([5]))
    with pytest.raises(DataError, match="wanted what the official file holds"):
        FashionMnist().load(tmp_path)
    for name in packed:
        (folder / name).unlink()
    assert FashionMnist().load(tmp_path).y_test.tolist() == [0, 5], "nothing is there to hold it against"


def idx(name: str) -> bytes:
    """Two images of 28×28, or their labels, in the format of MNIST."""
    if "labels" in name:
        return struct.pack(">II", 0x801, 2) + bytes([0, 1])
    return struct.pack(">IIII", 0x803, 2, 28, 28) + bytes(2 * 28 * 28)


def test_what_an_old_torchvision_left_is_not_read_in_place_of_the_official_files(root: Path) -> None:
    (root / "MNIST/processed").mkdir()
    for name in ("training.pt", "test.pt"):
        torch.save((torch.zeros(2, 28, 28, dtype=torch.uint8), torch.zeros(2)), root / "MNIST/processed" / name)
    with pytest.raises(DataError, match=r"processed: wanted no training\.pt and test\.pt beside the official files"):
        Mnist().load(root)


@pytest.mark.parametrize("dataset", [Svhn(), Cifar10()], ids=lambda dataset: type(dataset).__name__)
def test_files_that_are_there_but_wrong_are_not_called_missing(dataset: TorchvisionSet, tmp_path: Path) -> None:
    (tmp_path / dataset.folder).mkdir()
    for name in dataset.files:
        (tmp_path / dataset.folder / name).write_bytes(b"something else")
    with pytest.raises(DataError) as caught:
        dataset.load(tmp_path)
    assert not isinstance(caught.value, NoData)


@pytest.mark.parametrize("dataset", SETS, ids=lambda dataset: type(dataset).__name__)
def test_missing_files_are_named_with_where_they_belong_and_come_from(dataset: TorchvisionSet, tmp_path: Path) -> None:
    with pytest.raises(NoData) as caught:
        dataset.load(tmp_path)
    said = str(caught.value)
    assert said.startswith(f"{datasets.name_of(type(dataset))}: wanted the files {next(iter(dataset.files))}")
    assert str(tmp_path / dataset.folder) in said
    assert f"Get them from {dataset.source}, or set download: true" in said


@pytest.mark.parametrize("dataset", SETS, ids=lambda dataset: type(dataset).__name__)
def test_who_set_download_is_not_told_to_set_it(dataset: TorchvisionSet, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NoData) as caught:
        type(dataset)(download=True).load(tmp_path / "file")
    assert str(caught.value).endswith(f"Get them from {dataset.source}, or start again with a network")


FETCHING = """
import sys, time
from pathlib import Path

import numpy as np

from bench.datasets.torchvision_sets import Svhn

def part(self, root, train):
    "As torchvision does it, with a slow network and a file that is there before it is whole."
    for name in self.files:
        file = root / self.folder / name
        if not (file.exists() and file.read_text() == "whole"):
            with (root / "fetched").open("a") as log:
                log.write(f"{name}\\n")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("half")
            time.sleep(0.5)
            assert file.read_text() == "half", "somebody else fetched it too"
            file.write_text("whole")
    return np.zeros((2, 3, 32, 32), np.uint8), np.zeros(2)

Svhn.part = part
print(len(Svhn(download=True).load(Path(sys.argv[1])).y_train))
"""


def test_several_processes_fetch_files_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FETCHING, str(tmp_path)]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0] for process in running] == ["2\n"] * 3
    assert (tmp_path / "fetched").read_text().split() == list(Svhn.files)


@pytest.mark.parametrize("dataset", SETS, ids=lambda dataset: type(dataset).__name__)
def test_what_is_missing_is_told_without_loading(dataset: TorchvisionSet, tmp_path: Path) -> None:
    first, *others = dataset.files
    (tmp_path / dataset.folder).mkdir(parents=True)
    for name in others:
        (tmp_path / dataset.folder / name.removesuffix(".gz")).touch()
    said = str(dataset.absent(tmp_path))
    assert f"got: no {first}. Get them from {dataset.source}" in said
    assert said.startswith(f"{datasets.name_of(type(dataset))}: wanted the files {first}")
    assert type(dataset)(download=True).absent(tmp_path) is None
    (tmp_path / dataset.folder / first).touch()
    assert dataset.absent(tmp_path) is None


@pytest.mark.parametrize("dataset", SETS, ids=lambda dataset: type(dataset).__name__)
def test_the_checksum_needs_no_files_and_does_not_depend_on_downloading(dataset: TorchvisionSet) -> None:
    nowhere = Path("/nowhere")
    assert dataset.checksum(nowhere) == type(dataset)(download=True).checksum(nowhere)


def test_no_two_sets_have_one_checksum() -> None:
    assert len({dataset.checksum(Path("/nowhere")) for dataset in SETS}) == 5


def test_only_sets_on_which_a_flip_keeps_the_label_are_flipped() -> None:
    assert {type(dataset).__name__ for dataset in SETS if dataset.augment.flip} == {"Cifar10", "Cifar100"}


def test_cifar_arrays_are_taken_as_npz_with_the_augmentation_of_cifar(root: Path) -> None:
    file = root / "cifar" / "cifar10_6k.npz"
    if not file.is_file():
        needed("data", f"no {file}")
    dataset = Npz(str(file), normalise="cifar10", augment=Augment(flip=True, crop=4))
    data = load_data(dataset, root, "cpu", "float32")
    assert data.x_pool.shape == (6000, 3, 32, 32)
    assert torch.bincount(data.y_pool).tolist() == [600] * 10
    assert float(data.x_pool.mean()) == pytest.approx(0, abs=0.05)
    assert float(data.x_pool.std()) == pytest.approx(1, abs=0.05)
