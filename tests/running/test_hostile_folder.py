"""Nothing that comes in a stranger's results folder is ever run: pickles wait where anybody could come to load them."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hostile_folder import cell_of, copy, make, readers, results_of, run, run_here, sweep_arguments, vouch

from bench.record import read_failure

pytestmark = pytest.mark.slow
COMMANDS = tuple(readers(Path()))
STATUS = {
    "verify": 1,  # these two run cells whose weights are hostile, which fail
    "retry": 1,
    "merge": 2,  # this one refuses the arrays
}


class Payload:
    """An object whose pickle makes a folder when it is loaded, as it could do anything else."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.marker),)


def numpy_pickle(payload: Payload) -> np.ndarray:
    """An array of objects, which numpy keeps as a pickle."""
    array = np.empty(1, dtype=object)
    array[0] = payload
    return array


def saved(payload: Payload, zipped: bool) -> bytes:
    """As torch saves an object: a zip archive with a pickle in it, or pickles alone."""
    file = io.BytesIO()
    torch.save(payload, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def set_traps(folder: Path, payload: Payload) -> None:
    """Put the payload everywhere, with the hashes that make it look as if it belonged there."""
    results, loaded = results_of(folder), pickle.dumps(payload)
    for arm in ("random", "margin"):
        cell = cell_of(folder, arm)
        for name in ("arrays/000.npz", "arrays/002.npz"):
            np.savez(cell / name, test_labels=numpy_pickle(payload), predicted=numpy_pickle(payload))
            vouch(cell, name)
        with zipfile.ZipFile(cell / "arrays/001.npz", "w") as archive:
            archive.writestr("predicted.npy", loaded)
        vouch(cell, "arrays/001.npz")
        np.save(cell / "arrays/003.npy", numpy_pickle(payload), allow_pickle=True)
    for arm, weights in (("margin", saved(payload, zipped=True)), ("entropy", saved(payload, zipped=False))):
        cell = cell_of(folder, arm, seed=1)
        (cell / "weights/001.pt").write_bytes(weights)
        vouch(cell, "weights/001.pt")
    (cell_of(folder, "random", seed=1) / "weights/002.pt").write_bytes(loaded)
    for name in ("1_0_submitted.pkl", "1_0_result.pkl", "1_submitted.pkl", "status.json"):
        plant(results / "launches/20200101-000000-abcdef/slot0" / name, loaded)
    for name in ("rows.parquet", "stats.json", "figures/index.json", "figures/index.pkl", "tracking/pushed.jsonl"):
        plant(results / name, loaded)
    source = f"import os; os.mkdir({str(payload.marker)!r})\n".encode()
    for name in ("conftest.py", "sitecustomize.py", "__init__.py", "plugins.py", "tracking/wandb/settings"):
        plant(results / name, source)


def plant(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.fixture(scope="module")
def believable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("hostile") / "believable")


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "the payload has run"


@pytest.fixture
def trapped(believable: Path, tmp_path: Path, marker: Path) -> Path:
    folder = copy(believable, tmp_path / "trapped")
    set_traps(folder, Payload(marker))
    return folder


def test_the_payload_runs_where_it_is_loaded(marker: Path, tmp_path: Path) -> None:
    """Or else the other tests prove nothing."""
    for loaded in (pickle.dumps(Payload(marker)), saved(Payload(marker), zipped=False)):
        pickle.load(io.BytesIO(loaded)) if loaded[:2] == b"\x80\x04" else torch.load(
            io.BytesIO(loaded), weights_only=False
        )
        marker.rmdir()
    np.save(tmp_path / "array.npy", numpy_pickle(Payload(marker)), allow_pickle=True)
    np.load(tmp_path / "array.npy", allow_pickle=True)
    assert marker.is_dir()


@pytest.mark.parametrize("name", COMMANDS)
def test_no_pickle_is_loaded_by(trapped: Path, marker: Path, name: str) -> None:
    ended = run(readers(trapped)[name], trapped)
    assert not marker.exists()
    assert "Traceback" not in ended.stderr
    assert ended.returncode == STATUS.get(name, 0), ended.stderr


def test_an_archive_of_them_is_refused(trapped: Path, marker: Path) -> None:
    assert run(readers(trapped)["pack"], trapped).returncode == 0
    took_in = ["bench.archive", "import", str(trapped / "packed.tar.xz"), "--results", str(trapped / "mine")]
    ended = run(took_in, trapped)
    assert ended.returncode == 2
    assert "wanted arrays" in ended.stderr
    assert not marker.exists()
    assert not list((trapped / "mine").rglob("*.npz"))


def test_a_cell_does_not_go_on_from_weights_that_are_no_numbers(trapped: Path, marker: Path) -> None:
    """The weights are what its rows vouch for, so they are no damage that a new run would make good unasked."""
    run(["bench.sweep", *sweep_arguments(trapped, "--retry-failed")], trapped)
    for arm in ("margin", "entropy"):
        failure = read_failure(cell_of(trapped, arm, seed=1))
        assert failure is not None
        assert (failure["kind"], failure["cycle"]) == ("exception", 2)
        assert "weights" in failure["message"].lower()
    assert not marker.exists()


SWEEP_FILES = {
    "a call": "name: !!python/object/apply:os.mkdir ['{marker}']\n",
    "an object": "name: !!python/object/new:os.system ['mkdir \"{marker}\"']\n",
    "a module": "name: !!python/module:antigravity\n",
    "a call as a key": "? !!python/object/apply:os.mkdir ['{marker}']\n: name\n",
    "a merged call": "<<: !!python/object/apply:os.mkdir ['{marker}']\nname: tiny\n",
}


@pytest.mark.parametrize("text", SWEEP_FILES.values(), ids=SWEEP_FILES)
def test_a_sweep_file_runs_nothing_that_it_names_by(tmp_path: Path, marker: Path, text: str) -> None:
    (tmp_path / "tiny.yaml").write_text(text.format(marker=marker))
    assert run_here(["bench.sweep", str(tmp_path / "tiny.yaml"), "--dry-run"]) == 2
    assert not marker.exists()
