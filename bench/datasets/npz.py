"""A user's own arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bench.arrays import FEATURES, read_npz
from bench.data import Arrays, Dataset, data_file, datasets
from bench.errors import DataError
from bench.files import sha256
from bench.registry import NO_RESULT

if TYPE_CHECKING:
    import numpy as np

KEYS = ("x_train", "y_train", "x_test", "y_test")


@datasets.register("npz")
@dataclass(frozen=True)
class Npz(Dataset):
    """Arrays x_train, y_train, x_test, y_test of a .npz file: feature vectors (n, d) or images.

    Images are (n, height, width), (n, height, width, channels) or (n, channels, height, width) with 1 or 3 channels;
    bytes are scaled to [0, 1]. Labels are integers from 0; `classes` is their number, by default the largest label
    plus one. A relative `path` is taken from the folder in which the command runs, then from the data folder. An array
    features_train (n, e) is optional: features of the pool, as `features` of any dataset names them.
    """

    path: str = field(metadata=NO_RESULT)
    classes: Annotated[int, Field(ge=2)] | None = None

    @property
    def short_name(self) -> str:
        return Path(self.path).stem

    @property
    def long_name(self) -> str:
        return self.path

    def checksum(self, root: Path) -> str:
        try:
            return sha256(self._file(root))
        except OSError as error:
            raise DataError(f"npz: wanted a readable file; {error}") from error

    def load(self, root: Path) -> Arrays:
        found = read_npz(self._file(root), KEYS, optional=[FEATURES])
        kinds = {key: found[key].dtype for key in ("x_train", "x_test")}
        if len({kind == "uint8" for kind in kinds.values()}) > 1:
            raise DataError(
                f"x_train and x_test: wanted bytes in both or in neither, since only bytes are scaled to [0, 1]; "
                f"got {' and '.join(str(kind) for kind in kinds.values())}"
            )
        classes = self.classes if self.classes is not None else _largest(found) + 1
        x_train, x_test = (_inputs(key, found[key]) for key in ("x_train", "x_test"))
        return Arrays(x_train, found["y_train"], x_test, found["y_test"], classes, found.get(FEATURES))

    def _file(self, root: Path) -> Path:
        return data_file("npz", self.path, root)


def _largest(found: dict[str, np.ndarray]) -> int:
    labels = [found[key] for key in ("y_train", "y_test")]
    return max((int(y.max()) for y in labels if y.size and y.dtype.kind in "iu"), default=1)


def _inputs(key: str, x: np.ndarray) -> np.ndarray:
    import numpy as np

    if x.dtype == np.uint8:
        x = x.astype(np.float32) / 255
    if x.ndim == 3:
        return x[:, None]
    if x.ndim == 4 and x.shape[1] not in (1, 3) and x.shape[3] in (1, 3):
        return x.transpose(0, 3, 1, 2)
    if x.ndim == 4 and x.shape[1] not in (1, 3):
        raise DataError(f"{key}: wanted images with 1 or 3 channels, first or last; got shape {x.shape}")
    return x
