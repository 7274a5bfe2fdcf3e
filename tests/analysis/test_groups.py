"""The groups of a sweep, and names that are safe for files."""

from __future__ import annotations

import pytest
from synthetic_results import Sweep

from analysis.groups import file_stem, groups
from analysis.load import load
from bench.errors import ResultsError


def test_groups_stand_in_the_order_of_the_plan_each_with_its_own_rows_and_gaps(two_arms: Sweep) -> None:
    badge = two_arms.arm("badge", lambda seed: [0.5], group="width=2")
    two_arms.fail(badge["cells"]["1"])
    two_arms.arm("random", lambda seed: [0.5, 0.6, 0.7], group="width=1")
    found = groups(load(two_arms.root))
    assert [group.name for group in found] == ["", "width=2", "width=1"]
    assert [len(group.frame) for group in found] == [18, 3, 9]
    assert [[run.seed for run in group.missing] for group in found] == [[], [0, 2], []]
    assert [[run.seed for run in group.failures] for group in found] == [[], [1], []]


def test_an_arm_without_rows_has_an_empty_table_of_the_same_columns(two_arms: Sweep) -> None:
    badge = two_arms.arm("badge")
    (group,) = groups(load(two_arms.root))
    assert group.rows(badge).empty
    assert list(group.rows(badge).columns) == list(group.frame.columns)


def test_a_refused_arm_is_in_no_group_and_a_group_of_them_is_none(sweep: Sweep) -> None:
    for group in ("x", "y"):
        sweep.arm("eer", refused="needs squared loss", cells={}, group=group)
    sweep.arm("random", lambda seed: [0.5, 0.6, 0.7], group="x")
    (found,) = groups(load(sweep.root))
    assert (found.name, [arm["label"] for arm in found.arms]) == ("x", ["random"])


def test_an_arm_that_sees_labels_does_not_compete(two_arms: Sweep) -> None:
    two_arms.arm("oracle", sees_labels=True)
    (group,) = groups(load(two_arms.root))
    assert [arm["label"] for arm in group.competitors] == ["random", "margin"]


def test_only_some_experiments_are_told_and_an_unknown_one_is_refused(two_arms: Sweep) -> None:
    two_arms.arm("random", experiment="other")
    loaded = load(two_arms.root)
    assert [group.experiment for group in groups(loaded, ["other"])] == ["other"]
    with pytest.raises(ResultsError, match=r"no experiment 'othr' in .*; it has fig, other"):
        groups(loaded, ["othr"])


@pytest.mark.parametrize("parts", [("fig", "width=2"), ("../../etc", "passwd"), ("a b", ""), ("a" * 300,), ("é/ü",)])
def test_a_file_name_is_short_and_has_no_character_that_means_something(parts: tuple[str, ...]) -> None:
    stem = file_stem(*parts)
    assert 0 < len(stem) < 120
    assert not set(stem) & set('/\\:*?"<>| ')
    assert file_stem(stem) == stem


def test_names_that_differ_in_replaced_characters_only_have_different_files() -> None:
    assert len({file_stem("a b"), file_stem("a/b"), file_stem("a_b")}) == 3
