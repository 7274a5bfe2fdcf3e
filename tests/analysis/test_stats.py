"""The stats command: its tables and its words."""

from __future__ import annotations

import re

import pytest
from compared import noisy
from stats_output import line_of, table_of, told
from synthetic_results import Sweep

from analysis.curves import aubc


def test_the_tables_have_final_accuracy_area_and_difference(
    two_arms: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    text = told(two_arms, capsys)
    random = [aubc([10, 20, 40], [0.5, 0.6 + 0.01 * seed, 0.7]) for seed in range(3)]
    margin = [aubc([10, 20, 40], [0.5, 0.62 + 0.02 * seed, 0.74 - 0.01 * seed]) for seed in range(3)]
    accuracy = line_of("margin", table_of("Accuracy ·", text))
    assert "73.0 [70.5, 75.5]" in accuracy
    assert f"{100 * sum(margin) / 3:.1f}" in accuracy
    difference = line_of("margin", table_of("Difference from Random", text))
    assert f"+{100 * (sum(margin) - sum(random)) / 3:.2f} [" in difference


def test_the_query_time_leaves_the_initial_set_out(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    line = line_of("margin", table_of("Costs per cycle", told(two_arms, capsys)))
    assert line.split()[1:] == ["2.0", "2.0", "3.0", "3.0", "64"]


def test_the_accuracy_of_every_cycle_is_told(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    lines = table_of("Accuracy per cycle", told(two_arms, capsys)).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["labels", "10", "20", "40"]
    assert "61.0 [58.5, 63.5]" in lines[3]


def test_one_seed_is_told_in_words(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.seeds = (4,)
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.7, 0.8])
    text = told(sweep, capsys)
    assert "(1 seed)" in line_of("margin", table_of("Accuracy ·", text))
    assert all(words in line_of("margin", table_of("Difference", text)) for words in ("(1 pair)", "too few"))
    assert "One pair of seeds: there is no interval and no test." in text
    assert not re.search(r"\bnan\b", text)


@pytest.mark.parametrize(("seeds", "least"), [(3, "0.25"), (5, "0.0625"), (6, "0.03125")])
def test_few_seeds_are_told_the_least_p_that_they_allow(
    sweep: Sweep, capsys: pytest.CaptureFixture[str], seeds: int, least: str
) -> None:
    sweep.seeds = range(seeds)
    sweep.arm("random", noisy("random"))
    sweep.arm("margin", noisy("margin", 0.1))
    text = told(sweep, capsys)
    warning = f"With {seeds} pairs the exact Wilcoxon test cannot go below p = {least}"
    assert (warning in text) == (seeds < 6)
    assert f"({float(least):.4f})" in line_of("margin", table_of("What these seeds can show", text))


def test_no_complete_seed_is_told_in_words(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.arm("random", lambda seed: [0.5])
    sweep.arm("margin")
    text = told(sweep, capsys)
    assert "no complete seed" in line_of("random", table_of("Accuracy ·", text))
    assert "no pair" in line_of("margin", table_of("Difference", text))
    assert not re.search(r"\bnan\b", text)
    assert "Interim: 6 planned runs are not in yet" in text


def test_a_group_without_random_is_told(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    text = told(sweep, capsys)
    assert "No arm of this group is Random" in text
    assert "Difference from Random" not in text


def test_an_unpaired_seed_is_named(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    two_arms.run(two_arms.experiments["fig"]["arms"][1]["cells"]["1"], 1, [0.5])
    assert "margin: unpaired, incomplete here or for Random: seed 1." in told(two_arms, capsys)


def test_what_is_missing_failed_and_refused_is_named(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    badge = two_arms.arm("badge", lambda seed: [0.5, 0.6], group="width=2")
    two_arms.fail(badge["cells"]["1"], message="loss is\nnot finite")
    two_arms.arm("eer", refused="needs squared loss", cells={})
    text = told(two_arms, capsys)
    assert "missing: fig · width=2 · badge: seeds 0, 2: 2 of 3 cycles" in text
    assert (
        f"failed: fig · width=2 · badge: seed 1 (cell {badge['cells']['1']}): diverged in cycle 1: loss is not" in text
    )
    assert "refused: fig · eer: needs squared loss" in text


def test_mixed_devices_are_flagged(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    assert "Mixed device" not in told(two_arms, capsys)
    two_arms.attempt(two_arms.experiments["fig"]["arms"][1]["cells"]["0"], device="A100")
    assert "Mixed device: cpu (5 attempts), A100 (1 attempt)" in told(two_arms, capsys)


def test_nothing_is_cut_off_where_there_is_no_terminal(
    two_arms: Sweep, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    label = "a strategy whose name is longer than eighty columns " * 2
    two_arms.arm(label.strip(), lambda seed: [0.5, 0.6, 0.7])
    text = told(two_arms, capsys)
    assert "reference" in line_of("random", table_of("Difference", text))
    assert "[" in line_of(label.strip(), table_of("Accuracy ·", text))
    assert "\x1b" not in text
    assert "…" not in text


def test_a_table_of_many_arms_fits_into_a_hundred_columns(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.seeds = range(6)
    for label in ("random", *(f"strategy-{number}" for number in range(9))):
        sweep.arm(label, noisy(label))
    text = told(sweep, capsys)
    for title in (
        "Accuracy ·",
        "Difference",
        "What these seeds",
        "Labels needed",
        "Average ranks",
        "p of every",
        "Cost",
    ):
        lines = table_of(title, text).splitlines()
        assert max(len(line.rstrip()) for line in lines if not line.startswith("  ")) <= 100, title


def test_a_label_is_text_and_not_markup(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    two_arms.arm("[red]x[/red]", lambda seed: [0.5, 0.6, 0.7])
    assert "[red]x[/red]" in told(two_arms, capsys)


def test_a_strategy_that_sees_labels_is_marked(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    two_arms.arm("oracle", lambda seed: [0.5, 0.6, 0.7], sees_labels=True)
    text = told(two_arms, capsys)
    assert "oracle (sees labels)" in text
    assert "An arm that sees labels is no competitor" in text


def test_without_claims_everything_is_called_exploratory(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    text = told(two_arms, capsys)
    assert text.startswith("Claims\n")
    assert "No comparison was declared before the run: everything here is exploratory." in text
