"""What starts workers keeps a submission whole."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from bench.launching.crew import undisturbed


@pytest.mark.parametrize("threads", [0, 1])
def test_ctrl_c_waits_for_the_end_of_a_submission_whatever_threads_there_are(threads: int) -> None:
    end = threading.Event()
    whole: list[bool] = []
    others = [threading.Thread(target=end.wait) for _ in range(threads)]
    for other in others:
        other.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            submit(whole)
    finally:
        end.set()
    assert whole == [True]


def submit(whole: list[bool]) -> None:
    """Something that Ctrl-C reaches in the middle."""
    with undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.05)
        whole.append(True)


def test_without_ctrl_c_everything_is_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with undisturbed():
        pass
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
