"""A user's own arrays."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from bench.data import Arrays, Dataset, datasets
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
    plus one. A relative `path` is taken from the folder in which the command runs, then from the data folder.
    """

    path: str = field(metadata=NO_RESULT)
    classes: Annotated[int, Field(ge=2)] | None = None

    def checksum(self, root: Path) -> str:
        try:
            return sha256(self._file(root))
        except OSError as error:
            raise DataError(f"npz: wanted a readable file; {error}") from error

    def load(self, root: Path) -> Arrays:
        found = self._read(root)
        kinds = {key: found[key].dtype for key in ("x_train", "x_test")}
        if len({kind == "uint8" for kind in kinds.values()}) > 1:
            raise DataError(
                f"x_train and x_test: wanted bytes in both or in neither, since only bytes are scaled to [0, 1]; "
                f"got {' and '.join(str(kind) for kind in kinds.values())}"
            )
        classes = self.classes if self.classes is not None else _largest(found) + 1
        x_train, x_test = (_inputs(key, found[key]) for key in ("x_train", "x_test"))
        return Arrays(x_train, found["y_train"], x_test, found["y_test"], classes)

    def _read(self, root: Path) -> dict[str, np.ndarray]:
        import numpy as np

        file = self._file(root)
        if not zipfile.is_zipfile(file):
            raise DataError(f"{file}: wanted a .npz file as numpy.savez writes it; this one is no zip archive")
        with np.load(file, allow_pickle=False) as archive:
            missing = [key for key in KEYS if key not in archive.files]
            if missing:
                raise DataError(
                    f"{file}: wanted the arrays {', '.join(KEYS)}; {', '.join(missing)} missing, "
                    f"got {', '.join(archive.files) or 'none'}"
                )
            return {key: _array(f"{file}: {key}", archive, key) for key in KEYS}

    def _file(self, root: Path) -> Path:
        tried = list(dict.fromkeys([Path(self.path).expanduser(), root / self.path]))
        for file in tried:
            if file.is_file():
                return file
        raise DataError(f"npz: no file {self.path!r}; looked for {' and '.join(str(file) for file in tried)}")


def _array(where: str, archive: Mapping[str, np.ndarray], key: str) -> np.ndarray:
    import numpy as np

    try:
        found = archive[key]
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{where}: wanted an array of numbers, unpickled and undamaged; {error}") from error
    if not isinstance(found, np.ndarray):
        raise DataError(f"{where}: wanted an array as numpy.savez writes it; got {type(found).__name__}")
    return found


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
