"""The order of trials and what is said of the first, by outcomes that are written down here."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from scipy import stats

from analysis.curves import aubc as aubc_of_analysis
from bench.record import Failure
from bench.tuning.findings import doubts, no_winner, winner_sentence
from bench.tuning.outcome import Outcome
from bench.tuning.ranking import Ranking, rank
from bench.tuning.score import Estimate, aubc, difference, estimate, scores
from bench.tuning.section import Trial
from bench.tuning.table import table

LABELS = (10, 20, 30)
SPACE = {"learner.penalty": [1, 2, 4]}
CLASSES = 4


def outcome(value: object, *curves: Sequence[float], failed: Sequence[int] = ()) -> Outcome:
    """A trial with a curve for each of the seeds 100, 101, …; those that failed are named by their place."""
    why = Failure(kind="diverged", message="the loss became nan", trace="", cycle=1, attempt=1)
    return Outcome(
        trial=Trial(f"penalty={value}", {"learner.penalty": value}),  # type: ignore[dict-item]
        labels=LABELS,
        curves={100 + place: tuple(curve) for place, curve in enumerate(curves)},
        failures={100 + place: why for place in failed},
        classes=CLASSES if any(curves) else None,
    )


def said(*outcomes: Outcome, space: object = SPACE) -> str:
    ranking = rank(outcomes, "aubc")
    assert ranking.winner is not None
    return "\n".join(doubts(ranking, ranking.winner, space))  # type: ignore[arg-type]


def order(*outcomes: Outcome) -> list[str]:
    return [trial.name.removeprefix("penalty=") for trial in rank(outcomes, "aubc").trials]


GOOD = outcome(2, (0.5, 0.8, 0.9), (0.52, 0.8, 0.9), (0.5, 0.82, 0.9))
WORSE = outcome(1, (0.4, 0.7, 0.8), (0.4, 0.72, 0.8), (0.4, 0.7, 0.8))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=6), st.integers(1, 50), st.integers(1, 50))
def test_the_area_is_that_of_the_analysis(accuracy: list[float], initial: int, budget: int) -> None:
    labels = [initial + budget * cycle for cycle in range(len(accuracy))]
    assert aubc(labels, accuracy) == pytest.approx(aubc_of_analysis(labels, accuracy), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8))
def test_the_interval_is_students(values: list[float]) -> None:
    found = estimate(values)
    half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    wanted = (np.mean(values), np.mean(values) - half, np.mean(values) + half)
    assert (found.mean, found.low, found.high) == pytest.approx(wanted, abs=1e-12)


def test_one_value_has_a_mean_and_no_interval() -> None:
    assert np.isnan([estimate([0.5]).low, estimate([0.5]).high]).all()
    assert str(estimate([0.5])) == "0.5000"


def test_a_difference_is_paired_by_seed() -> None:
    assert difference({1: 0.5, 2: 0.9}, {2: 0.8, 1: 0.4}) == Estimate(*[pytest.approx(0.1)] * 3)


def test_the_final_accuracy_is_that_of_the_last_cycle() -> None:
    assert scores(GOOD, "final_accuracy", 0.25) == {100: 0.9, 101: 0.9, 102: 0.9}


def test_a_failed_run_counts_as_chance_from_where_it_ended() -> None:
    failed = outcome(1, (0.5, 0.8), (0.5, 0.6, 0.7), (), failed=[0, 2])
    assert scores(failed, "final_accuracy", 0.25) == {100: 0.25, 101: 0.7, 102: 0.25}
    assert scores(failed, "aubc", 0.25) == {
        100: pytest.approx((0.65 + 0.525) / 2),
        101: pytest.approx(0.6),
        102: pytest.approx(0.25),
    }


def test_chance_is_one_of_the_classes() -> None:
    assert rank([outcome(1, (), failed=[0]), GOOD], "aubc").chance == 1 / CLASSES


def test_the_highest_mean_comes_first() -> None:
    assert order(WORSE, GOOD) == order(GOOD, WORSE) == ["2", "1"]


def test_a_trial_with_a_failed_run_comes_last_whatever_its_mean() -> None:
    failed = outcome(4, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0), failed=[2])
    assert order(failed, GOOD, WORSE) == ["2", "1", "4"]


def test_of_equal_means_the_first_in_the_space_is_chosen() -> None:
    twin = outcome(4, *GOOD.curves.values())
    assert order(WORSE, twin, GOOD) == ["4", "2", "1"]
    assert "equally good: penalty=2; of equal ones the first in the space is chosen" in said(WORSE, twin, GOOD)


def test_nothing_is_chosen_while_a_seed_is_missing() -> None:
    ranking = rank([GOOD, outcome(1, (0.1, 0.2, 0.3), (0.1, 0.2))], "aubc")
    assert [trial.name for trial in ranking.trials] == ["penalty=2", "penalty=1"]
    assert ranking.winner is None
    assert no_winner(ranking) == "nothing chosen: 1 of 2 trials are not finished; start it again"


def test_nothing_is_chosen_where_every_trial_failed() -> None:
    ranking = rank([outcome(1, (0.5,), failed=[0]), outcome(2, (), failed=[0])], "aubc")
    assert ranking.winner is None
    assert no_winner(ranking).startswith("nothing chosen: every trial failed; --retry-failed")
    assert "penalty=1 (seed 100: diverged: the loss became nan)" in no_winner(ranking)


def test_nothing_is_chosen_where_no_run_has_a_row() -> None:
    ranking = rank([outcome(1, (), failed=[0]), outcome(2, (), failed=[0])], "aubc")
    assert (ranking.winner, ranking.chance) == (None, None)
    assert "penalty=2 (seed 100: diverged" in no_winner(ranking)


def test_a_clear_winner_inside_the_space_raises_no_doubt() -> None:
    assert said(GOOD, WORSE) == ""


def test_the_winner_is_said_to_be_the_best_of_many() -> None:
    ranking = rank([GOOD, WORSE], "aubc")
    assert ranking.winner is not None
    told = winner_sentence(ranking, ranking.winner)
    assert told.startswith("chosen: penalty=2: aubc 0.755")
    assert told.endswith(", the mean over 3 seeds, the highest of 2 trials, which flatters it")


def test_trials_that_the_interval_does_not_tell_apart_are_named() -> None:
    near = outcome(1, (0.5, 0.8, 0.91), (0.5, 0.8, 0.9), (0.5, 0.8, 0.9))
    nearer = outcome(4, (0.5, 0.8, 0.92), (0.5, 0.8, 0.9), (0.5, 0.8, 0.9))
    told = said(near, WORSE, GOOD, nearer)
    assert told.startswith("the choice is not clear: penalty=4 lies within the interval of the difference, 0.0")
    assert told.endswith("; so do 1 more")


def test_a_failed_trial_is_no_rival_of_the_winner() -> None:
    failed = outcome(1, (0.5, 0.8, 0.91), (0.5, 0.8, 0.9), (0.5, 0.8), failed=[2])
    assert "not clear" not in said(GOOD, failed)
    one_seed = outcome(2, (0.5, 0.8, 0.9))
    assert "one seed" not in said(one_seed, outcome(1, (0.5,), failed=[0]))


def test_one_seed_tells_nothing_apart() -> None:
    assert "one seed gives no interval" in said(outcome(2, (0.5, 0.8, 0.9)), outcome(1, (0.4, 0.7, 0.8)))


def test_failed_trials_are_named_with_the_reason() -> None:
    failed = outcome(4, (0.5, 0.6, 0.7), (0.5,), (0.5, 0.6, 0.7), failed=[1])
    wanted = "ranked last: penalty=4 (seed 101: diverged: the loss became nan)"
    assert wanted in said(GOOD, failed)


@pytest.mark.parametrize(("value", "told"), [(1, "smallest"), (2, ""), (4, "largest")])
def test_a_winner_at_the_edge_of_the_space_is_told(value: int, told: str) -> None:
    named = {"learner.penalty": {"weak": 1, "middle": 2, "strong": 4}}
    for space in (SPACE, named):
        found = said(outcome(value, *GOOD.curves.values()), space=space)
        assert (f"learner.penalty={value} is the {told} value of the space" in found) == bool(told)
        assert ("of the space" in found) == bool(told)


@pytest.mark.parametrize("values", [[True, False], ["a", "b"], [2], [{"name": "mlp"}, 2]])
def test_only_numbers_have_an_edge(values: list[object]) -> None:
    found = outcome(values[0], *GOOD.curves.values())
    assert said(found, space={"learner.penalty": values}) == ""


@pytest.mark.parametrize(
    ("curve", "told"),
    [
        ((0.5, 0.9, 0.99), "Random is saturated: its final accuracy is 0.990"),
        ((0.2, 0.25, 0.3), "Random does not learn: its final accuracy is 0.300, and chance is 0.250"),
        ((0.7, 0.5, 0.705), "Random is flat: it gains 0.0050"),
        ((0.8, 0.7, 0.6), "Random is flat: it gains -0.2000"),
        ((0.5, 0.6, 0.7), ""),
    ],
)
def test_a_curve_of_random_that_tells_nothing_is_pointed_out(curve: tuple[float, ...], told: str) -> None:
    found = said(outcome(2, curve, curve, curve))
    assert found.startswith(told)
    assert bool(found) == bool(told)


def test_a_gain_that_may_be_none_is_pointed_out() -> None:
    assert "it is not sure that Random learns" in said(outcome(2, (0.5, 0.6, 0.9), (0.6, 0.6, 0.55)))


def shown(ranking: Ranking) -> list[list[str]]:
    console = Console(width=200, record=True, file=StringIO())
    console.print(table(ranking, "trials"))
    lines = [line.strip("│").split("│") for line in console.export_text().splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line] for line in lines]


def test_the_table_has_a_line_for_each_trial() -> None:
    failed = outcome(4, (0.5, 0.6, 0.7), (0.5, 0.6, 0.7), (0.5,), failed=[2])
    missing = outcome(8, (0.5, 0.6, 0.7), (0.5,))
    nothing = outcome(16, (), ())
    lines = shown(rank([nothing, missing, failed, outcome(1, (0.5, 0.6, 0.7))], "final_accuracy"))
    assert [line[:3] for line in lines] == [
        ["1", "penalty=1", "0.7000"],
        ["2", "penalty=4", "0.5500"],
        ["3", "penalty=8", "0.7000"],
        ["4", "penalty=16", "–"],
    ]
    assert [line[4] for line in lines] == ["1/1", "2/3, 1 failed", "1/2", "0/2"]
    assert lines[0][3] == "–"
    low, high = map(float, lines[1][3].split(" to "))
    assert (low + high) / 2 == pytest.approx(0.55, abs=1e-4)
