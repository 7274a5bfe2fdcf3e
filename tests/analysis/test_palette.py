"""A label looks the same wherever it is drawn."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.palette import BASELINES, KNOWN, LOOK_AHEAD, SPARE, Style, _key, ramp, styles, variants
from bench.strategy import strategies

LABELS = st.lists(st.one_of(st.sampled_from(sorted(KNOWN)), st.text(min_size=1)), unique=True, max_size=30)


@settings(deadline=None)
@given(LABELS)
def test_no_two_labels_of_a_figure_look_alike(labels: list[str]) -> None:
    assert len(set(styles([*labels, "Random", "random"]).values())) == len({*labels, "Random", "random"})


@settings(deadline=None)
@given(LABELS)
def test_a_known_label_looks_the_same_beside_any_others(labels: list[str]) -> None:
    assert all(style == KNOWN[label] for label, style in styles(labels).items() if label in KNOWN)


@settings(deadline=None)
@given(LABELS, st.randoms())
def test_looks_do_not_depend_on_the_order_of_labels(labels: list[str], random) -> None:
    shuffled = random.sample(labels, len(labels))
    assert styles(shuffled) == styles(labels)


def test_an_unknown_label_keeps_its_look_beside_others_that_hash_elsewhere() -> None:
    alone = styles(["mine"])["mine"]
    assert styles(["mine", "random", "theirs"])["mine"] == alone


def test_every_strategy_and_short_name_of_the_house_has_a_look_of_its_own() -> None:
    own = [entry for entry in strategies.entries() if entry.module.partition(".")[0] in ("baselines", "strategies")]
    assert {entry.name for entry in own if _key(entry.name) not in KNOWN} == set()


def test_known_looks_that_share_a_colour_differ_in_marker() -> None:
    for one, other in combinations(KNOWN.values(), 2):
        assert one.colour != other.colour or one.marker != other.marker


def test_no_spare_look_is_a_known_one() -> None:
    assert not set(SPARE) & set(KNOWN.values())


def test_baselines_and_the_usual_look_ahead_differ_without_colour() -> None:
    rivals = [*BASELINES.values(), KNOWN["mlmoc-entk"]]
    assert len({(style.marker, style.dashes) for style in rivals}) == len(rivals)


@pytest.mark.parametrize("part", ["mlmoc-", "emoc-", "eer-", "-entk", "-infinite", "-onestep", "-naive", "-laplace"])
def test_look_ahead_arms_that_are_compared_differ_without_colour(part: str) -> None:
    rivals = [style for label, style in LOOK_AHEAD.items() if part in label]
    assert len({(style.marker, style.dashes) for style in rivals}) == len(rivals)


def test_spelling_with_underscores_or_capitals_is_the_same_label() -> None:
    assert styles(["Least_Confidence"])["Least_Confidence"] == KNOWN["least-confidence"]


def test_the_exact_spelling_has_the_look_where_two_spellings_meet() -> None:
    assert styles(["Random", "random"])["random"] == KNOWN["random"]


def test_an_arm_under_two_protocols_keeps_its_colour() -> None:
    batch, sequential = variants(KNOWN["margin"], 2)
    assert batch == KNOWN["margin"]
    assert sequential.colour == batch.colour
    assert sequential != batch


@pytest.mark.parametrize("style", [*KNOWN.values(), *SPARE])
def test_an_arm_under_fourteen_settings_has_fourteen_looks_of_its_colour(style: Style) -> None:
    looks = variants(style, 14)  # as many lines as analysis.drawing.difference_from_random draws
    assert len(set(looks)) == 14
    assert {look.colour for look in looks} == {style.colour}
    assert looks[:4] == variants(style, 4)
    assert {look.marker for look in looks[:4]} == {style.marker}


@settings(deadline=None)
@given(st.integers(1, 8))
def test_values_of_a_setting_differ_in_marker(count: int) -> None:
    looks = ramp(count)
    assert len({(look.colour, look.marker) for look in looks}) == len({look.marker for look in looks}) == count
