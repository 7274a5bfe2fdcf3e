"""The section `launch` of a sweep file and the options of the command that are short for parts of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sweep_texts import BASE, Reader

from bench.config import Sweep
from bench.launching.options import Launch, Retries
from bench.sweep import _assignments, _parser, main
from bench.sweep_file import load_sweep

UUID = "GPU-5a1c3a80-1f8c-2d5e-8f3e-0123456789ab"
MIG = "MIG-GPU-5a1c3a80-1f8c-2d5e-8f3e-0123456789ab/7/0"


def with_launch(section: str) -> str:
    return f"{BASE}launch: {section}\n"


def launch(reader: Reader, section: str) -> Launch:
    return reader.load(with_launch(section)).launch


def said(reader: Reader, section: str) -> str:
    """What is wrong with a section, without the line it stands in."""
    return reader.problem(with_launch(section)).partition(": ")[2]


def commanded(tmp_path: Path, options: Sequence[str], section: str = "{}") -> Sweep:
    """The sweep as the command reads it with these options."""
    (tmp_path / "s.yaml").write_text(with_launch(section))
    given = _parser().parse_args([str(tmp_path / "s.yaml"), *options])
    return load_sweep(given.sweep, [*given.set, *_assignments(given)])


def test_a_sweep_that_says_nothing_runs_on_this_machines_cores(reader: Reader) -> None:
    assert reader.load(BASE).launch == Launch()
    assert (Launch().executor, Launch().device, Launch().slots) == ("local", "cpu", None)


@pytest.mark.parametrize(
    ("devices", "read"),
    [("[0, 1]", [0, 1]), ('["0", "1"]', ["0", "1"]), (f"[{UUID}, 1]", [UUID, 1]), (f"[{MIG}]", [MIG])],
)
def test_devices_are_numbers_or_names(reader: Reader, devices: str, read: list[int | str]) -> None:
    assert launch(reader, f"{{device: cuda, devices: {devices}}}").devices == read


@pytest.mark.parametrize("devices", ["[0, 0]", '["0", "0"]', '[0, "0"]', f"[{UUID}, 1, {UUID}]", "[]"])
def test_a_device_twice_or_none_at_all_is_refused(reader: Reader, devices: str) -> None:
    assert "devices: wanted at least one GPU, each once; got [" in said(reader, f"{{device: cuda, devices: {devices}}}")


@pytest.mark.parametrize("section", ["{devices: [0]}", "{device: cpu, devices: [0, 1]}", "{per_device: 2}"])
def test_devices_without_cuda_are_refused(reader: Reader, section: str) -> None:
    assert "wanted none with device: cpu; write device: cuda" in said(reader, section)


@pytest.mark.parametrize("device", ["-1", "1.5", "true", '"0;reboot"', '"$(reboot)"', '"0 1"', '""', '"-1"', "null"])
def test_what_cannot_be_a_device_is_refused(reader: Reader, device: str) -> None:
    found = reader.problems(with_launch(f"{{device: cuda, devices: [{device}]}}"))
    assert all("launch.devices" in each for each in found)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{executor: ssh}", 'launch.executor: wanted local | slurm | debug; got "ssh"'),
        ("{device: tpu}", 'launch.device: wanted cpu | cuda; got "tpu"'),
        ("{slots: 0}", "launch.slots: wanted an integer >= 1 or null; got 0"),
        ("{device: cuda, per_device: 0}", "launch.per_device: wanted an integer >= 1; got 0"),
        ("{cell_minutes: 0}", "launch.cell_minutes: wanted a number > 0 or null; got 0"),
        ("{retries: {killed: -1}}", "launch.retries.killed: wanted an integer >= 0; got -1"),
        ("{retries: {diverged: 1}}", "launch.retries.diverged: unknown key"),
        ("{retires: {killed: 1}}", "launch.retires: unknown key; did you mean 'retries'?"),
        ("{slurm: {minuets: 5}}", "launch.slurm.minuets: unknown key; did you mean 'minutes'?"),
        ("{slurm: {minutes: 0}}", "launch.slurm.minutes: wanted an integer >= 1; got 0"),
    ],
)
def test_a_wrong_option_is_named_with_what_may_be_written(reader: Reader, section: str, message: str) -> None:
    assert said(reader, section).startswith(message)


def test_retries_are_set_one_by_one(reader: Reader) -> None:
    retries = launch(reader, "{retries: {exception: 1, killed: 0}}").retries
    assert retries == Retries(exception=1, killed=0)
    assert [retries.of(kind) for kind in ("exception", "killed", "timeout", "diverged", "refused")] == [1, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("options", "launch"),
    [
        (["--executor", "debug"], Launch(executor="debug", threads=2)),
        (["--jobs", "3"], Launch(slots=3, threads=2)),
        (["--devices", "0,1"], Launch(device="cuda", devices=["0", "1"], threads=2)),
        (["--devices", f"{UUID},{MIG}"], Launch(device="cuda", devices=[UUID, MIG], threads=2)),
        (["--set", "launch.retries.exception=2"], Launch(retries=Retries(exception=2), threads=2)),
        (["--set", "launch.cell_minutes=0.5"], Launch(cell_minutes=0.5, threads=2)),
    ],
)
def test_the_command_line_goes_over_the_section(tmp_path: Path, options: list[str], launch: Launch) -> None:
    assert commanded(tmp_path, options, "{threads: 2}").launch == launch


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ("0,0", "devices: wanted at least one GPU, each once; got ['0', '0']"),
        ("0,", "launch.devices"),
        ("0 1", "launch.devices"),
        ("", "launch.devices"),
    ],
)
def test_wrong_devices_on_the_command_line_are_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], devices: str, message: str
) -> None:
    (tmp_path / "s.yaml").write_text(BASE)
    assert main([str(tmp_path / "s.yaml"), "--devices", devices, "--results", str(tmp_path / "results")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_nothing_of_it_changes_a_cell(reader: Reader) -> None:
    def cells(section: str) -> list[str]:
        return list(reader.plan(with_launch(section)).cells())

    assert cells("{device: cuda, devices: [0], threads: 4, cell_minutes: 3, executor: slurm}") == cells("{}")
