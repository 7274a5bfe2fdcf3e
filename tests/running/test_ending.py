"""What follows from how an attempt at a cell ended."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
import torch

from bench.ending import FROM_OUTSIDE, Ending, refuse_to_lose
from bench.errors import ConfigError, DataError, Diverged, NoData, Refused, ResultsError
from bench.folder import RunFolder
from bench.launching.options import Retries
from bench.record import SCHEMA, Attempt, FailureKind, Row, read_attempts, read_failure
from bench.state import State, state_of

HERE = "20260101-000000-abcdef"
GENEROUS = Retries(exception=2, out_of_memory=1, timeout=3, killed=2, preempted=4)
KINDS: tuple[FailureKind, ...] = get_args(FailureKind)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder(tmp_path / "cells" / "0123456789abcdef")
    made.create({"seed": 0})
    return made


def ending(retries: Retries = GENEROUS, launch: str = HERE) -> Ending:
    return Ending(launch, retries, "cpu")


def begin(folder: RunFolder, launch: str | None = HERE) -> int:
    return folder.begin_attempt({} if launch is None else {"launch": launch})


def finish_a_cycle(folder: RunFolder, attempt: int) -> None:
    row = {name: {} for name in Row.__annotations__}
    told = {"schema": SCHEMA, "cycle": len(folder.rows()), "measured": {"attempt": attempt}}
    with folder.rows_file.open("a") as file:
        file.write(json.dumps({**row, **told}) + "\n")


def attempt_that(folder: RunFolder, kind: FailureKind, rules: Ending, cycles: int = 0, launch: str = HERE) -> bool:
    """One attempt that finishes so many cycles and then ends; whether the cell failed by it."""
    number = begin(folder, launch)
    for _ in range(cycles):
        finish_a_cycle(folder, number)
    return settle(folder, kind, rules, number)


def settle(folder: RunFolder, kind: FailureKind, rules: Ending, number: int) -> bool:
    if kind in FROM_OUTSIDE:
        return rules.settle(folder, rules.from_outside(folder, number, kind))
    return rules.settle(folder, {**rules.from_error(folder, number, ValueError("no")), "kind": kind})


def judged(kind: str) -> Callable[[Attempt], str]:
    return lambda attempt: kind


def statuses(folder: RunFolder) -> list[str | None]:
    return [attempt["status"] for attempt in read_attempts(folder.path)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_is_tried_again_as_often_as_its_kind_of_failure_allows(folder: RunFolder, kind: FailureKind) -> None:
    retries = {"exception": 2, "out_of_memory": 1, "timeout": 3, "killed": 2, "preempted": 4}.get(kind, 0)
    failed = [attempt_that(folder, kind, ending()) for _ in range(retries + 1)]
    assert failed == [False] * retries + [True]
    assert statuses(folder) == [kind] * (retries + 1)


def test_a_cell_that_may_be_tried_again_has_no_failure_on_record(folder: RunFolder) -> None:
    attempt_that(folder, "killed", ending())
    assert read_failure(folder.path) is None


def test_attempts_that_ended_otherwise_are_not_counted(folder: RunFolder) -> None:
    rules = ending(Retries(timeout=1, killed=1, preempted=1))
    kinds: list[FailureKind] = ["timeout", "killed", "preempted"]
    assert [attempt_that(folder, kind, rules) for kind in kinds] == [False] * 3
    assert attempt_that(folder, "timeout", rules)


@pytest.mark.parametrize("kind", FROM_OUTSIDE)
def test_what_comes_from_outside_does_not_count_where_a_cycle_was_finished(
    folder: RunFolder, kind: FailureKind
) -> None:
    rules = ending(Retries(timeout=0, killed=0, preempted=0))
    assert [attempt_that(folder, kind, rules, cycles=1) for _ in range(4)] == [False] * 4
    assert attempt_that(folder, kind, rules)


@pytest.mark.parametrize("kind", ["exception", "out_of_memory", "diverged", "refused"])
def test_an_error_counts_even_where_a_cycle_was_finished(folder: RunFolder, kind: FailureKind) -> None:
    assert attempt_that(folder, kind, ending(Retries(exception=0, out_of_memory=0)), cycles=1)


@pytest.mark.parametrize("kind", ["killed", "exception"])
def test_a_finished_cycle_lets_the_count_begin_anew(folder: RunFolder, kind: FailureKind) -> None:
    rules = ending(Retries(exception=1, killed=1))
    assert not attempt_that(folder, kind, rules)
    assert not attempt_that(folder, kind, rules, cycles=1)
    assert not attempt_that(folder, "preempted", rules)


def test_attempts_of_other_launches_do_not_count(folder: RunFolder) -> None:
    rules = ending(Retries(killed=1))
    attempt_that(folder, "killed", ending(launch="another"), launch="another")
    assert not attempt_that(folder, "killed", rules)
    assert attempt_that(folder, "killed", rules)


def test_the_record_of_a_failure_says_all_that_is_known_of_an_error(folder: RunFolder) -> None:
    number = begin(folder)
    finish_a_cycle(folder, number)
    folder.log(number).parent.mkdir()
    folder.log(number).write_text("".join(f"line {i}\n" for i in range(40)))
    try:
        raise ValueError("seven is too many")
    except ValueError as error:
        failure = ending().from_error(folder, number, error)
    assert not ending(Retries(exception=1)).settle(folder, failure)
    assert ending(Retries(exception=0)).settle(folder, failure)
    kept = read_failure(folder.path)
    assert kept == failure
    assert (kept["kind"], kept["message"], kept["cycle"], kept["attempt"]) == ("exception", "seven is too many", 1, 1)
    assert "test_the_record_of_a_failure_says_all" in kept["trace"]
    assert kept["trace"].endswith("ValueError: seven is too many\n")
    assert kept["log"].splitlines()[-2:] == ["line 38", "line 39"]
    assert len(kept["log"].splitlines()) < 40
    assert (kept["host"], kept["device"]) == (socket.gethostname(), "cpu")
    assert kept["peak_mib"] > 1


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("no"), "exception"),
        (MemoryError("no"), "out_of_memory"),
        (torch.OutOfMemoryError("no"), "out_of_memory"),
        (Diverged("no"), "diverged"),
        (Refused("no"), "refused"),
        (NoData("no"), "no_data"),
        (DataError("no"), "refused"),
        (ConfigError.of("learner", "train.autocast", "no"), "refused"),
    ],
)
def test_an_error_is_of_a_kind(folder: RunFolder, error: Exception, kind: str) -> None:
    assert ending().from_error(folder, 1, error)["kind"] == kind


def test_an_error_without_words_is_told_by_its_class(folder: RunFolder) -> None:
    assert ending().from_error(folder, 1, MemoryError())["message"] == "MemoryError()"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("killed", "its process was killed 3 times in a row without finishing a cycle, as when memory runs out"),
        ("timeout", "it reached the time limit 4 times in a row without finishing a cycle; allow more time"),
        ("preempted", "it was preempted 5 times in a row without finishing a cycle"),
        ("out_of_memory", "its process was killed 2 times in a row for want of memory; ask for more of it"),
    ],
)
def test_what_came_from_outside_is_told_in_a_sentence(folder: RunFolder, kind: FailureKind, message: str) -> None:
    number = begin(folder)
    folder.log(number).parent.mkdir()
    folder.log(number).write_text("the last words\n")
    failure = ending().from_outside(folder, number, kind)
    assert failure["message"].startswith(message)
    assert failure["message"].endswith("; --retry-failed tries again")
    assert (failure["attempt"], failure["cycle"], failure["log"]) == (1, 0, "the last words")


def test_without_retries_it_happened_once(folder: RunFolder) -> None:
    assert " killed once without " in ending(Retries(killed=0)).from_outside(folder, 1, "killed")["message"]


def test_a_cell_whose_failure_was_written_is_failed_though_the_writer_died_then(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = begin(folder)

    def die(self: RunFolder, number: int, status: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RunFolder, "end_attempt", die)
        with pytest.raises(KeyboardInterrupt):
            settle(folder, "exception", ending(Retries(exception=0)), number)
    assert state_of(folder.path.parents[1], folder.id, 3) is State.FAILED
    assert statuses(folder) == [None]
    folder.forgive()
    assert not ending(launch="the next").bury(folder, judged("killed"))
    assert statuses(folder) == ["killed"]
    assert read_failure(folder.path) is None


@pytest.mark.parametrize(("deaths", "failed"), [(2, False), (3, True), (5, True)])
def test_attempts_that_could_not_say_how_they_ended_are_all_counted(
    folder: RunFolder, deaths: int, failed: bool
) -> None:
    for _ in range(deaths):
        begin(folder)
    assert ending(Retries(killed=2)).bury(folder, judged("killed")) is failed
    assert statuses(folder) == ["killed"] * deaths
    assert (read_failure(folder.path) is not None) is failed
    assert folder.unended() == []


def test_each_of_them_ended_in_its_own_way(folder: RunFolder) -> None:
    fates = {begin(folder): "timeout", begin(folder): "killed", begin(folder): "cancelled", begin(folder): "timeout"}
    assert not ending(Retries(timeout=2, killed=1)).bury(folder, lambda attempt: fates[attempt["attempt"]])
    assert statuses(folder) == ["timeout", "killed", "cancelled", "timeout"]


def test_what_failed_a_cell_is_not_undone_by_a_later_attempt(folder: RunFolder) -> None:
    fates = {begin(folder): "killed", begin(folder): "killed", begin(folder): "timeout"}
    assert ending(Retries(timeout=1, killed=1)).bury(folder, lambda attempt: fates[attempt["attempt"]])


def test_what_was_cancelled_is_never_held_against_a_cell(folder: RunFolder) -> None:
    begin(folder)
    assert not ending(Retries(killed=0)).bury(folder, judged("cancelled"))
    assert statuses(folder) == ["cancelled"]
    assert read_failure(folder.path) is None


@pytest.mark.parametrize("launch", ["another", None])
def test_unended_attempts_of_other_launches_are_ended_and_not_counted(folder: RunFolder, launch: str | None) -> None:
    for _ in range(3):
        begin(folder, launch)
    assert not ending(Retries(killed=0)).bury(folder, judged("killed"))
    assert statuses(folder) == ["killed"] * 3


def test_there_is_nothing_to_bury_where_all_have_ended(folder: RunFolder) -> None:
    attempt_that(folder, "killed", ending())
    before = (folder.path / "attempts.jsonl").read_bytes()
    assert not ending().bury(folder, judged("killed"))
    assert (folder.path / "attempts.jsonl").read_bytes() == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_no_cell_is_to_blame_for_a_full_disk(folder: RunFolder, number: int) -> None:
    with pytest.raises(
        ResultsError, match=f"{folder.path}: wanted a folder that can be written; got {os.strerror(number)}"
    ):
        refuse_to_lose(OSError(number, os.strerror(number)), folder)


@pytest.mark.parametrize("error", [OSError(errno.ENOENT, "no such file"), ValueError("no"), MemoryError()])
def test_other_errors_are_the_cells_own(folder: RunFolder, error: Exception) -> None:
    refuse_to_lose(error, folder)
