"""Arrays of .npy and .npz files: read without ever unpickling, and checked to hold numbers."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.errors import DataError

if TYPE_CHECKING:
    import numpy as np

FEATURES = "features_train"
"""What the features of the pool are called inside a .npz file."""

DAMAGE = (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error)
WANTED = "wanted an array of numbers, unpickled and undamaged"


def read_npz(file: Path, wanted: Sequence[str], optional: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """The arrays of a .npz file by name, those of `optional` where they are there. Raises DataError."""
    import numpy as np

    if not zipfile.is_zipfile(file):
        raise DataError(f"{file}: wanted a .npz file as numpy.savez writes it; this one is no zip archive")
    with np.load(file, allow_pickle=False) as archive:
        missing = [key for key in wanted if key not in archive.files]
        if missing:
            raise DataError(
                f"{file}: wanted the arrays {', '.join(wanted)}; {', '.join(missing)} missing, "
                f"got {', '.join(archive.files) or 'none'}"
            )
        there = [*wanted, *(key for key in optional if key in archive.files)]
        return {key: _member(f"{file}: {key}", archive, key) for key in there}


def read_features(file: Path) -> np.ndarray:
    """The features (n, e) that a .npy file holds, or a .npz file as features_train. Raises DataError."""
    import numpy as np

    if zipfile.is_zipfile(file):
        return read_npz(file, [FEATURES])[FEATURES]
    try:
        with file.open("rb") as opened:
            return np.lib.format.read_array(opened, allow_pickle=False)
    except DAMAGE as error:
        raise DataError(f"{file}: {WANTED}, as numpy.save or numpy.savez writes it; {error}") from error


def check_features(features: np.ndarray, samples: int) -> None:
    """Raise DataError unless there is a vector of finite numbers for each sample of the pool."""
    if features.ndim != 2 or len(features) != samples or features.shape[1] == 0:
        raise DataError(
            f"{FEATURES}: wanted a vector for each of the {samples} samples of x_train, ({samples}, e), in their order "
            f"and before any limit; got shape {features.shape}"
        )
    check_numbers(FEATURES, features)


def check_numbers(name: str, x: np.ndarray) -> None:
    """Raise DataError for an array (n, …) of anything but finite numbers."""
    import numpy as np

    if x.dtype.kind not in "fiu":
        raise DataError(f"{name}: wanted numbers; got dtype {x.dtype}")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        row = int(np.flatnonzero(~np.isfinite(x.reshape(len(x), -1)).all(axis=1))[0])
        raise DataError(f"{name}: wanted finite numbers; sample {row} holds NaN or Inf. Impute or drop it first")


def _member(where: str, archive: Mapping[str, np.ndarray], key: str) -> np.ndarray:
    import numpy as np

    try:
        found = archive[key]
    except DAMAGE as error:
        raise DataError(f"{where}: {WANTED}; {error}") from error
    if not isinstance(found, np.ndarray):
        raise DataError(f"{where}: wanted an array as numpy.savez writes it; got {type(found).__name__}")
    return found
