"""Which figures a sweep has: every kind of every subject that there is data for, and why the others are not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from matplotlib.figure import Figure

from analysis.beside import beside, share
from analysis.comparison import Comparison
from analysis.drawing.canvas import Caption
from analysis.drawing.kind import Kind
from analysis.drawing.kinds import KINDS
from analysis.drawing.subject import NothingToDraw, Subject
from analysis.groups import display_name, file_stem
from analysis.load import Loaded
from analysis.palette import styles
from analysis.phrases import counted, listed

ALL = "_sweep"  # no experiment's name begins so
ROWS = 4000  # from which on a process pays
COMMITS = 3  # that a figure names
Commits = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Drawing:
    """One figure: of what, of which kind, its data as drawn, and what stands around it."""

    subject: Subject
    kind: Kind
    table: pd.DataFrame
    caption: Caption

    @property
    def stem(self) -> str:
        """The file name without its ending, unique within the sweep."""
        return f"{file_stem(self.subject.experiment or ALL, self.subject.name)}-{self.kind.name}"

    @property
    def main(self) -> bool:
        """Whether it is of the kind that its experiment is about."""
        planned = self.subject.loaded.plan["experiments"]
        return self.subject.experiment in planned and planned[self.subject.experiment]["figure"] == self.kind.name

    @property
    def figure(self) -> Figure:
        """The figure, drawn anew."""
        return self.kind.draw(self.table, self.caption)


@dataclass(frozen=True)
class Absent:
    """A figure that is not drawn; `reason` says in one line what is not there. `where` is "" for a whole sweep."""

    kind: str
    where: str
    reason: str


def gallery(
    loaded: Loaded,
    comparisons: Sequence[Comparison],
    commits: Commits,
    published: pd.DataFrame,
    kinds: Sequence[str] = (),
) -> tuple[list[Drawing], list[Absent]]:
    """What is drawn, experiment by experiment with its main kind first, and what is not.

    `commits` are those that made the rows of each cell.
    """
    wanted = [kind for kind in KINDS if not kinds or kind.name in kinds]
    asked = [(kind, subject) for kind in wanted for subject in kind.split(loaded, comparisons)]
    tables = beside(_series, asked, share(ROWS, len(loaded.frame), len(asked)))
    tried = [_framed(*each, table, commits, published) for each, table in zip(asked, tables, strict=True)]
    drawn = [each for each in tried if isinstance(each, Drawing)]
    absent = [each for each in tried if isinstance(each, Absent)]
    met = {each.kind.name for each in drawn} | {each.kind for each in absent}
    absent += [Absent(kind.name, "", kind.otherwise) for kind in wanted if kind.name not in met]
    order = {name: position for position, name in enumerate(loaded.plan["experiments"])}
    return sorted(drawn, key=lambda each: (order.get(each.subject.experiment, len(order)), not each.main)), absent


def _series(asked: tuple[Kind, Subject]) -> pd.DataFrame | NothingToDraw:
    kind, subject = asked
    try:
        return kind.series(subject)
    except NothingToDraw as reason:
        return reason


def _framed(
    kind: Kind, subject: Subject, table: pd.DataFrame | NothingToDraw, commits: Commits, published: pd.DataFrame
) -> Drawing | Absent:
    if isinstance(table, NothingToDraw):
        return Absent(kind.name, subject.title, str(table))
    caption = _caption(subject, kind, table, commits)
    caption = replace(caption, published=published) if kind.overlay else caption
    return Drawing(subject, kind, table, caption)


def _caption(subject: Subject, kind: Kind, table: pd.DataFrame, commits: Commits) -> Caption:
    fewest, most = int(table["n"].min()), int(table["n"].max())
    n = str(most) if fewest == most else f"{fewest} to {most}"
    unit = kind.unit if n != "1" else kind.unit.removesuffix("s")
    return Caption(
        title=subject.title,
        stamp=f"{kind.shows}, n = {n} {unit} · sweep {subject.loaded.plan['name']} · {_made_by(subject, commits)}",
        names={arm["label"]: display_name(arm) for arm in subject.arms},
        styles=styles({arm["label"] for arm in subject.arms}),
        notice=_notice(subject),
    )


def _made_by(subject: Subject, commits: Commits) -> str:
    """The commits of its rows."""
    cells = dict.fromkeys(cell for group in subject.groups for cell in group.frame["cell"].unique())
    found = list(dict.fromkeys(commit for cell in cells for commit in commits.get(cell, ())))
    named = [f"{commit[:7]}{'+' if commit.endswith('+') else ''}" for commit in found]
    return f"commit{'s' if len(named) > 1 else ''} {listed(named, COMMITS) if named else 'unknown'}"


def _notice(subject: Subject) -> str:
    """What is still missing, and what failed."""
    missing = sum(len(group.missing) for group in subject.groups)
    scored = sum(len(arm.imputed) for part in subject.parts for arm in part.arms)
    unscored = sum(len(part.unscored) for part in subject.parts)
    told = [f"INTERIM: {counted(missing, 'planned run')} not in yet"] if missing else []
    told += [f"{counted(scored, 'failed run')} scored as chance"] if scored else []
    told += [f"{counted(unscored, 'failed run')} left out"] if unscored else []
    return "; ".join(told)
