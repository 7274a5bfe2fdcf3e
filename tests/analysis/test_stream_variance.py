"""The spread over seeds, split by the random stream that causes it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from synthetic_results import Sweep

from analysis.groups import groups
from analysis.load import load
from analysis.statistics.variance import split
from analysis.stream_variance import splits, streams_of, tables
from analysis.sweep_numbers import Selection, sweep_numbers

EFFECTS = {"initial": 0.03, "weights": 0.01, "batches, augmentation": 0.0}


def streams_sweep(sweep: Sweep, seeds: int = 6, whole: bool = True) -> Sweep:
    """One arm whose accuracy moves with each stream by a known amount."""
    sweep.seeds = range(seeds)
    draws = {name: np.random.default_rng(position).normal(size=seeds) for position, name in enumerate(EFFECTS)}
    if whole:
        total = sum(EFFECTS[name] * draws[name] for name in EFFECTS)
        sweep.arm("random", lambda seed: [0.6 + float(total[seed])] * 3, group="vary=all")
    for name, effect in EFFECTS.items():
        values = 0.6 + effect * draws[name]
        sweep.arm("random", lambda seed, values=values: [float(values[seed])] * 3, group=f"vary=[{name}]")
    return sweep


def test_variances_and_shares_are_those_of_the_definition() -> None:
    values = {"all": [1.0, 2.0, 4.0], "initial": [1.0, 1.5, 2.0], "weights": [3.0, 3.0, 3.0]}
    found = split(values)
    assert [part.streams for part in found.parts] == list(values)
    assert [part.variance for part in found.parts] == pytest.approx([np.var(of, ddof=1) for of in values.values()])
    assert [part.share for part in found.parts] == pytest.approx([1.0, 0.25 / (7 / 3), 0.0])
    assert found.rest == pytest.approx(7 / 3 - 0.25)
    assert found.rest_share == pytest.approx(1 - 0.25 / (7 / 3))


def test_the_rest_may_be_negative() -> None:
    assert split({"all": [1.0, 2.0], "initial": [1.0, 3.0]}).rest == pytest.approx(-1.5)


def test_independent_effects_add_up() -> None:
    initial, weights = np.random.default_rng(0).normal(size=(2, 20_000)) * [[3], [4]]
    found = split({"all": initial + weights, "initial": initial, "weights": weights})
    assert [part.share for part in found.parts[1:]] == pytest.approx([0.36, 0.64], abs=0.02)
    assert found.rest_share == pytest.approx(0, abs=0.02)


def test_the_interval_holds_the_true_variance_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    found = [split({"all": generator.normal(scale=2, size=6)}).parts[0] for _ in range(1000)]
    covered = sum(part.low <= 4 <= part.high for part in found)
    assert abs(covered - 950) < 3 * math.sqrt(1000 * 0.95 * 0.05)
    assert all(part.low < part.variance < part.high for part in found)


@pytest.mark.parametrize("values", [[], [0.5]])
def test_too_few_values_have_no_variance(values: list[float]) -> None:
    (part,) = split({"all": values}).parts
    assert part.n == len(values)
    assert all(math.isnan(each) for each in (part.variance, part.low, part.high, part.share))


def test_without_the_whole_there_are_no_shares() -> None:
    found = split({"initial": [1.0, 2.0]})
    assert math.isnan(found.parts[0].share)
    assert math.isnan(found.rest)


def test_equal_values_have_no_spread_and_no_shares() -> None:
    found = split({"all": [0.1 + 0.2, 0.3, 0.3], "initial": [0.3, 0.3, 0.3]})
    assert [part.variance for part in found.parts] == [0, 0]
    assert math.isnan(found.parts[0].share)


@pytest.mark.parametrize(
    ("name", "streams", "rest"),
    [
        ("vary=all", "all", ""),
        ("vary=[initial]", "initial", ""),
        ("vary=[batches, augmentation]", "batches, augmentation", ""),
        ("widen=2, vary=[weights]", "weights", "widen=2"),
        ("vary=[weights], widen=2", "weights", "widen=2"),
        ("a=1, vary=[initial, weights], widen=2", "initial, weights", "a=1, widen=2"),
        ("widen=2", None, "widen=2"),
        ("savary=all", None, "savary=all"),
        ("", None, ""),
    ],
)
def test_the_streams_are_read_from_the_group_s_name(name: str, streams: str | None, rest: str) -> None:
    assert streams_of(name) == (streams, rest)


def test_the_table_has_a_row_per_choice_of_streams_and_one_for_the_rest(sweep: Sweep) -> None:
    (made,) = tables(groups(load(streams_sweep(sweep).root)))
    assert [row[0].text for row in made.rows] == [
        "random · all",
        "random · initial",
        "random · weights",
        "random · batches, augmentation",
        "random · rest",
    ]
    initial = 0.03 * np.random.default_rng(0).normal(size=6)
    assert made.rows[1][2].value == pytest.approx(100 * np.std(initial, ddof=1))
    assert made.rows[3][2].text == "0.00 [0.00, 0.00]"
    shares = [row[3].value for row in made.rows]
    assert sum(share for share in shares[1:] if share is not None) == pytest.approx(100)


def test_every_arm_and_every_other_setting_is_split_on_its_own(sweep: Sweep) -> None:
    sweep.seeds = range(3)
    for label in ("random", "margin"):
        for widen in (1, 2):
            for vary in ("all", "[initial]"):
                size = widen * (1 if vary == "all" else 0.5) * (2 if label == "margin" else 1)
                sweep.arm(
                    label,
                    lambda seed, size=size: [0.5 + 0.01 * size * seed] * 3,
                    group=f"widen={widen}, vary={vary}",
                )
    made = tables(groups(load(sweep.root)))
    assert [table.title.partition(" · ")[2] for table in made] == ["fig · widen=1", "fig · widen=2"]
    deviations = [[row[2].value for row in table.rows if row[2].value is not None] for table in made]
    assert deviations[0] == pytest.approx([1.0, 0.5, 2.0, 1.0])
    assert deviations[1] == pytest.approx([2.0, 1.0, 4.0, 2.0])
    assert len({table.name for table in made}) == 2


def test_only_finished_runs_count(sweep: Sweep) -> None:
    made = streams_sweep(sweep)
    arm = made.experiments["fig"]["arms"][1]
    (made.folder(arm["cells"]["5"]) / "rows.jsonl").unlink()
    found = {streams_of(group.name)[0] or "": group for group in groups(load(made.root))}
    assert [part.n for part in splits(found)["random"].parts] == [6, 5, 6, 6]


def test_a_failed_run_is_no_spread(sweep: Sweep) -> None:
    sweep.seeds = range(4)
    for group in ("vary=all", "vary=[initial]"):
        sweep.arm("random", lambda seed: [0.6, 0.7, 0.8 + 0.01 * seed], group=group)
        sweep.fail(sweep.arm("ours", lambda seed: [0.6, 0.7, 0.8][: 3 - seed // 3], group=group)["cells"]["3"])
    streams = sweep_numbers(load(sweep.root), Selection()).streams[0]
    assert [part.n for part in streams.arms["ours"].parts] == [3, 3]
    assert [part.variance for part in streams.arms["ours"].parts] == pytest.approx([0, 0])


def test_a_table_without_the_whole_says_so(sweep: Sweep) -> None:
    (made,) = tables(groups(load(streams_sweep(sweep, whole=False).root)))
    assert "No group here varies all streams (vary: all), so shares are not known." in made.remarks
    assert {row[3].text for row in made.rows} == {"–"}


def test_a_sweep_that_varies_no_streams_has_no_such_table(two_arms: Sweep) -> None:
    assert tables(groups(load(two_arms.root))) == []


def test_a_single_choice_of_streams_is_not_split(sweep: Sweep) -> None:
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7], group="vary=[initial]")
    assert tables(groups(load(sweep.root))) == []


def test_one_seed_is_told_without_an_interval(sweep: Sweep) -> None:
    (made,) = tables(groups(load(streams_sweep(sweep, seeds=1).root)))
    assert [cell.text for cell in made.rows[0][1:]] == ["1", "–", "–"]
