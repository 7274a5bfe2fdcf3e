"""The worked examples of Demšar 2006 and of García & Herrera 2008, to the digits that they print."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.statistics.families import holm
from analysis.statistics.paired import signed_rank
from analysis.statistics.ranks import (
    AgainstControl,
    against_control,
    bonferroni_dunn,
    critical_difference,
    friedman,
    rank_tests,
    ranks,
)

PUBLISHED = Path(__file__).parent / "published"


def table(name: str) -> tuple[list[str], np.ndarray]:
    """The methods and their scores (data sets, methods)."""
    header, *rows = csv.reader((PUBLISHED / f"{name}.csv").read_text().splitlines())
    return header[1:], np.array([[float(cell) for cell in row[1:]] for row in rows])


def told(name: str) -> dict[str, Any]:
    return json.loads((PUBLISHED / f"{name}.json").read_text())


@pytest.fixture
def demsar() -> np.ndarray:
    """The ranks that the paper works with, negated to serve as scores.

    Its table prints three decimals, in which `voting` has a tie that its own, unrounded accuracies had not.
    """
    given = ranks(table("demsar2006")[1])
    given[12] = [4, 1, 2, 3]
    return -given


def test_demsars_average_ranks(demsar: np.ndarray) -> None:
    assert friedman(demsar).average_ranks == pytest.approx(told("demsar2006")["ranks_published"], abs=5e-4)


def test_demsars_friedman_and_iman_davenport(demsar: np.ndarray) -> None:
    ours, theirs = friedman(demsar), told("demsar2006")
    assert round(ours.uncorrected, 2) == theirs["friedman_chi2"]
    assert ours.iman_davenport == pytest.approx(theirs["iman_davenport_F"], abs=6e-3)  # from a rounded χ² there
    assert ours.degrees == (3, 39)


def test_the_correction_for_ties_on_demsars_printed_table_is_scipys() -> None:
    assert friedman(table("demsar2006")[1]).statistic == pytest.approx(10.952, abs=5e-4)  # the note in the .json


@pytest.mark.parametrize("alpha", ["0.05", "0.10"])
def test_demsars_critical_differences(alpha: str) -> None:
    assert round(critical_difference(4, 14, float(alpha)), 2) == told("demsar2006")["nemenyi"][alpha]["CD"]


def test_demsars_bonferroni_dunn() -> None:
    # the paper multiplies rounded numbers: 2.394 · 0.488 = 1.168, printed 1.16
    assert bonferroni_dunn(4, 14) == pytest.approx(told("demsar2006")["bonferroni_dunn_0.05"]["CD"], abs=1e-2)


def versus_first(scores: np.ndarray) -> tuple[list[str], AgainstControl]:
    return table("demsar2006")[0], against_control(scores, 0)


def test_demsars_tests_against_the_first(demsar: np.ndarray) -> None:
    methods, ours = versus_first(demsar)
    for method, theirs in told("demsar2006")["versus_first"].items():
        at = methods.index(method)
        assert ours.z[at] == pytest.approx(theirs["z"], abs=1e-3)
        assert ours.p[at] == pytest.approx(theirs["p"], abs=2e-3)  # of rounded z there: 0.512 has p = 0.609


def test_demsars_rejections_by_holm(demsar: np.ndarray) -> None:
    methods, ours = versus_first(demsar)
    rejected = {method for method, p in zip(methods, holm(ours.p), strict=True) if p <= 0.05}
    assert rejected == set(told("demsar2006")["holm_rejects"])


def test_demsars_wilcoxon() -> None:
    scores, theirs = table("demsar2006")[1], told("demsar2006")["wilcoxon_first_vs_second"]
    ours = signed_rank(scores[:, 1] - scores[:, 0])
    n = len(scores)
    assert (ours.statistic, n * (n + 1) / 2 - ours.statistic) == (theirs["R_minus"], theirs["R_plus"])


def test_garcia_and_herreras_friedman_and_iman_davenport() -> None:
    ours, theirs = friedman(table("garcia_herrera2008")[1]), told("garcia_herrera2008")
    assert round(ours.uncorrected, 3) == theirs["friedman_chi2"]
    assert ours.uncorrected_p == pytest.approx(theirs["friedman_p"], rel=1e-3)
    assert round(ours.iman_davenport, 3) == theirs["iman_davenport_F"]
    assert ours.iman_davenport_p == pytest.approx(theirs["iman_davenport_p"], rel=1e-3)
    assert list(ours.degrees) == theirs["iman_davenport_df"]


def test_garcia_and_herreras_pairs() -> None:
    methods, scores = table("garcia_herrera2008")
    p = rank_tests(scores)
    for pair, theirs in told("garcia_herrera2008")["raw_p"].items():
        first, second = (methods.index(name) for name in pair.split("|"))
        assert p[first, second] == p[second, first] == pytest.approx(theirs, rel=1e-6)
