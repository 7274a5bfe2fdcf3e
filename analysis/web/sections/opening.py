"""The opening: in one paragraph what was compared, with how many seeds, when and where, and whether it is final."""

from __future__ import annotations

from analysis.phrases import counted, listed
from analysis.progress import Progress, progress
from analysis.web import page
from analysis.web.findings import Findings
from analysis.wording import commit

NAMED = 6  # names in a list before "and n more"


def opening(found: Findings) -> str:
    """The title, the paragraph, the counts and the warnings about mixed provenance."""
    loaded, done = found.loaded, progress(found.loaded)
    counts = {"cells done": f"{done.finished} of {done.planned}", "runs missing": str(len(loaded.missing))}
    counts |= {"cells failed": str(len(_failed(found))), "arms refused": str(len(loaded.refused))}
    planned = f"Planned by {loaded.plan['source']} at {commit(loaded.plan['commit'])}"
    source = f"{planned}; page made {found.now:%Y-%m-%d %H:%M} UTC."
    return "".join(
        [
            page.text("h1", loaded.plan["name"]),
            page.text("p", f"{_compared(found)} {_ran(found)} {_state(found, done)}", "lead"),
            page.text("p", source, "small"),
            page.box("dl", [page.box("div", [page.text("dt", k), page.text("dd", v)]) for k, v in counts.items()]),
            page.items(found.numbers.origin.warnings(), "remarks"),
        ]
    )


def _compared(found: Findings) -> str:
    arms = [arm for each in found.numbers.comparisons for arm in each.group.arms]
    labels = list(dict.fromkeys(arm["label"] for arm in arms))
    datasets = list(dict.fromkeys(arm["dataset"] for arm in arms))
    planned = [len(each.group.planned["seeds"]) for each in found.numbers.comparisons] or [0]
    seeds = counted(planned[0], "seed") if min(planned) == max(planned) else f"{min(planned)} to {max(planned)} seeds"
    experiments, settings = len(found.numbers.experiments), len(found.numbers.comparisons)
    where = counted(experiments, "experiment") + (f" of {settings} settings in all" if settings > experiments else "")
    return f"Compares {listed(labels, NAMED)} on {listed(datasets, NAMED)}: {where}, {seeds} planned for each arm."


def _ran(found: Findings) -> str:
    origin = found.numbers.origin
    if origin.first is None or origin.last is None:
        return "Nothing has run yet."
    by, on = (listed(list(origin.facts[fact]), NAMED) for fact in ("commit", "device"))
    return f"Run from {_minute(origin.first)} to {_minute(origin.last)} UTC on {on} at commit {by}."


def _state(found: Findings, done: Progress) -> str:
    failed, missing = _failed(found), found.loaded.missing
    told = f" {counted(len(failed), 'cell')} failed; what a failed run lacks is scored as chance." if failed else ""
    if missing:
        return f"Interim: {counted(len(missing), 'planned run')} not in yet, so every number here may still move.{told}"
    return f"All planned runs are in.{told}" if done.planned else "Nothing is planned."


def _failed(found: Findings) -> set[str]:
    """The cells that failed: one that experiments share counts once."""
    return {run.cell for run in found.loaded.failures}


def _minute(time: str) -> str:
    """An ISO time to the minute."""
    return time[:16].replace("T", " ")
