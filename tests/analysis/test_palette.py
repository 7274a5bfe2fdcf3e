"""A label looks the same wherever it is drawn."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from analysis.palette import KNOWN, styles

LABELS = st.lists(st.one_of(st.sampled_from(sorted(KNOWN)), st.text(min_size=1)), unique=True, max_size=30)


@given(LABELS)
def test_no_two_labels_of_a_figure_look_alike(labels: list[str]) -> None:
    assert len(set(styles([*labels, "Random", "random"]).values())) == len({*labels, "Random", "random"})


@given(LABELS)
def test_a_known_label_looks_the_same_beside_any_others(labels: list[str]) -> None:
    assert all(style == KNOWN[label] for label, style in styles(labels).items() if label in KNOWN)


@given(LABELS, st.randoms())
def test_looks_do_not_depend_on_the_order_of_labels(labels: list[str], random) -> None:
    shuffled = random.sample(labels, len(labels))
    assert styles(shuffled) == styles(labels)


def test_an_unknown_label_keeps_its_look_beside_others_that_hash_elsewhere() -> None:
    alone = styles(["mine"])["mine"]
    assert styles(["mine", "random", "theirs"])["mine"] == alone


def test_known_looks_that_share_a_colour_differ_in_marker() -> None:
    for one, other in combinations(KNOWN.values(), 2):
        assert one.colour != other.colour or one.marker != other.marker


def test_spelling_with_underscores_or_capitals_is_the_same_label() -> None:
    assert styles(["Least_Confidence"])["Least_Confidence"] == KNOWN["least-confidence"]


def test_the_exact_spelling_has_the_look_where_two_spellings_meet() -> None:
    assert styles(["Random", "random"])["random"] == KNOWN["random"]
