"""Batches by predicted changes, against the same rules on changes that are written out."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from look_ahead_cases import FromRegression, Plainly, asked, one_hot, regression

from bench.determinantal import k_dpp
from bench.selection import k_means_plus_plus
from strategies.acquisition import Question
from strategies.batch_rules import by_k_dpp, by_k_means_plus_plus
from strategies.beliefs.belief import Belief
from strategies.look_ahead import LookAhead
from strategies.output_change import MLMOC

PROBLEM = regression(labelled=6, candidates=14, classes=3, seed=2)
PROBE = torch.tensor([13, 2, 5, 1, 8, 0])
BELIEFS = pytest.mark.parametrize(
    "belief", [PROBLEM.belief(), Plainly(PROBLEM.belief())], ids=["rank one", "materialised"]
)


def question_of(belief: Belief) -> Question:
    network = PROBLEM.prior[PROBLEM.labelled :]
    return asked(belief, network, network, PROBE)


def changes() -> torch.Tensor:
    """f⁺ − f at the probe, flattened, where each candidate has the network's most likely label: (m, p·k)."""
    network, before = PROBLEM.prior[PROBLEM.labelled :], PROBLEM.refitted([])
    return torch.stack(
        [
            (PROBLEM.refitted([(i, one_hot(network[i].argmax(), 3))]) - before)[PROBE].flatten()
            for i in range(PROBLEM.candidates)
        ]
    )


@BELIEFS
@pytest.mark.parametrize("seed", range(5))
def test_k_means_plus_plus_is_that_of_the_changes(belief: Belief, seed: int) -> None:
    points = changes()
    expected = k_means_plus_plus(
        lambda centre: (points - points[centre]).square().sum(dim=1),
        6,
        torch.Generator().manual_seed(seed),
        first=int(points.norm(dim=1).argmax()),
    )
    picks = by_k_means_plus_plus(question_of(belief), 6, torch.Generator().manual_seed(seed))
    assert picks.tolist() == expected.tolist()


@pytest.mark.parametrize("seed", range(20))
def test_candidates_that_change_the_same_are_not_drawn_twice_while_others_are_left(seed: int) -> None:
    rows = [*range(12), *range(6, 12)]  # six candidates, and the same again
    twice = replace(
        PROBLEM, kernel=PROBLEM.kernel[rows][:, rows], prior=PROBLEM.prior[rows], labels=PROBLEM.labels[rows]
    )
    network = twice.prior[6:]
    question = asked(twice.belief(), network, network)
    picks = by_k_means_plus_plus(question, 6, torch.Generator().manual_seed(seed))
    assert sorted(position % 6 for position in picks.tolist()) == [0, 1, 2, 3, 4, 5]


@BELIEFS
@pytest.mark.parametrize("seed", range(5))
def test_the_k_dpp_is_that_of_the_changes(belief: Belief, seed: int) -> None:
    expected = k_dpp(changes() @ changes().T, 6, torch.Generator().manual_seed(seed))
    picks = by_k_dpp(question_of(belief), 6, torch.Generator().manual_seed(seed))
    assert picks.tolist() == expected.tolist()


@pytest.mark.parametrize("batch", ["k_dpp", "k_means++"])
def test_the_strategy_draws_from_the_views_generator(batch: str) -> None:
    strategy = LookAhead(MLMOC(), FromRegression(PROBLEM), batch=batch)  # type: ignore[arg-type]
    first, again = (strategy.query(PROBLEM.view(), 5).tolist() for _ in range(2))
    assert first == again
    assert len(set(first)) == 5
