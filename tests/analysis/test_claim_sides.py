"""Which runs a claim compares: groups, experiments, differences from Random, and claims that cannot be judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from claim_cases import arms, around, claim, compared, flat, only
from synthetic_results import Sweep

FIRST, SECOND = {"group": "width=1"}, {"group": "width=2"}


def widths(sweep: Sweep) -> dict[str, dict[str, Any]]:
    """Ours is above Random by 1 point at one width and by 4 at the other; Random itself is better at the second."""
    arms(sweep, around(0.01), group="width=1")
    n = len(sweep.seeds)
    random = sweep.arm("random", flat([0.2] * n), group="width=2")
    spread = [each * 0.5 for each in reversed(around(0.0))]
    ours = sweep.arm("ours", flat([0.24 + each for each in spread]), group="width=2")
    return {"random": random, "ours": ours}


def test_a_claim_looks_at_its_own_group(sweep: Sweep) -> None:
    widths(sweep)
    claim(sweep, **SECOND)
    assert only(sweep).estimate.mean == pytest.approx(0.04)


def test_than_stands_in_the_group_of_better_unless_said_otherwise(sweep: Sweep) -> None:
    widths(sweep)
    claim(sweep, **FIRST, than_group="width=2")
    assert only(sweep).estimate.mean == pytest.approx(-0.19)


def test_than_may_stand_in_another_experiment(sweep: Sweep) -> None:
    arms(sweep, around(0.01))
    arms(sweep, around(0.05), experiment="other")
    claim(sweep, than="ours", than_experiment="other")
    assert only(sweep).estimate.mean == pytest.approx(-0.04)


@pytest.mark.parametrize(
    ("metric", "said"),
    [("aubc", "cannot be judged: wanted as many cycles on both sides"), ("query_speed", "times as fast")],
)
def test_accuracies_after_other_numbers_of_cycles_are_not_compared(sweep: Sweep, metric: str, said: str) -> None:
    arms(sweep, around(0.01))
    arms(sweep, around(0.05), experiment="other")
    sweep.experiment("other", cycles=1)
    claim(sweep, than="ours", than_experiment="other", metric=metric, margin=1.0)
    assert said in only(sweep).sentence


def test_a_seed_that_failed_before_it_began_leaves_the_others_of_a_claim_across_groups(sweep: Sweep) -> None:
    made = widths(sweep)
    for arm in made.values():
        cell = arm["cells"]["3"]
        for file in sweep.folder(cell).iterdir():
            file.unlink()
        sweep.fail(cell, cycle=0)
    claim(sweep, **SECOND, than="ours", than_group="width=1")
    found = only(sweep)
    assert (found.n, found.failed) == (10, (made["ours"]["cells"]["3"],))


def test_a_difference_from_random_is_taken_within_each_side_s_group(sweep: Sweep) -> None:
    widths(sweep)
    claim(sweep, **SECOND, than="ours", than_group="width=1", from_random=True)
    found = only(sweep)
    d = 0.5 * np.array(around(0.0))[::-1] - np.array(around(0.0))  # by seed
    assert found.estimate.mean == pytest.approx(0.03)
    assert found.estimate.high - found.estimate.mean == pytest.approx(2.262157 * d.std(ddof=1) / np.sqrt(10), rel=1e-5)


def test_sides_with_their_own_random_may_begin_with_different_sets(sweep: Sweep) -> None:
    made = widths(sweep)
    for arm in made.values():
        for seed, cell in arm["cells"].items():
            accuracy = 0.7 + (0.01 + 0.001 * int(seed) if arm is made["ours"] else 0.0)
            sweep.run(cell, int(seed), [accuracy] * 3, queried=[40 + int(seed)])
    claim(sweep, **SECOND, than="ours", than_group="width=1", from_random=True)
    assert only(sweep).n == 10
    sweep.claims["wins"]["from_random"] = False
    sweep.write()
    found = only(sweep)
    assert found.n == 0
    assert "the same initial labelled set" in found.sentence


def test_a_missing_random_makes_a_difference_from_it_interim(sweep: Sweep) -> None:
    made = widths(sweep)
    claim(sweep, **SECOND, than="ours", than_group="width=1", from_random=True)
    (sweep.folder(made["random"]["cells"]["4"]) / "rows.jsonl").unlink()
    found = only(sweep)
    assert (found.status, found.n, found.unpaired) == ("interim", 9, (4,))


def test_seeds_are_paired_where_both_experiments_have_them(sweep: Sweep) -> None:
    arms(sweep, around(0.01, 6))
    sweep.seeds = range(4, 10)
    sweep.arm("ours", flat(around(0.05)), experiment="other")
    claim(sweep, than="ours", than_experiment="other")
    found = only(sweep)
    assert (found.n, found.planned_n, found.unpaired) == (2, 2, (0, 1, 2, 3, 6, 7, 8, 9))
    assert found.status == "confirmatory"


def test_a_missing_run_of_a_seed_that_only_one_experiment_has_makes_no_claim_interim(sweep: Sweep) -> None:
    arms(sweep, around(0.01, 6))
    sweep.seeds = range(4, 10)
    other = sweep.arm("ours", flat(around(0.05)), experiment="other")
    (sweep.folder(other["cells"]["9"]) / "rows.jsonl").unlink()
    claim(sweep, than="ours", than_experiment="other")
    assert only(sweep).status == "confirmatory"


def test_times_are_compared_between_runs_of_different_settings(sweep: Sweep) -> None:
    arms(sweep, around(0.01))
    made = arms(sweep, around(0.01), experiment="other")
    for seed, cell in made["ours"]["cells"].items():
        sweep.run(cell, int(seed), [0.5] * 3, queried=[77])
    claim(sweep, than="ours", than_experiment="other", metric="query_speed", margin=1.0)
    assert only(sweep).n == 10


def test_a_claim_of_an_earlier_version_is_superior_in_the_only_group(sweep: Sweep) -> None:
    arms(sweep, around(0.02), group="width=1")
    claim(sweep)
    planned = only(sweep).planned
    assert planned is not None
    assert (planned.kind, planned.better.group, planned.than.group, planned.from_random) == (
        "superior",
        "width=1",
        "width=1",
        False,
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "wanted a claim that names one of the groups of fig: width=1, width=2"),
        ({**FIRST, "better": "ous"}, "wanted the arm fig · width=1 · ous; plan.json has none of that name"),
        ({"experiment": "fog", "group": ""}, "wanted the arm fog · ours; plan.json has none of that name"),
        ({**FIRST, "better": "eer"}, "the arm fig · width=1 · eer was refused: needs squared loss"),
        (
            {**FIRST, "than_experiment": "alone", "than_group": "", "than": "ours", "from_random": True},
            "wanted a Random in the group of alone · ours, to take differences from; plan.json has none",
        ),
    ],
)
def test_a_claim_that_cannot_be_judged_says_why(sweep: Sweep, changes: dict[str, Any], why: str) -> None:
    widths(sweep)
    sweep.arm("eer", refused="needs squared loss", cells={}, group="width=1")
    sweep.arm("ours", flat(around(0.01)), experiment="alone")
    claim(sweep, **changes)
    found = only(sweep)
    assert found.sentence == f"The claim wins cannot be judged: {why}."
    assert (found.verdict, found.n, found.planned) == ("undecided", 0, None)


def test_a_claim_that_cannot_be_judged_counts_towards_the_family(sweep: Sweep) -> None:
    from analysis.claims.judged import results
    from analysis.load import load

    compared(sweep, around(0.004))
    claim(sweep, "void", better="nobody")
    first, void = results(load(sweep.root))
    assert first.adjusted == pytest.approx(2 * first.p)
    assert "void" in void.sentence
