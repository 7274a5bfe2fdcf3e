"""The stats command: its table, its words, its file."""

from __future__ import annotations

import json

import pytest
from synthetic_results import Sweep

from analysis.curves import aubc
from analysis.stats import main


def told(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([str(sweep.root)]) == 0
    return capsys.readouterr().out


def line_of(label: str, text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(label))


def test_the_table_has_final_accuracy_area_and_difference(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    line = line_of("margin", told(two_arms, capsys))
    random = [aubc([10, 20, 40], [0.5, 0.6 + 0.01 * seed, 0.7]) for seed in range(3)]
    margin = [aubc([10, 20, 40], [0.5, 0.62 + 0.02 * seed, 0.74 - 0.01 * seed]) for seed in range(3)]
    assert "73.0 [70.5, 75.5]" in line
    assert f"{100 * sum(margin) / 3:.1f}" in line
    assert f"+{100 * (sum(margin) - sum(random)) / 3:.2f} [" in line


def test_the_query_time_leaves_the_initial_set_out(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    assert line_of("margin", told(two_arms, capsys)).split()[-2:] == ["2.0", "3.0"]


def test_one_seed_is_told_in_words(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.seeds = (4,)
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7])
    sweep.arm("margin", lambda seed: [0.5, 0.7, 0.8])
    text = told(sweep, capsys)
    assert all(words in line_of("margin", text) for words in ("(1 seed)", "(1 pair)", "too few"))
    assert "nan" not in text


def test_no_complete_seed_is_told_in_words(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.arm("random", lambda seed: [0.5])
    sweep.arm("margin")
    text = told(sweep, capsys)
    assert "no complete seed" in line_of("random", text)
    assert "no pair" in line_of("margin", text)
    assert "nan" not in text
    assert "Interim: 6 planned runs are not in yet" in text


def test_a_group_without_random_is_told(sweep: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    sweep.arm("margin", lambda seed: [0.5, 0.6, 0.7])
    assert "No arm of this group is Random" in told(sweep, capsys)


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


def test_nothing_is_cut_off_where_there_is_no_terminal(
    two_arms: Sweep, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    label = "a strategy whose name is longer than eighty columns " * 2
    two_arms.arm(label.strip(), lambda seed: [0.5, 0.6, 0.7])
    text = told(two_arms, capsys)
    assert "reference" in line_of("random", text)
    assert "[" in line_of(label.strip(), text)
    assert "\x1b" not in text
    assert "…" not in text


def test_a_label_is_text_and_not_markup(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    two_arms.arm("[red]x[/red]", lambda seed: [0.5, 0.6, 0.7])
    assert "[red]x[/red]" in told(two_arms, capsys)


def test_a_strategy_that_sees_labels_is_marked(two_arms: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    two_arms.arm("oracle", lambda seed: [0.5, 0.6, 0.7], sees_labels=True)
    assert "oracle (sees labels)" in told(two_arms, capsys)


def test_the_file_has_every_number_and_null_where_there_is_none(
    two_arms: Sweep, capsys: pytest.CaptureFixture[str]
) -> None:
    two_arms.arm("badge")
    told(two_arms, capsys)
    text = (two_arms.root / "stats.json").read_text()
    (comparison,) = json.loads(text)["comparisons"]
    arms = {arm["label"]: arm for arm in comparison["arms"]}
    assert "NaN" not in text
    assert arms["margin"]["final_accuracy"]["mean"] == pytest.approx(0.73)
    assert arms["margin"]["against_random"]["seeds"] == [0, 1, 2]
    assert arms["badge"]["aubc"]["mean"] is None
    assert (comparison["control"], comparison["interim"]) == ("random", True)
