"""Ranks, Friedman's test and the critical difference are those of autorank (Herbold 2020)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from autorank import autorank

from analysis.statistics.ranks import critical_difference, friedman


@pytest.mark.parametrize(("blocks", "methods"), [(8, 3), (20, 5), (30, 8)])
def test_friedman_and_nemenyi_are_those_of_autorank(blocks: int, methods: int) -> None:
    scores = np.random.default_rng(blocks).normal(size=(blocks, methods)) + 0.3 * np.arange(methods)
    names = [f"method {i}" for i in range(methods)]
    theirs = autorank(pd.DataFrame(scores, columns=names), alpha=0.05, force_mode="nonparametric")
    ours = friedman(scores)
    assert theirs.omnibus == "friedman"
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-9)
    assert dict(zip(names, ours.average_ranks, strict=True)) == pytest.approx(theirs.rankdf["meanrank"].to_dict())
    assert critical_difference(methods, blocks) == pytest.approx(theirs.cd, rel=1e-3)
