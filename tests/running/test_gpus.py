"""Which GPU each slot gets, and that its worker is told so."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from bench.errors import ConfigError
from bench.launching import gpus as gpus_module
from bench.launching.crew import Order
from bench.launching.folder import LaunchFolder, Slot
from bench.launching.gpus import places
from bench.launching.local import LocalCrew
from bench.launching.options import Launch
from bench.process import me

UUID = "GPU-5a1c3a80-1f8c-2d5e-8f3e-0123456789ab"
MIG = "MIG-7d9f3b2a-8c1e-5f4d-9a0b-ba9876543210"
OLD_MIG = "MIG-GPU-5a1c3a80-1f8c-2d5e-8f3e-0123456789ab/7/0"


@pytest.fixture(autouse=True)
def no_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose driver is not installed."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def two_gpus(tmp_path: Path) -> None:
    """What the driver's command prints on a machine with two."""
    script = tmp_path / "nvidia-smi"
    script.write_text(
        '#!/bin/sh\n[ "$1" = --query-gpu=index ] && [ "$2" = --format=csv,noheader ] && echo 0 && echo 1\n'
    )
    script.chmod(0o755)


def gpus(devices: list[int | str] | None = None, slots: int | None = None, per_device: int = 1) -> list[str | None]:
    return places(Launch(device="cuda", devices=devices, slots=slots, per_device=per_device))


def crew(tmp_path: Path, launch: Launch, cells: int = 9) -> LocalCrew:
    """The workers of a launch, none of which is started."""
    folder = LaunchFolder(tmp_path / "launches" / "this")
    return LocalCrew(Order(launch, tmp_path, tmp_path, folder, dict.fromkeys(map(str, range(cells)))))  # type: ignore[arg-type]


def told(made: LocalCrew, number: int) -> dict[str, str]:
    """The variables that a worker in a slot finds, set by /bin/sh as when it is started."""
    lines = [*made._setup(Slot(number, Path())), "/usr/bin/env -0"]
    printed = subprocess.run(["/bin/sh", "-c", " && ".join(lines)], env={}, capture_output=True, text=True, check=True)
    return dict(entry.split("=", 1) for entry in printed.stdout.split("\0") if entry)


@pytest.mark.parametrize("devices", [[0], [3, 1], ["3", "1"], [UUID], [UUID, MIG], [OLD_MIG], [0, UUID]])
def test_each_gpu_that_is_named_gets_a_worker(devices: list[int | str]) -> None:
    assert gpus(devices) == [str(device) for device in devices]


def test_without_names_all_gpus_of_the_driver_get_one(two_gpus: None) -> None:
    assert gpus() == ["0", "1"]


@pytest.mark.parametrize(
    ("given", "seen"),
    [("1", ["1"]), ("4,2", ["4", "2"]), ("4, 2 ", ["4", "2"]), (UUID, [UUID]), ("3,-1,2", ["3"]), (MIG, [MIG])],
)
def test_only_gpus_that_this_process_may_use_are_used(
    two_gpus: None, monkeypatch: pytest.MonkeyPatch, given: str, seen: list[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert gpus() == seen


@pytest.mark.parametrize("given", ["", "-1", " "])
def test_gpus_that_were_hidden_stay_hidden(two_gpus: None, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    with pytest.raises(ConfigError, match="none can be seen"):
        gpus()


def test_without_a_gpu_the_error_says_what_to_write() -> None:
    with pytest.raises(ConfigError, match="device: wanted a GPU for device: cuda; none can be seen"):
        gpus()


def test_a_driver_that_fails_shows_no_gpu(tmp_path: Path) -> None:
    (tmp_path / "nvidia-smi").write_text("#!/bin/sh\necho 'Failed to initialize NVML'; exit 9\n")
    (tmp_path / "nvidia-smi").chmod(0o755)
    with pytest.raises(ConfigError, match="none can be seen"):
        gpus()


def test_workers_that_share_gpus_are_dealt_out_in_turn() -> None:
    assert gpus([0, 1], per_device=3) == ["0", "1", "0", "1", "0", "1"]


@pytest.mark.parametrize(("slots", "dealt"), [(1, "0"), (2, "01"), (3, "010"), (5, "01010")])
def test_the_number_of_slots_goes_over_all(slots: int, dealt: str) -> None:
    assert gpus([0, 1], slots, per_device=2) == list(dealt)


def test_on_a_cpu_no_slot_has_a_gpu(two_gpus: None) -> None:
    assert places(Launch(slots=3)) == [None] * 3


def test_on_a_cpu_there_is_a_slot_for_each_core_and_its_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.launching.gpus.cores", lambda: 8)
    assert [len(places(Launch(threads=threads))) for threads in (1, 2, 3, 8, 9)] == [8, 4, 2, 1, 1]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_debug_executor_has_one_slot_and_hides_nothing(device: str) -> None:
    assert places(Launch(executor="debug", device=device, slots=4)) == [None]  # type: ignore[arg-type]


def test_the_debug_executor_takes_the_first_gpu_that_is_named() -> None:
    assert places(Launch(executor="debug", device="cuda", devices=[3, 1])) == ["3"]


@pytest.mark.parametrize(
    ("quota", "of_job", "cores"),
    [(None, None, 8), ("max 100000", None, 8), ("200000 100000", None, 2), ("150000 100000", None, 2), (None, "4", 4)],
)
def test_cores_are_those_of_the_container_and_of_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str | None, of_job: str | None, cores: int
) -> None:
    monkeypatch.setattr(gpus_module.os, "sched_getaffinity", lambda process: set(range(8)))
    monkeypatch.setattr(gpus_module, "QUOTA", tmp_path / "cpu.max")
    monkeypatch.delenv("SLURM_CPUS_ON_NODE", raising=False)
    if quota is not None:
        (tmp_path / "cpu.max").write_text(f"{quota}\n")
    if of_job is not None:
        monkeypatch.setenv("SLURM_CPUS_ON_NODE", of_job)
    assert gpus_module.cores() == cores


def test_one_missing_cell_gets_one_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = crew(tmp_path, Launch(slots=4))
    monkeypatch.setattr(made, "_start", lambda slot: object())
    for _ in range(4):  # the worker is still starting
        made.fill(["0"])
    assert len(made._jobs) == 1
    made.fill(["0", "1", "2"])
    assert len(made._jobs) == 3


@pytest.mark.parametrize("devices", [[3, 1], [UUID, MIG], [OLD_MIG, 0]])
def test_a_worker_finds_its_gpu_and_its_share_of_threads(tmp_path: Path, devices: list[int | str]) -> None:
    made = crew(tmp_path, Launch(device="cuda", devices=devices, threads=3))
    for number, device in enumerate(devices):
        variables = told(made, number)
        assert variables["CUDA_VISIBLE_DEVICES"] == str(device)
        assert variables["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
        assert variables["OMP_NUM_THREADS"] == variables["MKL_NUM_THREADS"] == variables["NPROC"] == "3"


def test_gpus_as_this_process_names_them_keep_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert "CUDA_DEVICE_ORDER" not in told(crew(tmp_path, Launch(device="cuda")), 0)
    assert "CUDA_DEVICE_ORDER" in told(crew(tmp_path, Launch(device="cuda", devices=[1])), 0)


def test_a_worker_on_the_cpu_is_told_of_no_gpu(tmp_path: Path) -> None:
    assert "CUDA_VISIBLE_DEVICES" not in told(crew(tmp_path, Launch(slots=1)), 0)


def test_a_device_of_the_environment_is_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", f"0; touch {tmp_path}/run")
    assert told(crew(tmp_path, Launch(device="cuda")), 0)["CUDA_VISIBLE_DEVICES"] == f"0; touch {tmp_path}/run"
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("launch", "sharing"),
    [
        (Launch(device="cuda", devices=[0, 1, 2]), [1, 1, 1]),
        (Launch(device="cuda", devices=[0, 1], per_device=2), [2, 2, 2, 2]),
        (Launch(device="cuda", devices=[0, 1], slots=3), [2, 1, 2]),
        (Launch(slots=3), [3, 3, 3]),
        (Launch(executor="debug", slots=3), [1]),
    ],
)
def test_a_worker_notes_how_many_share_its_device(tmp_path: Path, launch: Launch, sharing: list[int]) -> None:
    made = crew(tmp_path, launch)
    assert [made._desk(slot).slots for slot in made.slots] == sharing


def test_there_are_no_more_slots_than_cells(tmp_path: Path) -> None:
    assert len(crew(tmp_path, Launch(slots=9), cells=4).slots) == 4


def test_a_gpu_whose_worker_outlived_its_driver_is_not_given_away(tmp_path: Path) -> None:
    other = tmp_path / "launches" / "earlier" / "slot0"
    other.mkdir(parents=True)
    (other / "status.json").write_text(json.dumps({"cell": "x", "doing": "cycle 1: fit", "share": 0.0, **me()}))
    made = crew(tmp_path, Launch(device="cuda", devices=[0, 1, 2]))
    assert [(slot.folder.parent.name, slot.number) for slot in made.slots] == [("earlier", 0), ("this", 1), ("this", 2)]
    (other / "status.json").write_text(json.dumps({"cell": None, "doing": "finished", "share": 1.0, **me()}))
    made.bury()
    assert [(slot.folder.parent.name, slot.number) for slot in made.slots] == [("this", 0), ("this", 1), ("this", 2)]
