"""Claims about a figure that rows have among their notes, as an audit leaves it."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from claim_cases import SPREAD, claim, only
from scipy import stats
from synthetic_results import Sweep

NOTE = "fidelity/entk/r2"


def audited(sweep: Sweep, group: str, values: Sequence[float], cycles: Sequence[int] = (1, 2)) -> dict[str, str]:
    """A Random whose rows have the note in some cycles: by seed, values around which those of the cycles lie."""
    sweep.seeds = range(len(values))
    arm = sweep.arm("random", lambda seed: [0.5, 0.6, 0.7], group=group)
    for seed, cell in arm["cells"].items():
        path = sweep.folder(cell) / "rows.jsonl"
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        middle = sum(cycles) / len(cycles)
        for cycle in cycles:
            rows[cycle]["result"]["notes"] = {NOTE: values[int(seed)] + 0.1 * (cycle - middle), "other": 7.0}
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return dict(arm["cells"])


def declare(sweep: Sweep, **changes: object) -> None:
    """Declare that the note is larger at width 3 than at width 1."""
    place = {"better": "random", "than": "random", "group": "widen=3", "than_group": "widen=1"}
    claim(sweep, metric="note", **({"note": NOTE} | place | changes))


def test_the_mean_over_the_cycles_that_have_the_note_is_compared_by_seed(sweep: Sweep) -> None:
    narrow, wide = [0.2] * 10, [0.5 + each for each in SPREAD]
    audited(sweep, "widen=1", narrow, cycles=[1])
    audited(sweep, "widen=3", wide)
    declare(sweep)
    found, test = only(sweep), stats.ttest_rel(wide, narrow)
    assert found.verdict == "supported"
    assert (found.n, found.planned_n) == (10, 10)
    assert (found.estimate.mean, found.p) == pytest.approx((0.3, test.pvalue))
    assert found.sentence.startswith(
        f"random (fig, widen=3) has more {NOTE} than random (fig, widen=1) by 0.30 [0.29, 0.31], n = 10, Holm p"
    )


@pytest.mark.parametrize(
    ("kind", "margin", "verdict", "said"),
    [
        (
            "superior",
            0.25,
            "supported",
            "than random (fig, widen=1) by more than 0.25: difference 0.30 [",
        ),
        ("superior", 0.35, "refuted", "refuted: difference 0.30 ["),
        ("non_inferior", 0.1, "supported", f"has at most 0.1 less {NOTE} than"),
        ("equivalent", 0.1, "refuted", f"are less than 0.1 apart in {NOTE}: refuted"),
    ],
)
def test_margins_are_in_the_note_s_own_unit(sweep: Sweep, kind: str, margin: float, verdict: str, said: str) -> None:
    audited(sweep, "widen=1", [0.2] * 10)
    audited(sweep, "widen=3", [0.5 + each for each in SPREAD])
    declare(sweep, kind=kind, margin=margin)
    assert only(sweep).verdict == verdict
    assert said in only(sweep).sentence


def test_a_seed_without_the_note_has_no_pair(sweep: Sweep) -> None:
    cells = audited(sweep, "widen=1", [0.2] * 10)
    audited(sweep, "widen=3", [0.5 + each for each in SPREAD])
    path = sweep.folder(cells["4"]) / "rows.jsonl"
    path.write_text(path.read_text().replace(NOTE, "another"))
    declare(sweep)
    assert (only(sweep).n, only(sweep).unpaired) == (9, (4,))


def test_a_failed_run_has_no_note(sweep: Sweep) -> None:
    audited(sweep, "widen=1", [0.2] * 10)
    cells = audited(sweep, "widen=3", [0.5 + each for each in SPREAD])
    path = sweep.folder(cells["4"]) / "rows.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    (sweep.folder(cells["4"]) / "done.json").unlink()
    sweep.fail(cells["4"], cycle=2)
    declare(sweep)
    assert only(sweep).n == 9


def test_a_note_that_no_row_has_is_told_with_those_that_there_are(sweep: Sweep) -> None:
    audited(sweep, "widen=1", [0.2] * 10)
    audited(sweep, "widen=3", [0.5 + each for each in SPREAD])
    declare(sweep, note="fidelity/entk/r3")
    assert only(sweep).sentence == (
        f"The claim wins cannot be judged: no row has the note 'fidelity/entk/r3'; there are {NOTE}, other."
    )
