"""The fidelity audit: its figures by their definitions, and that auditing a cell changes nothing else of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from look_ahead_cases import FromRegression, Plainly, Regression, fitted_view, regression

from bench.audit import Audit, audits
from bench.errors import ConfigError
from bench.learners.linear import Ridge
from bench.learners.network import NetworkLearner
from bench.nets.mlp import MLP
from bench.notebook import run_cell
from bench.recipe import OneCycle, Train
from bench.streams import Streams
from bench.view import View
from strategies.acquisition import Acquisition
from strategies.beliefs.belief import Belief, Materialised
from strategies.empirical_ntk import EmpiricalNTK
from strategies.exact import Exact
from strategies.fidelity import Fidelity, agreement, r_squared
from strategies.myopic import BeliefMargin
from strategies.output_change import EMOC, MLMOC
from strategies.retrained_by_sgd import Naive, OneGradientStep
from strategies.retraining import Retraining, retrainings

FIGURES = ("r2", "r2_excess", "rank_correlation", "overlap")
TRAINED = Train(epochs=3, batch_size=8, schedule=OneCycle(max_lr=0.05))
NETWORK = NetworkLearner(MLP(8, 1), TRAINED)
SETTINGS: dict[str, Any] = {
    "dataset": "digits",
    "learner": {"name": "network", "net": {"name": "mlp", "width": 8, "layers": 1}, "train": {"epochs": 2}},
    "protocol": {"initial": 10, "budget": 3, "cycles": 2, "candidates": 12},
    "strategy": "margin",
}


@dataclass(frozen=True)
class Another(Retraining):
    """The belief of a regression about the candidates that it is shown, as a plugin with a name."""

    noise: float = 0.05

    def belief(self, view: View) -> Belief:
        whole = regression(noise=self.noise)
        rows = [*range(whole.labelled), *view.candidates[:, 0].long().tolist()]
        parts = (whole.kernel[rows][:, rows], whole.prior[rows], whole.labels[rows])
        return Regression(*parts, whole.labelled, whole.noise).belief()


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> None:
    for registry in (retrainings, audits):
        registry.names()
        monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    retrainings.register("another")(Another)


def changes(seed: int, m: int = 7, k: int = 3) -> torch.Tensor:
    return torch.randn(m, m, k, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_r_squared_is_one_for_the_truth_and_none_for_its_mean() -> None:
    actual = changes(0)
    assert r_squared(actual, actual) == 1
    assert r_squared(torch.full_like(actual, float(actual.mean())), actual) == pytest.approx(0, abs=1e-12)
    assert r_squared(-actual, actual) < 0


def test_r_squared_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    predicted, actual = changes(1), changes(2)
    assert r_squared(predicted, actual) == pytest.approx(metrics.r2_score(actual.flatten(), predicted.flatten()))


def test_what_all_candidates_share_does_not_count_as_agreement() -> None:
    """A change that is the same for every candidate cannot rank them, however well it is predicted."""
    shared = 10 * changes(3)[:1]
    predicted, actual, scores = shared + changes(4), shared + changes(5), torch.arange(7.0)
    told = agreement(predicted, actual, scores, scores, top=3)
    assert told["r2"] > 0.9
    assert told["r2_excess"] < 0


def test_the_rank_correlation_by_hand() -> None:
    change = changes(6, m=4)
    told = agreement(change, change, torch.tensor([4.0, 3.0, 2.0, 1.0]), torch.tensor([4.0, 3.0, 1.0, 2.0]), top=2)
    assert told["rank_correlation"] == pytest.approx(1 - 6 * 2 / (4 * 15))  # Spearman's 1 − 6 Σd² / n(n² − 1)


def test_the_overlap_is_that_of_the_best() -> None:
    change, scores = changes(7, m=5), torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0])
    assert agreement(change, change, scores, torch.tensor([4.0, 5.0, 1.0, 2.0, 3.0]), top=2)["overlap"] == 1.0
    assert agreement(change, change, scores, torch.tensor([5.0, 1.0, 4.0, 3.0, 2.0]), top=2)["overlap"] == 0.5


def test_a_proxy_agrees_with_itself_and_less_with_another() -> None:
    view = regression().view()
    told = Fidelity((Another(), Another(5.0)), candidates=9, against=Another(), top=3).measure(view)
    assert [told[f"fidelity/another-1/{name}"] for name in FIGURES] == pytest.approx([1, 1, 1, 1])
    assert told["fidelity/another-2/r2"] < 0.9


def really_added(noise: float, before: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Changes (m, m, k) and scores (m,) where each candidate is really added with its most likely label."""
    belief, classes = regression(noise=noise).belief(), before.shape[1]
    labels = torch.nn.functional.one_hot(before.argmax(dim=1), classes).double()
    change = torch.stack([belief.condition(i, y).outputs - before for i, y in enumerate(labels)])
    return change, change.norm(dim=2).sum(dim=1)  # equation (13)


def test_the_figures_are_of_changes_and_scores_as_adding_each_candidate_gives_them() -> None:
    view = regression(candidates=9).view()
    told = Fidelity((Another(5.0),), candidates=9, against=Another(), top=3).measure(view)
    (change, scores), (predicted, predicted_scores) = (really_added(noise, view.outputs) for noise in (0.05, 5.0))
    expected = agreement(predicted, change, predicted_scores, scores, top=3)
    assert told == pytest.approx({f"fidelity/another/{name}": figure for name, figure in expected.items()})


@dataclass(frozen=True)
class Counting(Plainly):
    """Counts the additions that it looks ahead at."""

    seen: list[int] = field(default_factory=list)

    def ahead(self, positions: torch.Tensor, targets: torch.Tensor, at: torch.Tensor) -> Materialised:
        self.seen.extend(positions.tolist())
        return super().ahead(positions, targets, at)


@pytest.mark.parametrize("acquisition", [MLMOC(), EMOC(), BeliefMargin()], ids=repr)
def test_every_addition_is_retrained_once_and_the_figures_are_the_same(acquisition: Acquisition) -> None:
    seen: list[int] = []

    @dataclass(frozen=True)
    class Retrained(Retraining):
        """The other proxy's belief, by the law: nothing of it is in closed form."""

        def belief(self, view: View) -> Belief:
            return Counting(Another().belief(view), seen)

    retrainings.register("retrained")(Retrained)
    view = regression(candidates=9).view()
    told = Fidelity((Another(5.0),), 9, Retrained(), acquisition, top=3).measure(view)
    assert len(seen) == (int((view.probabilities > 0).sum()) if acquisition == EMOC() else 9)
    assert told == pytest.approx(Fidelity((Another(5.0),), 9, Another(), acquisition, top=3).measure(view))


def test_an_audit_draws_from_a_stream_of_its_own(tmp_path: Path) -> None:
    seeds = []

    @dataclass(frozen=True)
    class Listener(Audit):
        """Notes the seed of the generator that it is given."""

        def measure(self, view: View) -> dict[str, float]:
            seeds.append((view.cycle, view.generator.initial_seed()))
            return {}

    audits.register("listener")(Listener)
    run_cell({**SETTINGS, "seed": 3, "audit": "listener"}, tmp_path)
    assert seeds == [(cycle, Streams(3).derive("audit", cycle)) for cycle, _ in seeds]
    assert len({seed for _, seed in seeds}) == 2


def test_the_candidates_are_a_random_draw_of_as_many_as_asked_for() -> None:
    seen = []

    @dataclass(frozen=True)
    class Spy(Retraining):
        """Notes which candidates it is shown."""

        def belief(self, view: View) -> Belief:
            seen.append(view.candidates[:, 0].tolist())
            return FromRegression(regression(candidates=len(view))).belief(view)

    retrainings.register("spy")(Spy)
    for seed in (0, 1):
        view = replace(regression(candidates=30).view(), generator=torch.Generator().manual_seed(seed))
        Fidelity((Spy(),), candidates=8, against=Spy()).measure(view)
    first, again, other, _ = seen
    assert first == again != other
    assert len(set(first)) == 8


def test_only_the_cycles_asked_for_are_audited() -> None:
    audit = Fidelity((Another(),), candidates=4, against=Another(), cycles=(2,))
    view = regression(candidates=4).view()
    assert audit.measure(replace(view, cycle=1)) == {}
    assert audit.measure(replace(view, cycle=2)) != {}


def naive_against_itself(batch_size: int) -> float:
    view = fitted_view(replace(NETWORK, train=replace(TRAINED, batch_size=batch_size)), candidates=5)
    return Fidelity((Naive(1),), candidates=5, against=Naive(1), top=2).measure(view)["fidelity/naive/r2"]


def test_a_rerun_agrees_as_far_as_the_order_of_batches_lets_it() -> None:
    """With all samples in one batch there is no order, and retraining gives the same again."""
    assert naive_against_itself(batch_size=1000) == pytest.approx(1, abs=1e-6)
    assert naive_against_itself(batch_size=2) < 0.99


def test_every_figure_of_an_approximation_of_a_real_network_is_finite() -> None:
    told = Fidelity((EmpiricalNTK(), OneGradientStep()), candidates=5, against=Naive(1), top=2)
    figures = told.measure(fitted_view(NETWORK, candidates=5))
    assert figures.keys() == {f"fidelity/{proxy}/{name}" for proxy in ("entk", "one_step") for name in FIGURES}
    assert all(math.isfinite(figure) and figure < 1 for name, figure in figures.items() if name.endswith("r2"))


def test_an_audit_changes_no_pick_and_no_fit(tmp_path: Path) -> None:
    audit = {"name": "fidelity", "candidates": 4, "top": 2, "proxies": ["entk", "one_step"], "against": "naive"}
    plain = [row["result"] for row in run_cell(SETTINGS, tmp_path)]
    audited = [row["result"] for row in run_cell({**SETTINGS, "audit": audit}, tmp_path)]
    assert [row["queried"] for row in plain] == [row["queried"] for row in audited]
    assert [row["accuracy"] for row in plain] == [row["accuracy"] for row in audited]
    named = {f"fidelity/{proxy}/{figure}" for proxy in ("entk", "one_step") for figure in FIGURES}
    assert [named <= row["notes"].keys() for row in audited] == [False, True, True]
    assert not any(named & row["notes"].keys() for row in plain)


def test_a_proxy_that_the_learner_cannot_have_is_refused_before_anything_runs() -> None:
    audit = Fidelity((EmpiricalNTK(),), against=Exact())
    assert audit.refusal(Ridge()) == EmpiricalNTK().refusal(Ridge()) is not None
    assert Fidelity((EmpiricalNTK(),), against=Naive()).refusal(Ridge()) == Naive().refusal(Ridge()) is not None
    assert Fidelity((OneGradientStep(),)).refusal(NETWORK) is None


def test_the_best_of_no_more_candidates_than_that_is_refused_before_anything_runs() -> None:
    for top in (10, 11):
        audit = Fidelity((OneGradientStep(),), candidates=10, top=top)
        assert audit.refusal(NETWORK) == (
            f"top: wanted fewer than the 10 candidates; got {top}, and the best {top} of them are the same whatever a "
            "proxy says"
        )


def test_where_all_candidates_are_among_the_best_the_overlap_is_left_out() -> None:
    view = regression(candidates=9).view()
    for top, found in ((8, True), (9, False), (10, False)):
        told = Fidelity((Another(5.0),), candidates=20, against=Another(), top=top).measure(view)
        assert ("fidelity/another/overlap" in told) == found


def test_no_proxy_is_refused() -> None:
    with pytest.raises(ValueError, match="proxies: wanted at least one retraining proxy; got none"):
        Fidelity(())
    with pytest.raises(ConfigError, match="proxies"):
        run_cell({"dataset": "digits", "strategy": "random", "audit": {"name": "fidelity", "proxies": []}})


def test_a_figure_that_is_not_defined_is_left_out() -> None:
    change, constant = changes(8), torch.zeros(7)
    assert agreement(change, change, constant, constant, top=3).keys() == {"r2", "r2_excess", "overlap"}
    assert agreement(change, torch.zeros_like(change), constant, constant, top=3) == {"overlap": 1.0}
