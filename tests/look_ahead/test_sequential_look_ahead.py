"""Selection label by label against the slow loop that refits everything from scratch after each one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from look_ahead_cases import Added, FromRegression, Regression, close, one_hot, regression

from bench.probabilities import simplex
from strategies.acquisition import Acquisition
from strategies.expected_error import EER
from strategies.look_ahead import LookAhead
from strategies.myopic import BeliefEntropy, BeliefMargin
from strategies.output_change import EMOC, MLMOC

PROBLEM = regression(labelled=5, candidates=12, classes=3, seed=11)
BUDGET = 6
Utility = Callable[[torch.Tensor, torch.Tensor], float]


def entropy(outputs: torch.Tensor) -> float:
    p = simplex(outputs)
    return -float((p[p > 0] * p[p > 0].log()).sum())


def change(before: torch.Tensor, after: torch.Tensor) -> float:
    return float((before - after).norm(dim=1).sum())


def flipped(before: torch.Tensor, after: torch.Tensor) -> float:
    return float((before.argmax(dim=1) != after.argmax(dim=1)).sum())


def certainty(before: torch.Tensor, after: torch.Tensor) -> float:
    return -entropy(after)


def margin(outputs: torch.Tensor) -> float:
    first, second = simplex(outputs)[0].sort(descending=True).values[:2]
    return float(second - first)


class SlowLoop:
    """Algorithm 1 of the paper in the sequential protocol: everything is refitted for every candidate and label."""

    def __init__(self, acquisition: Acquisition, reference: str, order: list[int], probe: int | None = None) -> None:
        self.acquisition, self.reference, self.order, self.probe = acquisition, reference, order, probe
        self.added: list[tuple[int, torch.Tensor]] = []
        self.left = list(range(PROBLEM.candidates))

    def picks(self, budget: int, label: Callable[[int, torch.Tensor], int]) -> list[int]:
        for _ in range(budget):
            outputs = PROBLEM.refitted(self.added)
            best = max(self.left, key=lambda i: self.score(i, outputs))
            self.added.append((best, one_hot(torch.tensor(label(best, outputs)), PROBLEM.classes)))
            self.left.remove(best)
        return [position for position, _ in self.added]

    def score(self, i: int, outputs: torch.Tensor) -> float:
        if isinstance(self.acquisition, BeliefMargin):
            return margin(outputs[i][None])
        if isinstance(self.acquisition, BeliefEntropy):
            return entropy(outputs[i][None])
        if isinstance(self.acquisition, MLMOC):
            return self.worth(i, int(outputs[i].argmax()), outputs)
        p = simplex(outputs[i][None])[0].tolist()
        return sum(p[y] * self.worth(i, y, outputs) for y in range(PROBLEM.classes))

    def worth(self, i: int, label: int, outputs: torch.Tensor) -> float:
        before = PROBLEM.prior[PROBLEM.labelled :] if self.reference == "network" else outputs
        after = PROBLEM.refitted([*self.added, (i, one_hot(torch.tensor(label), PROBLEM.classes))])
        x = [position for position in self.order if position in self.left][: self.probe]
        return self.utility(before[x], after[x])

    @property
    def utility(self) -> Utility:
        if isinstance(self.acquisition, EER):
            return certainty
        return change if self.acquisition.distance == "l2" else flipped  # type: ignore[attr-defined]


class Oracle:
    """Tells the label of a candidate, and remembers what it was asked."""

    def __init__(self, problem: Regression) -> None:
        self.labels = problem.labels[problem.labelled :].tolist()
        self.asked: list[int] = []

    def __call__(self, position: int) -> int:
        self.asked.append(position)
        return self.labels[position]


ACQUISITIONS: tuple[Acquisition, ...] = (MLMOC(), EMOC(), EER(), BeliefMargin(), BeliefEntropy())
EVERY = pytest.mark.parametrize("acquisition", ACQUISITIONS, ids=repr)
EVERYONE = list(range(PROBLEM.candidates))


@EVERY
@pytest.mark.parametrize("reference", [None, "network"])
def test_picks_by_revealed_labels_are_those_of_refitting_from_scratch(
    acquisition: Acquisition, reference: str | None
) -> None:
    oracle = Oracle(PROBLEM)
    strategy = LookAhead(acquisition, FromRegression(PROBLEM), reference=reference)  # type: ignore[arg-type]
    picks = strategy.query(PROBLEM.view(oracle), BUDGET).tolist()
    slow = SlowLoop(acquisition, reference or "belief", EVERYONE).picks(BUDGET, lambda i, _: Oracle(PROBLEM)(i))
    assert picks == slow
    assert set(oracle.asked) <= set(picks)


@EVERY
@pytest.mark.parametrize("reference", [None, "network"])
def test_greedy_picks_are_those_of_refitting_with_most_likely_labels(
    acquisition: Acquisition, reference: str | None
) -> None:
    strategy = LookAhead(acquisition, FromRegression(PROBLEM), batch="greedy", reference=reference)  # type: ignore[arg-type]
    picks = strategy.query(PROBLEM.view(), BUDGET).tolist()
    slow = SlowLoop(acquisition, reference or "belief", EVERYONE)
    assert picks == slow.picks(BUDGET, lambda i, outputs: int(outputs[i].argmax()))


@pytest.mark.parametrize("acquisition", ACQUISITIONS[:3], ids=repr)
@pytest.mark.parametrize("probe", [2, 7, 20])
def test_with_a_probe_the_sum_runs_over_as_many_of_what_is_left_in_random_order(
    acquisition: Acquisition, probe: int
) -> None:
    order = torch.randperm(PROBLEM.candidates, generator=torch.Generator().manual_seed(7)).tolist()  # as the view
    strategy = LookAhead(acquisition, FromRegression(PROBLEM), probe=probe)
    picks = strategy.query(PROBLEM.view(Oracle(PROBLEM)), PROBLEM.candidates).tolist()
    slow = SlowLoop(acquisition, "belief", order, probe)
    assert picks == slow.picks(PROBLEM.candidates, lambda i, _: Oracle(PROBLEM)(i))


def test_picks_leave_the_sum() -> None:
    """A pick that would decide the next one if its own change still counted."""
    strategy = LookAhead(MLMOC(), FromRegression(PROBLEM))
    slow = SlowLoop(MLMOC(), "belief", EVERYONE)
    slow.picks(2, lambda i, _: Oracle(PROBLEM)(i))
    outputs = PROBLEM.refitted(slow.added)
    belief = PROBLEM.belief()
    for position, target in slow.added:
        belief = belief.condition(position, target)
    close(belief.outputs, outputs)
    everyone = SlowLoop(MLMOC(), "belief", EVERYONE)
    everyone.added = slow.added
    differences = [everyone.score(i, outputs) - slow.score(i, outputs) for i in slow.left]
    assert max(differences) - min(differences) > 1e-3
    assert strategy.query(PROBLEM.view(Oracle(PROBLEM)), 3).tolist()[2] == max(
        slow.left, key=lambda i: slow.score(i, outputs)
    )


@pytest.mark.parametrize("acquisition", [BeliefMargin(), BeliefEntropy()], ids=repr)
def test_uncertainty_of_the_belief_sees_the_revealed_labels(acquisition: Acquisition) -> None:
    strategy = LookAhead(acquisition, FromRegression(PROBLEM))
    at_once = strategy.query(PROBLEM.view(), BUDGET).tolist()
    in_turn = strategy.query(PROBLEM.view(Oracle(PROBLEM)), BUDGET).tolist()
    assert in_turn[0] == at_once[0]
    assert in_turn != at_once


def test_no_label_is_bought_that_nothing_is_done_with() -> None:
    oracle = Oracle(PROBLEM)
    picks = LookAhead(MLMOC(), FromRegression(PROBLEM)).query(PROBLEM.view(oracle), BUDGET).tolist()
    assert oracle.asked == picks[:-1]


@pytest.mark.parametrize("sequential", [False, True])
def test_the_scores_kept_are_those_of_all_candidates_at_first(sequential: bool) -> None:
    view = PROBLEM.view(Oracle(PROBLEM) if sequential else None)
    picks = LookAhead(MLMOC(), FromRegression(PROBLEM)).query(view, 3)
    assert view.journal.scores is not None
    assert view.journal.scores.shape == (len(view),)
    assert int(view.journal.scores.argmax()) == int(picks[0])


@pytest.mark.parametrize(("reference", "label_from"), [(None, None), ("belief", "network"), ("network", "belief")])
def test_in_batch_mode_changes_and_labels_are_the_networks_unless_told(
    reference: str | None, label_from: str | None
) -> None:
    view, network, linear = PROBLEM.view(), PROBLEM.prior[PROBLEM.labelled :], PROBLEM.refitted([])
    LookAhead(MLMOC(), FromRegression(PROBLEM), reference=reference, label_from=label_from).query(view, 1)  # type: ignore[arg-type]
    before, guess = (linear if which == "belief" else network for which in (reference, label_from))
    added: list[Added] = [[(i, one_hot(guess[i].argmax(), PROBLEM.classes))] for i in EVERYONE]
    assert view.journal.scores is not None
    close(
        view.journal.scores,
        torch.tensor([change(before, PROBLEM.refitted(one)) for one in added], dtype=torch.float64),
    )


def test_the_default_references_matter_here() -> None:
    network = SlowLoop(MLMOC(), "network", EVERYONE).picks(BUDGET, lambda i, _: Oracle(PROBLEM)(i))
    belief = SlowLoop(MLMOC(), "belief", EVERYONE).picks(BUDGET, lambda i, _: Oracle(PROBLEM)(i))
    assert network != belief
