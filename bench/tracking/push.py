"""Mirroring what is due, once or as cells finish. One process at a time mirrors a results folder in one mode."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import ResultsError
from bench.lease import leased
from bench.record import read_plan
from bench.tracked import Tracking
from bench.tracking.backlog import Backlog
from bench.tracking.memory import folder_of
from bench.tracking.mirror import Mirror, MirrorError
from bench.tracking.replay import replay

POLL = 2.0
RETRY = 60.0
REFUSALS = 2

Say = Callable[[str], None]
Wait = Callable[[float], bool]
"""Waits so many seconds, or less where the end has come; returns whether it has."""


@dataclass(frozen=True)
class Outcome:
    """How many runs are mirrored now that were not, how many are still not and why; `refused` where one was not taken,
    `stuck` where it was given up for that."""

    sent: int
    left: int
    reason: str = ""
    refused: bool = False
    stuck: bool = False


def push(backlog: Backlog, mirror: Mirror, say: Say) -> Outcome:
    """Mirror what is due. Two runs in a row that are not taken end it: the next ones would wait as long for nothing.

    A run that alone is not taken, such as one that was deleted on the server, is left out; so is a damaged cell.
    """
    due, sent, damaged, refused, in_a_row = backlog.due(), 0, len(backlog.damaged), list[str](), 0
    for subject, stand in due:
        try:
            mirror.send(replay(backlog.results, backlog.plan, subject))
            backlog.shown(subject, stand)
        except ResultsError as error:
            backlog.damaged[subject.cell] = str(error)
            say(str(error))
            continue
        except (MirrorError, OSError) as error:
            refused.append(f"{subject.name}: {error}")
            in_a_row += 1
            if in_a_row == REFUSALS:
                break
            continue
        sent, in_a_row = sent + 1, 0
        say(f"{sent}/{len(due)} {subject.experiment}: {subject.name}")
    reason = "\n".join([*backlog.damaged.values(), *refused])
    return Outcome(sent, len(due) - sent + damaged, reason, bool(refused), stuck=in_a_row == REFUSALS)


def follow(backlog: Backlog, mirror: Mirror, say: Say, wait: Wait) -> Outcome:
    """Mirror cells as they finish, until all are settled or the end has come; then what is due is mirrored once more.

    What was refused is tried again every minute, but not after the end where the server does not answer at all.
    """
    sent, ended, refused, stuck = 0, False, False, False
    while True:
        ended = ended or wait(0)
        began = time.monotonic()
        settled = backlog.settled()  # asked before looking, so that the last look sees every cell
        looked = time.monotonic() - began
        if not (ended and stuck):
            outcome = push(backlog, mirror, say)
            sent, refused, stuck = sent + outcome.sent, outcome.refused, outcome.stuck
            if refused:
                say(outcome.reason)
        if ended or (settled and not refused):
            return Outcome(sent, len(backlog.due()) + len(backlog.damaged), outcome.reason)
        ended = wait(RETRY if refused else max(POLL, 20 * looked))


class Busy(ResultsError):
    """Another process is mirroring the folder."""


@contextmanager
def alone(results: Path, tracking: Tracking) -> Iterator[None]:
    """Keep other processes from mirroring the same folder in the same mode. Raises Busy where one is at it already.

    Raises ResultsError where the folder holds no results, before anything is made in it.
    """
    read_plan(results)
    with leased(folder_of(results) / tracking.mode) as lease:
        if lease is None:
            raise Busy(
                f"{results}: another process is mirroring it {tracking.mode}, as the sweep does while it runs; "
                "wait for it to end"
            )
        yield
