"""The processes of a test bed: started in the foreground in sessions of their own, and always ended."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 60.0
"""Seconds that anything may take on a busy machine."""

Command = Sequence[str | Path]


def until(holds: Callable[[], object], wanted: str, seconds: float = PATIENCE, pause: float = 0.05) -> None:
    """Wait until something holds; raises TimeoutError that says what was wanted."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"wanted {wanted} within {seconds:g} s")
        time.sleep(pause)


@contextmanager
def daemon(command: Command, log: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block.

    As a child in the foreground it is collected here: one that detached itself might stay a zombie for ever, in a
    container whose first process collects nobody.
    """
    with log.open("ab") as said:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()


def serving(process: subprocess.Popen[bytes], address: int | Path, log: Path) -> None:
    """Wait until a daemon answers on its port, or on its Unix socket. Raises RuntimeError where it ends before."""

    def answers() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        return _answers(address)

    until(answers, f"an answer on {address}")


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on, below those that the kernel gives to outgoing connections."""
    found: set[int] = set()
    while len(found) < count:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.add(port)
    return sorted(found)


@contextmanager
def none_left(mark: str) -> Iterator[None]:
    """End every process that has `mark` in its environment, at the end of the block or when this process is killed.

    A guard of its own waits for its input to close, which happens in both cases.
    """
    guard = subprocess.Popen([sys.executable, __file__, mark], stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        guard.communicate()


def marked(mark: str) -> list[int]:
    """The living processes that have `mark` in their environment."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return [number for number in numbers if mark.encode() in _environment(number)]


def _end_all(mark: str) -> None:
    while found := marked(mark):
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)


def _environment(process: int) -> bytes:
    """What a process was started with; empty for a zombie and for one that is gone."""
    try:
        return Path(f"/proc/{process}/environ").read_bytes()
    except OSError:
        return b""


def _answers(address: int | Path) -> bool:
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", address) if isinstance(address, int) else str(address)) == 0


if __name__ == "__main__":
    sys.stdin.read()
    _end_all(sys.argv[1])
