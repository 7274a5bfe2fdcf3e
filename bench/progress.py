"""What a person sees while a sweep runs: a live table on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from bench.launching.folder import Slot
from bench.state import State

QUIET = 10.0
SHOWN = 20  # slots that the live table has lines for


@dataclass(frozen=True)
class Names:
    """How cells are called on the screen, by id, and how many cycles each one has."""

    labels: Mapping[str, str]
    cycles: Mapping[str, int]


@dataclass(frozen=True)
class Moment:
    """The states of the wanted cells now, what the slots are doing, and the cycles finished before and now."""

    states: Mapping[str, State]
    slots: Sequence[Slot]
    cycles_done: int
    cycles_before: int
    cycles_wanted: int
    seconds: float

    @property
    def cycles_a_minute(self) -> float:
        """The pace of this launch."""
        return 60 * (self.cycles_done - self.cycles_before) / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the pace of this launch; None before anything was finished."""
        fresh = self.cycles_done - self.cycles_before
        return None if fresh <= 0 else self.seconds / fresh * (self.cycles_wanted - self.cycles_done)


class Display:
    """Shows moments. On a terminal it redraws; elsewhere, and if `plain`, it prints a line when a cell ends, and now
    and then."""

    def __init__(self, console: Console, names: Names, plain: bool = False) -> None:
        self._console = console
        self._names = names
        self._live = Live(console=console, refresh_per_second=2) if console.is_terminal and not plain else None
        self._shown: dict[str, State] = {}
        self._spoke = time.monotonic()

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def show(self, moment: Moment) -> None:
        """Bring the screen up to date."""
        if self._live is not None:
            self._live.update(self._table(moment))
            return
        ended = [i for i, s in moment.states.items() if s in (State.DONE, State.FAILED) and self._shown.get(i) != s]
        for identifier in ended if self._shown else ():
            self._say(f"{moment.states[identifier]} {self._names.labels[identifier]} · {_summary(moment)}")
        if not self._shown or time.monotonic() - self._spoke > QUIET:
            at_work = (self._doing(slot) for slot in moment.slots[:SHOWN] if slot.status)
            self._say("; ".join([_summary(moment), *at_work]))
        self._shown = dict(moment.states)

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True, markup=False)
        self._spoke = time.monotonic()

    def _table(self, moment: Moment) -> Group:
        bar = Table.grid()  # which ends its line
        bar.add_row(ProgressBar(total=max(1, moment.cycles_wanted), completed=moment.cycles_done, width=40))
        slots = Table.grid(padding=(0, 2))
        for slot in moment.slots[:SHOWN]:
            slots.add_row(Text(f"slot {slot.number}", style="dim"), Text(self._doing(slot)))
        if len(moment.slots) > SHOWN:
            slots.add_row("", Text(f"and {len(moment.slots) - SHOWN} more", style="dim"))
        return Group(bar, Text(_summary(moment)), slots)

    def _doing(self, slot: Slot) -> str:
        return doing(slot.status, self._names)


def at_work(slots: Sequence[Slot], states: Mapping[str, State]) -> list[Slot]:
    """The slots whose workers have no cell yet, or one that is being run; of several at one cell the newest word."""
    newest: dict[str, tuple[str, Slot]] = {}
    for slot in slots:
        status = slot.status
        cell, told = status.get("cell") or str(slot.folder), str(status.get("time", ""))
        if states.get(cell, State.RUNNING) is State.RUNNING and (cell not in newest or told >= newest[cell][0]):
            newest[cell] = told, slot
    return [slot for _, slot in newest.values()]


def doing(status: Mapping[str, Any], names: Names) -> str:
    """What a worker is at, in words: its cell, cycle and stage."""
    cell = status.get("cell")
    if cell is None:
        return str(status.get("doing", "starting"))
    share = f" {status['share']:.0%}" if status.get("share") else ""
    of = f" of {names.cycles.get(cell, '?')}" if status["doing"].startswith("cycle ") else ""
    cycle, _, stage = status["doing"].partition(":")
    return f"{names.labels.get(cell, cell)}: {cycle}{of}{stage}{share}"


def _summary(moment: Moment) -> str:
    counts = Counter(moment.states.values())
    parts = [f"{counts[State.DONE]}/{len(moment.states)} cells"]
    parts += [f"{counts[state]} {state}" for state in (State.RUNNING, State.MISSING, State.FAILED) if counts[state]]
    parts.append(f"{moment.cycles_done}/{moment.cycles_wanted} cycles")
    if moment.cycles_a_minute:
        parts.append(f"{moment.cycles_a_minute:.3g} cycles/min")
    parts.append(f"{duration(moment.seconds)} gone")
    left = moment.seconds_left
    parts.append("time left: not known yet" if left is None else f"about {duration(left)} left")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {whole % 60:02d} s" if minutes else f"{whole} s"
