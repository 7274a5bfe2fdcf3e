"""Scores against brute force: equation (11) anew for every candidate and label, then (13), (3) and (2) by loops."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, cached_property

import pytest
import torch
from look_ahead_cases import Plainly, Regression, asked, close, one_hot, regression

import strategies.acquisition
from bench.probabilities import Probabilities
from strategies.acquisition import Acquisition, Question
from strategies.beliefs.belief import Materialised
from strategies.expected_error import EER
from strategies.myopic import BeliefEntropy, BeliefMargin
from strategies.output_change import EMOC, MLMOC

ACQUISITIONS: tuple[Acquisition, ...] = (MLMOC(), MLMOC("flips"), EMOC(), EMOC("flips"), EER())
EVERY = pytest.mark.parametrize("acquisition", ACQUISITIONS, ids=repr)
RULES = {"simplex": Probabilities(True), "softmax": Probabilities(temperature=0.3)}
PROBE = torch.tensor([7, 2, 0])


@dataclass(frozen=True)
class Case:
    """A regression, what changes are measured from and labels guessed from, and the x that are summed over."""

    problem: Regression
    reference: str
    label_from: str
    probe: torch.Tensor | None
    rule: Probabilities

    def outputs(self, which: str) -> torch.Tensor:
        return self.problem.prior[self.problem.labelled :] if which == "network" else self.problem.refitted([])

    @cached_property
    def before(self) -> torch.Tensor:
        return self.outputs(self.reference)

    @cached_property
    def label_outputs(self) -> torch.Tensor:
        return self.outputs(self.label_from)

    @property
    def at(self) -> list[int]:
        return list(range(self.problem.candidates)) if self.probe is None else self.probe.tolist()

    @property
    def question(self) -> Question:
        return asked(self.problem.belief(), self.before, self.label_outputs, self.probe, self.rule)


@cache
def problem_of(classes: int) -> Regression:
    return regression(labelled=7, candidates=8, classes=classes, seed=classes)


@cache
def retrained(classes: int) -> torch.Tensor:
    """Equation (11) for each candidate and label: (m, k, m, k)."""
    problem = problem_of(classes)
    labels = one_hot(torch.arange(classes), classes)
    return torch.stack([torch.stack([problem.refitted([(i, y)]) for y in labels]) for i in range(problem.candidates)])


def utility(acquisition: Acquisition, case: Case, after: torch.Tensor) -> float:
    """What one f⁺ (m, k) is worth."""
    if isinstance(acquisition, EER):
        p = case.rule(after[case.at])
        return float((p[p > 0] * p[p > 0].log()).sum())
    total = 0.0
    for x in case.at:
        if acquisition.distance == "flips":  # type: ignore[attr-defined]
            total += float(after[x].argmax() != case.before[x].argmax())
        else:
            total += float((case.before[x] - after[x]).norm())
    return total


def brute_force(acquisition: Acquisition, case: Case) -> torch.Tensor:
    k, scores = case.problem.classes, []
    for i in range(case.problem.candidates):
        guess = case.label_outputs[i]
        p = one_hot(guess.argmax(), k) if isinstance(acquisition, MLMOC) else case.rule(guess[None])[0]
        worth = [utility(acquisition, case, retrained(k)[i, y]) if p[y] > 0 else 0.0 for y in range(k)]
        scores.append(sum(float(p[y]) * worth[y] for y in range(k)))
    return torch.tensor(scores, dtype=torch.float64)


CASES = [
    Case(problem_of(classes), reference, label_from, probe, RULES[rule])
    for classes, rule in ((2, "simplex"), (10, "simplex"), (10, "softmax"), (100, "simplex"))
    for reference in ("network", "belief")
    for label_from in ("network", "belief")
    for probe in (None, PROBE)
]


@EVERY
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.problem.classes} {c.reference} {c.label_from} {c.probe}")
def test_scores_are_those_of_brute_force(acquisition: Acquisition, case: Case) -> None:
    scores, expected = acquisition.score(case.question), brute_force(acquisition, case)
    close(scores, expected)
    assert scores.dtype == torch.float64
    standing = (case.before - case.problem.refitted([]))[case.at].norm(dim=1).sum()  # Σ‖c‖, the same for every one
    excess = expected - standing
    close((scores - standing) / excess.abs().max(), excess / excess.abs().max())


@pytest.mark.parametrize("classes", [2, 10])
def test_flips_happen_in_these_cases(classes: int) -> None:
    case = Case(problem_of(classes), "belief", "network", None, RULES["simplex"])
    assert len(MLMOC("flips").score(case.question).unique()) > 1


@EVERY
@pytest.mark.parametrize("reference", ["network", "belief"])
@pytest.mark.parametrize("numbers", [1, 100, 2**21])
def test_the_closed_form_is_the_loop_over_conditioning(
    acquisition: Acquisition, reference: str, numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case(regression(7, 23, 4, seed=3), reference, "network", torch.tensor([20, 3, 11, 0, 5]), RULES["simplex"])
    slow = acquisition.score(replace(case.question, belief=Plainly(case.question.belief)))  # all candidates together
    monkeypatch.setattr(strategies.acquisition, "NUMBERS", numbers)
    close(acquisition.score(case.question), slow)


@EVERY
def test_only_the_positions_asked_about_are_scored(acquisition: Acquisition) -> None:
    case = Case(regression(7, 11, 4), "network", "belief", PROBE, RULES["simplex"])
    positions = torch.tensor([9, 1, 4])
    close(acquisition.score(replace(case.question, positions=positions)), acquisition.score(case.question)[positions])


@pytest.mark.parametrize("distance", ["l2", "flips"])
def test_emoc_with_certain_labels_is_mlmoc(distance: str) -> None:
    case = Case(problem_of(10), "network", "network", None, RULES["simplex"])
    certain = replace(case.question, label_outputs=1e6 * case.label_outputs)
    assert torch.equal(certain.probabilities, certain.probabilities.round())
    close(EMOC(distance).score(certain), MLMOC(distance).score(certain))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Watchful(Plainly):
    """Notes (candidate, label) of every look-ahead; its outputs are NaN after those in `never`."""

    never: frozenset[tuple[int, int]] = frozenset()
    seen: list[tuple[int, int]] = field(default_factory=list)

    def ahead(self, positions: torch.Tensor, targets: torch.Tensor, at: torch.Tensor) -> Materialised:
        pairs = list(zip(positions.tolist(), targets.argmax(dim=1).tolist(), strict=True))
        self.seen.extend(pairs)
        outputs = super().ahead(positions, targets, at).outputs()
        outputs[[pair in self.never for pair in pairs]] = torch.nan
        return Materialised(outputs)


@pytest.mark.parametrize("acquisition", [EMOC(), EMOC("flips"), EER()], ids=repr)
@pytest.mark.parametrize("numbers", [1, 2**21])
def test_labels_of_probability_zero_are_not_looked_ahead_at(
    acquisition: Acquisition, numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strategies.acquisition, "NUMBERS", numbers)
    case = Case(problem_of(10), "network", "network", None, RULES["simplex"])
    p = case.question.probabilities
    impossible = frozenset((i, y) for i, y in (p == 0).nonzero().tolist())
    belief = Watchful(case.question.belief, never=impossible)
    close(acquisition.score(replace(case.question, belief=belief)), brute_force(acquisition, case))
    assert sorted(belief.seen) == [(i, y) for i, y in (p > 0).nonzero().tolist()]
    assert len(impossible) > len(belief.seen) > 0


@EVERY
def test_the_names_of_the_classes_do_not_matter(acquisition: Acquisition) -> None:
    problem, names = problem_of(10), torch.randperm(10, generator=torch.Generator().manual_seed(5))
    renamed = replace(problem, prior=problem.prior[:, names], labels=names.argsort()[problem.labels])
    scores = [
        acquisition.score(Case(one, "network", "network", None, RULES["simplex"]).question)
        for one in (problem, renamed)
    ]
    close(scores[0], scores[1])


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_the_belief_s_margin_and_entropy_are_those_of_its_refitted_outputs(rule: Probabilities) -> None:
    case = Case(problem_of(10), "network", "network", None, rule)
    p = rule(case.problem.refitted([]))
    ordered = p.sort(dim=1, descending=True).values
    close(BeliefMargin().score(case.question), ordered[:, 1] - ordered[:, 0])
    entropies = torch.stack([-sum(q * q.log() for q in row if q > 0) for row in p])
    close(BeliefEntropy().score(case.question), entropies)
