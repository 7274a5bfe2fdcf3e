"""Claims as readers see them: a sentence each, a table, and remarks about the runs behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from claim_cases import SPREAD, arms, around, claim, compared, only, take_seconds
from synthetic_results import Sweep

from analysis.claims.judged import results, table
from analysis.load import load


def test_a_supported_claim_says_by_how_much(sweep: Sweep) -> None:
    assert compared(sweep, around(0.02)).sentence == (
        "ours beats random on digits by 2.0 points of AUBC [1.5, 2.5], n = 10, Holm p < 0.0001: supported."
    )


def test_a_refuted_claim_says_so_before_its_numbers(sweep: Sweep) -> None:
    assert compared(sweep, around(-0.006)).sentence == (
        "ours beats random on digits: refuted: difference −0.6 points of AUBC [−1.1, −0.1], n = 10, Holm p = 0.024."
    )


def test_an_undecided_claim_says_how_many_seeds_would_decide_it(sweep: Sweep) -> None:
    found = compared(sweep, around(0.004))
    assert found.sentence == (
        "ours beats random on digits: not shown: difference 0.4 points of AUBC [−0.1, 0.9], n = 10, Holm p = 0.1; "
        f"with a difference of this size about {found.seeds_needed} seeds would support it."
    )


def test_an_interim_claim_says_how_many_of_the_planned_seeds_are_in(sweep: Sweep) -> None:
    ours = arms(sweep, around(0.02))["ours"]
    claim(sweep)
    for seed in "6789":
        (sweep.folder(ours["cells"][seed]) / "rows.jsonl").unlink()
    found = only(sweep)
    assert ", n = 6 of 10 planned (interim), Holm p" in found.sentence
    assert found.sentence.endswith(": supported so far.")
    assert found.remarks[0].startswith("Interim: 4 planned runs not in yet.")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"margin": 1.0}, "ours beats random on digits by more than 1 point: "),
        ({"margin": 0.5, "metric": "final_accuracy"}, "ours beats random on digits by more than 0.5 points: "),
        ({"kind": "non_inferior", "margin": 1.5}, "ours is less than 1.5 points worse than random on digits: "),
        ({"kind": "equivalent", "margin": 5.0}, "ours and random are less than 5 points apart on digits: "),
        ({"metric": "query_speed", "margin": 1.0}, "ours queries faster than random on digits: "),
        ({"metric": "query_speed", "margin": 100.0}, "ours queries more than 100 times faster than random on digits: "),
        (
            {"metric": "query_speed", "kind": "non_inferior", "margin": 1.5},
            "ours queries less than 1.5 times slower than random on digits: ",
        ),
        (
            {"metric": "query_speed", "kind": "equivalent", "margin": 2.0},
            "ours and random query within a factor 2 of each other on digits: ",
        ),
    ],
)
def test_every_kind_is_stated_in_plain_words(sweep: Sweep, changes: dict[str, Any], said: str) -> None:
    made = arms(sweep, around(0.02))
    take_seconds(sweep, made["ours"], [2.0 + 0.01 * seed for seed in range(10)])
    claim(sweep, **changes)
    assert only(sweep).sentence.startswith(said)


def test_a_supported_claim_with_a_margin_keeps_the_margin_and_tells_the_difference(sweep: Sweep) -> None:
    assert compared(sweep, around(0.02), margin=1.0).sentence == (
        "ours beats random on digits by more than 1 point: difference 2.0 points of AUBC [1.5, 2.5], n = 10, "
        "Holm p = 0.0014: supported."
    )


def test_a_speed_is_told_as_how_many_times_as_fast(sweep: Sweep) -> None:
    made = arms(sweep, around(0.0, 4))
    take_seconds(sweep, made["random"], [60.0, 80.0, 100.0, 120.0])
    take_seconds(sweep, made["ours"], [0.5, 0.5, 1.0, 0.5])
    claim(sweep, metric="query_speed", margin=10.0)
    assert "random on digits: 147 times as fast [79.8, 269], n = 4, Holm p = " in only(sweep).sentence


def test_a_difference_that_rounds_to_zero_has_no_sign(sweep: Sweep) -> None:
    assert "difference 0.0 points of AUBC [−0.5, 0.5]" in compared(sweep, around(-0.0001)).sentence


def test_the_group_is_named(sweep: Sweep) -> None:
    arms(sweep, around(0.02), group="width=2")
    claim(sweep, group="width=2")
    assert only(sweep).sentence.startswith("ours beats random on digits (width=2) by ")


def test_sides_that_stand_apart_are_named_with_their_places(sweep: Sweep) -> None:
    arms(sweep, around(0.01), group="width=1")
    arms(sweep, around(0.05), experiment="other")
    claim(sweep, than="ours", group="width=1", than_experiment="other", than_group="", from_random=True)
    said = "the lead of ours (fig, width=1) over its Random beats that of ours (other) over its own: "
    assert only(sweep).sentence.startswith(said)


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ([0.25], "difference 25.0 points of AUBC, n = 1, no test: one pair."),
        ([0.25] * 3, "[25.0, 25.0], n = 3, no test: every pair differs by the same amount."),
        ([0.0] * 3, "[0.0, 0.0], n = 3, no test: both came out equal in every pair."),
    ],
)
def test_a_claim_without_a_test_says_why(sweep: Sweep, differences: list[float], said: str) -> None:
    told = compared(sweep, differences).sentence
    assert told.startswith("ours beats random on digits: not tested: difference ")
    assert told.endswith(said)


def test_a_claim_whose_runs_failed_says_what_it_comes_to_without_them(sweep: Sweep) -> None:
    """Ours is a third of a point worse, but Random failed twice."""
    random = arms(sweep, around(-0.003))["random"]
    claim(sweep)
    for seed in (2, 3):
        sweep.run(random["cells"][str(seed)], seed, [0.6])
        (sweep.folder(random["cells"][str(seed)]) / "done.json").unlink()
        sweep.fail(random["cells"][str(seed)])
    found = only(sweep)
    without = found.without_failed
    assert without is not None
    assert found.estimate.mean > 0.02
    assert without.estimate.mean == pytest.approx(np.mean([-0.003 + SPREAD[seed] for seed in (0, 1, *range(4, 10))]))
    assert (without.n, without.planned_n) == (8, 10)
    assert found.sentence.endswith(
        " 2 failed runs counted as chance; without: difference −0.4 points of AUBC [−0.9, 0.2], n = 8 of 10 planned, "
        "Holm p = 0.16: not shown."
    )


def test_a_claim_all_of_whose_rivals_failed_is_not_supported_without_saying_so(sweep: Sweep) -> None:
    random = arms(sweep, around(0.01, 5))["random"]
    claim(sweep)
    for seed in range(5):
        sweep.run(random["cells"][str(seed)], seed, [0.6])
        (sweep.folder(random["cells"][str(seed)]) / "done.json").unlink()
        sweep.fail(random["cells"][str(seed)])
    assert only(sweep).sentence.endswith(
        ": supported. 5 failed runs counted as chance; without: no pair of finished runs, of 5 planned."
    )


def test_a_claim_without_runs_says_so(sweep: Sweep) -> None:
    sweep.arm("random")
    sweep.arm("ours")
    claim(sweep)
    assert only(sweep).sentence == "ours beats random on digits: no pair of finished runs yet, of 3 planned."


@pytest.mark.parametrize("differences", [around(0.02), around(0.001), [0.25], [0.25] * 3])
def test_readers_see_neither_nan_nor_none(sweep: Sweep, differences: list[float]) -> None:
    found = compared(sweep, differences)
    texts = [found.sentence, *(cell.text for row in table([found]).rows for cell in row)]
    assert not [text for text in texts if "nan" in text or "None" in text or " -" in text or "[-" in text]


def test_the_table_has_a_row_per_claim_with_numbers_behind_the_texts(sweep: Sweep) -> None:
    arms(sweep, around(-0.02))
    claim(sweep, "a")
    claim(sweep, "b", better="nobody")
    made = table(results(load(sweep.root)))
    assert [len(row) for row in made.rows] == [len(made.headings)] * 2
    name, verdict, n, difference, p, adjusted, opposite, _ = made.rows[0]
    assert (name.text, verdict.text, n.text, difference.text) == ("a", "refuted", "10", "−2.0 [−2.5, −1.5]")
    assert difference.value == pytest.approx(-2.0)
    assert p.value is not None
    assert (adjusted.value, opposite.value) == pytest.approx((2 * p.value, 2 * p.value))
    assert [cell.text for cell in made.rows[1]] == ["b", "cannot be judged", "0", *["–"] * 5]


def test_the_table_tells_remarks_with_their_claim(sweep: Sweep) -> None:
    ours = arms(sweep, around(0.02))["ours"]
    claim(sweep)
    (sweep.folder(ours["cells"]["6"]) / "rows.jsonl").unlink()
    made = table(results(load(sweep.root)))
    assert any(remark.startswith("wins: Interim: 1 planned run not in yet.") for remark in made.remarks)
    assert made.rows[0][1].text == "supported (interim)"
    assert made.rows[0][2].text == "9/10"


def timed(sweep: Sweep, ours: dict[str, Any], random: dict[str, Any]) -> tuple[str, ...]:
    """The remarks of a claim about times, where both arms' runs were made in these environments."""
    made = arms(sweep, around(0.02))
    for name, environment in (("ours", ours), ("random", random)):
        for cell in made[name]["cells"].values():
            sweep.attempt(cell, **environment)
    claim(sweep, metric="query_speed", margin=1.0)
    return only(sweep).remarks


def test_times_of_runs_that_shared_their_device_are_flagged(sweep: Sweep) -> None:
    assert timed(sweep, {"slots": 2}, {"slots": 1}) == (
        "10 runs of 20 shared their device with other runs while they were timed.",
    )


def test_the_sentence_of_a_claim_about_times_tells_what_stands_against_them(sweep: Sweep) -> None:
    remarks = timed(sweep, {"slots": 2}, {"slots": 2})
    assert only(sweep).sentence.endswith(f". {remarks[0]}")


def test_times_of_runs_that_had_their_device_alone_are_not_flagged(sweep: Sweep) -> None:
    assert timed(sweep, {"slots": 1}, {"slots": 1}) == ()


def test_times_of_which_nothing_is_known_are_flagged(sweep: Sweep) -> None:
    assert timed(sweep, {}, {"slots": 1}) == (
        "For 10 runs of 20 it is not recorded whether they had their device alone.",
    )


def test_times_from_different_devices_are_flagged(sweep: Sweep) -> None:
    assert timed(sweep, {"slots": 1, "device": "A GPU"}, {"slots": 1}) in (
        ("Timed on different devices: A CPU (10 runs), A GPU (10 runs).",),
        ("Timed on different devices: A GPU (10 runs), A CPU (10 runs).",),
    )


def test_a_claim_about_accuracies_does_not_ask_about_devices(sweep: Sweep) -> None:
    assert compared(sweep, around(0.02)).remarks == ()
