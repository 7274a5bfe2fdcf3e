"""The dashboard of a sweep, made by program: a section per experiment, a line per arm, bands over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.record import Plan, PlannedExperiment
from bench.tracked import Tracking
from bench.tracking.mirror import MirrorError
from bench.tracking.replay import stem_of

if TYPE_CHECKING:
    from wandb_workspaces import workspaces
    from wandb_workspaces.reports.v2.interface import LinePlot

CURVES = (
    ("Accuracy", "accuracy"),
    ("Accuracy minus Random, paired by seed", "difference_from_random"),
    ("Seconds per query", "query_seconds"),
)
"""What is drawn of every experiment: a title and the metric's last name."""


def workspace(plan: Plan, tracking: Tracking) -> workspaces.Workspace:
    """The workspace of a sweep; it shows the runs of this sweep alone, though a project may hold many."""
    from wandb_workspaces import expr, workspaces

    return workspaces.Workspace(
        entity=tracking.entity or "",
        project=tracking.project,
        name=plan["name"],
        sections=[_section(name, experiment) for name, experiment in plan["experiments"].items()],
        settings=workspaces.WorkspaceSettings(x_axis="labels", max_runs=_most_runs(plan)),
        runset_settings=workspaces.RunsetSettings(
            filters=expr.And(expr.Metric("Group") == plan["name"]), groupby=[expr.Config("arm")]
        ),
    )


def view(plan: Plan, tracking: Tracking) -> str:
    """The workspace as the server keeps it, in JSON; ids of panels are random."""
    model = workspace(plan, tracking)._to_model()
    return model.model_dump_json(indent=2, by_alias=True, exclude_none=True) + "\n"


def save(plan: Plan, tracking: Tracking) -> str:
    """Save the workspace to the server as a new view; returns its address. Needs tracking.entity and an account.

    Raises MirrorError where the server does not take it.
    """
    try:
        return workspace(plan, tracking).save().url
    except Exception as error:  # as in Mirror.send
        raise MirrorError.of(error) from error


def _section(name: str, experiment: PlannedExperiment) -> workspaces.Section:
    from wandb_workspaces import workspaces

    return workspaces.Section(
        name=f"{name}: {experiment['title']}",
        panels=[_curve(name, experiment, title, metric) for title, metric in CURVES],
        is_open=True,
    )


def _curve(name: str, experiment: PlannedExperiment, title: str, metric: str) -> LinePlot:
    """A mean line and its standard error for every arm: only the runs of the experiment have its metrics."""
    from wandb_workspaces.reports.v2.interface import Config, LinePlot

    return LinePlot(
        title=title,
        x="labels",
        y=[f"{stem_of(name)}/{metric}"],
        title_x="labels",
        groupby=Config(f"arms.{stem_of(name).rpartition('/')[2]}"),
        groupby_aggfunc="mean",
        groupby_rangefunc="stderr",
        log_y=metric == "query_seconds" or None,
        max_runs_to_show=sum(len(arm["cells"]) for arm in experiment["arms"]) or 1,
    )


def _most_runs(plan: Plan) -> int:
    return len({cell for e in plan["experiments"].values() for arm in e["arms"] for cell in arm["cells"].values()}) or 1
